"""A solution in words: what it costs, what is proven, which promises are kept, which sites open and close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.program.status import Status

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

_STOPS = {"gap": "", "time_limit": ", stopped by the time limit", "interrupt": ", interrupted",
          "tolerance": ", as near as the solver's tolerance allows", "solver": ", the solver ended by itself"}
_PROMISES, _NAMES = 12, 8
"""How many promises and sites are written out."""


def in_words(solution: Solution) -> str:
    """The solution as a few lines of text."""
    return "\n".join([_head(solution), *_cost(solution), *_promises(solution), *_sites(solution)])


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


def _cost(solution: Solution) -> Iterator[str]:
    money = solution.net.settings["currency"]
    days = solution.net.horizon
    penalty = f", of which {solution.penalty:,.2f} penalties for demand not served" if solution.penalty else ""
    yield f"  cost      {solution.total_cost:,.2f} {money} over {days:g} days{penalty}"
    yield (f"  bound     no plan costs less than {solution.bound:,.2f} {money}: "
           f"gap {solution.gap_money:,.2f} {money} ({solution.gap:.4%})")


def _promises(solution: Solution) -> Iterator[str]:
    service = solution.service
    yield f"  promises  {int(service['kept'].sum())} of {len(service)} kept"
    ranks = solution.net.tables["tiers"].set_index("tier")["rank"]
    ranked = service.assign(rank=service["tier"].map(ranks)).sort_values(["rank", "tier"], kind="stable")
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
    for word, decision in (("opened", "opened"), ("closed", "closed")):
        names = sites.loc[sites["decision"] == decision, "site"].tolist()
        if names:
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            yield f"    {word}: {', '.join(names[:_NAMES])}{more}"
