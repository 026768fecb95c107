"""The plan to start from: which columns of a program it says something about, and what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.keys import Floats, Keys
from ctsopt.programs.program import Program
from ctsopt.results.solution import Solution
from ctsopt.solving.strategies.strategy import Start

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


def start_of(net: Network, program: Program, start: Solution | Mapping[str, bool] | None) -> Start | None:
    """Whole columns and their values in the plan to start from, within what the study allows."""
    if start is None:
        return None
    known = start.sites.set_index("site")["open"].to_dict() if isinstance(start, Solution) else dict(start)
    sites = net.axes["site"].labels.tolist()
    known_sites = set(sites)
    strange = [name for name in known if name not in known_sites]
    if strange and not isinstance(start, Solution):
        raise UsageError(f"start: there is no site {strange[0]!r}" + did_you_mean(str(strange[0]), sites))
    block = program.variables["open"]
    values = np.array([float(bool(known.get(name, False))) for name in sites])
    values = np.clip(values, np.asarray(block.variable.lower), np.asarray(block.variable.upper))
    columns = np.arange(block.span.start, block.span.stop)
    if not isinstance(start, Solution) or "source" not in program.variables:
        return columns, values
    sources = program.variables["source"]
    return (np.concatenate([columns, np.arange(sources.span.start, sources.span.stop)]),
            np.concatenate([values, _sources(start, sources.index)]))


def _sources(start: Solution, index: Keys) -> Floats:
    """1 for each source that the plan to start from uses."""
    flow = start.flows[start.flows["kind"] == "delivery"]
    wanted = index.frame()
    used = np.zeros(len(wanted), dtype=bool)
    for names, here in ((["customer", "origin"], wanted["product"] == ""),
                        (["customer", "origin", "product"], wanted["product"] != "")):
        keys = wanted.rename(columns={"site": "origin"})[names]
        used |= here.to_numpy() & pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(flow[names]))
    return used.astype(float)
