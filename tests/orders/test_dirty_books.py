"""Thirty dirty books: each defect is found with its row and its mend, and no row is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import CtsError, DataError
from ctsopt.orders.book import Orders, read_orders
from ctsopt.orders.profiles import profiles
from ctsopt.orders.proposal import propose_mapping

HEADER = "order,line,customer,product,order_date,quantity,unit_price"
GOOD = ["A1,1,c1,tea,2027-03-01,5,2.00", "A2,1,c2,salt,2027-03-02,8,0.50", "A3,1,c1,tea,2027-03-09,4,2.00"]


def written(tmp_path: Path, line: str, header: str = HEADER, encoding: str = "utf-8", **tables: str) -> Path:
    """A folder with three good lines and then the one that is planted, on line 5 of the file."""
    pad = "," * (header.count(",") - HEADER.count(","))
    text = "\n".join([header, *(good + pad for good in GOOD), line]) + "\n"
    (tmp_path / "order_lines.csv").write_bytes(text.encode(encoding))
    for name, content in tables.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    return tmp_path


def account(book: Orders) -> dict[str, int]:
    """Rows of each fate; those in are those used and those of every rule."""
    found = dict(zip(book.audit["rule"], book.audit["rows"], strict=True))
    kept = {"rows_in", "equal_rows"}
    assert found["rows_in"] == sum(rows for rule, rows in found.items() if rule not in kept)
    assert found["used"] == len(book.lines)
    assert found["rows_in"] - found["used"] == len(book.set_aside)
    return found


LINES: list[tuple[str, str, dict[str, Any]]] = [
    ("ragged_row", "A4,1,c1,tea,2027-03-10,5", {}),
    ("ragged_row", "A4,1,c1,tea, with milk,2027-03-10,5,2", {}),
    ("unreadable_cell", "A4,1,c1,tea,2027-03-10,five,2", {}),
    ("unreadable_cell", 'A4,1,c1,tea,2027-03-10,"1,5",2', {}),
    ("unreadable_cell", "A4,1,c1,tea,2027-03-10,5,2 EUR", {}),
    ("unreadable_cell", "A4,1,c1,tea,10.03.2027,5,2", {}),
    ("unreadable_cell", "A4,1,c1,tea,2027-02-30,5,2", {}),
    ("unreadable_cell", "A4,1,c1,tea,2027-03-10,inf,2", {}),
    ("no_product", "A4,1,c1,,2027-03-10,5,2", {}),
    ("no_date", "A4,1,c1,tea,,5,2", {}),
    ("no_quantity", "A4,1,c1,tea,2027-03-10,,2", {}),
    ("is_return", "A4,1,c1,tea,2027-03-10,-4,2", {}),
    ("return_without_customer", "A4,1,,tea,2027-03-10,-4,2", {}),
    ("no_sale", "A4,1,c1,tea,2027-03-10,0,2", {}),
    ("no_sale", "A4,1,c1,tea,2027-03-10,-4,0", {}),
    ("no_price", "A4,1,c1,tea,2027-03-10,5,0", {}),
    ("no_price", "A4,1,c1,tea,2027-03-10,5,-2", {}),
    ("no_customer", "A4,1,,tea,2027-03-10,5,2", {}),
    ("cancelled", "A4,1,c1,tea,2027-03-10,5,2,cancelled", {"header": HEADER + ",status"}),
    ("unreadable_cell", "A4,1,c1,tea,2027-03-10,5,2,gone", {"header": HEADER + ",status"}),
    ("unknown_unit", "A4,1,c1,tea,2027-03-10,5,2,PAL", {"header": HEADER + ",unit"}),
    ("exact_duplicate", GOOD[2], {"duplicates": "drop"}),
]


@pytest.mark.parametrize(("rule", "line", "how"), LINES)
def test_a_line_is_set_aside_by_its_rule(tmp_path: Path, rule: str, line: str, how: dict[str, Any]):
    read = {name: how[name] for name in ("duplicates",) if name in how}
    book = read_orders(written(tmp_path, line, how.get("header", HEADER)), **read)
    assert account(book) == {"rows_in": 4, "used": 3, rule: 1}
    assert book.set_aside.to_dict("list") == {"row": [5], "rule": [rule]}
    row = book.audit.set_index("rule").loc[rule]
    assert row["example"] == 5
    assert row["mend"]
    assert book.lines["row"].tolist() == [2, 3, 4]


def told(name: str, line: str, header: str = HEADER, **tables: str) -> tuple[str, Callable[[Path], Path]]:
    return name, lambda folder: written(folder, line, header, **tables)


TOLD = [
    told("alias_cycle", GOOD[2], aliases="system,kind,name,is\n*,customer,c1,c9\n*,customer,c9,c1\n"),
    told("shared_alias", GOOD[2], aliases="system,kind,name,is\n*,customer,c1,c8\n*,customer,c1,c9\n"),
    told("duplicate_key", GOOD[2], customer_master="customer,tier\nc1,gold\nc1,silver\n"),
    told("missing_column", "A4", "order"),
]


@pytest.mark.parametrize(("rule", "make"), TOLD)
def test_a_book_that_cannot_be_used_says_why(tmp_path: Path, rule: str, make: Callable[[Path], Path]):
    with pytest.raises(DataError) as caught:
        read_orders(make(tmp_path))
    assert rule in {f.rule for f in caught.value.findings}
    assert all(f.mend for f in caught.value.findings)


def test_two_currencies_without_a_rate_are_refused():
    frame = pd.DataFrame({"order": ["A", "B"], "customer": "c", "product": "tea", "order_date": "2027-03-01",
                          "quantity": 1, "currency": ["USD", "EUR"]})
    with pytest.raises(DataError) as caught:
        read_orders(frame)
    assert [f.rule for f in caught.value.findings] == ["no_rate"]
    assert len(read_orders({"order_lines": frame, "currencies": pd.DataFrame({"currency": ["USD"], "rate": [0.8]})}
                           ).lines) == 2


def test_a_chain_of_names_is_followed_and_told(tmp_path: Path):
    book = read_orders(written(tmp_path, GOOD[2], aliases="system,kind,name,is\n*,customer,c1,c8\n*,customer,c8,c9\n"))
    assert sorted(book.lines["customer"].astype(str).unique()) == ["c2", "c9"]
    assert [f.rule for f in book.findings] == ["alias_chain"]


def test_goods_wanted_before_they_are_ordered_are_told(tmp_path: Path):
    book = read_orders(written(tmp_path, GOOD[2] + ",2027-03-01", HEADER + ",requested_date"))
    found = {f.rule: list(f.rows) for f in profiles(book).findings}
    assert found["requested_before_ordered"] == [5]


def test_equal_rows_are_kept_and_told(tmp_path: Path):
    book = read_orders(written(tmp_path, GOOD[2]))
    assert account(book) == {"rows_in": 4, "used": 4, "equal_rows": 1}


def test_another_encoding_is_told_and_read_where_it_is_named(tmp_path: Path):
    folder = written(tmp_path, "A4,1,Müller,tea,2027-03-10,5,2", encoding="latin-1")
    with pytest.raises(CtsError, match="encoding"):
        read_orders(folder)
    assert "encoding: latin-1" in propose_mapping(folder / "order_lines.csv")
    book = read_orders(folder, mapping={"order_lines": {"encoding": "latin-1"}})
    assert book.lines["customer"].astype(str).tolist()[-1] == "Müller"


def test_an_export_is_read_by_the_mapping_that_was_proposed(tmp_path: Path):
    path = tmp_path / "export.csv"
    path.write_text("VBELN;POSNR;KUNNR;MATNR;ERDAT;KWMENG;NETPR\n1;10;c1;tea;31.03.2027;1.200,5;2,25\n",
                    encoding="utf-8")
    proposed = propose_mapping(path)
    (tmp_path / "map.yaml").write_text(proposed, encoding="utf-8")
    assert 'decimal: ","' in proposed
    assert 'dates: "%d.%m.%Y"' in proposed
    book = read_orders(path, mapping=tmp_path / "map.yaml")
    assert book.lines[["quantity", "price"]].iloc[0].tolist() == [1200.5, 2.25]
    assert str(book.lines["order_date"].iloc[0].date()) == "2027-03-31"


def test_what_may_mean_two_things_is_not_proposed(tmp_path: Path):
    path = tmp_path / "export.csv"
    path.write_text("order,customer,product,order_date,quantity,amount,value\n1,c,tea,03/04/2027,1,2,3\n",
                    encoding="utf-8")
    proposed = propose_mapping(path)
    assert "# dates: %m/%d/%Y or %d/%m/%Y: say which" in proposed
    assert 'amount: "amount"' in proposed


@pytest.mark.parametrize("seed", range(10))
def test_no_row_is_lost_whatever_is_spoilt(tmp_path: Path, seed: int):
    """Cells of a good book are spoilt at random: every row has one fate, and its number is that of the file."""
    draw = np.random.default_rng(seed)
    rows = [[f"A{i}", "1", str(draw.choice(["c1", "c2"])), "tea", f"2027-03-{1 + i % 28:02}", "5", "2"]
            for i in range(40)]
    for _ in range(15):
        row, column = rows[draw.integers(40)], draw.integers(2, 7)
        row[column] = str(draw.choice(["", "-3", "x", "0", "2027-13-01", '"a,b"']))
    path = tmp_path / "lines.csv"
    path.write_text("\n".join([HEADER, *map(",".join, rows)]) + "\n", encoding="utf-8")
    book = read_orders(path)
    assert account(book)["rows_in"] == 40
    assert sorted([*book.lines["row"], *book.set_aside["row"]]) == list(range(2, 42))


def test_the_command_shows_the_account_and_has_a_code_for_findings(tmp_path: Path):
    from typer.testing import CliRunner

    from ctsopt.cli import app

    path = written(tmp_path, "A4,1,c1,tea,2027-03-10,five,2")
    ran = CliRunner().invoke(app, ["orders", "check", str(path), "--json"])
    document = json.loads(ran.stdout)
    assert ran.exit_code == 3
    assert {row["rule"]: row["rows"] for row in document["audit"]} == {"rows_in": 4, "used": 3, "unreadable_cell": 1}
    (path / "order_lines.csv").write_text("\n".join([HEADER, *GOOD]), encoding="utf-8")
    assert CliRunner().invoke(app, ["orders", "check", str(path), "--json"]).exit_code == 0
