"""What a pack came to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.report.figures.comparison import measure_name, plans, same_demand
from ctsopt.report.figures.theme import short
from ctsopt.report.prose import Figure, Name, Part, Sentence, Source, name, say

if TYPE_CHECKING:
    from ctsopt.scenarios.comparison import Comparison
    from ctsopt.scenarios.outcome import PackResult

NAMED = 5
"""Scenarios that a sentence names; of others it says how many there are."""


MESSAGE = 400
"""Letters of a message that a sentence shows."""


_ENDS = ("point", "low", "high")


def facts(comparison: Comparison, horizon: float) -> pd.DataFrame:
    """What the sentences count: fact, value, unit."""
    rows, with_plan = comparison.scenarios, plans(comparison)
    alike, other = against(comparison)
    verdicts = alike["verdict"].value_counts()
    first = comparison.pareto["measure"].iloc[0] if len(comparison.pareto) else ""
    fronts = _first_front(comparison)["status"].value_counts()
    of_them = f"scenarios of the same demand, against {comparison.against}"
    return pd.DataFrame([
        ("scenarios", len(rows), "scenarios, cases in states and of bridges not counted"),
        ("scenarios with a plan", len(with_plan), "scenarios"),
        ("scenarios without a plan", len(rows) - len(with_plan), "scenarios"),
        ("plans proven optimal", int((with_plan["outcome"] == "proven").sum()), "scenarios"),
        ("widest gap", float(with_plan["gap"].max()), "share of the plan's cost"),
        ("days", horizon, "days that the plans cover"),
        ("proven cheaper", int(verdicts.get("cheaper", 0)), of_them),
        ("proven dearer", int(verdicts.get("dearer", 0)), of_them),
        ("not told apart", int(verdicts.get("tie", 0) + verdicts.get("same", 0)), of_them),
        ("of other demand", len(other), f"scenarios, not of the demand of {comparison.against}"),
        ("proven dominated", int(fronts.get("dominated", 0)), f"scenarios of the same demand, cost against {first}"),
        ("on the front", int(fronts.get("front", 0)), f"scenarios of the same demand, cost against {first}"),
    ], columns=["fact", "value", "unit"])


def against(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The other plans: those that meet the demand of the one compared with, and those of another demand."""
    rows = plans(comparison)
    alike = same_demand(comparison).reindex(rows["scenario"]).to_numpy(dtype=bool)
    rest = (rows["scenario"] != comparison.against).to_numpy(dtype=bool)
    return rows[alike & rest], rows[~alike & rest]


def sentences(result: PackResult, comparison: Comparison, source: Source) -> list[Sentence]:
    """The summary; the numbers are those of the tables `facts`, `scenarios`, `bases` and `regret`."""
    return [*_plans(source), *_base(comparison, source), *_bases(comparison, source), *_verdicts(comparison, source),
            *_front(comparison, source), *_regret(comparison, source), *_without(result, comparison)]


def _plans(source: Source) -> Iterator[Sentence]:
    yield say("{} of {} scenarios have a plan; {} of them are proven optimal, and of none could another be cheaper "
              "by more than {}.", *(source.count("facts", fact, "value") for fact in (
                  "scenarios with a plan", "scenarios", "plans proven optimal")),
              source.share("facts", "widest gap", "value"))


