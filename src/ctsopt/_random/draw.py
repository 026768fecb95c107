"""What every table of a random network is drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Kind = Literal["moves", "deliveries"]
ZONES = ("north", "south", "west")


@dataclass
class Draw:
    """A network in the making: its seed, its features, the tables so far."""

    seed: int
    on: Mapping[str, bool]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def rng(self, table: str) -> np.random.Generator:
        """A stream for each table, so that a feature of one leaves the others as they are."""
        return np.random.default_rng([self.seed, 2, *table.encode()])

    @property
    def open_lanes(self) -> str:
        """Which lanes there are besides those listed."""
        if not self.on["open_lanes"]:
            return "listed"
        return "tiered" if self.rng("open lanes").random() < 0.4 else "all"

    def names(self, table: str, where: Mapping[str, Sequence[str]] | None = None) -> list[str]:
        """Keys of a table, of the rows with these values."""
        frame = self.tables[table]
        for column, values in (where or {}).items():
            frame = frame[frame[column].isin(list(values))]
        return [str(name) for name in frame.iloc[:, 0]]

    @property
    def makers(self) -> list[str]:
        """Plants and suppliers."""
        return self.names("sites", {"kind": ("plant", "supplier")})

    @property
    def safe(self) -> list[str]:
        """Sites with room for everything: P1 and D1, and D2 where it takes part in serving everybody."""
        return ["P1", "D1", "D2"] if self.on["dc_to_dc"] else ["P1", "D1"]

    def modes(self, kind: Kind) -> list[str]:
        """Modes that serve this kind of lane."""
        return self.names("modes", {"serves": (kind, "both")})


def tame(values: Any, digits: int = 3) -> Floats:
    """Numbers with so many significant digits."""
    return np.array([float(f"{v:.{digits}g}") for v in np.atleast_1d(values)])


def some(rng: np.random.Generator, count: int, chance: float, *, first: bool = False) -> npt.NDArray[np.bool_]:
    """A mask of `count` in which at least one is true, if there are any; `first` says whether the first may be."""
    mask = rng.random(count) < chance
    if not count:
        return mask
    spare = 0 if first or count == 1 else 1
    mask[:spare] = False
    if not mask.any():
        mask[rng.integers(spare, count)] = True
    return mask


def cross(one: Sequence[str], two: Sequence[str], names: tuple[str, str]) -> pd.DataFrame:
    """Every pair of one and two."""
    return pd.DataFrame({names[0]: list(one)}).merge(pd.DataFrame({names[1]: list(two)}), how="cross")


def located(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Zones, and coordinates in a region of about 500 by 500 km."""
    frame["zone"] = rng.choice([*ZONES, ""], len(frame), p=[0.3, 0.3, 0.3, 0.1])
    if draw.on["coordinates"]:
        frame["latitude"] = np.round(rng.uniform(46, 50, len(frame)), 3)
        frame["longitude"] = np.round(rng.uniform(4, 10, len(frame)), 3)
        frame.loc[frame.iloc[:, 0] == "D1", ["latitude", "longitude"]] = (47.9, 7.1)
        frame.loc[frame.iloc[:, 0] == "D2", ["latitude", "longitude"]] = (48.3, 6.6)
    return frame
