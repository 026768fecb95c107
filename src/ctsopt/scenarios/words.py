"""A comparison in words, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from ctsopt.scenarios.comparison import Comparison


def in_words(comparison: Comparison) -> str:
    """One line per scenario: cost, proven difference, verdict, rank, service, sites."""
    rows = comparison.scenarios
    width = max(8, *(len(str(name)) for name in rows["scenario"]))
    plans = int(rows["cost"].notna().sum())
    lines = [f"{plans} of {len(rows)} scenarios have a plan; differences to {comparison.against}, in "
             f"{comparison.currency}, between proven ends",
             f"{'scenario':<{width}}  {'cost':>16}  {'difference':>14}  {'proven between':>33}  {'verdict':<8}  rank"]
    lines += [_line(row, width) for row in rows.to_dict("records")]
    return "\n".join(lines)


def _line(row: Mapping[Any, Any], width: int) -> str:
    name = f"{row['scenario']!s:<{width}}"
    if pd.isna(row["cost"]):
        return f"{name}  {row.get('outcome', 'no plan')}: {row.get('message', '')}".rstrip(": ")
    best, worst = int(row["best_rank"]), int(row["worst_rank"])
    rank = f"{best}" if best == worst else f"{best}-{worst}"
    return (f"{name}  {row['cost']:>16,.0f}  {row['point']:>+14,.0f}  {row['low']:>+16,.0f} {row['high']:>+16,.0f}  "
            f"{row['verdict']!s:<8}  {rank}")
