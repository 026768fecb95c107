"""The cost cube: every amount of the plan, cost line by cost line, at the customer, tier and product that it serves.

One long table; every report is a sum over it. Amounts come from the program's own cost expressions, so that the cube
adds up to the cost of the plan, in total and per line. Costs that serve nobody (a site that is open and idle, a
closing, goods that circulate) keep rows of their own with the customer `__unassigned__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from ctsopt.formulation.build import stock_of
from ctsopt.formulation.carried import COSTS as STOCK_COSTS
from ctsopt.formulation.carried import next_period
from ctsopt.keys import BLANK, Coded, Floats, Keys, Positions
from ctsopt.results.drivers import Allocation, weighed
from ctsopt.results.lane_shares import LANE, lane_shares
from ctsopt.results.plan import Plan
from ctsopt.results.stock.shares import cycle_charges, fixed_charges, safety_charges, shares
from ctsopt.results.tables import carried
from ctsopt.results.tracing import Trace, trace

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

UNASSIGNED = "__unassigned__"
"""Customer of costs that serve nobody."""

KEYS = ["line", "behaviour", "period", "customer", "tier", "product", "product_class", "site", "origin", "destination",
        "mode", "driver"]
"""Key columns of the cube; `quantity` and `amount` follow."""

STOCK_LINES = frozenset(cost.__name__ for cost in STOCK_COSTS)
CURVED_LINES = frozenset({"cycle_stock", "safety_stock", "stock_fixed"})

_CODES = ("request", "site", "period", "product", "origin", "destination", "mode", "customer_end")
_Codes = dict[str, npt.NDArray[np.int64]]


class _Book:
    """Rows of the cube while they are written: codes and amounts, turned into text once at the end."""

    def __init__(self, net: Network) -> None:
        self._net = net
        self._parts: list[tuple[str, str, str, _Codes, Floats, Floats]] = []

    def add(self, line: str, behaviour: str, driver: str, amount: Floats, quantity: Floats, **codes: object) -> None:
        """Rows of one line; codes that are not given are blank."""
        size = len(amount)
        full = {n: np.broadcast_to(np.asarray(codes.get(n, BLANK), dtype=np.int64), size)
                for n in _CODES}
        self._parts.append((line, behaviour, driver, full, amount, quantity))

    def frame(self) -> pd.DataFrame:
        """The cube."""
        net, wanted = self._net, self._net.requests.index
        codes = {n: np.concatenate([np.empty(0, dtype=np.int64), *(p[3][n] for p in self._parts)])
                 for n in _CODES}
        served = codes["request"] >= 0
        of = {n: np.where(served, wanted[n][codes["request"]], codes.get(n, np.full(len(served), BLANK)))
              for n in ("customer", "tier", "product", "period")}
        sizes = [len(p[4]) for p in self._parts]
        product_class = np.append(net.tables["products"]["product_class"].to_numpy(dtype=object), "")
        sites, customers = net.axes["site"], net.axes["customer"]
        ends = np.where(codes["customer_end"] >= 0, net.axes["end"].names(codes["customer_end"]),
                        sites.names(codes["destination"]))
        columns = {
            "line": np.repeat([p[0] for p in self._parts], sizes),
            "behaviour": np.repeat([p[1] for p in self._parts], sizes),
            "period": net.axes["period"].names(of["period"]),
            "customer": np.where(served, customers.names(of["customer"]), UNASSIGNED),
            "tier": net.axes["tier"].names(of["tier"]), "product": net.axes["product"].names(of["product"]),
            "product_class": product_class[of["product"]], "site": sites.names(codes["site"]),
            "origin": sites.names(codes["origin"]), "destination": ends,
            "mode": net.axes["mode"].names(codes["mode"]), "driver": np.repeat([p[2] for p in self._parts], sizes)}
        frame = pd.DataFrame({n: pd.Categorical(c) for n, c in columns.items()})
        frame["quantity"] = np.concatenate([np.empty(0), *(p[5] for p in self._parts)])
        frame["amount"] = np.concatenate([np.empty(0), *(p[4] for p in self._parts)])
        return frame


def cost_cube(net: Network, plan: Plan, allocation: Allocation | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cost cube of a plan, and its parents table.

    Parameters
    ----------
    net : Network
    plan : Plan
    allocation : Allocation, optional
        How costs of things as a whole are shared, where it is not the usual way.

    Returns
    -------
    cube : DataFrame
        Key columns `KEYS`; quantity (units that the row's amount is spread over) and amount (money).
    parents : DataFrame
        Where the goods at each stocking point come from: site, product, period, parent (a site, `made here`, or `in
        stock` when the period begins), via, mode, quantity, ratio (share of all that comes in).
    """
    moved, delivered = plan.of("move"), plan.of("deliver")
    use_moves, use_deliveries = np.flatnonzero(moved > 0), np.flatnonzero(delivered > 0)
    moves, deliveries = net.ways.moves.take(use_moves), net.ways.deliveries.take(use_deliveries)
    carried = (plan.index("carry"), plan.of("carry")) if "carry" in plan.program.variables else None
    traced = trace(net, moves, moved[use_moves], deliveries, delivered[use_deliveries], plan.index("make"), carried)
    weights = _Weights(net, plan, traced, (moves, moved[use_moves]), (deliveries, delivered[use_deliveries]))
    book = _Book(net)
    on = {variable: plan.amounts_on(variable) for variable in ("make", "move", "deliver", "unserved")}
    for name, block in plan.program.costs.items():
        if name in STOCK_LINES:
            _held(book, name, block.behaviour, plan, traced)
            continue
        if name in CURVED_LINES:
            _stocked(book, net, name, block.behaviour, plan, traced)
            continue
        amounts = {variable: lines.get(name) for variable, lines in on.items()}
        if (amount := amounts["deliver"]) is not None:
            _direct(book, name, block.behaviour, deliveries, amount[use_deliveries], delivered[use_deliveries])
        if (amount := amounts["unserved"]) is not None:
            book.add(name, block.behaviour, "direct", amount, plan.of("unserved"), request=np.arange(len(amount)))
        if (amount := amounts["move"]) is not None:
            _moves(book, name, block.behaviour, traced, moves, amount[use_moves], moved[use_moves])
        if (amount := amounts["make"]) is not None:
            _made(book, name, block.behaviour, traced, plan.index("make"), amount, plan.of("make"))
        _shared(book, name, block.behaviour, plan, weights, allocation or Allocation())
    return book.frame(), _parents(net, plan, moves, moved[use_moves])


