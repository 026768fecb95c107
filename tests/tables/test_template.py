"""Templates: every column with what it means; untouched they read as plain findings, filled in as a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest

from ctsopt.errors import UsageError
from ctsopt.networks.network import check, network, read
from ctsopt.networks.schema import SCHEMA, SETTINGS, TABLES
from ctsopt.networks.template import template
from ctsopt.tables.template import comment, guide
from tests.networks import example

UNTOUCHED = [("empty_table", "sites"), ("empty_table", "customers"), ("empty_table", "demand"),
             ("empty_table", "site_products")]


@pytest.mark.parametrize("name", ["net", "net.xlsx"])
def test_an_untouched_template_lacks_only_its_rows(tmp_path: Path, name: str):
    path = template(tmp_path / name)
    assert [(f.rule, f.table) for f in check(path)] == UNTOUCHED


def test_a_folder_has_every_table_and_every_column(tmp_path: Path):
    folder = template(tmp_path / "net")
    assert {p.name for p in folder.iterdir()} == {*(f"{t.name}.csv" for t in TABLES), "model.yaml", "README.md"}
    assert (folder / "promises.csv").read_text() == (
        "tier,product_class,lead_time,on_time_form,reliability,on_time_share,served_fraction,"
        "served_fraction_each,fill_rate,safety_factor,per,calendar\n")
    settings = (folder / "model.yaml").read_text()
    assert "# Currency of every amount.\ncurrency: USD\n" in settings
    assert ("# Road distance over great-circle distance, where a lane states no distance. [ratio] "
            "(at least 1, at most 3)\ncircuity: 1.2\n") in settings
    assert settings.count("\n") == 2 * len(SETTINGS.columns)


def test_a_folder_that_is_filled_in_is_a_network(tmp_path: Path):
    folder = template(tmp_path / "net")
    for name, lines in example.texts().items():
        header = (folder / f"{name}.csv").read_text().strip().split(",")
        at = {column: place for place, column in enumerate(lines[0])}
        rows = [",".join(line[at[c]] if c in at else "" for c in header) for line in lines[1:]]
        with (folder / f"{name}.csv").open("a") as file:
            file.write("\n".join(rows) + "\n")
    assert read(folder) == network(example.tables())


def test_a_workbook_that_is_filled_in_is_a_network(tmp_path: Path):
    path = template(tmp_path / "net.xlsx")
    book = openpyxl.load_workbook(path)
    for name, lines in example.texts().items():
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        for row, line in enumerate(lines[1:], start=2):
            for column, text in zip(lines[0], line, strict=True):
                sheet.cell(row, header.index(column) + 1).value = text or None
    book.save(path)
    assert read(path) == network(example.tables())


def test_headers_of_a_workbook_carry_comments_and_lists(tmp_path: Path):
    book = openpyxl.load_workbook(template(tmp_path / "net.xlsx"))
    assert book.sheetnames == ["README", "settings", *(t.name for t in TABLES)]
    for table in TABLES:
        header = book[table.name][1]
        assert [cell.value for cell in header] == [c.name for c in table.columns]
        assert all(cell.comment is not None for cell in header)
    sites = book["sites"]
    assert sites["B1"].comment.text == ("What the site is: plants and suppliers make goods, a dc stocks them, a "
                                        "crossdock passes them on without stock.\n"
                                        "Allowed: plant, supplier, dc, crossdock.\nRequired.")
    assert {v.formula1 for v in sites.data_validations.dataValidation} == {
        '"plant,supplier,dc,crossdock"', '"open,candidate,closing,closed"', '"yes,no"', '"units,kg,m3,pallets"'}
    offered = {str(v.sqref): v.formula1 for v in book["settings"].data_validations.dataValidation}
    assert offered["B4"] == '"km,mi"'
    assert book["settings"]["A4"].value == "distance_unit"
    assert len(offered) == sum(c.kind in ("choice", "yes_no") for c in SETTINGS.columns)
    assert book["settings"]["A3"].value == "currency"
    assert book["settings"]["B3"].value == "USD"


def test_what_a_comment_says():
    columns = {(t.name, c.name): c for t in TABLES for c in t.columns}
    assert comment(columns["promises", "reliability"]) == (
        "Probability with which a way must keep the lead time to count.\nUnit: share.\n"
        "Allowed: at least 0, at most 1.\nBlank: 0.95.")
    assert comment(columns["tiers", "modes"]).endswith("Allowed: name in modes, separated by |.\nBlank: all modes.")
    assert comment(columns["rates", "mode"]).endswith("Allowed: name in modes, or *.\nBlank: `*`.")
    assert comment(columns["sites", "capacity"]).endswith("Blank: no limit.")
    assert comment(columns["sites", "may_open"]).endswith("Allowed: yes, no.\nBlank: yes.")
    assert comment(columns["site_products", "stock_sharing"]).endswith(
        "Allowed: pooled, separate, rationed.\nBlank: settings.stock_sharing.")


def test_the_guide_names_every_column():
    text = guide(SCHEMA)
    for table in (SETTINGS, *TABLES):
        assert f"## {table.name}\n" in text
        for column in table.columns:
            assert column.meaning.replace("|", "\\|") in text


def test_nothing_that_exists_is_replaced(tmp_path: Path):
    folder = template(tmp_path / "net")
    (folder / "sites.csv").write_text("site,kind\nA,plant\n")
    with pytest.raises(UsageError, match=r"holds README\.md, calendar_days\.csv, calendars\.csv, capacity_levels"):
        template(folder)
    assert (folder / "sites.csv").read_text() == "site,kind\nA,plant\n"
    path = template(tmp_path / "net.xlsx")
    with pytest.raises(UsageError, match="exists"):
        template(path)
    with pytest.raises(UsageError, match="is a file"):
        template(folder / "sites.csv")
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "mine.txt").write_text("x")
    template(folder)
    assert (folder / "mine.txt").read_text() == "x"
    assert (folder / "sites.csv").exists()


def test_a_file_of_another_kind_is_not_made_a_folder(tmp_path: Path):
    with pytest.raises(UsageError, match=r"a folder, or a file ending in \.xlsx"):
        template(tmp_path / "tables.csv")
