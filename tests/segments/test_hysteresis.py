"""Steps between classes: by hand, for drawn scores, and over four quarters of a published order book."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ctsopt.segments.abc_xyz import abc
from ctsopt.segments.hysteresis import step


def start(classes: list[int]) -> pd.DataFrame:
    """Customers as they are held before a review."""
    return pd.DataFrame({"class": classes, "below": 0})


def test_up_at_once_down_by_one_after_two_reviews_and_the_count_starts_anew():
    held, seen = start([1]), []
    for score in [0.9, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1]:
        held = step(held, pd.Series([score]), [0.3, 0.8])
        seen.append((int(held["class"][0]), int(held["below"][0])))
    assert seen == [(2, 0), (2, 1), (2, 0), (2, 1), (1, 0), (1, 1), (0, 0)]


def test_without_a_score_nothing_moves_and_at_the_edge_of_the_band_a_class_is_reached():
    held = pd.DataFrame({"class": [1, 0, 1], "below": [1, 0, 1]})
    after = step(held, pd.Series([np.nan, 0.75, 0.25]), [0.5], band=0.25)
    assert after.to_dict("list") == {"class": [1, 1, 1], "below": [1, 0, 0]}


@pytest.mark.parametrize("seed", range(5))
def test_swinging_within_the_band_moves_nobody(seed: int):
    rng = np.random.default_rng(seed)
    held = start(rng.integers(0, 2, 30).tolist())
    first = held["class"].to_list()
    for _ in range(8):
        held = step(held, pd.Series(0.5 + rng.uniform(-0.05, 0.05, 30)), [0.5], band=0.1)
        assert held["class"].to_list() == first


@pytest.mark.parametrize(("one_step", "wanted"), [(False, (2380, 940)), (True, (2358, 940))])
def test_four_quarters_of_a_shop_of_gifts(retail: pd.DataFrame, one_step: bool, wanted: tuple[int, int]):
    lines = retail[retail["order_date"] < "2011-12-01"]
    quarter = (lines["order_date"].dt.year * 12 + lines["order_date"].dt.month - (2010 * 12 + 12)) // 3
    names = lines["customer"].astype("str")
    worth = lines.groupby([quarter.rename("quarter"), names])["revenue"].sum()
    customers = pd.Index(names.unique())
    assert len(customers) == 4_297
    classes = [abc(worth[number]).map({"C": 0, "B": 1, "A": 2}).reindex(customers, fill_value=0) for number in range(4)]
    assert sum((one != other).sum() for one, other in pairwise(classes)) == 4_741
    held = pd.DataFrame({"class": classes[0], "below": 0})
    up = down = 0
    for score in classes[1:]:
        after = step(held, score, [1, 2], one_step=one_step)
        up, down = up + (after["class"] > held["class"]).sum(), down + (after["class"] < held["class"]).sum()
        held = after
    assert (up, down) == wanted
