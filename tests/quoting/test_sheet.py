"""Quote sheets: the figures of the quote in two languages, names as they are, and no word of a solver."""

from __future__ import annotations

import html
import re
import shutil
import tomllib
from pathlib import Path
from string import Formatter

import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.certified import Certified
from ctsopt.cli import app
from ctsopt.errors import UsageError
from ctsopt.quoting import sheet_facts
from ctsopt.quoting.menu import price_menu
from ctsopt.quoting.money import Chance
from ctsopt.quoting.sheet import sheet
from ctsopt.quoting.terms import Terms

TWO = Path(__file__).parents[2] / "models" / "two_dcs"
WORDS = Path(sheet_facts.__file__).parent / "sheets"
SOLVER = re.compile(r"\b(gap|bounds?|MIPs?|infeasib\w*|solver\w*|Schranke\w*|unzulässig\w*|HiGHS|objective)\b", re.I)
PLAIN = Terms(compare=False, ladder=False)


@pytest.fixture(scope="module")
def base() -> cts.Solution:
    """C is gold: 633,500, with West open."""
    return cts.solve(cts.read(TWO), gap=0)


@pytest.fixture(scope="module")
def upgrade(base) -> cts.Quote:
    """D to gold: 25,000 by all lenses."""
    change = cts.Change("D", tier="gold", revenue=100_000, margin=20_000, price=30_000)
    return cts.quote(base, change, lenses=["flows", "additions"])


@pytest.fixture(scope="module")
def never(base) -> cts.Quote:
    return cts.quote(base, cts.Change("D", lead_time=0.1, modes=["carrier"]), lenses=["flows"])


def rows_of(page: str) -> list[list[str]]:
    """Cells of all tables, as they are read."""
    return [[html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
            for row in re.findall(r"<tr.*?>(.*?)</tr>", page)]


@pytest.mark.parametrize(("language", "cost", "unit", "keeps"), [
    ("en", "25,000", "2.5", ["31,250", "3.125", "31.25%"]), ("de", "25.000", "2,5", ["31.250", "3,125", "31,25 %"])])
def test_figures_are_those_of_the_quote(upgrade, language, cost, unit, keeps):
    page = sheet(upgrade, language)
    rows = rows_of(page)
    lenses = [row for row in rows if row[1:] == [cost, cost, cost, unit]]
    assert len(lenses) == 2  # flows and additions
    assert [row[1:] for row in rows].count(keeps) == 2  # keeps the margin, and is recommended
    assert not SOLVER.search(re.sub(r"<style>.*?</style>", "", page, flags=re.S))
    # 20,000 of 100,000 today; (20,000 + 30,000 - 25,000) of 130,000 at what is asked
    assert {"en": "Margin 20% of the revenue today, 19.2% at the asked price.",
            "de": "Marge heute 20 % vom Umsatz, 19,2 % beim verlangten Preis."}[language] in page
    assert {"en": "This covers the cost.", "de": "Das deckt die Kosten."}[language] in page
    beside = upgrade.beside
    number = sheet_facts.Tongue(language).money
    assert any(row[1:4] == [number(beside.average)] * 3 for row in rows)
    assert any(row[2] == number(beside.alone.point) for row in rows if len(row) == 5)


def test_facts_stand_in_the_order_in_which_they_are_asked_for(upgrade, base):
    menu = price_menu(base, "D", lead_time=[0.5, 1, 1.5])
    page = sheet(upgrade, "en", Terms(menu=menu, chance=Chance(0.5, 0.8, Certified(1, 2, 3)), valid_until="31 May",
                                      name="Q-7", depends_on=("Q-1", "Q-2")))
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == ["What it costs", "What must change", "Who is affected", "Which price covers it",
                      "To compare: these customers as served today", "What would be cheaper", "Other promises",
                      "How sure this is"]
    assert "It pays with a probability of 50% to 80%." in page
    assert ["within 1 day", "25,000"] in rows_of(page)
    assert ["within 0.5 days", "not possible"] in rows_of(page)
    assert ["within 1.5 days", "kept already"] in rows_of(page)
    assert all(words in page for words in ("valid until 31 May", "Q-7", "Rests on the quotes Q-1, Q-2."))


@pytest.mark.parametrize(("language", "reason", "offer", "rung"), [
    ("en", "from West by carrier, takes 0.9 days, and 0.1 are asked for", "the same share within 1 day.", "25,000"),
    ("de", "ab West per carrier, dauert 0,9 Tage, verlangt sind 0,1", "derselbe Anteil in 1 Tag.", "25.000")])
def test_what_cannot_be_kept_has_its_reason_its_nearest_offer_and_other_tiers(never, language, reason, offer, rung):
    page = sheet(never, language)
    assert reason in page
    assert offer in page
    assert [row[1] for row in rows_of(page) if row and row[0].startswith("gold")] == [rung]
    assert not SOLVER.search(re.sub(r"<style>.*?</style>", "", page, flags=re.S))


def test_what_is_kept_already_says_so(base):
    page = sheet(cts.quote(base, cts.Change("B", tier="gold"), lenses=["flows"]), "en", PLAIN)
    assert "Yes: this is kept already today." in page
    assert "No other customer&#39;s deliveries change." in page


def test_a_cheaper_rung_of_the_ladder_is_shown(base):
    """D within a day by express alone costs more than gold, which may use the carrier for what it can."""
    asked = cts.quote(base, cts.Change("D", lead_time=1, modes=["express"]), lenses=["flows"])
    assert asked.cost.point > 25_000
    rows = rows_of(sheet(asked, "en", Terms(compare=False)))
    assert [row[1:] for row in rows if row and row[0].startswith("gold")] == [["25,000", "2.5"]]


def test_names_are_text_whatever_they_are(tmp_path):
    evil = "<script>alert('x')</script>"
    shutil.copytree(TWO, tmp_path / "evil")
    for file in (tmp_path / "evil").glob("*.csv"):
        text = re.sub(r"(?m)(^|,)D(?=,|$)", lambda found: found[1] + evil, file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
    net = cts.read(tmp_path / "evil")
    found = cts.quote(cts.solve(net, gap=0), cts.Change(evil, tier="gold"), lenses=["flows"])
    page = sheet(found, "de", Terms(compare=False, ladder=False, name="<b>", valid_until="<i>"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_it_needs_nothing_else_and_is_written_as_it_is_returned(upgrade, tmp_path):
    page = upgrade.sheet("en", tmp_path / "sheet.html", PLAIN)
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8") == page
    assert not re.search(r"https?:|src=|@import|url\(|<link", page)
    assert "size: A4" in page
    with pytest.raises(UsageError, match="no language 'fr'"):
        upgrade.sheet("fr")


def test_both_languages_say_the_same_things():
    """Every sentence is there in both, with the same figures in it."""
    english, german = (tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8")) for name in ("en", "de"))

    def figures(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert {key: figures(text) for key, text in english.items()} == {key: figures(text) for key, text in german.items()}
    assert not [text for text in (*english.values(), *german.values()) if SOLVER.search(text)]


def test_the_command_writes_it(tmp_path):
    file = tmp_path / "sheet.html"
    done = CliRunner().invoke(app, ["quote", str(TWO), "-c", "D", "--tier", "gold", "--lens", "flows", "--sheet",
                                    str(file), "--language", "de"])
    assert done.exit_code == 0, done.output
    assert "25.000" in file.read_text(encoding="utf-8")
