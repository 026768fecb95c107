"""Rules written in Pyomo, compiled back into a program: what they add becomes columns and rows like any others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.core.expr.numvalue import polynomial_degree

from ctsopt.errors import UsageError
from ctsopt.keys import Axis, Bools, Floats, Keys, Positions
from ctsopt.programs.algebra import Expr, Rows, Terms, Variable
from ctsopt.programs.program import Program
from ctsopt.programs.pyomo import Compiled, compiled_model, in_rows, row_of, to_pyomo, variables

PyomoRule = Callable[..., Any]
"""A function `f(model, net)` that adds variables and constraints to the Pyomo model of a network's program."""

_MEANINGLESS = (pyo.Block, pyo.Var, pyo.Constraint, pyo.Objective, pyo.Expression, pyo.Param, pyo.Set, pyo.RangeSet,
                pyo.Suffix, pyo.BuildAction, pyo.BuildCheck)
"""Kinds of components that the compiler reads, or that say nothing about a plan."""

_SAME = 1e-9
"""Relative: figures of the program that differ by more were changed by a rule."""


def with_rules(program: Program, rules: Sequence[PyomoRule], *given: Any) -> tuple[Program, pyo.ConcreteModel]:
    """The program with what the rules add to its Pyomo model, and that model.

    A rule may add linear constraints and variables, and fix or tighten variables of the program. Its variables become
    blocks of columns after those of the program, its constraints families of rows of the same names.

    Parameters
    ----------
    program : Program
    rules : sequence of functions
        Called in turn with the model and `given`.
    *given
        What the rules are given beside the model (the network).

    Raises
    ------
    UsageError
        If a rule adds something that is not linear, takes away or changes what the tables ask for (rows, the
        objective, whole numbers, bounds made wider), leaves a variable no value, or gives something back.
    """
    model = to_pyomo(program)
    given_columns, row = variables(program, model), row_of(program, model)
    authors: dict[int, PyomoRule] = {}
    for rule in rules:
        _call(rule, model, given, authors)
    known = {id(v) for v in given_columns}
    added = [v for v in model.component_data_objects(pyo.Var, active=True, descend_into=True) if id(v) not in known]
    _free(given_columns + added)
    _refuse(_unreadable(model) + _odd(added) + _not_linear(model, row))
    form = _compile(model, given_columns + added)
    new = np.array([id(c) not in row for c in form.constraints], dtype=bool)
    places = np.array([row[id(c)] for c in form.constraints if id(c) in row], dtype=np.int64)
    _refuse(_changed(program, model, form, new, places))
    return _extended(program, form, added, new, authors), model


def _call(rule: PyomoRule, model: pyo.ConcreteModel, given: Sequence[Any], authors: dict[int, PyomoRule]) -> None:
    before = {id(c) for c in model.component_objects(descend_into=True)}
    name = _name(rule)
    try:
        back = rule(model, *given)
    except Exception as fault:
        keys = ", ".join(c.doc for c in model.component_objects(pyo.Var, descend_into=False) if c.doc)
        fault.add_note(f"in the Pyomo rule {name}; variables and their keys: {keys}")
        raise
    if back is not None:
        raise UsageError(f"the rule {name} gave {type(back).__name__} back: what it wants belongs on the model, as in "
                         "model.my_rule = pyo.Constraint(expr=...)")
    authors.update({id(c): rule for c in model.component_objects(descend_into=True) if id(c) not in before})


def _name(rule: PyomoRule) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _refuse(faults: list[str]) -> None:
    if faults:
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise UsageError(f"rules written in Pyomo: {'; '.join(faults[:5])}{more}")


def _free(members: list[Any]) -> None:
    """Fixed variables as variables whose bounds are that value: a fixed one would be left out as a constant."""
    valueless = [v.name for v in members if v.fixed and v.value is None]
    _refuse([f"{name} is fixed without a value" for name in valueless])
    for v in members:
        if v.fixed:
            value = v.value
            v.unfix()
            v.setlb(value)
            v.setub(value)


