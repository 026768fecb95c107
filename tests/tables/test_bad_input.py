"""Whatever a user may hand over: findings or a plain message, never a bare traceback."""

from __future__ import annotations

import difflib
import random
import time
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsopt.errors import DataError, Findings, UsageError, nearest_name
from ctsopt.networks.network import check, network, read
from ctsopt.tables import archive
from ctsopt.tables.csv_files import read_csv
from tests.networks import example
from tests.often import drawn
from tests.tables.test_io import write_csv


def told(path: Path) -> list[tuple[str, str]]:
    found = check(path)
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value.findings) == str(found)
    assert found.headline() in str(error.value)
    return [(f.rule, f.table) for f in found.errors]


# ---- paths -----------------------------------------------------------------------------------------------------------


def test_no_such_folder(tmp_path: Path):
    (tmp_path / "retail_us").mkdir()
    with pytest.raises(UsageError, match=r"there is no folder or file .*retail_uss; did you mean .*retail_us\?"):
        read(tmp_path / "retail_uss")
    with pytest.raises(UsageError, match="there is no folder or file"):
        check(tmp_path / "not" / "here")


def test_neither_a_folder_nor_a_workbook(tmp_path: Path):
    (tmp_path / "sites.csv").write_text("site,kind\n")
    with pytest.raises(UsageError, match="neither a folder nor a workbook"):
        read(tmp_path / "sites.csv")


def test_an_empty_folder_and_one_without_sites(tmp_path: Path):
    assert told(tmp_path) == [("missing_table", "sites"), ("missing_table", "customers"), ("missing_table", "demand")]
    write_csv(tmp_path)
    (tmp_path / "sites.csv").unlink()
    assert told(tmp_path) == [("missing_table", "sites")]


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write_csv(tmp_path)
    (tmp_path / "model.yaml").write_text("name: x")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert told(tmp_path) == [("unreadable_file", t) for t in (
        "calendar_days", "calendars", "capacity_levels", "contracts", "customers", "demand", "lanes", "settings",
        "modes", "order_profiles", "order_times", "periods", "products", "promises", "rates",
        "site_products", "sites", "tiers")]
    assert "capacity_levels.csv cannot be read: Permission denied" in str(check(tmp_path))


def test_something_else_than_frames():
    found = check({**example.sources(), "sites": [1, 2], "settings": 5})
    assert [(f.rule, f.table, f.message, f.mend) for f in found] == [
        ("not_a_frame", "sites", "the table is of the type list", "give a pandas DataFrame"),
        ("not_a_frame", "settings", "the table is of the type int", "give a dict, or a pandas DataFrame")]
    with pytest.raises(DataError, match="not_a_frame"):
        network({"sites": [1, 2]})
    assert {f.rule for f in check({})} == {"missing_table"}
    found = check({**example.sources(), "site": pd.DataFrame({"a": [1]})})
    assert [(f.rule, f.table, f.nearest("site")) for f in found] == [("unknown_table", "site", "sites")]


# ---- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "rule", "rows"), [
    (b"", "empty_file", []),
    (b"\n \n", "empty_file", []),
    (b'""\n', "empty_file", []),
    (b"\xef\xbb\xbf", "empty_file", []),
    ("site,kind\nA,plant\n".encode("utf-16"), "wrong_encoding", []),
    ("site,kind\nA,plant\n".encode("utf-16-le"), "wrong_encoding", []),
    ("site,kind\nKöln,plant\n".encode("latin-1"), "wrong_encoding", [2]),
    (b"PK\x03\x04\x00\x00", "wrong_encoding", []),
    (b"site;kind\nA;plant\n", "wrong_separator", []),
    (b"site\tkind\nA\tplant\n", "wrong_separator", []),
    (b'site,kind\nA,"plant\nB,dc\n', "broken_csv", [2]),
    (b"site,kind\nA\nB,dc\nC,dc,x\n", "ragged_row", [2, 4]),
    (b"site,kind,kind\nA,plant,dc\n", "duplicate_column", [1]),
    (b"site,kind,,\nA,plant,,5\n", "column_without_header", [1]),
    (b"site,kind,,region\nA,plant,5,x\n", "column_without_header", [1]),
    (b"sitte,kind\nA,plant\n", "unknown_column", [1]),
    (b"site,kind,capcity\nA,plant,5\n", "unknown_column", [1]),
    (b"Site,Kind\nA,plant\n", "unknown_column", [1]),
    (b"site,kind\n", "empty_table", []),
    (b"name;of\n\n", "wrong_separator", []),
])
def test_faulty_csv_files(tmp_path: Path, content: bytes, rule: str, rows: list[int]):
    folder = write_csv(tmp_path, sites=content)
    hits = [f for f in check(folder) if f.rule == rule]
    assert [(f.table, list(f.rows)) for f in hits][:1] == [("sites", rows)]
    assert (rule, "sites") in told(folder)
    if rule not in ("duplicate_column", "column_without_header") and b"capcity" not in content:
        # nothing is told of other tables because this one could not be read
        assert {f.table for f in check(folder).errors} == {"sites"}


