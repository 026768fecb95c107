"""Make `src/ctsopt/report/data/outlines.json.gz`: borders and coasts of the world, and of the states of the U.S.

    npm pack us-atlas@3.0.1 world-atlas@2.0.2
    python tools/make_outlines.py us-atlas-3.0.1.tgz world-atlas-2.0.2.tgz

Both packages (ISC licence) hold TopoJSON: lines that neighbours share are in it once, as steps between whole numbers.
Each line is thinned (Douglas and Peucker, 1973) on its own, so that neighbours keep a common border.
"""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TARGET = Path(__file__).parents[1] / "src" / "ctsopt" / "report" / "data" / "outlines.json.gz"
STEP = 0.01
"""Degrees in one whole number of the result: about a kilometre."""

TOLERANCE = {"countries": 0.04, "states": 0.015}
"""How far, in degrees, a thinned line may lie from the one it stands for."""

UNITED_STATES = "840"
TERRITORIES = ("60", "66", "69", "72", "78")
"""Samoa, Guam, the Northern Marianas, Puerto Rico and the Virgin Islands are among the countries already."""


def member(package: Path, name: str) -> dict[str, Any]:
    """A JSON file of an npm package."""
    with tarfile.open(package) as archive:
        file = archive.extractfile(f"package/{name}")
        if file is None:
            sys.exit(f"{package} has no {name}")
        content: dict[str, Any] = json.load(file)
        return content


def decoded(topology: dict[str, Any]) -> list[Floats]:
    """Every line of a topology as longitudes and latitudes, shape (points, 2)."""
    scale, shift = (np.asarray(topology["transform"][part], dtype=float) for part in ("scale", "translate"))
    return [np.cumsum(np.asarray(line, dtype=float), axis=0) * scale + shift for line in topology["arcs"]]


def numbers(arcs: Any) -> Iterator[int]:
    """Numbers of the lines of a geometry; those that run backwards are written as -1 - number."""
    for part in arcs:
        if isinstance(part, list):
            yield from numbers(part)
        else:
            yield part if part >= 0 else -1 - part


def used(topology: dict[str, Any], what: str, ids: Iterable[str], *, among: bool) -> set[int]:
    """Lines of those geometries whose id is among some, or is not."""
    chosen = set(ids)
    return {number for shape in topology["objects"][what]["geometries"]
            if (str(shape.get("id")) in chosen) == among for number in numbers(shape.get("arcs", []))}


def thinned(line: Floats, tolerance: float) -> Floats:
    """The line without points that lie nearer than the tolerance to the straight line that replaces them."""
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        inner, start, way = line[first + 1 : last], line[first], line[last] - line[first]
        length = float(np.hypot(*way))
        away = inner - start
        off = np.hypot(*away.T) if length == 0 else np.abs(way[0] * away[:, 1] - way[1] * away[:, 0]) / length
        far = int(off.argmax())
        if off[far] > tolerance:
            middle = first + 1 + far
            keep[middle] = True
            open_parts += [(first, middle), (middle, last)]
    return line[keep]


def coded(lines: Iterable[Floats], tolerance: float) -> list[list[int]]:
    """Lines as whole numbers: longitude and latitude of the first point, then steps; specks are left out."""
    result = []
    for line in lines:
        points = np.rint(thinned(line, tolerance) / STEP).astype(np.int64)
        moved = np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]
        points = points[moved]
        if len(points) > 1:
            result.append(np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist())
    return result


def main(us_atlas: Path, world_atlas: Path) -> None:
    """Write the outlines."""
    world, states = member(world_atlas, "countries-50m.json"), member(us_atlas, "states-10m.json")
    borders = used(world, "countries", [UNITED_STATES], among=False) - used(world, "countries", [UNITED_STATES],
                                                                            among=True)
    inner = used(states, "states", TERRITORIES, among=False)
    parts = {}
    for name, topology, chosen in (("countries", world, borders), ("states", states, inner)):
        lines = decoded(topology)
        parts[name] = coded((lines[number] for number in sorted(chosen)), TOLERANCE[name])
    content = {"step": STEP, "sources": {"countries": "world-atlas 2.0.2, countries-50m.json (Natural Earth 4.1.0)",
                                         "states": "us-atlas 3.0.1, states-10m.json (U.S. Census Bureau, 2017)"},
               **parts}
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":")).encode("ascii")
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))
    points = {name: sum(len(line) // 2 for line in lines) for name, lines in parts.items()}
    sys.stdout.write(f"{TARGET.name}: {points} points, {TARGET.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
