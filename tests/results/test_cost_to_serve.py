"""Cost-to-serve: rows, columns, and names that could be mistaken for the rows of the table itself."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import rates, solved, table

NETWORK = {
    "sites": table({"site": "P", "kind": "plant", "fixed_cost": 60}, {"site": "E", "kind": "dc", "fixed_cost": 7}),
    "products": table({"product": "a", "product_class": "A"}, {"product": "b", "product_class": "B"}),
    "periods": table({"period": "t", "days": 365}),
    "customers": table({"customer": "C", "tier": "gold"}, {"customer": "F", "tier": "silver"}),
    "tiers": table({"tier": "gold"}, {"tier": "silver"}),
    "demand": table(*({"customer": c, "product": p, "period": "t", "quantity": q} for c, p, q in (
        ("C", "a", 10), ("C", "b", 20), ("F", "a", 30)))),
    "rates": rates(P_C=1, P_F=2, P_E=9)}


@pytest.fixture(scope="module")
def solution() -> cts.Solution:
    return solved(NETWORK)


@pytest.mark.parametrize(("by", "expected"), [
    # last mile 30 and 60; the plant's 60 at 1 a unit; E idles for 7
    ("tier", {"gold": (30, 60, 2), "silver": (30, 90, 3), "unassigned": (0, 7, None), "total": (60, 157, 157 / 60)}),
    ("product", {"a": (40, 10 * 2 + 30 * 3, 110 / 40), "b": (20, 40, 2), "unassigned": (0, 7, None),
                 "total": (60, 157, 157 / 60)}),
    ("product_class", {"A": (40, 110, 110 / 40), "B": (20, 40, 2), "unassigned": (0, 7, None),
                       "total": (60, 157, 157 / 60)}),
    ("period", {"t": (60, 150, 2.5), "unassigned": (0, 7, None), "total": (60, 157, 157 / 60)}),
])
def test_by_one_key(solution, by, expected):
    frame = solution.cost_to_serve(by=by)
    assert frame.index.tolist() == list(expected)
    assert frame.index.name == by
    for key, (units, cost, per_unit) in expected.items():
        row = frame.loc[key]
        assert (row["units"], row["cost"], row["total"]) == pytest.approx((units, cost, cost))
        assert row["cost_per_unit"] == pytest.approx(per_unit if per_unit is not None else float("nan"), nan_ok=True)


def test_by_two_keys(solution):
    frame = solution.cost_to_serve(by=["customer", "product"])
    assert frame["cost"].to_dict() == pytest.approx({
        ("C", "a"): 20, ("C", "b"): 40, ("F", "a"): 90, ("unassigned", ""): 7, ("total", ""): 157})
    assert frame.index.names == ["customer", "product"]


def test_columns_are_the_lines_in_the_order_of_a_profit_and_loss_account(solution):
    assert solution.cost_to_serve().columns.tolist() == [
        "units", "production", "site_fixed", "last_mile", "cost", "total", "cost_per_unit"]


def test_the_index_is_the_columns_summed(solution):
    frame = solution.cost_to_serve(by="customer")
    assert frame.loc["total", "units"] == frame["units"].iloc[:-1].sum()
    assert frame.loc["total", "site_fixed"] == pytest.approx(67)


def with_customers(first, second):
    """The network with these two customers of 30 units each, at 2 and 3 a unit all told, and 7 that serve nobody."""
    return NETWORK | {
        "customers": table({"customer": first, "tier": "gold"}, {"customer": second, "tier": "silver"}),
        "demand": table(*({"customer": c, "product": p, "period": "t", "quantity": q} for c, p, q in (
            (first, "a", 10), (first, "b", 20), (second, "a", 30)))),
        "rates": rates(**{f"P_{first}": 1, f"P_{second}": 2, "P_E": 9})}


def test_customers_whose_names_look_like_nothing():
    """Every customer keeps a row of its own, and the last row is the total."""
    frame = solved(with_customers("NA", "nan")).cost_to_serve(by="customer")
    assert sorted(frame["cost"].iloc[:-2]) == pytest.approx([60, 90])
    assert frame["cost"].iloc[-2:].tolist() == pytest.approx([7, 157])
    assert frame.index.tolist() == ["NA", "nan", "unassigned", "total"]


@pytest.mark.parametrize("name", ["total", "unassigned", "__unassigned__"])
def test_names_of_the_tables_own_rows_are_no_customers(name):
    with pytest.raises(cts.DataError, match=f"reports have a row of this name(?s:.)*'{name}'"):
        solved(with_customers(name, "C"))


@pytest.mark.parametrize(("by", "message"), [
    ("teir", "did you mean 'tier'"), ("site", "one or more of tier, customer"), ([], "give one or more different keys"),
    (["tier", "tier"], "give one or more different keys")])
def test_keys_that_cannot_be(solution, by, message):
    with pytest.raises(cts.UsageError, match=message):
        solution.cost_to_serve(by=by)
