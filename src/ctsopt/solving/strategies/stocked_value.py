"""What a plan costs with its stock by the declared curves, and whether it keeps budget and storage then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsopt.formulation.build import stock_of
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import Floats
from ctsopt.programs.program import Program

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


class StockedValue:
    """Cost of the plans of a program without lines: every linear cost line, and the curves at a plan's own volumes.

    Parameters
    ----------
    net : Network
        In which stock is planned.
    program : Program
        Its program without lines.
    """

    def __init__(self, net: Network, program: Program) -> None:
        stock = stock_of(program, net)
        assert stock is not None
        self._net, self._program = net, program
        self.stock: StockModel = stock
        self.declared = declared(net)

    def cost(self, plan: Floats) -> float:
        """Plan cost."""
        return float(sum(part.amount(plan).sum() for line in self._program.costs.values() for part in line.parts))

    def holds(self, plan: Floats) -> bool:
        """Whether a plan keeps budget and storage with stock by the curves, not by the lines below them."""
        net, program = self._net, self._program
        cash = sum(part.amount(plan).sum() for line in program.costs.values() if line.behaviour != "penalty"
                   for part in line.parts)
        if cash > float(net.settings["budget"]) * net.horizon / 365 * (1 + 1e-9):
            return False
        return self.stock.fits(plan, program)
