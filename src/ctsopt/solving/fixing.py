"""Fixing: decisions held as they are in a plan, or at figures of one's own, by their keys.

A fix changes bounds of a program and adds no rows, so that it costs nothing to search. Keys are names, so that a plan
of another network may be held as far as its names are here, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.keys import BLANK, Bools, Floats, Keys, Positions
from ctsopt.programs.program import Program, VariableBlock

if TYPE_CHECKING:
    import pandas as pd

How = Literal["exactly", "at_least", "at_most"]

_WORDS = {"exactly": "exactly", "at_least": "at least", "at_most": "at most"}
_SHOWN = 5
_WHOLE, _ROUNDING = 1e-6, 1e-9


@dataclass(frozen=True, eq=False)
class Fix:
    """Decisions of one kind that are held.

    Parameters
    ----------
    decision : str
        Name of the variables: `open`, `level`, `source`, `use_lane`, `deliver`, `move`, ...
    values : DataFrame or mapping
        The key columns of the decision and a column `value`, as `Solution.decisions` gives them, all of its rows or
        some; or a mapping of name to value where there is one key column. Keys that are not named stay free.
    how : {"exactly", "at_least", "at_most"}
        Whether the plan has to have just that value, or may have more, or less.

    Raises
    ------
    UsageError
        If the values are no such table, or `how` is none of these words.

    Examples
    --------
    >>> Fix("open", {"Nord": 1, "Sued": 0})
    Fix(open exactly as given for 2 keys)
    """

    decision: str
    values: pd.DataFrame
    how: How = "exactly"

    def __init__(self, decision: str, values: pd.DataFrame | Mapping[str, float], how: How = "exactly") -> None:
        if how not in get_args(How):
            raise UsageError(f"fix: how = {how!r}: one of {', '.join(get_args(How))}"
                             + did_you_mean(str(how), get_args(How)))
        object.__setattr__(self, "decision", str(decision))
        object.__setattr__(self, "values", _as_table(str(decision), values))
        object.__setattr__(self, "how", how)

    def __repr__(self) -> str:
        return f"Fix({self.decision} {_WORDS[self.how]} as given for {len(self.values)} keys)"

    def record(self) -> dict[str, Any]:
        """The fix as plain values, of which `as_fixes` makes it again."""
        keys = self.values.drop(columns="value")
        return {"decision": self.decision, "how": self.how,
                "keys": {str(name): keys[name].astype(str).tolist() for name in keys},
                "values": self.values["value"].astype(float).tolist()}

    def brief(self) -> dict[str, Any]:
        """What is held in short: how many keys, and a digest of keys and values."""
        text = json.dumps(self.record(), sort_keys=True).encode()
        return {"decision": self.decision, "how": self.how, "keys": len(self.values),
                "sha256": hashlib.sha256(text).hexdigest()}


def as_fixes(given: Any) -> tuple[Fix, ...]:
    """What is to be held: a fix, several, or their records.

    Raises
    ------
    UsageError
        If it is something else.
    """
    if given is None:
        return ()
    several = [given] if isinstance(given, (Fix, Mapping)) else given
    if isinstance(several, str) or not isinstance(several, Iterable):
        raise UsageError(f"fix: a ctsopt.Fix, or a list of them, is needed, not {type(given).__name__}")
    return tuple(_one(each) for each in several)


def _one(given: Any) -> Fix:
    if isinstance(given, Fix):
        return given
    if not isinstance(given, Mapping) or not {"decision", "values"} <= set(given):
        raise UsageError("fix: a ctsopt.Fix is needed, or a mapping with decision, keys, values and how, not "
                         f"{given!r:.80}")
    import pandas as pd

    keys = given.get("keys", {})
    if not isinstance(keys, Mapping):
        return Fix(given["decision"], dict(zip(keys, given["values"], strict=True)), given.get("how", "exactly"))
    frame = pd.DataFrame({**keys, "value": given["values"]})
    return Fix(given["decision"], frame, given.get("how", "exactly"))


def _as_table(decision: str, values: Any) -> pd.DataFrame:
    """Key columns and `value`; a mapping has one key column, whose name the decision gives."""
    import pandas as pd

    if isinstance(values, Mapping):
        values = pd.DataFrame({"": list(map(str, values)), "value": list(values.values())})
    if not isinstance(values, pd.DataFrame) or "value" not in values:
        raise UsageError(f"fix {decision}: a table with the key columns and `value` is needed, as "
                         "Solution.decisions gives it, or a mapping of name to value")
    try:
        numbers = values["value"].astype(float)
    except (TypeError, ValueError):
        numbers = pd.Series(np.nan, index=values.index)
    bad = np.flatnonzero(~np.isfinite(numbers.to_numpy(dtype=float)))
    if len(bad):
        raise UsageError(f"fix {decision}: {len(bad)} values are no finite numbers, such as "
                         f"{values['value'].iloc[bad[0]]!r}")
    return values.assign(value=numbers).reset_index(drop=True)


def fixed(program: Program, fixes: Sequence[Fix], known: Container[str], follow: Container[str]) -> Program:
    """The program with the bounds that fixes ask for.

    Parameters
    ----------
    program : Program
    fixes : sequence of Fix
    known : names
        Decisions that a network may have, though this one may lack them.
    follow : names
        Decisions that follow from the others, and are not held themselves.

    Raises
    ------
    UsageError
        If a decision or a key is not there, or a value cannot be: all of them at once.
    """
    faults: list[str] = []
    bounds: dict[str, tuple[Floats, Floats]] = {}
    for fix in fixes:
        block = program.variables.get(fix.decision)
        if fix.decision in follow:
            faults.append(f"{fix.decision}: stock follows from the flows and is not held itself; hold deliver and move")
            continue
        if block is None:
            faults += _absent(program, fix, known)
            continue
        held = _Held(fix, block)
        faults += held.faults
        if not held.faults:
            low, high = bounds.get(fix.decision) or _bounds(block)
            faults += held.tighten(low, high)
            bounds[fix.decision] = low, high
    if faults:
        raise UsageError("\n".join(["what is to be fixed cannot be:", *(f"  {fault}" for fault in faults)]))
    return program.bounded(bounds) if bounds else program


def _absent(program: Program, fix: Fix, known: Container[str]) -> list[str]:
    if fix.decision in known:
        return [] if fix.how == "at_most" or not fix.values["value"].any() else [
            f"{fix.decision}: nothing in this network asks for this decision, but {_count(fix.values)} to be held"]
    return [f"{fix.decision}: there is no such decision" + did_you_mean(fix.decision, program.variables, listed=True)]


def _count(values: pd.DataFrame) -> str:
    return f"{len(values):,} {'value is' if len(values) == 1 else 'values are'}"


def _bounds(block: VariableBlock) -> tuple[Floats, Floats]:
    size = len(block.index)
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), size).copy()
                 for end in (block.variable.lower, block.variable.upper))
    return low, high


class _Held:
    """The values of one fix at the columns of its decision."""

    def __init__(self, fix: Fix, block: VariableBlock) -> None:
        self._fix, self._block = fix, block
        self.faults: list[str] = []
        self.at, self.value = np.empty(0, dtype=np.int64), np.empty(0)
        names = [name for name in fix.values if name != "value"]
        if names == [""] and len(block.index.names) == 1:
            names = list(block.index.names)
            fix = Fix(fix.decision, fix.values.rename(columns={"": names[0]}), fix.how)
            self._fix = fix
        if set(names) != set(block.index.names):
            self.faults.append(f"{fix.decision}: its key columns are {', '.join(block.index.names) or 'none'}, not "
                               f"{', '.join(map(repr, names)) or 'none'}")
            return
        self._find()

    def _find(self) -> None:
        place, value = positions(self._block.index, self._fix.values), self._fix.values["value"].to_numpy(dtype=float)
        gone = np.flatnonzero((place < 0) & ((value > 0) & (self._fix.how != "at_most")))
        if len(gone):
            self._say(gone, "is not in this network, so that it cannot be held")
        self.at, self.value = place[place >= 0], value[place >= 0]
        twice = np.flatnonzero(np.bincount(self.at, minlength=1) > 1)
        if len(twice):
            names = "/".join(self._block.index.labels(twice[:1])[0])
            self.faults.append(f"{self._fix.decision}: {names} stands there more than once")
        if self._block.variable.integer:
            part = np.flatnonzero(np.abs(value - np.round(value)) > _WHOLE)
            if len(part):
                self._say(part, "is a decision of whole numbers, and is not given one")
            self.value = np.round(self.value)

    def _say(self, rows: Positions, what: str) -> None:
        """One fault for some rows of the table."""
        keys = self._fix.values.drop(columns="value").iloc[rows[:_SHOWN]].astype(str)
        names = ", ".join("/".join(part for part in row if part) for row in keys.itertuples(index=False))
        more = f" and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else ""
        self.faults.append(f"{self._fix.decision} {names}{more}: {what}")

    def tighten(self, low: Floats, high: Floats) -> list[str]:
        """Take in the values; what cannot be, in words."""
        at, how = self.at, self._fix.how
        least = self.value if how != "at_most" else low[at]
        most = self.value if how != "at_least" else high[at]
        size = _ROUNDING * np.maximum(1.0, np.abs(self.value))
        never = np.flatnonzero((least > high[at] + size) | (most < low[at] - size))
        if len(never):
            return [self._contradiction(never, low, high)]
        # What is off by the rounding of sums is moved to the bound.
        low[at] = np.minimum(np.maximum(low[at], least), high[at])
        high[at] = np.maximum(np.minimum(high[at], most), low[at])
        return []

    def _contradiction(self, never: Positions, low: Floats, high: Floats) -> str:
        rows = [f"{'/'.join(part for part in key if part) or 'the network'} {_WORDS[self._fix.how]} {self.value[i]:g} "
                f"(between {low[self.at[i]]:g} and {high[self.at[i]]:g})"
                for i, key in zip(never[:_SHOWN], self._block.index.labels(self.at[never[:_SHOWN]]), strict=True)]
        more = f" and {len(never) - _SHOWN:,} more" if len(never) > _SHOWN else ""
        return (f"{self._fix.decision} {', '.join(rows)}{more}: the tables and the other fixes leave it no such value; "
                "change one of them")


def positions(index: Keys, table: pd.DataFrame) -> Positions:
    """Position in an index of every row of a table with its key columns as names; -1 where it is not there."""
    columns, known = {}, np.ones(len(table), dtype=bool)
    for name in index.names:
        text = table[name].astype(object).to_numpy()
        codes = index.axes[name].codes(text)
        known &= (codes >= 0) | (text == "")
        columns[name] = np.where(codes >= 0, codes, BLANK)
    return _found(index, columns, known)


def matched(index: Keys, other: Keys) -> Positions:
    """Position in an index of every key of another network; -1 where it is not there."""
    columns, known = {}, np.ones(len(other), dtype=bool)
    for name in index.names:
        translated = index.axes[name].codes(other.axes[name].labels)
        blank = other[name] == BLANK
        codes = np.append(translated, BLANK)[other[name]]
        known &= blank | (codes >= 0)
        columns[name] = codes
    return _found(index, columns, known)


def _found(index: Keys, columns: Mapping[str, Any], known: Bools) -> Positions:
    if not index.names:
        return np.zeros(len(known), dtype=np.int64)
    here = index.find(Keys.make(index.axes, **columns))
    return np.where(known, here, -1)
