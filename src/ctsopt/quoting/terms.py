"""What stands on a sheet beside the quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.quoting.money import Chance


@dataclass(frozen=True)
class Terms:
    """What is on a sheet beside the quote.

    Parameters
    ----------
    compare : bool
        Average, avoidable and stand-alone cost of the customers beside it, and their peers; three more solves.
    ladder : bool
        The other tiers that would be cheaper, each quoted with the sites of today.
    menu : DataFrame, optional
        Other promises with their prices, from `ctsopt.quoting.menu.price_menu`.
    chance : Chance, optional
        With what probability the price pays, from `Quote.chance`.
    valid_until : str
        As it is to be printed.
    name : str
        Of the quote, in its record.
    depends_on : sequence of str
        Names of the quotes that it rests on.
    """

    compare: bool = True
    ladder: bool = True
    menu: pd.DataFrame | None = None
    chance: Chance | None = None
    valid_until: str = ""
    name: str = ""
    depends_on: Sequence[str] = ()
