"""Options of a solve, checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from numbers import Real
from typing import Any, Literal, get_args

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.fixing import Fix, as_fixes

Links = Literal["auto", "lazy", "all", "capacity"]
Way = Literal["auto", "direct", "columns"]
StockPlan = Literal["in_plan", "after"]

DIRECT = "direct"
"""The solver that is not one of Pyomo's: HiGHS, given the arrays themselves."""

ROUNDING = 1e-9
"""Share of the cost of a plan by which a bound that equals it may be off."""


@dataclass(frozen=True)
class Options:
    """How to solve. See `ctsopt.solve` for the meaning of each."""

    gap: float = 1e-4
    abs_gap: float = 0.0
    time_limit: float | None = None
    seed: int = 0
    log: bool = False
    relax: bool = False
    links: Links = "auto"
    solver: str = DIRECT
    stock: StockPlan = "in_plan"
    solver_options: Mapping[str, Any] = field(default_factory=dict)
    fix: Sequence[Fix] = ()
    known_bound: float | None = None
    decide: float | None = None
    dominance: bool = True
    strategy: Way = "direct"

    def __post_init__(self) -> None:
        object.__setattr__(self, "gap", as_gap(self.gap))
        for name in ("gap", "abs_gap"):
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value < math.inf:
                raise UsageError(f"{name} = {value!r}: give a number from 0 up"
                                 + (" (0.01 is one percent)" if name == "gap" else ""))
        if self.gap >= 1:
            raise UsageError(f"gap = {self.gap!r}: a share is meant; write 0.01 for one percent")
        if self.time_limit is not None and not (_is_number(self.time_limit) and self.time_limit > 0):
            raise UsageError(f"time_limit = {self.time_limit!r}: give seconds above 0, or None for no limit")
        if not _is_number(self.seed) or not 0 <= self.seed < 2**31 or int(self.seed) != self.seed:
            raise UsageError(f"seed = {self.seed!r}: give a whole number from 0 to {2**31 - 1}")
        for name, words in (("links", Links), ("stock", StockPlan), ("strategy", Way)):
            value, known = getattr(self, name), get_args(words)
            if value not in known:
                raise UsageError(f"{name} = {value!r}: one of {', '.join(known)}" + did_you_mean(str(value), known))
        if not isinstance(self.dominance, bool):
            raise UsageError(f"dominance = {self.dominance!r}: True or False")
        self._check_solver()
        object.__setattr__(self, "fix", as_fixes(self.fix))
        for name in ("known_bound", "decide"):
            self._check_amount(name)

        # Plain numbers, whatever kind of number was given: they are saved with the solution.
        for name, kind in (("gap", float), ("abs_gap", float), ("seed", int)):
            object.__setattr__(self, name, kind(getattr(self, name)))
        if self.time_limit is not None:
            object.__setattr__(self, "time_limit", float(self.time_limit))

    def _check_solver(self) -> None:
        if not isinstance(self.solver, str):
            raise UsageError(f"solver = {self.solver!r}: give the name of a solver, such as {DIRECT!r} or 'highs'")
        if not isinstance(self.solver_options, Mapping):
            raise UsageError(f"solver_options: a dict of names and values is needed, not "
                             f"{type(self.solver_options).__name__}")
        given: dict[Any, Any] = dict(self.solver_options)
        for name, value in given.items():
            if not isinstance(name, str) or not isinstance(value, (str, bool, int, float)):
                raise UsageError(f"solver_options: {name!r} = {value!r}: a name with a number, a text, True or False")
        if self.solver_options and self.solver == DIRECT:
            raise UsageError("solver_options are for a solver by name, such as solver='highs'; with 'direct', gap, "
                             "abs_gap, time_limit, seed and links say how to search")
        object.__setattr__(self, "solver_options", given)

    def _check_amount(self, name: str) -> None:
        """An amount of money, or None; neither says anything about a relaxation."""
        value = getattr(self, name)
        if value is None:
            return
        if not _is_number(value) or not math.isfinite(value):
            raise UsageError(f"{name} = {value!r}: give an amount of money, or None")
        if self.relax:
            raise UsageError(f"{name} is about plans: leave it out where relax asks for the relaxation alone")
        object.__setattr__(self, name, float(value))

    @property
    def known(self) -> float:
        """The bound that is known from elsewhere; -infinite where there is none."""
        return -math.inf if self.known_bound is None else self.known_bound

    def slack(self, cost: float) -> float:
        """By how much a bound may be below the cost of a plan that is good enough."""
        return max(self.gap * abs(cost), self.abs_gap, ROUNDING * abs(cost))

    def ends(self, cost: float, bound: float) -> StoppedBy | None:
        """Why a search may end with a plan of some cost (infinite: none) and a bound; None where it goes on."""
        bound = max(bound, self.known)
        if cost < math.inf and cost - bound <= self.slack(cost):
            return "gap"
        return "decided" if self.decided(cost, bound) else None

    def decided(self, cost: float, bound: float) -> bool:
        """Whether it is known if a plan costs at most the amount to decide about."""
        return self.decide is not None and (cost <= self.decide or bound > self.decide)

    def record(self, *, brief: bool = False) -> dict[str, object]:
        """The options as plain values, of which they can be made again; what is fixed in short, if `brief`."""
        held = [fix.brief() if brief else fix.record() for fix in self.fix]
        return asdict(replace(self, fix=())) | {"fix": held}


def as_gap(gap: float | str) -> float:
    """A gap as a share: 0.01, "0.01" or "1%"."""
    if not isinstance(gap, str):
        return gap
    text = gap.strip()
    try:
        return float(text.removesuffix("%").rstrip()) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise UsageError(f"gap = {gap!r}: a share is meant, such as 0.01 or 1%") from None


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
