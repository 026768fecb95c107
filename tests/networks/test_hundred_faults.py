"""More than a hundred kinds of bad input: each one is told with its place and its mend, all of them at once.

Whatever stands in a folder, a workbook or a dict of frames, `read` and `network` raise DataError and nothing else.
"""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import example as example_of
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference

from ctsopt.errors import DataError
from ctsopt.networks.checks import RULES
from ctsopt.networks.network import Network, check, network, read
from ctsopt.networks.schema import BY_NAME, SCHEMA
from ctsopt.tables import archive, io
from ctsopt.tables.reading_rules import OF_DATES, OF_WAYS, READING_RULES
from tests.networks import example
from tests.networks.faults import (
    Fault,
    Maker,
    book,
    cells,
    edited,
    files,
    folder,
    frames,
    lines,
    parquet,
    part_of,
    rezipped,
    settings,
    sheet_xml,
    workbook_xml,
)
from tests.often import drawn
from tests.tables.faulty_workbooks import (
    bomb,
    chart,
    encrypted,
    error_cell,
    far_row,
    formula,
    hidden_rows,
    hidden_sheet,
    many_parts,
    merged,
    merged_title,
    sheet_gone,
    twin_part,
    wide,
    without_zip,
    zeros_by_format,
)

if TYPE_CHECKING:
    import openpyxl

W = "warning"


def F(name: str, make: Maker, rule: str, table: str, column: str = "", rows: tuple[int, ...] = (), mend: str = "",
      severity: str = "error") -> Fault:
    return Fault(name, make, rule, table, column, rows, mend, severity)


FOLDERS = [
    F("nothing in the folder", files(keep=()), "missing_table", "sites", mend="add it"),
    F("a required table is not there", files(without=("demand.csv",)), "missing_table", "demand", mend="add it"),
    F("a folder in the place of a file", files(folders=("sites.csv",)), "unreadable_file", "sites", mend="put a file"),
    F("a folder of Parquet files", files(folders=("lanes.parquet",), without=("lanes.csv",)), "unreadable_file",
      "lanes", mend="put a file"),
    F("a folder in the place of the settings", files(folders=("model.yaml",)), "unreadable_file", "settings",
      mend="put a file"),
    F("a link that leads to itself", files(links={"tiers.csv": "tiers.csv"}), "unreadable_file", "tiers",
      mend="put a file"),
    F("a link that leads nowhere", files(links={"tiers.csv": "gone.csv"}), "unreadable_file", "tiers",
      mend="put a file"),
    F("a pipe in the place of a file", files(pipes=("tiers.csv",)), "unreadable_file", "tiers", mend="put a file"),
    F("a table as CSV and as Parquet", files(parquet=("tiers",)), "two_files", "tiers", mend="delete one"),
    F("a table in two spellings of CSV", files(copies={"tiers.csv": "tiers.CSV"}), "two_files", "tiers",
      mend="delete one"),
    F("a file named almost like a table", files(copies={"lanes.csv": "lane.csv"}), "unknown_file", "lane",
      mend="lanes"),
    F("a file named like a table in capitals", files(copies={"sites.csv": "Sites.csv"}, without=("sites.csv",)),
      "unknown_file", "Sites", mend="sites"),
    F("a file with two endings", files(copies={"sites.csv": "sites.csv.csv"}, without=("sites.csv",)), "unknown_file",
      "sites.csv", mend="sites"),
    F("settings as a table", files(copies={"tiers.csv": "settings.csv"}), "unknown_file", "settings", mend="use one"),
    F("settings under another name", files(texts={"settings.yaml": "name: x\n"}), "unknown_file", "settings.yaml",
      mend="model.yaml"),
    F("settings with the short ending", files(texts={"model.yml": "name: x\n"}), "unknown_file", "model.yml",
      mend="model.yaml"),
    F("a packed table", files(copies={"contracts.csv": "contracts.csv.gz"}, without=("contracts.csv",)),
      "file_not_read", "contracts", mend="save it as CSV", severity=W),
]

