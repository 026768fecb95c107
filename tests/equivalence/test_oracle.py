"""ctsopt against the oracle on random networks: two programs written apart from the same page find the same optimum."""

from __future__ import annotations

from collections import Counter

import pytest

import ctsopt as cts
from ctsopt.testing import FEATURES, random_features, random_network
from tests.equivalence.ablations import ABLATIONS
from tests.equivalence.choose_seeds import decisive, solved

# Chosen by choose_seeds.py, so that every feature is on, is off, and decides the optimum at least three times.
SEEDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 22, 25, 35, 43, 51, 60, 69, 74, 77, 78, 82)


@pytest.mark.parametrize("seed", SEEDS)
def test_same_optimum(seed):
    """The oracle's total, and its amount on every cost line (no two plans of a random network cost the same)."""
    tables = random_network(seed)
    expected = solved(tables)
    if expected.status == "infeasible":
        with pytest.raises((cts.InfeasibleError, cts.DataError)) as caught:
            cts.solve(cts.network(tables), gap=0, abs_gap=1e-6)
        if isinstance(caught.value, cts.DataError):
            assert {f.rule for f in caught.value.findings.errors} == {"unreachable_customer"}
        return
    sol = cts.solve(cts.network(tables), gap=0, abs_gap=1e-6)
    assert sol.status.solution == "optimal"
    assert sol.total_cost == pytest.approx(expected.total, rel=1e-6)
    assert sol.costs["amount"].sum() == pytest.approx(sol.total_cost, rel=1e-9)
    by_line = dict.fromkeys(expected.by_line, 0.0) | sol.costs.set_index("line")["amount"].to_dict()
    assert by_line == pytest.approx(expected.by_line, rel=1e-6, abs=1e-6 * expected.total)


def test_every_feature_is_on_and_off():
    """At least three times each, or the test above would quietly cover nothing."""
    drawn = [random_features(seed) for seed in SEEDS]
    on = Counter(name for features in drawn for name, value in features.items() if value)
    assert {name: on[name] for name in FEATURES if not 3 <= on[name] <= len(SEEDS) - 3} == {}


def test_most_networks_can_be_served():
    """At least 24 of the 30: those that cannot are there to see that ctsopt says so."""
    assert sum(solved(random_network(seed)).status == "optimal" for seed in SEEDS) >= 24


@pytest.mark.slow
def test_every_feature_decides():
    """Undone in the tables, each feature changes the optimum of at least three networks."""
    decided = Counter(name for seed in SEEDS for name in decisive(seed))
    assert {name: decided[name] for name in ABLATIONS if decided[name] < 3} == {}
