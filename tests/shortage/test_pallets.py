"""The case of the 23 pallets: shares, whole pallets, fairness and reasons under every rule."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.shortage.fairness import borne_by_smallest, envy, side_by_side
from ctsopt.shortage.reasons import last_pallet
from ctsopt.shortage.rules import share_out
from tests.shortage.pallets import ASKED, NAMES, PENALTIES, RANKS, pallet_orders, pallets

FLOORS = RANKS.assign(floor=[0.5, 0.3, 0.2])


@pytest.mark.parametrize(("rule", "policy", "shares", "whole", "least", "jain", "whole_least", "whole_jain"), [
    ("priority", RANKS, [7, 3, 7.4286, 5.5714, 0, 0], [7, 3, 7, 6, 0, 0], 0, .665753, 0, .664592),
    ("priority", FLOORS, [7, 3, 5.7143, 4.2857, 2, 1], [7, 3, 6, 4, 2, 1], .2, .787959, .2, .786481),
    ("proportional", RANKS, [4.1282, 1.7692, 4.7179, 3.5385, 5.8974, 2.9487], [4, 2, 5, 3, 6, 3], .5897, 1, .5,
     .992654),
    ("uniform", RANKS, [4, 3, 4, 4, 4, 4], [4, 3, 4, 4, 4, 4], .4, .916267, .4, .916267),
    ("equal_losses", RANKS, [4.3333, .3333, 5.3333, 3.3333, 7.3333, 2.3333], [5, 0, 6, 3, 7, 2], .1111, .869785, 0,
     .793314),
    ("value", RANKS, [7, 3, 8, 5, 0, 0], [7, 3, 8, 5, 0, 0], 0, None, 0, None),
])
def test_every_rule(rule, policy, shares, whole, least, jain, whole_least, whole_jain):
    alloc = pallets(rule, policy=policy)
    assert alloc.table["share"].tolist() == pytest.approx(shares, abs=5e-5)
    assert alloc.table["whole"].tolist() == whole
    all_of_them = alloc.fairness.iloc[-1]
    assert all_of_them["least_of_shares"] == pytest.approx(least, abs=5e-5)
    assert all_of_them["least"] == pytest.approx(whole_least)
    if jain is not None:
        assert all_of_them["jain_of_shares"] == pytest.approx(jain, abs=5e-7)
        assert all_of_them["jain"] == pytest.approx(whole_jain, abs=5e-7)


def test_value_and_one_pallet_more():
    alloc = pallets("value")
    assert alloc.penalty == 35
    assert alloc.penalty - alloc.one_case(1).penalty == 5


def test_complete_orders_only_serve_a_bronze_one_and_not_a_silver_one_and_it_is_said():
    alloc = pallets("value", complete_only="line")
    got = alloc.table.set_index("order")["whole"]
    assert got[got > 0].index.tolist() == ["G1", "G2", "S1", "B2"]
    assert got.sum() == 23
    assert alloc.penalty == 50
    reason = alloc.reasons.set_index("order").loc["S2"]
    assert reason["step"] == "complete_only"
    assert reason["worse_rank_served"] == "B2"
    assert "Order B2, of a worse rank, gets something." in reason["text"]


def test_complete_orders_by_rank():
    """Gold 10 and S1 8 leave 5: too few for S2 (6) and B1 (10), enough for B2 (5)."""
    alloc = pallets("priority", complete_only="line")
    assert alloc.table["whole"].tolist() == [7, 3, 8, 0, 0, 5]
    assert alloc.reasons.set_index("order")["worse_rank_served"]["S2"] == "B2"


def test_rules_side_by_side():
    alloc = pallets("priority")
    table = alloc.compare().set_index("rule")
    assert table.index.tolist() == ["priority", "proportional", "weighted", "uniform", "equal_losses", "value"]
    assert table["chosen"].tolist() == [True] + [False] * 5
    # Units short times penalty: proportional leaves 3, 1, 3, 3, 4, 2 short; 9 x 3 + 7 + 5 x 6 + 2 x 6 = 76.
    assert table["penalty"]["proportional"] == 76
    assert table["price"]["proportional"] == 76 - 35
    assert side_by_side(alloc)["equal_losses"].tolist() == [5, 0, 6, 3, 7, 2]


def test_without_penalties_the_rule_of_money_is_left_out_and_the_price_unknown():
    alloc = cts.allocate(pd.DataFrame({"quantity": [23]}), pallet_orders().drop(columns="penalty"), "uniform")
    table = alloc.compare(["uniform", "value"])
    assert table["rule"].tolist() == ["uniform"]
    assert table["price"].isna().all()


def test_who_got_the_last_pallet_and_what_would_have_changed_it():
    reasons = pallets("priority").reasons.set_index("order")
    # S1 7.4286 and S2 5.5714 share 13: the thirteenth goes to the larger remainder, S2.
    assert reasons.loc["S1", ["step", "competitor", "because", "next"]].tolist() == [
        "case_rounding", "S2", "a larger remainder", "S1"]
    assert reasons.loc["B1", ["step", "competitor", "because"]].tolist() == ["rank", "S2", "a better rank"]
    # 14 silver pallets need one more; bronze, which shares 15 in equal parts, needs 1 + 15.
    assert reasons["more_for_full"][["S1", "B1", "B2"]].tolist() == [1, 16, 16]
    assert reasons["rank_for_full"][["S1", "B1"]].tolist() == [1, 1]
    assert reasons.loc["S1", "text"] == (
        "Gets 7 of 8 by the rule priority: cases are whole. The last case went to order S2: a larger remainder. The "
        "next case is its own. With 1 more it would be served in full. Rank 1 is served in full.")
    assert last_pallet(pallets("priority"), "goods") == (
        "last one in: order S2 of S2 (6 of 6)\nfirst one out: order S1 of S1 (7 of 8)")


@pytest.mark.slow
def test_what_one_more_pallet_does_is_what_the_reasons_say():
    for rule in ("priority", "proportional", "uniform", "equal_losses", "value"):
        alloc = pallets(rule)
        more = pallets(rule, supply=24)
        gained = (more.table["whole"] > alloc.table["whole"]).to_numpy()
        assert alloc.reasons["next"].unique().tolist() == alloc.table["order"][gained].tolist()


@pytest.mark.parametrize("rule", ["priority", "proportional", "uniform", "equal_losses", "weighted", "contested",
                                  "value"])
def test_reasons_give_the_supply_that_serves_a_line_in_full(rule):
    rows = pallets(rule).reasons
    for at, more in rows["more_for_full"].dropna().items():
        for supply, full in ((23 + more, True), (23 + more - 0.5, False)):
            share = share_out(supply, ASKED, rule, rank=[1, 1, 2, 2, 3, 3], penalty=PENALTIES)[at]
            assert (share > ASKED[at] - 1e-6) == full


@pytest.mark.slow
def test_enough_for_all_needs_no_reason():
    for rule in ("priority", "proportional", "weighted", "uniform", "equal_losses", "contested", "max_min", "value"):
        alloc = pallets(rule, supply=39)
        assert alloc.table["short"].tolist() == [0] * 6
        assert alloc.reasons.empty


def test_envy_inside_a_rank_has_its_step():
    rows = envy(pallets("equal_losses"))
    assert rows["order"].tolist() == ["G2", "S2", "B2"]
    assert rows["envied"].tolist() == ["G1", "S1", "B1"]
    assert set(rows["step"]) == {"case_rounding"}
    assert envy(pallets("proportional")).empty


def test_ties_that_fall_to_the_key_are_marked():
    whole = pallets("equal_losses").shares.whole
    assert dict(zip(NAMES, whole.by_key.tolist(), strict=True)) == {
        "G1": True, "G2": True, "S1": True, "S2": True, "B1": False, "B2": False}


def test_the_smallest_third_bears_its_part():
    """G2 (3) and B2 (5) ask least: 3 - 2 and 5 - 3 of the 16 that are short under proportional shares."""
    assert borne_by_smallest(pallets("proportional")) == pytest.approx(3 / 16)


def test_protected_units_wait_for_better_ranks():
    policy = RANKS.assign(protected=[8, 5, 0])
    dates = {"order_date": [3, 3, 2, 2, 1, 1]}
    alloc = pallets("protected", policy=policy, **dates)
    # Bronze comes first and finds 23 - 13 = 10; silver finds 13 - 8 = 5; gold has the 8 that were kept.
    assert alloc.table["whole"].tolist() == [7, 1, 5, 0, 10, 0]
    few = pallets("protected", policy=RANKS.assign(protected=[20, 0, 0]), **dates)
    assert few.table["whole"].tolist() == [7, 3, 0, 0, 3, 0]
    assert few.left_over["quantity"].tolist() == [10]
    assert few.left_over["why"].tolist() == ["it is kept for better ranks"]
