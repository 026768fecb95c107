"""ABC and XYZ by hand, and what holds for any items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.segments.abc_xyz import abc, abc_xyz, xyz


def test_the_item_that_crosses_is_in_the_better_class_and_one_at_the_cut_is_not():
    assert abc(pd.Series({"a": 79.0, "b": 2.0, "c": 15.0, "d": 4.0})).to_dict() == {
        "a": "A", "b": "C", "c": "A", "d": "B"}  # before: a 0, c 79, d 94, b 98
    assert abc(pd.Series({"a": 50.0, "b": 30.0, "c": 15.0, "d": 5.0})).to_dict() == {
        "a": "A", "b": "A", "c": "B", "d": "C"}  # before c 80, before d 95


def test_equal_values_stand_in_the_order_of_their_keys():
    assert abc(pd.Series({"d": 25.0, "b": 25.0, "c": 25.0, "a": 25.0}), (0.25, 0.75)).to_dict() == {
        "a": "A", "b": "B", "c": "B", "d": "C"}


def test_who_loses_money_is_c_and_moves_no_cut():
    with_loss = abc(pd.Series({"a": 80.0, "b": 15.0, "c": 5.0, "d": -900.0, "e": 0.0}))
    assert with_loss.to_dict() == {"a": "A", "b": "B", "c": "C", "d": "C", "e": "C"}


def test_what_has_no_one_value_is_refused():
    with pytest.raises(ValueError, match="b has no value"):
        abc(pd.Series({"a": 1.0, "b": np.nan}))
    with pytest.raises(ValueError, match="a is there twice"):
        abc(pd.Series([1.0, 2.0], index=["a", "a"]))
    with pytest.raises(ValueError, match="two rising cuts"):
        abc(pd.Series({"a": 1.0}), (0.9, 0.8))


def test_variation_counts_periods_without_demand():
    demand = pd.DataFrame({"item": ["a"] * 4 + ["b", "b"] + ["c"], "period": [0, 1, 2, 3, 0, 2, 1],
                           "quantity": [4.0, 4, 4, 4, 6, 2, 5]})
    found = xyz(demand, 4)
    # b: 6 0 2 0, mean 2, squares 16 4 0 4 over 3; c: 0 5 0 0, mean 1.25, squares 3 x 1.5625 + 14.0625 over 3.
    assert found["cv"].to_list() == pytest.approx([0.0, np.sqrt(8) / 2, 2.5 / 1.25])
    assert found["xyz"].to_dict() == {"a": "X", "b": "Z", "c": "Z"}


@pytest.mark.parametrize("seed", range(5))
def test_variation_is_that_of_the_whole_grid_whatever_the_order_of_rows_and_the_unit(seed: int):
    rng = np.random.default_rng(seed)
    grid = rng.poisson(0.8, (20, 12)) * rng.integers(1, 9, (20, 12)).astype(float)
    grid[:, 0] += 1.0
    item, period = np.nonzero(grid)
    rows = pd.DataFrame({"item": item, "period": period, "quantity": grid[item, period] * 12.0})
    found = xyz(rows.sample(frac=1, random_state=seed), 12)
    np.testing.assert_allclose(found["cv"], grid.std(axis=1, ddof=1) / grid.mean(axis=1))
    cut = np.digitize(grid.std(axis=1, ddof=1) / grid.mean(axis=1), [0.5, 1.0])
    assert found["xyz"].to_list() == ["XYZ"[place] for place in cut]


@pytest.mark.parametrize("seed", range(5))
def test_classes_stay_when_rows_are_shuffled_and_money_changes(seed: int):
    rng = np.random.default_rng(seed)
    values = pd.Series(rng.integers(0, 40, 60).astype(float), index=[f"p{i:02}" for i in rng.permutation(60)])
    found = abc(values)
    again = abc(values.sample(frac=1, random_state=seed) * 1024.0)
    assert again.reindex(values.index).to_list() == found.to_list()
    # All of A, and no fewer, come to at least 80 % of the value.
    in_a = values[found == "A"]
    assert in_a.sum() >= 0.8 * values.sum() > in_a.sum() - in_a.min()


def test_nine_fields_hold_every_item_and_all_value():
    values = pd.Series({"a": 60.0, "b": 20.0, "c": 15.0, "d": 5.0})
    table = abc_xyz(values, pd.Series({"a": "X", "b": "Z", "c": "X"}))
    assert table["items"].sum() == 4
    assert table["value"].sum() == 100.0
    assert len(table) == 12
    assert table.set_index(["abc", "xyz"]).loc[("C", "none")].to_list() == [1, 0.25, 5.0, 0.05]
    with pytest.raises(ValueError, match="z has demand and no value"):
        abc_xyz(values, pd.Series({"z": "X"}))
