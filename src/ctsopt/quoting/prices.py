"""A price list: every customer one step up and one step down, with sites and decisions as they are.

One program holds all the options, and one solver is asked again and again. To each customer and other tier a *twin* is
added: the same customer in that tier. A request has its demand on the right side of a few rows; the twins' are 0, and a
quote moves the demand of one customer from its own rows to its twin's::

    row                           today    C to gold
    demand of C (silver)              q            0
    demand of C's twin (gold)         0            q
    all others                 as today     as today

That is the lens `flows` of a quote, asked some hundred times for the price of a few.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, unknown_name
from ctsopt.formulation.build import build
from ctsopt.keys import Floats, Keys, Positions
from ctsopt.networks.network import even_impossible
from ctsopt.networks.requests import demanded
from ctsopt.programs.program import Program
from ctsopt.programs.ranges import SIDE
from ctsopt.programs.session import Session
from ctsopt.quoting.change import Change
from ctsopt.quoting.lenses import SMALLEST, Question
from ctsopt.quoting.quote import quote
from ctsopt.results.read_back import variables_in
from ctsopt.solving.fixing import Fix, fixed

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution

Step = Literal["up", "down"]

PRICES = ("customer", "tier", "to", "step", "low", "point", "per_unit", "units", "verdict")
"""Columns of a price list."""

_ROWS = {"serve_demand", "served_fraction", "served_fraction_each"}
"""Families of rows whose sides are made of demand. In a program with others each quote is solved by itself."""


def price_list(base: Solution, *, customers: Sequence[str] | None = None, steps: Sequence[Step] = ("up", "down"),
               seed: int = 0) -> pd.DataFrame:
    """What each customer costs one tier up and one tier down, with sites and decisions as they are.

    Parameters
    ----------
    base : Solution
        The plan that is run.
    customers : sequence of str, optional
        For whom; by default all.
    steps : sequence of {"up", "down"}
        To the next better tier, and to the next one below, by the ranks of the tiers.
    seed : int
        Seed of the solver.

    Returns
    -------
    DataFrame
        One row for each customer and step, the cheapest a unit first. customer, tier, to, step; low and point (money
        over the horizon: the lens `flows` of `quote`); per_unit (money); units (over the horizon); verdict: `kept
        already` (costs nothing), `cost`, `saving`, or `impossible` with today's sites.

    Raises
    ------
    UsageError
        If a customer is not known.

    Examples
    --------
    >>> import ctsopt as cts
    >>> from ctsopt import examples
    >>> base = cts.solve(cts.read(examples.path("two_dcs")), gap=0)
    >>> price_list(base)[["customer", "to", "point"]].to_numpy().tolist()[0]
    ['B', 'gold', 0.0]
    """
    net = base.net
    known = net.tables["customers"]["customer"].tolist()
    for name in customers or ():
        if name not in set(known):
            raise UsageError(unknown_name("customer", name, known))
    options = _options(net, known if customers is None else customers, steps)
    together = _by_session(base, [option for option in options if _is_free(net, option)], seed) if _can(base) else {}
    rows = [_row(base, option, together.get(option) or _quoted(base, option, seed)) for option in options]
    table = pd.DataFrame(rows, columns=list(PRICES))
    return table.sort_values(["step", "per_unit", "customer"], ascending=[False, True, True], ignore_index=True)


@dataclass(frozen=True)
class Option:
    """A customer in another tier; `twin` is the name that it has there in the program of all options."""

    customer: str
    tier: str
    to: str
    step: str

    @property
    def twin(self) -> str:
        """A name that no customer has: it is made of two."""
        return f"{self.customer} -> {self.to}"


def _options(net: Network, customers: Sequence[str], steps: Sequence[Step]) -> list[Option]:
    tiers = net.tables["tiers"].sort_values(["rank", "tier"])
    ranked, ranks = tiers["tier"].tolist(), dict(zip(tiers["tier"], tiers["rank"], strict=True))
    today = dict(zip(net.tables["customers"]["customer"], net.tables["customers"]["tier"], strict=True))
    found = []
    for name in customers:
        here = ranks[today[name]]
        better, lesser = ([tier for tier in ranked if (ranks[tier] - here) * sign > 0] for sign in (-1, 1))
        if "up" in steps and better:
            found.append(Option(name, today[name], better[-1], "up"))
        if "down" in steps and lesser:
            found.append(Option(name, today[name], lesser[0], "down"))
    return found


def _row(base: Solution, option: Option, price: tuple[float, float]) -> tuple[Any, ...]:
    low, point = price
    demand = base.net.tables["demand"]
    units = float(demand.loc[(demand["customer"] == option.customer).to_numpy(), "quantity"].sum())
    if not math.isfinite(point):
        return (option.customer, option.tier, option.to, option.step, math.nan, math.nan, math.nan, units, "impossible")
    free = abs(point) <= SMALLEST * abs(base.cash_cost)
    point = 0.0 if free else point
    verdict = "kept already" if free else "cost" if point > 0 else "saving"
    return (option.customer, option.tier, option.to, option.step, min(low, point), point,
            point / units if units else math.nan, units, verdict)


def _quoted(base: Solution, option: Option, seed: int) -> tuple[float, float]:
    """One quote by itself: where the program of all options would not be linear."""
    answer = quote(base, Change(option.customer, tier=option.to), lenses=["flows"], seed=seed).headline
    return (answer.low, answer.point) if answer.possible else (math.inf, math.inf)


def _can(base: Solution) -> bool:
    """Whether demand stands in a network's rows where it can be moved, and no contract knows customers by name."""
    net = base.net
    if net.derived.stocking is not None or not net.tables["contracts"].empty:
        return False
    return not any("destination" in net.tables[name] and net.tables[name]["destination"].astype(str).str.startswith(
        "customer:").any() for name in ("lanes", "rates"))


