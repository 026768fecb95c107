"""A change of service, as a sales person says it, and the edits of the tables that it comes to.

Edits are in the grammar of packs, so that a quote can be written down, read by somebody else, and made a scenario.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ctsopt.errors import DataError, Findings, UsageError, unknown_name

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Edits = list[dict[str, Any]]

PROMISED = ("lead_time", "reliability", "on_time_share", "fill_rate", "served_fraction")
"""Columns of the table of promises that a change may state; of each the direction in which it is stricter."""

_STRICTER = {"lead_time": -1, "reliability": 1, "on_time_share": 1, "fill_rate": 1, "served_fraction": 1,
             "served_fraction_each": 1}


@dataclass(frozen=True)
class Change:
    """What is proposed to some customers.

    Parameters
    ----------
    customers : sequence of str
        Their names. With `joins` those of the tables that join.
    group : str
        All customers of this group, beside those that are named.
    tier : str
        A tier that there is: its promises, its modes, its shortage cost, its pool.
    lead_time, reliability, on_time_share, fill_rate, served_fraction : float
        A promise of their own, split from today's, with these figures changed; columns of the table of promises. It is
        kept by the cheapest of all modes, unless `modes` says by which.
    product_class : str
        Of which product class the promise changes; all of them where it is left out.
    modes : sequence of str
        Modes by which they may be delivered.
    volume : float
        Factor on their demand.
    drop_size : float
        Units in one drop [units].
    leaves : bool
        They are no longer served.
    joins : mapping of str to sequence of dict
        Rows that come into the tables: customers, demand, lanes, rates.
    edits : sequence of dict
        Any other change, in the grammar of packs.
    label : str
        How it is called; made from the rest where it is left out.
    years : float
        Years of the contract, over which what is spent once is paid back.
    one_off : float
        What the change costs once, beside what the network says [money].
    price : float
        What is asked for it [money a year].
    revenue, margin : float
        Revenue and margin of these customers today [money a year].

    Examples
    --------
    >>> Change("D", tier="gold")
    Change(D: to gold)
    """

    customers: Sequence[str] = ()
    group: str = ""
    tier: str = ""
    lead_time: float | None = None
    reliability: float | None = None
    on_time_share: float | None = None
    fill_rate: float | None = None
    served_fraction: float | None = None
    product_class: str = ""
    modes: Sequence[str] = ()
    volume: float | None = None
    drop_size: float | None = None
    leaves: bool = False
    joins: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    edits: Sequence[Mapping[str, Any]] = ()
    label: str = ""
    years: float = 1.0
    one_off: float = 0.0
    price: float | None = None
    revenue: float | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        one = self.customers
        object.__setattr__(self, "customers", (one,) if isinstance(one, str) else tuple(one))
        object.__setattr__(self, "modes", (self.modes,) if isinstance(self.modes, str) else tuple(self.modes))
        if self.tier and (self.promised or self.modes):
            raise UsageError("a change is to a tier, or to a promise of its own: leave out one of the two")
        if self.leaves and (self.tier or self.promised or self.volume is not None or self.drop_size is not None):
            raise UsageError("who leaves is promised nothing: leave out the rest of the change")
        for name in ("volume", "drop_size", "years"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} = {value!r}: give a number above 0"
                                 + (" (leaves=True where nothing is left)" if name == "volume" else ""))
        if not self.says:
            raise UsageError("the change says nothing: name a tier, a promise, a volume, a drop size, modes, who joins "
                             "or that they leave")

    @property
    def promised(self) -> dict[str, float]:
        """The figures of a promise of their own."""
        return {name: value for name in PROMISED if (value := getattr(self, name)) is not None}

    @property
    def says(self) -> str:
        """The change in a few words, without the names."""
        parts = [f"to {self.tier}" if self.tier else "",
                 *(f"{name.replace('_', ' ')} {value:g}" for name, value in self.promised.items()),
                 f"by {' or '.join(self.modes)}" if self.modes else "",
                 f"{self.volume:g} times the volume" if self.volume is not None else "",
                 f"drops of {self.drop_size:g}" if self.drop_size is not None else "",
                 "leaves" if self.leaves else "", "joins" if self.joins else "",
                 "other changes" if self.edits else ""]
        return ", ".join(part for part in parts if part)

    def __repr__(self) -> str:
        more = f" and {len(self.customers) - 3} more" if len(self.customers) > 3 else ""
        names = ", ".join(self.customers[:3]) + more
        who = ", ".join(part for part in (names, f"group {self.group}" if self.group else "") if part)
        return f"Change({self.label or f'{who}: {self.says}'})"

    def names(self, net: Network) -> list[str]:
        """The customers of the network that it is about, in the network's order.

        Raises
        ------
        UsageError
            If there is no such customer or group.
        """
        frame = net.tables["customers"]
        known = frame["customer"].tolist()
        here = set(known)
        joining = {str(row["customer"]) for row in self.joins.get("customers", ())}
        for name in self.customers:
            if name not in here and name not in joining:
                raise UsageError(unknown_name("customer", name, known))
        groups = frame["group"].to_numpy(dtype=object)
        if self.group and not (groups == self.group).any():
            raise UsageError(unknown_name("group", self.group, sorted({g for g in groups if g})))
        wanted = set(self.customers)
        return [name for name, group in zip(known, groups, strict=True)
                if name in wanted or (self.group and group == self.group)]

    def as_edits(self, net: Network) -> Edits:
        """The edits of the tables, in the grammar of packs.

        Raises
        ------
        UsageError
            If it is about nobody, or a name is not known.
        """
        who = self.names(net)
        if not who and not self.joins and not self.edits:
            raise UsageError("the change is about nobody: name customers or a group")
        them = {"customer": who}
        made: Edits = [{"table": table, "insert": [dict(row) for row in rows]} for table, rows in self.joins.items()]
        if self.tier:
            tiers = net.tables["tiers"]["tier"].tolist()
            if self.tier not in tiers:
                raise UsageError(unknown_name("tier", self.tier, tiers))
            made.append({"table": "customers", "where": them, "set": {"tier": self.tier}})
        if self.promised or self.modes:
            made += self._own_promise(net, who)
        if self.volume is not None:
            made.append({"table": "demand", "where": them, "scale": {"quantity": self.volume}})
        if self.drop_size is not None:
            made.append({"table": "demand", "where": them, "set": {"order_size": self.drop_size, "profile": ""}})
        if self.leaves:
            made.append({"table": "demand", "where": them, "drop": True})
        return [*made, *(dict(edit) for edit in self.edits)]

    def _own_promise(self, net: Network, who: list[str]) -> Edits:
        """A tier for each tier of today, with today's promises but for what changes."""
        frame = net.tables["customers"].set_index("customer").loc[who, "tier"]
        tiers, promises, made = net.tables["tiers"]["tier"].tolist(), net.tables["promises"], Edits()
        for old in dict.fromkeys(frame):
            mine = frame[frame == old].index.tolist()
            new = _new_name(f"{old} ({self.label or self.says})", tiers)
            made.append({"table": "tiers", "split": {"tier": old, "into": new}, "where": {"customer": mine}})
            made.append({"table": "tiers", "where": {"tier": new}, "set": {"modes": "|".join(self.modes)}})
            rows = promises[promises["tier"] == old]
            figures = dict(self.promised)
            if not figures:
                continue
            own = rows[rows["product_class"] == self.product_class] if self.product_class else rows
            where = {"tier": new} | ({"product_class": self.product_class} if self.product_class else {})
            if own.empty:
                made.append({"table": "promises", "insert": [
                    {"tier": new, "product_class": self.product_class or "*"} | figures]})
            else:
                made.append({"table": "promises", "where": where, "set": figures})
        return made


