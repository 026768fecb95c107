"""Working days and cut-offs against the oracle, which walks from day to day, and against a day of simulated orders."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.testing import random_network
from tests import oracle_times
from tests.equivalence.test_oracle import compare
from tests.often import of_the_day, sampled
from tests.oracle_tables import read
from tests.oracle_ways import all_deliveries


def chances(tables: dict) -> tuple[dict, dict]:
    """Probability to be on time of every way, by the oracle and by ctsopt."""
    settings = tables["settings"]
    theirs = {(w.origin, w.via, w.mode_in, w.mode_out, w.destination, w.product): w.on_time
              for w in all_deliveries(read({k: v for k, v in tables.items() if k != "settings"}, settings))}
    net = cts.network(tables)
    ways = net.ways.deliveries
    frame = ways.index.frame().assign(on_time=ways.measures["on_time"])
    ours = {(w.site, w.via, w.mode_in, w.mode_out, w.customer, w.product): w.on_time for w in frame.itertuples()}
    return theirs, ours


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(20), every=10), *of_the_day(60)])
def test_same_chance_to_be_on_time(seed):
    tables = random_network(seed, calendars=True, each_order=False)
    assert oracle_times.used(read({k: v for k, v in tables.items() if k != "settings"}, tables["settings"]))
    theirs, ours = chances(tables)
    assert {way: theirs[way] for way in ours} == pytest.approx(ours, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(12), every=12), *of_the_day(30)])
def test_same_optimum(seed):
    compare(random_network(seed, calendars=True))


def test_calendars_of_every_day_change_nothing() -> None:
    """A calendar on which every day is worked is none: the same ways with the same chances."""
    tables = random_network(3, uncertain_transit=True, cross_docks=True)
    dated = {**tables, "sites": tables["sites"].assign(calendar="mo-su"), "modes": tables["modes"].assign(
        calendar="sa-fr")}
    plain, told = (cts.network(t).ways.deliveries for t in (tables, dated))
    assert plain.index.frame().equals(told.index.frame())
    # Moments are kept to nine digits.
    assert told.measures["on_time"] == pytest.approx(plain.measures["on_time"], abs=1e-8)


