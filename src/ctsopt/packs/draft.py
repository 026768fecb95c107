"""What a pack declares, before it is expanded into cases; every part knows where it was written down."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ctsopt.errors import Finding, Severity
from ctsopt.packs.roles import BASIS, CHOICE, SENSITIVITY, role_of
from ctsopt.tables.edits.parts import Edit, EditFault
from ctsopt.tables.yaml_nodes import Node, PathPart, line_of

LONGEST_NAME = 100
"""Bytes of the name of a case: it becomes the name of a file, with a state and an ending behind it, and 255 are the
most that file systems allow."""

LONGEST_LABEL = 150
LONGEST_MESSAGE = 1000
"""Characters of a message: names in it may be of any length."""

_NOT_IN_FILES = '/\\:*?"<>|'
_OF_WINDOWS = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


@dataclass(frozen=True)
class Origin:
    """Where something was written down.

    Attributes
    ----------
    place : str
        File, or name of the scenario where it comes from Python.
    label : str
        What it is, for messages, such as `override fuel_up_10, edit 2`.
    node : node or None
        The part of the file; None where it comes from Python.
    detours : mapping of path to path
        Where an edit was put together from other parts, such as the axis of a sweep.
    """

    place: str
    label: str = ""
    node: Node | None = None
    detours: Mapping[tuple[PathPart, ...], tuple[PathPart, ...]] = field(default_factory=dict)

    def at(self, path: Sequence[PathPart] = ()) -> str:
        """File and line of a part."""
        if self.node is None:
            return self.place
        return f"{self.place}:{line_of(self.node, self.detours.get(tuple(path), tuple(path)))}"

    def finding(self, rule: str, message: str, mend: str, value: str = "", *, path: Sequence[PathPart] = (),
                candidates: Sequence[str] = (), severity: Severity = "error", table: str = "",
                column: str = "") -> Finding:
        """A finding at a part of it."""
        said = f"{self.label[:LONGEST_LABEL]}: {message}" if self.label else message
        return Finding(rule, table, column, said[:LONGEST_MESSAGE], mend, values=(value,) if value else (),
                       candidates=tuple(candidates), severity=severity, place=self.at(path))

    def of_fault(self, fault: EditFault, note: str = "") -> Finding:
        """A fault of an edit as a finding here."""
        return self.finding(fault.rule, fault.message + note, fault.mend, fault.value, path=fault.path,
                            candidates=fault.candidates, severity=fault.severity, table=fault.table,
                            column=fault.column)


class Step(NamedTuple):
    """One edit with its origin; the edit is None where it has faults."""

    edit: Edit | None
    origin: Origin

    def on(self, level: int) -> Step:
        """The same on another level: edits of a higher level may write over those of a lower one."""
        return self if self.edit is None else Step(replace(self.edit, level=level), self.origin)


@dataclass(frozen=True)
class Scenario:
    """A what-if: edits of the model, or of another scenario.

    Attributes
    ----------
    name : str
        It becomes the name of files.
    edits : sequence of Edit or mapping
        In order. A mapping is an edit as a pack file has it:
        `{"table": "modes", "where": {"mode": "truck"}, "add": {"fuel_surcharge": 0.1}}`.
    extends : str, optional
        Scenario whose edits come first, and from whose plan the search starts. Without it, the baseline.
    tags : sequence of str
        For choosing and grouping.
    note : str
    role : {"", "choice", "sensitivity"}
        Whether it is something that can be decided, or something that may happen; blank leaves it to the edits, see
        `ctsopt.packs.roles`.
    """

    name: str
    edits: Sequence[Edit | Mapping[str, object]] = ()
    extends: str | None = None
    tags: Sequence[str] = ()
    note: str = ""
    role: str = ""


@dataclass(frozen=True)
class ScenarioDraft:
    """A scenario as declared. `extends` is blank for the baseline, `role` where it is left to the edits."""

    name: str
    extends: str
    steps: Sequence[Step]
    tags: tuple[str, ...]
    note: str
    origin: Origin
    role: str = ""


@dataclass(frozen=True)
class Axis:
    """One thing that a sweep varies: values as they are written, and one step for each."""

    name: str
    values: Sequence[str]
    steps: Sequence[Step]


@dataclass(frozen=True)
class SweepDraft:
    """A sweep as declared.

    `skip` holds pairs of axis and accepted values; `template` is blank for the default, `role` where it is left to the
    edits.
    """

    name: str
    base: str
    axes: Sequence[Axis]
    combine: str
    skip: Sequence[Mapping[str, Sequence[str]]]
    template: str
    max_cases: int
    tags: tuple[str, ...]
    note: str
    origin: Origin
    role: str = ""


@dataclass(frozen=True)
class StateDraft:
    """A state of demand as declared; the probability is NaN where none is given."""

    name: str
    probability: float
    steps: Sequence[Step]
    note: str
    origin: Origin


@dataclass(frozen=True)
class BridgeDraft:
    """A bridge between two scenarios as declared. `base` is blank for what the others are compared with."""

    base: str
    to: str
    method: str
    origin: Origin


@dataclass
class Draft:
    """A whole pack as declared. `tornados` holds names of sweeps."""

    name: str
    baseline: str
    origin: Origin
    model: str = ""
    note: str = ""
    options: dict[str, float | str] = field(default_factory=dict)
    scenarios: dict[str, ScenarioDraft] = field(default_factory=dict)
    sweeps: dict[str, SweepDraft] = field(default_factory=dict)
    states: dict[str, StateDraft] = field(default_factory=dict)
    compare: dict[str, str] = field(default_factory=dict)
    bridges: list[BridgeDraft] = field(default_factory=list)
    tornados: list[tuple[str, Origin]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One network to solve.

    Attributes
    ----------
    name : str
    parent : str or None
        Case whose plan the search starts from; None for the baseline.
    kind : {"baseline", "scenario", "sweep", "state", "bridge"}
    role : {"basis", "choice", "sensitivity", ""}
        The model as it stands; something that can be decided; something that may happen, states included; blank where
        it is solved for a bridge alone.
    tags : tuple of str
    note : str
    edits : tuple of Edit
        All edits of the model, those of its parents first.
    state : str
        State of demand, blank where there is none.
    axes : mapping of str to str
        Value of each axis of its sweep, as written.
    bridge : str
        The scenario to which the bridge leads that it is solved for; blank where it is solved for itself.
    origin : Origin
        Where it was declared.
    steps : tuple of Step
        The edits with their origins.
    """

    name: str
    parent: str | None
    kind: str
    role: str = CHOICE
    tags: tuple[str, ...] = ()
    note: str = ""
    edits: tuple[Edit, ...] = ()
    state: str = ""
    axes: Mapping[str, str] = field(default_factory=dict)
    bridge: str = ""
    origin: Origin = field(default=Origin(""), repr=False)
    steps: tuple[Step, ...] = field(default=(), repr=False)

    @property
    def whole(self) -> bool:
        """Whether all its edits could be read."""
        return len(self.edits) == len(self.steps)