def _is_free(net: Network, option: Option) -> bool:
    """Whether the customer may be served from any number of sites: else its source is a whole decision."""
    rows = net.tables["customers"]
    mine = rows[(rows["customer"] == option.customer).to_numpy()]
    return bool((mine["single_source"] == "no").all() and np.isinf(mine["max_sources"].to_numpy(dtype=float)).all())


# ---- the program of all options --------------------------------------------------------------------------------------


def _with_twins(net: Network, options: Sequence[Option]) -> Network:
    """The network with a twin for each option: whatever names the customer names the twin, too."""
    frames: dict[str, Any] = {name: net.tables[name] for name in net.given}
    pairs = pd.DataFrame({"name": [o.customer for o in options], "twin": [o.twin for o in options],
                          "to": [o.to for o in options]})
    for table, column in (("customers", "customer"), ("demand", "customer"), ("lanes", "destination"),
                          ("rates", "destination")):
        if table not in frames:
            continue
        frame = frames[table]
        more = frame.merge(pairs, left_on=column, right_on="name").assign(**{column: lambda rows: rows["twin"]})
        if table == "customers":
            more["tier"] = more["to"]
        frames[table] = pd.concat([frame, more[frame.columns]], ignore_index=True)
    return even_impossible(frames | {"settings": dict(net.settings)})  # twins want more than is made; none is served


class _Options:
    """The program of a network with twins, in a session: quotes move demand from a customer to a twin.

    Parameters
    ----------
    base : Solution
        The plan that is run.
    options : sequence of Option
    seed : int
    """

    def __init__(self, base: Solution, options: Sequence[Option], seed: int) -> None:
        self.net = _with_twins(base.net, options)
        question = Question(base, self.net, frozenset(option.twin for option in options))
        program = build(self.net)
        strange = [name for name, block in program.rows.items()
                   if name not in _ROWS and "demand.quantity" in getattr(block.marks, "sources", {}).get(SIDE, ())]
        assert not strange, strange
        held = [fix for fix in question.held("flows") if fix.decision != "unserved"]
        held.append(_most_unserved(base, self.net, twins := {option.twin: option.customer for option in options}))
        self._program = fixed(program, held, set(variables_in(base).variables), set())
        self._shift = _Sides(self.net, self._program)
        self._tiers = _TierPrograms(base.net, self.net)
        self._penalty = _penalty(self._program)
        block = self._program.variables["unserved"]
        each = self._penalty[block.span] * np.where(self._penalty[block.span] > 0, block.variable.upper, 0.0)
        names = self.net.axes["customer"].labels
        by_customer = np.bincount(block.index["customer"], each, len(names))
        self._penalty_of = dict(zip(names.tolist(), by_customer.tolist(), strict=True))
        self._penalty_most = sum(value for name, value in self._penalty_of.items() if name not in twins)
        lower, upper = self._program.arrays.row_lower.copy(), self._program.arrays.row_upper.copy()
        for twin in twins:
            rows, amount = self._shift.of(twin)
            lower[rows] -= amount
            upper[rows] -= amount
        self._sides = lower, upper
        arrays = self._program.arrays
        later = np.ones(len(arrays.cost), dtype=bool)
        block = self._program.variables["deliver"]
        named = self.net.axes["customer"].labels[block.index["customer"]]
        later[block.span] = ~np.isin(named, list(twins))
        self._session = Session(arrays, columns=later, rows=~self._program.lazy, seed=seed)
        self._to(np.arange(len(lower)))
        self.base = self._session.solve()
        self._mark = self._session.mark()

    @property
    def whole(self) -> bool:
        """Whether anything that is whole is left to decide."""
        arrays = self._program.arrays
        return bool((arrays.integer & (arrays.lower < arrays.upper)).any())

    def _to(self, rows: Positions, more: Floats | None = None) -> None:
        lower, upper = (side[rows] + (0.0 if more is None else more) for side in self._sides)
        self._session.sides(rows, lower, upper)

    def price(self, option: Option) -> tuple[float, float]:
        """Cash of the best flows with the customer in its other tier, at least and in the plan; infinite if none."""
        rows, more = self._shift.of(option.customer)
        others, amount = self._shift.of(option.twin)
        both = np.union1d(rows, others)
        shift = np.zeros(len(both))
        shift[np.searchsorted(both, rows)] -= more
        shift[np.searchsorted(both, others)] += amount
        self._to(both, shift)
        found = self._session.solve()
        self._to(both)
        if self._mark is not None:
            self._session.back_to(self._mark)
        if found.plan is None:
            return math.inf, math.inf
        most = self._penalty_most + self._penalty_of[option.twin] - self._penalty_of[option.customer]
        value = found.value + self._tiers.instead(option)
        return value - most, value - float(self._penalty @ found.plan)


