"""The first screen: where things stand, the choices that matter and what each of them changes, what may happen."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from ctsopt.report.figures.comparison import plans
from ctsopt.report.figures.theme import short
from ctsopt.report.meanings import what_it_is
from ctsopt.report.menus import sweeps_of, table_of
from ctsopt.report.physical import Step, step
from ctsopt.report.prose import Name, Part, Sentence, Source, listed_names, name, proven, say

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

MOST = 5
"""Choices that the first screen shows."""

_CHEAPEST = 3
"""Of these, those that save most come first."""

_RISKS = 6
_SITES = 8
"""Sites that a sentence names."""

ENDS = ("low", "point", "high")


@dataclass(frozen=True)
class Choice:
    """One choice on the first screen.

    Attributes
    ----------
    name, note, verdict : str
    price, proof : Sentence
    changes, service : tuple of Sentence
        What is otherwise in the network, and for each tier.
    """

    name: str
    note: str
    verdict: str
    price: Sentence
    proof: Sentence
    changes: tuple[Sentence, ...]
    service: tuple[Sentence, ...]


@dataclass(frozen=True, eq=False)
class Front:
    """What the first screen is made from.

    Attributes
    ----------
    rows : DataFrame
        Every plan that is no basis: scenario; role; parent, the scenario that it is held against; low, point, high and
        verdict of the difference; share of the cost of the parent; alike, whether both meet the same demand.
    chosen : tuple of str
        The choices that are shown.
    steps : mapping of str to Step
        From the parent to each of them.
    in_menus : frozenset of str
        Cases of sweeps that are tables of prices.
    tables : mapping of str to DataFrame
        What the sentences look up: choices, tiers, menus.
    """

    rows: pd.DataFrame
    chosen: tuple[str, ...]
    steps: Mapping[str, Step]
    in_menus: frozenset[str]
    tables: Mapping[str, pd.DataFrame]


_LOOKED_AT: WeakKeyDictionary[Comparison, Front] = WeakKeyDictionary()
"""The page and the workbook of one comparison show the same, and its plans are long to read."""


def front_of(result: PackResult, comparison: Comparison) -> Front:
    """Choose what is shown, and look at what it changes; once for each comparison."""
    if comparison not in _LOOKED_AT:
        _LOOKED_AT[comparison] = _look(result, comparison)
    return _LOOKED_AT[comparison]


def _look(result: PackResult, comparison: Comparison) -> Front:
    rows = _rows(comparison)
    sweeps = sweeps_of(result.pack, comparison)
    apart = frozenset(case.name for cases in sweeps.values() for case in cases)
    chosen = _chosen(rows[(rows["role"] == "choice") & rows["alike"] & ~rows["scenario"].isin(apart)], comparison)
    parent = rows.set_index("scenario")["parent"]
    # Plans with one parent follow each other, so that each parent is read once.
    order = sorted(chosen, key=lambda each: parent[each])
    steps = {each: step(result.solutions[each], result.solutions[parent[each]]) for each in order}
    return Front(rows, tuple(chosen), steps, apart, {
        "choices": _choices(rows, steps), "tiers": _tiers(steps), "menus": table_of(sweeps, comparison)})


def _rows(comparison: Comparison) -> pd.DataFrame:
    """Every plan that is no basis, held against the scenario that it extends, or what all are compared with."""
    rows = plans(comparison)
    cost = rows.set_index("scenario")["cost"]
    own = rows["parent_point"].notna()
    frame = pd.DataFrame({
        "scenario": rows["scenario"], "role": rows["role"], "parent": rows["parent"].where(own, comparison.against),
        **{end: rows[f"parent_{end}"].where(own, rows[end]) for end in ENDS},
        "verdict": rows["parent_verdict"].where(own, rows["verdict"])})
    frame["share"] = frame["point"] / frame["parent"].map(cost)
    demand = (rows["cost"] / rows["cost_per_unit"] / rows["served"]).set_axis(rows["scenario"])
    frame["alike"] = np.isclose(demand, frame["parent"].map(demand), rtol=1e-6, atol=0.0)
    chosen: pd.DataFrame = frame[frame["role"] != "basis"].reset_index(drop=True)
    return chosen


def _chosen(rows: pd.DataFrame, comparison: Comparison) -> list[str]:
    """At most so many: those that save most, then those that serve better than what they start from, then the rest."""
    rows = rows.sort_values("point", kind="stable")
    if len(rows) > MOST:
        service = comparison.pareto.pivot_table(index="scenario", columns="measure", values="service", aggfunc="first")
        better = (service.reindex(rows["scenario"]).to_numpy() > service.reindex(rows["parent"]).to_numpy() + 1e-6)
        saves = ((rows["verdict"] == "cheaper").cumsum() <= _CHEAPEST) & (rows["verdict"] == "cheaper")
        rank = np.select([saves, better.any(axis=1), rows["verdict"] == "cheaper"], [0, 1, 2], 3)
        first = rows.assign(rank=rank).sort_values(["rank", "point"], kind="stable").head(MOST)
        rows = rows[rows["scenario"].isin(first["scenario"])]
    return rows["scenario"].tolist()


def _choices(rows: pd.DataFrame, steps: Mapping[str, Step]) -> pd.DataFrame:
    """What the sentences on choices look up."""
    told = pd.DataFrame([(scenario, each.moved, each.of, each.stock, each.stock_before, each.stock - each.stock_before,
                          each.stock / each.stock_before - 1 if each.stock_before > 0 else np.nan)
                         for scenario, each in steps.items()],
                        columns=["scenario", "moved", "customers", "stock", "stock_before", "stock_more",
                                 "stock_share"])
    return rows.drop(columns="alike").merge(told, on="scenario", how="left", validate="one_to_one")


def _tiers(steps: Mapping[str, Step]) -> pd.DataFrame:
    """What tiers get in each of the choices, and got before."""
    parts = [each.tiers.rename_axis("tier").reset_index().assign(scenario=scenario) for scenario, each in steps.items()]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["scenario", "tier"])
    frame.insert(0, "row", frame["scenario"] + " / " + frame["tier"])
    return frame


# ---- sentences -----------------------------------------------------------------------------------------------------


def base_of(base: Solution, title: str, source: Source) -> Sentence:
    """Where things stand, in one sentence: cost, service, sites by name."""
    sites: list[str] = []
    parts: list[Part] = []
    for kind, some in base.sites[base.sites["open"]].groupby("kind", sort=True):
        names = some.sort_values("throughput", ascending=False, kind="stable")["site"].tolist()
        words, told = listed_names(names, _SITES)
        sites.append("{} " + _kind(str(kind), len(names)) + f" ({words})")
        parts += [source.count("facts", f"open {kind}", "value"), *told]
    service: list[Part] = []
    words = "nothing is delivered"
    if not np.isnan(source.value("scenarios", title, "lead_time")):
        words = "{} a unit; {} of the demand is served, in {} days on average"
        service = [source.money("scenarios", title, "cost_per_unit"), source.share("scenarios", title, "served"),
                   source.days("scenarios", title, "lead_time")]
    whole = "{} costs {} over {} days, " + words + ", and {} of {} promises are kept. Open: "
    return say(whole + "; ".join(sites or ["nothing"]) + ".", name(title), source.money("scenarios", title, "cost"),
               source.count("facts", "days", "value"), *service, source.count("scenarios", title, "promises_kept"),
               source.count("scenarios", title, "promises"), *parts)


def _kind(kind: str, count: int) -> str:
    word = {"crossdock": "cross-dock"}.get(kind, kind)
    return word if count == 1 else f"{word}s"


def choices(front: Front, result: PackResult, comparison: Comparison, source: Source) -> Iterator[Choice]:
    """Every choice that is shown."""
    rows = {str(row["scenario"]): row for row in front.rows.to_dict("records")}
    for scenario in front.chosen:
        row, each = rows[scenario], front.steps[scenario]
        yield Choice(scenario, what_it_is(result.pack, scenario), str(row["verdict"]), _price(scenario, row, source),
                     _proof(scenario, row, comparison, source),
                     (*_sites(each), _moved(scenario, each, source), *_stock(scenario, each, source)),
                     tuple(_service(scenario, each, source)))


def _price(scenario: str, row: Mapping[Hashable, Any], source: Source) -> Sentence:
    if row["verdict"] == "same" or row["low"] == row["high"] == 0:
        return say("The same cost as {}", name(row["parent"]))
    words = {"cheaper": "proven cheaper", "dearer": "proven dearer"}.get(str(row["verdict"]), "not told apart")
    return say("{} ({}) against {}: " + words, source.money("choices", scenario, "point", sign=True),
               source.share("choices", scenario, "share", sign=True), name(row["parent"]))


def _proof(scenario: str, row: Mapping[Hashable, Any], comparison: Comparison, source: Source) -> Sentence:
    point, low, high = (source.money("choices", scenario, end, sign=True) for end in ("point", "low", "high"))
    exact = point.shown == low.shown == high.shown
    words, parts = ("Proven exactly", []) if exact else ("Proven to lie between {} and {}", [low, high])
    if row["parent"] == comparison.against:
        return say(words + ".", *parts)
    other, ends = proven([source.money("scenarios", scenario, end, sign=True) for end in ("point", "low", "high")])
    return say(words + ". Against {}: " + other + ".", *parts, name(comparison.against), *ends)


def _sites(each: Step) -> Iterator[Sentence]:
    told, parts = [], list[Part]()
    for word, sites in (("opens", each.opened), ("closes", each.closed)):
        if sites:
            words, names = listed_names(sites, _SITES)
            told.append(f"{word} {words}")
            parts += names
    if told:
        whole = "; ".join(told)
        yield say(whole[0].upper() + whole[1:] + ".", *parts)
    else:
        yield say("No site opens or closes.")


def _moved(scenario: str, each: Step, source: Source) -> Sentence:
    if not each.moved:
        return say("All customers keep their main source.")
    return say("{} of {} customers get another main source.", source.count("choices", scenario, "moved"),
               source.count("choices", scenario, "customers"))


def _stock(scenario: str, each: Step, source: Source) -> Iterator[Sentence]:
    if np.isnan(each.stock):
        return
    if np.isnan(each.stock_before):
        yield say("Holds {} units of stock on average, where none was planned.",
                  source.count("choices", scenario, "stock"))
    elif abs(each.stock - each.stock_before) >= max(0.0005 * each.stock_before, 0.5):
        yield say("Stock: {} units ({}).", source.count("choices", scenario, "stock_more", sign=True),
                  source.share("choices", scenario, "stock_share", sign=True))


def _service(scenario: str, each: Step, source: Source) -> Iterator[Sentence]:
    """Tier by tier, as customers were before: who gains and who loses what."""
    told = [tier for tier in each.tiers.index if each.changed(tier)]
    for tier in told:
        parts: list[Part] = [name(tier)]
        words = []
        for measure in sorted(each.changed(tier), key=_TOLD.index):
            template, made = _measure(f"{scenario} / {tier}", measure, each.figures(tier), source)
            words.append(template)
            parts += made
        verb = {1: "gains", -1: "loses"}.get(each.gains(tier), "changes")
        yield say("{} " + verb + ": " + ", ".join(words) + ".", *parts)
    if not told:
        yield say("Service stays as it is.")


_TOLD = ("promised", "days", "in_stock", "served")
"""Measures in the order in which they are told."""


def _measure(row: str, measure: str, figures: Mapping[str, float], source: Source) -> tuple[str, list[Part]]:
    show = source.days if measure in ("days", "promised") else source.share
    now, before = (figures[column] for column in (measure, f"{measure}_before"))
    words, columns = "{} → {}", [f"{measure}_before", measure]
    if np.isnan(now) or np.isnan(before):
        words, columns = ("not promised → {}", [measure]) if np.isnan(before) else ("{} → not promised", columns[:1])
    after = {"days": " days on average", "promised": " days promised", "served": " served",
             "in_stock": " promised from stock at once"}[measure]
    return words + after, [show("tiers", row, column) for column in columns]


def others(front: Front) -> Iterator[Sentence]:
    """What is not among the choices shown: further ones, those that are not told apart, those of another demand."""
    rows = front.rows[front.rows["role"] == "choice"]
    ties = rows[rows["verdict"].isin(["tie", "same"]) & rows["alike"]]
    ties = ties[~ties["scenario"].isin(front.in_menus)]
    by = {str(parent): part["scenario"].tolist() for parent, part in ties.groupby("parent", sort=False)}
    for parent, tied in by.items():
        words, parts = listed_names(tied, MOST)
        yield say("Not told apart from {}: " + words + ".", name(parent), *parts)
    known = {*front.chosen, *front.in_menus, *ties["scenario"]}
    rest = rows[rows["alike"] & ~rows["scenario"].isin(known)]["scenario"].tolist()
    if rest:
        words, parts = listed_names(rest, MOST)
        yield say("Further choices, in the table of scenarios below: " + words + ".", *parts)
    other = rows[~rows["alike"]]["scenario"].tolist()
    if other:
        words, parts = listed_names(other, MOST)
        yield say("Not of the same demand, which alone makes them cheaper or dearer: " + words + ".", *parts)


def risks(front: Front, result: PackResult, meanings: Mapping[str, tuple[str, str]], source: Source
          ) -> Iterator[Sentence]:
    """What may happen and is nobody's choice, by how much it moves the cost; the largest first."""
    rows = front.rows[(front.rows["role"] == "sensitivity") & ~front.rows["scenario"].isin(front.in_menus)]
    rows = rows.reindex(rows["point"].abs().sort_values(ascending=False, kind="stable").index)
    for row in rows.head(_RISKS).to_dict("records"):
        scenario = str(row["scenario"])
        words, parts = proven([source.money("choices", scenario, end, sign=True) for end in ("point", "low", "high")])
        what, value = meanings.get(scenario, ("", ""))
        note = result.pack[scenario].note
        told = Name(f"{what}: {value}") if what else name(scenario)
        more = [Name(short(f" ({note})", 160), plain=True)] if note and not what else []
        yield say("{}" + "{}" * len(more) + ": " + words + " against {}.", told, *more, *parts, name(row["parent"]))
    if len(rows) > _RISKS:
        yield say("Others stand in the tables below.")
