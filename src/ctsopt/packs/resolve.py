"""Cases against the model: which cells they change, what their networks are, and which edit a fault comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ctsopt.errors import DataError, Finding, Findings, did_you_mean
from ctsopt.networks.edits import apply_edits
from ctsopt.networks.network import IMPOSSIBLE, Network, network
from ctsopt.networks.schema import BY_NAME
from ctsopt.packs.draft import Case, Origin, Step
from ctsopt.tables.edits.edits import Edited
from ctsopt.tables.edits.filters import row_keys
from ctsopt.tables.yaml_nodes import PathPart

LEFTOVER = frozenset({
    "yes_no_without_effect", "cost_without_effect", "product_at_crossdock", "level_without_choice", "unused_mode",
    "unused_rate", "unused_profile", "unused_promise", "tier_without_customers", "customer_without_demand",
    "promise_without_effect", "stock_column_without_effect", "no_effect_under_this_rule", "stock_not_kept_here",
    "opening_stock_nowhere", "ending_without_opening", "contract_scope_without_effect", "plant_makes_nothing"})
"""Rules that say that something has no effect: of a scenario that takes its use away that goes without saying."""

NAMED = 2
"""So many scenarios are named where a fault comes up in several."""


class Resolver:
    """Cases of one pack over one model.

    Parameters
    ----------
    base : Network
    """

    def __init__(self, base: Network) -> None:
        self.base = base

    def edited(self, case: Case) -> Edited:
        """Tables after the edits of a case, up to the first that could not be read."""
        return apply_edits(self.base.content, [step.edit for step in _readable(case) if step.edit is not None])

    def network(self, case: Case) -> Network:
        """The network of a case.

        Raises
        ------
        DataError
            If an edit has a fault, or the network has; each finding says where it was written.
        """
        if not case.edits:
            return self.base
        edited = self.edited(case)
        faults = of_edits(case, edited)
        if any(f.severity == "error" for f in faults):
            raise DataError(Findings(faults))
        try:
            return network(edited.tables)
        except DataError as error:
            raise DataError(Findings(of_network(case, edited, error.findings))) from None


@dataclass
class Checked:
    """What a check of all cases has found, and the hash of the network of each."""

    findings: list[Finding]
    hashes: dict[str, str]


def check_cases(base: Network, cases: Sequence[Case]) -> Checked:
    """Resolve every case, and gather what is wrong; a fault that several cases share is one finding."""
    resolver, found, hashes = Resolver(base), _Shared(), {}
    warned: dict[str, set[_Identity]] = {}
    known = {_identity(f) for f in base.findings}
    done: dict[tuple[int, ...], str | None] = {}
    for case in cases:
        if (case.state and case.parent not in hashes) or (case.bridge and case.bridge not in hashes):
            continue  # what is wrong with the case itself has been said
        same = tuple(id(step.edit or step) for step in case.steps)
        of_parent = warned.get(case.parent or "", set())
        if same not in done:
            done[same], new = _check_case(resolver, case, found, known | of_parent)
            warned[case.name] = of_parent | new
        digest = done[same]
        if digest is not None:
            hashes[case.name] = digest
    return Checked([*found.findings(), *_equals(cases, hashes)], hashes)


_Identity = tuple[str, str, str, str, tuple[str, ...]]


def _identity(f: Finding) -> _Identity:
    return f.rule, f.table, f.column, f.message, tuple(f.values)


def _check_case(resolver: Resolver, case: Case, found: _Shared, known: set[_Identity]
                ) -> tuple[str | None, set[_Identity]]:
    """Hash of the network of a case (None where there is none), and its warnings that were not `known`."""
    edited = resolver.edited(case)
    faults = of_edits(case, edited)
    found.add(case, faults)
    if not case.whole or any(f.severity == "error" for f in faults):
        return None, set()
    try:
        net = network(edited.tables) if case.edits else resolver.base
    except DataError as error:
        wrong: Sequence[Finding] = error.findings.errors
        if why_no_plan(error):
            wrong = [replace(f, severity="warning", message=f"no plan is possible: {f.message}") for f in wrong]
        found.add(case, of_network(case, edited, wrong))
        return None, set()
    written = Counter(zip(edited.changes["table"], edited.changes["column"], strict=True))
    new = [f for f in net.findings if _identity(f) not in known and not _goes_without_saying(f, written)]
    found.add(case, of_network(case, edited, new))
    return net.hash, {_identity(f) for f in new}


def why_no_plan(error: Exception) -> str:
    """Why there can be no plan for a network, in a line; blank where something else is wrong with it."""
    wrong = error.findings.errors if isinstance(error, DataError) else []
    if not wrong or any(f.rule not in IMPOSSIBLE for f in wrong):
        return ""
    parts = [f"{f.message}: {f.values[0] if f.values else ''}" + (f" and {f.count - 1} more" if f.count > 1 else "")
             for f in wrong]
    return "there can be no plan: " + "; ".join(parts)


def _goes_without_saying(f: Finding, written: Mapping[tuple[str, str], int]) -> bool:
    """Whether something has lost its effect by what the scenario does, and not because the edit itself has none."""
    return f.rule in LEFTOVER and f.count != written.get((f.table, f.column), 0)


class _Shared:
    """Findings, each with the cases in which it came up."""

    def __init__(self) -> None:
        self._cases: dict[Finding, list[str]] = {}

    def add(self, case: Case, findings: Iterable[Finding]) -> None:
        """Note what was found in a case."""
        for finding in findings:
            if finding.severity == "warning" and self._again(case, finding):
                continue
            key = replace(finding, rows=tuple(finding.rows), values=tuple(finding.values),
                          candidates=tuple(finding.candidates))
            names = self._cases.setdefault(key, [])
            if case.name not in names and not (case.state and case.parent in names):
                names.append(case.name)

    def _again(self, case: Case, finding: Finding) -> bool:
        """Whether another case has this warning already; what it names there beside is counted with it."""
        what = finding.rule, finding.table, finding.column, finding.message
        first = next((known for known in self._cases if known.severity == "warning" and what == (
            known.rule, known.table, known.column, known.message)), None)
        if first is None or case.name in self._cases[first]:
            return False
        names = self._cases.pop(first)
        values = tuple(dict.fromkeys([*first.values, *finding.values]))
        rows = tuple(first.rows) if len(first.rows) == len(values) else (None,) * len(values)
        self._cases[replace(first, values=values, rows=rows, total=max(first.total, len(values)))] = [*names, case.name]
        return True

    def findings(self) -> Iterator[Finding]:
        """Each finding once; its message names some of the cases."""
        for finding, names in self._cases.items():
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            yield replace(finding, message=f"{finding.message} (in {', '.join(n[:60] for n in names[:NAMED])}{more})")


def _readable(case: Case) -> list[Step]:
    """Steps before the first that has faults of its own: what follows may lean on it."""
    steps: list[Step] = []
    for step in case.steps:
        if step.edit is None:
            break
        steps.append(step)
    return steps


def of_edits(case: Case, edited: Edited) -> list[Finding]:
    """Faults of edits as findings at the places of the edits."""
    return [case.steps[number].origin.of_fault(fault) for number, fault in edited.faults]


def of_network(case: Case, edited: Edited, findings: Iterable[Finding]) -> list[Finding]:
    """Findings of a network at the place of the edit that is behind each of them, as far as that can be known."""
    changes = edited.changes
    dropped = changes[(changes["column"] == "") & (changes["new"] != "")]
    gone = dict(zip(dropped["key"].astype(str), dropped["order"].astype(int), strict=True))
    cells = list(zip(changes["table"], changes["column"], strict=True))
    orders = changes["order"].astype(int).tolist()
    by_cell: dict[tuple[str, str], int] = dict(zip(cells, orders, strict=True))
    by_table: dict[str, int] = dict(zip(changes["table"], orders, strict=True))
    return [_placed(case, edited, finding, _cause(finding, gone, by_cell, by_table)) for finding in findings]


def _cause(f: Finding, gone: Mapping[str, int], by_cell: Mapping[tuple[str, str], int],
           by_table: Mapping[str, int]) -> int | None:
    """Position of the edit that is behind a finding: it took away what is missing, or wrote last what is wrong."""
    for value in f.values:
        if value in gone:
            return gone[value]
    return by_cell.get((f.table, f.column), by_table.get(f.table))


def _placed(case: Case, edited: Edited, f: Finding, order: int | None) -> Finding:
    origin, path = (case.origin, ()) if order is None else _where(case.steps[order], f)
    # What no edit is behind is said once, of all cases in which it comes up.
    said = f.message if order is None and f.severity == "warning" else f"{origin.label or case.name}: {f.message}"
    near = next((meant for value in f.values if (meant := did_you_mean(value, f.candidates))), "")
    return replace(f, message=said, mend=f.mend + near, rows=(),
                   values=_named(edited, f), candidates=(), total=f.count, place=origin.at(path))


def _where(step: Step, f: Finding) -> tuple[Origin, tuple[PathPart, ...]]:
    assert step.edit is not None  # only edits that were applied have changed anything
    return step.origin, (step.edit.op, f.column) if f.column in step.edit.values else (step.edit.op,)


def _named(edited: Edited, f: Finding) -> tuple[str, ...]:
    """Values with the keys of their rows in place of row numbers, which nobody sees in a scenario."""
    frame = edited.tables.get(f.table)
    if frame is None or f.table == "settings" or not f.rows:
        return tuple(f.values)
    keys = row_keys(BY_NAME[f.table], frame)
    return tuple(value if row is None or row >= len(keys) or str(keys[row]) == value else f"{keys[row]}: {value}"
                 for row, value in f.faults())


def _equals(cases: Sequence[Case], hashes: Mapping[str, str]) -> Iterator[Finding]:
    """Cases with the network of another: a scenario that does nothing, or the same as an earlier one."""
    first: dict[str, Case] = {}
    for case in cases:
        digest = hashes.get(case.name)
        if digest is None or case.kind in ("state", "bridge"):
            continue
        other = first.setdefault(digest, case)
        if other is case or (case.kind == "sweep" and (other.kind != "sweep" or other.origin is not case.origin)):
            continue
        nothing = other.name == case.parent or other.kind == "baseline"
        said = f"{case.name} " + (f"changes nothing: it is {other.name}" if nothing else f"is the same as {other.name}")
        yield case.origin.finding("same_network", said, "correct its edits, or delete it; it is solved once",
                                  severity="warning")
