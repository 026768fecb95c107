"""The record of quotes: made again from the file alone, changed cells and lines seen, remarks kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.errors import FileError, UsageError
from ctsopt.quoting.record import entries, record, remark, verify

TWO = Path(__file__).parents[2] / "models" / "two_dcs"


@pytest.fixture(scope="module")
def base() -> cts.Solution:
    """C is gold: 633,500, with West open."""
    return cts.solve(cts.read(TWO), gap=0)


@pytest.fixture(scope="module")
def kept(base, tmp_path_factory) -> Path:
    """A record with D to gold (+25,000) and what cannot be kept."""
    path = tmp_path_factory.mktemp("quotes") / "quotes.jsonl"
    upgrade = cts.quote(base, cts.Change("D", tier="gold", price=30_000), lenses=["flows", "redesign"])
    never = cts.quote(base, cts.Change("D", lead_time=0.1, modes=["carrier"]), lenses=["flows"])
    assert [record(each, path, author="Mila") for each in (upgrade, never)] == ["Q-1", "Q-2"]
    return path


def test_a_quote_is_made_again_from_the_file_alone(kept):
    found = verify(kept, "Q-1")
    assert found.reproduced
    assert not found.stale
    assert found.answers[["lens", "what", "then"]].to_numpy().tolist() == [
        [lens, what, 25_000] for lens in ("flows", "redesign") for what in ("low", "point", "high")]
    assert found.cells.empty
    assert verify(kept).name == "Q-2"  # the last one: impossible then and now
    assert verify(kept).reproduced
    entry = entries(kept)[0]
    assert [(cell["table"], cell["key"], cell["old"], cell["new"]) for cell in entry["cells"]] == [
        ("customers", "D", "standard", "gold")]
    assert (entry["author"], entry["base_cash"], entry["options"]["width"]) == ("Mila", 633_500, 0.1)


def test_cells_that_have_changed_since_are_listed(kept, base):
    today = base.net.with_edits({"table": "sites", "where": {"site": "West"}, "set": {"fixed_cost": 41_000}})
    found = verify(kept, "Q-1", today)
    assert found.cells[["table", "key", "column"]].to_numpy().tolist() == [["sites", "West", "fixed_cost"]]
    assert found.cells[["old", "new"]].astype(float).to_numpy().tolist() == [[40_000, 41_000]]
    assert found.stale
    assert found.reproduced  # on the tables of then


def test_a_point_that_is_not_what_it_was_is_seen(base, tmp_path, monkeypatch):
    path = tmp_path / "quotes.jsonl"
    found = cts.quote(base, cts.Change("D", tier="gold"), lenses="flows")
    record(found, path, author="Mila")
    monkeypatch.setattr("ctsopt.quoting.record.quote", lambda *_, **__: cts.quote(
        base, cts.Change("D", tier="gold", volume=1.1), lenses="flows"))
    assert not verify(path).reproduced


def test_lines_that_were_changed_or_taken_out_are_seen(kept, tmp_path):
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, some in ((1, [lines[0].replace("Mila", "Maja"), lines[1]]), (1, lines[1:]), (2, [lines[0], lines[0]]),
                         (2, [lines[0], lines[1][:40]])):
        path = tmp_path / "other.jsonl"
        path.write_text("".join(some), encoding="utf-8")
        with pytest.raises(FileError, match=f"line {number} "):
            entries(path)


def test_what_became_of_a_quote(base, tmp_path):
    path = tmp_path / "quotes.jsonl"
    found = cts.quote(base, cts.Change("D", tier="gold"), lenses="flows")
    for _ in range(2):
        record(found, path, author="Mila")
    remark(path, "Q-1", "approval", author="Noor", reason="covers its cost")
    assert not verify(path, "Q-1").stale
    remark(path, "Q-1", "superseded", author="Noor", reason="asked again", by="Q-2")
    now = verify(path, "Q-1")
    assert now.stale
    assert [each["kind"] for each in now.remarks] == ["approval", "superseded"]
    for wrong in (("Q-9", "approval", "x", "y"), ("Q-1", "approval", "x", " "), ("Q-1", "praise", "x", "y"),
                  ("Q-1", "superseded", "x", "y")):
        with pytest.raises(UsageError):
            remark(path, wrong[0], wrong[1], author=wrong[2], reason=wrong[3])  # type: ignore[arg-type]
    assert len(list((tmp_path / "bases").iterdir())) == 1  # the plan is kept once


def test_record_and_verify_from_the_shell(tmp_path):
    path = str(tmp_path / "quotes.jsonl")
    asked = ["quote", str(TWO), "-c", "D", "--tier", "gold", "--lens", "flows", "--record", path]
    assert CliRunner().invoke(app, asked).exit_code == 2  # who quotes?
    told = CliRunner().invoke(app, [*asked, "--author", "Mila"])
    assert told.exit_code == 0, told.output
    assert "recorded as Q-1" in told.stdout
    told = CliRunner().invoke(app, ["quote", "--verify", path, "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["reproduced"] is True
    told = CliRunner().invoke(app, ["quote", "--verify", path])
    assert "Q-1: comes out as recorded" in told.stdout
    assert CliRunner().invoke(app, ["quote"]).exit_code == 2
