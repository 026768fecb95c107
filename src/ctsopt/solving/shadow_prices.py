"""What a little more of a capacity, or a little less of a promise, would save at the network of a plan.

The whole decisions of the plan are fixed and the linear program that is left is solved; its duals are turned from
rows of the program to cells of the tables. The least cost is convex in each of these figures, so that a larger step
saves at most its dual per unit (Dantzig, "Linear Programming and Extensions", 1963, chapter 12). Where stock is
planned, it is priced along its declared curve beside the plan's own volume, and configurations stay as they are; the
curve may bend, so that a larger step may save more or less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import SolverError, UsageError
from ctsopt.formulation.build import build, cells, keeps, marks_of_rows, stock_of
from ctsopt.formulation.cells import Cell
from ctsopt.formulation.dominance import without_dominated
from ctsopt.formulation.family import RowFamily
from ctsopt.formulation.stock.layers import LINES
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.formulation.stock.starts import starting
from ctsopt.keys import Floats, Keys
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Program, RowBlock
from ctsopt.programs.sentinel import admit
from ctsopt.results.solution import Solution

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

COLUMNS = ["table", "column", "key", "relaxation", "unit", "saves"]
_POINT = "percentage point"


def shadow_prices(solution: Solution, extra: Sequence[RowFamily] = ()) -> pd.DataFrame:
    """What relaxing each promise, capacity and agreement by one unit would save, at this network.

    Which sites are open, their levels, single sources, loads and the configurations of stock points stay as they are;
    flows are free. The figures are rates at the plan: a larger step saves at most as much per unit (with stock planned,
    while volumes stay between the declared volumes beside them). Promises with `each_order` and shares in contracts
    have no such rate: they decide which ways there are, or weigh flows against each other.

    Parameters
    ----------
    solution : Solution
        A plan, not a linear relaxation.
    extra : sequence of functions, optional
        The rules of one's own under which it was found.

    Returns
    -------
    DataFrame
        Only what binds: table, column and key of the cell; relaxation (`raise` or `lower` it); unit of the step; saves
        (money over the horizon per unit of the step, never negative), largest first within a column.

    Raises
    ------
    UsageError
        If the rules are not those of the solution, or it was found under rules written in Pyomo.
    """
    net = solution.net
    _require_rules(solution, extra)
    program, values = _program(net, extra, solution.tables["values"]["value"].to_numpy(dtype=float))
    end = _duals(program, values)
    parts = [part for block in (_limits, _served, _served_in_full, _on_time)
             for part in block(solution, net, program, end)]
    frame = pd.concat([pd.DataFrame(columns=COLUMNS), *parts]) if parts else pd.DataFrame(columns=COLUMNS)
    frame["saves"] = frame["saves"].astype(float)
    summed = frame.groupby(COLUMNS[:-1], sort=False)["saves"].sum().reset_index()
    floor = 1e-9 * max(abs(solution.total_cost), 1e-9)
    kept = summed[summed["saves"] > floor]
    return kept.sort_values(["table", "column", "saves"], ascending=[True, True, False], ignore_index=True)


def _require_rules(solution: Solution, extra: Sequence[RowFamily]) -> None:
    """Raise UsageError where the plan is none, or was found under other rules."""
    record = solution.record
    if record.get("extra_costs") or record.get("options", {}).get("fix"):
        raise UsageError("shadow prices: the plan was found with decisions held, or with cost lines of your own, which "
                         "this does not know")
    if record.get("pyomo_rules"):
        raise UsageError("shadow prices: the plan was found under rules written in Pyomo, which this does not know; "
                         "write them as `extra` families")
    if solution.record.get("options", {}).get("relax"):
        raise UsageError("shadow prices: this is a linear relaxation, in which sites may be partly open; solve without "
                         "relax")
    names = [rule.__name__ for rule in extra]
    if names != list(record.get("extra", [])):
        raise UsageError(f"shadow prices: the plan was found with extra = {list(record.get('extra', []))}, not {names}")


def _program(net: Network, extra: Sequence[RowFamily], plan: Floats) -> tuple[Program, Floats]:
    """The program, and a plan whose whole columns are those to keep.

    Where stock is planned, the volume of each layer lies in a segment between the declared volumes next to it.
    """
    program = build(net, extra)
    stock = stock_of(program, net)
    if stock is None:
        return without_dominated(net, program), plan
    made, valued = stock.declared, stock.of(plan)
    volume = valued.volume[made.layers.volume]
    layer = np.flatnonzero(valued.active & (volume > 0))
    down, up = made.money[LINES[0]].corners(volume[layer])
    most = made.most[made.layers.volume[layer]]
    points = Breakpoints.first(made)
    some = np.isin(layer, points.layer)
    points = points.with_points(np.concatenate([layer[some]] * 2),
                                np.concatenate([down[some], np.minimum(up, most)[some]]))
    program = build(net, extra, points)
    columns, whole = starting(program, stock, points.segments(made), plan)
    values = np.zeros(program.columns)
    values[columns] = whole
    values[:len(plan)] = plan
    return without_dominated(net, program), values


def _duals(program: Program, values: Floats) -> Outcome:
    admit()
    arrays = program.arrays
    whole = np.where(arrays.integer, np.round(values), values)
    fixed = replace(arrays, lower=np.where(arrays.integer, whole, arrays.lower),
                    upper=np.where(arrays.integer, whole, arrays.upper))
    end = Highs(fixed.with_rows(~program.lazy), relax=True).run()
    if end.row_dual is None or end.col_dual is None:
        raise SolverError(f"the linear program of the plan was not solved: {end.detail}")
    return end


def _dual(program: Program, end: Outcome, name: str) -> Floats:
    """Money per unit by which the rows of a family would fall if they gave way; 0 for lazy rows."""
    assert end.row_dual is not None
    full = np.zeros(program.row_count)
    full[~program.lazy] = end.row_dual
    return np.abs(full[program.rows[name].span])


def _cells(net: Network, cell: Cell, keys: pd.DataFrame, saves: Floats, relaxation: str) -> pd.DataFrame:
    """Rows of the result for a limit."""
    per = " per year" if cell.yearly else ""
    units = [cell.unit_at(net, key) + per for key in keys.itertuples(index=False, name=None)] if keys.shape[1] else (
        cell.unit_at(net, ()) + per)
    return _rows(cell.table, cell.column, keys, saves, relaxation, units)


def _rows(table: str, column: str, keys: pd.DataFrame, saves: Floats, relaxation: str, unit: str | list[str]
          ) -> pd.DataFrame:
    """Rows of the result; the key of a cell in words."""
    words = [" / ".join(part for part in key if part) for key in keys.itertuples(index=False)] if keys.shape[1] else [
        ""] * len(keys)
    return pd.DataFrame({"table": table, "column": column, "key": words, "relaxation": relaxation, "unit": unit,
                         "saves": saves})


def _limits(solution: Solution, net: Network, program: Program, end: Outcome) -> Iterator[pd.DataFrame]:
    """Capacities, agreements and caps of which a little more saves a little, in the unit of their cell."""
    plan = solution.tables["values"]["value"].to_numpy(dtype=float)
    for name, cell in cells(program).items():
        for family in (name, *cell.links) if cell.rate else ():
            if family not in program.rows:
                continue
            block = program.rows[family]
            saves = _dual(program, end, family) * _share_of_year(net, cell, block) * _on(program, plan, cell, block)
            stands = marks_of_rows(program)[family].stands
            if stands is not None:
                saves = saves * stands(net, block.index)
            keys = _row_of_table(program, plan, cell, block)
            below = np.isfinite(block.rows.lower)
            for mine, relaxation in ((~below, "raise"), (below, "lower")):
                yield _cells(net, cell, keys[mine], saves[mine], relaxation)


def _frame(index: Keys) -> pd.DataFrame:
    """Keys as names, one row where there are none."""
    return index.frame() if index.columns else pd.DataFrame(index=range(1))


def _share_of_year(net: Network, cell: Cell, block: RowBlock) -> Floats:
    """How much of a figure of the table each row has: yearly ones that of its period, or of the horizon."""
    if not cell.yearly:
        return np.ones(len(block.index))
    days = net.tables["periods"].set_index("period")["days"]
    frame = _frame(block.index)
    of_period = frame["period"].map(days) if "period" in frame else pd.Series(np.nan, index=frame.index)
    return of_period.astype(float).fillna(net.horizon).to_numpy() / 365


def _on(program: Program, plan: Floats, cell: Cell, block: RowBlock) -> Floats:
    """1, or 0 where the plan does not have what the limit is one of: a site is closed, a lane not used."""
    switch = program.variables.get(cell.when)
    if switch is None:
        return np.ones(len(block.index))
    return np.append(np.round(plan[switch.span]), 1.0)[switch.index.find(block.index)]


def _row_of_table(program: Program, plan: Floats, cell: Cell, block: RowBlock) -> pd.DataFrame:
    """Keys of the row of the table behind each row of the program; of several, of the one that the plan has picked."""
    keys = _frame(block.index)[list(cell.keys)]
    if "mode" in keys:
        keys["mode"] = keys["mode"].where(keys["mode"] != "", "*")
    if not cell.picks:
        return keys
    choice = program.variables[cell.picks]
    picked = choice.index.take(plan[choice.span] > 0.5).frame()
    return keys.merge(picked, on=list(cell.keys), how="left").fillna("")


def _wanted(net: Network) -> pd.DataFrame:
    """Requests with the keys of the promise that covers them."""
    promise = net.requests.measures["promise"]
    covered = promise >= 0
    frame = net.requests.index.take(covered).frame()[["customer"]]
    keys = net.promises.index.take(promise[covered]).frame()
    frame[["tier", "product_class", "period"]] = keys[["tier", "product_class", "period"]]
    frame["quantity"] = net.requests.measures["quantity"][covered]
    frame["promise"], frame["request"] = promise[covered], np.flatnonzero(covered)
    return frame


def _served(solution: Solution, net: Network, program: Program, end: Outcome) -> Iterator[pd.DataFrame]:
    """Promises on the served fraction below 1, of tiers and of each customer."""
    for promised in ("served_fraction", "served_fraction_each"):
        name = keeps(promised)
        if name not in program.rows:
            continue
        frame = program.rows[name].index.frame()
        keys = list(frame.columns)
        wanted = _wanted(net).groupby(keys)[["quantity"]].sum()
        volume = wanted["quantity"].reindex(pd.MultiIndex.from_frame(frame[keys])).to_numpy(dtype=float)
        if "tier" not in frame:
            frame["tier"] = frame["customer"].map(net.tables["customers"].set_index("customer")["tier"])
        yield _rows("promises", promised, frame[["tier", "product_class"]],
                     _dual(program, end, name) * volume / 100, "lower", _POINT)


def _served_in_full(solution: Solution, net: Network, program: Program, end: Outcome) -> Iterator[pd.DataFrame]:
    """Promises to serve everything: the dearest units would be left, less the shortage cost that the tier has.

    With each request's reduced cost as its rate, a point of the volume saves at most what the dearest requests that
    make up a point save.
    """
    assert end.col_dual is not None
    wanted = _wanted(net)
    full = net.promises.measures["served_fraction"][wanted["promise"]] >= 1
    wanted = wanted[full & (wanted["quantity"] > 0)].copy()
    if wanted.empty:
        return
    cost = wanted["tier"].map(net.tables["tiers"].set_index("tier")["shortage_cost"]).astype(float).fillna(0.0)
    reduced = end.col_dual[program.variables["unserved"].span][wanted["request"]]
    wanted["rate"] = np.maximum(-reduced - cost.to_numpy(), 0.0)
    wanted = wanted.sort_values(["promise", "rate"], ascending=[True, False], kind="stable")
    volume = wanted.groupby("promise")["quantity"]
    point, before = volume.transform("sum") / 100, volume.cumsum() - wanted["quantity"]
    left = (point - before).clip(lower=0.0).clip(upper=wanted["quantity"])
    yield _rows("promises", "served_fraction", wanted[["tier", "product_class"]],
                 (left * wanted["rate"]).to_numpy(), "lower", _POINT)


def _on_time(solution: Solution, net: Network, program: Program, end: Outcome) -> Iterator[pd.DataFrame]:
    """Shares on time: a point less of the delivered volume."""
    name = keeps("on_time_share")
    if name not in program.rows:
        return
    frame = program.rows[name].index.frame()
    keys = list(frame.columns)
    volume = solution.service.set_index(keys)["delivered"].reindex(pd.MultiIndex.from_frame(frame[keys]))
    yield _rows("promises", "on_time_share", frame[["tier", "product_class"]],
                 _dual(program, end, name) * volume.to_numpy(dtype=float) / 100, "lower", _POINT)
