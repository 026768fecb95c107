"""The plan checked again from the tables, by sums that share nothing with the program's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import SolverError
from ctsopt.formulation.build import marks_of_lines
from ctsopt.formulation.family import LineMarks
from ctsopt.keys import Axis, Bools, Floats, Ints, Keys, Positions
from ctsopt.networks.schema import ALL
from ctsopt.ranks import rank
from ctsopt.results.lines import places
from ctsopt.solving.checking.goods import TOLERANCE, Goods, sums
from ctsopt.solving.checking.limits import limit_faults
from ctsopt.solving.checking.stock import STOCK_CHECKED, stock_faults

if TYPE_CHECKING:
    from ctsopt.programs.program import Program
    from ctsopt.results.solution import Solution


def recheck(solution: Solution, *, whole: bool = True, program: Program | None = None) -> list[str]:
    """Compare a solution with the tables of its network.

    Flow conservation, demand, capacities of sites and of making, closed sites, single sources, promises, and the cost
    lines are computed anew from the input tables and the flows. `whole` is False for linear relaxations, in which
    sites may be partly open.

    Parameters
    ----------
    solution : Solution
    whole : bool
    program : Program, optional
        That of the plan, where it has cost lines of a user's own.

    Returns
    -------
    list of str
        Cost lines whose amounts cannot be computed anew: they are as the program says, and add up in the tables.

    Raises
    ------
    SolverError
        If anything disagrees: the plan must not be reported.
    """
    goods, marks = Goods(solution), marks_of_lines(program)
    always = (Goods.unknown, _demand, _balance, _throughput, _making)
    faults = [fault for check in always for fault in check(goods)]
    faults += [*_cube(solution), *stock_faults(solution), *_shown(solution, places(program)),
               *_costs(solution, marks, whole=whole)]
    if whole:
        for check in (_closed, _single_sources, _promises, limit_faults):
            faults += check(goods)
    if faults:
        raise SolverError("the plan does not agree with the tables, so it is not reported: " + "; ".join(faults[:10]))
    return [line for line in solution.costs["line"] if not _is_checked(marks[line], whole=whole)]


def _is_checked(marks: LineMarks, *, whole: bool) -> bool:
    """Whether the amount of a cost line is computed anew, here or with the stock of the plan."""
    return marks.stock in STOCK_CHECKED or (marks.anew is not None and (whole or not marks.whole))


def _off(left: pd.Series[float] | Floats, right: pd.Series[float] | Floats, unit: float | Floats) -> Bools:
    """Where two columns differ by more than the tolerance, or one of them is no number."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    scale = np.maximum(unit, np.maximum(np.abs(left), np.abs(right)))
    return ~np.asarray(np.abs(left - right) <= TOLERANCE * scale)