def test_a_ragged_row_shows_what_stands_there(tmp_path: Path):
    found = check(write_csv(tmp_path, contracts="contract,kind,quantity\nc,sites_in_group,3\nd,Springfield, IL,x,1\n"))
    ragged = [(list(f.rows), list(f.values)) for f in found if f.rule == "ragged_row"]
    assert ragged == [([3], ["d,Springfield, IL,x,1"])]


def test_the_nearest_name_of_a_column_a_file_and_a_sheet(tmp_path: Path):
    folder = write_csv(tmp_path / "a", tiers="tier,modes,shortage_costs,rang\ngold,,,1\nsilver,,4,2\n")
    (folder / "lane.csv").write_text("origin,destination\n")
    (folder / "contracts.txt").write_text("x")
    (folder / "settings.csv").write_text("x")
    (folder / "model.yml").write_text("name: x")
    found = {(f.rule, f.table, f.column): f for f in check(folder)}
    assert found["unknown_column", "tiers", "shortage_costs"].nearest("shortage_costs") == "shortage_cost"
    assert found["unknown_column", "tiers", "rang"].nearest("rang") == "rank"
    assert found["unknown_file", "lane", ""].nearest("lane") == "lanes"
    assert found["file_not_read", "contracts", ""].severity == "warning"
    assert "model.yaml" in found["unknown_file", "settings", ""].message
    assert found["unknown_file", "model.yml", ""].nearest("model.yml") == "model.yaml"
    assert "did you mean 'shortage_cost'?" in str(check(folder))


def test_a_table_in_two_files(tmp_path: Path):
    folder = write_csv(tmp_path)
    example.tables()["tiers"].to_parquet(folder / "tiers.parquet")
    assert told(folder) == [("two_files", "tiers")]


def test_a_file_that_is_no_parquet(tmp_path: Path):
    folder = write_csv(tmp_path)
    (folder / "tiers.csv").unlink()
    (folder / "tiers.parquet").write_bytes(b"PAR1 not really")
    assert told(folder) == [("broken_parquet", "tiers")]


@given(st.binary(max_size=60) | st.text(alphabet='ab,;"\n\r\t é', max_size=40).map(str.encode))
@drawn(300)
def test_no_bytes_are_a_traceback(content: bytes):
    sheet, found = read_csv(content, "sites", "sites.csv")
    assert sheet is not None or found


# ---- workbooks -------------------------------------------------------------------------------------------------------


def full_book() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in example.texts().items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    return book


