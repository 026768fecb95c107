"""What a pack came to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.packs.roles import SENSITIVITY
from ctsopt.report.figures.comparison import measure_name, plans, same_demand
from ctsopt.report.figures.theme import short
from ctsopt.report.grid import Grid, grid
from ctsopt.report.prose import Name, Part, Sentence, Source, name, proven, say

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

NAMED = 5
"""Scenarios that a sentence names; of others it says how many there are."""


MESSAGE = 400
"""Letters of a message that a sentence shows."""


_ENDS = ("point", "low", "high")


def facts(comparison: Comparison, base: Solution) -> pd.DataFrame:
    """What the sentences count: fact, value, unit."""
    kinds = base.sites.loc[base.sites["open"], "kind"].value_counts().sort_index()
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
        ("days", base.net.horizon, "days that the plans cover"),
        *((f"open {kind}", count, f"sites of {comparison.against}") for kind, count in kinds.items()),
        ("proven cheaper", int(verdicts.get("cheaper", 0)), of_them),
        ("proven dearer", int(verdicts.get("dearer", 0)), of_them),
        ("not told apart", int(verdicts.get("tie", 0) + verdicts.get("same", 0)), of_them),
        ("of other demand", len(other), f"scenarios, not of the demand of {comparison.against}"),
        ("proven dominated", int(fronts.get("dominated", 0)), f"scenarios of the same demand, cost against {first}"),
        ("on the front", int(fronts.get("front", 0)), f"scenarios of the same demand, cost against {first}"),
    ], columns=["fact", "value", "unit"])


def against(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The other plans that can be chosen: those that meet the demand of the one compared with, and the rest."""
    rows = plans(comparison)
    rows = rows[rows["role"] != SENSITIVITY]
    alike = same_demand(comparison).reindex(rows["scenario"]).to_numpy(dtype=bool)
    rest = (rows["scenario"] != comparison.against).to_numpy(dtype=bool)
    return rows[alike & rest], rows[~alike & rest]


def sentences(comparison: Comparison, source: Source) -> list[Sentence]:
    """All that is told beyond the first screen; the numbers are those of the tables `facts` and `scenarios`."""
    return [*_plans(source), *_verdicts(comparison, source), *_front(comparison, source)]


def _plans(source: Source) -> Iterator[Sentence]:
    yield say("{} of {} scenarios have a plan; {} of them are proven optimal, and of none could another be cheaper "
              "by more than {}.", *(source.count("facts", fact, "value") for fact in (
                  "scenarios with a plan", "scenarios", "plans proven optimal")),
              source.share("facts", "widest gap", "value"))


