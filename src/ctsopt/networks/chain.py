"""Why nobody can serve a request: the link at which the chain from where goods are made to the customer is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import BLANK, Bools, Coded, Ints, Positions, matching
from ctsopt.networks.clock import Timed
from ctsopt.networks.lanes import Legs, legs, usable_sites
from ctsopt.networks.requests import demanded
from ctsopt.networks.supply import Supply
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    import pandas as pd

LISTED = 200
"""How many requests are put into words."""

LINKS = ("no_lane", "lane_closed", "site_closed", "mode_not_allowed", "two_crossdocks", "not_stocked", "not_supplied",
         "too_slow")
"""Links of the chain at which it may be broken, from the customer to the plant; the last one found is named."""

COLUMNS = ["customer", "tier", "product", "period", "quantity", "link", "site", "mode", "days", "promised", "why"]


@dataclass(frozen=True, eq=False)
class Chain:
    """What the ways of a network are made from, and who is out of reach.

    Attributes
    ----------
    who : Supply
    supplied : bool array, shape (sites, products)
        Where a product can be had.
    between, outbound : Legs
        Lanes that exist, between sites and to customers.
    promised, wanted : Coded
    ways : Coded
        Deliveries before those that break the promise are taken away.
    lost : bool array
        Requests that none of them serves as promised.
    tier_modes : bool array, shape (tiers, modes)
        Whether a mode may run the last leg to a tier.
    timed : Timed
        The same ways, with what the clock of an order needs to know.
    """

    who: Supply
    supplied: Bools
    between: Legs
    outbound: Legs
    promised: Coded
    wanted: Coded
    ways: Coded
    lost: Bools
    tier_modes: Bools
    timed: Timed


def unreached(t: Tables, chain: Chain) -> pd.DataFrame:
    """Every request out of reach, with the link that is missing.

    Returns
    -------
    DataFrame
        customer, tier, product, period, quantity; link (see `LINKS`); site and mode that it is about; days of the
        fastest way and days promised; why, in words (the first requests).
    """
    at = np.flatnonzero(chain.lost)
    frame = chain.wanted.index.take(at).frame()
    frame["quantity"] = chain.wanted.measures["quantity"][at]
    link, site, mode, way = _broken(t, chain, at)
    frame["link"] = np.array(LINKS, dtype=object)[link]
    frame["site"], frame["mode"] = t.axes["site"].names(site), t.axes["mode"].names(mode)
    days = np.append(chain.ways.measures["lead_time"], np.nan)[way]
    frame["days"] = days
    frame["promised"] = demanded(chain.promised, chain.wanted.measures["promise"][at], "lead_time")
    frame["why"] = ""
    words = [_words(t, chain, frame.iloc[i], int(way[i])) for i in range(min(len(at), LISTED))]
    frame.loc[frame.index[: len(words)], "why"] = words
    return frame[COLUMNS]


def _broken(t: Tables, chain: Chain, at: Positions) -> tuple[Positions, Ints, Ints, Positions]:
    """For each lost request the link, the site and mode it is about, and its fastest way (-1 where there is none)."""
    size = len(at)
    link, site, mode = np.zeros(size, dtype=np.int64), np.full(size, BLANK), np.full(size, BLANK)
    way = _fastest(chain, at)

    def found(name: str, item: Positions, sites: Ints, modes: Ints) -> None:
        """A link that is there for some requests is broken further up: the first example of each counts."""
        item, first = np.unique(item, return_index=True)
        here = link[item] < LINKS.index(name)
        item, first = item[here], first[here]
        link[item], site[item], mode[item] = LINKS.index(name), sites[first], modes[first]

    customer = chain.wanted.index["customer"][at]
    every = legs(t, to_customers=True, existing=False)
    item, leg = matching(customer, every.destination)
    open_sites = usable_sites(t)[every.origin[leg]]
    found("lane_closed", item[open_sites], every.origin[leg][open_sites], every.mode[leg][open_sites])
    found("site_closed", item[~open_sites], every.origin[leg][~open_sites], every.mode[leg][~open_sites])
    item, leg = matching(customer, chain.outbound.destination)
    start, by = chain.outbound.origin[leg], chain.outbound.mode[leg]
    found("mode_not_allowed", item, start, by)
    allowed = chain.tier_modes[chain.wanted.index["tier"][at][item], by]
    item, start, by = item[allowed], start[allowed], by[allowed]
    dock = chain.who.crossdock[start]
    found("two_crossdocks", item[dock], start[dock], by[dock])
    feeding = np.flatnonzero(~chain.who.crossdock[chain.between.origin])
    over, into = matching(start, chain.between.destination[feeding])
    sources = np.append(np.flatnonzero(~dock), over[dock[over]])
    origin = np.append(start[~dock], chain.between.origin[feeding[into]][dock[over]])
    item, by = item[sources], by[sources]
    product = chain.wanted.index["product"][at][item]
    found("not_stocked", item, origin, by)
    handled = chain.who.handles[origin, product]
    found("not_supplied", item[handled], origin[handled], by[handled])
    reached = np.flatnonzero(way >= 0)
    keys = chain.ways.index
    found("too_slow", reached, keys["site"][way[reached]], keys["mode_out"][way[reached]])
    return link, site, mode, way


def _fastest(chain: Chain, at: Positions) -> Positions:
    """The fastest way of each lost request; -1 where there is none."""
    request, measures = chain.ways.measures["request"], chain.ways.measures
    mine = np.flatnonzero(chain.lost[request])
    order = mine[np.lexsort((-measures["on_time"][mine], measures["lead_time"][mine], request[mine]))]
    lost, first = np.unique(request[order], return_index=True)
    fastest = np.full(len(chain.wanted), -1, dtype=np.int64)
    fastest[lost] = order[first]
    return fastest[at]


def _words(t: Tables, chain: Chain, row: pd.Series, way: int) -> str:
    """The missing link in words."""
    site, mode, tier, product = row["site"], row["mode"], row["tier"], row["product"]
    if row["link"] == "too_slow":
        return _slow(chain, way, product)
    if row["link"] == "not_supplied":
        return f"nothing can supply {site} with {product}{_before(t, chain, site, product)}"
    return {
        "no_lane": "no lane reaches it",
        "lane_closed": f"no lane reaches it but the one from {site}, which is closed",
        "site_closed": f"no lane reaches it but from {site}, which is closed or may not be opened",
        "mode_not_allowed": f"its lane from {site} is by {mode}, which may not be used for the tier {tier}",
        "two_crossdocks": f"its lane comes from the cross-dock {site}, to which no lane leads from a plant, supplier "
                          "or dc (goods pass one cross-dock at most)",
        "not_stocked": f"{site}, from which it could be sent, neither makes nor stocks {product}",
    }[row["link"]]


def _before(t: Tables, chain: Chain, site: str, product: str) -> str:
    """Why nothing supplies a site: no lane leads to it, or only lanes from sites that have not the product either."""
    code = int(t.axes["site"].codes([site])[0])
    into = np.unique(chain.between.origin[chain.between.destination == code])
    if not len(into):
        return f": no lane leads to {site}"
    some = t.axes["site"].names(into[:3]).tolist()
    more = f" and {len(into) - 3} more" if len(into) > 3 else ""
    return f": it could come from {', '.join(some)}{more} only, where {product} cannot be had either"


def _slow(chain: Chain, way: int, product: str) -> str:
    """The fastest way in words, with the step that takes most of its time."""
    keys = dict(zip(chain.ways.index.names, chain.ways.index.labels([way])[0], strict=True))
    codes = {name: int(chain.ways.index[name][way]) for name in ("site", "via", "product")}
    days, on_time = (float(chain.ways.measures[name][way]) for name in ("lead_time", "on_time"))
    over = f" over {keys['via']}" if keys["via"] else ""
    who = chain.who
    to_order = bool(who.to_order[codes["site"], codes["product"]])
    steps = {f"making {product} to order at {keys['site']}":
             float(who.make_days[codes["site"], codes["product"]]) if to_order else 0.0,
             f"processing at {keys['site']}": float(who.processing[codes["site"]])}
    if keys["via"]:
        steps[f"the stay at {keys['via']}"] = float(who.processing[codes["via"]])
    steps[f"transit by {keys['mode_out']}"] = days - sum(steps.values())
    longest = max(steps, key=lambda step: steps[step])
    told = f", of which {longest} takes {steps[longest]:.2f}" if sum(d > 1e-9 for d in steps.values()) > 1 else ""
    return (f"the fastest way is from {keys['site']}{over} by {keys['mode_out']}, {days:.2f} days on average, on time "
            f"{on_time:.1%}{told}{chain.timed.slowest(way)}")

