"""What a network holds, in words and as a table: before anything is solved, the place to look for a slip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.keys import Floats
from ctsopt.networks.lanes import legs
from ctsopt.networks.requests import demanded
from ctsopt.networks.schema import ALL, BY_NAME
from ctsopt.networks.stock.points import SHARING

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

COLUMNS = ["section", "item", "by", "unit", "value"]
"""Columns of the table of a summary."""

KINDS = BY_NAME["sites"].column("kind").choices
"""Kinds of sites, in the order of the schema."""

_SHOWN, _FEW = 8, 3
"""How many names of a kind, and how many customers with little time, are written out."""

Row = tuple[str, str, str, str, float]


_UNSTATED = "none stated: each tier gets all that it asks for, at any lead time"
"""What holds where the table of promises is absent: a plan tells of it as of any other promise."""


@dataclass(frozen=True, eq=False)
class Summary:
    """What a network holds. Prints as text.

    Attributes
    ----------
    name : str
        Name of the network.
    facts : DataFrame
        section, item, by, unit, value: one figure a row.
    requests : DataFrame
        Every request with demand, those with the fewest choices first: customer, tier, product, period, quantity
        (units), sites (stocking sites that can deliver it as promised), ways (that is, over all their modes and
        cross-docks), lead_time (promised, days; infinite where none is), fastest (mean lead time of the fastest way,
        days), slack (days between the two).
    promises : DataFrame
        The table `promises`, tiers by rank.
    """

    name: str
    facts: pd.DataFrame
    requests: pd.DataFrame
    promises: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """The figures as a table: section, item, by, unit, value."""
        return self.facts.copy()

    def with_left_out(self, pruned: pd.DataFrame) -> Summary:
        """With ways that something else than the network left out: kind, reason, ways."""
        more = [("left out", str(row.reason), str(row.kind), "ways", row.ways) for row in _rows(pruned)]
        facts = pd.concat([self.facts, pd.DataFrame(more, columns=COLUMNS).astype({"value": float})]) if more else (
            self.facts)
        return replace(self, facts=facts.reset_index(drop=True))

    def __str__(self) -> str:
        return "\n".join([f"{self.name} holds", *_lines(self)])

    def __repr__(self) -> str:
        return str(self)


def summary(net: Network) -> Summary:
    """The summary of a network, see `Network.summary`."""
    choices, promises = _choices(net), _promises(net)
    parts = (_horizon(net), _sites(net), _customers(net), _demand(net), _lanes(net), _ways(net, choices),
             _promised(promises), _stock(net), _limits(net), _left_out(net), _findings(net))
    facts = pd.DataFrame([row for part in parts for row in part], columns=COLUMNS).astype({"value": float})
    return Summary(str(net.settings["name"]), facts, choices, promises)


# ---- figures ---------------------------------------------------------------------------------------------------


def _horizon(net: Network) -> Iterator[Row]:
    yield "horizon", "length", "", "days", net.horizon
    yield "horizon", "periods", "", "periods", len(net.axes["period"])


def _sites(net: Network) -> Iterator[Row]:
    sites = net.tables["sites"]
    for row in _rows(sites.groupby(["kind", "status"], observed=True).size().reset_index(name="count")):
        yield "sites", row.kind, row.status, "sites", row[3]
    yield "sites", "may open", "", "sites", ((sites["status"] == "candidate") & sites["may_open"]).sum()
    yield "sites", "may close", "", "sites", ((sites["status"] == "open") & sites["may_close"]).sum()


def _customers(net: Network) -> Iterator[Row]:
    customers = net.tables["customers"]
    count = customers["tier"].value_counts()
    for tier in _tiers(net):
        yield "customers", "tier", tier, "customers", count.get(tier, 0)
    sourced = (customers["single_source"] != "no") | np.isfinite(customers["max_sources"])
    yield "customers", "limited sources", "", "customers", sourced.sum()
    yield "products", "all", "", "products", len(net.axes["product"])
    for name, count_of in net.tables["products"]["product_class"].value_counts().sort_index().items():
        yield "products", "product_class", str(name), "products", count_of


def _tiers(net: Network) -> list[str]:
    """Tiers by rank."""
    return net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()


def _demand(net: Network) -> Iterator[Row]:
    wanted, products = net.requests, net.tables["products"]
    frame = wanted.index.frame().assign(quantity=wanted.measures["quantity"])
    frame["weight"] = frame["quantity"] * products["weight"].to_numpy(dtype=float)[wanted.index["product"]]
    frame["product_class"] = products["product_class"].to_numpy(dtype=object)[wanted.index["product"]]
    yield "demand", "requests", "", "requests", (frame["quantity"] > 0).sum()
    yield "demand", "quantity", "", "units", frame["quantity"].sum()
    yield "demand", "weight", "", "kg", frame["weight"].sum()
    names = {"tier": _tiers(net), "product_class": sorted(set(products["product_class"])),
             "period": net.axes["period"].labels.tolist()}
    for key, order in names.items():
        sums = frame.groupby(key, observed=True)["quantity"].sum()
        for name in order:
            yield "demand", key, name, "units", sums.get(name, 0.0)


def _lanes(net: Network) -> Iterator[Row]:
    modes = net.axes["mode"].labels
    for item, to_customers in (("between sites", False), ("to customers", True)):
        count = np.bincount(legs(net.content, to_customers=to_customers).mode, minlength=len(modes))
        for name, number in zip(modes, count, strict=True):
            yield "lanes", item, str(name), "lanes", number
    kinds = net.tables["sites"]["kind"].iloc[np.unique(legs(net.content, to_customers=True).origin)].value_counts()
    for kind in KINDS:
        yield "lanes", "to customers from", kind, "sites", kinds.get(kind, 0)


def _choices(net: Network) -> pd.DataFrame:
    """The choices of every request with demand, see `Summary.requests`."""
    wanted, ways = net.requests, net.ways.deliveries
    request, size = ways.measures["request"], len(wanted)
    frame = wanted.index.frame().assign(quantity=wanted.measures["quantity"])
    pairs = np.unique(request.astype(np.int64) * len(net.axes["site"]) + ways.index["site"])
    frame["sites"] = np.bincount(pairs // len(net.axes["site"]), minlength=size)
    frame["ways"] = np.bincount(request, minlength=size)
    fastest: Floats = np.full(size, np.inf)
    np.minimum.at(fastest, request, ways.measures["lead_time"])
    frame["lead_time"] = demanded(net.promises, wanted.measures["promise"], "lead_time")
    frame["fastest"] = fastest
    frame["slack"] = frame["lead_time"] - fastest
    frame = frame[frame["quantity"] > 0]
    return frame.sort_values(["sites", "ways", "slack"], kind="stable").reset_index(drop=True)


def _ways(net: Network, choices: pd.DataFrame) -> Iterator[Row]:
    yield "ways", "moves", "", "ways", len(net.ways.moves)
    yield "ways", "deliveries", "", "ways", len(net.ways.deliveries)
    per_request = np.bincount(net.ways.deliveries.measures["request"], minlength=len(net.requests))
    per_request = per_request[net.requests.measures["quantity"] > 0]
    for item, figure in (("median", np.median), ("least", np.min), ("most", np.max)):
        yield "ways", "of a request", item, "ways", float(figure(per_request)) if len(per_request) else np.nan
    for item, count in (("one site", choices["sites"] == 1), ("one way", choices["ways"] == 1)):
        yield "ways", "requests with", item, "requests", count.sum()
    timed = choices.loc[np.isfinite(choices["slack"]), "slack"]
    yield "ways", "tightest slack", "", "days", timed.min()


def _promises(net: Network) -> pd.DataFrame:
    """The table of promises, tiers by rank."""
    promises = net.tables["promises"]
    order = {tier: place for place, tier in enumerate(_tiers(net))}
    return promises.iloc[np.argsort(promises["tier"].map(order).to_numpy(dtype=int), kind="stable")]


def _promised(promises: pd.DataFrame) -> Iterator[Row]:
    for row in _rows(promises):
        stock = [(c, unit) for c, unit in (("fill_rate", "share"), ("safety_factor", "ratio"))
                 if np.isfinite(getattr(row, c))]
        for column, unit in (("lead_time", "days"), ("served_fraction", "share"), *stock):
            yield "promises", f"{row.tier} / {row.product_class}", column, unit, getattr(row, column)


def _stock(net: Network) -> Iterator[Row]:
    """Who keeps cycle and safety stock, where some is planned."""
    stocking, settings = net.derived.stocking, net.settings
    if stocking is None:
        return
    kinds = net.tables["sites"]["kind"].to_numpy(dtype=object)[stocking.points["site"]]
    for kind, count in zip(*np.unique(kinds.astype(str), return_counts=True), strict=True):
        yield "stock", "stock points", str(kind), "points", count
    for name, count in zip(SHARING, np.bincount(stocking.sharing, minlength=len(SHARING)), strict=True):
        if count:
            yield "stock", "shared", name, "points", count
    yield "stock", "sized by", f"{settings['stock_rule']}, {settings['stock_level']}", "points", len(stocking.points)
    yield "stock", "configurations", "", "configurations", len(stocking.configurations)


def _limits(net: Network) -> Iterator[Row]:
    """Limits by what they hold, those that there are."""
    tables, settings = net.tables, net.settings

    def finite(table: str, column: str) -> Any:
        return np.isfinite(tables[table][column])

    lanes, made = tables["lanes"], tables["site_products"]["make_capacity"]
    counts = {
        "site capacity": finite("sites", "capacity").sum(), "capacity level": len(tables["capacity_levels"]),
        "least site throughput": (tables["sites"]["min_throughput"] > 0).sum(),
        "storage capacity": finite("sites", "storage_capacity").sum(),
        "make capacity": (np.isfinite(made) & (made > 0)).sum(),
        "fixed cost of a lane": (lanes["fixed_cost"] > 0).sum(),
        "least lane volume": (lanes["min_volume"] > 0).sum(),
        "most lane volume": finite("lanes", "max_volume").sum(),
        "mode capacity": finite("modes", "capacity").sum(),
        "mode with whole loads": tables["modes"]["whole_loads"].sum(),
        **{f"contract {kind}": count for kind, count in tables["contracts"]["kind"].value_counts().items()},
        **{name: np.isfinite(float(settings[name])) for name in ("carbon_cap", "budget")}}
    for item, count in counts.items():
        if count:
            yield "limits", item, "", "limits", float(count)


def _left_out(net: Network) -> Iterator[Row]:
    for row in _rows(net.pruned):
        yield "left out", str(row.reason), str(row.kind), "ways", row.ways


def _findings(net: Network) -> Iterator[Row]:
    for finding in net.findings:
        yield ("findings", finding.rule, finding.message, "look odd" if finding.severity == "odd" else "warnings",
               finding.count)


# ---- words -----------------------------------------------------------------------------------------------------


def _lines(summary: Summary) -> Iterator[str]:
    facts = summary.facts
    length, periods = (_one(facts, "horizon", item) for item in ("length", "periods"))
    yield _line("horizon", f"{_days(length)} in {_many(periods, 'period')}")
    sites = facts[(facts["section"] == "sites") & (facts["by"] != "")]
    changes = [f"{_one(facts, 'sites', item):,.0f} {item}" for item in ("may open", "may close")
               if _one(facts, "sites", item)]
    yield _line("sites", f"{sites['value'].sum():,.0f}: " + ", ".join(
        f"{row.item} {row.by} {row.value:,.0f}" for row in _rows(sites)) + "".join(f"; {c}" for c in changes))
    yield _line("customers", _counted(facts, "customers", "tier"))
    limited = _one(facts, "customers", "limited sources")
    if limited:
        yield _line("", f"{limited:,.0f} of them with a limit on their sources")
    yield _line("products", _counted(facts, "products", "product_class"))
    yield from _demand_lines(facts)
    for item in ("between sites", "to customers"):
        yield _line("lanes" if item == "between sites" else "", f"{item} {_counted(facts, 'lanes', item)}")
    yield _line("", f"sites that deliver {_counted(facts, 'lanes', 'to customers from')}")
    yield from _way_lines(summary)
    promises = [_promise(row) for row in _rows(summary.promises.head(_SHOWN))] or [_UNSTATED]
    more = len(summary.promises) - _SHOWN
    for place, words in enumerate([*promises, *([f"and {more} more"] if more > 0 else [])]):
        yield _line("promises" if place == 0 else "", words)
    yield from _other_lines(facts)


def _demand_lines(facts: pd.DataFrame) -> Iterator[str]:
    quantity, weight = (_one(facts, "demand", item) for item in ("quantity", "weight"))
    yield _line("demand", f"{quantity:,.0f} units, {weight:,.0f} kg, in "
                          f"{_many(_one(facts, 'demand', 'requests'), 'request')}")
    for key in ("tier", "product_class", "period"):
        part = _part(facts, "demand", key)
        if len(part) > 1 and quantity > 0:
            shares = [f"{row.by} {row.value / quantity:.1%}" for row in _rows(part)]
            yield _line("", f"by {key}: {_few(shares)}")


def _way_lines(summary: Summary) -> Iterator[str]:
    facts = summary.facts
    median, least, most = (_one(facts, "ways", "of a request", by) for by in ("median", "least", "most"))
    yield _line("ways", f"{_one(facts, 'ways', 'moves'):,.0f} moves, {_one(facts, 'ways', 'deliveries'):,.0f} "
                        f"deliveries; of a request {median:g} (median), {least:g} to {most:g}")
    out = facts[facts["section"] == "left out"]
    for place, row in enumerate(_rows(out.sort_values("value", ascending=False, kind="stable"))):
        yield _line("left out" if place == 0 else "", f"{row.value:,.0f} {row.by} ways: {row.item}")
    single = _one(facts, "ways", "requests with", "one site")
    if single:
        names = summary.requests.loc[summary.requests["sites"] == 1, "customer"].drop_duplicates().tolist()
        yield _line("no choice", f"{_many(single, 'request')} with one site, of {_few(names)}")
    timed = summary.requests[np.isfinite(summary.requests["slack"])].sort_values("slack", kind="stable")
    for place, row in enumerate(_rows(timed.drop_duplicates(["customer", "tier", "lead_time"]).head(_FEW))):
        days = f"promised {_days(row.lead_time)}, the fastest way takes {row.fastest:.3g}: slack {row.slack:.3g}"
        yield _line("least time" if place == 0 else "", f"{row.customer} / {row.tier}: {days}")


def _promise(row: Any) -> str:
    """A promise, in words."""
    who = f"{row.tier} / {'all classes' if row.product_class == ALL else row.product_class}"
    within = {"each_order": f"every order within {_days(row.lead_time)}, {row.reliability:.0%} sure",
              "share_certain": f"{row.on_time_share:.0%} within {_days(row.lead_time)}, {row.reliability:.0%} sure",
              "share_expected": f"{row.on_time_share:.0%} expected within {_days(row.lead_time)}"}
    time = within[row.on_time_form] if np.isfinite(row.lead_time) else "at any lead time"
    stock = f"; {100 * row.fill_rate:.4g}% from stock" if np.isfinite(row.fill_rate) else ""
    stock += f"; safety factor {row.safety_factor:g}" if np.isfinite(row.safety_factor) else ""
    return f"{who}: {time}; {row.served_fraction:.0%} served{stock}"


def _other_lines(facts: pd.DataFrame) -> Iterator[str]:
    if (facts["section"] == "stock").any():
        sized = _part(facts, "stock", "sized by")["by"].iloc[0]
        choices = _many(_one(facts, "stock", "configurations"), "configuration")
        kinds, shared = (", ".join(f"{row.by} {row.value:,.0f}" for row in _rows(_part(facts, "stock", item)))
                         for item in ("stock points", "shared"))
        yield _line("stock", f"points: {kinds}; shared: {shared}; sized by {sized}; {choices}")
    limits = [f"{row.item} {row.value:,.0f}" for row in _rows(facts[facts["section"] == "limits"])]
    yield _line("limits", ", ".join(limits) or "none")
    found = [f"{row.value:,.0f} {row.item}" for row in _rows(facts[facts["section"] == "findings"])]
    yield _line("findings", _few(found) or "none")


def _rows(frame: pd.DataFrame) -> list[Any]:
    """The rows of a short table, to be put into words."""
    return list(frame.itertuples())


def _line(head: str, words: str) -> str:
    return f"  {head:<11} {words}"


def _part(facts: pd.DataFrame, section: str, item: str) -> pd.DataFrame:
    return facts[(facts["section"] == section) & (facts["item"] == item)]


def _one(facts: pd.DataFrame, section: str, item: str, by: str = "") -> float:
    part = _part(facts, section, item)
    return float(part.loc[part["by"] == by, "value"].iloc[0])


def _counted(facts: pd.DataFrame, section: str, item: str) -> str:
    """How many in all, and by what: `4: gold 2, standard 2`."""
    part = _part(facts, section, item)
    each = [f"{row.by} {row.value:,.0f}" for row in _rows(part) if row.value]
    return f"{part['value'].sum():,.0f}" + (f": {_few(each)}" if each else "")


def _many(count: float, word: str) -> str:
    return f"{count:,.0f} {word}{'' if count == 1 else 's'}"


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"


def _few(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
