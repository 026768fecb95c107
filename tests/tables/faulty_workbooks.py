"""Workbooks that are damaged, made to do harm, or that show something else than they hold."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl.chart import BarChart, Reference

from ctsopt.tables import archive
from tests.networks.faults import Maker, book, part_of, rezipped, sheet_xml

if TYPE_CHECKING:
    import openpyxl


def without_zip(content: bytes) -> Maker:
    """A file of these bytes that is called a workbook."""
    def make(path: Path) -> Path:
        (path / "net.xlsx").write_bytes(content)
        return path / "net.xlsx"
    return make


def encrypted(path: Path) -> Path:
    """The directory of the archive marks a part as encrypted."""
    target = book()(path)
    assert isinstance(target, Path)
    data = bytearray(target.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    target.write_bytes(bytes(data))
    return target


def bomb(path: Path) -> Path:
    """A picture of 12 MB that is packed into 12 kB."""
    target = rezipped(add={"xl/media/image1.png": bytes(12_000_000)})(path)
    assert isinstance(target, Path)
    assert target.stat().st_size < 60_000
    return target


def many_parts(path: Path) -> Path:
    """One part more than the limit."""
    target = book()(path)
    assert isinstance(target, Path)
    with zipfile.ZipFile(target, "a") as zipped:
        for number in range(archive.MOST_PARTS):
            zipped.writestr(f"xl/media/{number}", b"")
    return target


def twin_part(path: Path) -> Path:
    """A sheet is there twice; readers take one or the other."""
    target = book()(path)
    assert isinstance(target, Path)
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as zipped:
        warnings.simplefilter("ignore")
        zipped.writestr(part_of("sites"), b"<worksheet/>")
    return target


far_row = sheet_xml("tiers", lambda x: x.replace(
    "</sheetData>", '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row></sheetData>'))

sheet_gone = rezipped(drop=(part_of("tiers"),))


def _chart(made: openpyxl.Workbook) -> None:
    made["tiers"].title = "_data"
    page = made.create_chartsheet("tiers")
    bars = BarChart()
    bars.add_data(Reference(made["_data"], min_col=2, min_row=1, max_row=3))
    page.add_chart(bars)


chart = book(_chart)


def merged(area: str) -> Maker:
    """Cells of the sheet tiers are merged, as spreadsheet programs do it: the others lose what they hold."""
    return book(lambda made: made["tiers"].merge_cells(area))


def _title(made: openpyxl.Workbook) -> None:
    sheet = made["tiers"]
    sheet.insert_rows(1)
    sheet["A1"] = "Our tiers"
    sheet.merge_cells("A1:D1")


merged_title = book(_title)

wide = book(lambda made: made["tiers"].cell(2, 1001, "x"))

formula = book(lambda made: made["demand"].__setitem__("D3", "=2*250"))

error_cell = book(lambda made: made["demand"].__setitem__("D3", "#REF!"))


def _zeros(made: openpyxl.Workbook) -> None:
    """The product is called 123 everywhere, and shown as 00123 in one place."""
    for sheet, column in (("products", 1), ("demand", 2), ("site_products", 2), ("rates", 4)):
        for row in range(2, made[sheet].max_row + 1):
            if made[sheet].cell(row, column).value == "00123":
                made[sheet].cell(row, column, "123")
    cell = made["products"].cell(2, 1, 123)
    cell.number_format = "00000"


zeros_by_format = book(_zeros)

hidden_sheet = book(lambda made: setattr(made["contracts"], "sheet_state", "hidden"))

hidden_rows = book(lambda made: setattr(made["contracts"].row_dimensions[3], "hidden", True))
