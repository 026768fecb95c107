"""Promising: a book is opened with what there is, or read again from its journal."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import TYPE_CHECKING

from ctsopt.errors import Findings, UsageError
from ctsopt.shortage.book import PromiseBook, moment
from ctsopt.shortage.days import day
from ctsopt.shortage.journal import SCHEMA, Entry, Journal
from ctsopt.shortage.ledger import Ledger, fold
from ctsopt.shortage.promise_tables import opening
from ctsopt.shortage.shelves import CONSUMPTION, NESTED
from ctsopt.versions import versions

if TYPE_CHECKING:
    from ctsopt.tables.io import Source


def promise_book(source: Source, *, consumption: str = NESTED, hold: float = math.inf,
                 at: float | str | dt.datetime = 0.0, as_of: str | dt.date | None = None,
                 journal: str | Path | None = None, safe: bool = False) -> PromiseBook:
    """Open a book of promises.

    Parameters
    ----------
    source : mapping of str to DataFrame, or path
        Tables by name, a folder or a workbook: supply, and where wanted quotas, policy, customers, products, eligible.
    consumption : str
        What a tier may take when its quota is used up: `none` (only what is open), `nested` (lesser tiers' quotas, the
        least first), `protected` (the same, but not what is protected of them).
    hold : float
        Days after which a promise lapses that nobody confirms. Infinite: it stands.
    at : float, str or datetime
        When the book is opened.
    as_of : str or date
        The date of day 0; needed where tables hold dates.
    journal : path
        File of all that happens; nothing is answered before it is in there. None: nothing is kept.
    safe : bool
        Wait until the disk has it, which survives a power cut, too.

    Returns
    -------
    PromiseBook

    Raises
    ------
    DataError
        With every fault of the tables at once.
    UsageError
        Where the journal exists: `open_book` goes on with it.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.DataFrame({"quantity": [20, 30, 50], "available_on": ["0", "5", "10"]})
    >>> book = promise_book({"supply": supply})
    >>> book.shown(book.take("O1", "Ada", 25, requested=6).complete_on)
    'day 6'
    """
    if consumption not in CONSUMPTION:
        raise UsageError(f"there is no consumption {consumption!r}: {', '.join(CONSUMPTION)}")
    if not hold > 0:
        raise UsageError(f"hold is {hold:g} days: a promise holds for more than 0 days")
    today = day(as_of)
    plan, policy, findings = opening(source, consumption, today)
    entry: Entry = {"op": "open", "schema": SCHEMA, "at": moment(at, today), "plan": plan.as_text(),
                    "hold": None if hold == math.inf else hold,
                    "about": {"today": None if today is None else today.isoformat(), "version": versions()["ctsopt"],
                              "policy": policy.as_text()}}
    book = None if journal is None else Journal(Path(journal), safe=safe)
    if book is not None and book.entries:
        book.close()
        raise UsageError(f"{journal} holds a book: go on with it by open_book, or name another file")
    if book is not None:
        book.write([entry])
    return PromiseBook(Ledger(entry), book, findings)


def open_book(journal: str | Path, *, safe: bool = False) -> PromiseBook:
    """Go on with a book where its journal ends, whatever ended the program that wrote it.

    Parameters
    ----------
    journal : path
        The file.
    safe : bool
        As in `promise_book`.

    Raises
    ------
    FileError
        Where the file is not what was written.
    """
    path = Path(journal)
    if not path.is_file():
        raise UsageError(f"{path} is not there: promise_book opens a new one")
    found = Journal(path, safe=safe)
    ledger = fold(found.entries)
    settled = [entry["policy"] for entry in found.entries if "policy" in entry]
    if settled:
        ledger.about = {**ledger.about, "policy": settled[-1]}
    found.entries = []  # the state is all that is needed of them
    return PromiseBook(ledger, found, Findings(found.findings))
