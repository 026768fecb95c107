"""Sweeps: which combinations of values there are, which are left out, and what each is called."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from ctsopt.errors import Finding
from ctsopt.packs.draft import Axis, Case, SweepDraft, make_case
from ctsopt.tables.numerals import parse

MOST_COMBINATIONS = 20_000
"""Combinations of a sweep before any is skipped."""

_FIELD = re.compile(r"\{([^{}]*)\}")

Point = Mapping[int, int]
"""Position of an axis to position of its value."""


def cases_of(sweep: SweepDraft, base: Case, depth: int) -> tuple[list[Case], list[Finding]]:
    """The cases of a sweep, in order: the last axis varies fastest.

    Parameters
    ----------
    sweep : SweepDraft
    base : Case
        The case that it starts from.
    depth : int
        Level of its edits: they may write over those of `base`.
    """
    findings = [*_faults(sweep)]
    if findings:
        return [], findings
    points, skipped = _kept(sweep)
    findings += skipped
    if len(points) > sweep.max_cases:
        findings.append(_too_many(sweep, len(points)))
        return [], findings
    template = sweep.template or _default_template(sweep)
    cases = []
    for point in points:
        values = {sweep.axes[a].name: sweep.axes[a].values[v] for a, v in point.items()}
        steps = [sweep.axes[a].steps[v].on(depth) for a, v in point.items()]
        cases.append(make_case(_name(template, sweep, values), base.name, "sweep", [*base.steps, *steps], sweep.origin,
                               role=sweep.role, own=len(steps), tags=sweep.tags, note=sweep.note, axes=values))
    return cases, findings


def _faults(sweep: SweepDraft) -> Iterator[Finding]:
    """What keeps a sweep from being expanded."""
    sizes = [len(axis.values) for axis in sweep.axes]
    if sweep.combine == "zip" and len(set(sizes)) > 1:
        yield sweep.origin.finding(
            "unequal_axes", "zip takes the first values together, then the second ones, and so on; the axes have "
            + " and ".join(f"{size} ({axis.name})" for size, axis in zip(sizes, sweep.axes, strict=True)),
            "give every axis as many values, or combine them as a product", path=("combine",))
    if sweep.combine == "product" and math.prod(sizes) > MOST_COMBINATIONS:
        yield _too_many(sweep, math.prod(sizes))
    yield from _template_faults(sweep)


def _too_many(sweep: SweepDraft, count: int) -> Finding:
    return sweep.origin.finding("too_many_cases", f"the sweep has {count} cases, and max_cases allows "
                                f"{sweep.max_cases}", "take values out, skip some, or raise max_cases",
                                path=("max_cases",))


def _points(sweep: SweepDraft) -> Iterator[Point]:
    ranges = [range(len(axis.values)) for axis in sweep.axes]
    if sweep.combine == "zip":
        yield from (dict(enumerate(places)) for places in zip(*ranges, strict=True))
    elif sweep.combine == "one_at_a_time":
        yield from ({a: v} for a, values in enumerate(ranges) for v in values)
    elif ranges:
        yield from (dict(enumerate(places)) for places in itertools.product(*ranges))


def _kept(sweep: SweepDraft) -> tuple[list[Point], list[Finding]]:
    """The points that no entry of `skip` leaves out; an entry that leaves nothing out is a fault."""
    points = list(_points(sweep))
    numbers = {axis.name: a for a, axis in enumerate(sweep.axes)}
    findings: list[Finding] = []
    left = set(range(len(points)))
    for place, entry in enumerate(sweep.skip):
        if not entry:
            continue  # it had a fault of writing
        wanted = {numbers[name]: _positions(sweep.axes[numbers[name]], values) for name, values in entry.items()}
        hit = {p for p, point in enumerate(points) if all(point.get(a) in places for a, places in wanted.items())}
        left -= hit
        if points and not hit:
            words = ", ".join(f"{name}: {' or '.join(values)}" for name, values in entry.items())
            name = next((n for n in entry if not wanted[numbers[n]]), "")
            findings.append(sweep.origin.finding(
                "skip_without_effect", f"no case has {words}", "correct the values, or delete the entry",
                entry[name][0] if name and entry[name] else "", path=("skip", place),
                candidates=sweep.axes[numbers[name]].values if name else ()))
    return [points[p] for p in sorted(left)], findings


def _positions(axis: Axis, wanted: Sequence[str]) -> set[int]:
    """Values of an axis that are meant: equal as text, or as numbers."""
    numbers = {float(n) for n in parse(list(wanted))[0] if not math.isnan(n)}
    own = parse(list(axis.values))[0].tolist()
    return {v for v, value in enumerate(axis.values) if value in wanted or own[v] in numbers}


def _default_template(sweep: SweepDraft) -> str:
    if sweep.combine == "one_at_a_time":
        return sweep.name + "_{axis}_{value}"
    return "_".join([sweep.name, *(f"{{{axis.name}}}" for axis in sweep.axes)])


def _fields(sweep: SweepDraft) -> list[str]:
    """What may stand in braces."""
    return ["axis", "value"] if sweep.combine == "one_at_a_time" else [axis.name for axis in sweep.axes]


def _template_faults(sweep: SweepDraft) -> Iterator[Finding]:
    """Braces hold the names of axes, and nothing else: a template is not a program."""
    known = _fields(sweep)
    for name in _FIELD.findall(sweep.template):
        if name not in known:
            yield sweep.origin.finding("unknown_field", f"{{{name}}} names nothing that a case of this sweep has",
                                       f"use {', '.join('{' + field + '}' for field in known)}", name, path=("name",),
                                       candidates=known)
    if re.search(r"[{}]", _FIELD.sub("", sweep.template)):
        yield sweep.origin.finding("broken_template", "a brace stands alone in the name", "write {axis} with both "
                                   "braces", sweep.template, path=("name",))


def _name(template: str, sweep: SweepDraft, values: Mapping[str, str]) -> str:
    """The name of a case; what stands in braces is replaced once, so that a value cannot name a field."""
    words = dict(values)
    if sweep.combine == "one_at_a_time":
        (axis, value), = values.items()
        words = {"axis": axis, "value": value}
    return _FIELD.sub(lambda field: words[field.group(1)], template)
