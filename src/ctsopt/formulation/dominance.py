"""Which deliveries a solver need not be given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsopt.programs.dominance import stand_ins
from ctsopt.programs.program import Program

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.networks.network import Network


def without_dominated(net: Network, program: Program) -> Program:
    """The program, whatever it is made of, without the deliveries that another one beats in all that it counts.

    Of two that are the same in all of it the faster one stays, then the first. Where stock is planned, the stock of a
    plan is valued beside the program, by what leaves a point and by the wait that its deliveries leave time for: a
    delivery gives way to one that leaves no less.
    """
    ways = net.ways.deliveries.measures
    ordered = {"wait": ways["wait"]} if "wait" in ways else {}
    return program.without("deliver", stand_ins(program, "deliver", ways["lead_time"], ordered))


def left_out(program: Program) -> int:
    """How many columns a solver is not given."""
    return 0 if program.left_out is None else int(program.left_out.sum())


def counted(count: int) -> pd.DataFrame:
    """What a program leaves out, as a network says what it leaves out: kind, reason, ways."""
    import pandas as pd

    rows = [("delivery", "dominated: another way of the same site is never worse", count)] if count else []
    return pd.DataFrame(rows, columns=["kind", "reason", "ways"]).astype({"ways": "int64"})
