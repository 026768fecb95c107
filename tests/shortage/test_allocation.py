"""Allocations from tables: sites, dates, commitments, history, cases, and what is wrong with the tables."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import DataError, UsageError
from ctsopt.shortage.fairness import repeat_victims
from tests.shortage.pallets import RANKS, orders, pallets


def stock(*amounts: float, **columns) -> pd.DataFrame:
    return pd.DataFrame({"site": [f"D{i + 1}" for i in range(len(amounts))], "quantity": amounts} | columns)


def got(alloc: cts.Allocation) -> list[float]:
    return alloc.table["whole"].tolist()


def test_over_two_sites_with_what_is_sent():
    eligible = pd.DataFrame({"site": ["D1", "D1", "D2", "D2"], "customer": ["A", "B", "B", "C"]})
    alloc = cts.allocate(stock(30, 60), orders([60, 50, 20]), "max_min", eligible=eligible)
    assert alloc.table["share"].tolist() == pytest.approx([30, 300 / 7, 120 / 7])
    assert got(alloc) == [30, 43, 17]
    sent = alloc.sent.set_index(["site", "customer"])["quantity"]
    assert sent.to_dict() == {("D1", "A"): 30, ("D2", "B"): 43, ("D2", "C"): 17}


def test_supply_that_comes_too_late_is_not_shared_and_is_what_is_expected():
    supply = stock(10, 40, available_on=["2026-12-01", "2026-12-05"], certainty=[1, 0.9])
    wanted = orders([20, 30], requested_date=["2026-12-03", "2026-12-09"])
    alloc = cts.allocate(supply, wanted, "proportional", as_of="2026-11-30")
    # A may have the 10 of 1 December only; B has the 40 of the 5th for its 30.
    assert got(alloc) == [10, 30]
    reason = alloc.reasons.set_index("order").loc["A"]
    assert reason[["expected_on", "expected_quantity", "expected_certainty"]].tolist() == ["2026-12-05", 40, 0.9]
    assert "More is expected on 2026-12-05: 40 units, certainty 90%." in reason["text"]
    assert alloc.left_over[["available_on", "quantity"]].to_numpy().tolist() == [["2026-12-05", 10]]


def test_transit_counts_against_the_day_on_which_it_is_wanted():
    eligible = pd.DataFrame({"site": ["D1", "D2"], "days": [3, 1]})
    alloc = cts.allocate(stock(10, 4), orders([8, 8], requested_date=[2, 5]), "uniform", eligible=eligible)
    assert got(alloc) == [4, 8]


def test_what_is_on_hold_or_after_the_horizon_is_left_over():
    supply = stock(5, 6, 7, status=["on_hand", "quality_hold", "planned"], available_on=[0, 0, 30])
    alloc = cts.allocate(supply, orders([20]), "uniform", horizon=10)
    assert got(alloc) == [5]
    assert alloc.left_over[["quantity", "why"]].to_numpy().tolist() == [
        [6, "it is on quality hold"], [7, "it comes after the horizon"]]


def test_commitments_come_before_the_rule():
    """B is to be won: 50 in full. C keeps the 30 confirmed. A shares what is left, D loses."""
    wanted = orders([60, 50, 40, 10], strategy=["share", "win", "gain", "lose"], confirmed_quantity=[0, 0, 30, 10])
    alloc = cts.allocate(stock(100), wanted, "proportional")
    assert alloc.table["share"].tolist() == pytest.approx([20, 50, 30, 0])
    reasons = alloc.reasons.set_index("order")
    assert reasons["step"].to_dict() == {"A": "share", "B": "full", "C": "commitment", "D": "commitment"}
    assert reasons["promise"].to_dict() == {"A": "", "B": "", "C": "kept", "D": "broken"}
    assert alloc.not_kept.empty


def test_an_order_that_cannot_be_won_is_reported():
    wanted = orders([60, 50], strategy=["win", "win"], order_date=[2, 1])
    alloc = cts.allocate(stock(80), wanted, "uniform")
    assert got(alloc) == [30, 50]
    assert alloc.not_kept.to_dict("records") == [
        {"order": "A", "line": "1", "customer": "A", "what": "win", "promised": 60.0, "got": 30.0}]


def test_floors_that_do_not_fit_are_shared_in_equal_parts_of_the_floors():
    policy = pd.DataFrame({"tier": ["*"], "rank": [1], "floor": [0.5]})
    alloc = cts.allocate(
        stock(30), orders([60, 40, 20], penalty=[1, 2, 3]), "value", policy=policy)
    # Floors 30, 20, 10 come to 60: half of each.
    assert alloc.table["share"].tolist() == pytest.approx([15, 10, 5])
    assert alloc.not_kept["what"].tolist() == ["floor"] * 3


def test_caps_leave_what_nobody_may_have():
    policy = pd.DataFrame({"tier": ["*"], "rank": [1], "cap": [0.5]})
    alloc = cts.allocate(stock(100), orders([60, 40]), "proportional", policy=policy)
    assert got(alloc) == [30, 20]
    assert alloc.left_over["quantity"].tolist() == [50]


def test_shares_by_history_cannot_be_blown_up():
    history = pd.DataFrame({"customer": ["A", "B"], "product": ["goods", "goods"], "consumption": [60, 60]})
    for asked in ([60, 60], [60, 90], [60, 900]):
        alloc = cts.allocate(stock(100), orders(asked), "proportional", basis="history", history=history)
        assert alloc.table["share"].tolist() == pytest.approx([50, 50])


def test_shares_by_history_fill_up_and_newcomers_count_as_the_mean_of_their_tier():
    history = pd.DataFrame({"customer": ["A", "B"], "product": ["goods", "goods"], "consumption": [20, 40]})
    alloc = cts.allocate(stock(90), orders([10, 80, 80]), "proportional", basis="history", history=history)
    # A is full at 10; B counts 40, C the mean 30: 80 in parts of 4 and 3.
    assert alloc.table["share"].tolist() == pytest.approx([10, 320 / 7, 240 / 7])
    assert alloc.shares.guessed.tolist() == [False, False, True]


def test_orders_of_a_crisis_are_capped_at_what_is_usual_unless_asked_about():
    history = pd.DataFrame({"customer": ["A", "B", "C"], "product": ["goods"] * 3, "consumption": [60, 60, 60]})
    wanted = orders([120, 80, 120], confirmed_by_hand=["no", "no", "yes"])
    alloc = cts.allocate(stock(130), wanted, "proportional", history=history, usual=1.5)
    assert alloc.table["share"].tolist() == pytest.approx([30, 40, 60])
    assert alloc.capped[["order", "asked", "counted"]].to_numpy().tolist() == [["A", 120, 60]]
    # With 400 units A has all that counts of it, and the reason is its history.
    alloc = cts.allocate(stock(400), wanted, "proportional", history=history, usual=1.5)
    assert alloc.reasons.set_index("order")["step"]["A"] == "history"


def test_cases_and_minimum_quantities():
    alloc = cts.allocate(stock(100), orders([70, 70], case_size=[12, 12]), "uniform")
    # 8 whole cases of 12, four each; the remaining 4 units fill no case.
    assert got(alloc) == [48, 48]
    assert alloc.left_over["quantity"].tolist() == [4]
    # In equal parts each would have 10, less than the least that A takes: B has all it asks, and 8 are too few for A.
    alloc = cts.allocate(stock(20), orders([30, 12], minimum=[15, 0]), "uniform")
    assert got(alloc) == [0, 12]
    assert alloc.reasons.set_index("order")["step"]["A"] == "minimum"


def test_a_case_larger_than_the_supply_is_left_over():
    alloc = cts.allocate(stock(10), orders([24, 24], case_size=[12, 12]), "proportional")
    assert got(alloc) == [0, 0]
    assert alloc.left_over["quantity"].tolist() == [10]


def test_an_order_of_two_products_that_is_taken_in_full_or_not_at_all():
    supply = pd.DataFrame({"product": ["bolt", "nut"], "quantity": [10, 4]})
    wanted = pd.DataFrame({"order": ["1", "1", "2"], "line": ["1", "2", "1"], "customer": ["A", "A", "B"],
                           "product": ["bolt", "nut", "bolt"], "quantity": [10, 5, 10],
                           "complete_only": ["order", "order", "no"]})
    assert got(cts.allocate(supply, wanted, "uniform")) == [0, 0, 10]
    supply["quantity"] = [16, 5]
    alloc = cts.allocate(supply, wanted, "uniform")
    # 8 bolts each would leave order 1 without two of its bolts: it is not taken.
    assert got(alloc) == [0, 0, 10]
    assert alloc.reasons.set_index(["order", "line"])["step"].to_dict()[("1", "1")] == "complete_only"


def test_whole_cases_are_rounded_per_customer_and_go_to_the_earlier_order():
    one = orders([7, 3, 8])
    two = pd.DataFrame({"order": ["A", "B", "C1", "C2"], "customer": ["A", "B", "C", "C"], "quantity": [7, 3, 5, 3],
                        "order_date": [1, 1, 2, 1]})
    for rule in ("proportional", "max_min"):
        whole, split = (cts.allocate(stock(11), some, rule).table for some in (one, two))
        assert split.groupby("customer")["whole"].sum().tolist() == whole["whole"].tolist()
    # C has 5 of its 8: the earlier line is full, the later one has the rest.
    assert split["whole"].tolist() == [4, 2, 2, 3]


def test_ranks_of_a_network_and_classes_of_its_products():
    net = cts.read(cts.examples.path("two_dcs"))
    wanted = pd.DataFrame({"order": ["1", "2"], "customer": ["A", "B"], "quantity": [20, 20],
                           "product": ["goods", "goods"]})
    tiers = net.tables["customers"].set_index("customer")["tier"]
    ranks = net.tables["tiers"].set_index("tier")["rank"]
    alloc = cts.allocate(pd.DataFrame({"quantity": [25]}), wanted, "priority", net=net)
    first = sorted("AB", key=lambda c: ranks[tiers[c]])[0]
    assert alloc.table.set_index("customer")["whole"][first] == 20


def test_repeat_victims():
    first, again = pallets("priority"), pallets("priority", supply=10)
    assert repeat_victims(again, [first.table])["customer"].tolist() == ["B1", "B2", "S1"]


def test_nothing_there_and_nothing_asked():
    assert got(cts.allocate(stock(0), orders([5, 5]), "proportional")) == [0, 0]
    assert got(cts.allocate(stock(9), orders([0, 5]), "equal_losses")) == [0, 5]
    assert cts.allocate(stock(9), orders([0, 5]), "equal_losses").reasons.empty


def test_lines_that_nothing_may_serve():
    supply = stock(5, available_on=[4])
    wanted = orders([3, 3, 1], requested_date=[2, 6, 6], product=["goods", "goods", "other"])
    steps = cts.allocate(supply, wanted, "uniform").reasons.set_index("order")["step"]
    assert steps.to_dict() == {"A": "too_late", "C": "no_site"}


FAULTS = [
    (stock(-1), orders([5]), {}, "below_bound", "quantity"),
    (stock(5), orders([5, -5]), {}, "below_bound", "quantity"),
    (stock(5), orders([5], requested_date=["tomorrow"]), {}, "not_a_date", "requested_date"),
    (stock(5), orders([5], requested_date=["2026-12-01"]), {}, "no_today", "requested_date"),
    (stock(5), orders([5]), {"policy": pd.DataFrame({"tier": ["*"], "floor": [1.5]})}, "share_above_one", "floor"),
    (stock(5), orders([5]), {"policy": RANKS}, "no_tier", "customer"),
    (stock(5), orders([5], tier=["platinum"]), {"policy": RANKS}, "no_policy", "tier"),
    (stock(5, 5, product=["nut", "bolt"]), orders([5]), {}, "which_one", "product"),
    (stock(5), orders([5, 6], case_size=[2, 3]), {}, "case_sizes_differ", "case_size"),
    (stock(5), pd.concat([orders([5]), orders([6])], ignore_index=True), {}, "duplicate_key", "order, line"),
]


@pytest.mark.parametrize(("supply", "wanted", "more", "rule", "column"), FAULTS)
def test_what_is_wrong_is_found(supply, wanted, more, rule, column):
    with pytest.raises(DataError) as caught:
        cts.allocate(supply, wanted, "uniform", **more)
    found = [(f.rule, f.column) for f in caught.value.findings.errors]
    assert (rule, column) in found


def test_a_product_that_nobody_ordered_is_a_warning():
    supply = stock(5, 5, product=["nut", "bolt"])
    alloc = cts.allocate(supply, orders([5], product=["nut"]), "uniform")
    assert [(f.rule, f.values) for f in alloc.findings.warnings] == [("unordered_product", ["bolt"])]
    assert alloc.left_over["why"].tolist() == ["nobody ordered it"]


@pytest.mark.parametrize(("call", "said"), [
    ({"rule": "priority"}, "needs ranks"),
    ({"rule": "prioritise"}, "did you mean 'priority'"),
    ({"rule": "uniform", "usual": 1.5}, "give a history"),
    ({"rule": "uniform", "as_of": "today"}, "such as 2026-11-30"),
    ({"rule": "uniform", "horizon": "soon"}, "neither a date nor"),
])
def test_what_cannot_be_asked(call, said):
    with pytest.raises(UsageError, match=said):
        cts.allocate(stock(5), orders([9]), **call)


def test_units_are_kept_for_better_ranks_in_one_stock_only():
    eligible = pd.DataFrame({"site": ["D1", "D1", "D2"], "customer": ["A", "B", "B"]})
    with pytest.raises(UsageError, match="one stock"):
        cts.allocate(stock(5, 5), orders([9, 9]), "protected", eligible=eligible)


def test_an_order_that_one_site_serves():
    alloc = cts.allocate(stock(5, 50), orders([20, 20], site=["D1", ""]), "uniform")
    assert got(alloc) == [5, 20]
