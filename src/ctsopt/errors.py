"""Errors and findings: what is wrong, where (table, row, column), and how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
"""How many rows of one finding are shown before the rest is counted."""

_FEW = 50
"""Up to so many names are compared letter by letter."""

_ODD_SHOWN = 2
"""Rows that a finding of one line names."""

_HALVES = re.compile("[\ud800-\udfff]")

Severity = Literal["error", "warning", "odd"]
"""An error keeps the tables from being solved; a warning is worth a look; odd is a guess, and never in the way."""

_RANKS = ("error", "warning", "odd")


class CtsError(Exception):
    """Every error that ctsopt raises on purpose."""


class UsageError(CtsError):
    """The call itself cannot be carried out: a wrong option, a missing file, an unknown name."""


class FileError(UsageError, OSError):
    """A file or folder cannot be written (no space left, no permission), or is not as it was written: it is named.

    Attributes
    ----------
    why : str
        What the file system says, where it refuses to write.
    """

    why: str = ""


class KeyMismatch(CtsError):
    """Two parts of the mathematics speak of different keys: a family asks for a key that does not exist."""


class SolverError(CtsError):
    """The solver failed, or a plan did not pass the check against the tables: our fault, not the user's."""


class UntrustedSolverError(SolverError):
    """The solver that is installed gives wrong answers where the right ones are known: another release is needed."""


class NoPlanError(CtsError):
    """A limit was reached before any plan was found; `stopped_by` is "time_limit" or "interrupt"."""

    def __init__(self, message: str, stopped_by: str) -> None:
        super().__init__(message)
        self.stopped_by = stopped_by


class InfeasibleError(CtsError):
    """The promises cannot all be kept.

    Attributes
    ----------
    shortfalls : DataFrame or None
        What goes short, by how much, in the planner's words.
    explanation : ctsopt.Explanation or None
        Why, and what can be promised instead (`explanation.offers`).
    """

    def __init__(self, message: str, shortfalls: pd.DataFrame | None = None,
                 explanation: Any = None) -> None:
        super().__init__(message)
        self.shortfalls, self.explanation = shortfalls, explanation


class CtsWarning(UserWarning):
    """Base of the warnings that ctsopt gives."""


