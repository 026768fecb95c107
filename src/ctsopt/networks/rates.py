"""Rates: the charge of a shipment by lane, mode, weight and distance, and the cost of a unit over drop sizes.

A rate card is the set of rows of `rates` with the same origin, destination, mode and product; it has bands of
distance, and each band has weight breaks. A mode's own tariff is a band with a single break.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.networks.schema import ALL
from ctsopt.tables.typed import Tables

_NAME, _ZONE, _ANY = 2, 1, 0
_SAME = 1 + 1e-9
"""A weight or a distance that meets a break but for the rounding of a product meets it."""

_CARD = ["origin", "destination", "mode", "product"]
_BREAK = ["from_weight", "per_unit", "per_weight", "per_shipment", "minimum_charge"]


@dataclass(frozen=True, eq=False)
class Match:
    """Which band prices each of some legs.

    Attributes
    ----------
    band : int array
        Band that holds; -1 where the winning card has none at the leg's distance.
    tied : bool array
        Two cards match equally well.
    free : bool array
        No row of `rates` matches and the mode has no tariff of its own.
    lacks_distance : bool array
        The band or the tariff depends on a distance that nothing states.
    """

    band: Positions
    tied: Bools
    free: Bools
    lacks_distance: Bools


class Rates:
    """The rate cards and mode tariffs of a network, ready to price many shipments at once."""

    def __init__(self, t: Tables) -> None:
        self._modes = {c: t.frames["modes"][c].to_numpy() for c in t.frames["modes"].columns if c != "mode"}
        self._weight = t.frames["products"]["weight"].to_numpy(dtype=float)
        self._volume = t.frames["products"]["volume"].to_numpy(dtype=float)
        frame = t.frames["rates"].reset_index(drop=True)
        frame["card"] = frame.groupby(_CARD, sort=False).ngroup()
        frame = frame.sort_values(["card", "from_distance", "from_weight"], ignore_index=True)
        band_starts = (frame[["card", "from_distance"]].diff().fillna(1.0) != 0).any(axis=1).to_numpy()
        self._read_bands(frame, band_starts)
        self._read_cards(t, frame, frame["card"].diff().fillna(1.0).ne(0).to_numpy())
        self._profiles(t)

    def _read_bands(self, frame: pd.DataFrame, starts: Bools) -> None:
        """Bands of the cards, followed by one band for each mode's own tariff."""
        modes = self._modes
        count_modes = len(modes["speed"])
        first = np.flatnonzero(starts)
        self.rate_bands = len(first)
        self._first = np.concatenate([first, len(frame) + np.arange(count_modes)])
        self._count = np.concatenate([np.diff(np.append(first, len(frame))), np.ones(count_modes, dtype=int)])
        self._from_distance = frame["from_distance"].to_numpy(dtype=float)[first]
        own: dict[str, Floats] = {"from_weight": np.zeros(count_modes), "per_unit": np.zeros(count_modes)}
        own |= {c: np.asarray(modes[c], dtype=float) for c in ("per_weight", "per_shipment", "minimum_charge")}
        self._break = {c: np.concatenate([frame[c].to_numpy(dtype=float), own[c]]) for c in _BREAK}
        blank = np.full(count_modes, np.nan)
        self._transit = {c: np.concatenate([frame[c].to_numpy(dtype=float)[first], blank])
                         for c in ("transit_time", "transit_sd")}
        self._no_load = np.isinf(modes["load_weight"]) & np.isinf(modes["load_volume"])
        self._whole = modes["whole_loads"].astype(bool)
        self._tariff = (modes["per_distance"] > 0) | (modes["per_weight_distance"] > 0)
        self._priced = self._tariff | (modes["per_weight"] > 0) | (modes["per_shipment"] > 0) | (
            modes["minimum_charge"] > 0)

    def _read_cards(self, t: Tables, frame: pd.DataFrame, starts: Bools) -> None:
        cards = frame.loc[starts, _CARD]
        band_of_card = np.flatnonzero(starts[self._first[:self.rate_bands]])
        self._card_band = band_of_card
        self._card_bands = np.diff(np.append(band_of_card, self.rate_bands))
        sites, ends, zones = t.axes["site"], t.axes["end"], t.axes["zone"]
        self._card_code = {
            "site": sites.codes(cards["origin"]), "origin_zone": zones.codes(cards["origin"]),
            "to_site": sites.codes(cards["destination"]), "to_customer": ends.codes(cards["destination"]),
            "to_zone": zones.codes(cards["destination"]), "mode": t.axes["mode"].codes(cards["mode"]),
            "product": t.axes["product"].codes(cards["product"])}
        self._any_origin = (cards["origin"] == ALL).to_numpy(dtype=bool)
        self._any_destination = (cards["destination"] == ALL).to_numpy(dtype=bool)
        self._zone_of = {}
        for table in ("sites", "customers"):
            zone = t.frames[table]["zone"].to_numpy(dtype=object)
            self._zone_of[table] = np.where(zone == "", -1, zones.codes(zone)).astype(np.int32)

    def _profiles(self, t: Tables) -> None:
        frame = t.frames["order_profiles"].sort_values(["profile", "size"])
        codes, names = pd.factorize(frame["profile"].to_numpy(dtype=object))
        self.profile_names = pd.Index(names, dtype=object)
        self._drop_count = np.bincount(codes, minlength=len(names))
        self._drop_first = np.cumsum(self._drop_count) - self._drop_count
        self._drop_size = frame["size"].to_numpy(dtype=float)
        self._drop_share = frame["share"].to_numpy(dtype=float)

    # ---- which band prices a leg -----------------------------------------------------------------------------

    def match(self, origin: Ints, destination: Ints, mode: Ints, product: Ints, distance: Floats, *,
              to_customers: bool) -> Match:
        """The band that prices each leg for a product, the most specific row of `rates` first."""
        card, score, tied = (np.full(len(origin), fill) for fill in (-1, -1, 0))
        ends = self._levels(to_customers=to_customers)
        for levels in np.unique(ends, axis=0) if len(ends) else []:
            if levels[1] < 0:
                continue
            rows = np.flatnonzero((ends == levels).all(axis=1))
            found = self._find(rows, levels, origin, destination, mode, product, to_customers=to_customers)
            rank = int(levels.sum())
            hit = found >= 0
            tied[hit & (score == rank)] = 1
            better = hit & (score < rank)
            tied[better] = 0
            card[better], score[better] = found[better], rank
        return self._band(card, mode, distance, tied.astype(bool))

    def _levels(self, *, to_customers: bool) -> npt.NDArray[np.int64]:
        """How specific each card is in origin, destination, mode, product; -1 = of the other kind of lane."""
        code = self._card_code
        origin = np.where(self._any_origin, _ANY, np.where(code["site"] >= 0, _NAME, _ZONE))
        here, other = ("to_customer", "to_site") if to_customers else ("to_site", "to_customer")
        destination = np.where(code[here] >= 0, _NAME, np.where(code[other] >= 0, -1, _ZONE))
        destination = np.where(self._any_destination, _ANY, destination)
        named = [np.where(code[c] >= 0, _NAME, _ANY) for c in ("mode", "product")]
        return np.stack([origin, destination, *named], axis=1).astype(np.int64)

    def _find(self, cards: Positions, levels: npt.NDArray[np.int64], origin: Ints, destination: Ints, mode: Ints,
              product: Ints, *, to_customers: bool) -> Positions:
        """For each leg, the card among `cards` (all of one pattern) that matches it; -1 if none."""
        code = self._card_code
        ends = self._zone_of["customers" if to_customers else "sites"]
        to_name = "to_customer" if to_customers else "to_site"
        pairs = [
            {_NAME: (code["site"], origin), _ZONE: (code["origin_zone"], self._zone_of["sites"][origin])},
            {_NAME: (code[to_name], destination), _ZONE: (code["to_zone"], ends[destination])},
            {_NAME: (code["mode"], mode)}, {_NAME: (code["product"], product)}]
        wanted, offered = np.zeros(len(origin), dtype=np.int64), np.zeros(len(cards), dtype=np.int64)
        valid = np.ones(len(origin), dtype=bool)
        for level, choice in zip(levels.tolist(), pairs, strict=True):
            if level == _ANY:
                continue
            of_card, of_leg = choice[level]
            radix = int(max(of_card.max(initial=0), of_leg.max(initial=0))) + 1
            wanted, offered = wanted * radix + of_leg, offered * radix + of_card[cards]
            valid &= of_leg >= 0
        order = np.argsort(offered)
        place = np.minimum(np.searchsorted(offered, wanted, sorter=order), len(cards) - 1)
        return np.where(valid & (offered[order[place]] == wanted), cards[order[place]], -1)

    def _band(self, card: Positions, mode: Ints, distance: Floats, tied: Bools) -> Match:
        has_card = card >= 0
        bands = np.where(has_card, self._card_bands[card] if len(self._card_bands) else 0, 0)
        first = np.where(has_card, self._card_band[card] if len(self._card_band) else 0, 0)
        banded = bands > 1
        reached = np.zeros(len(card), dtype=np.int64)
        for k in range(int(bands.max(initial=0))):
            start = self._from_distance[np.minimum(first + k, self.rate_bands - 1)]
            banded |= (k < bands) & (start > 0)
            reached += (k < bands) & ((distance * _SAME >= start) | (start == 0))
        band = np.where(reached > 0, first + reached - 1, -1)
        band = np.where(has_card, band, self.rate_bands + mode)
        lacks = np.isnan(distance) & (np.where(has_card, banded, self._tariff[mode]) | (self._modes["co2"][mode] > 0))
        return Match(band, tied, ~has_card & ~self._priced[mode], lacks)

    # ---- what a shipment and a unit cost ---------------------------------------------------------------------

    def charge(self, band: Positions, mode: Ints, product: Ints, distance: Floats, units: Floats) -> Floats:
        """Charge of a shipment of `units` of a product.

        Returns
        -------
        float array
            Money per shipment, fuel surcharge included; NaN where the shipment is below the lowest weight break.
        """
        weight = units * self._weight[product]
        least = np.where(self._whole[mode], 0.0, 1.0)
        first, count = self._first[band], self._count[band]
        reached = np.zeros(len(band), dtype=np.int64)
        for k in range(int(count.max(initial=0))):
            reached += (k < count) & (self._break["from_weight"][first + np.minimum(k, count - 1)] <= weight * _SAME)
        fixed = self._fixed_part(band, mode, product, distance, units, weight)
        money = self._billed(band, mode, distance, units, weight, first + np.maximum(reached - 1, 0)) + fixed
        money = np.maximum(money, least * self._break["minimum_charge"][first + np.maximum(reached - 1, 0)])
        money[reached == 0] = np.nan
        next_break = self._modes["bill_next_break"].astype(bool)[mode]
        if next_break.any():
            for k in range(int(count.max(initial=0))):
                row = first + np.minimum(k, count - 1)
                at_least = self._break["from_weight"][row]
                other = self._billed(band, mode, distance, units, at_least, row) + fixed
                other = np.maximum(other, self._break["minimum_charge"][row])
                money = np.where(next_break & (k < count) & (at_least > weight * _SAME), np.fmin(money, other), money)
        return np.asarray(money * (1.0 + np.asarray(self._modes["fuel_surcharge"], dtype=float)[mode]))

    def _billed(self, band: Positions, mode: Ints, distance: Floats, units: Floats, weight: Floats,
                row: Positions) -> Floats:
        """The part of a charge that depends on the billed weight, and the charges per shipment and unit."""
        by_distance = np.where(band >= self.rate_bands, self._modes["per_weight_distance"][mode], 0.0)
        haul = np.where(by_distance > 0, by_distance * np.nan_to_num(distance), 0.0)
        per_shipment = np.where(self._whole[mode], 0.0, self._break["per_shipment"][row])
        return np.asarray(per_shipment + self._break["per_unit"][row] * units
                          + (self._break["per_weight"][row] + haul) * weight)

    def _fixed_part(self, band: Positions, mode: Ints, product: Ints, distance: Floats, units: Floats,
                    weight: Floats) -> Floats:
        """Vehicles: per_distance x distance x share of a load."""
        per_distance = np.where(band >= self.rate_bands, self._modes["per_distance"][mode], 0.0)
        filled = np.maximum(weight / self._modes["load_weight"][mode],
                            units * self._volume[product] / self._modes["load_volume"][mode])
        share = np.where(self._no_load[mode], 1.0, filled / self._modes["load_factor"][mode])
        share = np.where(self._whole[mode], 0.0, share)
        return np.where(per_distance > 0, per_distance * np.nan_to_num(distance) * share, 0.0)

    def plain(self, band: Positions, mode: Ints) -> Bools:
        """Where the charge is a plain amount per unit, so that the size of the shipment does not matter."""
        first = self._first[band]
        single = (self._count[band] == 1) & (self._break["from_weight"][first] == 0)
        single &= (self._break["per_shipment"][first] == 0) & (self._break["minimum_charge"][first] == 0)
        vehicle = (band >= self.rate_bands) & self._no_load[mode] & (self._modes["per_distance"][mode] > 0)
        return np.asarray((single & ~vehicle) | self._whole[mode])

    def per_load(self, band: Positions, mode: Ints, distance: Floats) -> Floats:
        """Cost of one load of a mode whose loads are paid for whole, fuel surcharge included."""
        first = self._first[band]
        haul = np.where(band >= self.rate_bands, self._modes["per_distance"][mode] * np.nan_to_num(distance), 0.0)
        money = np.maximum(self._break["minimum_charge"][first], self._break["per_shipment"][first] + haul)
        return np.asarray(money * (1.0 + np.asarray(self._modes["fuel_surcharge"], dtype=float)[mode]))

    def breaks(self, band: Positions) -> Positions:
        """How many weight breaks a band has."""
        return self._count[band]

    def per_unit_of_load(self, band: Positions, mode: Ints, product: Ints, distance: Floats) -> Floats:
        """Cost of a unit that travels in full loads; NaN where the mode states no load and the charge needs one."""
        with np.errstate(divide="ignore"):
            load = np.minimum(self._modes["load_weight"][mode] / self._weight[product],
                              self._modes["load_volume"][mode] / self._volume[product])
        load = load * self._modes["load_factor"][mode]
        size = np.where(self.plain(band, mode), 1.0, np.where(np.isinf(load), np.nan, load))
        return self.charge(band, mode, product, distance, size) / size

    def per_unit_of_drop(self, band: Positions, mode: Ints, product: Ints, distance: Floats, order_size: Floats,
                         profile: Positions) -> Floats:
        """Expected cost of a unit over the drop sizes: expected charge of a drop over expected size of a drop.

        A minimum charge is convex, so that the charge of the mean drop would understate it. NaN where the charge
        depends on the drop and no size is given, or a drop is below the lowest weight break.
        """
        size = np.where(self.plain(band, mode), 1.0, order_size)
        cost = self.charge(band, mode, product, distance, size) / size
        spread = np.flatnonzero((profile >= 0) & ~self.plain(band, mode))
        if len(spread):
            count = self._drop_count[profile[spread]]
            way = np.repeat(spread, count)
            ends = np.cumsum(count)
            drop = np.arange(len(way)) - np.repeat(ends - count, count) + np.repeat(
                self._drop_first[profile[spread]], count)
            share, sizes = self._drop_share[drop], self._drop_size[drop]
            charge = self.charge(band[way], mode[way], product[way], distance[way], sizes)
            starts = ends - count
            cost[spread] = np.add.reduceat(share * charge, starts) / np.add.reduceat(share * sizes, starts)
        return cost

    # ---- transit ---------------------------------------------------------------------------------------------

    def transit(self, band: Positions, mode: Ints, distance: Floats) -> tuple[Floats, Floats, Bools]:
        """Mean and standard deviation of transit time in days, and where an unknown distance would be needed."""
        stated = self._transit["transit_time"][band]
        speed = np.asarray(self._modes["speed"], dtype=float)[mode]
        travelled = np.asarray(self._modes["fixed_time"], dtype=float)[mode] + np.nan_to_num(distance) / speed
        mean = np.where(np.isnan(stated), travelled, stated)
        sd = self._transit["transit_sd"][band]
        sd = np.where(np.isnan(sd), np.asarray(self._modes["transit_cv"], dtype=float)[mode] * mean, sd)
        return mean, sd, np.isnan(stated) & np.isfinite(speed) & np.isnan(distance)
