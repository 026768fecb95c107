"""A quote on one page for a sales person: HTML that stands alone and prints to one sheet of A4.

The figures are those of the quote. Names come from tables that somebody else wrote: the template escapes all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError
from ctsopt.files import told
from ctsopt.inventory.arguments import known
from ctsopt.quoting.sheet_facts import Facts
from ctsopt.quoting.sheet_words import LANGUAGES, Tongue
from ctsopt.quoting.terms import Terms

if TYPE_CHECKING:
    from ctsopt.quoting.quote import Quote


def sheet(quote: Quote, language: str = "en", terms: Terms | None = None) -> str:
    """A quote on one page of HTML.

    Parameters
    ----------
    quote : Quote
    language : {"en", "de"}
        Of the words and of the numbers.
    terms : Terms, optional
        What is on it beside the quote.

    Returns
    -------
    str
        HTML that needs nothing else, and prints to one page of A4.

    Raises
    ------
    UsageError
        If the language is not known, or the package for templates is not installed.
    """
    known(language, LANGUAGES, "language")
    tongue = Tongue(language)
    facts = Facts(quote, tongue, terms or Terms())
    return str(_template().render(language=language, say=tongue.say, **facts.page()))


def write_sheet(quote: Quote, path: str | Path, language: str = "en", terms: Terms | None = None) -> str:
    """Write a quote as one page of HTML; the arguments are those of `sheet`.

    Returns
    -------
    str
        What was written.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    path, text = Path(path), sheet(quote, language, terms)
    with told(path):
        path.write_text(text, encoding="utf-8", newline="\n")
    return text


def _template() -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise UsageError("quote sheets need the package jinja2: install ctsopt[report]") from error
    environment = jinja2.Environment(loader=jinja2.PackageLoader("ctsopt.quoting", "sheets"), autoescape=True,
                                     undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("sheet.html")
