"""What contracts on flows count: goods made, delivered, received or moved, each unit once.

A unit that goes from a plant over a dc to a customer is made once, received once at the dc, moved once and delivered
once. A contract counts one of these, so that shares add up to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.keys import BLANK, Axis, Bools, Coded, Ints, Keys, Positions, matching
from ctsopt.networks.lanes import usable_sites
from ctsopt.networks.resources import legs_of
from ctsopt.networks.schema import ALL
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    from ctsopt.networks.way_findings import Notes

FLOWS = ("min_volume", "max_volume", "share")
"""Kinds of contracts on flows."""

MAKERS = ("plant", "supplier")
ROW = ("contract", "customer", "site", "product", "period")
"""Keys of the rows of a contract; blank where it does not tell them apart."""

_SCOPE = ("customer", "group", "site", "origin", "destination", "mode", "product")
_EACH = ("customer", "site", "product")
_WHENCE = ("site", "origin", "mode")
_BLOCKS = {"made": ("make",), "delivered": ("deliver",), "received": ("move",), "moved": ("move",),
           "over docks": ("move", "deliver")}


@dataclass(frozen=True, eq=False)
class Agreements:
    """Contracts on flows, one element each.

    Attributes
    ----------
    frame : DataFrame
        Their rows of `contracts`, with `number` (place in that table) and `of` as it is meant where it was left blank.
    codes : mapping of str to int array
        What each scope column names; blank where it names nothing in particular.
    measure : object array of str
        `of`, with `over docks` for goods that are received at a cross-dock.
    groups : int array
        Group of each customer, as in codes["group"].
    places : Axis
        Sites, then customers: what `destination` lies on.
    """

    frame: pd.DataFrame
    codes: Mapping[str, Ints]
    measure: np.ndarray[tuple[int], np.dtype[np.object_]]
    groups: Ints
    places: Axis

    def __len__(self) -> int:
        return len(self.frame)

    def apart(self) -> Bools:
        """Contracts that tell names apart."""
        starred = np.logical_or.reduce([(self.frame[name] == ALL).to_numpy(dtype=bool) for name in _EACH])
        return np.asarray(starred & (self.frame["each_or_total"] == "each").to_numpy(dtype=bool))

    def take(self, keep: Bools) -> Agreements:
        """Some of the contracts."""
        return replace(self, frame=self.frame[keep].reset_index(drop=True), measure=self.measure[keep],
                       codes={name: codes[keep] for name, codes in self.codes.items()})

    def whole(self) -> Agreements:
        """The same goods, whatever their site, origin and mode: what a share is a share of.

        The destination stays, unless nothing but the destination says whose share is meant.
        """
        blank = np.full(len(self), BLANK, dtype=np.int32)
        whence = np.logical_or.reduce([(self.frame[name] != "").to_numpy(dtype=bool) for name in _WHENCE])
        end = np.where(whence, self.codes["destination"], BLANK).astype(np.int32)
        frame = self.frame.assign(site="")
        return replace(self, frame=frame, codes={**self.codes, **dict.fromkeys(_WHENCE, blank), "destination": end})


@dataclass(frozen=True, eq=False)
class Count:
    """Flows of one block of variables that contracts count: position of each, and the row it counts under."""

    block: str
    flow: Positions
    row: Keys


def agreements(t: Tables, places: Axis, deliveries: Coded) -> Agreements:
    """The contracts on flows of a network."""
    frame = t.frames["contracts"].reset_index(drop=True)
    frame = frame.assign(number=frame.index)
    frame = frame[frame["kind"].isin(FLOWS)].reset_index(drop=True)
    group = Axis("group", sorted({*t.column("customers", "group")} - {""}))
    axes = {**{n: t.axes[n] for n in ("customer", "site", "mode", "product")}, "origin": t.axes["site"],
            "destination": places, "group": group}
    codes = {name: axes[name].codes(frame[name]) for name in _SCOPE}
    agreed = Agreements(frame, codes, frame["of"].to_numpy(dtype=object), group.codes(
        t.column("customers", "group")), places)
    of = _of(t, agreed, deliveries)
    dock = (t.column("sites", "kind") == "crossdock")
    end = codes["destination"]
    receiver = np.where((end >= 0) & (end < len(dock)), end, np.where(end == BLANK, codes["site"], BLANK))
    at_dock = (of == "received") & np.append(dock, False)[receiver]
    return replace(agreed, frame=frame.assign(of=of), measure=np.where(at_dock, "over docks", of).astype(object))


def _of(t: Tables, agreed: Agreements, deliveries: Coded) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """What each contract counts; where it does not say, what its scope speaks of."""
    frame, codes, sites = agreed.frame, agreed.codes, len(t.axes["site"])
    made_at = np.append(np.isin(t.column("sites", "kind"), MAKERS), False)
    site, origin, end = codes["site"], codes["origin"], codes["destination"]
    maker = (made_at[site] & ((origin == BLANK) | (origin == site))) | (
        made_at[origin] & (frame["site"] == "").to_numpy(dtype=bool))
    named = {name: (frame[name] != "").to_numpy(dtype=bool) for name in ("customer", "group", "mode")}
    to_customers = named["customer"] | named["group"] | (end >= sites)
    into = ~to_customers & (end != BLANK)
    made = ~to_customers & ~into & maker & ~named["mode"]
    of = np.select([to_customers, into, made], ["delivered", "received", "made"], "delivered").astype(object)
    asked = named["mode"] & ~to_customers & ~into
    if asked.any():
        some = np.flatnonzero(asked)
        as_delivered = replace(agreed.take(asked), measure=np.full(len(some), "delivered", dtype=object))
        used = np.zeros(len(frame), dtype=bool)
        for count in counted(t, as_delivered, {"deliver": deliveries.index}):
            used[np.isin(frame["number"], count.row["contract"])] = True
        of[asked & ~used] = "moved"
    stated = frame["of"].to_numpy(dtype=object)
    return np.where(stated != "", stated, of)


def counted(t: Tables, agreed: Agreements, blocks: Mapping[str, Keys]) -> Iterator[Count]:
    """The flows that each contract counts, each flow once.

    Parameters
    ----------
    t : Tables
    agreed : Agreements
    blocks : mapping of str to Keys
        The flows: `make` (site, product, period), `move` and `deliver` (ways and periods).
    """
    for positions, measure, named, apart, timed in _patterns(agreed):
        for block in _BLOCKS[measure]:
            if block in blocks:
                flow, columns = _looks(t, agreed, measure, blocks[block], named)
                wanted, found = _matched([agreed.codes[n][positions] for n in named], [columns[n] for n in named],
                                         len(positions), len(flow))
                contract = agreed.frame["number"].to_numpy(dtype=np.int64)[positions][wanted]
                _, once = np.unique(contract * len(blocks[block]) + flow[found], return_index=True)
                yield _count(t, block, contract[once], found[once], flow, columns, apart, timed=timed)


def _patterns(agreed: Agreements) -> Iterator[tuple[Positions, str, list[str], list[str], bool]]:
    """Contracts that count the same and name the same columns: positions, measure, columns named, columns apart, and
    whether every period counts by itself.
    """
    frame = agreed.frame
    each = (frame["each_or_total"] == "each").to_numpy(dtype=bool)
    apart = {name: each & (frame[name] == ALL).to_numpy(dtype=bool) for name in _EACH}
    timed = (frame["per"] == "period").to_numpy(dtype=bool)
    marks = pd.DataFrame({"measure": agreed.measure, **{f"named {n}": agreed.codes[n] != BLANK for n in _SCOPE},
                          **{f"apart {n}": mask for n, mask in apart.items()}, "timed": timed})
    for positions in marks.groupby(list(marks), sort=False).indices.values():
        first = int(positions[0])
        yield (np.asarray(positions, dtype=np.int64), str(agreed.measure[first]),
               [n for n in _SCOPE if agreed.codes[n][first] != BLANK], [n for n in _EACH if apart[n][first]],
               bool(timed[first]))


def _looks(t: Tables, agreed: Agreements, measure: str, keys: Keys,
           named: list[str]) -> tuple[Positions, dict[str, Ints]]:
    """The ways to look at every flow: one for each leg and each site that it counts for, where these are named."""
    if measure == "made":
        at = np.arange(len(keys))
        return at, {"site": keys["site"], "origin": keys["site"], "each site": keys["site"],
                    "product": keys["product"], "period": keys["period"]}
    start, via = keys["site" if "site" in keys.columns else "origin"], keys["via"]
    last, first = legs_of(t, agreed.places, Coded(keys, {}))
    legs = [first] if measure == "over docks" else [last, first]
    if not {"origin", "destination", "mode"} & {*named}:
        legs = legs[:1]
    sites, each = _sites(measure, keys, start, via, to_named="destination" in named)
    parts = [(leg, site) for leg in legs for site in (sites if "site" in named else sites[:1])]
    flow = np.concatenate([leg.way for leg, _ in parts]).astype(np.int64)
    columns = {name: np.concatenate([leg.keys[name] for leg, _ in parts]) for name in ("origin", "destination", "mode")}
    columns["site"] = np.concatenate([site[leg.way] for leg, site in parts])
    customer = keys["customer"][flow] if "customer" in keys.columns else np.full(len(flow), BLANK, dtype=np.int32)
    group = np.append(agreed.groups, np.int32(BLANK))[customer]
    return flow, {**columns, "customer": customer, "group": group, "each site": each[flow],
                  "product": keys["product"][flow], "period": keys["period"][flow]}


def _sites(measure: str, keys: Keys, start: Ints, via: Ints, *, to_named: bool) -> tuple[list[Ints], Ints]:
    """Sites for which a flow counts where they are named, and the one where every site counts by itself.

    A cross-dock counts as site of what goes over it. Goods received count for the site that receives them, or for where
    they come from where the destination is named.
    """
    over = via != BLANK
    if measure == "delivered":
        return [start, via], np.where(over, via, start)
    if measure == "moved" or to_named:
        return [start, via], start
    receiver = via if measure == "over docks" else keys["destination"]
    return [receiver], receiver


def _matched(wanted: list[Ints], found: list[Ints], contracts: int, looks: int) -> tuple[Positions, Positions]:
    """Pairs of a contract and a look at a flow that agree in all columns named."""
    ours, theirs = np.zeros(contracts, dtype=np.int64), np.zeros(looks, dtype=np.int64)
    for mine, other in zip(wanted, found, strict=True):
        radix = int(max(mine.max(initial=0), other.max(initial=0))) + 2
        ours, theirs = ours * radix + mine + 1, np.where(theirs < 0, -1, theirs * radix + other + 1)
        distinct, ours = np.unique(ours, return_inverse=True)
        place = np.minimum(np.searchsorted(distinct, theirs), len(distinct) - 1)
        theirs = np.where(distinct[place] == theirs, place, -1)
    some = np.flatnonzero(theirs >= 0)
    at, contract = matching(theirs[some], ours)
    return contract, some[at]


def _count(t: Tables, block: str, contract: Positions, look: Positions, flow: Positions,
           columns: Mapping[str, Ints], apart: list[str], *, timed: bool) -> Count:
    blank = np.full(len(contract), BLANK, dtype=np.int32)
    row = dict.fromkeys(ROW, blank) | {"contract": contract.astype(np.int32)}
    for name in apart:
        row[name] = columns["each site" if name == "site" else name][look]
    if timed:
        row["period"] = columns["period"][look]
    return Count(block, flow[look], Keys.make(row_axes(t), **row))


def row_axes(t: Tables) -> dict[str, Axis]:
    """Axes of the rows of contracts."""
    return {"contract": t.axes["contract"], **{name: t.axes[name] for name in ROW[1:]}}


def without_goods(t: Tables, agreed: Agreements, blocks: Mapping[str, Keys], notes: Notes) -> None:
    """Note the contracts that count nothing, but those that name a site that no plan may use."""
    if not len(agreed):
        return
    counts = np.zeros(len(t.axes["contract"]), dtype=bool)
    for count in counted(t, agreed, blocks):
        counts[count.row["contract"]] = True
    usable = np.append(usable_sites(t), True)
    size, codes = len(usable) - 1, agreed.codes
    end = np.where(codes["destination"] < size, codes["destination"], BLANK)
    bare = ~counts[agreed.frame["number"]] & usable[codes["site"]] & usable[codes["origin"]] & usable[end]
    maker = np.append(np.isin(t.column("sites", "kind"), MAKERS), False)
    of_maker = bare & (agreed.measure == "delivered") & (maker[codes["site"]] | maker[codes["origin"]])
    cases = ((of_maker, "contract_of_no_delivery", "the contract counts what a plant or supplier delivers to "
              "customers, and it delivers to none of these",
              "leave the customers out (or write of = made) to count what it makes, or add the lanes"),
             (bare & ~of_maker, "contract_without_goods", "the contract counts goods that no way of the network "
              "carries", "correct its scope or its column `of`, or add the lanes that it speaks of"))
    for some, rule, message, mend in cases:
        names = agreed.frame.loc[some, "contract"].tolist()
        if names:
            notes.add(rule, "contracts", message, mend, names, len(names), severity="warning")
