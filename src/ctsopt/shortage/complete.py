"""Orders that are taken in full or not at all: which of them are worth most."""

from __future__ import annotations

import numpy as np

from ctsopt.errors import SolverError
from ctsopt.keys import Axis, Bools, Keys, Positions
from ctsopt.programs.algebra import Variable
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program
from ctsopt.shortage.rules import Lines
from ctsopt.shortage.settling import Sources


def best_orders(lines: Lines, bundle: Positions, complete: Bools, sources: Sources) -> Bools:
    """The lines of the orders to be taken in full, so that what is not served costs least.

    Parameters
    ----------
    lines : Lines
        The lines.
    bundle : int array
        Lines that are taken together.
    complete : bool array
        Lines that are taken in full or not at all.
    sources : Sources
        What there is.
    """
    # The rows of a table come in any order: the program has them in the order of rank and turn, so that of several
    # equal answers the same one is found.
    order = np.lexsort((lines.turn, lines.rank))
    first = np.full(int(bundle.max()) + 1, len(order))
    np.minimum.at(first, bundle[order], np.arange(len(order)))
    canonical = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    own = canonical[bundle]
    axes = {"kind": Axis("kind", [str(i) for i in range(sources.kinds)]),
            "source": Axis("source", [str(i) for i in range(len(sources.supply))]),
            "line": Axis("line", [str(i) for i in range(len(lines))]),
            "order": Axis("order", [str(i) for i in range(len(first))])}
    program = Program("complete orders")
    serve = program.add_variable("serve", Variable(Keys.make(axes, kind=sources.way_kind, source=sources.way_source)))
    whole, free = order[complete[order]], order[~complete[order]]
    orders = Keys.make(axes, order=np.unique(own[complete]))
    take = program.add_variable("take", Variable(orders, 0.0, 1.0, integer=True, design=True))
    part = program.add_variable("part", Variable(Keys.make(axes, line=free, kind=sources.kind[free]),
                                                 lines.low[free], lines.high[free]))
    kinds = Keys.make(axes, kind=np.arange(sources.kinds))
    taken = take.at(Keys.make(axes, line=whole, kind=sources.kind[whole], order=own[whole])) * lines.asked[whole]
    supplied = serve.by("source")
    program.add_rows("supply_of", supplied <= sources.supply[supplied.index["source"]])
    program.add_rows("demand_of", serve.per(kinds) - taken.per(kinds) - part.per(kinds) >= 0.0)
    program.add_cost("saved", taken * -lines.penalty[whole], "variable")
    program.add_cost("saved_in_part", part * -lines.penalty[free], "variable")
    outcome = Highs(program.arrays, mip_rel_gap=0.0, mip_abs_gap=1e-9).run()
    if outcome.plan is None:
        raise SolverError(f"no choice of complete orders was found: {outcome.detail}")
    chosen = np.zeros(len(first), dtype=bool)
    chosen[orders["order"]] = outcome.plan[program.variables["take"].span] > 0.5
    return np.asarray(chosen[own] & complete, dtype=bool)
