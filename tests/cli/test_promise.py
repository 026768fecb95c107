"""`ctsopt promise`: orders in, days and quantities out, and a journal that the next run goes on with."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ctsopt.cli import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = tmp_path / "book"
    tables.mkdir()
    pd.DataFrame({"quantity": [20, 30, 50], "available_on": [0, 5, 10]}).to_csv(tables / "supply.csv", index=False)
    pd.DataFrame({"order": ["O1", "O2", "O3", "O4"], "customer": "Ada", "quantity": [25, 20, 30, 40],
                  "requested_date": [6, 0, 3, 10]}).to_csv(tables / "orders.csv", index=False)
    return tables


def run(*words: object):
    return CliRunner().invoke(app, ["promise", *map(str, words)])


def test_what_is_shown_and_written(folder: Path, tmp_path: Path) -> None:
    result = run(folder, "-o", tmp_path / "out")
    assert result.exit_code == 4, result.output  # O3 is late, O4 is short
    assert "it comes later than it is wanted" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["answers.csv", "left.csv", "parts.csv"]
    assert pd.read_csv(tmp_path / "out" / "answers.csv")["promised"].tolist() == [25, 20, 30, 25]


def test_a_second_run_goes_on_with_the_journal(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "book.jsonl"
    assert run(folder, "--journal", journal, "--in-time-only").exit_code == 4
    pd.DataFrame({"order": ["O1", "O5"], "customer": "Bo", "quantity": [25, 10], "requested_date": [6, 30]}).to_csv(
        folder / "orders.csv", index=False)
    told = json.loads(run(folder, "--journal", journal, "--release", "O4", "--confirm", "O5", "--at", "1",
                          "--json").stdout)
    assert {row["order"]: row["promised"] for row in told["answers"]} == {"O1": 25, "O5": 10}
    assert told["in_time"] == 35
    assert sum(row["left"] for row in told["left"]) == 100 - 25 - 20 - 10  # O3 had nothing in time, O4 is released
    assert json.loads(run(folder, "--journal", journal, "--release", "O9", "--json").stdout)["error"]["message"] == (
        "there is no promise 'O9 1'; did you mean 'O5 1'?")


def test_faults_are_told_with_the_rows_of_the_files(folder: Path) -> None:
    (folder / "orders.csv").write_text("order,customer,quantity,requested_date\n1,A,5,soon\n2,B,-4,3\n")
    result = run(folder)
    assert result.exit_code == 3
    assert "quantity" in result.stderr
    assert "row 3" in result.stderr
