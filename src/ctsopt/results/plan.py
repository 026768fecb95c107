"""A plan read back: the value of every variable and cost line over its business keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.keys import Floats, Keys
from ctsopt.programs.algebra import Expr
from ctsopt.programs.program import Program


@dataclass(frozen=True, eq=False)
class Plan:
    """The values of a program's columns, block by block.

    Attributes
    ----------
    program : Program
    values : float array
        One number per column.
    """

    program: Program
    values: Floats

    def of(self, name: str) -> Floats:
        """Values of the variables of one name; empty where the program has none."""
        block = self.program.variables.get(name)
        return self.values[block.span] if block is not None else np.empty(0)

    def index(self, name: str) -> Keys:
        """Keys of the variables of one name."""
        return self.program.variables[name].index

    def line(self, name: str) -> list[tuple[Expr, Floats]]:
        """The parts of a cost line with the amount of each key."""
        return [(part, part.amount(self.values)) for part in self.program.costs[name].parts]

    def whole(self, part: Expr, direct: Sequence[str]) -> Floats:
        """What an expression comes to at each key, but for its terms on the variables that are named."""
        amount = np.zeros(len(part.index)) if part.constant is None else part.constant.copy()
        mine = np.zeros(self.program.columns, dtype=bool)
        for name in direct:
            if name in self.program.variables:
                mine[self.program.variables[name].span] = True
        for some in part.terms:
            value = np.where(mine[some.col], 0.0, some.coef * self.values[some.col])
            amount += value if some.row is None else np.bincount(some.row, weights=value, minlength=len(amount))
        return amount

    def costs(self) -> pd.DataFrame:
        """Amount of every cost line: line, behaviour, amount."""
        rows = [(name, block.behaviour, float(sum(amount.sum() for _, amount in self.line(name))))
                for name, block in self.program.costs.items()]
        return pd.DataFrame(rows, columns=["line", "behaviour", "amount"])

    def amounts_on(self, variable: str) -> dict[str, Floats]:
        """For each cost line on one block of variables, the amount on each of its keys."""
        block = self.program.variables[variable]
        amounts = {}
        for name, cost in self.program.costs.items():
            total = np.zeros(len(block.index))
            for part in cost.parts:
                mine = (part.col >= block.span.start) & (part.col < block.span.stop)
                if mine.any():
                    np.add.at(total, part.col[mine] - block.start, part.coef[mine] * self.values[part.col[mine]])
            if total.any():
                amounts[name] = total
        return amounts
