"""The data dictionary of results: every column that there is stands in it, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.comparing import schema as of_comparisons
from ctsopt.formulation.build import COSTS
from ctsopt.report.columns import FORMATS, Columns
from ctsopt.report.grid import grid
from ctsopt.report.schema import COLUMNS
from ctsopt.report.schema import TABLES as OF_REPORTS
from ctsopt.results import schema
from ctsopt.results.solution import TABLES
from ctsopt.testing import random_network
from tests.often import sampled

LINES = {cost.__name__ for cost in COSTS}


@pytest.fixture(scope="module")
def plans() -> dict[str, cts.Solution]:
    """Two plans of a shipped model, and one of a random network with stock between periods."""
    net = cts.read(examples.path("two_dcs"))
    return {"plan": cts.solve(net), "rough": cts.solve(net, gap=0.05), "other": cts.solve(cts.network(
        random_network(2, stock=True, loads=True, availability=False)))}


@pytest.fixture(scope="module")
def frames(plans) -> dict[str, pd.DataFrame]:
    """Every table that a solution and a comparison have or give."""
    plan = plans["plan"]
    found = dict(plans["other"].tables)
    found |= {"cost_to_serve": plan.cost_to_serve(), "kpis": plan.kpis(), "shadow_prices": cts.shadow_prices(plan),
              "ranges": cts.program(plan.net).ranges().frame()}
    compared = cts.compare({name: plans[name] for name in ("plan", "rough")})
    return found | {table.name: getattr(compared, table.name) for table in of_comparisons.TABLES}


@pytest.mark.parametrize("table", [*schema.TABLES, *of_comparisons.TABLES], ids=lambda table: table.name)
def test_a_table_has_the_columns_of_the_schema(frames, table):
    """Columns of runs of packs may be missing in a comparison of saved plans."""
    columns = [name for name in frames[table.name].columns if not (table.lines and name in LINES)]
    of_runs = {"kind", "tags", "outcome", "message", "key"} if table.name == "scenarios" else set()
    known = [column.name for column in table.columns if column.name not in of_runs - set(columns)]
    assert sorted(columns) == sorted(known)
    assert table.lines == bool((LINES - {column.name for column in table.columns}) & set(frames[table.name].columns))


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda table: table.name)
def test_values_are_of_their_kind(frames, table):
    """Texts are text, flags are yes or no, and all else are numbers; shares lie between 0 and 1, as far as known."""
    require_kinds(table, frames[table.name])


def test_files_say_what_their_columns_are(plans, tmp_path):
    """Kind, unit and meaning of every field, the cost lines beside them included; what is read again is the same."""
    plan = plans["plan"]
    plan.save(tmp_path / "plan")
    for name, frame in plan.tables.items():
        fields = pq.read_schema(tmp_path / "plan" / f"{name}.parquet")
        told = {field.name: {k.decode(): v.decode() for k, v in field.metadata.items()} for field in fields}
        assert set(told) == set(frame.columns)
        for column in schema.BY_NAME[name].columns:
            assert (told[column.name]["kind"], told[column.name]["meaning"]) == (column.kind, column.meaning)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "plan" / f"{name}.parquet"), frame)
    assert schema.described("flows", plan.flows, plan.net.settings)["last_mile"] == {
        "kind": "money", "unit": "USD", "meaning": "cost line"}
    assert schema.described("flows", plan.flows, plan.net.settings)["distance"]["unit"] == "km"


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(30), every=10))
def test_tables_of_random_networks_are_described(seed):
    """Whatever is in a network: no table of its plan has a column that is not described, or values of another kind."""
    try:
        plan = cts.solve(cts.network(random_network(seed, availability=seed % 2 == 0)), gap=0.5)
    except (cts.InfeasibleError, cts.DataError):  # now and then a random network is impossible
        return
    found = plan.tables | {"kpis": plan.kpis(within=(1.0,), distances=(100.0,)), "cost_to_serve": plan.cost_to_serve()}
    for name, frame in found.items():
        table = schema.BY_NAME[name]
        assert {c for c in frame.columns if not (table.lines and c in LINES)} == {c.name for c in table.columns}
        require_kinds(table, frame)


def require_kinds(table: schema.Table, frame: pd.DataFrame) -> None:
    for column in table.columns:
        values = frame[column.name]
        if column.kind == "flag":
            assert values.dtype == bool
        elif column.kind == "text":
            assert not pd.api.types.is_numeric_dtype(values), column
        else:
            assert pd.api.types.is_numeric_dtype(values), column
            assert not pd.api.types.is_bool_dtype(values), column
        if column.kind == "share":
            known = values[np.isfinite(values)]
            assert known.between(-1e-9, 1 + 1e-6).all(), column


def test_all_tables_of_a_solution_are_described():
    assert {table.name for table in schema.TABLES} >= set(TABLES)
    assert all(column.meaning for table in (*schema.TABLES, *of_comparisons.TABLES) for column in table.columns)
    assert {column.kind for column in COLUMNS.values()} <= set(FORMATS)


def test_columns_that_only_reports_show_are_shown():
    """Each is named where reports are made, or where their figures are; `_before` is put to a name there."""
    places = [path for room in ("report", "comparing", "results") for path in Path(cts.__file__).parent.glob(
        f"{room}/**/*.py") if path.name != "schema.py"]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in places)
    unused = [column.name for table in OF_REPORTS for column in table.columns
              if f'"{column.name.removesuffix("_before")}"' not in sources and not column.name.startswith("within_")]
    assert unused == []


def test_workbook_and_page_say_the_same_of_a_column():
    """Money in the currency, days in days, and a share as a share."""
    columns = Columns("EUR", "km", ["line_haul"])
    assert columns.of("fixed_cost", numeric=True).header == "fixed cost (EUR)"
    assert columns.of("lead_time", numeric=True).header == "lead time (days)"
    assert columns.of("line_haul", numeric=True).header == "line haul (EUR)"
    assert columns.of("utilisation", numeric=True).kind == "share"
    page = grid(pd.DataFrame({"fixed_cost": [3.0], "lead_time": [2.0], "utilisation": [0.5]}), "sites", "EUR")
    assert page.header == ("fixed cost (EUR)", "lead time (days)", "utilisation")
    assert [cell.text for cell in page.rows[0]] == ["3", "2", "50.00 %"]
