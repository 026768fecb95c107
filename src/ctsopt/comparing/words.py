"""A comparison in words, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from ctsopt.notebook import shown_in_notebook

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

MILLION = 1e7
"""From this cost on amounts are shown in thousands."""


def in_words(comparison: Comparison) -> str:
    """One line per scenario, cost, proven difference, rank, service, sites; then the bases and the regret."""
    rows = comparison.scenarios
    scale = 1000.0 if rows["cost"].abs().max() >= MILLION else 1.0
    money = f"{'thousand ' if scale > 1 else ''}{comparison.currency}"
    parts = ["\n".join(f"Note: {shown(note, 400)}" for note in comparison.notes), _changes(comparison),
             _scenarios(comparison, money, scale), _steps(comparison, money, scale),
             _sensitivities(comparison, money, scale), _ties(comparison, money, scale)]
    if len(comparison.bases):
        parts.append(_bases(comparison, money, scale))
    if len(comparison.regret):
        parts.append(_regret(comparison, money, scale))
    parts += [_bridge(rows, money, scale)
              for _, rows in comparison.bridges.groupby(["bridge", "method"], sort=False)]
    parts += [_tornado(rows, money, scale)
              for _, rows in comparison.tornado.groupby("sweep", sort=False)]
    return "\n\n".join(part for part in parts if part)


def in_notebook(comparison: Comparison) -> str:
    """The scenarios as a small table of a notebook: cost, and its proven difference to `against`."""
    rows = comparison.scenarios
    ends = {word: [_signed(value) if pd.notna(value) else "" for value in rows[end]]
            for word, end in (("difference", "point"), ("at least", "low"), ("at most", "high"))}
    cost = [f"{value:,.0f}" if pd.notna(value) else str(outcome).replace("_", " ")
            for value, outcome in zip(rows["cost"], rows["outcome"], strict=True)]
    return shown_in_notebook(f"{len(rows)} scenarios", [f"differences to {comparison.against}, in "
                                                        f"{comparison.currency}; proven between their ends"],
                             pd.DataFrame({"scenario": rows["scenario"], "cost": cost, **ends}))


def _scenarios(comparison: Comparison, money: str, scale: float) -> str:
    rows = comparison.scenarios
    plans = int(rows["cost"].notna().sum())
    without = [f"{shown(row['scenario'])}: {row['outcome'].replace('_', ' ')}. {shown(row['message'], 400)}"
               for row in rows.to_dict("records") if pd.isna(row["cost"])]
    return "\n".join([f"{plans} of {len(rows)} scenarios have a plan. Cost and differences to {comparison.against} in "
                      f"{money}; every difference is proven to lie between its two ends.",
                      *_table(rows[rows["role"] != "sensitivity"], comparison.against, scale), *without])


def _table(rows: pd.DataFrame, against: str, scale: float) -> list[str]:
    header = ["scenario", "cost", "difference", "at least", "at most", "verdict", "rank", "per unit", "served", "days",
              "open"]
    return aligned(header, [_scenario(row, against, scale) for row in rows.to_dict("records")], "lrrrrlrrrrl")


def _steps(comparison: Comparison, money: str, scale: float) -> str:
    """Scenarios that build on another one than all are compared with: what each adds to it."""
    rows = comparison.scenarios
    some = rows[rows["parent_point"].notna() & (rows["parent"] != comparison.against)
                & (rows["scenario"] != comparison.against)]
    if some.empty:
        return ""
    cells = [[shown(row["scenario"]), shown(row["parent"]),
              *(_signed(row[f"parent_{end}"] / scale) for end in ("point", "low", "high")), row["parent_verdict"]]
             for row in some.to_dict("records")]
    return "\n".join([f"What each adds to the scenario that it extends (in {money}).", *aligned(
        ["scenario", "extends", "difference", "at least", "at most", "verdict"], cells, "llrrrl")])


def _sensitivities(comparison: Comparison, money: str, scale: float) -> str:
    """What may happen, apart from what can be decided."""
    rows = comparison.scenarios
    some = rows[(rows["role"] == "sensitivity") & rows["cost"].notna()]
    if some.empty:
        return ""
    return "\n".join([f"What may happen, which is no choice; differences to {comparison.against} in {money}.",
                      *_table(some, comparison.against, scale)])


def _scenario(row: Mapping[Any, Any], against: str, scale: float) -> list[str]:
    if pd.isna(row["cost"]):
        return [shown(row["scenario"]), "no plan", *[""] * 9]
    ranks = [f"{row[rank]:.0f}" for rank in ("best_rank", "worst_rank") if not pd.isna(row[rank])]
    same = row["scenario"] == against
    ends = [""] * 3 if same else [_signed(row[end] / scale) for end in ("point", "low", "high")]
    return [shown(row["scenario"]), f"{row['cost'] / scale:,.0f}", *ends, "" if same else str(row["verdict"]),
            "-".join(dict.fromkeys(ranks)), _figure(row["cost_per_unit"], 3),
            _percent(row["served"]), _figure(row["lead_time"], 2), _sites(row)]


def _sites(row: Mapping[Any, Any]) -> str:
    """Open sites by kind, and how many were opened and closed."""
    opened, closed = (len([name for name in str(row[which]).split(", ") if name])
                      for which in ("sites_opened", "sites_closed"))
    return str(row["open_kinds"]) + (f" (+{opened} -{closed})" if opened or closed else "")


def _figure(value: float, decimals: int) -> str:
    """A figure, blank where nothing is delivered."""
    return "" if math.isnan(value) else f"{value:,.{decimals}f}"


def _percent(share: float) -> str:
    """Never 100 % where something is missing."""
    if math.isnan(share):
        return ""
    return f"{100 * share:.1f} %" if share >= 1 - 1e-9 else f"{min(100 * share, 99.99):.2f} %"


def _changes(comparison: Comparison) -> str:
    """What each scenario changes, by table and column."""
    if comparison.inputs.empty:
        return ""
    lines: dict[str, list[str]] = {}
    for key, cells in comparison.inputs.groupby(["scenario", "table", "column"], sort=False):
        scenario, table, column = (str(part) for part in cast("tuple[Any, ...]", key))
        what = f"{table}.{column} {change_of(cells['old'], cells['new'])} ({len(cells):,})" if column else (
            f"{len(cells):,} {table} {'new' if cells['new'].iloc[0] == 'new row' else 'taken away'}")
        lines.setdefault(scenario, []).append(what)
    width = max(len(shown(name)) for name in lines)
    return "\n".join(["What each scenario changes (number of cells):",
                      *(f"{shown(name):<{width}}  {', '.join(parts)}" for name, parts in lines.items())])


def change_of(old: pd.Series[Any], new: pd.Series[Any]) -> str:
    """What happened to a column: one value for another, one factor or one amount for all cells, or various."""
    if old.nunique() == 1 and new.nunique() == 1:
        return f"{shown(old.iloc[0]) or 'blank'} -> {shown(new.iloc[0]) or 'blank'}"
    before, after = (pd.to_numeric(each, errors="coerce") for each in (old, new))
    if before.notna().all() and after.notna().all():
        factor, amount = after / before.where(before != 0), after - before
        if factor.notna().all() and np.allclose(factor, factor.iloc[0], rtol=1e-9, atol=0):
            return f"x {factor.iloc[0]:.6g}"
        if np.allclose(amount, amount.iloc[0], rtol=0, atol=1e-9):
            return f"{amount.iloc[0]:+.6g}"
    return f"-> {shown(new.iloc[0]) or 'blank'}" if new.nunique() == 1 else "various"


def _ties(comparison: Comparison, money: str, scale: float) -> str:
    """Pairs that cannot be told apart, each once."""
    order = comparison.order
    place = {name: number for number, name in enumerate(comparison.scenarios["scenario"])}
    first = order["scenario"].map(place) < order["other"].map(place)
    happens = comparison.scenarios.loc[comparison.scenarios["role"] == "sensitivity", "scenario"]
    chosen = ~order["scenario"].isin(happens) & ~order["other"].isin(happens)
    pairs = order[first & chosen & order["verdict"].isin(["tie", "same"])]
    if pairs.empty:
        return "Every two plans can be told apart: the rank is proven."
    known = comparison.scenarios.set_index("scenario")["hash"]
    lines = [f"{shown(p['scenario'])} and {shown(p['other'])}: "
             f"{_why(p, known[p['scenario']] == known[p['other']], scale)}"
             for p in pairs.head(_SHOWN).to_dict("records")]
    more = [f"... and {len(pairs) - _SHOWN} more pairs, see order"] if len(pairs) > _SHOWN else []
    return "\n".join([f"Not told apart (in {money}):", *lines, *more])


def _why(pair: Mapping[Any, Any], same_network: bool, scale: float) -> str:
    """Why two plans cannot be told apart."""
    low, point, high = (pair[end] / scale for end in ("low", "point", "high"))
    if same_network:
        return "the same network"
    if pair["verdict"] == "same":
        return "the same cost, proven"
    if max(abs(low), abs(high)) < 1:
        return "less than 1 apart, proven"
    return f"a difference of {abs(point):,.0f} is within the proof ({_signed(low)} to {_signed(high)})"


_SHOWN = 12


def _bases(comparison: Comparison, money: str, scale: float) -> str:
    rows = comparison.bases
    use = rows.iloc[0]
    cells = [[shown(row["scenario"]), *(_signed(row[f"{part}_point"] / scale) for part in
                                         ("better_use", "idea", "total")), _between(row, "idea", scale)]
             for row in rows[rows["scenario"] != comparison.against].to_dict("records")]
    return "\n".join([
        f"Against {comparison.as_is}, today as it is run (in {money}): better use of what is there "
        f"{_signed(use['better_use_point'] / scale)} (proven {_between(use, 'better_use', scale)}), then the idea.",
        *aligned(["scenario", "better use", "idea", "total", "idea proven between"], cells, "lrrrr")])


def _between(row: Mapping[Any, Any] | pd.Series[Any], part: str, scale: float) -> str:
    return f"{_signed(row[f'{part}_low'] / scale)} and {_signed(row[f'{part}_high'] / scale)}"


def _regret(comparison: Comparison, money: str, scale: float) -> str:
    """Regret by state, the largest one, and the expected cost."""
    states = list(dict.fromkeys(comparison.states["state"]))
    cells_of = comparison.states.set_index(["scenario", "state"])["regret_point"]
    expected = bool(comparison.regret["expected_point"].notna().any())
    cells = []
    for row in comparison.regret.to_dict("records"):
        words = {"proven": "minimax", "possible": "minimax?"}.get(row["minimax"], "")
        cells.append([shown(row["scenario"]), shown(row["promises"]),
                      *(f"{cells_of[(row['scenario'], s)] / scale:,.0f}" for s in states),
                      f"{row['worst_point'] / scale:,.0f}",
                      f"{row['worst_low'] / scale:,.0f} to {row['worst_high'] / scale:,.0f}", words,
                      *([f"{row['expected_point'] / scale:,.0f}"] if expected else [])])
    header = ["scenario", "promises as", *map(shown, states), "worst", "proven", "",
              *(["expected cost"] if expected else [])]
    return "\n".join([f"Regret by state: how much dearer than the cheapest scenario there that promises the same (in "
                      f"{money}).", *aligned(header, cells, "ll" + "r" * (len(states) + 2) + "lr")])


def _bridge(rows: pd.DataFrame, money: str, scale: float) -> str:
    """The parts of a bridge, which add up."""
    first = rows.iloc[0]
    by = {"lines": "by cost line", "steps": "by override, each alone and the rest",
          "shapley": "by override, Shapley values"}[first["method"]]
    head = f"From {shown(first['from'])} to {shown(first['to'])}, {by} (in {money})."
    if first["note"]:
        return f"{head}\nNot to be had: {shown(first['note'], 400)}."
    cells = [[shown(row["part"]), (f"{row['point'] / scale:,.0f}" if row["kind"] in ("start", "end") else
                                   _signed(row["point"] / scale)), _ends(row, scale)]
             for row in rows.to_dict("records")]
    return "\n".join([head, *aligned(["part", "amount", "proven between"], cells, "lrr")])


def _tornado(rows: pd.DataFrame, money: str, scale: float) -> str:
    """What moves the cost, the strongest first."""
    cells = [[shown(row["axis"]), shown(row["value"]), "no plan" if pd.isna(row["point"]) else
              _signed(row["point"] / scale), _ends(row, scale)] for row in rows.to_dict("records")]
    first = rows.iloc[0]
    return "\n".join([f"{shown(first['sweep'])}: one thing at a time, against {shown(first['from'])} (in {money}).",
                      *aligned(["axis", "value", "difference", "proven between"], cells, "llrr")])


def _ends(row: Mapping[Any, Any], scale: float) -> str:
    """The proven ends of an amount; blank where there is nothing to add to the amount."""
    if pd.isna(row["low"]) or round(row["low"] / scale) == round(row["high"] / scale):
        return ""
    return f"{_signed(row['low'] / scale)} and {_signed(row['high'] / scale)}"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Lines of text in columns, each to its left (`l`) or right (`r`)."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) if side == "l" else cell.rjust(width)
                         for cell, width, side in zip(cells, widths, sides, strict=False)).rstrip()

    return [line(header), "-" * (sum(widths) + 2 * (len(widths) - 1)), *map(line, rows)]


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if round(value) else "0"


def shown(text: object, limit: int = 60) -> str:
    """Text, short, and without characters that a terminal would obey instead of showing them."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in str(text)[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
