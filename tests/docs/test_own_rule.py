"""The page on rules of one's own says of solvers and keys what the code does. Its examples run in `test_pages`."""

from __future__ import annotations

import re
from pathlib import Path

from pyomo.core.expr.visitor import identify_variables

import ctsopt as cts
from ctsopt.programs import pyomo_solver

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-your-own-rule.md").read_text(encoding="utf-8")


def test_solvers_of_the_table_are_those_whose_options_are_known():
    table = PAGE.split("| `solver` |", 1)[1].split("\n\n", 1)[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {"direct"} | set(pyomo_solver._WORDS) - {"scip"}


def test_every_way_to_reach_a_component_reaches_it():
    """The right column of the table, evaluated on the model of the example."""
    model = cts.to_pyomo(cts.program(cts.read(ROOT / "models" / "two_dcs")))
    rows = PAGE.split("| to reach | write |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    reached = [eval(re.findall(r"`(.*?)`", row)[0], {"model": model}) for row in rows]
    assert reached[0] is model.open["West"]
    # West has a way in time to everybody (models/two_dcs/README.md).
    assert sorted({v.index()[2] for v in reached[1]}) == ["A", "B", "C", "D"]
    assert {v.index()[:3] for v in reached[2]} == {("East", "", "D"), ("West", "", "D")}
    assert f"here `{reached[3]}`" in PAGE
    # D's 10,000 boxes are delivered from East or West, or left unserved.
    assert (reached[4].lower, reached[4].upper) == (10_000, 10_000)
    assert [v.name for v in identify_variables(reached[4].body)] == [
        "deliver[East,,D,standard,,carrier,box,year]", "deliver[West,,D,standard,,carrier,box,year]",
        "unserved[D,standard,box,year]"]
    assert reached[5].doc.startswith("last_mile[")
