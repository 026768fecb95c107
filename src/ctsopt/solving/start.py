"""The plan to start from: which columns of a program it says something about, and what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.programs.scaling import solver_units
from ctsopt.results.read_back import variables_in
from ctsopt.results.solution import Solution
from ctsopt.solving.fixing import matched, positions
from ctsopt.solving.strategies.strategy import Start

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_DECIDED = ("open", "source", "group_source")
"""What is taken from a plan that is none of this network: its flows, and what has to have room for them, differ."""

_KEPT = 1e-9
"""By this share of its terms a row of a plan of this network may be off."""


Given = Solution | pd.DataFrame | Mapping[str, bool]
"""A plan to start from: itself, all that it decides (`read_back.decided`), or which sites are open in it."""


def start_of(net: Network, program: Program, start: Given | None) -> Start | None:
    """Columns and their values in the plan to start from, within what the study allows.

    All columns where it is a plan of this program, too; else those of sites and sources.
    """
    if start is None:
        return None
    if isinstance(start, (Solution, pd.DataFrame)):
        values = _within(program, _of_solution(program, start) if isinstance(start, Solution) else
                         _of_table(program, start))
        if _holds(program, values):
            return np.arange(program.columns), values
        blocks = [program.variables[name].span for name in _DECIDED if name in program.variables]
        columns = np.concatenate([np.arange(span.start, span.stop) for span in blocks])
        return columns, values[columns]
    if not isinstance(start, Mapping):
        raise UsageError(f"start: a Solution, or a mapping of site to whether it is open, is needed, not "
                         f"{type(start).__name__}")
    known, sites = dict(start), net.axes["site"].labels.tolist()
    known_sites = set(sites)
    strange = [name for name in known if name not in known_sites]
    if strange:
        raise UsageError(f"start: there is no site {strange[0]!r}" + did_you_mean(str(strange[0]), sites))
    span = program.variables["open"].span
    wanted = np.array([float(bool(known.get(name, False))) for name in sites])
    return (np.arange(span.start, span.stop),
            np.clip(wanted, program.arrays.lower[span], program.arrays.upper[span]))


def _of_solution(program: Program, start: Solution) -> Floats:
    """The values of a plan at the columns of another program with the same keys; else 0."""
    values, given = np.zeros(program.columns), start.tables["values"]["value"].to_numpy(dtype=float)
    for name, old in variables_in(start).variables.items():
        block = program.variables.get(name)
        if block is None or block.index.names != old.index.names:
            continue
        place = matched(block.index, old.index)
        values[block.start + place[place >= 0]] = given[old.span][place >= 0]
    return values


def _of_table(program: Program, decided: pd.DataFrame) -> Floats:
    """What a plan decides, by name and keys, at the columns of another program; else 0.

    Raises
    ------
    UsageError
        If it is no such table.
    """
    missing = [name for name in ("decision", "value") if name not in decided]
    if missing:
        raise UsageError(f"start: a table of decisions is needed, with their keys as columns; it has no column "
                         f"{missing[0]!r}")
    values = np.zeros(program.columns)
    for name, rows in decided.groupby("decision", sort=False):
        block = program.variables.get(str(name))
        if block is None or not set(block.index.names) <= set(rows):
            continue
        place = positions(block.index, rows)
        values[block.start + place[place >= 0]] = rows["value"].to_numpy(dtype=float)[place >= 0]
    return values


def _within(program: Program, values: Floats) -> Floats:
    """Within the bounds, and with those that stand in for what a solver is not given in its place."""
    arrays = program.arrays
    if program.stand_in is not None:
        moved = np.zeros(program.columns)
        np.add.at(moved, program.stand_in, values)
        values = moved
    values = np.where(arrays.integer, np.round(values), values)
    return np.clip(values, arrays.lower, arrays.upper)


def _holds(program: Program, plan: Floats) -> bool:
    """Whether a plan keeps every row."""
    arrays = program.arrays
    activity = np.asarray(arrays.matrix @ plan)
    size = _KEPT * np.maximum(np.asarray(abs(arrays.matrix) @ np.maximum(np.abs(plan), solver_units(arrays))), 1e-9)
    kept = (activity >= arrays.row_lower - size) & (activity <= arrays.row_upper + size)
    return bool(kept[~program.lazy].all())