def _direct(book: _Book, line: str, behaviour: str, ways: Coded, amount: Floats, quantity: Floats) -> None:
    """Costs of deliveries go to the request that they serve."""
    some = amount != 0
    keys = ways.index.take(some)
    book.add(line, behaviour, "direct", amount[some], quantity[some], request=ways.measures["request"][some],
             site=keys["site"], origin=keys["site"], customer_end=keys["customer"], mode=keys["mode_out"])


def _moves(book: _Book, line: str, behaviour: str, traced: Trace, ways: Coded, amount: Floats,
           quantity: Floats) -> None:
    """Costs of moves go where the goods at their destination end."""
    some = np.flatnonzero(amount != 0)
    keys = ways.index.take(some)
    _spread(book, line, behaviour, "traced units", traced, traced.at(keys, "destination"), amount[some],
            quantity[some], origin=keys["origin"], destination=keys["destination"], mode=keys["mode_out"],
            product=keys["product"], period=keys["period"])


def _made(book: _Book, line: str, behaviour: str, traced: Trace, index: Keys, amount: Floats,
          quantity: Floats) -> None:
    """Costs of making go where the goods of the site end."""
    some = np.flatnonzero(amount != 0)
    keys = index.take(some)
    _spread(book, line, behaviour, "traced units", traced, traced.at(keys, "site"), amount[some], quantity[some],
            origin=keys["site"], product=keys["product"], period=keys["period"])


def _held(book: _Book, line: str, behaviour: str, plan: Plan, traced: Trace) -> None:
    """Costs of stock go where it ends, from the period after the one that it is carried from."""
    for part, amount in plan.line(line):
        some = np.flatnonzero(amount != 0)
        keys = part.index.take(some)
        first = Keys.make({**traced.points.axes, **keys.axes}, site=keys["site"], product=keys["product"],
                          period=np.zeros(len(keys), dtype=np.int32))
        point = traced.points.locate(next_period(keys) if "period" in keys.columns else first)
        _spread(book, line, behaviour, "traced units", traced, point, amount[some], np.zeros(len(some)),
                origin=keys["site"], product=keys["product"])


def _stocked(book: _Book, net: Network, line: str, behaviour: str, plan: Plan, traced: Trace) -> None:
    """Cycle and safety stock, and what a stock point costs, by those whose goods are in stock."""
    model = stock_of(plan.program, net)
    assert model is not None
    if line == "stock_fixed":
        charges = fixed_charges(model, plan.values)
        amount = model.fixed(plan.values)[charges.point]
    else:
        charges = (cycle_charges if line == "cycle_stock" else safety_charges)(model, plan.values)
        amount = charges.amount(model.declared.money[line].value)
    by_variance = line == "safety_stock"
    share = shares(net, model, plan.values, charges, traced, by_variance=by_variance)
    site = model.declared.stocking.points["site"][charges.point]
    item = np.repeat(np.arange(len(charges)), np.diff(share.indptr))
    book.add(line, behaviour, "variance in layers" if by_variance else "units", amount[item] * share.data,
             share.data, **traced.ends.codes(share.indices), origin=site[item])
    idle = (np.diff(share.indptr) == 0) & (amount != 0)  # kept for goods that end with nobody
    if idle.any():
        book.add(line, behaviour, "circulation", amount[idle], np.zeros(int(idle.sum())), origin=site[idle])


