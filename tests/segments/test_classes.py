"""Demand classes and credibility: figures that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.segments.credibility import gamma_prior, order_rate
from ctsopt.segments.demand_classes import classify_demand

SERIES = {
    "1": ([0, 5, 0, 0, 3, 0, 4, 0, 0, 0, 6, 0], 3.0, 0.0823, "intermittent"),
    "2": ([10, 12, 9, 11, 10, 8, 13, 9, 10, 12, 11, 10], 1.0, 0.0192, "smooth"),
    "3": ([20, 2, 35, 1, 0, 50, 3, 4, 30, 1, 2, 60], 12 / 11, 1.3220, "erratic"),
    "4": ([0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 0, 90], 4.0, 1.0062, "lumpy"),
    "5": ([0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 12.0, np.nan, "single"),
}


def long(scale=1.0):
    return pd.concat(
        [pd.DataFrame({"item": n, "period": range(12), "quantity": np.array(s[0]) * scale}) for n, s in SERIES.items()]
    )


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_five_series_by_hand_whatever_the_unit_and_the_order_of_rows(scale):
    found = classify_demand(long(scale).sample(frac=1, random_state=1), 12)
    assert found["demand_class"].to_dict() == {n: s[3] for n, s in SERIES.items()}
    np.testing.assert_allclose(found["adi"], [s[1] for s in SERIES.values()])
    np.testing.assert_allclose(found["cv2"], [s[2] for s in SERIES.values()], atol=5e-5)


def test_demand_below_zero_and_a_grid_too_short_are_refused():
    with pytest.raises(ValueError, match="demand of A in period 2 is below zero"):
        classify_demand(pd.DataFrame({"item": "A", "period": [1, 2], "quantity": [1.0, -1.0]}), 3)
    with pytest.raises(ValueError, match="2 has demand in 12 periods, and the grid has 11"):
        classify_demand(long(), 11)


def test_two_orders_in_three_months_among_gamma_4_2():
    assert order_rate([2], [3], (2.0, 4.0, 2.0)).iloc[0].to_list() == pytest.approx([1.2, 0.6, 1.44])


def test_customers_who_differ_by_no_more_than_chance_all_get_the_mean():
    rate = order_rate([1, 1], [1, 1], gamma_prior([1, 1], [1, 1]))
    assert rate["rate"].to_list() == [1.0, 1.0]
    assert rate["credibility"].to_list() == [0.0, 0.0]


def test_no_months_no_credibility():
    assert order_rate([0], [0], (2.0, 4.0, 2.0))["credibility"].to_list() == [0.0]
