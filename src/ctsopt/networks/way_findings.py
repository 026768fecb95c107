"""What is found while the ways are made: legs without a rate, drops without a size, customers out of reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import Finding, Severity
from ctsopt.keys import BLANK, Bools, Coded, Floats, Ints, Positions
from ctsopt.networks.chain import COLUMNS, LISTED, Chain, unreached
from ctsopt.networks.rates import Match
from ctsopt.networks.requests import demanded
from ctsopt.tables.typed import Tables

_STOCK_DECISIONS = 1000
"""So many decisions on stock are worth a word."""

_LISTED = LISTED
"""How many keys of one finding are written out."""


class Notes:
    """Collects findings and the count of pruned ways with their reasons."""

    def __init__(self, t: Tables) -> None:
        self._t = t
        self._found: dict[tuple[str, str, str, Severity], tuple[list[str], int]] = {}
        self._mend: dict[str, str] = {}
        self._pruned: list[tuple[str, str, int]] = []

    def prune(self, kind: str, reason: str, ways: int) -> None:
        """Count ways taken away for a reason."""
        if ways:
            self._pruned.append((kind, reason, ways))

    def pruned(self) -> pd.DataFrame:
        """Ways taken away: kind, reason, ways."""
        return pd.DataFrame(self._pruned, columns=["kind", "reason", "ways"])

    @property
    def findings(self) -> list[Finding]:
        """The findings, one per rule; the first keys of each are written out, all are counted."""
        return [Finding(rule, table, "", message, self._mend[rule], [None] * len(keys[:_LISTED]), keys[:_LISTED],
                        severity=severity, total=count)
                for (rule, table, message, severity), (keys, count) in self._found.items()]

    def legs(self, match: Match, origin: Ints, destination: Ints, mode: Ints, product: Ints, *,
             to_customers: bool) -> None:
        """Faults in how legs are matched with rates."""
        rules = (
            (match.tied, "ambiguous_rate", "rates", "two rows of rates match equally well",
             "make one of them more specific: a name counts 2, a zone 1, * nothing"),
            (match.free, "way_without_rate", "rates", "nothing prices these ways",
             "give the mode a tariff, add a row to rates (with 0 where it is free), or list just the lanes that exist"),
            (match.lacks_distance, "unknown_distance", "lanes", "the rate depends on a distance that nothing states",
             "give the lane a distance, or both its ends coordinates"),
            ((match.band < 0) & ~match.lacks_distance, "below_first_distance", "rates",
             "the lane is shorter than the first from_distance",
             "add a row with from_distance 0"),
        )
        for mask, rule, table, message, mend in rules:
            if mask.any():
                at = np.flatnonzero(mask)
                self.add(rule, table, message, mend, *self._legs(at, origin, destination, mode, product,
                                                                  to_customers=to_customers))

    def untimed(self, mask: Bools, origin: Ints, destination: Ints, mode: Ints, *, to_customers: bool) -> None:
        """Legs whose transit time depends on a distance that nothing states."""
        if mask.any():
            self.add("unknown_transit_time", "lanes", "transit time depends on a distance that nothing states",
                      "give the lane a distance, both its ends coordinates, or the rate a transit_time",
                      *self._legs(np.flatnonzero(mask), origin, destination, mode, None, to_customers=to_customers))

    def unpriced_drops(self, match: Match, cost: Floats, sizeless: Bools, demand: Positions, mode: Ints) -> None:
        """Demand whose rate needs a drop size, or whose drops are below the lowest weight break."""
        missing = np.isnan(cost) & (match.band >= 0)
        if not missing.any():
            return
        frame = self._t.frames["demand"]
        rows = (("drop_size_needed", sizeless, "the rate depends on the size of a drop, and none is given",
                 "give order_size, or a profile of drop sizes"),
                ("below_first_break", ~sizeless, "a drop weighs less than the first weight break",
                 "add a row with from_weight 0 to rates, or let the mode bill_next_break"))
        names = self._t.axes["mode"].labels
        for rule, part, message, mend in rows:
            at = np.flatnonzero(missing & part)
            pairs = np.unique(np.stack([demand[at], mode[at]]), axis=1)
            keys = [f"{frame['customer'].iloc[d]} / {frame['product'].iloc[d]} by {names[m]}"
                    for d, m in pairs.T[:_LISTED].tolist()]
            if keys:
                self.add(rule, "demand", message, mend, keys, pairs.shape[1])

    def unpriced_loads(self, match: Match, cost: Floats, origin: Ints, destination: Ints, mode: Ints) -> None:
        """Legs between sites whose charge depends on the load, by a mode that states none."""
        mask = np.isnan(cost) & (match.band >= 0)
        if mask.any():
            self.add("load_needed", "modes", "the charge between sites depends on the load, and the mode states none",
                      "give the mode load_weight or load_volume, or a rate that is a plain amount per unit or kg",
                      *self._legs(np.flatnonzero(mask), origin, destination, mode, None, to_customers=False))

    def limit_vias(self, ways: int) -> bool:
        """Whether there are more paths over cross-docks than the settings allow, which is a finding."""
        most = float(self._t.settings["max_via_ways"])
        if ways > most:
            self.add("too_many_via_ways", "settings", f"{ways:,} paths over cross-docks, more than max_via_ways",
                      "list fewer lanes to and from cross-docks, or raise max_via_ways", [f"{most:,.0f}"], 1)
        return ways > most

    def many_stock_decisions(self, count: int) -> None:
        """More decisions on stock than a search usually settles."""
        if count > _STOCK_DECISIONS:
            self.add("many_stock_decisions", "site_products", f"{count:,} decisions on stock: the search for the best "
                     "plan may take long", "join products in stock_group, state replenishment_days in place of several "
                     "lead_time_levels, or solve with stock='after'", [f"more than {_STOCK_DECISIONS:,}"], 1,
                     severity="warning")

    def unreachable(self, chain: Chain) -> pd.DataFrame:
        """Requests that no way can serve within the promise, with the link of the chain that is missing."""
        if not chain.lost.any() or any(rule == "too_many_via_ways" for rule, *_ in self._found):
            return pd.DataFrame(columns=COLUMNS)
        lost, promised, wanted = chain.lost, chain.promised, chain.wanted
        must = demanded(promised, wanted.measures["promise"], "served_fraction") >= 1
        promise = wanted.measures["promise"]
        of_customer = np.stack([wanted.index["customer"], promise])
        must |= _too_little(promised, wanted, lost, promise[None], "served_fraction")
        must |= _too_little(promised, wanted, lost, of_customer, "served_fraction_each")
        found = unreached(self._t, chain)
        found["must"] = must[lost]
        sides: tuple[tuple[bool, Severity], ...] = ((True, "error"), (False, "warning"))
        for part, severity in sides:
            rows = np.flatnonzero(found["must"].to_numpy(dtype=bool) == part)
            if len(rows):
                keys = [_request_words(row) for row in found.iloc[rows[:_LISTED]].itertuples() if row.why]
                self.add("unreachable_customer", "demand",
                         "no way serves this demand (within its promise, where it has one)",
                         "add a lane (or set open_lanes to all, or sites.delivers to yes), a faster mode or a nearer "
                         "site, or relax lead_time or reliability",
                         keys, len(rows), severity)
        return found

    def _legs(self, at: Positions, origin: Ints, destination: Ints, mode: Ints, product: Ints | None, *,
              to_customers: bool) -> tuple[list[str], int]:
        """Distinct legs: the first ones in words, and how many there are."""
        axes = self._t.axes
        codes = [origin[at], destination[at], mode[at], np.full(len(at), BLANK) if product is None else product[at]]
        kinds = ["site", "customer" if to_customers else "site", "mode", "product"]
        distinct = np.unique(np.stack(codes), axis=1)
        names = [axes[kind].names(code) for kind, code in zip(kinds, distinct[:, :_LISTED], strict=True)]
        words = [f"{o} to {d} by {m}" + (f", {p}" if p else "") for o, d, m, p in zip(*names, strict=True)]
        return words, distinct.shape[1]

    def add(self, rule: str, table: str, message: str, mend: str, keys: list[str], count: int,
            severity: Severity = "error") -> None:
        """Note a fault of `count` ways or rows, some of them by name."""
        self._mend[rule] = mend
        before, counted = self._found.get((rule, table, message, severity), ([], 0))
        self._found[rule, table, message, severity] = ([*before, *keys], counted + count)


def _request_words(row: Any) -> str:
    """A request in words: customer (tier, product, period), what it is promised, and what is missing."""
    promised = f", promised {row.promised:g} days: " if np.isfinite(row.promised) else ": "
    return f"{row.customer} ({row.tier}, {row.product}, {row.period}){promised}{row.why}"


def _too_little(promised: Coded, wanted: Coded, lost: Bools, keys: Ints, share: str) -> Bools:
    """Requests of groups (a promise, or one customer's part of it) of which more is lost than may be left unserved."""
    quantity = wanted.measures["quantity"]
    _, group = np.unique(keys, axis=1, return_inverse=True)
    group = group.ravel()
    allowed = 1.0 - demanded(promised, wanted.measures["promise"], share)
    gone, may_go = np.bincount(group, quantity * lost), np.bincount(group, quantity * allowed)
    return np.asarray((gone > may_go * (1 + 1e-9))[group])
