"""The fixed secondary rule: which of several plans of the same cost is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Floats
from ctsopt.programs.program import Program

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_GOLDEN = (5**0.5 - 1) / 2


def preference(net: Network, program: Program) -> Floats:
    """Secondary objective: days that goods are under way; then a fixed order of the ways.

    Days x units are least: of two plans of equal cost the faster one is kept. What is then still equal is settled by a
    weight below a thousandth of a day that follows the canonical order of the ways (fractional parts of multiples of
    the golden ratio, so that no two sums are alike by accident).
    """
    weights = np.zeros(program.columns)
    days = {"move": net.ways.moves.measures["lead_time"], "deliver": net.ways.deliveries.measures["lead_time"]}
    for name, block in program.variables.items():
        size = len(block.index)
        order = np.mod(np.arange(1, size + 1) * _GOLDEN, 1.0) * 1e-3
        weights[block.span] = order + days.get(name, np.zeros(size))
    return weights
