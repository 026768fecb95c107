"""`--json` as a whole process: its standard output is one document and nothing else, whatever comes of the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.start import GROWTH, HEAD, written
from tests.often import sampled

SOURCE = Path(__file__).parents[2] / "src"

PACK = HEAD + GROWTH + "  stuck: {apply: [{table: sites, where: {kind: dc}, set: {capacity: 1}}]}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a pack, of which one scenario has no plan, and with tables that have faults and an odd name."""
    written(tmp_path, PACK)
    (tmp_path / "broken.yaml").write_text(PACK.replace("quantity", "quantitty"), encoding="utf-8")
    (tmp_path / "faulty").mkdir()
    (tmp_path / "faulty" / "sites.csv").write_text("site,kind\nA,dcc\n")
    (tmp_path / "faulty" / b"sites\xff.csv".decode("utf-8", "surrogateescape")).write_text("site,kind\n")
    return tmp_path


def document(home: Path, words: str, code: int, encoding: str = "utf-8") -> dict[str, Any]:
    """The only document on the standard output of a command."""
    done = subprocess.run([sys.executable, "-W", "error", "-m", "ctsopt", *words.split(), "--json"], cwd=home,
                          capture_output=True, check=False, timeout=240,
                          env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": encoding,
                               "CTSOPT_CACHE": str(home / "cache")})
    assert done.returncode == code, done.stderr.decode(encoding, "replace")
    found = json.loads(done.stdout.decode(encoding))
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
def test_a_run_with_a_scenario_that_has_no_plan(home: Path) -> None:
    """The solver works in this process and in others; what it prints would be read as part of the document."""
    found = document(home, "run small.yaml --workers 2", 6)
    assert {row["scenario"]: row["outcome"] for row in found["cases"]} == {
        "today": "proven", "growth": "proven", "stuck": "infeasible"}


@pytest.mark.slow
def test_faults_of_tables_and_an_odd_name_on_a_narrow_console(home: Path) -> None:
    found = document(home, "check faulty", 3, "ascii")
    assert {"sites\ufffd"} == {row["table"] for row in found["findings"] if row["rule"] == "unknown_file"}


@pytest.mark.slow
def test_a_call_that_no_command_takes(home: Path) -> None:
    assert document(home, "solve two_dcs --gap much", 2)["error"]["kind"] == "usage"


@pytest.mark.slow
@pytest.mark.parametrize(("words", "code", "names"), sampled([
    ("version", 0, {"ctsopt", "highspy"}), ("new two_dcs mine", 0, {"path"}), ("template empty", 0, {"path"}),
    ("new two_dcs faulty", 2, {"error"}), ("check two_dcs", 0, {"errors", "findings"}),
    ("summary two_dcs", 0, {"summary"}), ("summary faulty", 3, {"error"}), ("solve faulty", 3, {"error"}),
    ("solve two_dcs -v -o answer", 0, {"total_cost", "saved"}), ("solve nothing", 2, {"error"}),
    ("solve joint_stock -q", 0, {"total_cost"}), ("pack check small.yaml", 0, {"findings"}),
    ("pack check broken.yaml", 3, {"findings"}), ("pack expand small.yaml", 0, {"cases"}),
    ("pack diff small.yaml growth", 0, {"changes"}), ("pack diff small.yaml grwth", 2, {"error"}),
    ("run broken.yaml", 3, {"error"}), ("compare faulty", 2, {"error"}), ("nonsense", 2, {"error"})], every=3))
def test_every_command(words: str, code: int, names: set[str], home: Path) -> None:
    assert names <= document(home, words, code).keys()
