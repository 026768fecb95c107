"""The builders that are compared. Each module has `build(source)` and `hand_over(model)`."""

from __future__ import annotations
