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

from ctsopt.formulation.build import marks_of_lines, stock_of
from ctsopt.formulation.carried import next_period
from ctsopt.formulation.family import LineMarks
from ctsopt.keys import BLANK, Coded, Floats, Keys, Positions
from ctsopt.results.drivers import USUAL, Allocation, Idle
from ctsopt.results.lines import FLOWS
from ctsopt.results.plan import Plan
from ctsopt.results.stock.shares import cycle_charges, fixed_charges, safety_charges, shares
from ctsopt.results.tables import carried
from ctsopt.results.tracing import Trace, trace
from ctsopt.results.users import Users, kind_of

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

UNASSIGNED = "__unassigned__"
"""Customer of costs that serve nobody."""

KEYS = ["line", "behaviour", "period", "customer", "tier", "product", "product_class", "site", "origin", "destination",
        "mode", "driver"]
"""Key columns of the cube; `quantity` and `amount` follow."""

_BY_CURVES = ("cycle", "safety", "fixed")
"""Parts of the cost of stock that the declared curves say."""

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
        product_class = np.append(net.tables.column("products", "product_class"), "")
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
    marks, how = marks_of_lines(plan.program), allocation or Allocation()
    usual = {name: driver for name, each in marks.items() if (driver := _usual_driver(plan, name, each))}
    how.require(usual)
    users = Users(net, plan, traced, (moves, moved[use_moves]), (deliveries, delivered[use_deliveries]))
    book = _Book(net)
    on = {variable: plan.amounts_on(variable) for variable in FLOWS}
    for name, block in plan.program.costs.items():
        if marks[name].stock == "carried":
            _held(book, name, block.behaviour, plan, traced)
            continue
        if marks[name].stock in _BY_CURVES:
            _stocked(book, net, name, marks[name], plan, traced)
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
        if name in usual:
            _shared(book, name, block.behaviour, plan, users, how.drivers.get(name, usual[name]), idle=how.idle)
    return book.frame(), _parents(net, plan, moves, moved[use_moves])


def _usual_driver(plan: Plan, name: str, marks: LineMarks) -> str:
    """The usual driver of a cost line; blank where it is not shared, because all of it is on flows, or on stock."""
    if marks.driver or marks.stock:
        return marks.driver
    block = plan.program.costs.get(name)
    kinds = {kind_of(part.index) for part in block.parts if plan.whole(part, FLOWS).any()} if block else set()
    return USUAL[kinds.pop()] if len(kinds) == 1 else "units" if kinds else ""


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


def _stocked(book: _Book, net: Network, line: str, marks: LineMarks, plan: Plan, traced: Trace) -> None:
    """Cycle and safety stock, and what a stock point costs, by those whose goods are in stock."""
    model = stock_of(plan.program, net)
    assert model is not None
    behaviour = marks.behaviour
    if marks.stock == "fixed":
        charges = fixed_charges(model, plan.values)
        amount = model.fixed(plan.values)[charges.point]
    else:
        charges = (cycle_charges if marks.stock == "cycle" else safety_charges)(model, plan.values)
        amount = charges.amount(model.declared.money[line].value)
    by_variance = marks.stock == "safety"
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


def _shared(book: _Book, line: str, behaviour: str, plan: Plan, users: Users, driver: str, *, idle: Idle) -> None:
    """What costs as a whole, beside flows, is shared by those who use it; what nobody uses is unassigned."""
    for part in plan.program.costs[line].parts:
        amount = plan.whole(part, FLOWS)
        some = np.flatnonzero(amount != 0)
        if not len(some):
            continue
        keys, amount = part.index.take(some), amount[some]
        weight = users.of(keys, driver)
        total: Floats = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
        used = users.used(keys, in_loads=driver == "loads") if idle == "unassigned" else np.ones(len(keys))
        used = np.where(total > 0, used, 0.0)
        shares = sp.csr_array(sp.diags_array(used / np.where(total > 0, total, 1.0)) @ weight)
        item = np.repeat(np.arange(len(keys)), np.diff(shares.indptr))
        codes = users.codes(keys)
        book.add(line, behaviour, driver, amount[item] * shares.data, total[item] * shares.data,
                 **users.ends.codes(shares.indices), **{n: c[item] for n, c in codes.items()})
        left = np.asarray(used < 1)
        if left.any():
            book.add(line, behaviour, "idle", (amount * (1 - used))[left], np.zeros(int(left.sum())),
                     **{n: c[left] for n, c in codes.items()})


def _parents(net: Network, plan: Plan, moves: Coded, moved: Floats) -> pd.DataFrame:
    """Where the goods at each stocking point come from."""
    inbound = moves.index.select("product", "period", "via", site="destination", parent="origin",
                                 mode="mode_out").frame()
    inbound["quantity"] = moved
    made = plan.index("make").frame()
    made["quantity"] = plan.of("make")
    made = made[made["quantity"] > 0].assign(parent="made here", via="", mode="")
    parts = [made, inbound]
    if "carry" in plan.program.variables:
        kept = carried(net, plan).rename(columns={"opening": "quantity"})
        kept = kept.loc[kept["quantity"] > 0, ["site", "product", "period", "quantity"]]
        parts.insert(1, kept.assign(parent="in stock", via="", mode=""))
    both = pd.concat(parts, ignore_index=True)
    keys = ["site", "product", "period"]
    both["ratio"] = both["quantity"] / both.groupby(keys, observed=True)["quantity"].transform("sum")
    return both.sort_values([*keys, "parent", "via", "mode"], ignore_index=True)[
        [*keys, "parent", "via", "mode", "quantity", "ratio"]]
