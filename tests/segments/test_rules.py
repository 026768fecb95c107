"""Rules of segments: the first that fits wins, and thresholds stay as they were frozen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from ctsopt.errors import DataError
from ctsopt.segments.rules import freeze

TABLE = pd.DataFrame({
    "score": [0.9, 0.5, 0.7, np.nan, 0.1], "region": pd.Categorical(["north", "south", "north", "north", "isle"]),
    "last_order": pd.to_datetime(["2027-03-01", "2026-01-31", "2027-02-01", "2027-03-01", "2027-03-01"])},
    index=pd.Index(list("abcde"), name="customer"))
RULES = {"segments": {
    "dormant": {"where": {"last_order": {"lt": "2026-09-01"}}},
    "strategic": {"where": {"score": {"gte": {"quantile": 0.5}}, "region": ["north", "isle"]}, "note": "by hand"},
    "unknown": {"where": {"score": {"is_null": True}}},
    "named": {"where": {"customer": {"like": "e%"}}}}, "otherwise": "tail"}


def test_the_first_rule_that_fits_wins_and_a_blank_fits_no_comparison():
    rules = freeze(RULES, TABLE)
    # The middle of 0.1, 0.5, 0.7 and 0.9.
    assert rules.segments["strategic"]["where"]["score"]["gte"]["value"] == pytest.approx(0.6)
    assert rules.assign(TABLE).to_dict() == {
        "a": "strategic", "b": "dormant", "c": "strategic", "d": "unknown", "e": "named"}


def test_thresholds_stay_when_customers_grow_and_through_a_file():
    rules = freeze(RULES, TABLE)
    grown = TABLE.assign(score=TABLE["score"] + 0.5)
    again = freeze(YAML(typ="safe").load(rules.as_yaml()), grown)
    assert again == rules
    assert [*again.segments] == [*rules.segments]
    assert again.assign(grown)["e"] == "strategic"  # 0.6 is at the threshold of then
    assert freeze(RULES, grown).assign(grown)["e"] == "named"


@pytest.mark.parametrize("seed", range(5))
def test_each_row_has_one_segment_whatever_the_order_of_the_rows(seed: int):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"x": rng.random(50), "y": np.where(rng.random(50) < 0.2, np.nan, rng.random(50))})
    rules = freeze({"segments": {"one": {"where": {"x": {"gt": {"quantile": 0.7}}}},
                                 "two": {"where": {"y": {"lte": {"quantile": 0.5}}, "x": {"lt": 0.9}}}},
                    "otherwise": "rest"}, table)
    found = rules.assign(table)
    one = table["x"] > np.quantile(table["x"], 0.7)
    two = ~one & (table["y"] <= np.quantile(table["y"].dropna(), 0.5)) & (table["x"] < 0.9)
    assert found.to_list() == np.select([one, two], ["one", "two"], "rest").tolist()
    shuffled = table.sample(frac=1, random_state=seed)
    assert rules.assign(shuffled).sort_index().to_list() == found.to_list()


@pytest.mark.parametrize("seed", range(5))
def test_whoever_stands_at_a_threshold_is_in_to_the_last_digit(seed: int):
    table = pd.DataFrame({"x": np.random.default_rng(seed).normal(0, 1e6, 51) / 3})
    rules = freeze({"segments": {"upper": {"where": {"x": {"gte": {"quantile": 0.5}}}}}, "otherwise": "lower"}, table)
    again = freeze(YAML(typ="safe").load(rules.as_yaml()), table)
    assert (again.assign(table) == "upper").sum() == 26


def test_all_faults_are_told_at_once_with_their_place():
    with pytest.raises(DataError) as told:
        freeze({"segments": {"one": {"where": {"scoer": {"gte": 1}}}, "two": {"where": {"region": {"gt": 3}}}},
                "otherwise": "rest"}, TABLE)
    assert [f.place for f in told.value.findings] == ["segments: one: where: scoer", "segments: two: where: region: gt"]
    with pytest.raises(DataError, match="quantile from 0 to 1"):
        freeze({"segments": {"one": {"where": {"score": {"gte": {"quantile": 80}}}}}, "otherwise": "rest"}, TABLE)
    with pytest.raises(DataError, match="region holds no numbers"):
        freeze({"segments": {"one": {"where": {"region": {"gte": {"quantile": 0.8}}}}}, "otherwise": "rest"}, TABLE)
    with pytest.raises(DataError, match="a name of its own"):
        freeze({"segments": {"one": {"where": {"score": 1}}}, "otherwise": "one"}, TABLE)
    with pytest.raises(DataError, match="would hold for all"):
        freeze({"segments": {"one": {"where": {}}}, "otherwise": "rest"}, TABLE)