def _base(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    base = comparison.against
    row = plans(comparison).set_index("scenario").loc[base]
    yield say("{}, with which the others are compared, costs {} over {} days, {} for a unit delivered; no plan for it "
              "costs less than {}.", name(base), source.money("scenarios", base, "cost"),
              source.count("facts", "days", "value"), source.money("scenarios", base, "cost_per_unit"),
              source.money("scenarios", base, "bound"))
    if pd.notna(row["lead_time"]):
        yield say("It serves {} of the demand, in {} days on average by volume, and keeps {} of {} promises, from {} "
                  "open sites.", source.share("scenarios", base, "served"),
                  source.days("scenarios", base, "lead_time"), source.count("scenarios", base, "promises_kept"),
                  source.count("scenarios", base, "promises"), source.count("scenarios", base, "sites_open"))


def _bases(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    rows = comparison.bases["scenario"].tolist()
    if not rows:
        return
    row = comparison.against if comparison.against in rows else rows[0]
    words, parts = _proven([source.money("bases", row, f"better_use_{end}", sign=True) for end in _ENDS])
    yield say("Against {}, today as it is run, better use of what is there comes to " + words + ": that much is had "
              "without any of the ideas.", name(comparison.as_is), *parts)


def _proven(ends: Sequence[Figure]) -> tuple[str, Sequence[Part]]:
    """An amount, and what is proven of it where that is not the same when it is shown."""
    point, low, high = ends
    if point.shown == low.shown == high.shown:
        return "{}", [point]
    return "{}, proven between {} and {}", [point, low, high]


def _verdicts(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    rows, other = against(comparison)
    for word in ("cheaper", "dearer"):
        some = rows[rows["verdict"] == word].sort_values("point", ascending=word == "cheaper", kind="stable")
        if some.empty:
            yield say(f"None of the same demand is proven {word}.")
            continue
        told = [_told(source, str(scenario)) for scenario in some["scenario"].head(NAMED)]
        listed = "; ".join(template for template, _ in told)
        rest = ", among them" if len(some) > NAMED else ""
        yield say("{} of the same demand " + ("is" if len(some) == 1 else "are") + f" proven {word}{rest}: {listed}.",
                  source.count("facts", f"proven {word}", "value"), *(part for _, parts in told for part in parts))
    ties = rows[rows["verdict"].isin(["tie", "same"])]["scenario"].tolist()
    if ties:
        yield say("{} cannot be told apart from it" + _names(ties) + ".",
                  source.count("facts", "not told apart", "value"), *map(name, ties[:NAMED]))
    if len(other):
        names = other["scenario"].tolist()
        yield say("Not of the same demand, which alone makes them cheaper or dearer" + _names(names) + ".",
                  *map(name, names[:NAMED]))


def _told(source: Source, scenario: str) -> tuple[str, list[Part]]:
    """A scenario, and by how much it is dearer."""
    words, parts = _proven([source.money("scenarios", scenario, end, sign=True) for end in _ENDS])
    return "{} (" + words + ")", [name(scenario), *parts]


def _names(names: Sequence[str]) -> str:
    return ": " + ", ".join(["{}"] * min(len(names), NAMED)) + (" and others" if len(names) > NAMED else "")


def _first_front(comparison: Comparison) -> pd.DataFrame:
    """Cost against the measure of service that the pack asks for, of the plans that meet the same demand."""
    table = comparison.pareto
    if table.empty:
        return table
    some = table[table["measure"] == table["measure"].iloc[0]]
    alike = same_demand(comparison).reindex(some["scenario"]).to_numpy(dtype=bool)
    chosen: pd.DataFrame = some.loc[alike]
    return chosen


def _front(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    front = _first_front(comparison)
    if front.empty:
        return
    on_it = front[front["status"] == "front"].sort_values("cost", kind="stable")["scenario"].tolist()
    words = measure_name(str(front["measure"].iloc[0]))
    if any(letter.isdigit() for letter in words):
        words = "share of demand that comes in time"
    yield say("Among plans of the same demand, the front of cost against the {} has {}" + _names(on_it) + ". Proven "
              "dominated, because another plan serves as well for less: {}.", words,
              source.count("facts", "on the front", "value"), *map(name, on_it[:NAMED]),
              source.count("facts", "proven dominated", "value"))


def _regret(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    table = comparison.regret
    some = table[table["minimax"] != ""].sort_values("worst_point", kind="stable")
    if some.empty:
        return
    best = str(some["scenario"].iloc[0])
    how = "is proven to have" if some["minimax"].iloc[0] == "proven" else "has, as far as is proven,"
    words, parts = _proven([source.money("regret", best, f"worst_{end}") for end in _ENDS])
    yield say("Whatever demand comes, {} " + how + " the smallest worst regret: " + words + ".", name(best), *parts)


def _without(result: PackResult, comparison: Comparison) -> Iterator[Sentence]:
    rows = comparison.scenarios
    if "message" not in rows:
        return
    for row in rows[rows["cost"].isna()].head(NAMED).to_dict("records"):
        yield say("{} has no plan ({}): {}", name(row["scenario"]), str(row["outcome"]).replace("_", " "),
                  Name(short(row["message"], MESSAGE), plain=True))
    for note in result.notes[:NAMED]:
        yield say("Note: {}", Name(short(note, MESSAGE), plain=True))
