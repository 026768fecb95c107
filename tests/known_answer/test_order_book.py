"""A real order book of 1,000 orders: its faults, its published warehouse cost, and its freight."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import DataError
from tests.known_answer.order_book import order_book_tables
from tests.known_answer.order_book_faults import order_book_findings
from tests.known_answer.order_book_files import eligible_plants, read_order_book
from tests.known_answer.order_book_lp import Options, charges, least_cost
from tests.known_answer.shared_data import answer, data

PUBLISHED = "min warehouse cost with product, customer, capacity, port, delivery-time rules"


@pytest.fixture
def folder() -> Path:
    return data("brunel_mit1000")


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    """The folder, copied to be spoiled."""
    target = tmp_path / "book"
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    target.chmod(0o755)
    return target


def spoil(folder: Path, file: str, column: str, line: int, value: object) -> None:
    """Write a value into one cell; the line is that of the file (2 = first row)."""
    table = pd.read_csv(folder / file, dtype=str)
    table.loc[line - 2, column] = str(value)
    table.to_csv(folder / file, index=False)


def found(folder: Path, rule: str) -> list[int]:
    """Lines that the rule lists."""
    return [row for finding in order_book_findings(read_order_book(folder)) if finding.rule == rule
            for row in finding.rows]


def test_independent_program_gives_the_published_number(folder):
    assert answer("brunel_mit1000", "orders_1000", PUBLISHED).agrees(least_cost(folder, Options()))


def test_all_thousand_rows_take_part_in_the_published_number(folder):
    """Without the 43 repeated rows the cost is 2.3 % lower: the published number counts them again."""
    published = answer("brunel_mit1000", "orders_1000", PUBLISHED)
    without = least_cost(folder, Options(repeats=False))
    assert without == pytest.approx(1_443_959.826209, rel=1e-9)
    assert not published.agrees(without)


def test_faults_of_the_files(folder):
    """Each count was made a second time by a plain loop over the rows, without the helper."""
    findings = order_book_findings(read_order_book(folder))
    assert {finding.rule: finding.count for finding in findings} == {
        "repeated_order": 43, "makes_nothing": 1, "port_without_freight": 3, "no_carrier_named": 105,
        "below_lowest_break": 742, "odd_weight": 33}
    assert not findings.errors
    assert next(f for f in findings if f.rule == "makes_nothing").values == ("19",)
    assert set(next(f for f in findings if f.rule == "port_without_freight").values) == {"1"}


@pytest.mark.parametrize(("rule", "file", "column", "line", "value"), [
    ("product_not_made", "orders_1000.csv", "Product ID", 17, 999_999),
    ("no_eligible_plant", "orders_1000.csv", "Customer", 17, 999_999),
    ("no_carrier_in_time", "orders_1000.csv", "Maximum delivery time", 17, -1),
    ("above_highest_break", "orders_1000.csv", "Weight", 17, 5000.01),
    ("service_without_freight", "orders_1000.csv", "Service Level", 17, 3),
    ("recorded_plant", "orders_1000.csv", "Plant Code", 17, 19),
    ("recorded_port", "orders_1000.csv", "Origin Port", 17, 1),
    ("unknown_plant", "plant_ports.csv", "Plant Code", 5, 77),
    ("no_capacity", "wh_capacities.csv", "Plant ID", 5, 77),
])
def test_a_spoiled_cell_is_found(copy, rule, file, column, line, value):
    assert found(copy, rule) == []
    spoil(copy, file, column, line, value)
    assert found(copy, rule) == [line]


def test_a_book_with_errors_is_not_converted(copy):
    spoil(copy, "orders_1000.csv", "Product ID", 17, 999_999)
    with pytest.raises(DataError, match="no plant makes the product"):
        order_book_tables(read_order_book(copy))


def test_a_plant_that_is_not_dedicated_serves_everybody(copy):
    """Plants 2, 6 and 10 serve 13 listed customers; without their rows they serve all, as the unlisted plants do."""
    table = pd.read_csv(copy / "vmi_customers.csv")
    table[~table["Plant Code"].isin([2, 6, 10])].to_csv(copy / "vmi_customers.csv", index=False)
    book = read_order_book(copy)
    assert len(eligible_plants(book)) == len(book.orders.merge(book.makes, on="product"))


@pytest.mark.slow
def test_warehouse_cost_is_the_published_one(folder):
    plan = cts.solve(cts.network(order_book_tables(read_order_book(folder), freight=False)), gap=1e-9)
    published = answer("brunel_mit1000", "orders_1000", PUBLISHED)
    assert published.agrees(plan.total_cost), plan.total_cost
    assert published.agrees(plan.bound), plan.bound
    deliveries = plan.flows.query("kind == 'delivery'")
    assert deliveries["quantity"].sum() == pytest.approx(1000)


@pytest.mark.slow
@pytest.mark.parametrize("below_lowest", ["lowest_band", "next_break"])
@pytest.mark.parametrize("capacity_share", [1.0, 0.12])
def test_with_freight_it_is_the_independent_program(folder, below_lowest, capacity_share):
    """Capacities do not bind as they stand (the busiest plant is 15 % full); 12 % of them do."""
    options = Options(freight=True, below_lowest=below_lowest, capacity_share=capacity_share)
    tables = order_book_tables(read_order_book(folder), below_lowest=below_lowest, capacity_share=capacity_share)
    plan = cts.solve(cts.network(tables), gap=1e-9)
    expected = least_cost(folder, options)
    assert plan.total_cost == pytest.approx(expected, rel=1e-6)
    assert plan.bound == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_every_order_goes_by_its_cheapest_carrier(folder):
    """Order by order: the freight that the plan pays is the cheapest charge in time from the plant it chose."""
    plan = cts.solve(cts.network(order_book_tables(read_order_book(folder))), gap=1e-9)
    flows = plan.flows[(plan.flows["kind"] == "delivery") & (plan.flows["quantity"] > 1e-9)]
    cheapest = charges(folder, Options(freight=True))
    lines = flows["product"].str.removeprefix("line_").astype(int)
    plants = flows["origin"].str.removeprefix("plant_").astype(int)
    expected = [cheapest[pair] for pair in zip(lines, plants, strict=True)]
    paid = flows["last_mile"] / flows["quantity"]
    assert paid.to_numpy() == pytest.approx(expected, rel=1e-6)


def test_promises_bind(folder):
    """Without the promises freight would be 1,064.70 cheaper: so the equality above tests them, too."""
    free = least_cost(folder, Options(freight=True, days_matter=False))
    bound = least_cost(folder, Options(freight=True))
    assert bound - free == pytest.approx(1064.7047, abs=1e-3)
