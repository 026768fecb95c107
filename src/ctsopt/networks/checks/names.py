"""Rules about names: what refers to what, and names that stand for two things."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Bools
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.ends import PREFIX, TABLES_WITH_ENDS
from ctsopt.networks.schema import BY_NAME, NAMES_SEPARATOR
from ctsopt.tables.raw import Objects
from ctsopt.tables.rules import Fault, names_of, unknown, unknown_references
from ctsopt.tables.typed import Tables

REPORT_ROWS = ("total", "unassigned", "__unassigned__")
"""Names of rows that reports add to those of the tables."""

_OF_REPORTS = (("tiers", "tier"), ("customers", "customer"), ("products", "product"), ("products", "product_class"),
               ("periods", "period"))

_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Categories of Unicode that nobody sees: joiners, marks of direction, soft hyphens."""

_BLANKS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
"""Letters and marks that are drawn as nothing."""

_LOOKS = str.maketrans(
    # Greek and Cyrillic capitals and small letters, dotless i, and hyphens, beside what they are taken for.
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧορνυικ" "АВЕЅІЈКМНОРСТУХаеорсухіјѕһԁԛԝквмтн" "ı‐‑‒–—−ǀ",
    "ABEZHIKMNOPTYXopvuik" "ABESIJKMHOPCTYXaeopcyxijshdqwkbmth" "i------l")


@rule()
def unknown_reference(t: Tables) -> Iterator[Fault]:
    """A name that refers to a row of another table is found there."""
    def also(table: str, column: str) -> list[str]:
        ends = t.axes["end"].labels.tolist() if column == "destination" else []
        return ends + (names_of(t, "customers") if (table, column) == ("lanes", "origin") else [])

    return unknown_references(t, also)


@rule("customers", "sites")
def lane_from_customer(t: Tables) -> Iterator[Fault]:
    """A lane starts at a site, not at a customer."""
    customers = np.isin(t.texts("lanes", "origin").labels.astype(str), names_of(t, "customers"))
    sites = np.isin(t.texts("lanes", "origin").labels.astype(str), names_of(t, "sites"))
    yield Fault("lanes", "origin", "the lane starts at a customer", "give it a site as origin; customers only receive",
                t.texts("lanes", "origin").where(customers & ~sites))


@rule("modes")
def unknown_mode_of_tier(t: Tables) -> Iterator[Fault]:
    """The modes that a tier lists are modes."""
    known = names_of(t, "modes")
    texts = t.texts("tiers", "modes")
    wrong = [[name for name in label.split(NAMES_SEPARATOR) if name and name not in known] for label in texts.labels]
    rows = np.flatnonzero(texts.where([bool(names) for names in wrong]))
    at = [(row, name) for row in rows for name in wrong[texts.codes[row]]]
    yield Fault("tiers", "modes", "there is no such mode", f"correct the name, or add it to modes; names are separated "
                f"by {NAMES_SEPARATOR}", np.array([row for row, _ in at], dtype=np.int64), [name for _, name in at],
                known)


@rule("sites", "customers")
def unknown_rate_place(t: Tables) -> Iterator[Fault]:
    """The origin of a rate is a site or a zone; its destination a site, a customer or a zone."""
    origins = names_of(t, "sites") + t.axes["zone"].labels.tolist()
    destinations = origins + names_of(t, "customers") + t.axes["end"].labels.tolist()
    yield Fault("rates", "origin", "there is no site or zone of this name",
                "correct the name, or write the zone into sites.zone", unknown(t, "rates", "origin", origins),
                candidates=origins)
    yield Fault("rates", "destination", "there is no site, customer or zone of this name",
                "correct the name, or write the zone into sites.zone or customers.zone",
                unknown(t, "rates", "destination", destinations), candidates=destinations)


@rule("products")
def unknown_product_class(t: Tables) -> Iterator[Fault]:
    """The product class of a promise is the class of a product, or `*`."""
    known = list(t.axes["product_class"].labels)
    yield Fault("promises", "product_class", "no product has this class",
                "correct the name, write *, or give the class to products in products.product_class",
                unknown(t, "promises", "product_class", known), candidates=known)


@rule("sites", "customers")
def site_is_customer(t: Tables) -> Iterator[Fault]:
    """A destination that is both a site and a customer is the site, unless `customer:NAME` stands somewhere, too."""
    both = set(names_of(t, "sites")) & set(names_of(t, "customers"))
    told = {label for table in TABLES_WITH_ENDS for label in t.texts(table, "destination").labels}
    doubtful = sorted(name for name in both if PREFIX + name not in told)
    for table in TABLES_WITH_ENDS:
        yield Fault(table, "destination", "a site and a customer have this name: the site is meant",
                    f"write {PREFIX}NAME where the customer is meant, or rename one of the two",
                    t.equal(table, "destination", *doubtful), severity="warning")


@rule()
def zone_is_place(t: Tables) -> Iterator[Fault]:
    """No zone has the name of a site or a customer: a rate for it would be ambiguous."""
    places = names_of(t, "sites", "customers")
    for table in ("sites", "customers"):
        yield Fault(table, "zone", "there is a site or a customer of the same name", "rename the zone",
                    _shared(t.text(table, "zone"), places))


@rule()
def name_of_report_row(t: Tables) -> Iterator[Fault]:
    """No customer, product, class, tier or period is called total, unassigned or __unassigned__, as rows of reports."""
    for table, column in _OF_REPORTS:
        yield Fault(table, column, "reports have a row of this name: the two could not be told apart",
                    "choose another name", t.equal(table, column, *REPORT_ROWS))


@rule()
def names_alike(t: Tables) -> Iterator[Fault]:
    """Two names that look alike are probably one: capitals, blanks, width, letters of another script or unseen ones."""
    for table in ("sites", "customers", "products", "tiers", "modes", "periods"):
        column = BY_NAME[table].keys[0]
        texts = t.texts(table, column)
        plain = np.array(["".join(label.casefold().split()) for label in texts.labels], dtype=str)
        seen = np.array([look(label) for label in texts.labels], dtype=str)
        twice, alike = (_several(folded) for folded in (plain, seen))
        yield Fault(table, column, "another name differs from this one in capitals or blanks alone",
                    "if they mean the same, use one spelling", texts.where(twice), severity="warning")
        yield Fault(table, column, "another name looks like this one: they differ in letters of another script or "
                    "width, or in some that cannot be seen", "type both anew with one keyboard; if they mean the same, "
                    "use one spelling", texts.where(alike & ~twice),
                    [ascii(label) for label in texts.values()[texts.where(alike & ~twice)]], severity="warning")


def look(name: str) -> str:
    """What is left of a name for somebody who looks at it: letters of other scripts and widths as those they resemble.

    Capitals count as small letters, blanks and what cannot be seen as nothing.
    """
    if name.isascii():
        return "".join(name.casefold().split())
    wide = unicodedata.normalize("NFKC", name)
    seen = "".join(c for c in wide if unicodedata.category(c) not in _UNSEEN and c not in _BLANKS)
    return "".join(seen.translate(_LOOKS).casefold().translate(_LOOKS).split())


def _several(names: npt.NDArray[np.str_]) -> Bools:
    """Which of them occur more than once."""
    _, back, count = np.unique(names, return_inverse=True, return_counts=True)
    return np.asarray((count > 1)[back], dtype=bool)


def _shared(names: Objects, others: list[str]) -> Bools:
    return np.asarray(np.isin(names.astype(str), others) & (names != ""), dtype=bool)
