"""Packs of what-ifs over one model: read, checked, expanded into cases, and made into jobs."""

from __future__ import annotations
