"""Reading and writing: CSV, Parquet, Excel and DataFrames give one and the same network."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import stat
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from openpyxl.styles import numbers as formats

from ctsopt.errors import Finding, UsageError
from ctsopt.networks.network import Network, check, network, read
from ctsopt.networks.schema import SCHEMA
from ctsopt.tables import csv_files, excel
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.io import read_tables
from ctsopt.tables.raw import Raw, Texts
from ctsopt.tables.typed import Tables
from ctsopt.tables.writing import replace_folder
from ctsopt.testing import random_network
from tests.networks import example
from tests.often import drawn, times

FORMS = ("csv", "parquet", "xlsx")


@pytest.fixture(scope="module")
def net() -> Network:
    return network(example.sources())


def write_as(net: Network, folder: Path, form: str) -> Path:
    if form == "xlsx":
        return net.write(folder / "net.xlsx")
    return net.write(folder / f"as_{form}", format="parquet" if form == "parquet" else "csv")


def write_csv(folder: Path, **replaced: bytes | str) -> Path:
    """The example as a folder of CSV files, with some files in another form."""
    folder.mkdir(exist_ok=True)
    for name, lines in example.texts().items():
        text = "".join(",".join(line) + "\n" for line in lines)
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, content in replaced.items():
        (folder / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def cast(source: object) -> tuple[Tables, list[Finding]]:
    raw, found = read_tables(source, SCHEMA)
    typed, more = cast_tables(raw)
    return typed, [*found, *more]


def raw_texts(raw: Raw, table: str, column: str) -> list[str]:
    cells = raw.tables[table].columns[column]
    assert isinstance(cells, Texts)
    return cells.values().tolist()


# ---- round trips -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_reads_back_the_same(net: Network, tmp_path: Path, form: str):
    again = read(write_as(net, tmp_path, form))
    assert again.hash == net.hash
    assert again == net
    assert again.settings == net.settings
    for name in net.tables:
        pd.testing.assert_frame_equal(again.tables[name], net.tables[name])
    assert not [f for f in again.findings if f.severity == "error"]


@pytest.mark.parametrize("form", FORMS)
def test_keys_that_look_like_numbers_or_blanks_survive(net: Network, tmp_path: Path, form: str):
    again = read(write_as(net, tmp_path, form))
    assert again.axes["site"].labels.tolist() == ["Dock", "Mine", "NA", "Plant", "West"]
    assert again.axes["product"].labels.tolist() == ["00123", "1E10"]
    regions = dict(zip(again.tables["sites"]["site"], again.tables["sites"]["region"], strict=True))
    assert regions == {"Dock": "HE", "Mine": "NW", "NA": "NO", "Plant": "BY", "West": "NO"}
    assert again.settings["currency"] == "NO"


@pytest.mark.slow
def test_the_three_forms_have_one_hash_and_so_has_any_order_of_rows(net: Network, tmp_path: Path):
    hashes = {read(write_as(net, tmp_path, form)).hash for form in FORMS}
    shuffled = {name: frame if name == "periods" else frame.sample(frac=1, random_state=7)
                for name, frame in example.tables().items()}
    hashes.add(network({**shuffled, "settings": dict(reversed(example.SETTINGS.items()))}).hash)
    assert hashes == {net.hash}


def test_the_order_of_periods_is_content(net: Network):
    turned = example.sources()
    turned["periods"] = turned["periods"].iloc[::-1]
    assert network(turned).hash != net.hash


MINIMAL = {"site": "S", "kind": "plant"}
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"),
                              exclude_characters="\u200b\u2060\ufeff\ufffe\uffff"), min_size=1, max_size=12).map(
    lambda s: s.strip()).filter(lambda s: s not in ("", "*", "S"))
amounts = st.floats(0, 1e13, allow_nan=False) | st.integers(0, 10**13).map(float)


@pytest.mark.slow
@given(customers=st.dictionaries(names, amounts, min_size=1, max_size=6), region=names,
       fuel=st.floats(0, 5, allow_nan=False))
@drawn(4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_and_any_number_survive(tmp_path_factory: pytest.TempPathFactory, customers: dict[str, float],
                                         region: str, fuel: float):
    frame = pd.DataFrame({"customer": list(customers), "quantity": list(customers.values())})
    net = network({
        "sites": pd.DataFrame({"site": ["S"], "kind": ["plant"], "region": [region]}),
        "customers": frame[["customer"]].drop_duplicates(), "demand": frame,
        "modes": pd.DataFrame({"mode": ["m"], "per_weight": [1.0], "fuel_surcharge": [fuel]}),
        "lanes": pd.DataFrame({"origin": "S", "destination": frame["customer"], "distance": 1}),
        "settings": {"name": region, "circuity": 1 + fuel / 5}})
    folder = tmp_path_factory.mktemp("net")
    for form in FORMS:
        again = read(write_as(net, folder, form))
        assert again.hash == net.hash
        assert sorted(again.tables["demand"]["quantity"]) == sorted(c + 0.0 for c in customers.values())


@pytest.mark.slow
def test_random_networks_survive_with_their_warnings(tmp_path: Path):
    tried = 0
    for seed in range(100):
        tables = random_network(seed)
        if check(tables).errors:  # a draw may hold demand that nothing reaches in time
            continue
        net = network(tables)
        for form in FORMS:
            again = read(write_as(net, tmp_path / str(seed), form))
            assert again == net
            assert [(f.rule, f.count) for f in again.findings] == [(f.rule, f.count) for f in net.findings]
        tried += 1
        if tried == times(2, long=6):
            return
    pytest.fail("fewer than that random networks are free of faults")


# ---- CSV -------------------------------------------------------------------------------------------------------------


def test_line_numbers_count_lines_of_the_file(tmp_path: Path):
    text = ('customer,tier,_note\r\n"Anna",gold,\r\n\r\n"Boris",silver,"two\r\nlines"\r\n'
            'Chloé,silvr,\r\n,,\r\n')
    raw, found = read_tables(write_csv(tmp_path, customers=text), SCHEMA)
    assert found == []
    assert raw.tables["customers"].rows.tolist() == [2, 4, 6]
    assert raw_texts(raw, "customers", "tier") == ["gold", "silver", "silvr"]
    assert set(raw.tables["customers"].columns) == {"customer", "tier"}


@pytest.mark.parametrize("text", [
    b"a,b\n1,2\n", b"\xef\xbb\xbfa,b\r\n1,2\r\n", b'a,b\n1,"2"', b"\n\na,b\n1,2\n\n", b"a,b\r1,2\r",
    b" a ,b,\n 1 ,2,,\n",
    b'a,"b"\n"1","2"\n,\n'])
def test_one_content_in_many_forms_of_csv(text: bytes):
    sheet, found = csv_files.read_csv(text, "t", "t.csv")
    assert found == []
    assert sheet is not None
    assert [h.strip() for h in sheet.header][:2] == ["a", "b"]
    assert [c[0].strip() for c in sheet.columns][:2] == ["1", "2"]


cells = st.text(st.sampled_from('ab,"\n\r ;\t1é'), max_size=4)


@given(rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6),
       ending=st.sampled_from(["\n", "\r", "\r\n"]))
@drawn(300)
def test_the_quick_way_and_the_careful_way_agree(rows: list[list[str]], ending: str):
    out = io.StringIO()
    csv.writer(out, lineterminator=ending).writerows([["x", "y", "z"], *rows])
    quick = csv_files._fast(out.getvalue())
    careful, found = csv_files._careful(out.getvalue(), "t", "t.csv")
    if quick is None:
        return
    assert found == []
    assert careful is not None
    filled = [i for i, row in enumerate(zip(*quick.columns, strict=True)) if any(cell.strip() for cell in row)]
    assert quick.header == careful.header
    assert [c[filled].tolist() for c in quick.columns] == [c.tolist() for c in careful.columns]
    assert quick.rows[filled].tolist() == careful.rows.tolist()


def test_most_files_go_the_quick_way():
    assert csv_files._fast('a,b\n"x, y",2\n3,4\n') is not None
    assert csv_files._fast("a,b\n1,2\n3\n") is None
    assert csv_files._fast('a,b\n"1\n",2\n') is None
    assert csv_files._fast("a,b\n1,2\n\n3,4\n") is None


def test_a_users_own_columns_files_and_sheets_are_left_alone(tmp_path: Path):
    folder = write_csv(tmp_path, _scratch="nonsense", notes="a;b", comment="\xff".encode("latin-1"))
    for name in ("README.md", "build.py", ".hidden.csv", "picture.png", "NOTE.csv", "~lock"):
        (folder / name).write_bytes(b"\x00\x01")
    (folder / "sub").mkdir()
    text = "customer,comment,_x,Note,notes,README,tier\nAnna,a,b,c,d,e,gold\n"
    (folder / "customers.csv").write_text(text)
    raw, found = read_tables(folder, SCHEMA)
    assert found == []
    assert set(raw.tables["customers"].columns) == {"customer", "tier"}


# ---- settings file ---------------------------------------------------------------------------------------------------


def settings_of(tmp_path: Path, text: str) -> tuple[dict[str, str], list[tuple[str, list[int | None]]]]:
    folder = write_csv(tmp_path)
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    raw, found = read_tables(folder, SCHEMA)
    _, more = cast_tables(raw)
    return {s.name: s.text for s in raw.settings}, [(f.rule, list(f.rows)) for f in [*found, *more]]


def test_scalars_of_yaml_are_text(tmp_path: Path):
    texts, found = settings_of(tmp_path, "# my model\nname: NO\ncurrency: 007  # comment\ncircuity: 1.30\nlife: ~\n"
                                         "_mine: [1, 2]\n")
    assert found == []
    assert texts == {"name": "NO", "currency": "007", "circuity": "1.30", "life": ""}


def test_texts_that_yaml_could_take_for_something_else(tmp_path: Path):
    texts, _ = settings_of(tmp_path, "name: 2024-01-01\ncurrency: 'null'\n")
    assert texts == {"name": "2024-01-01", "currency": "null"}


@pytest.mark.parametrize(("text", "expected"), [
    ("name: a\ncircuity: 1.2\nname: b\n", [("duplicate_key", [1, 3])]),
    ("name: a\nlife: [1, 2]\n", [("setting_not_single", [2])]),
    ("name: a\ncircuty: 1\n", [("unknown_setting", [2])]),
    ("name: a\ncircuity: 9\n", [("above_bound", [2])]),
    ("name: a\n  b: c: d\n", [("broken_yaml", [2])]),
    ("name: 'a\n", [("broken_yaml", [1])]),
    ("- name\n- life\n", [("broken_yaml", [1])]),
    ("", []), ("# nothing\n", []), ("name: a\n---\nname: b\n", [("broken_yaml", [2])]),
])
def test_faults_in_the_settings_file_are_told_with_their_line(tmp_path: Path, text: str,
                                                              expected: list[tuple[str, list[int]]]):
    assert settings_of(tmp_path, text)[1] == expected


# ---- workbooks -------------------------------------------------------------------------------------------------------


def workbook(path: Path, change: Callable[[openpyxl.Workbook], None] = lambda book: None) -> Path:
    """The example as a workbook, numbers as numbers, changed a little."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in example.texts().items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append([float(c) if c.replace(".", "", 1).isdigit() and c[0] != "0" else c or None for c in line])
    sheet = book.create_sheet("settings")
    sheet.append(["setting", "value"])
    for pair in example.SETTINGS.items():
        sheet.append(pair)
    change(book)
    book.save(path)
    return path


