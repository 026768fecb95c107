"""The workbook: computed anew by LibreOffice, read back by openpyxl, and with names that mean harm."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.report import sheets, tables, write_workbook
from ctsopt.report.columns import Column, Columns
from ctsopt.report.sheets import LONGEST_TEXT, safe
from ctsopt.results.schema import Kind
from ctsopt.testing import random_network
from tests.often import sampled, times
from tests.report.office import colours, recalculated
from tests.small import chain, lanes, solved, table

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

GREEN, RED = "#C6EFCE", "#FF4D4D"

PACK = """
schema: ctsopt/pack/1
pack: checked
model: two_dcs
solve: {gap: 0}
overrides:
  dear: [{table: modes, where: {mode: carrier}, add: {fuel_surcharge: 0.1}}]
  patient: [{table: promises, where: {tier: gold}, set: {lead_time: 2}}]
  crammed: [{table: sites, where: {site: [East, West]}, set: {capacity: 100}}]
scenarios:
  both: {apply: [dear, patient]}
  stuck: {apply: [crammed]}
compare: {bridge: [{to: both, method: shapley}, {to: both}]}
""".lstrip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workbook")


@pytest.fixture(scope="module")
def result(folder: Path) -> cts.PackResult:
    file = folder / "p.yaml"
    file.write_text(PACK, encoding="utf-8")
    return cts.run(file, workers=1, cache=folder / "cache")


@pytest.fixture(scope="module")
def written(result: cts.PackResult, folder: Path) -> Path:
    return write_workbook(result, folder / "pack.xlsx")


def rows(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


def differences(book: Workbook) -> Iterator[tuple[Worksheet, int, int]]:
    """Sheet, row and column of every difference: those below a header of that name, up to a blank line."""
    for sheet in book:
        for number, row in enumerate(rows(sheet), start=1):
            if row[0] is not None and "difference" in row and all(isinstance(v, str | None) for v in row):
                column = row.index("difference") + 1
                line = number + 1
                while sheet.cell(line, column).value is not None:
                    yield sheet, line, column
                    line += 1


def found(book: Workbook, sheet: str, *words: str) -> tuple[int, tuple[Any, ...]]:
    """The row that begins with these words."""
    return next((number, row) for number, row in enumerate(rows(book[sheet]), start=1) if row[:len(words)] == words)


def table_of(book: Workbook, sheet: str, title: str) -> pd.DataFrame:
    """The rows of a table with numbers of scenarios, below its title."""
    number, _ = found(book, sheet, title)
    header, *body = rows(book[sheet])[number:]
    frame = pd.DataFrame(body, columns=list(header))
    size = next((place for place, value in enumerate(frame["no."]) if not isinstance(value, int)), len(frame))
    return frame.iloc[:size]


def table_named(book: Workbook, sheet: str, title: str) -> pd.DataFrame:
    """The rows of the last table of a sheet, below its title."""
    number, _ = found(book, sheet, title)
    header, *body = rows(book[sheet])[number:]
    names = [name for name in header if name is not None]
    return pd.DataFrame([row[:len(names)] for row in body if row[0] is not None], columns=names)


@pytest.mark.slow
def test_the_sheets_of_a_pack_and_of_a_plan(written: Path, result: cts.PackResult, tmp_path: Path) -> None:
    assert openpyxl.load_workbook(written).sheetnames == [
        "Decision", "Summary", "Key figures", "Cost to serve", "Customers", "Promises", "Flows", "Sites",
        "What changed", "Cannot be kept", "Evidence"]
    alone = openpyxl.load_workbook(write_workbook(result.solutions["today"], tmp_path / "deep" / "plan.xlsx"))
    assert alone.sheetnames == ["Decision", "Summary", "Key figures", "Cost to serve", "Customers", "Promises",
                                "Flows", "Sites", "Evidence"]
    assert len(list(differences(alone))) == 11


def test_figures_of_two_dcs_stand_as_numbers_under_their_units(written: Path) -> None:
    """See models/two_dcs/README.md: 633,500 a year, of which 157,500 is last mile; East takes 900 of 1,300 pallets."""
    book = openpyxl.load_workbook(written)
    summary = table_of(book, "Summary", "Scenarios").set_index("scenario")
    assert summary.loc["today", "cost (USD)"] == pytest.approx(633_500)
    assert summary.loc["today", "delivered (units)"] == 60_000
    assert summary.loc["both", "sites closed"] == "West"
    assert summary.loc["both", "cells changed"] == 2
    assert "stuck" not in summary.index
    assert any("stuck" in row and "infeasible" in row for row in rows(book["Summary"]))
    costs = table_of(book, "Cost to serve", "Cost lines of each plan").set_index("scenario")
    assert costs.loc["today", "last mile (USD)"] == pytest.approx(157_500)
    sites = table_of(book, "Sites", "Sites of each plan").set_index(["scenario", "site"])
    assert sites.loc[("today", "East"), "utilisation (share)"] == pytest.approx(900 / 1300)
    assert sites.loc[("today", "Plant"), "capacity (capacity units)"] == "no limit"
    assert sites.loc[("both", "West"), "open"] == "no"
    flows = table_of(book, "Flows", "Flows of each plan")
    assert flows.loc[flows["kind"] == "delivery", "quantity (units)"].sum() == pytest.approx(120_000)
    unkept = table_named(book, "Cannot be kept", "What can be promised instead")
    assert set(unkept["scenario"]) == {"stuck"}
    assert unkept["edits"].str.startswith('[{"table"').all()
    bridges = rows(book["What changed"])
    figures = {row[1:3]: row[4:6] for row in rows(book["Key figures"])}
    assert figures["cost_line", "last_mile"] == pytest.approx((157_500, 208_000 / 1.25 * 1.35))
    assert figures["sites_closed", "dc"] == (0, 0)
    assert figures["utilisation_highest", "dc"][1] == pytest.approx(1200 / 1300)
    assert figures["status", None] == ("optimal", "optimal")
    assert [row[6] for row in bridges if row[4] == "interaction"] == [pytest.approx(4_040)]


def test_panes_are_frozen_and_columns_are_as_wide_as_what_stands_in_them(written: Path) -> None:
    book = openpyxl.load_workbook(written)
    assert {sheet.title: sheet.freeze_panes for sheet in book} == {
        "Decision": None, "Summary": "C6", "Key figures": "E6", "Cost to serve": "C6", "Customers": "D6",
        "Promises": "D6", "Flows": "C6", "Sites": "D6", "What changed": "C6", "Cannot be kept": "B6", "Evidence": "C6"}
    cost = found(book, "Summary", "no.", "scenario")[1].index("cost (USD)")
    cell = book["Summary"].cell(6, cost + 1)
    assert cell.number_format.startswith("#,##0.00")
    assert book["Summary"].column_dimensions[cell.column_letter].width >= len("633,500.00")


def test_the_first_sheet_says_what_there_is_to_decide(written: Path) -> None:
    """With fuel dearer and two days for gold West is not opened: 622,000, and 16,640 more of fuel, against 633,500."""
    book = openpyxl.load_workbook(written)
    sheet = book["Decision"]
    number, header = found(book, "Decision", "choice")
    row = dict(zip(header, rows(sheet)[number], strict=True))
    assert (row["choice"], row["against"], row["closes"], row["customers re-sourced"]) == ("both", "today", "West", 1)
    assert row["difference (USD)"] == pytest.approx(622_000 + 208_000 / 1.25 * 0.1 - 633_500)
    assert "gold loses: 1 → 2 days promised" in row["service"]
    assert len(sheet._charts) == 1
    assert any(str(cells[0]).startswith("stuck has no plan") for cells in rows(sheet))


def test_every_sheet_is_as_wide_as_a_page_and_says_on_each_what_its_rows_are(written: Path) -> None:
    for sheet in openpyxl.load_workbook(written):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)  # one is what it is where nothing is said
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows is not None
        assert sheet.oddFooter.right.text == "&P / &N"
    # Of one long table the header, which stands in row 5, is on every page.
    assert openpyxl.load_workbook(written)["Flows"].print_title_rows == "$5:$5"


@pytest.mark.slow
def test_libreoffice_finds_every_difference_to_be_nothing(written: Path, folder: Path) -> None:
    book = openpyxl.load_workbook(recalculated(written, folder), data_only=True)
    values = [sheet.cell(row, column).value for sheet, row, column in differences(book)]
    # For both plans: key figures, cost lines, by tier in money and units, by customer, two of promises, flows, sites,
    # bounds. Once: differences of the one that is not compared with, all plans, cells; and two bridges.
    assert len(values) == 2 * 10 + 3 + 2
    assert values == [0] * len(values)
    checks = rows(book["Summary"])[found(book, "Summary", "sheet", "what is reconciled")[0]:]
    known = [row[:3] for row in checks if row[0] in book.sheetnames]
    assert {row[0] for row in known} == set(book.sheetnames) - {"Decision", "Cannot be kept"}
    assert all(row[2] == 0 for row in known)


SPOILT = [("Cost to serve", "Cost lines of each plan", "last mile (USD)", {"cost lines", "cost of sites"}),
          ("Cost to serve", "By tier", "total (USD)", {"cost to serve by tier"}),
          ("Customers", "By customer", "total (USD)", {"cost to serve by customer"}),
          ("Promises", "Promises of each plan", "delivered (units)", {"units delivered"}),
          ("Flows", "Flows of each plan", "last mile (USD)", {"cost of flows"}),
          ("Sites", "Sites of each plan", "fixed cost (USD)", {"cost of sites"}),
          ("What changed", "Cost lines less those of today", "amount (USD)", {"differences of cost lines"}),
          ("What changed", "Bridges by override", "difference (USD)", {"bridges"}),
          ("Evidence", "Bounds and plans", "proven bound (USD)", {"bounds"}),
          ("Key figures", "Key figures of each plan", "today", {"rows cost_line"}),
          ("Summary", "Scenarios", "penalties (USD)", {"all plans"})]


@pytest.mark.slow
def test_no_line_is_red(written: Path, folder: Path) -> None:
    assert {colour for row in colours(written, folder) for colour, text in row if text == "0.00" and colour} == {GREEN}


@pytest.mark.slow
@pytest.mark.parametrize(("sheet", "title", "column", "turned"), sampled(SPOILT, every=5))
def test_a_spoilt_cell_turns_its_lines_red_and_no_other(written: Path, folder: Path, sheet: str, title: str,
                                                        column: str, turned: set[str]) -> None:
    """One number of a table is 1 more than it should be."""
    book = openpyxl.load_workbook(written)
    line, _ = found(book, sheet, title)
    header = rows(book[sheet])[line]
    cell = next(c for c in book[sheet].iter_rows(min_row=line + 2, min_col=header.index(column) + 1,
                                                max_col=header.index(column) + 1) if _is_number(c[0].value))[0]
    if title == "Bridges by override":  # the first row is the cost where it begins, which the summary has, too
        cell = book[sheet].cell(cell.row + 1, cell.column)
    if sheet == "Key figures":
        cell = book[sheet].cell(found(book, sheet, "cost", "cost_line", "last_mile")[0], cell.column)
    cell.value += 1
    spoilt = folder / "spoilt.xlsx"
    book.save(spoilt)
    shown = colours(spoilt, folder)
    checks = [row for row in shown if len(row) >= 3 and row[0][1] in book.sheetnames and row[1][1]]
    red = {row[1][1] for row in checks if row[2][0] == RED}
    assert red == turned
    assert {row[2][0] for row in checks if row[1][1] not in turned} == {GREEN}
    # In the sheet itself, too: besides the checks of the summary, one red cell at least.
    assert sum(colour == RED for row in shown for colour, _ in row) > len(red)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


@pytest.mark.slow
def test_what_the_formulas_are_said_to_come_to_is_what_they_come_to(written: Path, folder: Path) -> None:
    """Programs that do not compute show what is stored: it is what LibreOffice computes."""
    stored = openpyxl.load_workbook(written, data_only=True)
    formulas, computed = openpyxl.load_workbook(written), openpyxl.load_workbook(recalculated(written, folder),
                                                                                  data_only=True)
    count = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    at = cell.coordinate
                    assert stored[sheet.title][at].value == pytest.approx(computed[sheet.title][at].value, abs=1e-6)
                    count += 1
    assert count > 60


@pytest.mark.slow
def test_the_same_plans_make_the_same_file(result: cts.PackResult, written: Path, tmp_path: Path) -> None:
    again = write_workbook(result, tmp_path / "again.xlsx", result.compare())
    assert again.read_bytes() == written.read_bytes()


HARMFUL = ("=HYPERLINK(\"http://x\")", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "<script>alert(1)</script>",
           "turned \u202eround", "x" * 190, "it's \"quoted\" & more", "http://example.org")


@pytest.mark.slow
def test_names_that_mean_harm_are_text(tmp_path: Path) -> None:
    """A customer for each of them. Longer names, and those with control characters, are refused in tables."""
    names = list(HARMFUL)
    sol = solved(chain(customers=table(*({"customer": name} for name in names)),
                       demand=table(*({"customer": name, "quantity": 10} for name in names)),
                       lanes=pd.concat([lanes("P-D"), table(*({"origin": "D", "destination": name, "mode": "*"}
                                                              for name in names))])))
    file = write_workbook(sol, tmp_path / "harm.xlsx")
    book = openpyxl.load_workbook(file)
    flows = table_of(book, "Flows", "Flows of each plan")
    shown = set(flows["customer"].dropna())
    assert shown == {safe(name) for name in names}
    assert "=HYPERLINK(\"http://x\")" in shown
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [c for c in cells if c.data_type == "f" and "HYPERLINK" in str(c.value)]
    assert not [c for c in cells if c.hyperlink]
    values = [sheet.cell(row, column).value for sheet, row, column in
              differences(openpyxl.load_workbook(recalculated(file, tmp_path), data_only=True))]
    assert values == [0] * 11
    with zipfile.ZipFile(file) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<script>" not in content


@pytest.mark.slow
def test_texts_of_ten_thousand_characters_and_control_characters_are_shown_as_far_as_they_can(tmp_path: Path) -> None:
    long = "x" * 10_000
    frame = pd.DataFrame({"no.": [1, 1], "what": [long, "a\x07bell\x1b[31m"], "quantity": [1.5, float("nan")]})
    book = sheets.Book(tmp_path / "long.xlsx", ["One"], Columns("EUR", "km", []), long)
    book.sheets["One"].head(long, "words")
    book.sheets["One"].table("Texts", frame)
    book.close()
    read = openpyxl.load_workbook(recalculated(tmp_path / "long.xlsx", tmp_path))
    values = [value for row in rows(read["One"]) for value in row]
    cut = "x" * LONGEST_TEXT + " … [cut here; it has 10,000 characters]"
    assert values.count(cut) == 2
    assert "a\N{REPLACEMENT CHARACTER}bell\N{REPLACEMENT CHARACTER}[31m" in values
    assert 1.5 in values
    assert max(len(value) for value in values if isinstance(value, str)) < 32_767


@pytest.mark.parametrize(("text", "shown"), [
    ("a\x07b", "a\N{REPLACEMENT CHARACTER}b"), ("a\nb", "a b"), ("\ud800", "\N{REPLACEMENT CHARACTER}"),
    ("\u202eabc", "\N{REPLACEMENT CHARACTER}abc"), ("می\u200cخواهم", "می\u200cخواهم"), ("=1+1", "=1+1"),
    ("Kiruna Stål 🚚", "Kiruna Stål 🚚")])
def test_texts_of_cells(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(("values", "kind", "cells"), [
    (pd.Series([1.5, float("nan"), float("inf"), 0.0]), "money", [1.5, None, "no limit", 0.0]),
    (pd.Series([3, 4]), "money", [3.0, 4.0]),
    (pd.Series([1, "many", float("nan"), 2.5], dtype=object), "money", [1.0, "many", None, 2.5]),
    (pd.Series(["a", "a\nb", "", None, "a"]), "text", ["a", "a b", "", None, "a"]),
    (pd.Series([True, 1, False, "x", 2.0], dtype=object), "text", ["yes", "1", "no", "x", "2.0"])])
def test_cells_of_a_column(values: pd.Series[Any], kind: Kind, cells: list[Any]) -> None:
    """Numbers are numbers, yes is no 1, nothing is a blank cell, and every text is safe."""
    assert sheets._plain(values, Column("a", "a", kind)) == cells


def test_flows_leave_out_what_there_is_none_of() -> None:
    frame = pd.DataFrame({"origin": ["A", "B"], "quantity": [0.0, 0.0], "co2": [0.0, 0.0], "duty": [0.0, 2.0],
                          "carbon": [0.0, 0.0]})
    assert tables._without_nothing(frame).columns.tolist() == ["origin", "quantity", "duty"]


@pytest.mark.slow
def test_more_rows_than_a_sheet_holds_are_added_up_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a sheet to hold 150 rows, it would have no room for 200 customers and their flows."""
    monkeypatch.setattr(sheets, "MOST_ROWS", 150)
    names = [f"C{number}" for number in range(200)]
    sol = solved(chain(customers=table(*({"customer": name} for name in names)),
                       demand=table(*({"customer": name, "quantity": 10} for name in names)),
                       lanes=lanes("P-D", *(f"D-{name}" for name in names))))
    file = write_workbook(sol, tmp_path / "cut.xlsx")
    book = openpyxl.load_workbook(file)
    said = [value for sheet in book for row in rows(sheet) for value in row if "further rows" in str(value)]
    assert len(said) == 2
    # Flows: the header stands in row 5, so 145 rows are left for 201. Of these, 12 are kept for the lines below the
    # table, and as many for rows like this one.
    assert said[1] == "80 further rows, added up: a sheet holds 150"
    assert all(sheet.max_row <= 150 for sheet in book)
    computed = openpyxl.load_workbook(recalculated(file, tmp_path), data_only=True)
    assert [sheet.cell(row, column).value for sheet, row, column in differences(computed)] == [0] * 11