def _unreadable(model: pyo.ConcreteModel) -> list[str]:
    kinds = [kind for kind in model.collect_ctypes(active=True, descend_into=True) if kind not in _MEANINGLESS]
    names = [c.name for kind in kinds for c in model.component_objects(kind, active=True, descend_into=True)]
    return [f"{name} is neither a variable nor a linear constraint; write it with constraints and 0/1 variables"
            for name in names]


def _odd(added: list[Any]) -> list[str]:
    return [f"{v.name} takes values of {v.domain}: neither all numbers of a range, nor all whole ones" for v in added
            if not (v.is_continuous() or v.is_integer())]


def _not_linear(model: pyo.ConcreteModel, row: dict[int, int]) -> list[str]:
    mine = (c for c in model.component_data_objects(pyo.Constraint, active=True, descend_into=True) if id(c) not in row)
    return [f"{c.name} is not linear ({_short(str(c.expr))})" for c in mine if polynomial_degree(c.body) not in (0, 1)]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _compile(model: pyo.ConcreteModel, order: list[Any]) -> Compiled:
    objectives = list(model.component_data_objects(pyo.Objective, active=True, descend_into=True))
    if objectives != [model.component("total_cost")] or objectives[0].sense != pyo.minimize:
        raise UsageError("rules written in Pyomo: the objective stays total_cost, minimised: a rule adds constraints "
                         "and variables, costs belong in the tables")
    if polynomial_degree(objectives[0].expr) not in (0, 1):
        raise UsageError("rules written in Pyomo: the objective was changed, and is no longer linear")
    try:
        form = compiled_model(model, order)
    except InfeasibleConstraintException as fault:
        raise UsageError(f"rules written in Pyomo: no plan can keep them: {fault}") from fault
    _refuse([f"the variable {name} is used, but does not stand in the model" for name in form.strange])
    return form


def _changed(program: Program, model: pyo.ConcreteModel, form: Compiled, new: Bools, places: Positions) -> list[str]:
    """What the rules changed that is not theirs to change."""
    ours, size = program.arrays, program.columns
    columns, rows = list(program.column_names()), list(program.row_names())
    got = in_rows(form.arrays.with_rows(~new), places, program.row_count)
    scale = np.maximum(1.0, np.abs(ours.cost))
    faults = []
    dearer = np.abs(got.cost[:size] - ours.cost) > _SAME * scale
    if dearer.any() or got.cost[size:].any() or abs(got.offset - ours.offset) > _SAME * max(1.0, abs(ours.offset)):
        where = [columns[j] for j in np.flatnonzero(dearer)] + [
            v.name for v, cost in zip(_after(program, model), got.cost[size:], strict=True) if cost]
        faults.append(f"the objective was changed ({_some(where or ['its constant'])}): it is the sum of the cost "
                      "lines, so that cost reports add up; a cost belongs in the tables, or is not counted")
    differ = _differ(program, got)
    if len(differ):
        faults.append(f"rows that the tables ask for were changed or switched off ({_some([rows[i] for i in differ])}):"
                      " change the tables instead")
    whole = np.flatnonzero(got.integer[:size] != ours.integer)
    if len(whole):
        faults.append(f"variables were made whole, or no longer are ({_some([columns[j] for j in whole])}): tie them "
                      "to a new variable that is")
    near = _SAME * np.maximum(1.0, np.abs(np.nan_to_num(got.lower[:size], neginf=0.0)))
    wider = np.flatnonzero((got.lower[:size] < ours.lower - near) | (got.upper[:size] > ours.upper + near))
    if len(wider):
        faults.append(f"bounds were made wider, or a variable fixed outside its bounds "
                      f"({_some([columns[j] for j in wider])}): change the tables instead")
    none = np.flatnonzero(got.lower > got.upper)
    if len(none):
        names = columns + [v.name for v in _after(program, model)]
        faults.append(f"no value is left for {_some([names[j] for j in none])}")
    return faults


def _after(program: Program, model: pyo.ConcreteModel) -> list[Any]:
    known = {id(v) for v in variables(program, model)}
    return [v for v in model.component_data_objects(pyo.Var, active=True, descend_into=True) if id(v) not in known]


