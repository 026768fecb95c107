"""The grammar of a pack file: from nodes to a draft, with every fault of writing at its line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ctsopt.errors import UsageError
from ctsopt.networks.edits import edit_of, group_of
from ctsopt.networks.schema import BY_NAME
from ctsopt.packs.draft import (
    Axis,
    BridgeDraft,
    Draft,
    Origin,
    ScenarioDraft,
    StateDraft,
    Step,
    SweepDraft,
    is_probability,
)
from ctsopt.packs.nodes import Nodes
from ctsopt.packs.roles import ROLES
from ctsopt.results.measures import MEASURES, is_measure
from ctsopt.solving.options import Options
from ctsopt.tables.edits.parts import CHANGES, Edit, EditFault, Group
from ctsopt.tables.yaml_nodes import Block, Items, Node, PathPart, Scalar, Source, node_of, plain

SCHEMA = "ctsopt/pack/1"
"""What the first line of a pack file says."""

BASELINE = "today"
"""Name of the baseline where a pack gives none."""

MOST_CASES_OF_A_SWEEP = 200
"""Cases of a sweep, unless it allows more."""

MOST_CASES = 10_000
"""Cases of a sweep, whatever it allows."""

COMBINE = ("product", "zip", "one_at_a_time")
OPTIONS = ("gap", "abs_gap", "time_limit", "links", "stock")
"""Keywords of `ctsopt.solve` that a pack may set."""

_OF_THE_RUNNER = ("seed", "threads", "log", "start")
_TOP = ("schema", "pack", "model", "baseline", "solve", "groups", "overrides", "scenarios", "sweeps", "states",
        "compare", "note")
_SCENARIO = ("extends", "apply", "role", "tags", "note")
_SWEEP = ("from", "axes", "combine", "skip", "name", "max_cases", "role", "tags", "note")
_AXIS = ("table", "where", "op", "column", "values", "expect", "on_conflict")
_STATE = ("probability", "apply", "note")
_COMPARE = ("against", "as_is", "regret", "bridge", "tornado", "pareto")
_BRIDGE = ("from", "to", "method")
METHODS = ("steps", "shapley")


def read_draft(source: Source, folder: Path | None) -> Draft:
    """The draft that a file declares, with all faults of writing in its findings.

    Parameters
    ----------
    source : Source
    folder : Path, optional
        Folder of the file: tables of rows that edits name are read from there.
    """
    reader = _Grammar(source, folder)
    if source.root is not None:
        reader.read(source.root)
    draft = reader.draft
    draft.findings = [*source.findings, *reader.nodes.findings]
    return draft


def read_compare(draft: Draft, compare: Mapping[str, object]) -> None:
    """What a comparison is to show, as a pack file has it under `compare`; faults are added to the draft's findings."""
    root = node_of(dict(compare))
    reader = _Grammar(Source(draft.name, root, []), None)
    reader.draft = draft
    reader._compare(root)
    draft.findings += reader.nodes.findings


