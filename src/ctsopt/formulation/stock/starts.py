"""A plan without stock decisions as a start for a program that has them."""

from __future__ import annotations

import numpy as np

from ctsopt.formulation.stock.decisions import own_segments
from ctsopt.formulation.stock.segments import Segments
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import BLANK, Floats, Positions
from ctsopt.programs.program import Program


def starting(program: Program, stock: StockModel, segments: Segments, plan: Floats) -> tuple[Positions, Floats]:
    """Whole columns of a program and their values in a plan: those that it shares, and the stock that the plan has."""
    values, whole = np.zeros(program.columns), program.arrays.integer.copy()
    values[:len(plan)] = plan
    valued, made = stock.of(plan), stock.declared
    for name, block in program.variables.items():
        if name == "config":
            chosen = made.stocking.configurations.index.take(valued.configuration[valued.configuration != BLANK])
            values[block.span] = chosen.find(block.index) >= 0
        elif name == "stock_segment":
            own = np.flatnonzero(own_segments(made, segments))
            layer = segments.layer[own]
            volume = np.where(valued.active[layer], valued.volume[made.layers.volume[layer]], 0.0)
            values[block.span] = (volume > segments.low[own]) & (volume <= segments.high[own])
        elif block.start >= len(plan):
            whole[block.span] = False  # the variables of a user's own rules are left to the solver
    columns = np.flatnonzero(whole)
    return columns, values[columns]
