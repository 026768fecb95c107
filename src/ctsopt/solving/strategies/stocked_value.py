"""What a plan costs with its stock by the declared curves, and whether it keeps budget and storage then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.build import stock_of
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import Floats
from ctsopt.programs.program import Program, RowBlock

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_ROUNDING = 1e-9
"""Share of the budget that is nothing."""


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
        return self._over_budget(plan) <= _ROUNDING * self._budget and self.stock.fits(plan, self._program)

    def tightened(self, program: Program, lines: Floats, plan: Floats, more: float) -> Program | None:
        """A program with lines, with as much less room and money as the curves take more than the lines.

        Where the lines say that a plan just fits, the curves above them say that it does not. With the difference off
        the side of the row, a plan nearby fits by the curves.

        Parameters
        ----------
        program : Program
        lines : float array
            A plan of that program.
        plan : float array
            The same, by the curves, in the columns of the program without lines.
        more : float
            How often what is over is taken off in addition: the curves rise less than the lines, so that plans that
            come ever nearer to what fits would be over for ever.

        Returns
        -------
        Program or None
            None where no row of the program says what the plan breaks.
        """
        less = np.zeros(program.row_count)
        storage, budget = program.rows.get("storage"), program.rows.get("budget")
        if storage is not None:
            over = self.stock.over_storage(plan, self._program)[storage.index["site"], storage.index["period"]]
            less[storage.span] = np.where(over > 0, self._more(storage, lines, over, more), 0.0)
        if budget is not None and self._over_budget(plan) > 0:
            less[budget.span] = self._more(budget, lines, np.array([self._over_budget(plan)]), more)
        return program.with_sides(program.arrays.row_upper - less) if less.any() else None

    @staticmethod
    def _more(rows: RowBlock, lines: Floats, over: Floats, more: float) -> Floats:
        """What the curves take more than the lines: what is over, and what the lines leave free."""
        return np.asarray((1 + more) * over + np.maximum(rows.rows.upper - rows.rows.lhs.value(lines), 0.0))

    def _over_budget(self, plan: Floats) -> float:
        """Money above the budget, penalties apart; below 0 where some is left."""
        return sum(float(part.amount(plan).sum()) for line in self._program.costs.values()
                   if line.behaviour != "penalty" for part in line.parts) - self._budget

    @property
    def _budget(self) -> float:
        """Money over the horizon."""
        return float(self._net.settings["budget"]) * self._net.horizon / 365
