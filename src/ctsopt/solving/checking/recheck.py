"""The plan checked again from the tables, by sums that share nothing with the program's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import SolverError
from ctsopt.formulation.build import marks_of_lines
from ctsopt.formulation.family import LineMarks
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.schema import ALL
from ctsopt.results.lines import places
from ctsopt.solving.checking.limits import limit_faults, unit_of
from ctsopt.solving.checking.stock import STOCK_CHECKED, stock_faults

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.programs.program import Program
    from ctsopt.results.solution import Solution

_TOLERANCE = 1e-6
"""Relative to the size of the figures compared."""


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
    always = (_demand, _balance, _throughput, _making, _cube, stock_faults)
    faults = [fault for check in always for fault in check(solution)]
    faults += [*_shown(solution, places(program)), *_costs(solution, marks_of_lines(program), whole=whole)]
    if whole:
        for check in (_closed, _single_sources, _promises, limit_faults):
            faults += check(solution)
    if faults:
        raise SolverError("the plan does not agree with the tables, so it is not reported: " + "; ".join(faults[:10]))
    marks = marks_of_lines(program)
    return [line for line in solution.costs["line"] if not _is_checked(marks[line], whole=whole)]


def _is_checked(marks: LineMarks, *, whole: bool) -> bool:
    """Whether the amount of a cost line is computed anew, here or with the stock of the plan."""
    return marks.stock in STOCK_CHECKED or (marks.anew is not None and (whole or not marks.whole))


def _off(left: pd.Series[float] | Floats, right: pd.Series[float] | Floats, unit: float | Floats) -> Bools:
    """Where two columns differ by more than the tolerance, or one of them is no number."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    scale = np.maximum(unit, np.maximum(np.abs(left), np.abs(right)))
    return ~np.asarray(np.abs(left - right) <= _TOLERANCE * scale)


