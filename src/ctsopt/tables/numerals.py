"""Numbers written as text: what is a number, and what else a text that is none may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ctsopt.keys import Bools, Floats

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Slip(NamedTuple):
    """One way of writing a number or a date that is not read, because it could mean something else."""

    rule: str
    pattern: re.Pattern[str]
    message: str
    mend: str


SLIPS = (
    Slip("word_for_number", re.compile(
        r"[+-]?(\.?inf|infinity|\.?nan|#?n/?a|none|null|no limit|unlimited|max|-+|\.|\?+)", re.IGNORECASE),
         "a word stands where a number belongs", "write the number, or leave the cell blank"),
    Slip("thousands_separator", re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}(?:,\d+)?|(?:,\d{3}){2,}(?:\.\d+)?)"),
         "the number has separators between its digits", "write 1200000, not 1.200.000"),
    Slip("trailing_minus", re.compile(r"[\d.,]*\d[\d.,]*\s*[-\u2212]"),
         "the minus stands behind the number", "write it before the number: -12.5"),
    Slip("date_for_number", re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./-][A-Za-z\d]{1,3}([./-]\d{2,4})?"),
         "a date stands where a number belongs (spreadsheet programs turn 1/2 into one)", "write the number"),
    Slip("thousands_separator", re.compile(r"[+-]?\d{1,3}([ ,.'’_\u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d+(_\d+)+"),
         "the number has separators between its digits", "write 1234.5, not 1,234.5; where the comma is a decimal "
         "comma, write a point"),
    Slip("decimal_comma", re.compile(r"[+-]?\d*,\d+"),
         "the number has a decimal comma", "write a decimal point: 1.5"),
    Slip("percent_sign", re.compile(r"[+-]?\d+([.,]\d+)?\s*%"),
         "the number is written in per cent", "write the share: 0.95 for 95%"),
    Slip("unit_in_cell", re.compile(
        r"(?=.*\d)(?:[^\d\s.,+-]{1,4}\s*[+-]?[\d.,]+|[+-]?[\d.,]+\s*[^\d\s.,+-][^\d]{0,12})"),
         "the cell holds a unit beside the number", "write the number alone"),
    Slip("not_a_number", re.compile(r".*", re.DOTALL), "the text is not a number", "write a number such as 1234.5"),
)
"""Tried in this order; the last one takes whatever is left."""


def parse(labels: Sequence[str]) -> tuple[Floats, Bools]:
    """Values of texts (NaN where blank or not a number), and where a text is not a number.

    A number is an optional sign, digits with an optional decimal point, and an optional exponent; nothing else.
    """
    values = np.full(len(labels), np.nan)
    wrong = np.zeros(len(labels), dtype=bool)
    matches = _NUMBER.fullmatch
    for i, label in enumerate(labels):
        if matches(label):
            values[i] = float(label)
        else:
            wrong[i] = label != ""
    return values, wrong


_THREE_DECIMALS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


def points_for_thousands(labels: Sequence[str]) -> bool:
    """Whether each of several numbers has a point before exactly three digits, as a separator of thousands would."""
    written = [label for label in labels if label]
    return bool(written) and all(_THREE_DECIMALS.fullmatch(label) for label in written)


def slips(labels: Sequence[str], wrong: Bools) -> Iterator[tuple[Slip, Bools]]:
    """Each kind of slip among the wrong texts, with the texts it applies to."""
    return tried(SLIPS, labels, wrong)


def tried(kinds: Sequence[Slip], labels: Sequence[str], wrong: Bools) -> Iterator[tuple[Slip, Bools]]:
    """Kinds of slips one after another, each for the wrong texts that none before it took."""
    left = wrong.copy()
    for slip in kinds:
        here = np.zeros(len(left), dtype=bool)
        here[left] = [slip.pattern.fullmatch(labels[i]) is not None for i in np.flatnonzero(left).tolist()]
        if here.any():
            left &= ~here
            yield slip, here
