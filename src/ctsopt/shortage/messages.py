"""Drafts of letters to customers that are short, and what their account managers should know. Nothing is sent.

A letter is made from the customer's own lines and from nothing else: no other name, rank or penalty can be in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import known

if TYPE_CHECKING:
    from ctsopt.shortage.allocation import Allocation

LANGUAGES = ("en", "de")
CERTAIN, LIKELY = 1.0, 0.8
"""A date is given as confirmed where it is certain, as expected where it is likely enough, and else not at all."""


def messages(alloc: Allocation, language: str = "en") -> pd.DataFrame:
    """One draft for each customer that is short of something.

    Parameters
    ----------
    alloc : Allocation
        What was shared.
    language : str
        en or de.

    Returns
    -------
    DataFrame
        customer, text (HTML, whose names are escaped).

    Raises
    ------
    UsageError
        If the package for templates is not installed.
    """
    known(language, LANGUAGES, "language")
    template = _template(language)
    rows = alloc.reasons
    short = rows[rows.groupby("customer")["short"].transform("sum") > 1e-6]
    drafts = [(str(name), template.render(customer=str(name), lines=_lines(own)))
              for name, own in short.groupby("customer", sort=True)]
    return pd.DataFrame(drafts, columns=["customer", "text"])


def briefings(alloc: Allocation) -> pd.DataFrame:
    """What the account manager of each customer that is short should know: customer, order, line, text, value_short.

    For internal use: it names competitors and ranks, which letters never do.
    """
    rows = alloc.reasons[alloc.reasons["short"] > 1e-6]
    price = alloc.book.lines[["order", "line", "unit_price"]]
    found = rows[["customer", "order", "line", "text", "short"]].merge(price, on=["order", "line"], how="left")
    value = found["short"] * found["unit_price"]
    return found[["customer", "order", "line", "text"]].assign(value_short=value).sort_values(
        ["customer", "order", "line"], kind="stable", ignore_index=True)


def _lines(own: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of one customer as a letter shows them."""
    certainty = own["expected_certainty"].to_numpy(dtype=np.float64)
    rest = np.select([certainty >= CERTAIN, certainty >= LIKELY], ["confirmed", "expected"], "unknown")
    shown = pd.DataFrame({name: own[name].map("{:,.10g}".format) for name in ("asked", "got", "short")})
    return [{"order": order, "line": line, "product": product, "asked": asked, "got": got,
             "short": "" if short == "0" else short, "rest": word, "date": date if word != "unknown" else ""}
            for order, line, product, asked, got, short, word, date in zip(
                own["order"], own["line"], own["product"], shown["asked"], shown["got"], shown["short"], rest,
                own["expected_on"], strict=True)]


def _template(language: str) -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise UsageError("letters need the package jinja2: install ctsopt[report]") from error
    loader = jinja2.PackageLoader("ctsopt.shortage", "letters")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(f"{language}.html")
