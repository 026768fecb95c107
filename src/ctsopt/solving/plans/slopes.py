"""From the relaxation to a design: what is paid once is charged by the share that is used, again and again.

A relaxation pays for a tenth of a site where a tenth of it is used. Charged at what the tenth would have to bear, small
shares become dear, and flows gather at few sites (dynamic slope scaling; Kim and Pardalos, Operations Research Letters
24, 1999). Every round is a linear program of the session with other costs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Floats
from ctsopt.solving.plans.valued import Designs

_LEAST = 1e-3
"""The share of a whole column over which its cost is spread at the least."""

_USED = 1e-6
"""A column above this is used."""


def by_slopes(designs: Designs, rounds: int) -> Iterator[Floats]:
    """Designs by slopes, each different from the one before; the costs are the program's own again afterwards."""
    arrays, session, gates = designs.arrays, designs.session, designs.gates
    once = np.flatnonzero(arrays.integer & (arrays.upper <= 1) & (arrays.cost > 0) & (arrays.lower <= 0)
                          & (arrays.upper > 0))
    before: Floats | None = None
    share = np.ones(len(once))
    try:
        for _ in range(rounds):
            outcome = designs.between(gates.lower, gates.upper)
            if outcome is None or outcome.plan is None:
                return
            used = outcome.plan[once]
            share = np.where(used > _USED, np.maximum(used, _LEAST), share)
            session.costs(once, arrays.cost[once] / share)
            design = np.maximum(gates.lower, np.where(outcome.plan[gates.design] > _USED, gates.upper, gates.lower))
            if before is not None and (design == before).all():
                return
            before = design
            yield design
    finally:
        session.costs(once, arrays.cost[once])
