"""One plan in sentences: its proof, and what each tier gets and costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.report.figures.to_serve import tier_table
from ctsopt.report.physical import MEASURES, tiers_of
from ctsopt.report.prose import Part, Sentence, Source, name, say

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution


def service_table(plan: Solution) -> pd.DataFrame:
    """Every tier: what it gets (see `MEASURES`), units, what it costs, and for a unit."""
    costs = tier_table(plan).set_index("tier")[["units", "total", "cost_per_unit"]]
    frame = tiers_of(plan, plan)[list(MEASURES)].join(costs)
    return frame.rename_axis("tier").reset_index()


def proof_of(plan: str, source: Source) -> Iterator[Sentence]:
    """How far the cost is proven."""
    yield say("No plan costs less than {}: by another one at most {} could be saved.",
              source.money("scenarios", plan, "bound"), source.share("scenarios", plan, "gap"))


def tiers_in_words(table: pd.DataFrame, source: Source) -> Iterator[Sentence]:
    """What each tier gets, and what a unit of it costs."""
    for row in table.to_dict("records"):
        tier = str(row["tier"])
        parts: list[Part] = [name(tier), source.days("tiers", tier, "days")]
        words = "{}: {} days on average"
        for measure, told, show in (("promised", ", promised {}", source.days), ("served", ", {} served", source.share),
                                    ("in_stock", ", {} from stock at once", source.share)):
            if not np.isnan(row[measure]):
                words += told
                parts.append(show("tiers", tier, measure))
        yield say(words + "; {} a unit.", *parts, source.money("tiers", tier, "cost_per_unit"))
