"""A program as an LP file with readable names, for reading and for other solvers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ctsopt.programs.program import Program

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.,()|#$%&@!?~{}'`\";]")
_LONGEST = 200


def write_lp(program: Program, path: str | Path) -> None:
    """Write `program` to `path` in LP format.

    Names are those of the blocks with their business keys, `serve_demand(C1,gold,P1,year)`. Characters that the
    format forbids become `_`; where two names would then be the same, a number is added.
    """
    with Path(path).open("w", encoding="ascii", newline="\n") as file:
        file.writelines(_lines(program))


def _lines(program: Program) -> Iterator[str]:
    arrays = program.arrays
    columns, rows = _legal(program.column_names()), _legal(program.row_names())
    yield f"\\ {_FORBIDDEN.sub('_', program.name)}\nMinimize\n cost:"
    filled = np.flatnonzero(arrays.cost)
    yield from _terms(arrays.cost[filled].tolist(), [columns[j] for j in filled.tolist()])
    yield (f" {arrays.offset:+.17g}\n" if arrays.offset else "\n") + "Subject To\n"
    matrix = program.matrix()
    start = matrix.indptr.tolist()
    for i, (name, low, high) in enumerate(zip(rows, arrays.row_lower.tolist(), arrays.row_upper.tolist(), strict=True)):
        part = slice(start[i], start[i + 1])
        names = [columns[j] for j in matrix.indices[part].tolist()]
        if not names or (math.isinf(low) and math.isinf(high)):
            continue
        body = "".join(_terms(matrix.data[part].tolist(), names))
        if low == high:
            yield f" {name}:{body} = {low:.17g}\n"
            continue
        if not math.isinf(high):
            yield f" {name}:{body} <= {high:.17g}\n"
        if not math.isinf(low):
            suffix = "" if math.isinf(high) else "_low"
            yield f" {name}{suffix}:{body} >= {low:.17g}\n"
    yield "Bounds\n"
    for name, low, high in zip(columns, arrays.lower.tolist(), arrays.upper.tolist(), strict=True):
        yield f" {_end(low)} <= {name} <= {_end(high)}\n"
    if arrays.integer.any():
        yield "General\n"
        yield from (f" {columns[j]}\n" for j in np.flatnonzero(arrays.integer).tolist())
    yield "End\n"


def _terms(coefficients: Iterable[float], names: Iterable[str]) -> Iterator[str]:
    for k, (coefficient, name) in enumerate(zip(coefficients, names, strict=True)):
        yield f"{chr(10) + '  ' if k and k % 8 == 0 else ''} {coefficient:+.17g} {name}"


def _end(value: float) -> str:
    return f"{value:.17g}" if not math.isinf(value) else ("+inf" if value > 0 else "-inf")


def _legal(names: Iterable[str]) -> list[str]:
    """Names that the LP format takes, distinct."""
    seen: dict[str, int] = {}
    legal = []
    for name in names:
        plain = _FORBIDDEN.sub("_", name.replace("[", "(").replace("]", ")"))[:_LONGEST]
        again = seen.get(plain, 0)
        seen[plain] = again + 1
        legal.append(f"{plain}~{again}" if again else plain)
    return legal
