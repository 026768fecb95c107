"""Why there is no plan, and what can be promised instead."""

from __future__ import annotations

from collections.abc import Sequence

from ctsopt.errors import InfeasibleError, UsageError
from ctsopt.formulation.family import RowFamily
from ctsopt.networks.network import Network, even_impossible
from ctsopt.programs.sentinel import admit
from ctsopt.solving.explaining.explanation import Explanation
from ctsopt.solving.explaining.ladder import SECONDS
from ctsopt.solving.run import case
from ctsopt.tables.io import Source


def explain(source: Network | Source, extra: Sequence[RowFamily] = (), seconds: float = SECONDS) -> Explanation:
    """Say why no plan keeps every promise, and what can be promised instead.

    Parameters
    ----------
    source : Network, path, or mapping of str to DataFrame
        A network; or its tables, where already these show that a promise cannot be kept.
    extra : sequence of functions, optional
        Row families of your own, as for `solve`.
    seconds : float
        Time for the reasons and the offers together: the reasons may take three quarters of it.

    Returns
    -------
    Explanation
        Prints as sentences; `offers` says what can be promised instead, `edits(offer)` gives the edits of the tables.

    Raises
    ------
    UsageError
        If there is no such folder or file.
    DataError
        If a table is written wrongly.
    """
    if seconds <= 0:
        raise UsageError(f"seconds = {seconds!r}: more than 0")
    admit()
    net = source if isinstance(source, Network) else even_impossible(source)
    this = case(net, seconds=seconds, extra=extra)
    found = this.explanation()
    if found.rung == "kept" and net.derived.stocking is not None:
        # The lines below the curves of stock have room for less stock than the curves: only a whole plan shows it.
        try:
            this.solve(net, max(seconds - this.spent, 1e-3))
        except InfeasibleError as error:
            return found if error.explanation is None else error.explanation
    return found
