"""From a draft to cases: parents first, names that can be files, states where they are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ctsopt.errors import Finding
from ctsopt.packs.bridging import wanted
from ctsopt.packs.draft import Case, Draft, ScenarioDraft, StateDraft, Step, make_case, name_fault
from ctsopt.packs.roles import SENSITIVITY
from ctsopt.packs.sweeps import cases_of

MOST_CASES = 10_000
"""Cases of a pack."""

MOST_GENERATIONS = 100
"""Scenarios that extend one another, from the baseline to the last."""

PROBABILITIES_ADD_UP_TO = 1e-9
"""How far the probabilities of the states may be from 1 together."""

_RELATIVE = ("scale", "add")


def expand(draft: Draft) -> tuple[list[Case], list[Finding]]:
    """All cases of a pack, each after the case that it starts from, and what is wrong with them.

    A scenario whose parent is not known starts from the baseline, and is marked as not whole.
    """
    findings = [*_probabilities(draft)]
    order, lost = _order(draft)
    findings += lost
    fault = name_fault(draft.baseline)
    if fault:
        findings.append(draft.origin.finding("unusable_name", f"baseline: {fault}", "choose another name",
                                             draft.baseline[:200], path=("baseline",)))
    cases = {draft.baseline: make_case(draft.baseline, None, "baseline", (), draft.origin)}
    depth = {draft.baseline: 0}
    names = _Names(draft.baseline, draft.origin.at(("baseline",)))
    for scenario in order:
        parent = scenario.extends if scenario.extends in cases else draft.baseline
        level = depth[parent] + 1
        taken, clash = names.take([scenario.name], scenario.origin.at(), scenario.origin.label)
        findings += clash
        if taken:
            continue
        depth[scenario.name] = level
        if level > MOST_GENERATIONS or len(cases) > MOST_CASES:
            break
        findings += _again(scenario, cases[parent])
        orphan = [] if parent == (scenario.extends or draft.baseline) else [Step(None, scenario.origin)]
        steps = [*cases[parent].steps, *orphan, *(step.on(level) for step in scenario.steps)]
        cases[scenario.name] = make_case(scenario.name, parent, "scenario", steps, scenario.origin,
                                         role=scenario.role, own=len(scenario.steps), tags=scenario.tags,
                                         note=scenario.note)
    found = list(cases.values())
    findings += _sweeps(draft, found, depth, names)
    if draft.compare.get("regret") == "states":
        for state in draft.states.values() if len(found) * (1 + len(draft.states)) <= MOST_CASES else ():
            found += _in_state(_choices(draft, found), state, names, findings)
    asked = wanted(draft, found)
    findings += asked.findings
    for case in asked.cases:
        findings += names.take([case.name], case.origin.at(), case.origin.label)[1]
    found += asked.cases
    findings += [*_limits(draft, found, max(depth.values())), *_frozen(draft, found), *_compared(draft, found),
                 *_idle_states(draft)]
    return found, findings


class _Names:
    """Names that were given, in the spelling that file systems tell apart."""

    def __init__(self, name: str, place: str) -> None:
        self._places = {name.casefold(): place}
        self._seen = {name.casefold()}

    def take(self, names: Sequence[str], place: str, label: str) -> tuple[set[str], list[Finding]]:
        """Note names; those that are taken, and one finding for them."""
        taken: dict[str, str] = {}
        for name in names:
            first = self._places.setdefault(name.casefold(), place)
            if name.casefold() in self._seen:
                taken[name] = first
            self._seen.add(name.casefold())
        if not taken:
            return set(), []
        return set(taken), [Finding(
            "name_clash", "", "", f"{label}: another case has this name already "
            f"({', '.join(dict.fromkeys(taken.values()))}); capitals do not tell files apart", "choose another name; "
            "name every axis in the name of a sweep", values=tuple(taken), place=place)]


def _order(draft: Draft) -> tuple[list[ScenarioDraft], list[Finding]]:
    """Scenarios in the order of the pack, each after its parent; circles are cut open."""
    done: dict[str, ScenarioDraft] = {}
    findings: list[Finding] = []
    for name in draft.scenarios:
        chain: dict[str, None] = {}
        while name in draft.scenarios and name not in done and name not in chain:
            chain[name] = None
            parent = draft.scenarios[name].extends
            if not parent:
                break
            if parent not in draft.scenarios and parent != draft.baseline:
                findings.append(_unknown_parent(draft, draft.scenarios[name]))
            name = parent
        if name in chain and draft.scenarios[name].extends:
            circle = list(chain)[list(chain).index(name):]
            findings.append(draft.scenarios[name].origin.finding(
                "extends_cycle", "the scenario extends itself: " + " -> ".join([*circle, name]),
                "begin one of them with the baseline: delete its extends", path=("extends",)))
        done.update((each, draft.scenarios[each]) for each in reversed(chain))
    return list(done.values()), findings


def _again(scenario: ScenarioDraft, parent: Case) -> list[Finding]:
    """Overrides that the parent has applied already: a factor counts twice."""
    before = {id(step.origin): step for step in parent.steps}
    names = dict.fromkeys(step.edit.source for step in scenario.steps
                          if step.edit is not None and id(step.origin) in before)
    return [scenario.origin.finding("applied_before", f"{name} is applied by what it extends, too", "delete it here, "
                                    "unless a factor is to count twice", name, path=("apply",), severity="warning")
            for name in names]


def _unknown_parent(draft: Draft, scenario: ScenarioDraft) -> Finding:
    known = (draft.baseline, *draft.scenarios)
    return scenario.origin.finding("unknown_parent", "it extends a scenario that is not there", "correct the name: a "
                                   "scenario of this pack, or the baseline", scenario.extends, path=("extends",),
                                   candidates=known)


def _sweeps(draft: Draft, found: list[Case], depth: dict[str, int], names: _Names) -> list[Finding]:
    findings: list[Finding] = []
    bases = {case.name: case for case in found}
    for sweep in draft.sweeps.values():
        if len(found) > MOST_CASES:
            break
        name = sweep.base or draft.baseline
        if name not in bases:
            findings.append(sweep.origin.finding("unknown_parent", "the sweep starts from a scenario that is not "
                                                 "there", "correct the name", name, path=("from",),
                                                 candidates=tuple(bases)))
            name = draft.baseline
        bar = any(sweep.name == name for name, _ in draft.tornados)
        shown = replace(sweep, role=SENSITIVITY) if bar else sweep
        cases, faults = cases_of(shown, bases[name], depth[name] + 1)
        findings += faults
        unusable = {case.name[:200]: fault for case in cases if (fault := name_fault(case.name))}
        for fault in dict.fromkeys(unusable.values()):
            named = [name for name, why in unusable.items() if why == fault]
            finding = sweep.origin.finding("unusable_name", fault, "write another name", path=("name",))
            findings.append(replace(finding, values=tuple(named)))
        taken, clash = names.take([case.name for case in cases], sweep.origin.at(("name",)), sweep.origin.label)
        findings += clash
        found += [case for case in cases if case.name not in taken]
    return findings


def _choices(draft: Draft, cases: Sequence[Case]) -> list[Case]:
    """Cases that are to be solved in states: not those of tornados, nor what is said to be a sensitivity itself."""
    bars = [draft.sweeps[name] for name, _ in draft.tornados if name in draft.sweeps]
    passed = {id(each.origin) for each in (*bars, *draft.sweeps.values()) if each.role == SENSITIVITY or each in bars}
    passed |= {id(each.origin) for each in draft.scenarios.values() if each.role == SENSITIVITY}
    return [case for case in cases if id(case.origin) not in passed]


def _in_state(cases: Sequence[Case], state: StateDraft, names: _Names, findings: list[Finding]) -> list[Case]:
    """Every case so far in a state of demand."""
    made = []
    plain = [case for case in cases if not case.state]
    findings += names.take([f"{case.name} @ {state.name}" for case in plain], state.origin.at(), state.origin.label)[1]
    for case in plain:
        name = f"{case.name} @ {state.name}"
        level = max((edit.level for edit in case.edits), default=0) + 1
        made.append(make_case(name, case.name, "state", [*case.steps, *(step.on(level) for step in state.steps)],
                              case.origin, tags=case.tags, note=case.note, state=state.name, axes=case.axes))
    return made


def _probabilities(draft: Draft) -> list[Finding]:
    """Either no state has a probability, or all have one and they add up to 1."""
    states = list(draft.states.values())
    given = [state for state in states if not math.isnan(state.probability)]
    if not given:
        return []
    if len(given) < len(states):
        lacking = [state for state in states if math.isnan(state.probability)]
        return [state.origin.finding("missing_probability", "the state has no probability, and others have one",
                                     "give every state a probability, or none") for state in lacking]
    total = math.fsum(state.probability for state in given)
    if abs(total - 1) <= PROBABILITIES_ADD_UP_TO:
        return []
    return [given[-1].origin.finding("probabilities", f"the probabilities of the states add up to {total:g}, not to 1",
                                     "correct them: " + " + ".join(f"{s.probability:g}" for s in given),
                                     path=("probability",))]


def _limits(draft: Draft, cases: Sequence[Case], generations: int) -> list[Finding]:
    """What would take too long to expand is not expanded, and said."""
    findings = []
    states = draft.states if draft.compare.get("regret") == "states" and not any(case.state for case in cases) else ()
    count = len(cases) * (1 + len(states))
    if count > MOST_CASES:
        findings.append(draft.origin.finding("too_many_cases", f"the pack has {count} cases or more, the limit is "
                                             f"{MOST_CASES}", "take scenarios, states or values of sweeps out"))
    if generations > MOST_GENERATIONS:
        findings.append(draft.origin.finding("too_deep", f"more than {MOST_GENERATIONS} scenarios extend one another",
                                             "begin some of them with the baseline", path=("scenarios",)))
    return findings


def _frozen(draft: Draft, cases: Sequence[Case]) -> list[Finding]:
    """Scenarios that set what states multiply: the figure that was set is multiplied, too."""
    if "regret" not in draft.compare:
        return []
    moved = {(edit.table, column): state for state in draft.states.values() for step in state.steps
             if (edit := step.edit) is not None and edit.op in _RELATIVE for column in edit.values}
    findings = []
    for case in cases:
        if case.state or case.bridge or case.parent is None:
            continue
        for step in case.steps:
            edit = step.edit
            columns = edit.values if edit is not None and edit.op == "set" else {
                name for row in edit.rows for name in row} if edit is not None and edit.op == "update" else ()
            for column in columns:
                state = moved.get((edit.table, column)) if edit is not None else None
                if edit is not None and state is not None:
                    findings.append(step.origin.finding(
                        "states_on_fixed_figures", f"{column} is set to a figure of its own, and the state "
                        f"{state.name} changes it on top", "scale it here as well, or set it in the states, too",
                        path=(edit.op, column), severity="warning", table=edit.table, column=column))
    return list({(f.place, f.column): f for f in findings}.values())


def _compared(draft: Draft, cases: Sequence[Case]) -> list[Finding]:
    names = [case.name for case in cases if not case.state and not case.bridge]
    named = {key: draft.compare[key] for key in ("against", "as_is") if key in draft.compare}
    return [draft.origin.finding("unknown_scenario", f"compare, {key}: there is no scenario of that name",
                                 "correct the name", name, path=("compare", key), candidates=names)
            for key, name in named.items() if name not in names]


def _idle_states(draft: Draft) -> list[Finding]:
    if not draft.states or draft.compare.get("regret") == "states":
        return []
    return [draft.origin.finding("states_without_effect", "no case is solved in the states: nothing asks for them",
                                 "write compare: {regret: states}, or delete the states", path=("states",),
                                 severity="warning")]
