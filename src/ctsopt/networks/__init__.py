"""Data: the tables of a network, their checks, and what follows from them. Knows no optimisation."""

from __future__ import annotations