def _spread(book: _Book, line: str, behaviour: str, driver: str, traced: Trace, point: Positions, amount: Floats,
            quantity: Floats, **codes: npt.NDArray[np.int32]) -> None:
    """Split each amount over the requests in which the goods of its point end; circulating goods are unassigned."""
    shares = sp.csr_array(traced.share[point])
    count = np.diff(shares.indptr)
    item = np.repeat(np.arange(len(point)), count)
    book.add(line, behaviour, driver, amount[item] * shares.data, quantity[item] * shares.data,
             **traced.ends.codes(shares.indices), **{n: c[item] for n, c in codes.items()})
    idle = count == 0
    if idle.any():
        book.add(line, behaviour, "circulation", amount[idle], quantity[idle], **{n: c[idle] for n, c in codes.items()})


def _shared(book: _Book, line: str, behaviour: str, plan: Plan, weights: _Weights, allocation: Allocation) -> None:
    """Costs of sites, lanes and tiers are shared by what goes through them; idle ones are unassigned."""
    for part, amount in plan.line(line):
        kind = weights.kind(part.index)
        some = np.flatnonzero(amount != 0)
        if not kind or not len(some):
            continue
        keys, amount = part.index.take(some), amount[some]
        driver = allocation.driver(line)
        weight = weights.of(kind, keys, driver)
        total: Floats = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
        used = weights.used(kind, keys) if allocation.idle == "unassigned" else np.ones(len(keys))
        used = np.where(total > 0, used, 0.0)
        shares = sp.csr_array(sp.diags_array(used / np.where(total > 0, total, 1.0)) @ weight)
        item = np.repeat(np.arange(len(keys)), np.diff(shares.indptr))
        codes = weights.codes(keys)
        book.add(line, behaviour, driver, amount[item] * shares.data, total[item] * shares.data,
                 **weights.ends.codes(shares.indices), **{n: c[item] for n, c in codes.items()})
        idle = np.asarray(used < 1)
        if idle.any():
            book.add(line, behaviour, "idle", (amount * (1 - used))[idle], np.zeros(int(idle.sum())),
                     **{n: c[idle] for n, c in codes.items()})


class _Weights:
    """What goes through each site, by each lane and to each tier, for each end."""

    def __init__(self, net: Network, plan: Plan, traced: Trace, moved: tuple[Coded, Floats],
                 delivered: tuple[Coded, Floats]) -> None:
        self._net, self._plan, self._traced, self.ends = net, plan, traced, traced.ends
        self._moved, self._delivered = moved, delivered
        self._throughput = _through(plan, traced, moved, delivered)

    def kind(self, index: Keys) -> str:
        """What the keys of a cost line are keys of; empty where its amounts are on flows."""
        names = set(index.names)
        if names in ({"site"}, {"site", "level"}):
            return "site"
        return "tier" if names == {"tier"} else "lane" if names in (set(LANE), {*LANE, "period"}) else ""

    def of(self, kind: str, keys: Keys, driver: str) -> sp.csr_array:
        """Weight of each end in each of the keys, by a driver."""
        if driver == "throughput":
            return sp.csr_array(self._throughput[keys["site"]])
        if driver == "loads":
            return self._by_lane(keys, in_loads=True)
        if kind == "site":
            units = _passing(self._plan, self._traced, self._moved, self._delivered, counted="units")[keys["site"]]
        elif kind == "lane":
            units = self._by_lane(keys, in_loads=False)
        else:
            ways, quantity = self._delivered
            of_tier = keys.find(ways.index)
            known = of_tier >= 0
            units = sp.csr_array(sp.coo_array((quantity[known], (of_tier[known], self.ends.at(ways)[known])),
                                              shape=(len(keys), len(self.ends))))
        return weighed(self._net, sp.csr_array(units), self.ends.request, driver)

    def used(self, kind: str, keys: Keys) -> Floats:
        """Share of the capacity of each of the keys that is used; 1 where it has no limit."""
        if kind == "site":
            return self._used_of_site()[keys["site"]]
        if kind == "lane" and "period" in keys.columns:
            filled = np.asarray(self._by_lane(keys, in_loads=True).sum(axis=1)).ravel()
            paid = self._plan.of("loads")[self._plan.index("loads").locate(keys)]
            return np.asarray(np.minimum(1.0, filled / paid))
        if kind == "lane":
            lanes = self._net.derived.resources.lanes
            most = lanes.measures["max_volume"][lanes.index.locate(keys)] * self._net.horizon / 365
            units = np.asarray(self._by_lane(keys, in_loads=False).sum(axis=1)).ravel()
            return np.asarray(np.where(np.isfinite(most), np.minimum(1.0, units / np.maximum(most, 1e-12)), 1.0))
        return np.ones(len(keys))

    def _used_of_site(self) -> Floats:
        """Over the horizon, by the smaller of the site's capacity and that of its level."""
        capacity = self._net.tables.column("sites", "capacity").astype(np.float64)
        if "level" in self._plan.program.variables:
            chosen = self._plan.of("level") > 0.5
            of_level = self._net.tables.column("capacity_levels", "capacity")[chosen]
            site = self._plan.index("level")["site"][chosen]
            capacity[site] = np.minimum(capacity[site], of_level)
        through = np.asarray(self._throughput.sum(axis=1)).ravel()
        most = capacity * self._net.horizon / 365
        return np.asarray(np.where(np.isfinite(most), np.minimum(1.0, through / np.maximum(most, 1e-12)), 1.0))

    def _by_lane(self, keys: Keys, *, in_loads: bool) -> sp.csr_array:
        return lane_shares(self._net, self._traced, self._moved, self._delivered, keys, in_loads=in_loads)

    def codes(self, keys: Keys) -> dict[str, npt.NDArray[np.int32]]:
        """Where an amount arises, as columns of the cube."""
        if "site" in keys.columns:
            return {"origin": keys["site"]}
        if "origin" not in keys.columns:
            return {}
        sites = np.int32(len(self._net.axes["site"]))
        place = keys["destination"]
        codes = {"origin": keys["origin"], "destination": np.where(place < sites, place, BLANK).astype(np.int32),
                 "customer_end": np.where(place >= sites, place - sites, BLANK).astype(np.int32), "mode": keys["mode"]}
        return codes | ({"period": keys["period"]} if "period" in keys.columns else {})


