"""Packs of what-ifs over one model: read, checked, expanded into cases, solved, compared."""

from __future__ import annotations
