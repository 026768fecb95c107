"""`import ctsopt` stays quick: what only some commands need is loaded by them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
LATER = ("pyomo", "scipy.stats", "openpyxl", "pyarrow", "networkx", "ruamel", "typer", "rich", "linopy", "mkdocs",
         "plotly", "jinja2", "markupsafe", "xlsxwriter", "ctsopt.report")


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after `statement`."""
    program = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": path})
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def added() -> set[str]:
    """What ctsopt loads beyond numpy and pandas (pandas 3 loads pyarrow of its own accord)."""
    return modules_after("import ctsopt") - modules_after("import numpy, pandas")


def test_the_measurement_sees_ctsopt_itself(added: set[str]) -> None:
    assert "ctsopt" in added


@pytest.mark.parametrize("name", LATER)
def test_import_does_not_load(name: str, added: set[str]) -> None:
    assert not [m for m in added if m == name or m.startswith(f"{name}.")]
