"""What a pack came to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.report.figures.comparison import measure_name, plans
from ctsopt.report.figures.theme import short
from ctsopt.report.prose import Name, Part, Sentence, Source, name, say

if TYPE_CHECKING:
    from ctsopt.scenarios.comparison import Comparison
    from ctsopt.scenarios.outcome import PackResult

NAMED = 5
"""Scenarios that a sentence names; of others it says how many there are."""


MESSAGE = 400
"""Letters of a message that a sentence shows."""


def facts(comparison: Comparison, horizon: float) -> pd.DataFrame:
    """What the sentences count: fact, value, unit."""
    rows, with_plan = comparison.scenarios, plans(comparison)
    others = with_plan[with_plan["scenario"] != comparison.against]
    verdicts = others["verdict"].value_counts()
    first = comparison.pareto["measure"].iloc[0] if len(comparison.pareto) else ""
    fronts = comparison.pareto[comparison.pareto["measure"] == first]["status"].value_counts()
    return pd.DataFrame([
        ("scenarios", len(rows), "scenarios, cases in states and of bridges not counted"),
        ("scenarios with a plan", len(with_plan), "scenarios"),
        ("scenarios without a plan", len(rows) - len(with_plan), "scenarios"),
        ("plans proven optimal", int((with_plan["outcome"] == "proven").sum()), "scenarios"),
        ("widest gap", float(with_plan["gap"].max()), "share of the plan's cost"),
        ("days", horizon, "days that the plans cover"),
        *((f"proven {word}", int(verdicts.get(word, 0)), f"scenarios, against {comparison.against}")
          for word in ("cheaper", "dearer")),
        ("not told apart", int(verdicts.get("tie", 0) + verdicts.get("same", 0)),
         f"scenarios, from {comparison.against}"),
        ("proven dominated", int(fronts.get("dominated", 0)), f"scenarios, cost against {first}"),
        ("on the front", int(fronts.get("front", 0)), f"scenarios, cost against {first}"),
    ], columns=["fact", "value", "unit"])


def sentences(result: PackResult, comparison: Comparison, source: Source) -> list[Sentence]:
    """The summary; the numbers are those of the tables `facts`, `scenarios`, `bases` and `regret`."""
    return [*_plans(source), *_base(comparison, source), *_bases(comparison, source), *_verdicts(comparison, source),
            *_front(comparison, source), *_regret(comparison, source), *_without(result, comparison)]


def _plans(source: Source) -> Iterator[Sentence]:
    yield say("{} of {} scenarios have a plan; {} of them are proven optimal, and none costs more than {} more than the "
              "least possible.", source.count("facts", "scenarios with a plan", "value"),
              source.count("facts", "scenarios", "value"), source.count("facts", "plans proven optimal", "value"),
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
    yield say("Against {}, today as it is run, better use of what is there comes to {} (proven between {} and {}): that "
              "much is had without any of the ideas.", name(comparison.as_is),
              *(source.money("bases", row, f"better_use_{end}", sign=True) for end in ("point", "low", "high")))


def _verdicts(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    rows = plans(comparison)
    rows = rows[rows["scenario"] != comparison.against]
    for word in ("cheaper", "dearer"):
        some = rows[rows["verdict"] == word].sort_values("point", ascending=word == "cheaper", kind="stable")
        if some.empty:
            yield say(f"None is proven {word}.")
            continue
        parts: list[Part] = []
        for scenario in some["scenario"].head(NAMED):
            parts += [name(scenario), *(source.money("scenarios", scenario, end, sign=True)
                                        for end in ("point", "low", "high"))]
        shown = min(len(some), NAMED)
        listed = "; ".join(["{} by {} (between {} and {})"] * shown)
        rest = " to name the first" if len(some) > shown else ""
        yield say("{} " + ("is" if len(some) == 1 else "are") + f" proven {word}{rest}: {listed}.",
                  source.count("facts", f"proven {word}", "value"), *parts)
    ties = rows[rows["verdict"].isin(["tie", "same"])]["scenario"].tolist()
    if ties:
        yield say("{} cannot be told apart from it" + _names(ties) + ".",
                  source.count("facts", "not told apart", "value"), *map(name, ties[:NAMED]))


def _names(names: Sequence[str]) -> str:
    return ": " + ", ".join(["{}"] * min(len(names), NAMED)) + (" and others" if len(names) > NAMED else "")


def _front(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    if len(comparison.pareto) == 0:
        return
    measure = comparison.pareto["measure"].iloc[0]
    on_front = comparison.pareto[(comparison.pareto["measure"] == measure) & (comparison.pareto["status"] == "front")]
    words = measure_name(str(measure))
    if any(letter.isdigit() for letter in words):
        words = "share of demand that comes in time"
    yield say("Cost against the {}: {} lie on the front" + _names(on_front["scenario"].tolist()) + "; {} are proven "
              "dominated by a plan of the same demand that serves as well for less.", words,
              source.count("facts", "on the front", "value"), *map(name, on_front["scenario"].head(NAMED)),
              source.count("facts", "proven dominated", "value"))


def _regret(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    table = comparison.regret
    some = table[table["minimax"] != ""].sort_values("worst_point", kind="stable")
    if some.empty:
        return
    best = str(some["scenario"].iloc[0])
    how = "is proven to have" if some["minimax"].iloc[0] == "proven" else "has, as far as is proven,"
    yield say("Whatever demand comes, {} " + how + " the smallest worst regret: {} (between {} and {}).", name(best),
              *(source.money("regret", best, f"worst_{end}") for end in ("point", "low", "high")))


def _without(result: PackResult, comparison: Comparison) -> Iterator[Sentence]:
    rows = comparison.scenarios
    if "message" not in rows:
        return
    for row in rows[rows["cost"].isna()].head(NAMED).to_dict("records"):
        yield say("{} has no plan ({}): {}", name(row["scenario"]), str(row["outcome"]).replace("_", " "),
                  Name(short(row["message"], MESSAGE)))
    for note in result.notes[:NAMED]:
        yield say("Note: {}", Name(short(note, MESSAGE)))