def _above(left: pd.Series[float] | Floats, right: pd.Series[float] | Floats, unit: float | Floats) -> Bools:
    """Where the left column is above the right one by more than the tolerance, or is no number."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    return ~np.asarray(left <= right + TOLERANCE * np.maximum(unit, np.abs(right)))


def _demand(goods: Goods) -> Iterator[str]:
    demand = goods.net.tables.column("demand", "quantity")
    asked = goods.demand.find(goods.flow.select(*goods.demand.names))
    asked, quantity = asked[goods.delivered], goods.quantity[goods.delivered]
    served = sums(asked[asked >= 0], quantity[asked >= 0], len(demand))
    bad = np.flatnonzero(_off(served + goods.unserved, demand, _each(goods, demand)))
    yield from (f"delivered and unserved of {'/'.join(key)} differ from its demand"
                for key in goods.demand.labels(bad[:3]))
    if (asked < 0).any():
        yield "goods are delivered that nobody demands"


def _each(goods: Goods, demand: Floats) -> Floats:
    """Quantity of each demand of which a millionth is nothing: a small one beside large ones is not nothing itself."""
    return np.minimum(goods.unit, 10 * demand)


def _balance(goods: Goods) -> Iterator[str]:
    """What comes into a site, by moves, from making and from its stock, goes out, or into its stock."""
    columns = ("site", "product", "period")
    made, stock = (goods.solution.tables[name] for name in ("production", "carried"))
    moved, kept = goods.flow.take(goods.moved), goods.keys(stock, *columns)
    parts = (moved.select("product", "period", site="destination"), goods.keys(made, *columns), kept,
             goods.flow.select("product", "period", site="origin"), kept)
    came = [goods.quantity[goods.moved], *(part.to_numpy(dtype=float) for part in (made["quantity"], stock["opening"]))]
    went = [goods.quantity, stock["closing"].to_numpy(dtype=float)]
    at, place = Keys({c: np.concatenate([part[c] for part in parts]) for c in columns},
                     {c: goods.axes[c] for c in columns}).grouped(*columns)
    inward = sum(map(len, came))
    into = sums(place[:inward], np.concatenate(came), len(at))
    out = sums(place[inward:], np.concatenate(went), len(at))
    bad = np.flatnonzero(_off(into, out, goods.unit))
    yield from (f"what comes into {'/'.join(key)} does not go out" for key in at.labels(bad[:3]))


def _throughput(goods: Goods) -> Iterator[str]:
    (units, load), net = goods.through, goods.net
    capacity = np.outer(net.tables.column("sites", "capacity"), net.tables.column("periods", "days") / 365)
    each = np.divide(load, units, out=np.ones_like(units), where=units > 0)
    bad = np.argwhere(_above(load, capacity, goods.unit * each))
    yield from (f"{goods.axes['site'].labels[site]} is over its capacity in {goods.axes['period'].labels[period]}"
                for site, period in bad[:3])


def _making(goods: Goods) -> Iterator[str]:
    made, net = goods.solution.production, goods.net
    at = goods.keys(made, "site", "product", "period")
    listed = Keys({c: goods.axes[c].codes(net.tables.column("site_products", c)) for c in ("site", "product")},
                  goods.axes)
    capacity = np.full(len(made), np.inf)
    if len(listed):  # once the table has rows, nothing else is made
        capacity = np.append(net.tables.column("site_products", "make_capacity"), 0.0)[listed.find(at)]
    days = goods.of("periods", "days", at["period"])
    over = _above(made["quantity"], capacity * days / 365, goods.unit)
    yield from (f"{row.site} makes more {row.product} than it can" for row in made[over].head(3).itertuples())
    if not np.isin(goods.of("sites", "kind", at["site"]).astype(str), ["plant", "supplier"]).all():
        yield "goods are made at a site that makes nothing"


def _closed(goods: Goods) -> Iterator[str]:
    names, column = goods.axes["site"].labels, goods.net.tables.column
    busy = ~goods.open & (goods.through[0] > 0).any(axis=1)
    yield from (f"goods pass {site}, which is closed" for site in names[busy][:3])
    status = column("sites", "status")
    forced = (status == "open") & ~column("sites", "may_close")
    barred = (status == "closing") | (status == "closed") | ((status == "candidate") & ~column("sites", "may_open"))
    wrong = (forced & ~goods.open) | (barred & goods.open)
    yield from (f"{site} is open or closed against its status" for site in names[wrong][:3])


def _single_sources(goods: Goods) -> Iterator[str]:
    flow = goods.flow.take(goods.delivered)
    rule = goods.of("customers", "single_source", flow["customer"])
    for name, keys in (("customer", ("customer",)), ("product", ("customer", "product"))):
        mine = rule == name
        if mine.any():
            to, place = flow.take(mine).distinct(*keys, "origin").grouped(*keys)
            many = np.flatnonzero(np.bincount(place) > 1)
            yield from (f"{key if len(keys) > 1 else key[0]} has several sources" for key in to.labels(many[:3]))


def _promises(goods: Goods) -> Iterator[str]:
    """What is served and on time, from the flows, the shortage and the promises themselves."""
    promises, column = goods.net.tables["promises"], goods.net.tables.column
    promise, span = _covered(goods)
    periods, customers = (len(goods.axes[name]) for name in ("period", "customer"))
    quantity, customer = column("demand", "quantity"), goods.demand["customer"]
    bare = (promise < 0) & _above(goods.unserved, np.zeros(len(quantity)), _each(goods, quantity))
    yield from (f"{name} is not served in full, though no promise allows it"
                for name in goods.axes["customer"].names(np.unique(customer[bare])[:3]))
    covered = promise >= 0
    spans = (span[covered], periods)
    for served, parts in (("served_fraction", [spans]),
                          ("served_fraction_each", [spans, (customer[covered], customers)])):
        of, place = _groups(promise[covered], *parts)
        wanted, short = (sums(place, part[covered], len(of)) for part in (quantity, goods.unserved))
        allowed = (1 - column("promises", served)[of]) * wanted
        broken = promises.iloc[np.unique(of[_above(short, allowed, goods.unit)])]
        yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept: {served}"
                    for row in broken.itertuples())
    late = promises.iloc[_late(goods, promise, span)]
    yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept: on time"
                for row in late.itertuples())
    broken = goods.solution.service[~goods.solution.service["kept"].astype(bool)]
    yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept" for row in broken.itertuples())


def _covered(goods: Goods) -> tuple[Positions, Ints]:
    """Of each demand the promise that covers it (row of the table, -1 where none does) and the period that it counts
    in (-1: the whole horizon).
    """
    column = goods.net.tables.column
    tier = goods.axes["tier"].codes(goods.of("customers", "tier", goods.demand["customer"]))
    of_product = goods.of("products", "product_class", goods.demand["product"])
    classes = Axis("product_class", [*dict.fromkeys([*of_product, *column("promises", "product_class"), ALL])])
    promises = Keys({"tier": goods.axes["tier"].codes(column("promises", "tier")),
                     "class": classes.codes(column("promises", "product_class"))},
                    {"tier": goods.axes["tier"], "class": classes})
    own, star = (promises.find(Keys({"tier": tier, "class": codes}, promises.axes)) for codes in (
        classes.codes(of_product), np.full(len(tier), classes.codes([ALL])[0])))
    promise = np.where(own >= 0, own, star)
    each = np.append(column("promises", "per") == "period", False)[promise]
    return promise, np.where(each, goods.demand["period"], np.int32(-1))


def _late(goods: Goods, promise: Positions, span: Ints) -> Positions:
    """Promises (rows of the table) whose deliveries are not on time as promised."""
    column = goods.net.tables.column
    at = goods.demand.find(goods.flow.select(*goods.demand.names))
    at[at >= 0] = np.where(promise[at[at >= 0]] >= 0, at[at >= 0], -1)
    mine = goods.delivered & (at >= 0)
    mine[mine] = np.isfinite(column("promises", "lead_time")[promise[at[mine]]])
    of, quantity = promise[at[mine]], goods.quantity[mine]
    on_time = goods.solution.flows["on_time"].to_numpy(dtype=float)[mine]
    form = column("promises", "on_time_form")[of]
    certain = on_time >= column("promises", "reliability")[of] - TOLERANCE
    good = quantity * np.where(form == "share_expected", on_time, certain)
    asked = quantity * np.where(form == "each_order", 1.0, column("promises", "on_time_share")[of])
    each, place = _groups(of, (span[at[mine]], len(goods.axes["period"])))
    return np.unique(each[_above(sums(place, asked, len(each)), sums(place, good, len(each)), goods.unit)])


def _groups(promise: Positions, *parts: tuple[Ints, int]) -> tuple[Positions, Ints]:
    """The promise of each group of rows with all codes in common (each below its number), and the group of each row."""
    code, space = promise.astype(np.int64), int(promise.max(initial=-1)) + 1
    for codes, count in parts:
        code, space = code * (count + 1) + codes + 1, space * (count + 1)
    place, groups = rank(code, space)
    of = np.empty(groups, dtype=np.int64)
    of[place] = promise
    return of, place


def _shown(solution: Solution, columns: Mapping[tuple[str, str], list[str]]) -> Iterator[str]:
    """Cost lines beside the columns of other tables that show them."""
    reported, size = _reported(solution), min(1.0, _turnover(solution))
    for (table, column), lines in columns.items():
        total, amount = float(solution.tables[table][column].sum()), sum(reported.get(line, 0.0) for line in lines)
        if _off(np.array([total]), np.array([amount]), size)[0]:
            yield (f"the cost line {' and '.join(lines)} is {amount:,.2f}, but {column} in the table {table} adds up "
                   f"to {total:,.2f}")


def _reported(solution: Solution) -> dict[str, float]:
    """The amount of every cost line; one that is there twice counts twice."""
    reported: dict[str, float] = {}
    for line, amount in zip(solution.costs["line"], solution.costs["amount"].tolist(), strict=True):
        reported[line] = reported.get(line, 0.0) + amount
    return reported


def _costs(solution: Solution, lines: Mapping[str, LineMarks], *, whole: bool) -> Iterator[str]:
    """Cost lines beside what the input tables and the flows say."""
    reported, size = _reported(solution), min(1.0, _turnover(solution))
    for line, marks in lines.items():
        if marks.anew is None or (marks.whole and not whole):
            continue
        amount, shown = marks.anew(solution.net, solution.tables), reported.get(line, 0.0)
        if _off(np.array([amount]), np.array([shown]), size)[0]:
            yield f"the cost line {line} is {shown:,.2f}, but its tables add up to {amount:,.2f}"


def _turnover(solution: Solution) -> float:
    """All cost lines, whatever their sign: what a difference of money is compared with."""
    return float(solution.costs["amount"].abs().sum())


def _cube(solution: Solution) -> Iterator[str]:
    cube, total = solution.cube, _turnover(solution)
    line, names = pd.factorize(cube["line"])
    summed = dict(zip(names, sums(line, cube["amount"].to_numpy(dtype=float), len(names)).tolist(), strict=True))
    for name, amount in _reported(solution).items():
        if not abs(summed.get(name, 0.0) - amount) <= 1e-9 * total:
            yield f"the cost cube of {name} adds up to {summed.get(name, 0.0):,.2f}, not {amount:,.2f}"
