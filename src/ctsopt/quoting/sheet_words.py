"""What a quote sheet says, in the languages that there are, and how each writes its numbers."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("en", "de")

_MARKS = {"en": (",", ".", "%"), "de": (".", ",", " %")}
"""Of thousands, of decimals, and of hundredths."""


@cache
def _words(language: str) -> dict[str, str]:
    file = resources.files("ctsopt.quoting") / "sheets" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Tongue:
    """A language: its words and its numbers."""

    language: str

    def say(self, key: str, **values: str) -> str:
        """A sentence."""
        return _words(self.language)[key].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with marks of thousands, and at most so many decimals.

        Examples
        --------
        >>> Tongue("de").number(12_345.6, 2), Tongue("en").number(-12_345.6, 2)
        ('12.345,6', '-12,345.6')
        """
        thousands, point, _ = _MARKS[self.language]
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = "0" if text == "-0" else text
        return text.translate(str.maketrans(",.", thousands + point))

    def money(self, value: float) -> str:
        """Money: whole where it is large, else with cents; not known where it is not finite."""
        if not math.isfinite(value):
            return self.say("not_known")
        return self.number(value, 0 if abs(value) >= 1000 else 2)

    def each(self, value: float) -> str:
        """Money a unit, to four figures that count."""
        if not math.isfinite(value):
            return self.say("not_known")
        return self.number(value, 2 if value == 0 else min(max(2, 3 - math.floor(math.log10(abs(value)))), 8))

    def share(self, value: float, digits: int = 1) -> str:
        """A share as hundredths, with at most so many decimals."""
        if not math.isfinite(value):
            return self.say("not_known")
        return self.number(100 * value, digits) + _MARKS[self.language][2]

    def listed(self, names: list[str], most: int = 5) -> str:
        """Names, the first few of many."""
        shown = ", ".join(names[:most])
        more = len(names) - most
        return shown if more <= 0 else self.say("and_more", names=shown, more=self.number(more))
