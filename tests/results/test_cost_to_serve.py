"""Cost-to-serve: rows, columns, and names that could be mistaken for the rows of the table itself."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.testing import random_network
from tests.often import sampled
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


@pytest.fixture(scope="module")
def on_paper() -> cts.Solution:
    """The network that models/two_dcs/README.md works out: East serves A, B and half of D, West C and the rest of D."""
    net = cts.read(examples.path("two_dcs"))
    return cts.solve(net.with_table("customers", net.tables["customers"].assign(
        region=["north", "north", "south", ""], group=["k", "", "k", ""])))


@pytest.mark.parametrize(("by", "units", "cost"), [
    # all in, a box: A 7.90, B 8.80, D 10.90 from East and 9.60 from West, C 8.70; East 60,000, West 50,000
    ("site", {"East": 45_000, "West": 15_000}, {"East": 388_500 + 60_000, "West": 135_000 + 50_000}),
    # what leaves the plant: making 4.00, out 0.20, on the road and in 0.90 (East) or 1.50 (West)
    ("origin", {"East": 45_000, "West": 15_000, "Plant": 0},
     {"Plant": 60_000 * 4.20 + 45_000 * 0.90 + 15_000 * 1.50,
      "East": 45_000 * 0.80 + 40_000 + 58_000 + 25_000 + 60_000, "West": 15_000 + 20_000 + 14_500 + 50_000}),
    ("mode", {"(none)": 0, "carrier": 60_000, "truck": 0},
     {"truck": 60_000 * 0.20 + 45_000 * 0.90 + 15_000 * 1.50, "carrier": 157_500 + 45_000 * 0.80 + 15_000,
      "(none)": 240_000 + 110_000}),
    # sites by throughput: East 60,000 / 45,000 and West 50,000 / 15,000 a box
    ("region", {"north": 40_000, "south": 10_000, "(none)": 10_000},
     {"north": 158_000 + 176_000 + 40_000 * 4 / 3, "south": 87_000 + 10_000 * 10 / 3,
      "(none)": 54_500 + 48_000 + 5_000 * 4 / 3 + 5_000 * 10 / 3}),
    ("group", {"k": 30_000, "(none)": 30_000},
     {"k": 158_000 + 20_000 * 4 / 3 + 87_000 + 10_000 * 10 / 3,
      "(none)": 176_000 + 20_000 * 4 / 3 + 54_500 + 48_000 + 5_000 * 4 / 3 + 5_000 * 10 / 3}),
    ("profile", {"mixed": 30_000, "(none)": 30_000},
     {"mixed": 176_000 + 20_000 * 4 / 3 + 54_500 + 48_000 + 5_000 * 4 / 3 + 5_000 * 10 / 3,
      "(none)": 158_000 + 20_000 * 4 / 3 + 87_000 + 10_000 * 10 / 3}),
])
def test_by_what_follows_from_customers_and_ways(on_paper, by, units, cost):
    frame = on_paper.cost_to_serve(by=by)
    assert frame["units"].to_dict() == pytest.approx({**units, "total": 60_000})
    assert frame["cost"].to_dict() == pytest.approx({**cost, "total": 633_500})
    assert frame["cost_per_unit"].notna().sum() == (1 if by in ("origin", "mode") else len(frame))


def test_by_the_site_that_delivers_goods_of_another_site():
    """Q makes for 5 and sends 20 to P for 1 each; P makes the other 40 of its 60 for 2. C gets 30 from each of P and Q:
    whatever leaves P cost (40 x 2 + 20 x 6) / 60 a unit."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
              "site_products": table({"site": "P", "make_cost": 2, "make_capacity": 40}, {"site": "Q", "make_cost": 5}),
              "customers": table({"customer": "C", "single_source": "no"}, {"customer": "F"}),
              "demand": table({"customer": "C", "quantity": 60}, {"customer": "F", "quantity": 30}),
              "lanes": table({"origin": "Q", "destination": "P"}, {"origin": "P", "destination": "C", "max_volume": 30},
                             {"origin": "Q", "destination": "C"}, {"origin": "P", "destination": "F"}),
              "rates": table({"origin": "Q", "destination": "P", "per_unit": 1},
                             {"origin": "P", "destination": "*", "per_unit": 0},
                             {"origin": "Q", "destination": "C", "per_unit": 9})}
    frame = solved(tables).cost_to_serve(by=["site", "customer"])
    assert frame["total"].to_dict() == pytest.approx({
        ("P", "C"): 100, ("P", "F"): 100, ("Q", "C"): 30 * 14, ("total", ""): 620})


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(6), every=3))
def test_whatever_it_is_asked_by_it_adds_up_to_the_plan(seed):
    for tried in range(seed, 1000, 100):
        try:
            sol = cts.solve(cts.network(random_network(tried, dc_to_dc=True)), gap=0.01)
        except (cts.DataError, cts.InfeasibleError):
            continue
        break
    delivered = sol.flows.loc[sol.flows["kind"] == "delivery", "quantity"].sum()
    for by in ("region", "group", "profile", "site", "origin", "mode", ["site", "tier"], ["mode", "customer"]):
        frame = sol.cost_to_serve(by=by)
        assert frame["total"].iloc[:-1].sum() == pytest.approx(sol.total_cost)
        assert frame["total"].iloc[-1] == pytest.approx(sol.total_cost)
        assert frame["units"].iloc[:-1].sum() == pytest.approx(delivered)


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
    ("teir", "did you mean 'tier'"), ("colour", "one or more of tier, customer"),
    ([], "give one or more different keys"), (["tier", "tier"], "give one or more different keys")])
def test_keys_that_cannot_be(solution, by, message):
    with pytest.raises(cts.UsageError, match=message):
        solution.cost_to_serve(by=by)