BYTES = [
    F("an empty file", files(data={"sites.csv": b""}), "empty_file", "sites", mend="write the header"),
    F("blank lines", files(data={"sites.csv": b"\n \r\n\n"}), "empty_file", "sites", mend="write the header"),
    F("a byte order mark and nothing else", files(data={"sites.csv": b"\xef\xbb\xbf"}), "empty_file", "sites",
      mend="delete the file"),
    F("a header and nothing else", files(data={"sites.csv": b"site,kind\n"}), "empty_table", "sites", mend="fill it"),
    F("UTF-16 with a mark", files(data={"sites.csv": "site,kind\nA,dc\n".encode("utf-16")}), "wrong_encoding", "sites",
      mend="UTF-8"),
    F("UTF-16 without a mark", files(data={"sites.csv": "site,kind\nA,dc\n".encode("utf-16-be")}), "wrong_encoding",
      "sites", mend="UTF-8"),
    F("Latin-1 with umlauts",
      files(data={"sites.csv": "site,kind\nA,dc\nKöln,plant\nB,dc\nLübeck,dc\n".encode("latin-1")}), "wrong_encoding",
      "sites", rows=(3, 5), mend="CSV UTF-8"),
    F("a code page of DOS", files(data={"sites.csv": "site,kind\nKöln,plant\n".encode("cp850")}), "wrong_encoding",
      "sites", rows=(2,), mend="CSV UTF-8"),
    F("NUL bytes in a line", files(data={"sites.csv": b"site,kind\nPlant,plant\nA\0,dc\n"}), "nul_byte", "sites",
      rows=(3,), mend="write the file again"),
    F("a tail of NUL bytes", files(data={"sites.csv": b"site,kind\n" + b"Plant,plant\n" * 2000 + b"\0" * 40}),
      "nul_byte", "sites", rows=(2002,), mend="write the file again"),
    F("a workbook that is called CSV", files(data={"sites.csv": b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0"}),
      "wrong_encoding", "sites", mend="UTF-8"),
    F("semicolons between the cells", files(data={"sites.csv": b"site;kind\nA;dc\n"}), "wrong_separator", "sites",
      mend="commas"),
    F("tabs between the cells", files(data={"sites.csv": b"site\tkind\nA\tdc\n"}), "wrong_separator", "sites",
      mend="commas"),
    F("a line for spreadsheet programs", files(data={"sites.csv": b"sep=,\nsite,kind\nA,dc\n"}), "separator_line",
      "sites", rows=(1,), mend="delete the first line"),
    F("a quotation mark that is not closed", files(data={"sites.csv": b'site,kind\nA,"dc\nB,dc\n'}), "broken_csv",
      "sites", rows=(2,), mend="quotation mark"),
    F("lines that are too short", files(data={"sites.csv": b"site,kind\nA\nB,dc\n"}), "ragged_row", "sites", rows=(2,),
      mend="comma"),
    F("lines that are too long", files(data={"sites.csv": b"site,kind\nA,dc\nSpringfield, IL,dc\n"}), "ragged_row",
      "sites", rows=(3,), mend="comma"),
    F("a column that is there twice", files(data={"sites.csv": b"site,kind,site\nA,dc,B\n"}), "duplicate_column",
      "sites", "site", rows=(1,), mend="keep one"),
    F("a column without a header", files(data={"sites.csv": b"site,kind,\nA,dc,5\n"}), "column_without_header", "sites",
      rows=(1,), mend="give it one"),
    F("a column with a slip in its name", files(data={"sites.csv": b"site,kind,capcity\nA,dc,5\n"}), "unknown_column",
      "sites", "capcity", rows=(1,), mend="capacity"),
    F("a column with a unit in its name", files(data={"sites.csv": b"site,kind,capacity (kg)\nA,dc,5\n"}),
      "unknown_column", "sites", "capacity (kg)", rows=(1,), mend="correct the header"),
    F("a header in capitals", files(data={"sites.csv": b"SITE,KIND\nA,dc\n"}), "unknown_column", "sites", "SITE",
      rows=(1,), mend="correct the header"),
    F("a required column is not there", files(data={"sites.csv": b"site,region\nA,BY\n"}), "missing_column", "sites",
      "kind", mend="add it"),
]

SETTINGS = [
    F("a list in the place of settings", settings("- name\n- life\n"), "broken_yaml", "settings", rows=(1,),
      mend="one setting a line"),
    F("one word in the place of settings", settings("EUR\n"), "broken_yaml", "settings", rows=(1,),
      mend="one setting a line"),
    F("settings that are no YAML", settings("name: a\n  b: c: d\n"), "broken_yaml", "settings", rows=(2,),
      mend="one setting a line"),
    F("a tab before a setting", settings("name: a\n\tlife: 5\n"), "broken_yaml", "settings", rows=(2,),
      mend="one setting a line"),
    F("two documents", settings("name: a\n---\nlife: 5\n"), "broken_yaml", "settings", rows=(2,),
      mend="one setting a line"),
    F("an alias without an anchor", settings("name: *other\n"), "broken_yaml", "settings", rows=(1,),
      mend="one setting a line"),
    F("a character that does not exist", settings('name: "\\UFFFFFFFF"\n'), "broken_yaml", "settings",
      rows=(1,), mend="one setting a line"),
    F("brackets without end", settings("name: " + "[" * 20_000), "broken_yaml", "settings", rows=(1,),
      mend="one setting a line"),
    F("a list as the name of a setting", settings("name: a\n? [life]\n: 5\n"), "broken_yaml", "settings", rows=(2,),
      mend="one setting a line"),
    F("a setting that is there twice", settings("life: 5\nname: a\nlife: 6\n"), "duplicate_key", "settings", "life",
      rows=(1, 3), mend="keep one"),
    F("a setting with two values", settings("name: a\nlife: [5, 6]\n"), "setting_not_single", "settings", "life",
      rows=(2,), mend="one value"),
    F("lists of lists of lists", settings("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nlife: [*c, *c]\n"),
      "setting_not_single", "settings", "life", rows=(4,), mend="one value"),
    F("a setting with a slip in its name", settings("circuty: 1.3\n"), "unknown_setting", "settings", "circuty",
      rows=(1,), mend="circuity"),
    F("a setting out of bounds", settings("circuity: 13\n"), "above_bound", "settings", "circuity", rows=(1,),
      mend="unit"),
    F("a setting that is no choice", settings("distance_unit: miles\n"), "unknown_choice", "settings", "distance_unit",
      rows=(1,), mend="write one of them"),
    F("a setting without limit in words", settings("budget: .inf\n"), "word_for_number", "settings", "budget",
      rows=(1,), mend="no limit"),
    F("settings in Latin-1", files(data={"model.yaml": "name: Köln\n".encode("latin-1")}), "wrong_encoding", "settings",
      rows=(1,), mend="UTF-8"),
    F("settings of two megabytes", settings("# " + "x" * 2_000_000), "too_large_file", "settings", mend="short line"),
]

PARQUET = [
    F("something else that is called Parquet", files(data={"tiers.parquet": b"tier\ngold\n"}, without=("tiers.csv",)),
      "broken_parquet", "tiers", mend="write it again"),
    F("half a Parquet file", parquet("tiers", keep=0.5), "broken_parquet", "tiers", mend="write it again"),
    F("lists in a Parquet file", parquet("tiers", modes=[["parcel", "truck"], []]), "several_values", "tiers", "modes",
      rows=(0, 1), mend="one value"),
    F("bytes in a Parquet file", parquet("tiers", tier=[b"gold", b"silver"]), "bytes_for_text", "tiers", "tier",
      rows=(0, 1), mend="as text"),
    F("text that is not UTF-8 in a Parquet file", parquet("tiers", broken="tier"), "broken_parquet", "tiers",
      mend="write it again"),
    F("a column twice in a Parquet file", parquet("tiers", twice="rank"), "duplicate_column", "tiers", "rank",
      mend="keep one"),
    F("dates as names in a Parquet file", parquet("periods", period=list(pd.date_range("2024-01-01", periods=2))),
      "unknown_reference", "demand", "period", rows=(2, 3, 4, 5, 6, 7), mend="correct the name"),
]

ENTITIES = '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'

WORKBOOKS = [
    F("an empty workbook file", without_zip(b""), "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("a text that is called workbook", without_zip(b"site,kind\n"), "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("a workbook before 2007, or with a password", without_zip(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
      "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("an archive of something else", rezipped(drop=("xl/workbook.xml",)), "unreadable_workbook", "net.xlsx",
      mend=".xlsx"),
    F("half a workbook", rezipped(keep=0.5), "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("a part with a password", encrypted, "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("a part that is packed in another way", rezipped(method=zipfile.ZIP_LZMA), "unreadable_workbook", "net.xlsx",
      mend=".xlsx"),
    F("a part that unpacks to a thousand times its size", bomb, "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("more parts than any workbook has", many_parts, "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("two parts of one name", twin_part, "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("entities that make a short text long", sheet_xml("sites", lambda x: x.replace("<worksheet", ENTITIES)),
      "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("entities after a long comment", sheet_xml(
        "sites", lambda x: x.replace("<worksheet", f"<!--{' ' * 9000}-->{ENTITIES}")),
      "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("entities in letters of two bytes", rezipped(lambda name, data: (
        re.sub(r"<\?xml.*?\?>", "", data.decode()).replace("<worksheet", ENTITIES).encode("utf-16")
        if name == part_of("sites") else data)), "unreadable_workbook", "net.xlsx", mend=".xlsx"),
    F("a list of sheets that is no XML", workbook_xml(lambda x: x[: len(x) // 2]), "unreadable_workbook", "net.xlsx",
      mend="save it again"),
    F("a sheet that ends too early", sheet_xml("sites", lambda x: x[: len(x) // 2]), "damaged_sheet", "sites",
      mend="save it again"),
    F("rows of a sheet that are out of order", sheet_xml("sites", lambda x: x.replace('<row r="3"', '<row r="2"')),
      "unreadable_workbook", "net.xlsx", mend="save it again"),
    F("a cell in row two thousand million", far_row, "damaged_sheet", "tiers", mend="save it again"),
    F("a sheet that is listed and not there", sheet_gone, "sheet_without_cells", "tiers", mend="replace it"),
    F("a chart in the place of a sheet", chart, "sheet_without_cells", "tiers", mend="replace it"),
    F("two sheets of one name", workbook_xml(lambda x: x.replace('name="contracts"', 'name="tiers"')),
      "duplicate_sheet", "tiers", mend="delete one"),
    F("two sheets whose names differ in capitals",
      workbook_xml(lambda x: x.replace('name="contracts"', 'name="Tiers"')), "duplicate_sheet", "tiers",
      mend="delete one"),
    F("two sheets whose names differ in a blank",
      workbook_xml(lambda x: x.replace('name="contracts"', 'name="tiers "')), "duplicate_sheet", "tiers",
      mend="delete one"),
    F("a sheet with a slip in its name", workbook_xml(lambda x: x.replace('name="tiers"', 'name="tires"')),
      "unknown_sheet", "tires", mend="tiers"),
    F("a sheet in capitals", workbook_xml(lambda x: x.replace('name="tiers"', 'name="TIERS"')), "unknown_sheet",
      "TIERS", mend="tiers"),
    F("a required sheet that is blank", book(lambda b: b["demand"].delete_rows(1, 50)), "empty_file", "demand",
      mend="write the header"),
    F("a header that is not in row 1", book(lambda b: b["modes"].insert_rows(1)), "header_not_first", "modes",
      rows=(2,), mend="row 1"),
    F("merged cells in the header", merged("A1:B1"), "merged_header", "tiers", "tier", rows=(1,),
      mend="take the merging"),
    F("a merged title above the header", merged_title, "header_below_title", "tiers", rows=(1,),
      mend="delete the rows above it"),
    F("merged cells in a column", merged("B2:B3"), "merged_cells", "tiers", "rank", rows=(2,), mend="fill in"),
    F("cells far to the right", wide, "too_many_columns", "tiers", rows=(2,), mend="delete them"),
    F("a header twice in a sheet", book(lambda b: b["tiers"].__setitem__("C1", "rank")), "duplicate_column", "tiers",
      "rank", rows=(1,), mend="keep one"),
    F("a column of a sheet without a header", book(lambda b: b["tiers"].__setitem__("C1", None)),
      "column_without_header", "tiers", rows=(1,), mend="give it one"),
    F("a formula without a value", formula, "formula_without_value", "demand", rows=(3,), mend="save it"),
    F("an error of the spreadsheet program", error_cell, "error_cell", "demand", "quantity", rows=(3,),
      mend="correct the formula"),
    F("a date in a column of numbers", book(lambda b: b["demand"].__setitem__("D4", pd.Timestamp("2024-01-02"))),
      "date_for_number", "demand", "quantity", rows=(4,), mend="write the number"),
    F("a yes in a column of numbers", book(lambda b: b["demand"].__setitem__("D4", True)), "not_a_number", "demand",
      "quantity", rows=(4,), mend="write a number"),
    F("numbers that only look like 00123", zeros_by_format, "zeros_by_format", "products", "product", rows=(2,),
      mend="format the column as text", severity=W),
    F("a sheet that is hidden", hidden_sheet, "hidden_sheet", "contracts", mend="show it", severity=W),
    F("rows that a filter hides", hidden_rows, "hidden_rows", "contracts", rows=(3,), mend="show them", severity=W),
    F("a sheet of settings with other headers", book(lambda b: b.create_sheet("settings").append(["name", "is"])),
      "missing_column", "settings", "setting", mend="two columns"),
]

FRAMES = [
    F("a list in the place of a frame", frames(tiers=["gold"]), "not_a_frame", "tiers", mend="DataFrame"),
    F("a list in the place of settings in a dict", frames(settings=[1]), "not_a_frame", "settings", mend="dict"),
    F("a frame with an unknown name", frames(lane=pd.DataFrame({"origin": ["A"]})), "unknown_table", "lane",
      mend="lanes"),
    F("a frame without columns", frames(sites=pd.DataFrame()), "missing_column", "sites", "site", mend="add it"),
    F("a frame with a column twice",
      frames(periods=pd.DataFrame([["winter", 181, 9]], columns=["period", "days", "days"])),
      "duplicate_column", "periods", "days", mend="keep one"),
    F("lists in a frame", frames(periods=pd.DataFrame({"period": ["winter", "summer"], "days": [[181], 184]})),
      "several_values", "periods", "days", rows=(0,), mend="one value"),
    F("complex numbers", frames(periods=pd.DataFrame({"period": ["winter", "summer"], "days": [181 + 1j, 184 + 1j]})),
      "not_a_number", "periods", "days", rows=(0, 1), mend="write a number"),
    F("whole numbers beyond all floats",
      frames(periods=pd.DataFrame({"period": ["winter", "summer"], "days": [10**400, 184]}, dtype=object)), "too_large",
      "periods", "days", rows=(0,), mend="smaller number"),
    F("an infinite cost", frames(periods=pd.DataFrame({"period": ["winter", "summer"], "days": [float("inf"), 184]})),
      "too_large", "periods", "days", rows=(0,), mend="smaller number"),
]

CELLS = [
    F("a blank where a number is needed", cells("demand", 3, "quantity", ""), "blank", "demand", "quantity", (3,),
      "fill it in"),
    F("a blank name", cells("customers", 3, "customer", " "), "blank", "customers", "customer", (3,), "fill it in"),
    F("a negative number", cells("demand", 3, "quantity", "-5"), "below_bound", "demand", "quantity", (3,), "sign"),
    F("a period of no days", cells("periods", 2, "days", "0"), "below_bound", "periods", "days", (2,), "correct"),
    F("a latitude beyond the pole", cells("sites", 2, "latitude", "481"), "above_bound", "sites", "latitude", (2,),
      "unit"),
    F("a share in per cent", cells("promises", 2, "reliability", "98"), "share_above_one", "promises", "reliability",
      (2,), "write 0.98"),
    F("a fill rate in per cent", cells("promises", 2, "fill_rate", "98"), "share_above_one", "promises", "fill_rate",
      (2,), "write 0.98"),
    F("a fill rate of one", cells("promises", 2, "fill_rate", "1"), "above_bound", "promises", "fill_rate", (2,),
      "correct the number"),
    F("a share with a sign of per cent", cells("promises", 2, "reliability", "98%"), "percent_sign", "promises",
      "reliability", (2,), "0.95 for 95%"),
    F("a decimal comma", cells("products", 2, "weight", '"2,5"'), "decimal_comma", "products", "weight", (2,), "1.5"),
    F("a minus behind the number", cells("sites", 2, "fixed_cost", "500-"), "trailing_minus", "sites", "fixed_cost",
      (2,), "before the number"),
    F("separators between digits", cells("sites", 2, "capacity", "900 000"), "thousands_separator", "sites", "capacity",
      (2,), "1234.5"),
    F("a unit beside a number", cells("products", 2, "weight", "2.5 kg"), "unit_in_cell", "products", "weight", (2,),
      "number alone"),
    F("a currency beside a number", cells("sites", 2, "fixed_cost", "€500"), "unit_in_cell", "sites", "fixed_cost",
      (2,), "number alone"),
    F("a date in the place of a number", cells("demand", 3, "quantity", "1-Feb"), "date_for_number", "demand",
      "quantity", (3,), "write the number"),
    F("not a number at all", cells("demand", 3, "quantity", "NaN"), "word_for_number", "demand", "quantity", (3,),
      "write the number"),
    F("infinity in words", cells("sites", 2, "capacity", "unlimited"), "word_for_number", "sites", "capacity", (2,),
      "no limit"),
    F("a number in letters", cells("demand", 3, "quantity", "twelve"), "not_a_number", "demand", "quantity", (3,),
      "write a number"),
    F("a number in hexadecimal digits", cells("demand", 3, "quantity", "0x1F"), "not_a_number", "demand", "quantity",
      (3,), "write a number"),
    F("a number that stands for no limit", cells("sites", 2, "capacity", "1e30"), "too_large", "sites", "capacity",
      (2,), "no limit"),
    F("a word that is no choice", cells("sites", 2, "kind", "warehouse"), "unknown_choice", "sites", "kind", (2,),
      "write one of them"),
    F("a choice in capitals", cells("sites", 2, "status", "Open"), "unknown_choice", "sites", "status", (2,),
      "write one of them"),
    F("neither yes nor no", cells("sites", 2, "may_close", "maybe"), "not_yes_or_no", "sites", "may_close", (2,),
      "yes or no"),
    F("a blank of no width in a name", cells("customers", 3, "region", "B\u200bW"), "unseen_character", "customers",
      "region", (3,), "type the text anew"),
    F("a letter that was lost", cells("customers", 3, "region", "W\ufffdrttemberg"), "lost_character", "customers",
      "region", (3,), "UTF-8"),
    F("a name of a page", cells("customers", 3, "customer", "x" * 201), "too_long", "customers", "customer", (3,),
      "shorten"),
    F("a star as a name", cells("customers", 3, "customer", "*"), "reserved_name", "customers", "customer", (3,),
      "another name"),
    F("a mode with a bar", cells("modes", 4, "mode", "rail|sea"), "reserved_name", "modes", "mode", (4,),
      "another name"),
    F("a name of a row of reports", cells("tiers", 2, "tier", "total"), "name_of_report_row", "tiers", "tier", (2,),
      "another name"),
    F("one key in two rows", lines("sites", "West,dc"), "duplicate_key", "sites", "site", (5, 7), "keep one"),
    F("one key of six columns in two rows", lines("rates", "Mine,Dock,truck,00123,0,0,0.4,,,,,"), "duplicate_key",
      "rates", "origin, destination, mode, product, from_distance, from_weight", (5, 6), "keep one"),
    F("a blank product where there are several", cells("demand", 3, "product", ""), "which_one", "demand", "product",
      (3,), "write the product"),
]

TABLES = [
    F("a customer that is not there", cells("demand", 3, "customer", "Ana"), "unknown_reference", "demand", "customer",
      (3,), "correct the name"),
    F("a mode of a tier that is not there", cells("tiers", 2, "modes", "truk"), "unknown_mode_of_tier", "tiers",
      "modes", (2,), "separated by |"),
    F("a zone that is not there", cells("rates", 2, "destination", "Coast"), "unknown_rate_place", "rates",
      "destination", (2,), "zone"),
    F("a class that no product has", cells("promises", 3, "product_class", "smal"), "unknown_product_class", "promises",
      "product_class", (3,), "correct the name"),
    F("a group that no site has", cells("contracts", 2, "group", "wst"), "contract_group_empty", "contracts", "group",
      (2,), "sites.group"),
    F("a zone with the name of a site", cells("sites", 4, "zone", "Mine"), "zone_is_place", "sites", "zone", (4,),
      "rename the zone"),
    F("a lane that starts at a customer", cells("lanes", 8, "origin", "Anna"), "lane_from_customer", "lanes", "origin",
      (8,), "give it a site"),
    F("a lane that ends where it starts", cells("lanes", 15, "destination", "NA"), "lane_to_itself", "lanes",
      "destination", (15,), "one of the ends"),
    F("a lane into a supplier", cells("lanes", 15, "destination", "Mine"), "lane_into_supplier", "lanes",
      "destination", (15,), "turn the lane"),
    F("a mode that does not serve the lane", cells("lanes", 6, "mode", "parcel"), "mode_does_not_serve", "lanes",
      "mode", (6,), "another mode"),
    F("half of the coordinates", cells("customers", 2, "latitude", ""), "coordinates_incomplete", "customers",
      "latitude", (2,), "give both"),
    F("coordinates in the sea", edited(("customers", 2, "latitude", "0"), ("customers", 2, "longitude", "0")),
      "coordinates_at_zero", "customers", "latitude", (2,), "leave both blank", W),
    F("shares that do not add up", cells("order_profiles", 3, "share", "0.2"), "profile_shares", "order_profiles",
      "share", (2, 3), "correct the shares"),
    F("goods that a dc makes", cells("site_products", 5, "make_cost", "3"), "made_at_dc", "site_products", "make_cost",
      (5,), "plant"),
    F("more demand than can be made", cells("demand", 2, "quantity", "9000000"), "demand_above_supply", "demand",
      "quantity", (), "make_capacity"),
    F("a served share without a price", cells("tiers", 3, "shortage_cost", ""), "shortage_cost_missing", "tiers",
      "shortage_cost", (3,), "shortage_cost"),
    F("more for each than for all", cells("promises", 3, "served_fraction_each", "0.99"), "served_fraction_each_above",
      "promises", "served_fraction_each", (3,), "raise"),
    F("a share on time without a time", cells("promises", 3, "lead_time", ""), "share_without_lead_time", "promises",
      "lead_time", (3,), "lead_time"),
    F("gold slower than silver", cells("promises", 2, "lead_time", "30"), "slower_than_lower_tier", "promises",
      "lead_time", (2,), "rank", W),
    F("a tier that nothing may deliver", cells("tiers", 2, "modes", "rail"), "tier_without_mode", "tiers", "modes",
      (2,), "serves deliveries"),
    F("half a site", cells("contracts", 2, "quantity", "1.5"), "contract_not_whole", "contracts", "quantity", (2,),
      "whole number"),
    F("more sites than there are", edited(("contracts", 2, "quantity", "2"), ("contracts", 2, "limit", "at_least")),
      "contract_impossible", "contracts", "quantity", (2,), "ask for fewer"),
    F("a contract that does not say how much", cells("contracts", 2, "quantity", ""), "contract_quantity_missing",
      "contracts", "quantity", (2,), "fill in"),
    F("a common site for nobody", edited(("contracts", 2, "kind", "same_site"), ("contracts", 2, "group", ""),
                                         ("contracts", 2, "quantity", "")), "contract_group_missing", "contracts",
      "group", (2,), "name the group"),
    F("a share of three thousand per cent", edited(("contracts", 2, "kind", "share"), ("contracts", 2, "site", "West"),
                                                   ("contracts", 2, "group", ""), ("contracts", 2, "quantity", "30")),
      "contract_share_above_one", "contracts", "quantity", (2,), "0.3 for 30 %"),
    F("a share of nothing", edited(("contracts", 2, "kind", "share"), ("contracts", 2, "group", ""),
                                   ("contracts", 2, "quantity", "0.3")), "contract_share_of_nothing", "contracts",
      "kind", (2,), "name a site"),
    F("goods made for a customer", edited(("contracts", 2, "kind", "max_volume"), ("contracts", 2, "group", ""),
                                          ("contracts", 2, "of", "made"), ("contracts", 2, "customer", "Anna")),
      "contract_counts_other_goods", "contracts", "of", (2,), "leave `of` blank"),
    F("each of nothing", edited(("contracts", 2, "kind", "max_volume"), ("contracts", 2, "group", ""),
                                ("contracts", 2, "each_or_total", "each")), "contract_each_of_nothing", "contracts",
      "each_or_total", (2,), "write *"),
    F("a least above the most", edited(("lanes", 2, "min_volume", "9"), ("lanes", 2, "max_volume", "8")),
      "lane_minimum_above_maximum", "lanes", "min_volume", (2,), "lower it"),
    F("a site that must do more than it can", cells("sites", 4, "min_throughput", "80001"),
      "site_minimum_above_capacity", "sites", "min_throughput", (4,), "lower it"),
    F("one source and a half", cells("customers", 2, "max_sources", "1.5"), "sources_not_whole", "customers",
      "max_sources", (2,), "whole number"),
    F("a speed in an hour", cells("modes", 2, "speed", "80"), "speed_per_hour", "modes", "speed", (2,), "in a day", W),
    F("a lane shorter than the air line", cells("lanes", 2, "distance", "7"), "lane_shorter_than_air", "lanes",
      "distance", (2,), "distance_unit", W),
    F("a transit time at a later weight break", cells("rates", 3, "transit_time", "9"), "transit_of_later_break",
      "rates", "transit_time", (3,), "first row", W),
    F("a spread of no time", edited(("rates", 2, "transit_time", "0"), ("rates", 3, "transit_time", "0")),
      "transit_sd_without_time", "rates", "transit_sd", (2, 3), "transit_time", W),
    F("a fill rate, and nothing says how demand varies", cells("promises", 3, "fill_rate", "0.95"),
      "variance_to_mean_missing", "products", "variance_to_mean", (2,), "in every row of its demand"),
    F("stock that costs nothing", edited(("promises", 4, "fill_rate", "0.9"), ("products", 3, "variance_to_mean", "2"),
                                         ("products", 3, "unit_value", "0"), ("promises", 2, "fill_rate", "0.9"),
                                         ("products", 2, "variance_to_mean", "2")),
      "promised_stock_costs_nothing", "products", "unit_value", (3,), "products.unit_value", W),
    F("half a day of waiting", settings("longest_wait: 0.5\n"), "stock_setting_not_whole", "settings", "longest_wait",
      (), "whole number"),
    F("a group with the name of another product", cells("products", 2, "stock_group", "1E10"), "stock_group_is_product",
      "products", "stock_group", (2,), "rename the group"),
    F("one group whose products share in two ways", edited(
        ("products", 2, "stock_group", "both"), ("products", 3, "stock_group", "both"),
        ("site_products", 6, "site", "NA"), ("site_products", 6, "product", "00123"),
        ("site_products", 6, "stock_sharing", "separate")), "stock_sharing_differs", "site_products", "stock_sharing",
      (6,), "the same stock_sharing"),
    F("gold with less at hand than silver", edited(
        ("promises", 2, "fill_rate", "0.9"), ("promises", 3, "fill_rate", "0.95"),
        ("products", 2, "variance_to_mean", "2"), ("products", 3, "variance_to_mean", "2")), "slower_than_lower_tier",
      "promises", "fill_rate", (2,), "rank", W),
    F("a safety factor where the fill rate decides", edited(("promises", 2, "safety_factor", "2")),
      "no_effect_under_this_rule", "promises", "safety_factor", (2,), "square_root", W),
    F("no site that may be used", edited(*(("sites", row, "status", "closed") for row in range(2, 7))),
      "no_usable_site", "sites", "status", (), "open a site"),
]

WAYS = [
    F("a mode without any tariff", edited(("modes", 4, "per_distance", "0"), ("modes", 4, "per_weight", "0"),
                                          ("modes", 4, "per_shipment", "0")), "way_without_rate", "rates",
      mend="give the mode a tariff"),
    F("two rates that match equally well",
      lines("rates", "north,*,parcel,00123,0,0,1,0,0,0,,", "*,coast,parcel,00123,0,0,1,0,0,0,,",
            without="north,coast"), "ambiguous_rate", "rates", mend="more specific"),
    F("a distance that nothing states", edited(("customers", 2, "latitude", ""), ("customers", 2, "longitude", "")),
      "unknown_distance", "lanes", mend="coordinates"),
    F("a lane shorter than the first band", edited(("rates", 2, "from_distance", "290"),
                                                   ("rates", 3, "from_distance", "290"),
                                                   ("lanes", 7, "distance", "280")),
      "below_first_distance", "rates", mend="from_distance 0"),
    F("drops without a size", cells("demand", 4, "order_size", ""), "drop_size_needed", "demand", mend="order_size"),
]

FAULTS = [*FOLDERS, *BYTES, *SETTINGS, *PARQUET, *WORKBOOKS, *FRAMES, *CELLS, *TABLES, *WAYS]


def make(source: object) -> Network:
    return network(source) if isinstance(source, dict) else read(source)


def test_there_are_a_hundred_kinds():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 100


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_the_finding_says_where_it_is_and_how_to_mend_it(tmp_path: Path, fault: Fault):
    source = fault.make(tmp_path)
    found = check(source)
    hits = [f for f in found if (f.rule, f.table, f.column) == (fault.rule, fault.table, fault.column)]
    rows = [tuple(row for row in f.rows if row is not None) for f in hits]
    assert list(zip(rows, [f.severity for f in hits], strict=True))[:1] == [(fault.rows, fault.severity)], str(found)
    told = "\n".join(hits[0].lines())
    assert f"{fault.severity} [{fault.rule}] {fault.table}" in told
    assert fault.mend in told[told.index("mend:"):] or f"did you mean {fault.mend!r}" in told
    assert hits[0].message
    if fault.severity == "error":
        with pytest.raises(DataError) as error:
            make(source)
        assert str(error.value.findings) == str(found)
    else:
        assert found.errors == []
        assert str(make(source).findings) == str(found)


def test_every_rule_of_reading_is_documented_and_told_somewhere():
    """Rules about tables are told one by one in test_checks; those of ways that are not here, in test_way_findings;
    what is wrong with an edit, in test_edits; with the stages of a chain, beside the guaranteed service model; with
    dates, which no table of a network has, in test_schema.
    """
    documented = {name for rules in READING_RULES.values() for name in rules}
    written = set()
    called = re.compile(r'(?:Finding|report|fault|add|unknown|Slip)\(\s*"([a-z_]+)"')
    for file in Path(archive.__file__).parent.glob("*.py"):
        if not file.name.startswith(("edit", "stages")):
            written |= set(called.findall(file.read_text("utf-8")))
    assert written <= documented
    assert documented - {fault.rule for fault in FAULTS} - set(OF_WAYS) - set(OF_DATES) == {"too_many_rows"}
    assert {fault.rule for fault in FAULTS} <= documented | {rule.name for rule in RULES}
    limits = READING_RULES["Workbooks"]["unreadable_workbook"]
    assert [round(size / 1e6) for size in (archive.LARGEST_FILE, archive.LARGEST)] == [268, 1074]
    assert all(words in limits for words in ("268 MB", "1074 MB", f"{archive.MOST_PARTS:,} parts",
                                             f"{archive.MOST_TIMES} times", f"{archive.TIMES_FROM // 10**6} MB"))


# ---- several at once -------------------------------------------------------------------------------------------------

SEVERAL: list[tuple[str, Maker, set[tuple[str, str, tuple[int, ...]]]]] = [
    ("a file that cannot be read beside cells that are wrong",
     lambda path: _and(edited(("demand", 3, "quantity", "-5"), ("modes", 2, "speed", "fast"))(path),
                       sites=b"site;kind\n"),
     {("wrong_separator", "sites", ()), ("below_bound", "demand", (3,)), ("not_a_number", "modes", (2,))}),
    ("three files that cannot be read, and the settings",
     files(data={"sites.csv": b"", "customers.csv": "customer\nKöln\n".encode("latin-1"), "model.yaml": b"- a\n"},
           folders=("demand.csv",)),
     {("empty_file", "sites", ()), ("wrong_encoding", "customers", (2,)), ("broken_yaml", "settings", (1,)),
      ("unreadable_file", "demand", ())}),
    ("a header, two cells of one row, and a name", edited(
        ("sites", 2, "capcity", "5"), ("sites", 3, "latitude", "512"), ("sites", 3, "kind", "mine"),
        ("lanes", 2, "mode", "trian")),
     {("unknown_column", "sites", (1,)), ("above_bound", "sites", (3,)), ("unknown_choice", "sites", (3,)),
      ("unknown_reference", "lanes", (2,))}),
    ("two sheets that are damaged and a third with an error", rezipped(
        lambda name, data: data[: len(data) // 2] if name in (part_of("tiers"), part_of("rates")) else data.replace(
            b"<v>4000</v>", b"<v>-4000</v>")),
     {("damaged_sheet", "tiers", ()), ("damaged_sheet", "rates", ()), ("below_bound", "demand", (2,))}),
    ("frames of the wrong type and with unknown names", frames(
        tiers=[1], modes="truck", lane=pd.DataFrame(), settings={"circuty": 1, "life": -1}),
     {("not_a_frame", "tiers", ()), ("not_a_frame", "modes", ()), ("unknown_table", "lane", ()),
      ("unknown_setting", "settings", (0,)), ("below_bound", "settings", (1,))}),
    ("contracts, lanes and service at once", edited(
        ("contracts", 2, "quantity", "0.5"), ("lanes", 15, "destination", "Mine"), ("promises", 3, "lead_time", ""),
        ("tiers", 3, "shortage_cost", "")),
     {("contract_not_whole", "contracts", (2,)), ("lane_into_supplier", "lanes", (15,)),
      ("share_without_lead_time", "promises", (3,)), ("shortage_cost_missing", "tiers", (3,))}),
]


def _and(net: object, **data: bytes) -> Path:
    """A folder with some more files replaced."""
    assert isinstance(net, Path)
    for name, content in data.items():
        (net / f"{name}.csv").write_bytes(content)
    return net


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in SEVERAL], ids=[case[0] for case in SEVERAL])
def test_all_faults_come_at_once(tmp_path: Path, source: Maker, expected: set[tuple[str, str, tuple[int, ...]]]):
    with pytest.raises(DataError) as error:
        make(source(tmp_path))
    assert {(f.rule, f.table, tuple(f.rows)) for f in error.value.findings.errors} == expected
    assert all(rule in str(error.value) for rule, _, _ in expected)


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "value", "words"), [
    ("LARGEST_FILE", 5000, "more than the limit of 5000 bytes"),
    ("LARGEST", 10_000, "more than the limit of 10000 bytes"),
    ("MOST_PARTS", 5, "more than the limit of 5")])
def test_limits_of_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str):
    path = book()(tmp_path)
    assert check(path).errors == []
    monkeypatch.setattr(archive, limit, value)
    found = check(path).errors
    assert [(f.rule, f.table) for f in found] == [("unreadable_workbook", "net.xlsx")]
    assert words in found[0].message


def test_a_workbook_that_is_packed_tightly_is_read_up_to_ten_megabytes(tmp_path: Path):
    path = rezipped(add={"xl/media/image1.png": bytes(10_000_000)})(tmp_path)
    assert check(path).errors == []


def test_the_limit_of_rows_of_a_parquet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = parquet("tiers")(tmp_path)
    assert check(path).errors == []
    monkeypatch.setattr(io, "MOST_ROWS_OF_PARQUET", 1)
    assert [(f.rule, f.table) for f in check(path).errors] == [("too_many_rows", "tiers")]


def test_a_chart_and_a_sheet_of_ones_own_are_no_faults(tmp_path: Path):
    def change(made: openpyxl.Workbook) -> None:
        bars = BarChart()
        bars.add_data(Reference(made["demand"], min_col=4, min_row=1, max_row=3))
        made.create_chartsheet("Demand by month").add_chart(bars)
        made.create_sheet("_scratch").merge_cells("A1:C3")
        made["tiers"]["F1"] = "_mine"
        made["tiers"].merge_cells("F2:F3")
        made["sites"].merge_cells("X30:Z40")

    assert check(book(change)(tmp_path)).errors == []


def test_a_byte_order_mark_and_lines_of_windows_are_no_faults(tmp_path: Path):
    net = folder(tmp_path)
    for name in ("sites", "demand"):
        text = (net / f"{name}.csv").read_text(encoding="utf-8")
        (net / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read(net) == network(example.tables())


@pytest.mark.slow
@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))
       | st.text(alphabet='ab:-[]{}&*!|>%@`"\'#,?\n\t 1', max_size=60).map(str.encode))
