"""`ctsopt allocate`: tables in, who gets what and why out."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ctsopt.cli import app
from tests.shortage.pallets import NAMES, RANKS, TIERS, pallet_orders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = tmp_path / "short"
    tables.mkdir()
    pallet_orders(tier=TIERS).to_csv(tables / "orders.csv", index=False)
    RANKS.to_csv(tables / "policy.csv", index=False)
    pd.DataFrame({"quantity": [23]}).to_csv(tables / "supply.csv", index=False)
    return tables


def run(*words: object):
    return CliRunner().invoke(app, ["allocate", *map(str, words)])


def test_what_is_shown_and_written(folder: Path, tmp_path: Path) -> None:
    result = run(folder, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Allocation by priority: 23 of 39 units asked, 3 of 6 lines short" in result.stdout
    assert "The last case went to order S2: a larger remainder." in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{name}.csv" for name in ("allocation", "capped", "fairness", "left_over", "not_kept", "reasons", "rules",
                                   "sent")]
    written = pd.read_csv(tmp_path / "out" / "allocation.csv").set_index("order")["whole"]
    assert written[NAMES].tolist() == [7, 3, 7, 6, 0, 0]


def test_json_has_every_table(folder: Path) -> None:
    result = run(folder, "--rule", "value", "--json")
    answer = json.loads(result.stdout)
    assert (answer["asked"], answer["got"], answer["penalty"]) == (39, 23, 35)
    assert {row["order"]: row["whole"] for row in answer["allocation"]} == dict(
        zip(NAMES, [7, 3, 8, 5, 0, 0], strict=True))
    assert [row["rule"] for row in answer["rules"] if row["chosen"]] == ["value"]


def test_an_order_to_be_won_that_cannot_be(folder: Path, tmp_path: Path) -> None:
    pallet_orders(tier=TIERS, strategy="win").to_csv(folder / "orders.csv", index=False)
    result = run(folder, "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert (tmp_path / "out" / "not_kept.csv").exists()
    assert "not kept: win of B1 1: 0 of 10" in result.stderr


def test_faults_have_the_line_of_the_file(folder: Path) -> None:
    (folder / "orders.csv").write_text("order,customer,quantity,tier\n1,A,5,gold\n2,B,-4,gold\n3,C,4,brass\n")
    result = run(folder, "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)["error"]["findings"]
    assert [(f["rule"], f["row"]) for f in found] == [("below_bound", 3)]
    (folder / "orders.csv").write_text("order,customer,quantity,tier\n1,A,5,gold\n3,C,4,brass\n")
    found = json.loads(run(folder, "--json").stdout)["error"]["findings"]
    assert [(f["rule"], f["row"], f["value"]) for f in found] == [("no_policy", 3, "brass")]


def test_wrong_usage(folder: Path) -> None:
    assert run(folder / "nowhere").exit_code == 2
    assert run(folder, "--rule", "best").exit_code == 2
    assert run(folder, "--inside", "best").exit_code == 2