def _new_name(wanted: str, taken: Sequence[str]) -> str:
    number, name = 2, wanted
    while name in taken:
        number, name = number + 1, f"{wanted} {number}"
    return name


def edited(net: Network, edits: Sequence[Mapping[str, Any]]) -> Network:
    """The network with edits; one of which the tables alone show that its promises cannot be kept is let through.

    Raises
    ------
    DataError
        If an edit has a fault.
    """
    from ctsopt.networks.edits import with_edits
    from ctsopt.networks.network import even_impossible

    if not edits:
        return net
    done = with_edits(net.content, edits)
    found = Findings([fault.finding(f"edit {number + 1}") for number, fault in done.faults])
    if found.errors:
        raise DataError(found)
    return even_impossible(done.tables)


def is_stricter(net: Network, new: Network, who: Sequence[str]) -> bool:
    """Whether every plan of the changed network is one of today's, and costs there no more: asked, never assumed.

    So it is where nothing but promises has changed, every way has to keep its lead time by itself, all demand is
    served, no stock is planned, the new promises are at least as strict in every figure, and the new modes are among
    the old ones. Then the change costs at least nothing, whatever is optimal.
    """
    if net.derived.stocking is not None or new.derived.stocking is not None or not who:
        return False
    same = [name for name in net.tables if name not in ("customers", "tiers", "promises")]
    if any(not net.tables[name].equals(new.tables[name]) for name in same if name in new.tables):
        return False
    frames = (each.tables["customers"] for each in (net, new))
    old_tiers, new_tiers = (dict(zip(frame["customer"], frame["tier"], strict=True)) for frame in frames)
    pairs = {(str(old_tiers[name]), str(new_tiers[name])) for name in who}
    return all(_tier_stricter(net, new, old, now) for old, now in pairs)


def _tier_stricter(net: Network, new: Network, old_tier: str, new_tier: str) -> bool:
    old, now = _modes(net, old_tier), _modes(new, new_tier)
    if old and (not now or not now <= old):
        return False
    classes = set(net.tables["products"]["product_class"])
    return all(_row_stricter(_promise(net, old_tier, each), _promise(new, new_tier, each)) for each in classes)


def _modes(net: Network, tier: str) -> set[str]:
    cells = dict(zip(net.tables["tiers"]["tier"], net.tables["tiers"]["modes"], strict=True))
    return {name for name in str(cells[tier] or "").replace(",", "|").split("|") if name and name != "nan"}


def _promise(net: Network, tier: str, product_class: str) -> dict[str, Any] | None:
    rows = net.tables["promises"]
    rows = rows[rows["tier"] == tier].set_index("product_class")
    for name in (product_class, "*"):
        if name in rows.index:
            return {str(key): value for key, value in rows.loc[name].items()}
    return None


def _row_stricter(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    if old is None:
        return new is None or (new["on_time_form"] == "each_order" and new["served_fraction"] >= 1)
    if new is None or {old["on_time_form"], new["on_time_form"]} != {"each_order"}:
        return False
    if old["per"] != new["per"] or old["calendar"] != new["calendar"] or old["served_fraction"] < 1:
        return False
    return all(sign * new[name] >= sign * old[name] or (math.isnan(old[name]) and math.isnan(new[name]))
               for name, sign in _STRICTER.items() if name in old)
