"""Scores, fields and the whale curve by hand, and on published order books."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.segments.scores import cost_score, percentile, quadrant, value_score
from ctsopt.segments.whale import top_share, whale
from ctsopt.shortage.fairness import gini

NAN = float("nan")


def test_a_blank_feature_shares_its_weight_out_and_the_row_says_so():
    table = pd.DataFrame({"net_value": [5.0, 1.0, NAN, NAN], "growth": [0.1, NAN, 0.3, NAN],
                          "strategic": [0.0, 5.0, 5.0, NAN]}, index=list("abcd"))
    found = value_score(table, {"net_value": 0.5, "growth": 0.25, "strategic": 0.25})
    # Ranks: net_value .75 .25; growth .25 - .75; strategic 1/6, 2/3, 2/3.
    assert found["score"].to_list() == pytest.approx(
        [0.375 + 0.0625 + 0.25 / 6, (0.125 + 1 / 6) / 0.75, (0.1875 + 1 / 6) / 0.5, NAN], nan_ok=True)
    assert found["blank"].to_list() == ["", "growth", "net_value", "net_value growth strategic"]


def test_growth_of_others_demotes_nobody_where_the_scale_is_kept():
    then = pd.DataFrame({"net_value": [10.0, 20.0, 30.0, 40.0]}, index=list("abcd"))
    now = then.mask(then.index.to_series().isin(["a", "b"]), then * 100)
    kept = value_score(now, {"net_value": 1.0}, among=then)["score"]
    assert kept.to_list() == [1.0, 1.0, 0.625, 0.875]
    assert value_score(now, {"net_value": 1.0})["score"]["d"] == 0.375


def test_a_score_of_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no column growth"):
        value_score(pd.DataFrame({"net_value": [1.0]}), {"net_value": 1.0, "growth": 1.0})
    with pytest.raises(ValueError, match="one has to be above it"):
        value_score(pd.DataFrame({"net_value": [1.0]}), {"net_value": 0.0})


def test_cost_is_ranked_among_customers_of_the_same_class():
    cost = pd.Series({"a": 1.0, "b": 3.0, "c": 50.0, "d": 90.0, "e": NAN, "f": 2.0})
    classes = pd.Series({"a": "near", "b": "near", "c": "far", "d": "far", "e": "far", "f": "isle"})
    found = cost_score(cost, classes)
    assert found.to_list() == pytest.approx([0.25, 0.75, 0.25, 0.75, NAN, 0.5], nan_ok=True)
    among = pd.DataFrame({"cost_per_unit": [2.0, 40.0, 60.0], "class": ["near", "far", "far"]})
    assert cost_score(cost, classes, among=among).to_list() == pytest.approx([0, 1, 0.5, 1, NAN, NAN], nan_ok=True)


def test_a_figure_at_the_cut_is_high_and_an_unknown_one_has_no_field():
    value = pd.Series({"a": 5.0, "b": 4.0, "c": 5.0, "d": NAN})
    cost = pd.Series({"a": 2.0, "b": 1.0, "c": 1.0, "d": 1.0})
    assert quadrant(value, cost, (5.0, 2.0)).to_dict() == {"a": "redesign", "b": "automate", "c": "protect", "d": ""}


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_the_mean_of_all_orders_of_equals_and_add_up_to_one_half(seed: int):
    rng = np.random.default_rng(seed)
    values = pd.Series(rng.integers(0, 9, 40).astype(float))
    found = percentile(values, values)
    np.testing.assert_allclose(found, (values.rank(method="average") - 0.5) / 40)
    assert found.mean() == pytest.approx(0.5)
    score = value_score(pd.DataFrame({"x": values, "y": values}), {"x": 3.0, "y": 1.0})["score"]
    np.testing.assert_allclose(score, found)


def test_the_curve_falls_from_the_first_who_loses():
    curve = whale(pd.Series({"b": 5.0, "a": 5.0, "c": -4.0, "d": 0.0}))
    assert curve.index.to_list() == ["a", "b", "d", "c"]
    assert curve["cumulative"].to_list() == [5, 10, 10, 6]
    assert whale(pd.Series({"a": 1.0, "b": -3.0}))["share"].isna().all()
    with pytest.raises(ValueError, match="b has no figure"):
        whale(pd.Series({"a": 1.0, "b": NAN}))


def test_seven_of_a_hundred_are_seven():
    assert top_share(pd.Series(np.ones(100)), 0.07) == pytest.approx(0.07)


def test_who_holds_the_revenue_of_a_shop_of_gifts(retail: pd.DataFrame):
    revenue = retail.groupby(retail["customer"].astype("str"))["revenue"].sum()
    assert top_share(revenue, 0.2) == pytest.approx(0.746171, abs=5e-7)
    assert top_share(revenue, 0.01) == pytest.approx(0.319989, abs=5e-7)
    assert gini(revenue) == pytest.approx(0.715140, abs=5e-7)


def test_who_earns_the_profit_of_office_goods(superstore: pd.DataFrame):
    money = superstore.groupby(superstore["customer"].astype("str"))[["revenue", "cost"]].sum()
    sales, profit = money["revenue"], money["revenue"] - money["cost"]
    assert round(profit.sum(), 2) == 286_397.02
    curve = whale(profit)
    assert curve["share"].max() == pytest.approx(1.248691, abs=5e-7)
    assert curve.loc[curve["share"].idxmax(), "rank"] == 638
    losses = curve["earned"][curve["earned"] < 0]
    assert (len(losses), round(losses.sum(), 2)) == (155, -71_224.47)
    assert (profit[sales.nlargest(80).index] < 0).sum() == 10
    assert top_share(sales) == pytest.approx(0.481484, abs=5e-7)
    assert top_share(profit) == pytest.approx(0.816648, abs=5e-7)


def test_four_fields_of_office_goods(superstore: pd.DataFrame):
    """Sales against profit: the two medians cut the customers as other programs do."""
    money = superstore.groupby(superstore["customer"].astype("str"))[["revenue", "cost"]].sum()
    fields = quadrant(money["revenue"], money["revenue"] - money["cost"]).value_counts()
    assert fields.to_dict() == {"redesign": 285, "automate": 284, "reprice": 112, "protect": 112}