@example_of(b"%YAML 9.9\n---\nname: x\n")
@example_of(b"a: !!python/object:os.system {}\n")
@example_of(b"name: !<tag:yaml.org,2002:binary> x\n")
@drawn(200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_settings_file_is_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    net = tmp_path_factory.mktemp("yaml")
    (net / "model.yaml").write_bytes(content)
    _, found = io.read_tables(net, SCHEMA)
    assert {f.table for f in found} <= {"settings", "sites", "customers", "demand"}


ODD = ("", "0", "-1", "1e15", "1e-300", "*", "|", "NA", "nan", "total", "yes", "1,5", "\u00e9", "'", '"x"',
       "2024-01-01", "each", "same_site", "closed", "supplier", "0.5", "365")


@pytest.mark.slow
@given(st.data())
@drawn(20)
def test_no_few_odd_cells_are_a_traceback(data: st.DataObject):
    """Whatever stands in some cells: findings, or a network; the ways are made, too."""
    sources = example.sources()
    for _ in range(data.draw(st.integers(1, 4))):
        table = BY_NAME[data.draw(st.sampled_from(list(example.ROWS)))]
        column = data.draw(st.sampled_from([c.name for c in table.columns]))
        frame = sources[table.name]
        assert isinstance(frame, pd.DataFrame)
        cells_of = frame[column].tolist() if column in frame else [""] * len(frame)
        cells_of[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.sampled_from(ODD))
        sources[table.name] = frame.assign(**{column: cells_of})
    for finding in check(sources):
        assert finding.message
        assert finding.mend


@pytest.mark.parametrize("seed", range(3))
def test_no_damaged_bytes_are_a_traceback(tmp_path: Path, seed: int):
    """Bytes of a workbook and of a Parquet file are turned, taken out and put in."""
    rng = random.Random(seed)
    workbook, net = book()(tmp_path), parquet("tiers")(tmp_path)
    assert isinstance(workbook, Path)
    assert isinstance(net, Path)
    for target, source in ((workbook, workbook), (net / "tiers.parquet", net)):
        whole = target.read_bytes()
        for _ in range(15):
            damaged = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(damaged))
                damaged[at:at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
            target.write_bytes(damaged)
            for finding in io.read_tables(source, SCHEMA)[1]:
                assert finding.mend
