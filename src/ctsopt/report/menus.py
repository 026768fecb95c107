"""Sweeps over one or two axes as tables of prices: what each cell costs beyond the scenario that is varied."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.packs.roles import SENSITIVITY
from ctsopt.report.figures.theme import scale_of, short, signed
from ctsopt.report.meanings import words_of
from ctsopt.report.prose import Sentence, Source, name, say

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.packs.draft import Case
    from ctsopt.packs.pack import Pack

LEAST = 3
"""Cases from which on a sweep is a table; fewer are told one by one."""

_SHADES = 4


@dataclass(frozen=True)
class Price:
    """One cell: what is shown, what it says when it is pointed at, and its shade, `down1` to `up4`."""

    text: str
    says: str = ""
    shade: str = ""


@dataclass(frozen=True)
class Menu:
    """A table of prices.

    Attributes
    ----------
    title : str
        The question of the sweep, or its name.
    lead : Sentence
    across, down : str
        What the columns vary, and the rows; `down` is blank where only one thing is varied.
    columns : tuple of str
    rows : tuple of (str, tuple of Price)
    places : tuple of (str, str)
        Row and column of each case, in the order of the sweep.
    choice : bool
        Whether it can be decided; else it is something that may happen.
    """

    title: str
    lead: Sentence
    across: str
    down: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Price, ...]], ...]
    places: tuple[tuple[str, str], ...]
    choice: bool


def sweeps_of(pack: Pack, comparison: Comparison) -> dict[str, list[Case]]:
    """Cases of each sweep that is shown as a table, by its key in the table of menus."""
    bars = set(comparison.tornado["scenario"])
    solved = set(comparison.scenarios["scenario"])
    found: dict[str, list[Case]] = {}
    for case in pack.cases:
        if case.kind == "sweep" and case.name in solved - bars and 1 <= len(case.axes) <= 2:
            found.setdefault(f"{case.origin.label}: {', '.join(case.axes)}", []).append(case)
    return {key: cases for key, cases in found.items() if len(cases) >= LEAST}


def table_of(sweeps: Mapping[str, list[Case]], comparison: Comparison) -> pd.DataFrame:
    """What the sentences above the tables count: menu, cells with a plan, and the widest proof (money)."""
    rows = comparison.scenarios.set_index("scenario")
    wide = rows["parent_high"] - rows["parent_low"]
    return pd.DataFrame([(key, float(rows.loc[[case.name for case in cases], "parent_point"].notna().sum()),
                          float(wide.reindex([case.name for case in cases]).max()))
                         for key, cases in sweeps.items()], columns=["menu", "prices", "width"])


def menus(pack: Pack, comparison: Comparison, source: Source) -> Iterator[Menu]:
    """Every sweep over one or two axes, in the order of the pack."""
    rows = {str(row["scenario"]): row for row in comparison.scenarios.to_dict("records")}
    for key, cases in sweeps_of(pack, comparison).items():
        axes = list(cases[0].axes)
        words = {case.name: _words(case) for case in cases}
        last, first = len(axes) - 1, 0
        columns, lines = (list(dict.fromkeys(words[case.name][at][1] for case in cases)) for at in (last, first))
        lines = lines if len(axes) > 1 else [""]
        scale, word = scale_of(points := [float(rows[case.name]["parent_point"]) for case in cases])
        most = max((abs(point) for point in points if not math.isnan(point)), default=0.0)
        places = [(words[case.name][first][1] if len(axes) > 1 else "", words[case.name][last][1]) for case in cases]
        prices = {place: _price(case.name, rows[case.name], scale, most)
                  for place, case in zip(places, cases, strict=True)}
        base = str(cases[0].parent)
        lead = say("Cost beyond that of {}, in " + word + "{}: {} of the cells have a plan, and each difference is "
                   "proven to within {}.", name(base), name(comparison.currency), source.count("menus", key, "prices"),
                   source.money("menus", key, "width"))
        yield Menu(short(cases[0].note or cases[0].origin.label, 160), lead,
                   words[cases[0].name][last][0], words[cases[0].name][first][0] if len(axes) > 1 else "",
                   tuple(columns), tuple((line, tuple(prices.get((line, column), Price("")) for column in columns))
                                         for line in lines),
                   tuple(places), rows[cases[0].name]["role"] != SENSITIVITY)


def _words(case: Case) -> list[tuple[str, str]]:
    edits = case.edits[len(case.edits) - len(case.axes):]
    return [words_of(edit, value) for edit, value in zip(edits, case.axes.values(), strict=True)]


def _price(scenario: str, row: Mapping[Hashable, Any], scale: float, most: float) -> Price:
    point, low, high = (float(row[f"parent_{end}"]) for end in ("point", "low", "high"))
    if pd.isna(point):
        return Price("no plan", f"{short(scenario)}: {short(row.get('message', ''), 300)}", "none")
    decimals = 0 if scale == 1 or most / scale >= 100 else 1 if most / scale >= 10 else 2
    level = 0 if most == 0 or low == high == 0 else min(_SHADES, 1 + int(_SHADES * abs(point) / most * (1 - 1e-9)))
    unsure = low < 0 < high
    shown, least, largest = (signed(value / scale, decimals) for value in (point, low, high))
    says = f"{short(scenario)}: {shown}, proven between {least} and {largest}"
    shade = "" if level == 0 or unsure else f"{'down' if point < 0 else 'up'}{level}"
    return Price(shown + (" ≈" if unsure else ""), says, shade)