@pytest.mark.parametrize(("content", "words"), [
    (b"", "is empty"), (b"not a zip", "is not an Excel workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "protected by a password"),
])
def test_files_that_are_no_workbook(tmp_path: Path, content: bytes, words: str):
    path = tmp_path / "net.xlsx"
    path.write_bytes(content)
    assert told(path) == [("unreadable_workbook", "net.xlsx")]
    assert words in check(path)[0].message


def test_a_zip_that_is_no_workbook_and_one_that_is_damaged(tmp_path: Path):
    path = tmp_path / "net.xlsx"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("hello.txt", "hello")
    assert told(path) == [("unreadable_workbook", "net.xlsx")]
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("xl/workbook.xml", "<workbook")
    assert told(path) == [("unreadable_workbook", "net.xlsx")]
    assert "is damaged" in check(path)[0].message


def test_a_damaged_sheet(tmp_path: Path):
    whole, damaged = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    full_book().save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[: len(data) // 2] if name == "xl/worksheets/sheet3.xml" else data)
    assert told(damaged) == [("damaged_sheet", "sites")]


def test_a_workbook_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.xlsx"
    full_book().save(path)
    monkeypatch.setattr(archive, "LARGEST", 10_000)
    assert told(path) == [("unreadable_workbook", "net.xlsx")]
    assert "more than the limit" in check(path)[0].message


def test_sheets_that_are_missing_blank_or_unknown(tmp_path: Path):
    book = full_book()
    book.remove(book["customers"])
    book["demand"].delete_rows(1, 100)
    book["tiers"].title = "tires"
    sheet = book["modes"]
    sheet.insert_rows(1)
    book.save(tmp_path / "net.xlsx")
    found = check(tmp_path / "net.xlsx")
    assert [(f.rule, f.table) for f in found.errors] == [
        ("unknown_sheet", "tires"), ("empty_file", "demand"), ("header_not_first", "modes"),
        ("missing_table", "customers")]
    assert found.errors[0].nearest("tires") == "tiers"


def test_a_sheet_of_settings_without_its_columns(tmp_path: Path):
    book = full_book()
    book.create_sheet("settings").append(["name", "value"])
    book.save(tmp_path / "net.xlsx")
    assert ("missing_column", "settings") in told(tmp_path / "net.xlsx")


def test_duplicate_headers_in_a_sheet(tmp_path: Path):
    book = full_book()
    book["tiers"]["C1"] = "rank"
    book.save(tmp_path / "net.xlsx")
    assert told(tmp_path / "net.xlsx") == [("duplicate_column", "tiers")]


# ---- many faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_thousand_faults_in_one_file(tmp_path: Path, kind: str):
    rows = [("Anna", f"C{i}", "*", f"{i},5", "opne" if i % 2 else "open") for i in range(1000)]
    text = "origin,destination,mode,distance,status\n" + "".join(
        f'{o},{d},{m},"{x}",{s}\n' for o, d, m, x, s in rows)
    path = write_csv(tmp_path / "folder", lanes=text)
    if kind == "xlsx":
        book = full_book()
        book.remove(book["lanes"])
        sheet = book.create_sheet("lanes")
        sheet.append(["origin", "destination", "mode", "distance", "status"])
        for row in rows:
            sheet.append(row)
        path = tmp_path / "net.xlsx"
        book.save(path)
    begin = time.process_time()
    found = check(path)
    text = str(found)
    frame = found.frame()
    assert time.process_time() - begin < 2
    assert {(f.rule, f.column, f.count) for f in found.errors} == {
        ("decimal_comma", "distance", 1000), ("unknown_choice", "status", 500),
        ("unknown_reference", "destination", 1000), ("lane_from_customer", "origin", 1000)}
    assert "row 2: '0,5'" in text
    assert "... and 995 more rows" in text
    assert found.headline().startswith("3500 errors")
    assert (frame["severity"] == "error").sum() == 3500
    assert len(text.splitlines()) < 60


def test_a_thousand_unknown_names_among_three_thousand():
    sources = example.sources()
    names = [f"Customer {i:04d}" for i in range(3000)]
    sources["customers"] = pd.DataFrame({"customer": names, "tier": "gold"})
    slips = [name.replace("Customer", "Custmer") for name in names[:1000]]
    sources["demand"] = pd.DataFrame({"customer": slips, "product": "00123", "period": "winter", "quantity": 1})
    begin = time.process_time()
    found = check(sources)
    text, frame = str(found), found.frame()
    assert time.process_time() - begin < 2
    assert "row 0: 'Custmer 0000'   did you mean 'Customer 0000'?" in text
    wrong = frame[(frame["rule"] == "unknown_reference") & (frame["table"] == "demand")]
    assert len(wrong) == 1000
    assert wrong["nearest"].tolist()[:100] == names[:100]


def test_the_nearest_of_many_names_is_the_nearest_of_all():
    rng = random.Random(3)
    names = ["".join(rng.choices("abcdeilnorst", k=rng.randint(4, 10))) for _ in range(2000)]
    for name in rng.sample(names, 30):
        place = rng.randrange(len(name))
        slip = name[:place] + rng.choice(["", "x", 2 * name[place]]) + name[place + 1:]
        assert [nearest_name(slip, names)] == difflib.get_close_matches(slip, names, n=1, cutoff=0.6)
    assert nearest_name("zzzzzzzz", names) == ""
    assert nearest_name("ÅÄÖ", [*names, "åäö"]) == "åäö"


def test_findings_print_and_come_as_a_frame(tmp_path: Path):
    folder = write_csv(tmp_path, tiers="tier,rank,modes\ngold,first,truk|parcel\nsilver,2,\n")
    (folder / "lane.csv").write_text("x")
    found = check(folder)
    assert isinstance(found, Findings)
    frame = found.frame()
    row = frame[frame["rule"] == "unknown_mode_of_tier"].iloc[0]
    assert row[["table", "row", "column", "value", "nearest"]].tolist() == ["tiers", 2, "modes", "truk", "truck"]
    assert "row 2: 'first'" in str(found)
    assert frame[frame["rule"] == "unknown_file"].iloc[0]["nearest"] == "lanes"
