"""Tables are read, checked, written, templated and edited by any schema: here by that of a small book of orders."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ctsopt.errors import Finding, Findings, UsageError
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.columns import Table, key
from ctsopt.tables.dates import parse_dates
from ctsopt.tables.edits.edits import with_edits
from ctsopt.tables.io import read_tables
from ctsopt.tables.reading_rules import OF_DATES
from ctsopt.tables.schema import Schema
from ctsopt.tables.template import write_template
from ctsopt.tables.typed import Tables
from ctsopt.tables.writing import write
from tests.tables.orders import GRAMMAR, ORDERS, RULES, frames


def cast(source: object) -> tuple[Tables, list[Finding]]:
    raw, found = read_tables(source, ORDERS)
    tables, of_cells = cast_tables(raw)
    return tables, [*found, *of_cells, *RULES.check(tables)]


def written(folder: Path, **replaced: str) -> Path:
    """The book as a folder of CSV files, some of them replaced."""
    tables, _ = cast(frames())
    write(tables, folder)
    for name, content in replaced.items():
        (folder / f"{name}.csv").write_text(content)
    return folder


def told(findings: list[Finding]) -> list[tuple]:
    return [(f.rule, f.table, f.column, tuple(f.rows), tuple(f.values)) for f in findings]


def test_a_book_of_orders_is_typed_and_sorted_by_key():
    tables, found = cast(frames())
    assert found == []
    orders = tables.frames["orders"]
    assert orders["order"].tolist() == ["0011", "0011", "0012"]
    assert orders["line"].tolist() == [1.0, 2.0, 1.0]
    assert orders["quantity"].tolist() == [4.0, 2.5, 10.0]
    assert orders["most"].tolist() == [np.inf, 3.0, np.inf]
    assert orders["whole"].tolist() == [False, True, False]
    assert tables.days("orders", "wanted").astype(str).tolist() == ["2027-03-01", "2027-03-05", "NaT"]
    assert tables.column("orders", "ordered").dtype.kind == "M"
    assert (tables.days("orders", "wanted") - tables.days("orders", "ordered"))[:2].astype(int).tolist() == [1, 5]
    assert tables.rows["orders"].tolist() == [2, 1, 0]
    assert tables.settings == {"name": "orders", "grace": 2.0}
    assert tables.axes["customer"].labels.tolist() == ["Adler", "Bauer"]
    assert tables.axes["region"].labels.tolist() == ["north", "south"]
    assert tables.codes("orders", "customer").tolist() == [0, 0, 1]
    with pytest.raises(UsageError, match=r"orders\.order does not lie on one axis; say which: it holds no keys"):
        tables.codes("orders", "order")


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_what_is_written_reads_back_the_same(tmp_path: Path, form: str):
    tables, _ = cast(frames())
    path = write(tables, tmp_path / ("book.xlsx" if form == "xlsx" else "book"),
                 format="parquet" if form == "parquet" else "csv")
    again, found = cast(path)
    assert found == []
    assert again.content_hash() == tables.content_hash()
    assert again.frames["orders"].equals(tables.frames["orders"])
    later = frames()
    later["orders"]["wanted"] = later["orders"]["wanted"] + pd.Timedelta(days=1)
    assert cast(later)[0].content_hash() != tables.content_hash()


def test_dates_are_days_in_every_form(tmp_path: Path):
    folder = written(tmp_path / "book")
    assert (folder / "orders.csv").read_text().splitlines()[:2] == [
        "order,line,customer,product,ordered,wanted,quantity,most,whole",
        "0011,1,Adler,tea,2027-02-28,2027-03-01,4,,no"]
    assert (folder / "book.yaml").read_text() == "grace: 2\n"
    tables, _ = cast(folder)
    sheet = openpyxl.load_workbook(write(tables, tmp_path / "book.xlsx"))["orders"]
    assert sheet["E2"].value == dt.datetime(2027, 2, 28)
    write(tables, tmp_path / "parquet", format="parquet")
    assert pd.read_parquet(tmp_path / "parquet" / "orders.parquet")["ordered"][0] == dt.date(2027, 2, 28)


BOOK = "order,line,customer,product,ordered,wanted,quantity\n"


@pytest.mark.parametrize(("cell", "rule"), [
    ("2027-03-31 08:15", "time_of_day"), ("2027-02-29", "no_such_day"), ("0027-02-28", "no_such_day"),
    ("31.03.2027", "order_of_date"), ("3/4/27", "order_of_date"), ("2027/03/31", "order_of_date"),
    ("2027-3-1", "order_of_date"), ("46477", "number_for_date"), ("soon", "not_a_date")])
def test_a_cell_that_is_no_date_is_told_and_never_guessed(tmp_path: Path, cell: str, rule: str):
    tables, found = cast(written(tmp_path, orders=f"{BOOK}0011,1,Adler,tea,2027-02-28,{cell},4\n"))
    assert told(found) == [(rule, "orders", "wanted", (2,), (cell,))]
    assert np.isnat(tables.days("orders", "wanted")[0])
    assert rule in OF_DATES


@pytest.mark.parametrize("cell", ["2027-03-01", "2027-03-01 00:00", "2027-03-01T00:00:00", "2027-03-01 00:00:00.000"])
def test_midnight_is_the_day(cell: str):
    days, wrong = parse_dates([cell, ""])
    assert days.astype(str).tolist() == ["2027-03-01", "NaT"]
    assert wrong.tolist() == [False, False]


def test_every_day_is_read_as_it_is_written():
    every = np.arange("1999-12-01", "2004-04-01", dtype="datetime64[D]")
    days, wrong = parse_dates(every.astype(str).tolist())
    assert not wrong.any()
    assert (days == every).all()


def test_all_faults_are_listed_at_once(tmp_path: Path):
    folder = written(tmp_path, customers="customer,regoin\nAdler,north\nBauer,south\n", orders=(
        BOOK + "0011,1,Adlr,tea,2027-02-28,2027-02-01,4\n0011,1,Adler,tea,,2027-03-01,1 200\n"
        "0012,0,Bauer,,2027-03-02,,5\n"))
    (folder / "oders.csv").write_text("a\n1\n")
    _, found = cast(folder)
    assert told(Findings(found)[:]) == [
        ("unknown_column", "customers", "regoin", (1,), ("regoin",)),
        ("unknown_file", "oders", "", (), ("oders",)),
        ("below_bound", "orders", "line", (4,), ("0",)),
        ("blank", "orders", "ordered", (3,), ("",)),
        ("thousands_separator", "orders", "quantity", (3,), ("1 200",)),
        ("which_one", "orders", "product", (4,), ("",)),
        ("duplicate_key", "orders", "order, line", (2, 3), ("0011, 1", "0011, 1")),
        ("unknown_reference", "orders", "customer", (2,), ("Adlr",)),
        ("wanted_before_ordered", "orders", "wanted", (2,), ("2027-02-01",))]
    text = str(Findings(found))
    for near in ("'regoin'   did you mean 'region'?", "did you mean 'orders'?", "'Adlr'   did you mean 'Adler'?"):
        assert near in text
    assert "use one of customers, products, orders" in text


def test_missing_tables_and_columns(tmp_path: Path):
    tables, found = cast({"customers": pd.DataFrame({"customer": ["A"]})})
    assert [(f.rule, f.table) for f in found] == [("missing_table", "orders")]
    assert tables.frames["products"]["product"].tolist() == ["goods"]
    (tmp_path / "customers.csv").write_text("customer\nA\n")
    (tmp_path / "orders.csv").write_text("order,customer,quantity\n1,A,2\n")
    _, found = cast(tmp_path)
    assert [(f.rule, f.column, f.mend) for f in found] == [("missing_column", "ordered", "add it: Day of the order.")]
    with pytest.raises(UsageError, match=r"a book of orders is a folder of CSV or Parquet files with book\.yaml, or"):
        read_tables(tmp_path / "orders.csv", ORDERS)


def test_what_is_no_book_is_not_overwritten(tmp_path: Path):
    tables, _ = cast(frames())
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(UsageError, match="has content that is not a book of orders"):
        write(tables, tmp_path)


def test_a_template_of_the_book(tmp_path: Path):
    folder = write_template(tmp_path / "new", ORDERS)
    assert {p.name for p in folder.iterdir()} == {"customers.csv", "products.csv", "orders.csv", "book.yaml",
                                                  "README.md"}
    assert "| wanted | Day on which the goods are wanted. |  | day, such as 2027-03-31 | as soon as may be |" in (
        folder / "README.md").read_text()
    assert "Tables of a book of orders" in (folder / "README.md").read_text()
    book = openpyxl.load_workbook(write_template(tmp_path / "new.xlsx", ORDERS))
    assert book.sheetnames == ["README", "settings", "customers", "products", "orders"]
    assert [cell.value for cell in book["orders"][1]] == [c.name for c in ORDERS.by_name["orders"].columns]


EDITS = [
    ({"table": "orders", "where": {"ordered": {"lt": "2027-03-01"}}, "scale": {"quantity": 2}},
     {("0011 / 1", "quantity", "4", "8"), ("0011 / 2", "quantity", "2.5", "5")}),
    ({"table": "orders", "where": {"order": "0012"}, "set": {"wanted": "2027-04-01"}},
     {("0012 / 1", "wanted", "", "2027-04-01")}),
    ({"table": "orders", "where": {"wanted": {"is_null": "yes"}}, "drop": True},
     {("0012 / 1", "", "row", "taken away")}),
    ({"table": "orders", "where": {"wanted": "2027-03-05"}, "set": {"wanted": ""}},
     {("0011 / 2", "wanted", "2027-03-05", "")}),
    ({"table": "orders", "insert": [{"order": "0013", "customer": "Adler", "product": "tea", "ordered": "2027-03-09",
                                     "quantity": 7}]},
     {("0013 / 1", "order", "", "0013"), ("0013 / 1", "customer", "", "Adler"), ("0013 / 1", "product", "", "tea"),
      ("0013 / 1", "ordered", "", "2027-03-09"), ("0013 / 1", "quantity", "", "7")}),
    ({"table": "orders", "update": [{"order": "0012", "line": 1, "ordered": "2027-03-03"}]},
     {("0012 / 1", "ordered", "2027-03-02", "2027-03-03")}),
    ({"table": "settings", "set": {"grace": 3}}, {("", "grace", "2", "3")}),
]


@pytest.mark.parametrize(("edit", "changed"), EDITS, ids=[", ".join(edit) for edit, _ in EDITS])
def test_edits_of_the_book(edit: dict, changed: set):
    tables, _ = cast(frames())
    done = with_edits(GRAMMAR, tables, [edit])
    assert done.faults == []
    assert {tuple(row) for row in done.changes[["key", "column", "old", "new"]].to_numpy()} == changed
    again, found = cast(done.tables)
    assert found == []
    assert again.content_hash() != tables.content_hash()


@pytest.mark.parametrize(("edit", "rule", "near"), [
    ({"table": "oders", "drop": True}, "unknown_table", "orders"),
    ({"table": "orders", "set": {"quantty": 1}}, "unknown_column", "quantity"),
    ({"table": "orders", "merge": {"a": "b"}}, "one_operation", ""),
    ({"table": "orders", "set": {"wanted": "1.4.2027"}}, "order_of_date", ""),
    ({"table": "orders", "scale": {"wanted": 2}}, "not_a_number_column", ""),
    ({"table": "orders", "where": {"wanted": {"gte": "soon"}}, "drop": True}, "not_a_date", ""),
    ({"table": "orders", "where": {"wanted": {"gte": ""}}, "drop": True}, "blank", ""),
    ({"table": "orders", "where": {"quantity": {"gte": ""}}, "drop": True}, "blank", ""),
])
def test_faults_of_edits_of_the_book(edit: dict, rule: str, near: str):
    found = with_edits(GRAMMAR, cast(frames())[0], [edit]).faults
    assert rule in [fault.rule for _, fault in found]
    finding = next(fault.finding("edit 1") for _, fault in found if fault.rule == rule)
    assert finding.nearest(finding.values[0] if finding.values else "") == near


def test_tables_are_read_again_from_what_they_hold():
    tables, _ = cast(frames())
    again, found = cast({**{name: tables.raw(name) for name in ORDERS.names}, "settings": tables.settings})
    assert found == []
    assert again.content_hash() == tables.content_hash()
    assert again.rows["orders"].tolist() == [2, 1, 0]


def test_a_schema_without_settings_has_no_file_of_them(tmp_path: Path):
    places = Schema("list of places", (Table("places", "Places.", (key("place", "Name."),), axis="place"),))
    raw, found = read_tables({"places": pd.DataFrame({"place": ["b", "a"]})}, places)
    tables, more = cast_tables(raw)
    assert [*found, *more] == []
    folder = write(tables, tmp_path / "places")
    assert [p.name for p in folder.iterdir()] == ["places.csv"]
    assert (folder / "places.csv").read_text() == "place\na\nb\n"
    assert tables.axes["place"].labels.tolist() == ["a", "b"]
