"""What has a meaning that nobody can want: lots for ages, tiers without promises, names that only look different."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.checks.names import look
from tests.small import chain, table


def found(tables: dict, rule: str) -> list[cts.Finding]:
    return [f for f in cts.check(tables) if f.rule == rule]


@pytest.mark.parametrize(("lot", "severities"), [
    (10_000, []), (10_001, ["warning"]), (1_000_000, ["warning"]), (1_000_001, ["error"]), (1e12, ["error"])])
def test_a_lot_that_lasts_for_ages(lot: float, severities: list[str]) -> None:
    """100 units a year: 10,000 units are for a hundred years."""
    tables = chain(site_products=table({"site": "P"}, {"site": "D", "lot_size": lot}))
    faults = found(tables, "lot_lasts_for_ages")
    assert [(f.severity, list(f.rows)) for f in faults] == [(severity, [1]) for severity in severities]


@pytest.mark.parametrize(("table_name", "column", "text", "least"), [
    ("periods", "days", "1e-9", "0.001 days"), ("modes", "load_weight", "1e-9", "0.001 kg"),
    ("modes", "load_volume", "1e-9", "1e-06 m3"), ("modes", "speed", "1e-9", "0.001 distance per day")])
def test_a_number_that_is_next_to_nothing(table_name: str, column: str, text: str, least: str) -> None:
    tables = chain(periods=table({"period": "year", "days": 365}), modes=table({"mode": "truck", "per_weight": 1}))
    tables[table_name] = tables[table_name].assign(**{column: text})
    faults = [f for f in cts.check(tables) if f.severity == "error"]
    assert [(f.rule, f.table, f.column) for f in faults] == [("below_bound", table_name, column)]
    assert f"must be at least {least}: " in faults[0].message


@pytest.mark.parametrize(("table_name", "column", "most"), [
    ("lanes", "distance", 1e10), ("products", "weight", 1e9), ("products", "volume", 1e9)])
def test_a_number_beyond_anything_real(table_name: str, column: str, most: float) -> None:
    """Twice around the earth and more; a unit that weighs as much as a city."""
    tables = chain(products=table({"product": "goods"}), demand=table({"customer": "C", "quantity": 1}))
    for value, rows in ((most, []), (most * 1.001, [0])):
        tables[table_name] = tables[table_name].assign(**{column: [value, *[1] * (len(tables[table_name]) - 1)]})
        assert [row for f in found(tables, "beyond_anything_real") for row in f.rows] == rows


def test_a_table_of_what_is_made_with_a_header_only(tmp_path: Path) -> None:
    """As if it were not there: everything is made everywhere, which nobody who writes the header can want."""
    assert found(chain(), "empty_table") == []
    faults = found(chain(site_products=pd.DataFrame(columns=["site", "product"])), "empty_table")
    assert [(f.table, f.severity) for f in faults] == [("site_products", "warning")]


def test_tiers_to_whom_nothing_is_promised() -> None:
    named = chain(customers=table({"customer": "C", "tier": "gold"}), tiers=table({"tier": "gold"}, {"tier": "silver"}))
    faults = found(named, "tiers_without_promises")
    assert [(f.table, f.severity, "gold, silver" in f.message) for f in faults] == [("promises", "warning", True)]
    assert found(named | {"promises": table({"tier": "gold", "lead_time": 9})}, "tiers_without_promises") == []
    assert found(chain(), "tiers_without_promises") == []


@pytest.mark.parametrize("twin", [
    "\u0410cme", "A\u0441me", "Acm\u0435", "\uff21cme", "Ac\u200dme", "Acme\u200e", "\u202aAcme", "Ac\u00adme",
    "A\u2800cme", "Acme\ufe0f", "\u0391cme", "Acme\u3164", "\U0001d400cme"])
def test_names_that_only_look_the_same(twin: str) -> None:
    """Of another script (Cyrillic, Greek), of another width, or with what nobody sees."""
    tables = chain(customers=table({"customer": "Acme"}, {"customer": twin}),
                   demand=table({"customer": "Acme", "quantity": 1}, {"customer": twin, "quantity": 2}),
                   lanes=table({"origin": "P", "destination": "D"}, {"origin": "D", "destination": "Acme"},
                               {"origin": "D", "destination": twin}))
    faults = found(tables, "names_alike")
    assert [(f.table, list(f.rows), sorted(f.values)) for f in faults] == [
        ("customers", [0, 1], sorted([ascii("Acme"), ascii(twin)]))]


LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def test_what_looks_different_is_not_taken_for_the_same() -> None:
    """Names in plain letters and digits look alike where they are the same but for capitals and blanks, and only then;
    so do names in one foreign script.
    """
    draw = np.random.default_rng(3)
    for alphabet in (LETTERS, "абвгдежзийклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρσ", "あいうえおかき", "äöüßéèç"):
        names = {"".join(draw.choice(list(alphabet), size=4)) for _ in range(400)}
        assert len({look(name) for name in names}) == len({"".join(name.casefold().split()) for name in names})


def test_a_name_with_half_a_letter_is_found() -> None:
    names = pd.Series(["C\ud800", "D2"], dtype=object)
    faults = found(chain(customers=pd.DataFrame({"customer": names})), "unseen_character")
    assert [(f.table, list(f.rows), list(f.values)) for f in faults] == [("customers", [0], ["C\ufffd"])]


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    """`sites` with an odd byte in a folder, beside those that are read."""
    net = cts.network(chain())
    net.write(tmp_path / "net")
    (tmp_path / "net" / b"sites\xff.csv".decode("utf-8", "surrogateescape")).write_text("site,kind\n")
    faults = [f for f in cts.check(tmp_path / "net") if f.rule == "unknown_file"]
    assert [(f.table, f.severity) for f in faults] == [("sites\ufffd", "error")]
    str(cts.check(tmp_path / "net")).encode("utf-8")


@pytest.mark.parametrize("path", ["a\0b", "net\udcff", "loop"])
def test_a_path_that_can_be_none(path: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for ask in (cts.read, cts.check, cts.load, cts.read_pack):
        with pytest.raises(cts.UsageError):
            ask(tmp_path / path)
