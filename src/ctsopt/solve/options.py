"""Options of a solve, checked before anything runs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Literal, get_args

from ctsopt.errors import UsageError, nearest_name

Links = Literal["lazy", "all", "capacity"]


@dataclass(frozen=True)
class Options:
    """How to solve. See `ctsopt.solve` for the meaning of each."""

    gap: float = 1e-4
    abs_gap: float = 0.0
    time_limit: float | None = None
    seed: int = 0
    log: bool = False
    relax: bool = False
    links: Links = "lazy"

    def __post_init__(self) -> None:
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
        if self.links not in get_args(Links):
            near = nearest_name(str(self.links), get_args(Links))
            raise UsageError(f"links = {self.links!r}: one of {', '.join(get_args(Links))}"
                             + (f"; did you mean {near!r}?" if near else ""))

        # Plain numbers, whatever kind of number was given: they are saved with the solution.
        for name, kind in (("gap", float), ("abs_gap", float), ("seed", int)):
            object.__setattr__(self, name, kind(getattr(self, name)))
        if self.time_limit is not None:
            object.__setattr__(self, "time_limit", float(self.time_limit))

    def record(self) -> dict[str, object]:
        """The options as plain values."""
        return asdict(self)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
