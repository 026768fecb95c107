"""Two networks side by side: every cell in which their tables differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.networks.schema import BY_NAME, SETTINGS
from ctsopt.tables.edits.filters import as_text, row_keys

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

COLUMNS = ["table", "key", "column", "old", "new"]


def difference(old: Network, new: Network) -> pd.DataFrame:
    """Cells that differ: table, key of the row, column, old and new value as text.

    A row that only one of the two has is one line with a blank column. The order of rows counts for periods alone. The
    name of a network does not count.
    """
    parts = [_settings(old, new)]
    for name in BY_NAME:
        before, after = (None if name == SETTINGS.name else net.content.frames[name] for net in (old, new))
        if before is not None and after is not None and not before.equals(after):
            parts.append(_table(name, before, after))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS, dtype=object)


def _settings(old: Network, new: Network) -> pd.DataFrame:
    rows = []
    for column in SETTINGS.columns:
        if old.settings[column.name] == new.settings[column.name]:
            continue
        one, other = (as_text(column, pd.Series([net.settings[column.name]]))[0] for net in (old, new))
        if one != other and column.name != "name":
            rows.append((SETTINGS.name, "", column.name, one, other))
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _table(name: str, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    before, after = row_keys(BY_NAME[name], old), row_keys(BY_NAME[name], new)
    here, there = (pd.MultiIndex.from_frame(frame[list(BY_NAME[name].keys)]) for frame in (old, new))
    place = there.get_indexer(here)
    gone, come = before[place < 0], after[~there.isin(here)]
    parts = [pd.DataFrame({"table": name, "key": keys, "column": "", "old": was, "new": now})
             for keys, was, now in ((gone, "row", "taken away"), (come, "", "new row"))]
    kept = np.flatnonzero(place >= 0)
    if name == "periods" and (np.diff(place[kept]) < 0).any():
        parts.append(pd.DataFrame([(name, "", "order of rows", *(", ".join(keys) for keys in (before, after)))],
                                  columns=COLUMNS))
    for column in BY_NAME[name].columns:
        one = as_text(column, old[column.name].iloc[kept])
        other = as_text(column, new[column.name].iloc[place[kept]])
        moved = one != other
        parts.append(pd.DataFrame({"table": name, "key": before[kept[moved]], "column": column.name,
                                   "old": one[moved], "new": other[moved]}))
    return pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS, dtype=object)],
                     ignore_index=True)