def better_use(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    """What is had without any idea, where the pack says how things are run today."""
    rows = comparison.bases["scenario"].tolist()
    if not rows:
        return
    row = comparison.against if comparison.against in rows else rows[0]
    words, parts = proven([source.money("bases", row, f"better_use_{end}", sign=True) for end in _ENDS])
    yield say("Against {}, today as it is run, better use of what is there comes to " + words + ": that much is had "
              "without any of the ideas.", name(comparison.as_is), *parts)


def _verdicts(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    rows, _ = against(comparison)
    for word in ("cheaper", "dearer"):
        some = rows[rows["verdict"] == word].sort_values("point", ascending=word == "cheaper", kind="stable")
        if some.empty:
            yield say("None of the same demand is proven " + word + " than {}.", name(comparison.against))
            continue
        told = [_told(source, str(scenario)) for scenario in some["scenario"].head(NAMED)]
        listed = "; ".join(template for template, _ in told)
        rest = ", among them" if len(some) > NAMED else ""
        yield say("{} of the same demand " + ("is" if len(some) == 1 else "are") + f" proven {word} than {{}}{rest}: "
                  f"{listed}.", source.count("facts", f"proven {word}", "value"), name(comparison.against),
                  *(part for _, parts in told for part in parts))
    ties = rows[rows["verdict"].isin(["tie", "same"])]["scenario"].tolist()
    if ties:
        yield say("{} cannot be told apart from {}" + _names(ties) + ".",
                  source.count("facts", "not told apart", "value"), name(comparison.against),
                  *map(name, ties[:NAMED]))


def _told(source: Source, scenario: str) -> tuple[str, list[Part]]:
    """A scenario, and by how much it is dearer."""
    words, parts = proven([source.money("scenarios", scenario, end, sign=True) for end in _ENDS])
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
    yield say("Among plans of the same demand, the front of cost against the {} has {}" + _names(on_it) + ". Proven "
              "dominated, because another plan serves as well for less: {}.", Name(words, plain=True),
              source.count("facts", "on the front", "value"), *map(name, on_it[:NAMED]),
              source.count("facts", "proven dominated", "value"))


def regret(comparison: Comparison, source: Source) -> Iterator[Sentence]:
    """Of the scenarios that promise the same, the one that is best whatever demand comes."""
    table = comparison.regret
    groups = table.groupby("promises", sort=False) if len(table) else ()
    several = [(str(promises), some) for promises, some in groups if len(some) > 1]
    for promises, rows in several[:NAMED]:
        some = rows[rows["minimax"] != ""].sort_values("worst_point", kind="stable")
        if some.empty:
            continue
        best = str(some["scenario"].iloc[0])
        how = "is proven to have" if some["minimax"].iloc[0] == "proven" else "has, as far as is proven,"
        words, parts = proven([source.money("regret", best, f"worst_{end}") for end in _ENDS])
        among = ", of those that promise what {} does," if len(several) > 1 else ","
        yield say("Whatever demand comes" + among + " {} " + how + " the smallest worst regret: " + words + ".",
                  *([name(promises)] if len(several) > 1 else []), name(best), *parts)


@dataclass(frozen=True)
class Unkept:
    """A scenario whose promises cannot all be kept.

    Attributes
    ----------
    scenario, note : str
    why : tuple of str
        Sentences: who is promised what, what is the nearest that can be kept, what stands in the way.
    offers : tuple of (str, str)
        What can be promised instead, or would let it be kept: name and words.
    tables : tuple of Grid
        The same as figures.
    """

    scenario: str
    note: str
    why: tuple[str, ...]
    offers: tuple[tuple[str, str], ...]
    tables: tuple[Grid, ...]


UNKEPT_TABLES = {"by_tier": "What of each tier can be kept", "shortfalls": "Promises that cannot be kept",
                 "unreached": "Who is out of reach", "volumes": "Volume that cannot be had at all",
                 "conflicts": "What cannot hold together", "limits": "How far a limit would have to give way",
                 "offers": "What can be promised instead"}
"""Tables of reasons, and what they are called."""


_WHY = "why, and what can be promised instead, is told under Promises that cannot be kept"


def unkept(result: PackResult) -> Iterator[Unkept]:
    """The scenarios whose promises cannot all be kept: who, what is the nearest, what it would take."""
    if "reasons" not in result.reasons:
        return
    for scenario, lines in result.reasons["reasons"].groupby("scenario", sort=False):
        mine = {name: frame[frame["scenario"] == scenario].drop(columns=["scenario"])
                for name, frame in result.reasons.items()}
        offers = mine.get("offers", pd.DataFrame(columns=["offer", "words"]))
        yield Unkept(short(scenario, 60), short(result.pack[str(scenario)].note, 200),
                     tuple(short(line.strip(), MESSAGE) for line in lines["words"]),
                     tuple((str(offer), short(words, MESSAGE)) for offer, words in
                           zip(offers["offer"], offers["words"], strict=True)),
                     tuple(grid(mine[name], title, where=f"{name}.csv") for name, title in UNKEPT_TABLES.items()
                           if len(mine.get(name, ()))))


def without(result: PackResult, comparison: Comparison) -> Iterator[Sentence]:
    """What has no plan, and why; and what else has to be said of the run."""
    rows = comparison.scenarios
    if "message" not in rows:
        return
    told = set(result.reasons["reasons"]["scenario"]) if "reasons" in result.reasons else set()
    rows = rows[rows["cost"].isna()]
    for row in rows.head(NAMED).to_dict("records"):
        yield say("{} has no plan ({}): {}", name(row["scenario"]), str(row["outcome"]).replace("_", " "),
                  Name(_WHY if row["scenario"] in told else short(row["message"], MESSAGE), plain=True))
    if len(rows) > NAMED:
        yield say("Others have no plan either; they stand in the table of cases.")
    for note in [*comparison.notes, *result.notes][:NAMED]:
        yield say("Note: {}", Name(short(note, MESSAGE), plain=True))