@dataclass(frozen=True)
class Finding:
    """One rule broken in one column of one table, with every row that breaks it.

    Attributes
    ----------
    rule : str
        Identifier of the rule, stable between versions.
    table, column : str
        Where. `column` is empty where the rule is about whole rows.
    message, mend : str
        What is wrong, and how to put it right, in the planner's words.
    rows : sequence of int
        Row numbers as the user sees them (line of the CSV file or row of the sheet); None where no single row is meant.
    values : sequence of str
        What stands there, one per row.
    candidates : sequence of str
        Names that would have been valid: the nearest one is proposed.
    total : int
        How many rows break the rule where they are too many to be listed.
    place : str
        File and line where it was written down, such as `pack.yaml:12`, where it stands in no table.
    """

    rule: str
    table: str
    column: str
    message: str
    mend: str
    rows: Sequence[int | None] = ()
    values: Sequence[str] = ()
    candidates: Sequence[str] = field(default=(), repr=False)
    severity: Severity = "error"
    total: int = 0
    place: str = ""

    def __post_init__(self) -> None:
        """Names of files may hold odd bytes; what is said of them goes to consoles, tables and pages."""
        for name in ("table", "column", "message", "mend", "place"):
            object.__setattr__(self, name, legible(getattr(self, name)))
        if not all(map(str.isascii, self.values)):
            object.__setattr__(self, "values", tuple(map(legible, self.values)))

    @property
    def count(self) -> int:
        """How many rows break the rule; 1 for a finding about the whole table."""
        return max(1, len(self.rows), len(self.values), self.total)

    def nearest(self, value: str) -> str:
        """The valid name nearest to `value`, or an empty text."""
        return nearest_name(value, self.candidates)

    def faults(self) -> Iterator[tuple[int | None, str]]:
        """Row (None where there is none) and value of every fault; one of a blank value where there are neither."""
        values = self.values or ("",)
        rows: Sequence[int | None] = self.rows or (None,) * len(values)
        return zip(rows, values, strict=True)

    def lines(self, shown: int = SHOWN) -> Iterator[str]:
        """Human-readable lines: the message, the first rows, a count of the rest, the mend."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        said = ": ".join(part for part in (self.place, where, self.message) if part)
        if self.severity == "odd":
            yield f"looks odd [{self.rule}] {said}{self._examples()}; {self.mend}"
            return
        yield f"{self.severity} [{self.rule}] {said}"
        for row, value in islice(self.faults(), shown if self.values else 0):
            near = self.nearest(value)
            shown_value = f"    {_short(value, 160)}" if row is None else f"    row {row}: {_short(value)!r}"
            yield shown_value + (f"   did you mean {near!r}?" if near else "")
        if self.count > shown:
            yield f"    ... and {self.count - shown} more rows"
        yield f"    mend: {self.mend}"


    def _examples(self) -> str:
        """The first rows in brackets, for a finding of one line."""
        shown = [_short(value, 120) if row is None else f"row {row}: {_short(value, 120)}"
                 for row, value in islice(self.faults(), _ODD_SHOWN) if value or row is not None]
        if self.count > len(shown) > 0:
            shown.append(f"and {self.count - len(shown):,} more")
        return f" ({'; '.join(shown)})" if shown else ""


class Findings(Sequence[Finding]):
    """All findings of one reading, errors first, guesses last. Prints as a list; `frame()` gives one row per fault."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._all = sorted(findings, key=lambda f: _RANKS.index(f.severity))

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, item: int) -> Finding: ...

    @overload
    def __getitem__(self, item: slice) -> list[Finding]: ...

    def __getitem__(self, item: int | slice) -> Finding | list[Finding]:
        return self._all[item]

    def __add__(self, other: Iterable[Finding]) -> Findings:
        return Findings([*self._all, *other])

    @property
    def errors(self) -> list[Finding]:
        """Findings that keep the tables from being solved."""
        return [f for f in self._all if f.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Findings worth a look, with which the tables can be solved."""
        return [f for f in self._all if f.severity == "warning"]

    @property
    def odd(self) -> list[Finding]:
        """Figures that look odd: each says what would be expected, and what the figure may have been meant to be."""
        return [f for f in self._all if f.severity == "odd"]

    def frame(self) -> pd.DataFrame:
        """One row per fault: rule, severity, table, row, column, value, nearest, message, mend."""
        import pandas as pd

        records = []
        for f in self._all:
            near: dict[str, str] = {}
            for row, value in f.faults():
                if value not in near:
                    near[value] = f.nearest(value) if len(near) < 100 else ""
                records.append((f.rule, f.severity, f.table, row, f.column, value, near[value], f.message, f.mend))
        names = ["rule", "severity", "table", "row", "column", "value", "nearest", "message", "mend"]
        return pd.DataFrame(records, columns=names).astype({"row": "Int64"})

    def __str__(self) -> str:
        if not self._all:
            return "no findings"
        return "\n".join(line for f in self._all for line in f.lines()) + "\n" + self.headline()

    def headline(self) -> str:
        """One line that counts the faults."""
        errors, warnings = (sum(f.count for f in part) for part in (self.errors, self.warnings))
        odd = f", {len(self.odd)} {'looks' if len(self.odd) == 1 else 'look'} odd" if self.odd else ""
        return f"{errors} {_plural('error', errors)}, {warnings} {_plural('warning', warnings)}{odd}"


class DataError(CtsError):
    """The tables cannot be used as they are. `findings` lists every fault at once."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(f"the tables have faults\n{findings}")
        self.findings = findings


def nearest_name(value: str, candidates: Sequence[str]) -> str:
    """The candidate nearest to `value` in spelling, or an empty text where none is near."""
    if not value or not candidates:
        return ""
    wanted = value.casefold()[:200]
    if len(candidates) > _FEW:
        return _NamesByPairs.of(tuple(candidates)).nearest(wanted)
    folded = {c.casefold(): c for c in candidates}
    hit = difflib.get_close_matches(wanted, list(folded), n=1, cutoff=0.6)
    return folded[hit[0]] if hit else ""


def did_you_mean(name: str, known: Iterable[str], *, listed: bool = False, shown: Callable[[str], str] = repr) -> str:
    """The end of a message about a name that is not known: `; did you mean 'near'?`.

    Where none is near it is empty, or says what there is (`listed`). `shown` writes the name that is near.
    """
    names = list(known)
    near = nearest_name(name, names)
    if near:
        return f"; did you mean {shown(near)}?"
    return f"; there are: {', '.join(names) or 'none'}" if listed else ""


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """`there is no table 'lans'; did you mean 'lanes'?`, or what there is where no name is near."""
    return f"there is no {what} {name!r}" + did_you_mean(name, known, listed=True)


class _NamesByPairs:
    """Many names, indexed by their pairs of letters: spelling is compared only with the few that share most pairs."""

    def __init__(self, candidates: Sequence[str]) -> None:
        import numpy as np

        self._folded = {c.casefold(): c for c in candidates}
        self._names = list(self._folded)
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self._names):
            for pair in _pairs(name):
                places.setdefault(pair, []).append(place)
        self._places = {pair: np.array(found, dtype=np.int32) for pair, found in places.items()}
        self._sizes = np.array([len(_pairs(name)) for name in self._names])

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, candidates: tuple[str, ...]) -> _NamesByPairs:
        """The index of these names, made once."""
        return cls(candidates)

    def nearest(self, wanted: str) -> str:
        """The nearest of the names, or an empty text; `wanted` in lower case."""
        import numpy as np

        asked = _pairs(wanted)
        shared = [self._places[pair] for pair in asked if pair in self._places]
        if not shared:
            return ""
        counts = np.bincount(np.concatenate(shared), minlength=len(self._names))
        alike = 2.0 * counts / (len(asked) + self._sizes)
        few = np.argsort(-alike, kind="stable")[:_FEW]
        hit = difflib.get_close_matches(wanted, [self._names[i] for i in few.tolist()], n=1, cutoff=0.6)
        return self._folded[hit[0]] if hit else ""


def _pairs(name: str) -> set[str]:
    """Pairs of neighbouring letters, its ends included."""
    padded = f"\0{name}\0"
    return {padded[i : i + 2] for i in range(len(padded) - 1)}


def legible(text: str) -> str:
    """The text without what no encoding can write: halves of letters, which stand for odd bytes in names of files."""
    return text if text.isascii() else _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _short(value: str, limit: int = 60) -> str:
    return value if len(value) <= limit else value[: limit - 3] + "..."
