"""Which line each shipment is of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Positions
from ctsopt.orders.typing import LISTED


def line_of(sent: pd.DataFrame, lines: pd.DataFrame) -> Positions:
    """Position of the line of each shipment; -1 where there is no such line.

    Parameters
    ----------
    sent, lines : DataFrame
        With the categorical columns `order` and `line`.
    """
    keys = []
    for name in ("order", "line"):
        labels = lines[name].cat.categories
        keys.append(labels.get_indexer(sent[name].cat.categories)[sent[name].cat.codes.to_numpy()].astype(np.int64))
    width = len(lines["line"].cat.categories) + 1
    own = lines["order"].cat.codes.to_numpy().astype(np.int64) * width + lines["line"].cat.codes.to_numpy()
    at = pd.Series(np.arange(len(lines)), index=own)
    at = at[~at.index.duplicated()]
    wanted = np.where((keys[0] >= 0) & (keys[1] >= 0), keys[0] * width + keys[1], -1)
    return at.reindex(wanted).fillna(-1).to_numpy(dtype=np.int64)


def of_no_line(sent: pd.DataFrame, rows: Positions, lines: pd.DataFrame) -> list[Finding]:
    """Shipments of lines that the book does not have, used or set aside: nothing is measured by them.

    Parameters
    ----------
    sent : DataFrame
        The shipments.
    rows : int array
        Their rows as the user sees them.
    lines : DataFrame
        Every line that was read.
    """
    if not len(sent):
        return []
    lost = line_of(sent, lines) < 0
    if not lost.any():
        return []
    shown = (sent.loc[lost, "order"].astype(str) + " " + sent.loc[lost, "line"].astype(str)).tolist()
    return [Finding("shipment_of_no_line", "shipments", "order, line", "shipments are of lines that the book does not "
                    "have, and measure nothing", "add the lines, or correct the names", rows[lost].tolist()[:LISTED],
                    shown[:LISTED], severity="warning", total=int(lost.sum()))]
