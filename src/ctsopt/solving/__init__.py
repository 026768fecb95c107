"""The run: from a network to a solution with a proof."""
from __future__ import annotations

from ctsopt.solving.run import program, solve

__all__ = ["program", "solve"]
