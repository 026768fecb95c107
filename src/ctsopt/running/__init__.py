"""Jobs, each a network to solve: run once, by whoever there is, with what is done kept on disk."""

from __future__ import annotations
