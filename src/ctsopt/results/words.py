"""A solution in words: what it costs, what is proven, which promises are kept, which sites open and close, what binds.

Everything fits on a screen; what does not apply is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.programs.status import Status
from ctsopt.results.rounding import largest_remainder

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

_STOPS = {"gap": "", "time_limit": ", stopped by the time limit", "interrupt": ", interrupted",
          "tolerance": ", as near as the solver's tolerance allows", "solver": ", the solver ended by itself",
          "decided": ", stopped as soon as it was decided"}
_PROMISES, _NAMES, _TIERS = 8, 8, 6
"""How many promises, names in a line, and tiers are written out."""

_CENTS_BELOW = 1e5
"""Amounts of plans that cost less are written with two decimals."""

_AT = 1e-6
"""A limit is reached where less than this share of it is left."""


def in_words(solution: Solution) -> str:
    """The solution as a few lines of text."""
    return "\n".join([_head(solution), *cost_in_words(solution), *_to_serve(solution), *_promises(solution),
                      *_sites(solution), *_loads(solution), *_carried(solution), *_kept(solution),
                      *_at_limits(solution)])


def proof(status: Status, gap: float) -> str:
    """What is proven, in words: `proven optimal`, `proven within 0.02 % of the least possible cost`."""
    if status.solution == "optimal":
        return "proven optimal" + _STOPS[status.stopped_by]
    share = f"proven within {gap:.2%} of the least possible cost" if np.isfinite(gap) else "nothing proven yet"
    return share + _STOPS[status.stopped_by]


def _head(solution: Solution) -> str:
    name = solution.net.settings["name"]
    if solution.record.get("options", {}).get("relax"):
        return f"linear relaxation of {name}: a lower bound, not a plan (sites may be partly open)"
    return f"plan for {name}: {proof(solution.status, solution.gap)}"


def cost_in_words(solution: Solution) -> Iterator[str]:
    """The cost of the plan, and what is proven of it."""
    money = solution.net.settings["currency"]
    days = solution.net.horizon
    penalty = f", of which {solution.penalty:,.2f} penalties for demand not served" if solution.penalty else ""
    yield f"  cost      {solution.total_cost:,.2f} {money} over {days:g} days{penalty}"
    yield (f"  bound     no plan costs less than {solution.bound:,.2f} {money}: "
           f"gap {solution.gap_money:,.2f} {money} ({solution.gap:.4%})")


def _to_serve(solution: Solution) -> Iterator[str]:
    """Cash by tier, where there are several; rows and shares add up as they are shown."""
    if not 2 <= len(solution.net.axes["tier"]) <= _TIERS or solution.cash_cost <= 0:
        return
    served = solution.cost_to_serve().iloc[:-1]
    cents = solution.cash_cost < _CENTS_BELOW
    cost = largest_remainder(served["cost"], decimals=2 if cents else 0)
    share = largest_remainder(100 * served["cost"] / solution.cash_cost, decimals=1)
    yield "  to serve  cash by tier"
    for tier, units, amount, part in zip(served.index, served["units"], cost, share, strict=True):
        average = f" for {units:,.0f} units, on average {amount / units:,.2f} a unit" if units > 0 else ""
        yield f"    {tier}: {amount:,.{2 if cents else 0}f} ({part:.1f}%){average}"


def _promises(solution: Solution) -> Iterator[str]:
    service = solution.service
    yield f"  promises  {int(service['kept'].sum())} of {len(service)} kept"
    ranks = solution.net.tables["tiers"].set_index("tier")["rank"]
    ranked = service.assign(rank=service["tier"].map(ranks)).sort_values(["kept", "rank", "tier"], kind="stable")
    for row in ranked.head(_PROMISES).itertuples():
        yield f"    {_promise(row)}"
    if len(service) > _PROMISES:
        yield f"    ... and {len(service) - _PROMISES} more, see the table service"


def _promise(row: Any) -> str:
    """One promise: whom, what is promised, what is given."""
    words = [f"{row.served_fraction_achieved:.1%} served of {row.served_fraction:.0%} promised"]
    if np.isfinite(row.lead_time):
        within = f"within {row.lead_time:g} {'day' if row.lead_time == 1 else 'days'}"
        given = {"each_order": f"every order {within}, {row.reliability:.0%} sure",
                 "share_certain": f"{row.on_time_certain:.1%} {within}, {row.reliability:.0%} sure, "
                                  f"of {row.on_time_share:.0%} promised",
                 "share_expected": f"{row.on_time_expected:.1%} expected {within}, of {row.on_time_share:.0%} "
                                   "promised"}
        words.append(given[row.on_time_form])
    who = " / ".join(part for part in (row.tier, "all classes" if row.product_class == "*" else row.product_class,
                                       row.period) if part)
    return f"{who}: {'; '.join(words)}{'' if row.kept else ' - NOT KEPT'}"


def _sites(solution: Solution) -> Iterator[str]:
    sites = solution.sites
    counts = [f"{int(part['open'].sum())} of {len(part)} {kind}" for kind, part in sites.groupby("kind", observed=True)]
    yield f"  sites     open: {', '.join(counts)}"
    for word in ("opened", "closed"):
        names = sites.loc[sites["decision"] == word, "site"].tolist()
        if names:
            yield f"    {word}: {_few(names)}"
    sized = sites[sites["level"] != ""]
    if len(sized):
        yield f"    levels: {_few([f'{row.site} {row.level}' for row in sized.itertuples()])}"


def _loads(solution: Solution) -> Iterator[str]:
    """Loads that are paid for whole, by mode."""
    loads = solution.loads
    if len(loads):
        sums = loads.groupby("mode", observed=True)[["loads", "cost"]].sum()
        words = [f"{row.loads:,.0f} by {row.Index} for {row.cost:,.2f}" for row in sums.itertuples()]
        yield f"  loads     {_few(words)} {solution.net.settings['currency']}"


def _carried(solution: Solution) -> Iterator[str]:
    """Stock between periods: the most there is at the end of one, and where."""
    carried = solution.carried
    if len(carried):
        ends = carried.groupby("period", observed=True)["closing"].sum()
        period = str(ends.idxmax())
        yield (f"  stock     carried between periods: at most {ends[period]:,.0f} units (end of {period}), for "
               f"{carried['cost'].sum():,.2f} {solution.net.settings['currency']}")


def _kept(solution: Solution) -> Iterator[str]:
    """Cycle and safety stock: how much, where, and the fill rates that it is for."""
    stock = solution.stock
    if not len(stock):
        return
    money = solution.net.settings["currency"]
    sums = stock[["cycle", "safety", "pipeline", "value", "cost"]].sum()
    pipeline = f", {sums['pipeline']:,.0f} on the way" if sums["pipeline"] > 0 else ""
    yield (f"  in stock  {sums['cycle']:,.0f} units of cycle stock, {sums['safety']:,.0f} of safety stock{pipeline}; "
           f"worth {sums['value']:,.2f}, for {sums['cost']:,.2f} {money}")
    kept = stock[stock["cycle"] + stock["safety"] > 0]
    at = kept.assign(units=kept["cycle"] + kept["safety"]).groupby("site", observed=True)["units"].sum()
    if len(at):
        yield f"    at {_few([f'{site} {units:,.0f}' for site, units in at.sort_values(ascending=False).items()])}"
    served = kept[kept["fill_rate"] > 0].sort_values("fill_rate", ascending=False)
    rates = served.groupby(["fill_rate", "tiers"], sort=False, observed=True)["safety"].sum().reset_index()
    if len(rates):
        words = [f"{row.fill_rate:.4g} ({str(row.tiers).replace(' | ', ', ')}) {row.safety:,.0f}"
                 for row in rates.itertuples()]
        yield f"    safety stock for fill rate {_few(words)}"


def _at_limits(solution: Solution) -> Iterator[str]:
    """What binds: sites that are full, and limits that are used up or just kept."""
    sites, limits = solution.sites, solution.limits
    full = sites.loc[sites["open"] & (sites["utilisation"] >= 1 - _AT), "site"].tolist()
    most = np.isfinite(limits["most"]) & (limits["used"] >= limits["most"] - _AT * np.maximum(limits["most"].abs(), 1))
    least = limits["least"] > 0
    least &= limits["used"] <= limits["least"] + _AT * np.maximum(limits["least"].abs(), 1)
    words = [f"{name} {_few(part['key'].tolist())}".rstrip()
             for name, part in limits[most | least].groupby("limit", sort=False, observed=True)]
    for place, line in enumerate([*([f"site capacity {_few(full)}"] if full else []), *words]):
        yield f"  {'at limit' if place == 0 else '':<9} {line}"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{', '.join(names[:_NAMES])}{more}"