def make_case(name: str, parent: str | None, kind: str, steps: Sequence[Step], origin: Origin, *, role: str = "",
              own: int = 0, tags: tuple[str, ...] = (), note: str = "", state: str = "",
              axes: Mapping[str, str] | None = None, bridge: str = "") -> Case:
    """A case from its steps; without a role, that of its last `own` edits."""
    edits = tuple(step.edit for step in steps if step.edit is not None)
    fixed = {"baseline": BASIS, "state": SENSITIVITY, "bridge": ""}
    role = fixed[kind] if kind in fixed else role or role_of([step.edit for step in steps[len(steps) - own:]])
    return Case(name, parent, kind, role, tags, note, edits, state, dict(axes or {}), bridge, origin, tuple(steps))


def name_fault(name: str) -> str:
    """Why a name cannot be the name of a case; blank where it can."""
    if not name:
        return "the name is blank"
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        return f"the name is longer than {LONGEST_NAME} characters"
    wrong = next((c for c in name if c in _NOT_IN_FILES), "")
    if wrong:
        return f"{wrong} may not stand in the name of a file"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in name):
        return "a character that cannot be seen stands in the name"
    if not (name[0].isalnum() or name[0] == "_"):
        return "a name begins with a letter or a digit: files and cells that begin otherwise are taken for commands"
    if name[-1] in ". ":
        return "a name does not end with a point or a blank"
    return "the name has a meaning of its own in Windows" if name.split(".")[0].casefold() in _OF_WINDOWS else ""


def is_probability(value: float) -> bool:
    """Whether a number lies between 0 and 1."""
    return not math.isnan(value) and 0 <= value <= 1
