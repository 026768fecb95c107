"""ctsopt: what does it cost to serve these customers at this service, and what would another promise cost?"""
from __future__ import annotations

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
from ctsopt.results.solution import Solution
from ctsopt.results.store import load
from ctsopt.shortage.allocation import Allocation, allocate
from ctsopt.solving import program, solve
from ctsopt.solving.explaining.explanation import Explanation, Offer
from ctsopt.solving.export import to_pyomo
from ctsopt.solving.fixing import Fix
from ctsopt.solving.guaranteed_service import GuaranteedService, guaranteed_service
from ctsopt.solving.shadow_prices import shadow_prices
from ctsopt.solving.why_not import explain
from ctsopt.versions import show_versions

__all__ = [
    "Allocation", "Certified", "Comparison", "CtsError", "CtsWarning", "DataError", "Explanation", "FileError",
    "Finding", "Findings", "Fix", "GuaranteedService", "InfeasibleError", "KeyMismatch", "Network", "NoPlanError",
    "Offer", "Pack", "PackResult", "Progress", "Scenario", "Solution", "SolverError", "UntrustedSolverError",
    "UsageError", "allocate", "check", "check_pack", "compare", "explain", "guaranteed_service", "load", "network",
    "program", "read", "read_pack", "run", "shadow_prices", "show_versions", "solve", "template", "to_pyomo",
]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ctsopt")
    raise AttributeError(f"module 'ctsopt' has no attribute {name!r}")
