"""ctsopt against the oracle on random networks: two programs written apart from the same page find the same optimum."""

from __future__ import annotations

from collections import Counter

import pytest

import ctsopt as cts
from ctsopt.testing import FEATURES, random_features, random_network
from tests.equivalence.ablations import ABLATIONS
from tests.equivalence.choose_seeds import decisive, solved
from tests.often import of_the_day, sampled

# Chosen by choose_seeds.py, so that every feature is on, is off, and decides the optimum at least three times.
SEEDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22, 25, 35, 41, 43, 51, 60, 69, 74, 77,
         78, 82)


# Levels, limits, loads, contracts, duty, CO2, budget and stock: off in the networks above, at random in those below.
NEW = tuple(FEATURES)[tuple(FEATURES).index("levels"):tuple(FEATURES).index("availability")]
LIMITED = (23, 35, 42, 44, 45, 56, 57, 58, 59, 65, 66, 78, 113, 131, 132, 134, 137, 139, 142, 166, 167, 176, 178, 190,
           219, 279, 425, 501, 512, 790, 808, 917, 962)


def plain(seed: int) -> dict:
    return random_network(seed, **dict.fromkeys(NEW, False))


@pytest.mark.parametrize("seed", sampled(SEEDS, every=3, quick=4))
def test_same_optimum(seed):
    """The oracle's total, and its amount on every cost line (no two plans of a random network cost the same)."""
    compare(plain(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(LIMITED, every=4), *of_the_day(100)])
def test_same_optimum_with_limits(seed):
    """The same with every feature, and with the ways that another one beats."""
    compare(random_network(seed))


def compare(tables: dict) -> None:
    """ctsopt against the oracle; the cost cube, and the search with every way, against ctsopt."""
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
    cube = sol.cube.groupby("line", observed=True)["amount"].sum().to_dict()
    shown = {line: amount for line, amount in by_line.items() if amount}
    assert cube == pytest.approx(dict.fromkeys(cube, 0.0) | shown, rel=1e-9, abs=1e-9 * expected.total)
    with_all = cts.solve(cts.network(tables), gap=0, abs_gap=1e-6, dominance=False)
    assert with_all.total_cost == pytest.approx(expected.total, rel=1e-6)


def test_every_feature_is_on_and_off():
    """At least three times each, or the test above would quietly cover nothing."""
    plain = [name for name in FEATURES if name not in (*NEW, "availability", "calendars")]
    for seeds, names in ((SEEDS, plain), (LIMITED, NEW)):
        on = Counter(name for seed in seeds for name, value in random_features(seed).items() if value)
        assert {name: on[name] for name in names if not 3 <= on[name] <= len(seeds) - 3} == {}


@pytest.mark.long
def test_most_networks_can_be_served():
    """At least 24 of each 30: those that cannot are there to see that ctsopt says so."""
    assert sum(solved(plain(seed)).status == "optimal" for seed in SEEDS) >= 24
    assert sum(solved(random_network(seed)).status == "optimal" for seed in LIMITED) >= 24


@pytest.mark.long
def test_every_feature_decides():
    """Undone in the tables, each feature changes the optimum of at least three networks."""
    off = dict.fromkeys(NEW, False)
    decided = Counter(name for seed in SEEDS for name in decisive(seed, **off))
    assert {name: decided[name] for name in ABLATIONS if name not in NEW and decided[name] < 3} == {}


@pytest.mark.long
def test_every_limit_binds():
    """Undone in the tables, each of the new features changes the optimum of at least three networks."""
    decided = Counter(name for seed in LIMITED for name in decisive(seed, of=NEW))
    assert {name: decided[name] for name in NEW if decided[name] < 3} == {}
