"""Classes of two published order books, as other programs count them (whole files, no return matched)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.segments.abc_xyz import abc
from ctsopt.segments.credibility import gamma_prior, order_rate
from ctsopt.segments.demand_classes import classify_demand

NAMES = ["smooth", "erratic", "intermittent", "lumpy", "single"]


def counts(classes: pd.Series, names: list[str]) -> list[int]:
    """How many items each class has."""
    return classes.value_counts().reindex(names, fill_value=0).to_list()


def sizes(lines: pd.DataFrame, item: str, period: str) -> pd.DataFrame:
    """Units by item and calendar period."""
    return pd.DataFrame({"item": lines[item].astype("str"), "quantity": lines["quantity"],
                         "period": lines["order_date"].dt.to_period(period).astype("int64")})


def worth(lines: pd.DataFrame, item: str) -> pd.Series:
    """Revenue by item."""
    return lines.groupby(lines[item].astype("str"))["revenue"].sum()


def test_abc_of_a_shop_of_gifts(retail: pd.DataFrame):
    assert counts(abc(worth(retail, "customer")), ["A", "B", "C"]) == [1133, 1469, 1736]
    assert counts(abc(worth(retail, "product")), ["A", "B", "C"]) == [777, 922, 1966]


def test_demand_classes_of_a_shop_of_gifts_by_week(retail: pd.DataFrame):
    found = classify_demand(sizes(retail, "product", "W-SUN"), 54)
    assert counts(found["demand_class"], NAMES) == [120, 715, 654, 1991, 185]
    shown = found.loc[["22423", "85123A", "84879"]]
    np.testing.assert_allclose(shown["adi"], 54 / 53, rtol=1e-12)
    np.testing.assert_allclose(shown["cv2"], [0.217300, 0.622028, 0.660777], atol=5e-7)


def test_demand_classes_of_a_shop_of_gifts_by_month(retail: pd.DataFrame):
    whole = retail[retail["order_date"] < "2011-12-01"]
    found = classify_demand(sizes(whole, "product", "M"), 12)
    assert counts(found["demand_class"], NAMES) == [757, 829, 762, 1054, 255]


def test_order_rates_of_a_shop_of_gifts(retail: pd.DataFrame):
    by_customer = retail.groupby(retail["customer"].astype("str"))
    first = by_customer["order_date"].min().dt.normalize()
    months = (pd.Timestamp("2011-12-10") - first).dt.days / 30.4375
    again = by_customer["order"].nunique() - 1
    prior = gamma_prior(again, months)
    assert prior == pytest.approx((0.444943, 0.270049, 0.606929), abs=5e-7)
    rate = order_rate(again, months, prior).set_axis(months.index)
    assert (again["17850"], round(months["17850"], 4)) == (33, 12.2875)
    assert rate.loc["17850", ["credibility", "rate"]].to_list() == pytest.approx([0.952931, 2.580193], abs=5e-7)


def test_abc_of_office_goods(superstore: pd.DataFrame):
    assert round(superstore["revenue"].sum(), 2) == 2_297_200.86
    assert counts(abc(worth(superstore, "product")), ["A", "B", "C"]) == [414, 489, 959]
    assert counts(abc(worth(superstore, "customer")), ["A", "B", "C"]) == [396, 209, 188]


def test_demand_classes_of_office_goods(superstore: pd.DataFrame):
    by_quarter = classify_demand(sizes(superstore, "customer", "Q"), 16)
    assert counts(by_quarter["demand_class"], NAMES) == [0, 0, 396, 382, 15]
    by_month = classify_demand(sizes(superstore, "product", "M"), 48)
    assert counts(by_month["demand_class"], NAMES) == [0, 0, 1414, 351, 97]