@pytest.mark.slow
def test_carried_stock_has_a_sheet_that_adds_up(tmp_path: Path) -> None:
    """50 units of value 4 lie half a year on average half of it: 10 of cost, see tests/results/test_kpis.py."""
    sol = solved(chain(periods=table({"period": "low", "days": 182.5}, {"period": "high", "days": 182.5}),
                       demand=table({"customer": "C", "period": "high", "quantity": 100}),
                       products=table({"product": "goods", "unit_value": 4}), settings={"holding_rate": 0.1},
                       site_products=table({"site": "P", "product": "goods", "make_capacity": 100})))
    file = write_workbook(sol, tmp_path / "stock.xlsx")
    book = openpyxl.load_workbook(recalculated(file, tmp_path), data_only=True)
    assert "Stock" in book.sheetnames
    cost = table_of(book, "Stock", "Cost of stock by site")
    assert cost["carried stock (USD)"].sum() == pytest.approx(10)
    carried = table_of(book, "Stock", "Stock carried between periods")
    assert carried["cost (USD)"].sum() == pytest.approx(10)
    values = [sheet.cell(row, column).value for sheet, row, column in differences(book)]
    assert values == [0] * 13


@pytest.mark.slow
def test_what_cannot_be_written(result: cts.PackResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(cts.UsageError, match="the result of a pack or a plan is needed, not DataFrame"):
        write_workbook(pd.DataFrame(), tmp_path / "x.xlsx")  # type: ignore[arg-type]
    stuck = cts.read(examples.path("two_dcs")).with_edits(
        {"table": "sites", "where": {"kind": "dc"}, "set": {"capacity": 1}})
    nothing = cts.run(cts.Pack.of(stuck, [], solve={"gap": 0}), workers=1, cache=tmp_path / "cache")
    with pytest.raises(cts.UsageError, match="no scenario has a plan"):
        write_workbook(nothing, tmp_path / "x.xlsx")
    (tmp_path / "taken.xlsx").mkdir()
    with pytest.raises(cts.UsageError, match=r"taken.xlsx cannot be written .*is it open in another program"):
        write_workbook(result, tmp_path / "taken.xlsx")
    assert not list(tmp_path.glob("*.part"))
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(cts.UsageError, match=r"pip install 'ctsopt\[report\]'"):
        write_workbook(result, tmp_path / "x.xlsx")


@pytest.mark.slow
def test_workbooks_of_random_networks_reconcile(tmp_path: Path) -> None:
    """Networks with whatever features, the values as they are stored; LibreOffice computes the last one anew."""
    made, wanted = 0, times(2, 6)
    for seed in range(60):
        try:
            sol = cts.solve(cts.network(random_network(seed)), gap=0.01)
        except (cts.DataError, cts.InfeasibleError):  # a few cannot keep their promises
            continue
        file = write_workbook(sol, tmp_path / f"{seed}.xlsx")
        book = openpyxl.load_workbook(file, data_only=True)
        values = [sheet.cell(row, column).value for sheet, row, column in differences(book)]
        assert len(values) >= 11
        assert values == [0] * len(values), seed
        made += 1
        if made == wanted:
            break
    assert made == wanted
    again = openpyxl.load_workbook(recalculated(file, tmp_path), data_only=True)
    assert [sheet.cell(row, column).value for sheet, row, column in differences(again)] == values
