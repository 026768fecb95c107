"""The folder of shared test data and its published answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

FOLDER = Path(os.environ.get("CTSOPT_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
RELATIVE = 1e-6


@dataclass(frozen=True)
class Answer:
    """A published number, and how far a right program may be from it.

    A number is published with a limited count of digits: 1010641.45 stands for anything that rounds to it. The
    tolerance is half a unit of its last printed decimal, or 1e-6 of the number, whichever is larger. A number without
    decimals is taken as exact (the problems that have such an answer have whole costs): 1e-6 of it.
    """

    value: float
    tolerance: float

    @classmethod
    def printed(cls, text: str) -> Answer:
        """The answer as it is printed: `1010641.45` may be off by 0.005 (or by 1e-6 x the number, if larger)."""
        decimals = len(text.partition(".")[2])
        half_unit = 0.5 * 10.0**-decimals if decimals else 0.0
        value = float(text)
        return cls(value, max(half_unit, RELATIVE * abs(value)))

    def agrees(self, number: float) -> bool:
        """Is the number the published one?"""
        return abs(number - self.value) <= self.tolerance


def data(*parts: str) -> Path:
    """A file or folder of the shared data; the test is skipped where the folder is absent."""
    if not (FOLDER / "ANSWERS.csv").is_file():
        pytest.skip(f"no shared test data at {FOLDER} (set CTSOPT_SHARED_DATA to the folder that holds ANSWERS.csv)")
    path = FOLDER.joinpath(*parts)
    assert path.exists(), f"the shared data folder {FOLDER} has no {Path(*parts)}"
    return path


def answers() -> pd.DataFrame:
    """ANSWERS.csv as text: case, instance, quantity, value, source."""
    return pd.read_csv(data("ANSWERS.csv"), dtype=str, keep_default_na=False)


def answer(case: str, instance: str, quantity: str) -> Answer:
    """The published answer of one instance, from ANSWERS.csv."""
    return Answer.printed(published(case, instance, quantity))


def published(case: str, instance: str, quantity: str) -> str:
    """The published answer of one instance as it is printed."""
    table = answers()
    rows = table[(table["case"] == case) & (table["instance"] == instance) & (table["quantity"] == quantity)]
    assert len(rows) == 1, f"ANSWERS.csv has {len(rows)} rows for {case}, {instance}, {quantity}; one is needed"
    return str(rows["value"].iloc[0])


def numbers(path: Path, *, skip_lines: int = 0) -> npt.NDArray[np.float64]:
    """All numbers of a file as one stream: where its lines break means nothing."""
    text = path.read_text().split("\n", skip_lines)[skip_lines]
    return np.array(text.split(), dtype=np.float64)