class _Grammar:
    """One pack file while it is read."""

    def __init__(self, source: Source, folder: Path | None) -> None:
        self.nodes = Nodes(source.file, folder)
        self.folder = None if folder is None else str(folder)
        self.groups: dict[str, Group] = {}
        self.broken_groups: set[str] = set()
        self.overrides: dict[str, list[Step]] = {}
        self.used: set[str] = set()
        self.override_lines: dict[str, int] = {}
        self.draft = Draft(Path(source.file).stem, BASELINE, Origin(source.file, node=source.root))

    def read(self, root: Node) -> None:
        """All blocks, in an order in which what is named is known."""
        top = self.nodes.block(root, "pack", _TOP)
        part = top.values
        self._schema(top)
        self.draft.name = self.nodes.text(part.get("pack"), "pack", self.draft.name)
        self.draft.baseline = self.nodes.text(part.get("baseline"), "baseline", BASELINE)
        self.draft.model = self.nodes.text(part.get("model"), "model")
        self.draft.note = self.nodes.text(part.get("note"), "note")
        if not self.draft.model:
            self.nodes.report("missing_key", root.line, "pack", "the pack names no model", "write model: and the "
                              "folder of the tables, relative to this file, or the name of an example network")
        self._options(part.get("solve"))
        for name, node in self.nodes.named(part.get("groups"), "group"):
            self._group(name, node)
        for name, node in self.nodes.named(part.get("overrides"), "override"):
            self._override(name, node, top)
        for name, node in self.nodes.named(part.get("scenarios"), "scenario"):
            self._scenario(name, node, _line(part["scenarios"], name))
        for name, node in self.nodes.named(part.get("sweeps"), "sweep"):
            self._sweep(name, node, _line(part["sweeps"], name))
        for name, node in self.nodes.named(part.get("states"), "state"):
            self._state(name, node, _line(part["states"], name))
        self._compare(part.get("compare"))
        for name in self.overrides.keys() - self.used:
            self.nodes.report("unused_override", self.override_lines[name], f"override {name}",
                              "no scenario applies it", "apply it, or delete it", warning=True)

    def _schema(self, top: Block) -> None:
        node = top.values.get("schema")
        written = self.nodes.text(node, "schema")
        if written != SCHEMA:
            what = f"this version reads {SCHEMA}" if node else "the pack does not say in which form it is written"
            self.nodes.report("unknown_schema", node.line if node else top.line, "schema", what,
                              f"write schema: {SCHEMA}", written, (SCHEMA,))

    def _options(self, node: Node | None) -> None:
        """Keywords of solve. Whether a value is valid is said by the options themselves."""
        block = self.nodes.block(node, "solve", OPTIONS, _OF_THE_RUNNER)
        for name, value in block.values.items():
            line = block.names[name]
            if name in _OF_THE_RUNNER:
                self.nodes.report("option_of_the_run", line, "solve", f"{name} belongs to the run, not to the pack",
                                  "delete it here", name)
                continue
            percent = name == "gap" and isinstance(value, Scalar) and value.text.endswith("%")
            given: float | str = (self.nodes.text(value, "solve") if percent or name in ("links", "stock") else
                                  self.nodes.number(value, f"solve, {name}"))
            if isinstance(given, float) and math.isnan(given):
                continue
            try:
                options = Options(**{name: given})  # type: ignore[arg-type]
            except UsageError as error:
                self.nodes.report("invalid_option", line, "solve", str(error), "correct the value")
            else:
                self.draft.options[name] = getattr(options, name)

    # ---- edits ---------------------------------------------------------------------------------------------------

    def _edit(self, mapping: object, source: str) -> tuple[Edit | None, list[EditFault]]:
        """An edit; what it says of a group that has a fault itself is left out."""
        edit, faults = edit_of(mapping, self.groups, folder=self.folder, source=source)
        return edit, [f for f in faults if not (f.rule == "unknown_group" and f.value in self.broken_groups)]

    def _group(self, name: str, node: Node) -> None:
        block = self.nodes.block(node, f"group {name}")
        read = group_of(plain(block))
        origin = self.nodes.origin(block, f"group {name}")
        self.nodes.findings += [origin.of_fault(fault) for fault in read[1]]
        if read[0] is None:
            self.broken_groups.add(name)
        else:
            self.groups[name] = read[0]

    def _override(self, name: str, node: Node, top: Block) -> None:
        label = f"override {name}"
        self.override_lines[name] = _line(top.values["overrides"], name)
        items = self.nodes.items(node, label)
        if not items:
            self.nodes.report("no_edits", self.override_lines[name], label, "it has no edits", "list its edits, each "
                              "with a table and an operation")
        self.overrides[name] = [self.nodes.step(item, label + (f", edit {number}" if len(items) > 1 else ""), name,
                                                self._edit) for number, item in enumerate(items, start=1)]

    def _apply(self, node: Node | None, label: str, source: str) -> list[Step]:
        """Names of overrides, or edits written in place."""
        steps: list[Step] = []
        applied: set[str] = set()
        for number, item in enumerate(self.nodes.items(node, label), start=1):
            if not isinstance(item, Scalar):
                steps.append(self.nodes.step(item, f"{label}, edit {number}", source, self._edit))
                continue
            if item.text not in self.overrides:
                self.nodes.report("unknown_override", item.line, label, "there is no override of that name", "correct "
                                  "the name, or define it under overrides", item.text, tuple(self.overrides))
                steps.append(Step(None, self.nodes.origin(item, label)))
                continue
            if item.text in applied:
                self.nodes.report("applied_twice", item.line, label, "the override is applied twice", "keep one of "
                                  "them", item.text)
            applied.add(item.text)
            steps += self.overrides[item.text]
        self.used |= applied
        return steps

    # ---- scenarios, sweeps, states -------------------------------------------------------------------------------

    def _scenario(self, name: str, node: Node, line: int) -> None:
        label = f"scenario {name}"
        block = self.nodes.block(node, label, _SCENARIO)
        part = block.values
        steps = self._apply(part.get("apply"), label, name)
        self.draft.scenarios[name] = ScenarioDraft(
            name, self.nodes.text(part.get("extends"), label), steps, tuple(self.nodes.texts(part.get("tags"), label)),
            self.nodes.text(part.get("note"), label), self.nodes.origin(replace(block, line=line), label),
            self.nodes.choice(part.get("role"), f"{label}, role", ROLES, ""))

    def _sweep(self, name: str, node: Node, line: int) -> None:
        label = f"sweep {name}"
        block = self.nodes.block(node, label, _SWEEP)
        part = block.values
        axes = [self._axis(name, axis, value) for axis, value in
                self.nodes.block(part.get("axes"), f"{label}, axes").values.items()]
        origin = self.nodes.origin(replace(block, line=line), label)
        if not axes:
            self.nodes.findings.append(origin.finding("no_axes", "the sweep varies nothing", "give it axes, each with "
                                                      "table, op, column and values", path=("axes",)))
        self.draft.sweeps[name] = SweepDraft(
            name, self.nodes.text(part.get("from"), label), axes,
            self.nodes.choice(part.get("combine"), f"{label}, combine", COMBINE, "product"),
            [self._skip(item, f"{label}, skip", [axis.name for axis in axes])
             for item in self.nodes.items(part.get("skip"), label)],
            self.nodes.text(part.get("name"), label), self._max_cases(part.get("max_cases"), label),
            tuple(self.nodes.texts(part.get("tags"), label)), self.nodes.text(part.get("note"), label), origin,
            self.nodes.choice(part.get("role"), f"{label}, role", ROLES, ""))

    def _max_cases(self, node: Node | None, label: str) -> int:
        number = self.nodes.number(node, f"{label}, max_cases")
        if math.isnan(number):
            return MOST_CASES_OF_A_SWEEP
        if node is not None and (number != int(number) or not 1 <= number <= MOST_CASES):
            self.nodes.report("above_bound", node.line, label, f"max_cases is a whole number from 1 to {MOST_CASES}",
                              "correct it", self.nodes.text(node, label))
            return MOST_CASES_OF_A_SWEEP
        return int(number)

    def _skip(self, node: Node, label: str, axes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        block = self.nodes.block(node, label, axes)
        return {name: self.nodes.texts(value, label) for name, value in block.values.items()}

    def _axis(self, sweep: str, name: str, node: Node) -> Axis:
        """One edit for each value: the operation on the column with that value."""
        label = f"sweep {sweep}, axis {name}"
        block = self.nodes.block(node, label, _AXIS)
        part = block.values
        op = self.nodes.choice(part.get("op"), label, CHANGES, "set")
        values = self.nodes.texts(part.get("values"), label)
        table, column = (self.nodes.text(part.get(key), label) for key in ("table", "column"))
        missing = [key for key in ("table", "column", "values") if key not in part]
        for key in missing:
            self.nodes.report("missing_key", block.line, label, f"the axis lacks {key}", f"write {key}: ...")
        if not values and not missing:
            self.nodes.report("no_values", part["values"].line, label, "the axis has no values", "list its values")
        columns = [c.name for c in BY_NAME[table].columns] if table in BY_NAME else [column]
        if column not in columns and "column" in part:
            self.nodes.report("unknown_column", part["column"].line, label, f"the table {table} has no column of that "
                              "name", "correct the name", column, columns)
        if missing or column not in columns:
            return Axis(name, values, [Step(None, self.nodes.origin(block, label))] * len(values))
        rest: dict[str, object] = {key: plain(part[key]) for key in ("where", "expect", "on_conflict") if key in part}
        steps = []
        for place, value in enumerate(values):
            mapping: dict[str, object] = {"table": table, op: {column: value}, **rest}
            edit, faults = self._edit(mapping, f"{sweep}, {name} = {value}")
            here: tuple[PathPart, ...] = ("values", place) if isinstance(part["values"], Items) else ("values",)
            detours: dict[tuple[PathPart, ...], tuple[PathPart, ...]] = {}
            detours[op, column], detours[op,] = here, ("op",)
            origin = self.nodes.origin(block, label, detours)
            found = [origin.of_fault(fault) for fault in faults]
            self.nodes.findings += [f for f in found if f not in self.nodes.findings]
            steps.append(Step(edit, origin))
        return Axis(name, values, steps)

    def _state(self, name: str, node: Node, line: int) -> None:
        label = f"state {name}"
        block = self.nodes.block(node, label, _STATE)
        part = block.values
        probability = self.nodes.number(part.get("probability"), label)
        if not math.isnan(probability) and not is_probability(probability):
            near = f"write {probability / 100:g} for {probability:g} %" if 1 < probability <= 100 else "correct it"
            self.nodes.report("above_bound", part["probability"].line, label, "a probability lies between 0 and 1",
                              near, self.nodes.text(part["probability"], label))
            probability = math.nan
        self.draft.states[name] = StateDraft(
            name, probability, self._apply(part.get("apply"), label, name), self.nodes.text(part.get("note"), label),
            self.nodes.origin(replace(block, line=line), label))

    def _compare(self, node: Node | None) -> None:
        block = self.nodes.block(node, "compare", _COMPARE)
        part = block.values
        for name in ("against", "as_is"):
            if name in part:
                self.draft.compare[name] = self.nodes.text(part[name], "compare")
        if "regret" in part and self.nodes.choice(part["regret"], "compare, regret", ("states",), ""):
            self.draft.compare["regret"] = "states"
            if not self.draft.states:
                self.nodes.report("no_states", part["regret"].line, "compare", "regret is taken over states, and the "
                                  "pack has none", "define states, or delete regret")
        for item in self.nodes.items(part.get("bridge"), "compare, bridge"):
            self._bridge(item)
        self.draft.tornados = [(self.nodes.text(item, "compare, tornado"), self.nodes.origin(item, "compare, tornado"))
                               for item in self.nodes.items(part.get("tornado"), "compare, tornado")]
        measure = self.nodes.text(part.get("pareto"), "compare, pareto")
        if "pareto" in part and not is_measure(measure):
            self.nodes.report("unknown_choice", part["pareto"].line, "compare, pareto", "there is no such measure of "
                              "service", f"write one of {', '.join(MEASURES)}; or within_ and a number of days",
                              measure, MEASURES)
        elif measure:
            self.draft.compare["pareto"] = measure

    def _bridge(self, node: Node) -> None:
        label = "compare, bridge"
        block = self.nodes.block(node, label, _BRIDGE)
        part = block.values
        if "to" not in part:
            if isinstance(node, Block):
                self.nodes.report("missing_key", block.line, label, "the bridge leads nowhere", "write to: and a "
                                  "scenario")
            return
        self.draft.bridges.append(BridgeDraft(
            self.nodes.text(part.get("from"), label), self.nodes.text(part["to"], label),
            self.nodes.choice(part.get("method"), f"{label}, method", METHODS, "steps"),
            self.nodes.origin(block, label)))


def _line(block: Node, name: str) -> int:
    return block.names[name] if isinstance(block, Block) else block.line
