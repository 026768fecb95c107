"""Packs: a model, scenarios over it, and the cases that they come to."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt import examples
from ctsopt.errors import DataError, Finding, Findings, UsageError, did_you_mean
from ctsopt.networks.edits import edit_of, group_of
from ctsopt.networks.network import Network, read
from ctsopt.packs.bridging import wanted
from ctsopt.packs.draft import LONGEST_LABEL, Case, Draft, Origin, Scenario, ScenarioDraft, Step, name_fault
from ctsopt.packs.expand import expand
from ctsopt.packs.grammar import BASELINE, OPTIONS, read_compare, read_draft
from ctsopt.packs.nodes import MENDS, is_absolute, is_too_long
from ctsopt.packs.remembered import remembered
from ctsopt.packs.resolve import Resolver, check_cases
from ctsopt.packs.roles import ROLES
from ctsopt.solving.options import Options
from ctsopt.tables.edits.parts import Edit
from ctsopt.tables.yaml_nodes import read_source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Case", "Pack", "Scenario", "check_pack", "read_pack"]

PackPath = str | os.PathLike[str]


class Pack:
    """A model with what-ifs over it, free of faults. `read_pack` and `Pack.of` make one.

    Attributes
    ----------
    name : str
    note : str
        The question that it answers.
    model : Path or None
        Folder or workbook of the model; None where it was given as a network.
    baseline : str
        Name of the case that is the model as it stands.
    options : dict
        Keywords of `ctsopt.solve`: gap, abs_gap, time_limit, links, stock.
    cases : tuple of Case
        Parents before children, otherwise in the order of the pack: the baseline, scenarios, sweeps, states, bridges.
    probabilities : dict of str to float
        Of the states, where they have any.
    compare : dict of str to str
        `against`: the case that others are compared with; `as_is`; `regret`: `states`; `pareto`: the measure of
        service.
    bridges : tuple of BridgePlan
        Bridges that are asked for, with the cases that they are computed from.
    tornados : tuple of TornadoPlan
        Sweeps of one thing at a time that are shown as bars.
    source : str
        Path of the pack file; blank where there is none.
    hashes : dict of str to str
        Hash of the network of each case, where the networks were looked at.
    findings : Findings
        Warnings.
    """

    def __init__(self, draft: Draft, cases: Sequence[Case], base: Network, *, model: Path | None = None,
                 source: str = "", hashes: Mapping[str, str] | None = None, findings: Findings | None = None) -> None:
        self.name = draft.name
        self.note = draft.note
        self.model = model
        self.baseline = draft.baseline
        self.options: dict[str, Any] = dict(draft.options)
        self.cases = tuple(cases)
        self.probabilities = {s.name: s.probability for s in draft.states.values() if not math.isnan(s.probability)}
        self.compare = dict(draft.compare)
        asked = wanted(draft, self.cases)
        self.bridges, self.tornados = tuple(asked.bridges), tuple(asked.tornados)
        self.source = source
        self.hashes = dict(hashes or {})
        self.findings = findings if findings is not None else Findings()
        self._resolver = Resolver(base)
        self._changes: dict[str, pd.DataFrame] = {}

    @classmethod
    def of(cls, net: Network, scenarios: Sequence[Scenario], baseline: str = BASELINE,
           solve: Mapping[str, Any] | None = None, name: str = "pack",
           groups: Mapping[str, Mapping[str, Any]] | None = None,
           compare: Mapping[str, Any] | None = None, note: str = "") -> Pack:
        """A pack over a network, from scenarios in Python.

        Parameters
        ----------
        net : Network
            The model.
        scenarios : sequence of Scenario
            In any order.
        baseline : str
            Name of the case that is the model as it stands.
        solve : mapping, optional
            Keywords of `ctsopt.solve`: gap, abs_gap, time_limit, links, stock.
        name : str
        groups : mapping of str to mapping, optional
            Groups that edits may name: `{"coast": {"table": "customers", "where": {"region": ["NO", "IL"]}}}`.
        compare : mapping, optional
            What the comparison is to show: `{"against": "today", "bridge": {"to": "both", "method": "shapley"}}`.
        note : str
            The question that it answers: the report begins with it.

        Raises
        ------
        UsageError
            If an argument is not what is needed, or an option is not valid.
        DataError
            If a scenario has a fault. The place of a finding is the name of the scenario.
        """
        if not isinstance(net, Network):
            raise UsageError(f"a network is needed, not {type(net).__name__}: make one with ctsopt.read(path)")
        draft = _draft_of(scenarios, baseline, name, groups or {})
        draft.options, draft.note = _options(solve or {}), note
        read_compare(draft, compare or {})
        return _checked(draft, net, source="", model=None, networks=True)

    @property
    def base(self) -> Network:
        """The model as it stands."""
        return self._resolver.base

    @property
    def names(self) -> list[str]:
        """Names of the cases, in order."""
        return [case.name for case in self.cases]

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, name: str) -> Case:
        if name not in self._by_name:
            raise UsageError(f"the pack {self.name} has no case {name!r}" + did_you_mean(name, self.names))
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Case]:
        return {case.name: case for case in self.cases}

    def network(self, case: Case | str) -> Network:
        """The network of a case: the model with its edits, checked.

        Raises
        ------
        DataError
            If an edit or the network has a fault.
        """
        return self._resolver.network(self._case(case))

    def diff(self, case: Case | str) -> pd.DataFrame:
        """What a case changes in the model, cell by cell.

        Returns
        -------
        DataFrame
            table, key, column, old, new, source (override that did it), order (position of the edit). A row that is
            taken away has a blank column.
        """
        found = self._case(case)
        if found.name not in self._changes:
            self._changes[found.name] = self._resolver.edited(found).changes
        return self._changes[found.name].copy()

    def _case(self, case: Case | str) -> Case:
        return self[case] if isinstance(case, str) else case

    def __repr__(self) -> str:
        return f"<Pack {self.name!r}: {len(self.cases)} cases>"


def read_pack(path: PackPath, *, networks: bool = True, cache: PackPath | None = None) -> Pack:
    """Read a pack file.

    Parameters
    ----------
    path : path
    networks : bool
        Also make the network of every case, which takes about as long as reading the model for each of them: faults
        that only show there are found before anything is solved.
    cache : path, optional
        Folder of answers, as of `ctsopt.run`: what a check has found is remembered there, and not looked for again
        while neither the model, the pack nor ctsopt has changed.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If the pack or its model has faults; `findings` lists all of them, with file and line.
    """
    pack, findings = _read(path, networks=networks, cache=cache)
    if pack is None:
        raise DataError(findings)
    return pack


def check_pack(path: PackPath) -> Findings:
    """Everything that is wrong with a pack, or worth a look, with file and line; never raises for faults in it.

    Raises
    ------
    UsageError
        If there is no such file.
    """
    return _read(path, networks=True)[1]


def _read(path: PackPath, *, networks: bool, cache: PackPath | None = None) -> tuple[Pack | None, Findings]:
    path = Path(path)
    if not path.is_file():
        files = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise UsageError(f"there is no pack file {path}"
                         + did_you_mean(path.name, files, shown=lambda near: str(path.parent / near)))
    draft = read_draft(read_source(path, MENDS), path.parent)
    model, net = _model(draft, path.parent)
    if net is None:
        return None, _sorted([*draft.findings, *expand(draft)[1]])
    try:
        pack = _checked(draft, net, source=str(path), model=model, networks=networks, cache=cache)
    except DataError as error:
        return None, error.findings
    return pack, pack.findings


def _checked(draft: Draft, net: Network, *, source: str, model: Path | None, networks: bool,
             cache: PackPath | None = None) -> Pack:
    """Expand and resolve; all faults at once."""
    cases, found = expand(draft)
    hashes: dict[str, str] = {}
    if networks:
        checked = check_cases(net, cases) if cache is None else remembered(net, cases, Path(cache))
        found, hashes = [*found, *checked.findings], checked.hashes
    findings = _sorted([*draft.findings, *found])
    if findings.errors:
        raise DataError(findings)
    return Pack(draft, cases, net, model=model, source=source, hashes=hashes, findings=findings)


def _sorted(findings: Sequence[Finding]) -> Findings:
    """In the order of the file; what has no line stays behind."""
    def line(finding: Finding) -> float:
        number = finding.place.rpartition(":")[2]
        return int(number) if number.isdigit() else float("inf")

    return Findings(sorted(findings, key=line))


def _model(draft: Draft, folder: Path) -> tuple[Path | None, Network | None]:
    """Where the model is, and the model; what is wrong with it is added to the findings of the draft."""
    if not draft.model:
        return None, None

    def fault(rule: str, message: str, mend: str, candidates: Sequence[str] = ()) -> None:
        draft.findings.append(draft.origin.finding(rule, f"model: {message}", mend, draft.model, path=("model",),
                                                   candidates=candidates))

    if is_absolute(draft.model):
        fault("absolute_path", "the path does not begin at the pack", "write it relative to the pack file")
        return None, None
    path = folder / draft.model
    if is_too_long(draft.model):
        fault("missing_model", "the path is too long", "write it relative to the pack file")
        return None, None
    if not path.exists():
        if draft.model not in examples.names():
            beside = path.parent.iterdir() if path.parent.is_dir() else ()
            names = [(Path(draft.model).parent / p.name).as_posix() for p in beside]
            fault("missing_model", "there is no such folder, workbook or example network", "write the folder of the "
                  "tables, relative to the pack file", [*names, *examples.names()])
            return None, None
        path = examples.path(draft.model)
    try:
        return path, read(path)
    except UsageError as error:
        fault("missing_model", str(error), "name a folder of tables, or a workbook")
    except DataError as error:
        fault("faulty_model", error.findings.headline() + " in the model", f"correct them first: ctsopt check {path}")
        draft.findings += error.findings
    return path, None


def _options(solve: Mapping[str, Any]) -> dict[str, Any]:
    for name in solve:
        if name not in OPTIONS:
            raise UsageError(f"solve: a pack may set {', '.join(OPTIONS)}, not {name!r}"
                             + did_you_mean(str(name), OPTIONS))
    Options(**solve)
    return dict(solve)


def _role(scenario: Scenario) -> str:
    if scenario.role and scenario.role not in ROLES:
        raise UsageError(f"{scenario.name}: role = {scenario.role!r}: {' or '.join(ROLES)}")
    return scenario.role


def _draft_of(scenarios: Sequence[Scenario], baseline: str, name: str,
              groups: Mapping[str, Mapping[str, Any]]) -> Draft:
    """The draft that scenarios in Python declare; their names take the place of lines."""
    draft = Draft(name, baseline, Origin(name))
    known = {}
    for group, mapping in groups.items():
        read_group, faults = group_of(mapping)
        draft.findings += [Origin(f"group {group}").of_fault(fault) for fault in faults]
        if read_group is not None:
            known[group] = read_group
    for scenario in scenarios:
        if not isinstance(scenario, Scenario):
            raise UsageError(f"a Scenario is needed, not {type(scenario).__name__}")
        origin = Origin(scenario.name[:LONGEST_LABEL])
        fault = name_fault(scenario.name)
        if fault:
            draft.findings.append(origin.finding("unusable_name", fault, "choose another name"))
        if scenario.name in draft.scenarios:
            draft.findings.append(origin.finding("name_clash", "two scenarios have this name", "rename one of them"))
            continue
        edits = [scenario.edits] if isinstance(scenario.edits, Edit | Mapping) else list(scenario.edits)
        steps = []
        for number, item in enumerate(edits, start=1):
            place = Origin(origin.place, f"edit {number}")
            edit, faults = ((replace(item, source=item.source or scenario.name), []) if isinstance(item, Edit) else
                            edit_of(item, known, source=scenario.name))
            draft.findings += [place.of_fault(fault) for fault in faults]
            steps.append(Step(edit, place))
        draft.scenarios[scenario.name] = ScenarioDraft(
            scenario.name, scenario.extends or "", steps, tuple(scenario.tags), scenario.note, origin, _role(scenario))
    return draft