def _above(left: pd.Series[float] | Floats, right: pd.Series[float] | Floats, unit: float | Floats) -> Bools:
    """Where the left column is above the right one by more than the tolerance, or is no number."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    return ~np.asarray(left <= right + _TOLERANCE * np.maximum(unit, np.abs(right)))


def _demand(solution: Solution) -> Iterator[str]:
    keys = ["customer", "product", "period"]
    demand = solution.net.tables["demand"].set_index(keys)["quantity"]
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    served = flow.groupby(keys, observed=True)["quantity"].sum()
    short = solution.shortage.set_index(keys)["unserved"]
    got = served.reindex(demand.index, fill_value=0.0) + short.reindex(demand.index, fill_value=0.0)
    bad = demand.index[_off(got, demand, _each(solution.net, demand))]
    yield from (f"delivered and unserved of {'/'.join(key)} differ from its demand" for key in bad[:3])
    if not served.index.isin(demand.index).all():
        yield "goods are delivered that nobody demands"


def _each(net: Network, demand: pd.Series[float]) -> Floats:
    """Quantity of each demand of which a millionth is nothing: a small one beside large ones is not nothing itself."""
    return np.minimum(unit_of(net), 10 * demand.to_numpy(dtype=float))


def _balance(solution: Solution) -> Iterator[str]:
    flow, keys = solution.flows, ["site", "product", "period"]
    moves = flow[flow["kind"] == "move"]
    stock = solution.carried
    came = pd.concat([moves.assign(site=moves["destination"]), solution.production,
                      stock.assign(quantity=stock["opening"])])[[*keys, "quantity"]]
    went = pd.concat([flow.assign(site=flow["origin"]), stock.assign(quantity=stock["closing"])])[[*keys, "quantity"]]
    into, out = (part.groupby(keys, observed=True)["quantity"].sum() for part in (came, went))
    index = into.index.union(out.index)
    into, out = into.reindex(index, fill_value=0.0), out.reindex(index, fill_value=0.0)
    bad = index[_off(into, out, unit_of(solution.net))]
    yield from (f"what comes into {'/'.join(key)} does not go out" for key in bad[:3])


def _units(net: Network, site: pd.Series[str], product: pd.Series[str], quantity: pd.Series[float]) -> pd.Series[float]:
    """Quantities in the capacity unit of each site."""
    products = net.tables["products"].set_index("product")
    unit = site.map(net.tables["sites"].set_index("site")["capacity_unit"])
    factor = pd.Series(1.0, index=quantity.index)
    for name, column in (("kg", products["weight"]), ("m3", products["volume"]),
                         ("pallets", 1 / products["pallet_units"])):
        factor = factor.where(unit != name, product.map(column).astype(float))
    return quantity * factor


def _through(solution: Solution) -> pd.DataFrame:
    """Units and capacity units by site and period."""
    flow = solution.flows
    over = flow[flow["via"] != ""]
    parts = pd.concat([flow.assign(site=flow["origin"]), over.assign(site=over["via"])], ignore_index=True)
    parts["load"] = _units(solution.net, parts["site"], parts["product"], parts["quantity"])
    return parts.groupby(["site", "period"], observed=True)[["quantity", "load"]].sum().reset_index()


def _throughput(solution: Solution) -> Iterator[str]:
    net = solution.net
    through = _through(solution)
    days = through["period"].map(net.tables["periods"].set_index("period")["days"]).astype(float)
    capacity = through["site"].map(net.tables["sites"].set_index("site")["capacity"]).astype(float)
    used = through["quantity"].to_numpy(dtype=float)
    each = np.divide(through["load"].to_numpy(dtype=float), used, out=np.ones_like(used), where=used > 0)
    bad = through[_above(through["load"], capacity * days / 365, unit_of(net) * each)]
    yield from (f"{row.site} is over its capacity in {row.period}" for row in bad.head(3).itertuples())


def _making(solution: Solution) -> Iterator[str]:
    made, net = solution.production, solution.net
    listed = net.tables["site_products"].set_index(["site", "product"])["make_capacity"]
    capacity = np.full(len(made), np.inf)
    if len(listed):  # once the table has rows, nothing else is made
        capacity = listed.reindex(pd.MultiIndex.from_frame(made[["site", "product"]])).fillna(0.0).to_numpy(dtype=float)
    days = made["period"].map(net.tables["periods"].set_index("period")["days"]).astype(float)
    over = _above(made["quantity"], capacity * days / 365, unit_of(net))
    yield from (f"{row.site} makes more {row.product} than it can" for row in made[over].head(3).itertuples())
    kind = made["site"].map(net.tables["sites"].set_index("site")["kind"])
    if not kind.isin(["plant", "supplier"]).all():
        yield "goods are made at a site that makes nothing"


def _closed(solution: Solution) -> Iterator[str]:
    sites = solution.sites.set_index("site")
    through = _through(solution)
    closed = ~through["site"].map(sites["open"]).astype(bool)
    busy = through.loc[closed & (through["quantity"] > 0), "site"]
    yield from (f"goods pass {site}, which is closed" for site in busy[:3])
    table = solution.net.tables["sites"].set_index("site")
    forced = (table["status"] == "open") & ~table["may_close"]
    barred = table["status"].isin(["closing", "closed"]) | ((table["status"] == "candidate") & ~table["may_open"])
    wrong = (forced & ~sites["open"].reindex(table.index)) | (barred & sites["open"].reindex(table.index))
    yield from (f"{site} is open or closed against its status" for site in table.index[wrong.to_numpy(dtype=bool)][:3])


def _single_sources(solution: Solution) -> Iterator[str]:
    customers = solution.net.tables["customers"].set_index("customer")["single_source"]
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    rule = flow["customer"].map(customers)
    for name, keys in (("customer", ["customer"]), ("product", ["customer", "product"])):
        sources = flow[rule == name].groupby(keys, observed=True)["origin"].nunique()
        yield from (f"{key} has several sources" for key in sources.index[sources > 1][:3])


def _promises(solution: Solution) -> Iterator[str]:
    """What is served and on time, from the flows, the shortage and the promises themselves."""
    wanted, promises = _covered(solution.net), solution.net.tables["promises"]
    keys = ["customer", "product", "period"]
    wanted["unserved"] = solution.shortage.set_index(keys)["unserved"].reindex(
        pd.MultiIndex.from_frame(wanted[keys]), fill_value=0.0).to_numpy()
    unit = unit_of(solution.net)
    nothing = _each(solution.net, wanted["quantity"])
    bare = wanted[(wanted["promise"] < 0) & _above(wanted["unserved"], np.zeros(len(wanted)), nothing)]
    yield from (f"{name} is not served in full, though no promise allows it" for name in bare["customer"].unique()[:3])
    wanted = wanted[wanted["promise"] >= 0]
    for column, each in (("served_fraction", []), ("served_fraction_each", ["customer"])):
        sums = wanted.groupby(["promise", "span", *each])[["quantity", "unserved"]].sum().reset_index()
        allowed = (1 - promises[column].to_numpy(dtype=float)[sums["promise"]]) * sums["quantity"]
        short = promises.iloc[sums.loc[_above(sums["unserved"], allowed, unit), "promise"].unique()]
        yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept: {column}"
                    for row in short.itertuples())
    late = promises.iloc[_late(solution, wanted)]
    yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept: on time"
                for row in late.itertuples())
    broken = solution.service[~solution.service["kept"].astype(bool)]
    yield from (f"the promise to {row.tier}, class {row.product_class}, is not kept" for row in broken.itertuples())


def _covered(net: Network) -> pd.DataFrame:
    """Demand with the promise that covers it (row of the table, -1 where none does) and the span that it holds over."""
    promises = net.tables["promises"]
    wanted = net.tables["demand"][["customer", "product", "period", "quantity"]].copy()
    tier = wanted["customer"].map(net.tables["customers"].set_index("customer")["tier"]).astype(str)
    of_product = wanted["product"].map(net.tables["products"].set_index("product")["product_class"]).astype(str)
    index = pd.MultiIndex.from_frame(promises[["tier", "product_class"]].astype(str))
    own, star = (index.get_indexer(pd.MultiIndex.from_arrays([tier, part])) for part in (
        of_product, np.full(len(wanted), ALL)))
    wanted["promise"] = np.where(own >= 0, own, star)
    each = np.append((promises["per"] == "period").to_numpy(dtype=bool), False)[wanted["promise"]]
    wanted["span"] = wanted["period"].astype(object).where(each, "")
    return wanted


def _late(solution: Solution, wanted: pd.DataFrame) -> Positions:
    """Promises (rows of the table) whose deliveries are not on time as promised."""
    promises = solution.net.tables["promises"]
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    keys = ["customer", "product", "period"]
    flow = flow.merge(wanted[[*keys, "promise", "span"]], on=keys)
    of = promises.iloc[flow["promise"]]
    quantity, on_time = flow["quantity"].to_numpy(), flow["on_time"].to_numpy()
    certain = on_time >= of["reliability"].to_numpy() - _TOLERANCE
    form = of["on_time_form"].to_numpy(dtype=object)
    flow["good"] = quantity * np.where(form == "share_expected", on_time, certain)
    flow["asked"] = quantity * np.where(form == "each_order", 1.0, of["on_time_share"].to_numpy())
    timed = flow[np.isfinite(of["lead_time"].to_numpy())]
    sums = timed.groupby(["promise", "span"])[["asked", "good"]].sum().reset_index()
    short = _above(sums["asked"], sums["good"], unit_of(solution.net))
    return np.asarray(sums.loc[short, "promise"].unique(), dtype=np.int64)


def _shown(solution: Solution, columns: Mapping[tuple[str, str], list[str]]) -> Iterator[str]:
    """Cost lines beside the columns of other tables that show them."""
    reported, size = solution.costs.set_index("line")["amount"], min(1.0, _turnover(solution))
    for (table, column), lines in columns.items():
        total, amount = float(solution.tables[table][column].sum()), float(reported.reindex(lines).fillna(0.0).sum())
        if _off(np.array([total]), np.array([amount]), size)[0]:
            yield (f"the cost line {' and '.join(lines)} is {amount:,.2f}, but {column} in the table {table} adds up "
                   f"to {total:,.2f}")


def _costs(solution: Solution, lines: Mapping[str, LineMarks], *, whole: bool) -> Iterator[str]:
    """Cost lines beside what the input tables and the flows say."""
    reported, size = solution.costs.set_index("line")["amount"], min(1.0, _turnover(solution))
    for line, marks in lines.items():
        if marks.anew is None or (marks.whole and not whole):
            continue
        amount, shown = marks.anew(solution.net, solution.tables), float(reported.get(line, 0.0))
        if _off(np.array([amount]), np.array([shown]), size)[0]:
            yield f"the cost line {line} is {shown:,.2f}, but its tables add up to {amount:,.2f}"


def _turnover(solution: Solution) -> float:
    """All cost lines, whatever their sign: what a difference of money is compared with."""
    return float(solution.costs["amount"].abs().sum())


def _cube(solution: Solution) -> Iterator[str]:
    summed = solution.cube.groupby("line", observed=True)["amount"].sum()
    total = _turnover(solution)
    for line, amount in solution.costs.set_index("line")["amount"].items():
        if not abs(float(summed.get(line, 0.0)) - float(amount)) <= 1e-9 * total:
            yield f"the cost cube of {line} adds up to {summed.get(line, 0.0):,.2f}, not {amount:,.2f}"
