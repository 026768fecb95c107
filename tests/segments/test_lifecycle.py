"""New, active and dormant customers, by hand and of a published order book."""

from __future__ import annotations

import pandas as pd
import pytest

from ctsopt.segments.lifecycle import lifecycle

DAY = pd.Timestamp("2027-07-01")


def test_ninety_days_are_new_and_a_hundred_and_eighty_not_yet_dormant():
    ago = {"a": (90, 0), "b": (91, 0), "c": (300, 180), "d": (300, 181)}
    first, last = (pd.Series({name: DAY - pd.Timedelta(days=days[i]) for name, days in ago.items()}) for i in (0, 1))
    assert lifecycle(first, last, DAY).to_dict() == {"a": "new", "b": "active", "c": "active", "d": "dormant"}
    with pytest.raises(ValueError, match="a has no order up to 2027-06-30, or one after it"):
        lifecycle(first, last, DAY - pd.Timedelta(days=1))


def test_new_and_dormant_of_a_shop_of_gifts(retail: pd.DataFrame):
    days = retail.groupby(retail["customer"].astype("str"))["order_date"].agg(["min", "max"])
    counts = lifecycle(days["min"], days["max"], pd.Timestamp("2011-12-09")).value_counts()
    assert counts.to_dict() == {"active": 4338 - 968 - 858, "new": 968, "dormant": 858}
