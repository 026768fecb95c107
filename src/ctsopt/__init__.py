"""ctsopt: what does it cost to serve these customers at this service, and what would another promise cost?"""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctsopt.certified import Certified
    from ctsopt.comparing.comparison import Comparison, compare
    from ctsopt.comparing.outcome import PackResult, run
    from ctsopt.errors import (
        CtsError,
        CtsWarning,
        DataError,
        FileError,
        Finding,
        Findings,
        InfeasibleError,
        KeyMismatch,
        NoPlanError,
        SolverError,
        UntrustedSolverError,
        UsageError,
    )
    from ctsopt.networks.network import Network, check, network, read
    from ctsopt.networks.template import template
    from ctsopt.packs.pack import Pack, Scenario, check_pack, read_pack
    from ctsopt.progress import Progress
    from ctsopt.quoting.change import Change
    from ctsopt.quoting.prices import price_list
    from ctsopt.quoting.quote import Quote, quote
    from ctsopt.results.arrival import Arrival, arrival
    from ctsopt.results.solution import Solution
    from ctsopt.results.store import load
    from ctsopt.sensitivity.break_even import BreakEven, break_even
    from ctsopt.shortage.allocation import Allocation, allocate
    from ctsopt.shortage.book import PromiseBook
    from ctsopt.shortage.planned import planned_supply
    from ctsopt.shortage.promising import open_book, promise_book
    from ctsopt.solving import program, solve
    from ctsopt.solving.explaining.explanation import Explanation, Offer
    from ctsopt.solving.export import to_pyomo
    from ctsopt.solving.fixing import Fix
    from ctsopt.solving.guaranteed_service import GuaranteedService, guaranteed_service
    from ctsopt.solving.shadow_prices import shadow_prices
    from ctsopt.solving.why_not import explain
    from ctsopt.versions import show_versions

    __version__: str

__all__ = [
    "Allocation", "Arrival", "BreakEven", "Certified", "Change", "Comparison", "CtsError", "CtsWarning", "DataError",
    "Explanation", "FileError", "Finding", "Findings", "Fix", "GuaranteedService", "InfeasibleError", "KeyMismatch",
    "Network", "NoPlanError", "Offer", "Pack", "PackResult", "Progress", "PromiseBook", "Quote", "Scenario",
    "Solution", "SolverError", "UntrustedSolverError", "UsageError", "allocate", "arrival", "break_even", "check",
    "check_pack", "compare", "explain", "guaranteed_service", "load", "network", "open_book", "planned_supply",
    "price_list", "program", "promise_book", "quote", "read", "read_pack", "run", "shadow_prices", "show_versions",
    "solve", "template", "to_pyomo",
]

_HOMES = {
    "certified": "Certified",
    "comparing.comparison": "Comparison compare",
    "comparing.outcome": "PackResult run",
    "errors": "CtsError CtsWarning DataError FileError Finding Findings InfeasibleError KeyMismatch NoPlanError "
              "SolverError UntrustedSolverError UsageError",
    "networks.network": "Network check network read",
    "networks.template": "template",
    "packs.pack": "Pack Scenario check_pack read_pack",
    "progress": "Progress",
    "quoting.change": "Change",
    "quoting.prices": "price_list",
    "quoting.quote": "Quote quote",
    "results.arrival": "Arrival arrival",
    "results.solution": "Solution",
    "results.store": "load",
    "sensitivity.break_even": "BreakEven break_even",
    "shortage.allocation": "Allocation allocate",
    "shortage.book": "PromiseBook",
    "shortage.planned": "planned_supply",
    "shortage.promising": "open_book promise_book",
    "solving": "program solve",
    "solving.explaining.explanation": "Explanation Offer",
    "solving.export": "to_pyomo",
    "solving.fixing": "Fix",
    "solving.guaranteed_service": "GuaranteedService guaranteed_service",
    "solving.shadow_prices": "shadow_prices",
    "solving.why_not": "explain",
    "versions": "show_versions",
}
"""The module of each public name, which is loaded when the name is first asked for: `ctsopt version` needs none."""

if not TYPE_CHECKING:  # type checkers know each name from the imports above, and that there are no others

    def __getattr__(name: str) -> object:
        """A public name, from its module; `__version__`, looked up."""
        from importlib import import_module, metadata

        if name == "__version__":
            return metadata.version("ctsopt")
        for home, names in _HOMES.items():
            if name in names.split():
                found = globals()[name] = getattr(import_module(f"ctsopt.{home}"), name)
                return found
        raise AttributeError(f"module 'ctsopt' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, "__version__"})
