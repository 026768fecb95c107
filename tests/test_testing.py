"""The generator of random networks keeps what it says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import UsageError
from ctsopt.networks.schema import BY_NAME
from ctsopt.testing import FEATURES, random_features, random_network
from tests.often import sampled
from tests.stock_networks import POLICIES, RULES, random_stock


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_no_errors_in_the_tables(seed):
    """Only columns of the data dictionary, and no finding but that somebody is out of reach."""
    tables = random_network(seed)
    for name, frame in tables.items():
        assert set(frame) <= {column.name for column in BY_NAME[name].columns}
    assert {f.rule for f in cts.check(tables).errors} <= {"unreachable_customer"}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tables():
    one, other = random_network(3), random_network(3)
    assert one.keys() == other.keys()
    assert one.pop("settings") == other.pop("settings")
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name])
    assert not one["demand"].equals(random_network(4)["demand"])


@pytest.mark.slow
@pytest.mark.parametrize("name", sampled(FEATURES, every=12))
def test_a_feature_can_be_fixed(name):
    on = random_features(5, **{name: True})
    assert on[name]
    assert all(on[need] for need in FEATURES[name].needs)
    assert not random_features(5, **{name: False})[name]
    random_network(5, **{name: True})
    random_network(5, **{name: False})


ELSEWHERE = {
    "networks/test_stock_checks.py": {("site_products", "order_interval"), ("site_products", "review_time"),
                                      ("site_products", "stock_sharing"), ("site_products", "replenishment_fill_rate")},
    "networks/test_way_findings.py": {("settings", "max_via_ways")}}
"""Columns that random networks do not draw, by the file of tests that has them."""


@pytest.mark.slow
def test_every_column_of_the_schema_is_drawn():
    """In a few networks that hold all features between them, and one with stock by factors; or it is tested elsewhere.

    A column that is added is drawn by a feature in `ctsopt._random`, or stands in the list with a file that has it.
    """
    made = [random_network(seed, availability=seed in (0, 3)) for seed in (0, 3, 4, 10, 14, 19)]
    made += [random_network(seed, calendars=True) for seed in range(3)]
    made += [random_stock(seed, POLICIES[seed], RULES[seed % 2]) for seed in range(3)]
    drawn = {(name, column) for tables in made for name, frame in tables.items() for column in frame}
    missing = {(name, column.name) for name, table in BY_NAME.items() for column in table.columns} - drawn
    assert missing == set().union(*ELSEWHERE.values())
    for name, columns in ELSEWHERE.items():
        text = (Path(__file__).parent / name).read_text(encoding="utf-8")
        assert all(column in text for _, column in columns), name


def test_what_a_feature_shows():
    """A few features seen in the tables."""
    tables = random_network(1, cross_docks=True, several_periods=True, next_break=True, open_lanes=True, blanks=False)
    assert "crossdock" in set(tables["sites"]["kind"])
    assert len(set(tables["periods"]["days"])) >= 2
    assert set(tables["modes"]["bill_next_break"]) >= {"yes"}
    assert tables["rates"]["from_weight"].nunique() == 3
    assert tables["settings"]["open_lanes"] == "all"
    assert tables["sites"]["latitude"].notna().all()
    plain = random_network(1, cross_docks=False, rate_card=False)
    assert "crossdock" not in set(plain["sites"]["kind"])
    assert "rates" not in plain


def test_a_wrong_name_is_named():
    with pytest.raises(UsageError, match="did you mean 'cross_docks'"):
        random_features(1, crossdocks=True)


def test_a_feature_needs_another_one():
    with pytest.raises(UsageError, match="rate_card cannot be off"):
        random_features(1, weight_breaks=True, rate_card=False)


def test_a_network_without_a_row_of_lanes():
    """With `open_lanes = all` nothing need be listed; a table without rows is absent."""
    tables = random_network(145)
    assert tables["settings"]["open_lanes"] in ("all", "tiered")
    assert "lanes" not in tables
    assert all(len(frame) for name, frame in tables.items() if name != "settings")