def _differ(program: Program, got: Any) -> Positions:
    """Rows of the program that are not what they were, of those that a Pyomo model has."""
    ours, matrix = program.arrays, program.matrix()
    matrix.eliminate_zeros()
    theirs = got.matrix[:, :program.columns]
    there = (np.diff(matrix.indptr) > 0) & (np.isfinite(ours.row_lower) | np.isfinite(ours.row_upper))
    off = (matrix - theirs).tocoo()
    size = abs(matrix).max(axis=1).toarray().ravel() if matrix.shape[1] else np.zeros(program.row_count)
    differs = np.zeros(program.row_count, dtype=bool)
    differs[off.row[np.abs(off.data) > _SAME * np.maximum(size[off.row], 1e-30)]] = True
    for one, other in ((ours.row_lower, got.row_lower), (ours.row_upper, got.row_upper)):
        near = np.isclose(one, other, rtol=_SAME, atol=_SAME)
        differs |= ~near
    if theirs.shape[1] < got.matrix.shape[1]:
        differs |= np.diff(got.matrix[:, program.columns:].tocsr().indptr) > 0
    return np.flatnonzero(differs & there)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _extended(program: Program, form: Compiled, added: list[Any], new: Bools,
              authors: dict[int, PyomoRule]) -> Program:
    """The program with bounds as they are now, the added columns and the added rows."""
    arrays, made = form.arrays, Program(program.name)
    made.columns, made.row_count = program.columns, program.row_count
    made.rows, made.costs = dict(program.rows), dict(program.costs)
    for name, block in program.variables.items():
        limits = replace(block.variable, lower=arrays.lower[block.span], upper=arrays.upper[block.span])
        made.variables[name] = replace(block, variable=limits)
    column = np.arange(len(arrays.cost), dtype=np.int32)
    for (name, whole), positions in _grouped(added, lambda v: v.is_integer()).items():
        at = np.array(positions) + program.columns
        if whole and (name, False) in _grouped(added, lambda v: v.is_integer()):
            name = f"{name}_whole"
        column[at] = np.arange(made.columns, made.columns + len(at))
        made.add_variable(name, Variable(_index([added[i] for i in positions]), arrays.lower[at], arrays.upper[at],
                                         integer=whole))
    mine = [c for c, fresh in zip(form.constraints, new, strict=True) if fresh]
    some = arrays.with_rows(new)
    for (name, _), positions in _grouped(mine, lambda _: True).items():
        made.add_rows(name, _rows(some.matrix[positions].tocoo(), column, _index([mine[i] for i in positions]),
                                  some.row_lower[positions], some.row_upper[positions]),
                      meaning=_meaning(mine[positions[0]], authors))
    return made


def _grouped(members: list[Any], kind: Callable[[Any], bool]) -> dict[tuple[str, bool], list[int]]:
    """Positions of the members of each component, by its name in the model and by kind."""
    groups: dict[tuple[str, bool], list[int]] = {}
    for i, member in enumerate(members):
        groups.setdefault((member.parent_component().name, kind(member)), []).append(i)
    return groups


def _index(members: list[Any]) -> Keys:
    """Keys of the members of a component: one column of texts, or none where it is a single thing."""
    if not members[0].parent_component().is_indexed():
        return Keys.single()
    labels = [",".join(map(str, key)) if isinstance(key := v.index(), tuple) else str(key) for v in members]
    if len(set(labels)) < len(labels):
        labels = [repr(v.index()) for v in members]
    return Keys.make({"key": Axis("key", labels)}, key=np.arange(len(labels)))


def _rows(terms: Any, column: Positions | Any, index: Keys, lower: Floats, upper: Floats) -> Rows:
    part = Terms(terms.row.astype(np.int32), column[terms.col], terms.data)
    return Rows(Expr(index, (part,)), lower, upper)


def _meaning(constraint: Any, authors: dict[int, PyomoRule]) -> str:
    component = constraint.parent_component()
    rule = authors.get(id(component))
    return str(component.doc or (rule.__doc__ if rule is not None else "") or "")
