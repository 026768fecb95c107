"""One identity for what systems name differently: aliases are applied as they were decided, and never made up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.orders.typing import Typed
from ctsopt.tables.columns import ALL


def settle(aliases: Typed) -> tuple[pd.DataFrame, list[Finding]]:
    """The aliases with chains followed to their end, and what is wrong with them."""
    frame = aliases.frame.astype({name: object for name in ("system", "kind", "name", "is")})
    rows, findings = aliases.rows, []
    keys = ["system", "kind", "name"]
    twice = frame.duplicated(keys, keep=False) & (frame.groupby(keys)["is"].transform("nunique") > 1)
    if twice.any():
        findings.append(Finding("shared_alias", "aliases", "name", "one name stands for several identities",
                                "decide which one is meant", rows[twice].tolist(), frame.loc[twice, "name"].tolist()))
    frame = frame.assign(row=rows).drop_duplicates(keys)
    names = {(s, k, n): i for s, k, n, i in frame[[*keys, "is"]].itertuples(index=False)}
    ends, chained, round_trip = [], [], []
    for system, kind, name, end in frame[[*keys, "is"]].itertuples(index=False):  # a short table, decided by people
        seen = {name}
        while end not in seen and (further := names.get((system, kind, end), names.get((ALL, kind, end), end))) != end:
            seen.add(end)
            end = further
        ends.append(end)
        chained.append(len(seen) > 1)
        round_trip.append((end in seen and end != name) or (end == name and len(seen) > 1))
    frame = frame.assign(**{"is": ends})
    turns, steps = np.array(round_trip, dtype=bool), np.array(chained, dtype=bool)
    for rule, mask, message, mend, severity in (
            ("alias_cycle", turns, "the names lead back to themselves", "decide which of them is meant", "error"),
            ("alias_chain", steps & ~turns, "the name stands for a name that stands for another; its end is taken",
             "write the identity itself", "warning")):
        if mask.any():
            findings.append(Finding(rule, "aliases", "is", message, mend, frame["row"][mask].tolist(),
                                    frame["name"][mask].tolist(),
                                    severity="error" if severity == "error" else "warning"))
    return frame, findings


def renamed(cells: pd.Series, systems: pd.Series | None, aliases: pd.DataFrame, kind: str) -> pd.Series:
    """A column with the identity of each name; those of a system come before those of every system.

    Parameters
    ----------
    cells, systems : Series
        Categories of text; without `systems` only the names of every system are looked up.
    aliases : DataFrame
        Settled.
    kind : str
        customer or product.
    """
    of_kind = aliases[aliases["kind"] == kind]
    if not len(of_kind):
        return cells
    labels = cells.cat.categories.astype(object)
    targets = pd.Index(pd.unique(np.r_[labels.to_numpy(), of_kind["is"].to_numpy()]))
    codes = cells.cat.codes.to_numpy()
    every = of_kind[of_kind["system"] == ALL]
    base = _target(labels, every, targets)
    new = base[codes]
    if systems is not None:
        system_codes, system_names = systems.cat.codes.to_numpy(), systems.cat.categories.astype(object)
        for system, own in of_kind[of_kind["system"] != ALL].groupby("system"):
            here = system_codes == system_names.get_indexer(pd.Index([system]))[0]
            at = _target(labels, pd.concat([own, every]).drop_duplicates("name"), targets)
            new = np.where(here, at[codes], new)
    whole = pd.Categorical.from_codes(new.astype(np.int32), categories=targets.astype("str"))
    return pd.Series(whole, index=cells.index)


def _target(labels: pd.Index, aliases: pd.DataFrame, targets: pd.Index) -> np.ndarray:
    ends = pd.Series(aliases["is"].to_numpy(), index=aliases["name"].to_numpy())
    meant = ends.reindex(labels)
    return targets.get_indexer(pd.Index(meant.where(meant.notna(), labels).to_numpy(dtype=object)))


def same_categories(frames: list[pd.DataFrame], names: tuple[str, ...]) -> list[pd.DataFrame]:
    """Frames whose columns of these names have one set of categories, in the order of their names."""
    for name in names:
        every = sorted({str(label) for frame in frames for label in frame[name].cat.categories})
        labels = pd.Index(every, dtype="str")
        frames = [frame.assign(**{name: frame[name].cat.set_categories(labels)}) for frame in frames]
    return frames
