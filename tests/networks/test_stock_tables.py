"""Columns about stock: what is written reads back the same, as CSV, Parquet and workbook."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ctsopt.networks.checks.stock import OF_POINTS
from ctsopt.networks.network import Network, network, read
from ctsopt.networks.schema import BY_NAME, SETTINGS, Column
from tests.networks.test_checks import Edit, Sources, edited
from tests.often import drawn
from tests.tables.test_io import FORMS, write_as

AT: dict[tuple[str, str], int] = {
    **{("products", c): 0 for c in ("variance_to_mean", "stock_group", "unit_value", "holding_rate")},
    **{("site_products", c): 4 for c in OF_POINTS},
    **{("promises", c): 0 for c in ("fill_rate", "safety_factor")}, ("demand", "variance_to_mean"): 2}
"""Columns about stock, and a row of the example in which each of them may stand."""

SETTINGS_OF_STOCK = ("stock_rule", "stock_level", "pipeline_on", "review_time", "order_interval", "stock_sharing",
                     "longest_wait", "lead_time_levels", "holding_rate")
WHOLE = ("longest_wait", "lead_time_levels")


def stocked(*edits: Edit, **options: object) -> Sources:
    """The example with a fill rate, and a row of `site_products` for a dc."""
    return edited(("promises", 0, "fill_rate", "0.9"), ("products", 0, "variance_to_mean", "2"),
                  ("products", 1, "variance_to_mean", "2"), ("site_products", 4, "site", "NA"),
                  ("site_products", 4, "product", "00123"), *edits, **options)


def numbers(column: Column) -> st.SearchStrategy[float]:
    """Any number that the column takes."""
    high = min(column.high, 1e8 if column.name == "lot_size" else 1e13)  # ten thousand years of the demand for 00123
    return st.floats(column.low, high, allow_nan=False, allow_subnormal=False) | st.sampled_from([column.low, high])


def cells(column: Column) -> st.SearchStrategy[object]:
    """Anything that the column takes, a blank too."""
    if column.kind == "number":
        return numbers(column) | st.just("")
    if column.kind == "choice":
        return st.sampled_from([*column.choices, ""])
    return st.sampled_from(["", "Größe | 1", "00", "NA", "1E9"])


def columns_of_stock() -> st.SearchStrategy[dict[tuple[str, str], object]]:
    return st.fixed_dictionaries({at: cells(BY_NAME[at[0]].column(at[1])) for at in AT})


def settings_of_stock() -> st.SearchStrategy[dict[str, object]]:
    drawn: dict[str, st.SearchStrategy[object]] = {}
    for name in SETTINGS_OF_STOCK:
        column = SETTINGS.column(name)
        drawn[name] = numbers(column) if column.kind == "number" else st.sampled_from(column.choices)
        if name in WHOLE:
            drawn[name] = st.integers(int(column.low), int(column.high))
    return st.fixed_dictionaries(drawn)


@pytest.mark.slow
@given(columns_of_stock(), settings_of_stock())
@drawn(3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_figure_about_stock_survives(tmp_path_factory: pytest.TempPathFactory,
                                         drawn: dict[tuple[str, str], object], options: dict[str, object]):
    given_cells = {at: text for at, text in drawn.items() if at != ("products", "variance_to_mean")}
    if options["stock_rule"] == "square_root":  # a fill rate needs a factor, or a volume at every stock point
        given_cells["promises", "safety_factor"] = 2.0
        given_cells["site_products", "replenishment_fill_rate"] = ""
    edits: list[Edit] = [(table, AT[table, name], name, repr(cell) if isinstance(cell, float) else cell)
                         for (table, name), cell in given_cells.items()]
    net = network(stocked(*edits, **options))
    folder = tmp_path_factory.mktemp("net")
    for form in FORMS:
        again = read(write_as(net, folder, form))
        assert again == net
        assert again.hash == net.hash
        assert again.settings == net.settings
        for (table, name), cell in given_cells.items():
            assert held(again, table, name) == expected(BY_NAME[table].column(name), cell)
        assert [(f.rule, f.count) for f in again.findings] == [(f.rule, f.count) for f in net.findings]


def held(net: Network, table: str, column: str) -> object:
    """What stands in the cell that was edited; NaN as None."""
    key = {"products": ["00123"], "site_products": ["NA", "00123"], "promises": ["gold", "*"],
           "demand": ["Boris", "00123", "winter"]}[table]
    frame = net.tables[table].set_index(list(BY_NAME[table].keys))
    value = frame.loc[key[0] if len(key) == 1 else tuple(key), column]
    return None if isinstance(value, float) and math.isnan(value) else value


def expected(column: Column, cell: object) -> object:
    """What a cell means."""
    if cell != "":
        return cell
    default = column.default
    return None if isinstance(default, float) and math.isnan(default) else default


EVERY: list[Edit] = [
    ("products", 0, "stock_group", "both"), ("products", 1, "stock_group", "both"),
    ("site_products", 4, "review_time", "7"), ("site_products", 4, "order_interval", "3.5"),
    ("site_products", 4, "lot_size", "120"), ("site_products", 4, "stock_sharing", "pooled"),
    ("site_products", 4, "replenishment_days", "9"), ("site_products", 4, "replenishment_sd", "1.5"),
    ("site_products", 4, "replenishment_fill_rate", "0.92"), ("site_products", 4, "nominal_volume", "60"),
    ("site_products", 4, "stock_fixed_cost", "800"), ("promises", 1, "fill_rate", "0.95"),
    ("promises", 1, "safety_factor", "1.65"), ("demand", 2, "variance_to_mean", "6")]


@pytest.mark.slow
def test_every_column_about_stock_counts_in_the_hash():
    hashes = {network(stocked(*EVERY[:n])).hash for n in range(len(EVERY) + 1)}
    assert len(hashes) == len(EVERY) + 1
    changed = {"stock_rule": "square_root", "stock_level": "peak", "pipeline_on": "all", "lead_time_levels": 2,
               "longest_wait": 3, "review_time": 2, "order_interval": 5, "stock_sharing": "separate"}
    safe = stocked(("promises", 0, "safety_factor", "2"))
    hashes = {network({**safe, "settings": {**safe["settings"], name: value}}).hash for name, value in changed.items()}
    assert len(hashes | {network(safe).hash}) == len(changed) + 1


def test_edits_reach_the_columns_about_stock():
    net = network(stocked(*EVERY)).with_edits(
        {"table": "promises", "where": {"tier": "gold"}, "set": {"fill_rate": 0.985}},
        {"table": "site_products", "where": {"site": "NA"}, "scale": {"lot_size": 0.5}},
        {"table": "settings", "set": {"stock_level": "peak", "longest_wait": 1}})
    assert net.tables["promises"].set_index("tier").loc["gold", "fill_rate"] == 0.985
    assert net.tables["site_products"].set_index("site").loc["NA", "lot_size"] == 60
    assert (net.settings["stock_level"], net.settings["longest_wait"]) == ("peak", 1)


@pytest.mark.parametrize("form", FORMS)
def test_blank_cells_stay_blank(tmp_path: Path, form: str):
    net = network(stocked())
    again = read(write_as(net, tmp_path, form))
    row = again.tables["site_products"].set_index("site").loc["NA"]
    assert row[["review_time", "order_interval", "replenishment_days", "replenishment_sd", "nominal_volume",
                "replenishment_fill_rate"]].isna().all()
    assert (row["lot_size"], row["stock_fixed_cost"], row["stock_sharing"]) == (0, 0, "")
    assert pd.isna(again.tables["promises"]["safety_factor"]).all()