class _TierPrograms:
    """What running a tier costs is paid while it has customers with demand, and twins make it have some."""

    def __init__(self, net: Network, twins: Network) -> None:
        demand, customers, tiers = (net.tables[name] for name in ("demand", "customers", "tiers"))
        self._cost = dict(zip(tiers["tier"], tiers["program_cost"] * net.horizon / 365, strict=True))
        asking = customers[customers["customer"].isin(set(demand["customer"])).to_numpy()]
        self._members = Counter(asking["tier"])
        self._asking = set(asking["customer"])
        names = twins.axes["tier"].labels[twins.requests.index.distinct("tier")["tier"]]
        self._all = float(sum(self._cost[str(name)] for name in names))

    def instead(self, option: Option) -> float:
        """What is to be added to the cost of the program of all options, with the customer in its other tier."""
        members = self._members.copy()
        if option.customer in self._asking:
            members[option.tier] -= 1
            members[option.to] += 1
        return float(sum(cost for tier, cost in self._cost.items() if members[tier] > 0)) - self._all


class _Sides:
    """What the demand of each customer adds to the sides of rows."""

    def __init__(self, net: Network, program: Program) -> None:
        wanted = net.requests
        promise, quantity = wanted.measures["promise"], wanted.measures["quantity"]
        rows, amounts, names = [], [], []
        for name in ("serve_demand", "served_fraction", "served_fraction_each"):
            if name not in program.rows:
                continue
            block = program.rows[name]
            at = _places(net, block.index, name, promise)
            known = at >= 0
            part = quantity if name == "serve_demand" else quantity * (1.0 - demanded(net.promises, promise, name))
            rows.append(block.start + at[known])
            amounts.append(part[known])
            names.append(wanted.index["customer"][known])
        self._rows, self._amounts = np.concatenate(rows), np.concatenate(amounts)
        customer = np.concatenate(names)
        order = np.argsort(customer, kind="stable")
        self._rows, self._amounts = self._rows[order], self._amounts[order]
        labels = net.axes["customer"].labels
        ends = np.searchsorted(customer[order], np.arange(len(labels) + 1))
        self._of = {str(label): slice(ends[i], ends[i + 1]) for i, label in enumerate(labels)}

    def of(self, customer: str) -> tuple[Positions, Floats]:
        """Rows, each once, and what the customer's demand adds to their sides."""
        part = self._of[customer]
        rows, place = np.unique(self._rows[part], return_inverse=True)
        return rows, np.bincount(place, self._amounts[part], len(rows)).astype(np.float64)


def _places(net: Network, index: Keys, name: str, promise: Any) -> Positions:
    """The row of each request in a family; -1 where it has none."""
    wanted = net.requests.index
    if name == "serve_demand":
        return index.find(wanted)
    keys = net.promises.index.take(np.maximum(promise, 0))
    columns = {"customer": wanted["customer"]} if name == "served_fraction_each" else {"tier": keys["tier"]}
    axes = {**net.promises.index.axes, "customer": net.axes["customer"]}
    fine = Keys.make(axes, **columns, product_class=keys["product_class"], period=keys["period"])
    return np.where(promise >= 0, index.find(fine), -1)


def _most_unserved(base: Solution, net: Network, twins: Mapping[str, str]) -> Fix:
    """Of each request, and of its twin, at most what today's plan leaves unserved."""
    keys = net.requests.index.frame().astype(object)
    own = keys["customer"].map(lambda name: twins.get(name, name))
    today = base.decisions("unserved").astype({"customer": object, "product": object, "period": object})
    left = today.groupby(["customer", "product", "period"])["value"].sum()
    at = pd.MultiIndex.from_arrays([own, keys["product"], keys["period"]])
    most = np.maximum(left.reindex(at).fillna(0.0).to_numpy(dtype=float), 0.0)
    return Fix("unserved", keys.assign(value=most), "at_most")


def _penalty(program: Program) -> Floats:
    """What a unit of each column adds to penalties."""
    cost = np.zeros(program.columns)
    for block in program.costs.values():
        if block.behaviour != "penalty":
            continue
        for some in (term for part in block.parts for term in part.terms):
            if some.first is None:
                cost += np.bincount(some.col, weights=some.coef, minlength=program.columns)
            else:
                cost[some.first:some.first + len(some.col)] += some.coef
    return cost


def _by_session(base: Solution, options: Sequence[Option], seed: int) -> dict[Option, tuple[float, float]]:
    """Low and point of each option; none where whole decisions are left, so that each has to be quoted by itself."""
    if not options:
        return {}
    asked, cash, found = _Options(base, options, seed), base.cash_cost, {}
    if asked.whole:
        return {}
    for option in options:
        low, point = asked.price(option)
        found[option] = low - cash, point - cash
    return found
