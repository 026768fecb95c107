"""Which cases a bridge and a tornado need: a bridge leads from one scenario to another, override by override."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ctsopt.errors import Finding
from ctsopt.packs.draft import BridgeDraft, Case, Draft, Step, make_case

MOST_OVERRIDES = 6
"""Overrides that Shapley values are taken over: every combination of them is solved, 62 beside the two ends."""

Members = frozenset[int]
"""Overrides that a case has, by their place."""


@dataclass(frozen=True)
class BridgePlan:
    """A bridge between two scenarios, and the cases that it is computed from.

    Attributes
    ----------
    base, to : str
        Where it begins and ends.
    method : {"steps", "shapley"}
    parts : tuple of str
        Overrides that lie between, in order.
    cases : mapping of frozenset of int to str
        Case with some of the overrides, by their places.
    """

    base: str
    to: str
    method: str
    parts: tuple[str, ...]
    cases: Mapping[Members, str]

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.base} to {self.to}"

    def document(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return {"from": self.base, "to": self.to, "method": self.method, "parts": list(self.parts),
                "cases": [[sorted(members), name] for members, name in self.cases.items()]}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> BridgePlan:
        """What `document` wrote."""
        return cls(document["from"], document["to"], document["method"], tuple(document["parts"]),
                   {frozenset(members): name for members, name in document["cases"]})


@dataclass(frozen=True)
class TornadoPlan:
    """A sweep that varies one thing at a time, as bars.

    Attributes
    ----------
    sweep, base : str
        Name of the sweep, and the scenario that it varies.
    bars : tuple of (axis, value, case)
    """

    sweep: str
    base: str
    bars: tuple[tuple[str, str, str], ...]

    def document(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return {"sweep": self.sweep, "from": self.base, "bars": [list(bar) for bar in self.bars]}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> TornadoPlan:
        """What `document` wrote."""
        return cls(document["sweep"], document["from"], tuple((a, v, c) for a, v, c in document["bars"]))


@dataclass
class Wanted:
    """What the comparison of a pack asks for, the cases that are solved for it alone, and faults in what is asked."""

    bridges: list[BridgePlan] = field(default_factory=list)
    tornados: list[TornadoPlan] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def wanted(draft: Draft, cases: Sequence[Case]) -> Wanted:
    """Bridges and tornados of a pack.

    Parameters
    ----------
    draft : Draft
    cases : sequence of Case
        Those of the pack; cases in states, and those that were made for bridges, are passed over.
    """
    known = {case.name: case for case in cases if not case.state and not case.bridge}
    found = Wanted()
    made: dict[str, Case] = {}
    for bridge in draft.bridges:
        _bridge(bridge, bridge.base or draft.compare.get("against", draft.baseline), known, made, found)
    found.cases = list(made.values())
    for name, origin in draft.tornados:
        sweep = draft.sweeps.get(name)
        if sweep is None:
            found.findings.append(origin.finding("unknown_sweep", "there is no sweep of that name", "correct the name",
                                                 name, candidates=tuple(draft.sweeps)))
        elif sweep.combine != "one_at_a_time":
            found.findings.append(origin.finding("not_one_at_a_time", f"the sweep {name} varies several things at once",
                                                 "write combine: one_at_a_time in the sweep", name))
        else:
            bars = tuple((*next(iter(case.axes.items())), case.name) for case in known.values()
                         if case.kind == "sweep" and case.origin is sweep.origin)
            found.tornados.append(TornadoPlan(name, sweep.base or draft.baseline, bars))
    return found


def _bridge(bridge: BridgeDraft, base: str, known: Mapping[str, Case], made: dict[str, Case], found: Wanted) -> None:
    """Add one bridge and its cases; or what is wrong with it."""
    for key, name in (("from", base), ("to", bridge.to)):
        if name not in known:
            found.findings.append(bridge.origin.finding(
                "unknown_scenario", f"{key}: there is no scenario of that name", "correct the name", name, path=(key,),
                candidates=tuple(known)))
    if base not in known or bridge.to not in known:
        return
    begin, end = known[base], known[bridge.to]
    if end.steps[:len(begin.steps)] != begin.steps or len(end.steps) == len(begin.steps):
        found.findings.append(bridge.origin.finding(
            "no_way_between", f"{end.name} does not extend {begin.name}: no edits lead from one to the other",
            "begin at a scenario that it extends, or at the baseline", path=("from",)))
        return
    parts = _parts(end.steps[len(begin.steps):], known)
    if bridge.method == "shapley" and len(parts) > MOST_OVERRIDES:
        found.findings.append(bridge.origin.finding(
            "too_many_overrides", f"{len(parts)} overrides lie between {begin.name} and {end.name}; Shapley values are "
            f"taken over at most {MOST_OVERRIDES}", "write method: steps, or put edits together into one override",
            path=("method",)))
        return
    whole = range(len(parts))
    sizes = [1] if bridge.method == "steps" else range(1, len(parts))
    between: Iterable[tuple[int, ...]] = itertools.chain.from_iterable(
        itertools.combinations(whole, size) for size in sizes) if len(parts) > 1 else ()
    names: dict[Members, str] = {frozenset(): begin.name}
    for members in between:
        case = _with(begin, end, parts, members, bridge)
        made.setdefault(case.name, case)
        names[frozenset(members)] = case.name
    names[frozenset(whole)] = end.name
    found.bridges.append(BridgePlan(begin.name, end.name, bridge.method, tuple(parts), names))


def _parts(steps: Sequence[Step], known: Mapping[str, Case]) -> dict[str, list[Step]]:
    """Steps by the override that they belong to; an edit written in place in a scenario stands for itself."""
    sources = [step.edit.source if step.edit is not None else step.origin.label for step in steps]
    parts: dict[str, list[Step]] = {}
    place: dict[str, int] = {}
    for step, source in zip(steps, sources, strict=True):
        place[source] = place.get(source, 0) + 1
        alone = source in known and sources.count(source) > 1 and not step.origin.label.startswith("override ")
        parts.setdefault(f"{source}, edit {place[source]}" if alone else source, []).append(step)
    return parts


def _with(begin: Case, end: Case, parts: Mapping[str, Sequence[Step]], members: Sequence[int],
          bridge: BridgeDraft) -> Case:
    """The scenario that it begins with, and some of the overrides; their edits in the order of the whole."""
    names = list(parts)
    kept = {id(step) for member in members for step in parts[names[member]]}
    steps = [*begin.steps, *(step for step in end.steps[len(begin.steps):] if id(step) in kept)]
    numbers = "+".join(str(member + 1) for member in members)
    return make_case(f"{begin.name} ~ {numbers} of {end.name}", begin.name, "bridge", steps, bridge.origin,
                     note=f"{begin.name} with {', '.join(names[member] for member in members)}", bridge=end.name)