def _through(plan: Plan, traced: Trace, moved: tuple[Coded, Floats],
             delivered: tuple[Coded, Floats]) -> sp.csr_array:
    """Capacity units through each site for each end, shape (sites, ends).

    Units, where nothing that goes through a site takes room there.
    """
    loads = _passing(plan, traced, moved, delivered, counted="load")
    units = _passing(plan, traced, moved, delivered, counted="units")
    weightless = np.asarray(loads.sum(axis=1)).ravel() <= 0
    return sp.csr_array(loads + sp.diags_array(weightless.astype(float)) @ units)


def _passing(plan: Plan, traced: Trace, moved: tuple[Coded, Floats], delivered: tuple[Coded, Floats],
             counted: str) -> sp.csr_array:
    """What goes through each site for each end, in capacity units or in units."""
    (moves, units_moved), (deliveries, units_delivered) = moved, delivered
    shape = (len(plan.index("open")), traced.share.shape[1])
    ends, to_end = traced.share[traced.at(moves.index, "destination")], traced.ends.at(deliveries)
    total = sp.csr_array(shape)
    for load, at_move, at_delivery in (("load", "origin", "site"), ("via_load", "via", "via")):
        of_move, of_delivery = ((ways.measures[load] if counted == "load" else np.ones(len(ways)))
                                for ways in (moves, deliveries))
        here = moves.index[at_move] != BLANK
        gather = sp.coo_array(((units_moved * of_move)[here],
                               (moves.index[at_move][here], np.flatnonzero(here))), shape=(shape[0], len(moves)))
        there = deliveries.index[at_delivery] != BLANK
        straight = sp.coo_array(((units_delivered * of_delivery)[there],
                                 (deliveries.index[at_delivery][there], to_end[there])),
                                shape=shape)
        total = total + sp.csr_array(gather) @ ends + sp.csr_array(straight)
    return sp.csr_array(total)


def _parents(net: Network, plan: Plan, moves: Coded, moved: Floats) -> pd.DataFrame:
    """Where the goods at each stocking point come from."""
    inbound = moves.index.select("product", "period", "via", site="destination", parent="origin",
                                 mode="mode_out").frame()
    inbound["quantity"] = moved
    made = plan.index("make").frame()
    made["quantity"] = plan.of("make")
    made = made[made["quantity"] > 0].assign(parent="made here", via="", mode="")
    kept = carried(net, plan).rename(columns={"opening": "quantity"})
    kept = kept.loc[kept["quantity"] > 0, ["site", "product", "period", "quantity"]]
    both = pd.concat([made, kept.assign(parent="in stock", via="", mode=""), inbound], ignore_index=True)
    keys = ["site", "product", "period"]
    both["ratio"] = both["quantity"] / both.groupby(keys, observed=True)["quantity"].transform("sum")
    return both.sort_values([*keys, "parent", "via", "mode"], ignore_index=True)[
        [*keys, "parent", "via", "mode", "quantity", "ratio"]]
