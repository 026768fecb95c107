"""A newcomer's five additions, by the table of CONTRIBUTING: each in one file, and every answer has it.

The package is copied, the additions are written into the copy's own files, and a process of its own looks at what they
lead to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ctsopt"

COLUMN = '''        number("rent", "Rent of an open site.", "money per year", 0.0, "per_year"),
        number("most_out", "Most units that may leave the site in a year.", "units per year", math.inf, "per_year",
               blank=UNLIMITED),
'''

LINE = '''
def _rents(net: Network, tables: Mapping[str, pd.DataFrame]) -> float:
    plan = tables["sites"]
    rent = plan["site"].map(net.tables["sites"].set_index("site")["rent"]).astype(float)
    return float((rent * plan["open"]).sum()) * net.horizon / 365


@line("fixed", driver="throughput", shown_on="sites", sources={"open": ("sites.rent",)}, anew=_rents, whole=True)
def rent(x: Variables, net: Network) -> Expr | None:
    """rent[s] * horizon/365 * open[s]   [money]"""
    return x.open * (net.tables.column("sites", "rent") * net.horizon / 365)

'''

ROW = '''
@rows("most that leaves a site", limit=True, sources={SIDE: ("sites.most_out",)},
      cell=Cell("sites", "most_out", ("site",), "capacity", "units", "the most that leaves {}"))
def site_outbound(x: Variables, net: Network) -> Rows | None:
    """sum deliver from s <= most_out[s] * horizon/365   [units]"""
    most = net.tables.column("sites", "most_out") * net.horizon / 365
    capped = np.flatnonzero(np.isfinite(most))
    if not len(capped):
        return None
    index = Keys.make(net.axes, site=capped)
    here = np.flatnonzero(index.find(x.deliver.index) >= 0)
    return x.deliver.pick(here).per(index) <= most[capped]

'''

KPI = '''
@kpi("cost", "currency per unit delivered")
def rent_per_unit(asked: Asked) -> Figures:
    """rent over what is delivered"""
    rents = asked.solution.costs.set_index("line")["amount"].get("rent", 0.0)
    return share(float(rents), float(asked.delivered["quantity"].sum()))

'''

CHECK = '''

@rule()
def rent_without_effect(t: Tables) -> Iterator[Fault]:
    """A site that stays closed pays no rent."""
    yield Fault("sites", "rent", "the rent has no effect: the site stays closed", "leave the rent blank, or set status",
                (t.number("sites", "rent") > 0) & t.equal("sites", "status", "closed"), severity="warning")
'''

ADDITIONS = {
    "networks/schema.py": [('        number("opening_cost", ', COLUMN)],
    "formulation/costs.py": [("\ndef annuity(", LINE), ("if TYPE_CHECKING:\n", "import pandas as pd\n"
                                                       "from collections.abc import Mapping\n")],
    "formulation/sites.py": [("\ndef _through(", ROW)],
    "results/kpis.py": [("\nKPIS: tuple", KPI)],
    "networks/checks/sites.py": [("", CHECK)],
}
"""By file: what is written before which text; a blank text is the end of the file."""

LISTED = {"formulation/costs.py": ("COSTS = (", "rent, "), "formulation/sites.py": ("ROWS = (", "site_outbound, "),
          "results/kpis.py": ("KPIS: tuple[Kpi, ...] = (", "rent_per_unit, ")}
"""Lists at the ends of these files that name what is there."""

LOOK = '''
import json, sys
import pandas as pd
import ctsopt as cts
from ctsopt.report import write_html, write_workbook
sys.path.insert(0, sys.argv[1])
import hooks

def tables(**sites):
    return {"sites": pd.DataFrame([{"site": "P", "kind": "plant", "rent": 80.0} | sites]),
            "customers": pd.DataFrame([{"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "blue"}]),
            "tiers": pd.DataFrame([{"tier": "gold"}, {"tier": "blue"}]),
            "demand": pd.DataFrame([{"customer": "A", "quantity": 30}, {"customer": "B", "quantity": 10}]),
            "modes": pd.DataFrame([{"mode": "truck"}]),
            "rates": pd.DataFrame([{"origin": "P", "destination": c, "mode": "truck", "per_unit": 1} for c in "AB"])}

sol = cts.solve(cts.network(tables(most_out=50)))
kpis = sol.kpis().set_index("kpi")
try:
    cts.solve(cts.network(tables(most_out=30)))
    said = {}
except cts.InfeasibleError as error:
    limits = error.explanation.limits
    said = {"text": str(error), "cell": limits[["table", "column", "row", "unit", "amount"]].values.tolist()}
write_html(sol, "report.html")
write_workbook(sol, "book.xlsx")
closed = pd.concat([tables()["sites"], pd.DataFrame([{"site": "Q", "kind": "plant", "rent": 5.0, "status": "closed"}])],
                   ignore_index=True)
print(json.dumps({
    "total": sol.total_cost, "rent": sol.costs.set_index("line")["amount"]["rent"],
    "to_serve": sol.cost_to_serve(by="customer")["rent"].to_dict(), "cube": float(sol.cube["amount"].sum()),
    "sites": sol.sites["rent"].tolist(), "unchecked": sol.record["unchecked_lines"],
    "limits": sol.limits[sol.limits["limit"] == "site_outbound"][["key", "used", "most"]].values.tolist(),
    "kpi": [kpis.loc["rent_per_unit", "unit"], float(kpis.loc["rent_per_unit", "value"])],
    "compared": cts.compare({"one": sol, "two": sol}).kpis.reset_index()["kpi"].tolist().count("rent_per_unit"),
    "said": said, "findings": [[f.rule, f.column, list(f.rows)] for f in cts.check(tables() | {"sites": closed})
                               if f.rule == "rent_without_effect"],
    "pages": {name: getattr(hooks, name)() for name in (
        "data_dictionary", "key_figures", "row_table", "line_table", "findings")},
    "html": "rent" in open("report.html", encoding="utf-8").read(),
    "book": sorted({str(cell.value) for sheet in __import__("openpyxl").load_workbook("book.xlsx") for row in
                    sheet.iter_rows() for cell in row if cell.value in ("rent", "rent_per_unit")})}))
'''


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a network with all five leads to."""
    home = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(PACKAGE, home / "ctsopt", ignore=shutil.ignore_patterns("__pycache__"))
    for name, additions in ADDITIONS.items():
        path = home / "ctsopt" / name
        text = path.read_text(encoding="utf-8")
        for before, added in additions:
            assert text.count(before) == 1 or not before, (name, before)
            text = text.replace(before, added + before) if before else text + added
        if name in LISTED:
            begin, named = LISTED[name]
            assert text.count(begin) == 1, name
            text = text.replace(begin, begin + named)
        path.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", LOOK, str(ROOT / "docs")], cwd=home, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(home)}, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_a_column_and_a_cost_line(seen):
    """40 units at 1 and a rent of 80: 3/4 of it are A's, by units. Cube, table, recheck and pages have it."""
    assert (seen["total"], seen["rent"], seen["cube"]) == (pytest.approx(120), pytest.approx(80), pytest.approx(120))
    assert seen["to_serve"] == pytest.approx({"A": 60, "B": 20, "total": 80})
    assert (seen["sites"], seen["unchecked"], seen["html"]) == ([80], [], True)
    assert "rent" in seen["book"]
    assert "| `rent` | Rent of an open site. | money per year |" in seen["pages"]["data_dictionary"]
    assert "`rent[s] * horizon/365 * open[s] [money]`" in seen["pages"]["line_table"]


@pytest.mark.slow
def test_a_row(seen):
    """40 of 50 units may leave; where 30 may, 10 more would be enough, in the cell of the table."""
    assert seen["limits"] == [["P", pytest.approx(40), pytest.approx(50)]]
    assert seen["said"]["cell"] == [["sites", "most_out", "P", "units", pytest.approx(10)]]
    assert "the most that leaves P (10 units more would be enough" in seen["said"]["text"]
    assert "| `site_outbound` | most that leaves a site |" in seen["pages"]["row_table"]


@pytest.mark.slow
def test_a_key_figure_and_a_check(seen):
    """80 over 40 units; a site that stays closed pays no rent."""
    assert seen["kpi"] == ["USD per unit delivered", pytest.approx(2)]
    assert seen["compared"] == 1
    assert seen["findings"] == [["rent_without_effect", "rent", [1]]]
    assert re.search(r"\| cost \| `rent_per_unit` \|  \| currency per unit delivered \| rent over what is delivered \|",
                     seen["pages"]["key_figures"])
    assert "| `rent_without_effect` | A site that stays closed pays no rent. |" in seen["pages"]["findings"]
