"""What can be done before anybody goes short: stock moved, substitutes offered, hours shared."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import DataError, UsageError
from ctsopt.shortage.production import price_of_rule, produce
from ctsopt.shortage.rebalance import rebalance
from ctsopt.shortage.substitutes import offer_substitutes

AT = pd.DataFrame({"order": ["1", "2"], "customer": ["A", "B"], "quantity": [50, 40], "penalty": [10, 4],
                   "site": ["DC1", "DC2"]})
ROAD = pd.DataFrame({"origin": ["DC2"], "destination": ["DC1"], "cost_per_unit": [2]})


def at_sites(first: float, second: float) -> pd.DataFrame:
    return pd.DataFrame({"site": ["DC1", "DC2"], "quantity": [first, second]})


def test_enough_at_the_other_site():
    """DC1 has 10 for 50, DC2 80 for 40: 40 are moved for 80, and all is served."""
    plan = rebalance(at_sites(10, 80), AT, ROAD)
    assert plan.moves.to_dict("records") == [
        {"origin": "DC2", "destination": "DC1", "product": "goods", "quantity": 40.0, "cost": 80.0}]
    assert plan.penalty == 0
    assert plan.worse_off.empty


def test_a_move_that_takes_from_a_cheaper_order():
    """With 60 at DC2 still 40 are moved: 10 - 2 > 4. Who is there gets 20; 80 of transfer and 80 of penalty."""
    plan = rebalance(at_sites(10, 60), AT, ROAD)
    assert plan.moves["quantity"].tolist() == [40]
    assert plan.served["got"].tolist() == [50, 20]
    assert plan.cost + plan.penalty == 160
    assert plan.worse_off[["order", "before", "got"]].to_numpy().tolist() == [["2", 40, 20]]


def test_a_move_that_is_too_late_too_dear_or_too_small_is_not_proposed():
    late = rebalance(at_sites(10, 80), AT.assign(requested_date=[2, 2]), ROAD.assign(days=3))
    assert late.moves.empty
    assert late.penalty == 400
    # 40 x 10 of penalty is less than 2 x 40 and a fixed cost of 321.
    assert rebalance(at_sites(10, 80), AT, ROAD.assign(fixed_cost=321)).moves.empty
    assert rebalance(at_sites(10, 80), AT, ROAD.assign(fixed_cost=319)).cost == 399
    assert rebalance(at_sites(10, 80), AT, ROAD.assign(minimum=51)).moves.empty  # A takes 50


def test_orders_without_a_site_or_a_penalty_are_found():
    with pytest.raises(DataError, match="no_site_of_order"):
        rebalance(at_sites(1, 1), AT.drop(columns="site"), ROAD)
    with pytest.raises(DataError, match="no_penalty"):
        rebalance(at_sites(1, 1), AT.drop(columns="penalty"), ROAD)


def short_of_bolts(**columns) -> cts.Allocation:
    supply = pd.DataFrame({"product": ["bolt", "screw", "rivet"], "quantity": [10, 8, 100]})
    orders = pd.DataFrame({"order": ["1", "2"], "customer": ["A", "B"], "product": ["bolt", "bolt"],
                           "quantity": [10, 10], "penalty": [9, 5]} | columns)
    return cts.allocate(supply, orders, "uniform")


def test_substitutes_go_where_they_are_taken_and_save_most():
    rules = pd.DataFrame({"product": ["bolt", "bolt"], "substitute": ["screw", "rivet"], "ratio": [2, 1],
                          "cost": [1, 6], "needs_consent": ["no", "yes"]})
    offer = offer_substitutes(short_of_bolts(accepts_substitute=["yes", "yes"]), rules)
    # 8 screws make good 4 bolts of A, who saves 9 - 1; its fifth is a rivet (9 - 6): for B too dear.
    assert offer[["order", "substitute", "quantity", "units", "cost", "saved", "needs_consent"]
                 ].to_numpy().tolist() == [
        ["1", "screw", 4, 8, 4, 36, False], ["1", "rivet", 1, 1, 6, 9, True]]
    assert offer_substitutes(short_of_bolts(accepts_substitute=["no", "yes"]), rules)["order"].tolist() == ["2"]
    assert offer_substitutes(short_of_bolts(), rules).empty


DEMAND = pd.DataFrame({"product": ["P", "P", "Q", "Q"], "tier": ["gold", "silver", "gold", "bronze"],
                       "rank": [1, 2, 1, 3], "quantity": [30, 40, 20, 50], "penalty": [12, 6, 15, 2]})
HOURS = pd.DataFrame({"resource": ["line"], "hours": [100]})
USE = pd.DataFrame({"resource": ["line", "line"], "product": ["P", "Q"], "hours": [1, 3]})


def test_what_is_made_first_by_value_and_by_tier():
    value, tiers = (produce(DEMAND, HOURS, USE, rule) for rule in ("value", "priority"))
    assert value.table["made"].tolist() == [30, 40, 10, 0]
    assert value.penalty == pytest.approx(250)
    assert tiers.table["made"].tolist() == [30, 10, 20, 0]
    assert tiers.penalty == pytest.approx(280)
    assert price_of_rule(DEMAND, HOURS, USE) == pytest.approx(30)
    assert value.penalty - produce(DEMAND, HOURS.assign(hours=101), USE).penalty == pytest.approx(5)


def test_overtime_where_it_costs_less_than_it_saves():
    """An hour saves 5 for gold Q: at 4 the 30 hours of its 10 units short are worked, at 6 none."""
    cheap = produce(DEMAND, HOURS.assign(overtime_hours=50, overtime_cost=4), USE)
    assert cheap.hours["overtime"].tolist() == [30]
    assert cheap.penalty + cheap.overtime_cost == pytest.approx(100 + 120)
    assert produce(DEMAND, HOURS.assign(overtime_hours=50, overtime_cost=6), USE).overtime_cost == 0


def test_a_changeover_takes_hours_before_the_first_unit():
    """30 hours before any Q: P fills 70 hours for 360 + 240; the 30 hours left would make no Q at all."""
    plan = produce(DEMAND, HOURS, USE.assign(changeover_hours=[0, 30]))
    assert plan.table["made"].tolist() == [30, 40, 0, 0]
    assert plan.hours["used"].tolist() == [70]


def test_hours_that_nothing_says():
    with pytest.raises(UsageError, match="what hours Q takes"):
        produce(DEMAND, HOURS, USE.iloc[:1])
    with pytest.raises(UsageError, match="which resources does not have"):
        produce(DEMAND, HOURS.assign(resource="other"), USE)