def test_a_workbook_is_the_same_network(net: Network, tmp_path: Path):
    assert read(workbook(tmp_path / "a.xlsx")).hash == net.hash


def test_cells_of_a_workbook_become_text(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["customers"]
        values = (123, 123.0, 1.5, dt.date(2024, 2, 1), dt.datetime(2024, 2, 1, 6, 30), True, "00123", "  padded ",
                  "NA", "=1+1", 10**14)
        for row, value in enumerate(values, start=5):
            cell = sheet.cell(row, 1, value)
            if value == "=1+1":
                cell.data_type = "s"
            sheet.cell(row, 7, "gold")

    raw, found = read_tables(workbook(tmp_path / "a.xlsx", change), SCHEMA)
    assert found == []
    assert raw_texts(raw, "customers", "customer")[3:] == [
        "123", "123", "1.5", "2024-02-01", "2024-02-01 06:30:00", "TRUE", "00123", "padded", "NA", "=1+1",
        "100000000000000"]
    assert raw.tables["customers"].rows.tolist()[3:] == list(range(5, 16))


def test_error_cells_are_findings_once(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        book["demand"]["D3"] = "#N/A"
        book["demand"]["D5"] = "#REF!"
        book["lanes"]["G2"] = "#N/A"
        book["lanes"]["G1"] = "_mine"

    found = cast(workbook(tmp_path / "a.xlsx", change))[1]
    assert [(f.rule, f.table, f.column, list(f.rows), list(f.values)) for f in found] == [
        ("error_cell", "demand", "quantity", [3, 5], ["#N/A", "#REF!"])]


def test_formulas_without_a_stored_value_are_no_blanks(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        book["demand"]["D3"] = "=2*250"

    found = read_tables(workbook(tmp_path / "a.xlsx", change), SCHEMA)[1]
    assert [(f.rule, f.table, list(f.rows), list(f.values)) for f in found] == [
        ("formula_without_value", "demand", [3], ["=2*250"])]


def test_zeros_that_are_only_shown_are_a_warning(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        cell = book["products"].cell(2, 1, 123)
        cell.number_format = "00000"

    raw, found = read_tables(workbook(tmp_path / "a.xlsx", change), SCHEMA)
    assert raw_texts(raw, "products", "product") == ["123", "1E10"]
    assert [(f.rule, f.column, list(f.rows), f.severity) for f in found] == [
        ("zeros_by_format", "product", [2], "warning")]


def test_percent_and_date_formats_do_not_change_numbers(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        book["promises"]["E2"].number_format = formats.FORMAT_PERCENTAGE

    typed, found = cast(workbook(tmp_path / "a.xlsx", change))
    assert found == []
    assert typed.number("promises", "reliability")[0] == 0.9


def test_sheets_and_rows_that_are_not_tables(tmp_path: Path):
    def change(book: openpyxl.Workbook) -> None:
        book.create_sheet("Sheet1")
        book.create_sheet("README")["A1"] = "read me"
        book.create_sheet("_pivot")["B2"] = 5
        book["demand"]["A500"] = "  "
        book["demand"]["A20"] = "Anna"

    raw, found = read_tables(workbook(tmp_path / "a.xlsx", change), SCHEMA)
    assert found == []
    assert raw.tables["demand"].rows.tolist() == [2, 3, 4, 5, 6, 7, 20]


def test_the_stored_size_of_a_sheet_is_not_trusted(tmp_path: Path):
    path = workbook(tmp_path / "a.xlsx")
    wrong = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(wrong, "w") as target:
        for entry in source.namelist():
            data = source.read(entry)
            if entry.startswith("xl/worksheets/"):
                data = re.sub(rb"<dimension[^>]*/>", b'<dimension ref="A1"/>', data)
            target.writestr(entry, data)
    raw, found = read_tables(wrong, SCHEMA)
    assert found == []
    assert len(raw.tables["lanes"]) == 14


def test_text_that_looks_like_a_formula_is_written_as_text(tmp_path: Path):
    odd = ["=1+1", "+49", "-dash", "@home", "#N/A", "TRUE", "'quoted", "_x0041_"]
    frame = pd.DataFrame({"customer": odd})
    net = network({"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}), "customers": frame,
                   "demand": frame.assign(quantity=1), "modes": pd.DataFrame({"mode": ["m"], "per_weight": [1]}),
                   "lanes": pd.DataFrame({"origin": "S", "destination": odd, "distance": 1})})
    path = net.write(tmp_path / "odd.xlsx")
    cells = [cell for (cell,) in openpyxl.load_workbook(path)["customers"].iter_rows(min_row=2, max_col=1)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert read(path) == net


# ---- frames and Parquet ----------------------------------------------------------------------------------------------


def test_frames_may_be_typed(net: Network):
    sources = example.sources()
    for name, frame in example.tables().items():
        typed = frame.replace("", None).convert_dtypes()
        for column in typed:
            if column not in ("product", "customer", "site"):
                typed[column] = _numeric(typed[column])
        sources[name] = typed
    assert network(sources).hash == net.hash


def _numeric(column: pd.Series) -> pd.Series:
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def test_typed_keys_become_text():
    frame = pd.DataFrame({"customer": [1, 2, 2**62 + 1], "tier": ["a", None, np.nan]})
    raw, _ = read_tables({"customers": frame}, SCHEMA)
    assert raw_texts(raw, "customers", "customer") == ["1", "2", "4611686018427387905"]
    assert raw_texts(raw, "customers", "tier") == ["a", "", ""]
    mixed = pd.DataFrame({"customer": [1.0, np.nan, 3.0], "tier": [True, Decimal("1.50"), pd.Timestamp("2024-01-02")]})
    raw, _ = read_tables({"customers": mixed}, SCHEMA)
    assert raw_texts(raw, "customers", "customer") == ["1", "", "3"]
    assert raw_texts(raw, "customers", "tier") == ["TRUE", "1.50", "2024-01-02"]
    kinds = pd.DataFrame({"customer": pd.Categorical(["x", "y", "x"]), "tier": pd.array([1, None, 3], dtype="Int64")})
    raw, _ = read_tables({"customers": kinds}, SCHEMA)
    assert raw_texts(raw, "customers", "customer") == ["x", "y", "x"]
    assert raw_texts(raw, "customers", "tier") == ["1", "", "3"]


def test_numbers_in_columns_of_objects():
    frame = pd.DataFrame({"customer": "Anna", "quantity": pd.Series([1, 2.5, None, np.int64(3)], dtype=object)})
    raw, _ = read_tables({"demand": frame}, SCHEMA)
    assert np.array_equal(raw.tables["demand"].columns["quantity"], [1.0, 2.5, np.nan, 3.0], equal_nan=True)
    raw, _ = read_tables({"demand": frame, "_scratch": 5, "settings": {"life": np.int64(7), "circuity": np.float32(1.5),
                                                                      "name": None, "_mine": []}}, SCHEMA)
    assert {s.name: s.text for s in raw.settings} == {"life": "7", "circuity": "1.5", "name": ""}


def test_keys_in_the_index_are_read():
    sources = example.sources()
    sources["demand"] = sources["demand"].set_index(["customer", "product"])
    sources["customers"] = sources["customers"].set_index("customer")
    assert network(sources) == network(example.sources())


def test_parquet_with_typed_keys_and_an_index(tmp_path: Path):
    folder = write_csv(tmp_path)
    frame = pd.DataFrame({"customer": ["Anna", "Boris"], "product": ["00123", "1E10"], "period": ["winter", "winter"],
                          "quantity": [5, 7]}).set_index("customer")
    frame.to_parquet(folder / "demand.parquet")
    (folder / "demand.csv").unlink()
    raw, found = read_tables(folder, SCHEMA)
    assert found == []
    assert raw_texts(raw, "demand", "customer") == ["Anna", "Boris"]
    assert raw.tables["demand"].rows.tolist() == [0, 1]
    pd.DataFrame({"product": [123, 10**10]}).to_parquet(folder / "products.parquet")
    (folder / "products.csv").unlink()
    raw, found = read_tables(folder, SCHEMA)
    assert found == []
    assert raw_texts(raw, "products", "product") == ["123", "10000000000"]


# ---- writing ---------------------------------------------------------------------------------------------------------


def test_limits_that_do_not_bind_are_written_as_blanks(net: Network, tmp_path: Path):
    folder = net.write(tmp_path / "net")
    lines = (folder / "sites.csv").read_text().splitlines()
    assert lines[0].startswith("site,kind,latitude,longitude,region,zone,group,status")
    assert lines[2] == "Mine,supplier,51.2,6.8,NW,,,open,yes,no,0,0,0,,0,units,0,0,1,office"
    assert "inf" not in "".join(p.read_text() for p in folder.glob("*.csv"))
    assert "nan" not in "".join(p.read_text() for p in folder.glob("*.csv"))
    book = openpyxl.load_workbook(net.write(tmp_path / "net.xlsx"))
    assert book["sites"]["N3"].value is None
    assert book["sites"]["N4"].value == 80000
    assert (folder / "model.yaml").read_text() == (
        "name: example\ncurrency: NO\ncircuity: 1.3\ndiscount_rate: 0.1\nlife: 8\nprocessing_time: 0.2\n"
        "first_day: '2027-01-01'\nmax_via_ways: 1000\n")


def test_tables_that_were_not_given_are_not_written(tmp_path: Path):
    net = network({"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}),
                   "customers": pd.DataFrame({"customer": ["C"]}),
                   "demand": pd.DataFrame({"customer": ["C"], "quantity": [1]}),
                   "rates": pd.DataFrame({"origin": ["S"], "destination": ["C"], "per_unit": [1]})})
    folder = net.write(tmp_path / "net")
    assert sorted(p.name for p in folder.iterdir()) == ["customers.csv", "demand.csv", "model.yaml", "rates.csv",
                                                        "sites.csv"]
    assert (folder / "customers.csv").read_text() == "customer,tier,single_source\nC,standard,no\n"
    assert read(folder) == net


def test_writing_over_a_network_replaces_its_tables_and_nothing_else(net: Network, tmp_path: Path):
    folder = net.write(tmp_path / "net")
    (folder / "README.md").write_text("mine")
    (folder / "sub").mkdir()
    smaller = net.with_table("contracts", None)
    assert smaller.hash != net.hash
    assert read(smaller.write(folder)) == smaller
    assert not (folder / "contracts.csv").exists()
    assert (folder / "README.md").read_text() == "mine"
    assert (folder / "sub").is_dir()
    assert read(net.write(folder, format="parquet")) == net
    assert not list(folder.glob("*.csv"))
    assert [p.name for p in tmp_path.iterdir()] == ["net"]


def test_what_is_not_a_network_is_never_overwritten(net: Network, tmp_path: Path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="not a network"):
        net.write(folder)
    with pytest.raises(UsageError, match="is a file"):
        net.write(folder / "thesis.txt")
    assert (folder / "thesis.txt").read_text() == "years"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert read(net.write(empty)) == net
    with pytest.raises(UsageError, match="format"):
        net.write(tmp_path / "x", format="json")


def test_a_workbook_with_other_sheets_is_never_overwritten(net: Network, tmp_path: Path):
    path = net.write(tmp_path / "net.xlsx")
    assert read(net.write(path)) == net
    book = openpyxl.load_workbook(path)
    book.create_sheet("budget")["A1"] = 5
    book.save(path)
    with pytest.raises(UsageError, match="budget"):
        net.write(path)
    text = tmp_path / "text.xlsx"
    text.write_text("not a workbook")
    with pytest.raises(UsageError, match="not a workbook"):
        net.write(text)
    assert text.read_text() == "not a workbook"
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(UsageError, match="a folder"):
        net.write(tmp_path / "folder.xlsx")


def test_more_rows_than_a_sheet_holds(net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(excel, "MOST_ROWS", 14)  # 13 rows and the header
    with pytest.raises(UsageError, match="lanes has 14 rows, more than a sheet holds"):
        net.write(tmp_path / "net.xlsx")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(excel, "MOST_ROWS", 15)
    assert net.write(tmp_path / "net.xlsx").exists()


def test_a_write_that_fails_leaves_everything_as_it_was(net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = net.write(tmp_path / "net")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def half(draft: Path) -> None:
        (draft / "sites.csv").write_text("site\n")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_folder(folder, SCHEMA, half)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before

    whole, calls = Path.replace, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == len(before) + 2:  # the old files are out, the first new one is in
            raise KeyboardInterrupt
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        net.with_settings(circuity=1.5).write(folder)
    monkeypatch.undo()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["net"]


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are a matter of POSIX")
def test_a_new_folder_has_the_usual_rights(net: Network, tmp_path: Path):
    plain = tmp_path / "plain"
    plain.mkdir()
    folder = net.write(tmp_path / "net")
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
