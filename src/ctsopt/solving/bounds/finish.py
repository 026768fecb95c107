"""What is left of a large program once most of its design is fixed: small enough for a search by the solver."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome, Progress
from ctsopt.programs.program import Arrays
from ctsopt.progress import Teller
from ctsopt.solving.bounds.parts import Parts
from ctsopt.solving.options import Options

_WHOLE = 1e-7
"""How near to whole columns have to be: what is found is valued again with whole columns."""


@dataclass(frozen=True, eq=False)
class Rest:
    """A program with some of its columns and rows.

    Attributes
    ----------
    arrays : Arrays
    columns : int array
        Its columns in those of the parts.
    """

    arrays: Arrays
    columns: Positions

    @property
    def size(self) -> int:
        """Its coefficients."""
        return int(self.arrays.matrix.nnz)


def rest(parts: Parts, fixed: tuple[Floats, Floats], rows: Bools) -> Rest:
    """What is left where whole columns keep to some bounds: without the columns of what is closed.

    Parameters
    ----------
    parts : Parts
    fixed : pair of float arrays
        Bounds of the whole columns.
    rows : bool array
        Lazy rows that strengthen it; all others are kept.
    """
    arrays, duality = parts.arrays, parts.duality
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[parts.whole], upper[parts.whole] = fixed
    owner = np.full(len(lower), -1, dtype=np.int64)
    tied = duality.link >= 0
    owner[tied] = duality.owner[duality.link[tied]]
    gone = tied & parts.priced & (upper[owner] <= 0)  # a row that is not lazy holds them at 0, too
    columns = np.flatnonzero(~gone)
    some = replace(arrays, lower=lower, upper=upper).with_rows(np.flatnonzero(rows | ~parts.lazy)).with_columns(columns)
    return Rest(some, columns)


def finished(left: Rest, plan: Floats, options: Options, teller: Teller, deadline: float) -> tuple[Outcome, bool]:
    """The solver's own search of what is left, from a plan; and whether Ctrl-C was heard."""
    model = Highs(left.arrays, log=options.log, mip_rel_gap=options.gap, mip_abs_gap=max(options.abs_gap, 1e-9),
                  random_seed=options.seed, mip_feasibility_tolerance=_WHOLE)
    model.start_from(np.arange(len(left.columns), dtype=np.int32), plan[left.columns])

    def watch(at: Progress) -> bool:
        teller.search(at.value, at.bound, at.nodes)
        return options.ends(at.value, at.bound) is not None

    outcome = model.run(deadline - time.monotonic(), watch)
    return outcome, model.interrupted
