"""ctsopt itself: `formulation.build`, the arrays of the program, `passModel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsopt.formulation.build import build as formulate
from ctsopt.programs.highs import Highs

if TYPE_CHECKING:
    import highspy

    from ctsopt.networks.network import Network
    from ctsopt.programs.program import Arrays


def build(net: Network) -> Arrays:
    """All families, stacked into arrays."""
    return formulate(net).arrays


def hand_over(arrays: Arrays) -> highspy.Highs:
    """One call."""
    return Highs(arrays)._highs
