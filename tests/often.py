"""Cases of which a few stand for many: the few run with every change, all of them in the long run (`make soak`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """All cases; one of each `every` runs before a change is taken, the others are marked `long`."""
    return [case if at % every == 0 else pytest.param(*(case if isinstance(case, tuple) else (case,)),
                                                      marks=pytest.mark.long)
            for at, case in enumerate(cases)]
