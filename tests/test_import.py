"""`import ctsopt` stays quick: what only some commands need is loaded by them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ctsopt

SOURCE = Path(__file__).parents[1] / "src"
LATER = ("pyomo", "scipy.stats", "openpyxl", "pyarrow", "networkx", "ruamel", "typer", "rich", "linopy", "mkdocs",
         "plotly", "jinja2", "markupsafe", "xlsxwriter", "ctsopt.report")
HEAVY = {"numpy", "pandas", "scipy", "highspy", "pyarrow", "pyomo", "plotly", "openpyxl", "networkx"}


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after `statement`."""
    program = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": path})
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def added() -> set[str]:
    """What all public names load beyond numpy and pandas (pandas 3 loads pyarrow of its own accord)."""
    return modules_after("from ctsopt import *") - modules_after("import numpy, pandas")


def test_the_measurement_sees_ctsopt_itself(added: set[str]) -> None:
    assert {"ctsopt", "ctsopt.solving.run", "ctsopt.comparing.comparison"} <= added


@pytest.mark.parametrize("name", LATER)
def test_import_does_not_load(name: str, added: set[str]) -> None:
    assert not [m for m in added if m == name or m.startswith(f"{name}.")]


@pytest.mark.parametrize("arguments", ["version", "--version", "--help", "solve --nothing", "no-such-command",
                                       "new no-such-network"])
def test_a_command_that_computes_nothing_loads_nothing_that_computes(arguments):
    program = f"""import io, sys
from contextlib import redirect_stdout
from ctsopt.cli import main
sys.argv[1:] = {arguments.split()}
try:
    with redirect_stdout(io.StringIO()):
        main()
except SystemExit:
    pass"""
    loaded = modules_after(program)
    assert "ctsopt.cli" in loaded
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


def test_types_and_homes_name_the_same():
    """What a type checker reads of each public name is what is loaded when the name is asked for."""
    tree = ast.parse(Path(ctsopt.__file__).read_text())
    told = {(node.module, alias.name) for part in tree.body if isinstance(part, ast.If) for node in part.body
            if isinstance(node, ast.ImportFrom) for alias in node.names}
    homes = {(f"ctsopt.{home}", name) for home, names in ctsopt._HOMES.items() for name in names.split()}
    assert homes == told
    assert sorted(name for _, name in homes) == sorted(ctsopt.__all__)


def test_every_public_name_is_there_and_no_other():
    names = dir(ctsopt)
    assert {*ctsopt.__all__, "__version__"} <= set(names)
    for name in ctsopt.__all__:
        assert getattr(ctsopt, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = ctsopt.slove
