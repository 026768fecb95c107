"""Reasons as sentences, made from their rows and from nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

STEPS = {
    "full": "it has what was asked",
    "no_site": "no supply of the product may serve it",
    "too_late": "all supply that may serve it comes after the day on which it is wanted",
    "complete_only": "it is taken in full or not at all, and what is left for it is less",
    "minimum": "what is left for it is less than the least that is taken of it",
    "history": "it asks for more than its customer usually takes",
    "commitment": "what was committed is all it gets",
    "floor": "its floor is all it gets",
    "case_rounding": "cases are whole",
    "rank": "better ranks are served first",
    "share": "its share of what is there",
    "value": "dearer shortages are served first",
    "protected": "units are kept for better ranks",
}
"""What may decide about a line, and what it says."""


def sentences(rows: pd.DataFrame) -> pd.Series[str]:
    """One text per row of reasons.

    Parameters
    ----------
    rows : DataFrame
        The columns of `ctsopt.shortage.reasons.reasons`.
    """
    got = rows["got"].map("{:,.10g}".format) + " of " + rows["asked"].map("{:,.10g}".format)
    text: Any = "Gets " + got + " by the rule " + rows["rule"] + ": " + rows["step"].map(STEPS) + "."
    short = rows["short"] > 1e-6
    other = short & (rows["competitor"] != "") & (rows["competitor"] != rows["order"])
    text += _where(other, " The last case went to order " + rows["competitor"] + ": " + rows["because"] + ".")
    text += _where(short & (rows["competitor"] == rows["order"]), " It has the last case itself.")
    text += _where(short & (rows["next"] == rows["order"]), " The next case is its own.")
    text += _where(short & (rows["next"] != "") & (rows["next"] != rows["order"]),
                   " The next case goes to order " + rows["next"] + ".")
    text += _where(rows["worse_rank_served"] != "",
                   " Order " + rows["worse_rank_served"] + ", of a worse rank, gets something.")
    text += _where(rows["more_for_full"].notna(),
                   " With " + rows["more_for_full"].map("{:,.10g}".format) + " more it would be served in full.")
    text += _where(short & rows["rank_for_full"].notna(),
                   " Rank " + rows["rank_for_full"].map("{:g}".format) + " is served in full.")
    text += _where(short & (rows["expected_on"] != ""), " More is expected on " + rows["expected_on"] + ": " +
                   rows["expected_quantity"].map("{:,.10g}".format) + " units, certainty " +
                   rows["expected_certainty"].map("{:.0%}".format) + ".")
    text += _where(rows["promise"] == "broken", " A confirmed quantity is not kept.")
    return pd.Series(text, index=rows.index, dtype="str")


def _where(mask: pd.Series[bool], text: Any) -> Any:
    """The text where the mask holds, else none."""
    return pd.Series(np.where(mask, text, ""), index=mask.index, dtype=object)
