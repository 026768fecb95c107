"""Plans beside each other: differences with their proof, bridges, regret, fronts, in words and in a folder."""

from __future__ import annotations
