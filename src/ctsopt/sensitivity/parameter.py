"""A figure of the tables that is varied: written as the axis of a sweep, put into a network as an edit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.networks.network import Network
from ctsopt.results.solution import Solution

_KEYS = ("table", "where", "op", "column")
_OPS = ("set", "scale", "add")


@dataclass(frozen=True)
class Parameter:
    """One column of some rows of a table, set to a figure, scaled by it, or raised by it."""

    table: str
    column: str
    op: str
    where: Mapping[str, Any]

    @classmethod
    def of(cls, given: Any) -> Parameter:
        """As an axis of a sweep is written: table, column, op (set, if left out), where.

        Raises
        ------
        UsageError
            If it is written otherwise.
        """
        if not isinstance(given, Mapping):
            raise UsageError("a parameter is written as an axis of a sweep, such as {'table': 'sites', 'where': "
                             f"{{'site': 'West'}}, 'column': 'fixed_cost'}}, not {type(given).__name__}")
        for key in given:
            if key not in _KEYS:
                raise UsageError(f"parameter: there is no {key!r}; it has {', '.join(_KEYS)}"
                                 + did_you_mean(str(key), _KEYS))
        for key in ("table", "column"):
            if not isinstance(given.get(key), str):
                raise UsageError(f"parameter: {key} is needed, a name")
        op = given.get("op", "set")
        if op not in _OPS:
            raise UsageError(f"parameter: op = {op!r}: one of {', '.join(_OPS)}" + did_you_mean(str(op), _OPS))
        return cls(given["table"], given["column"], op, given.get("where") or {})

    def at(self, net: Network, value: float) -> Network:
        """The network with this figure."""
        return net.with_edits({"table": self.table, **({"where": self.where} if self.where else {}),
                               self.op: {self.column: value}})

    def __str__(self) -> str:
        rows = ", ".join(str(value) for value in self.where.values())
        how = {"set": "", "scale": " times", "add": " plus"}[self.op]
        return f"{self.table}.{self.column}{f' of {rows}' if rows else ''}{how}"


def number(name: str, value: Any) -> float:
    """A finite number that was given.

    Raises
    ------
    UsageError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise UsageError(f"{name} = {value!r}: give a number")
    return float(value)


def open_sites(solution: Solution) -> frozenset[str]:
    """The sites that a plan has open."""
    opened = solution.decisions("open")
    return frozenset(opened.loc[opened["value"] > 0.5, "site"].astype(str))


def site_changes(sets: list[frozenset[str]]) -> pd.DataFrame:
    """What opens and closes from one plan to the next; nothing at the first."""
    rows = [(", ".join(sorted(new - old)), ", ".join(sorted(old - new)))
            for old, new in zip(sets[:1] + sets, sets, strict=False)]
    return pd.DataFrame(rows, columns=["opens", "closes"])
