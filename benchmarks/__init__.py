"""Benchmarks: the same program built by ctsopt and by other tools, and every phase of ctsopt timed."""

from __future__ import annotations
