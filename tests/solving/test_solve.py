"""The run: options and what they promise, links, limits, starts, and the same answer twice."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.solving.strategies import direct
from ctsopt.testing import random_network
from tests.small import chain, costs, is_open, lanes, rates, solved, table

# Two candidates at 30 each beside a plant that delivers at 5: D1 serves A at 1, D2 serves B at 1, 10 units each.
# None: 100. One: 30 + 10 + 50 = 90. Both: 60 + 20 = 80.
PAIR = {"sites": table({"site": "P", "kind": "plant"},
                       *({"site": s, "kind": "dc", "status": "candidate", "fixed_cost": 30} for s in ("D1", "D2"))),
        "customers": table({"customer": "A"}, {"customer": "B"}),
        "demand": table({"customer": "A", "quantity": 10}, {"customer": "B", "quantity": 10}),
        "rates": rates(P_A=5, P_B=5, P_D1=0, P_D2=0, D1_A=1, D2_B=1)}


def hard(size: int = 8, seed: int = 3) -> cts.Network:
    """A location problem that takes longer than a moment: customers on a square, candidates that hold some of them."""
    rng = np.random.default_rng(seed)
    place = rng.random((size, 2)) * 3
    sites = [{"site": "P", "kind": "plant", "latitude": 1, "longitude": 1}] + [
        {"site": f"D{k}", "kind": "dc", "status": "candidate", "fixed_cost": 2000 + 10 * k, "capacity": 700,
         "latitude": x, "longitude": y} for k, (x, y) in enumerate(place)]
    customers = [{"customer": f"C{k}", "latitude": x, "longitude": y, "single_source": "customer"}
                 for k, (x, y) in enumerate(rng.random((3 * size, 2)) * 3)]
    return cts.network({
        "sites": table(*sites), "customers": table(*customers),
        "demand": table(*({"customer": c["customer"], "quantity": int(q)} for c, q in
                          zip(customers, rng.integers(40, 100, len(customers)), strict=True))),
        "modes": table({"mode": "truck", "per_weight_distance": 0.02, "serves": "moves"},
                       {"mode": "van", "per_weight_distance": 0.1, "serves": "deliveries"}),
        "lanes": table(*({"origin": "P", "destination": f"D{k}"} for k in range(size)),
                       *({"origin": f"D{k}", "destination": c["customer"]} for k in range(size) for c in customers))})


@pytest.fixture(scope="module")
def hard_net() -> cts.Network:
    return hard()


@pytest.mark.parametrize("links", ["lazy", "all", "capacity"])
def test_links_agree(links):
    solution = solved(PAIR, links=links)
    assert solution.total_cost == pytest.approx(80)
    assert is_open(solution) == {"P", "D1", "D2"}
    assert (solution.status.solution, solution.status.stopped_by) == ("optimal", "gap")
    assert solution.record["options"]["links"] == links


@pytest.mark.slow
def test_relaxations_bound_the_plan_from_below_and_links_tighten_them():
    """D costs 60 and reaches 20 units: for the 10 of A alone it may be half open where only capacity ties it.

    Plan: 50 + 20 = 70 without D (60 + 10 + 20 = 90 with it). Loose: 30 + 10 + 20 = 60. Tight: A's link wants all of D.
    """
    tables = PAIR | {"sites": table({"site": "P", "kind": "plant"},
                                    {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 60}),
                     "rates": rates(P_A=5, P_B=2, P_D=0, D_A=1, D_B=9)}
    net = cts.network(tables)
    whole = cts.solve(net, gap=0)
    loose, tight, lazy = (cts.solve(net, relax=True, links=links) for links in ("capacity", "all", "lazy"))
    assert whole.total_cost == pytest.approx(70)
    assert loose.total_cost == pytest.approx(60)
    assert (tight.total_cost, lazy.total_cost) == pytest.approx((70, 70))
    for relaxed in (loose, tight, lazy):
        assert relaxed.bound == pytest.approx(relaxed.total_cost)
        assert relaxed.status.solution == "feasible"
        assert relaxed.record["tie_rule"].startswith("not applied")


@pytest.mark.slow
def test_gap_is_kept(hard_net):
    for gap in (0.3, 0.05):
        solution = cts.solve(hard_net, gap=gap)
        assert solution.gap <= gap
        assert solution.bound <= solution.total_cost
        assert solution.status.stopped_by == "gap"
    assert cts.solve(hard_net, gap=0.0, abs_gap=1e9).gap_money <= 1e9


@pytest.mark.slow
def test_time_limit_keeps_the_plan_with_its_bound():
    begin = time.monotonic()
    solution = cts.solve(hard(40, seed=1), gap=0.0, time_limit=5.0)
    assert time.monotonic() - begin < 30
    assert solution.status.stopped_by == "time_limit"
    assert solution.status.solution == "feasible"
    assert 0 < solution.gap < 1
    assert math.isfinite(solution.bound)


def test_rounds_of_lazy_rows_that_take_too_long_leave_time_for_a_plan(monkeypatch):
    """The rounds are cut off at once; the search goes on with the rows that are in, and ends at the optimum."""
    monkeypatch.setattr(direct, "_ROOT_SHARE", 1e-9)
    solution = solved(PAIR, time_limit=60.0)
    assert (solution.total_cost, solution.status.stopped_by) == (pytest.approx(80), "gap")
    assert solution.record["lazy_rows"] == 0


def test_a_limit_before_any_plan_is_told():
    with pytest.raises(cts.NoPlanError, match="time limit was reached before any plan"):
        cts.solve(hard(60, seed=1), gap=0.0, time_limit=1e-9)


def test_a_start_is_no_worse_than_itself(hard_net):
    """From the plan of a wide gap: the search for a narrower one does not end above it."""
    rough = cts.solve(hard_net, gap=0.05)
    assert cts.solve(hard_net, gap=0.3, start=rough).total_cost <= rough.total_cost + 1e-6


def test_a_start_by_names_of_sites():
    """With all three sites open the plan costs 80, and a gap of 40 % would accept the 100 of P alone."""
    opened = solved(PAIR, gap=0.4, start={"P": True, "D1": True, "D2": True})
    assert opened.total_cost == pytest.approx(80)


@pytest.mark.slow
def test_a_start_that_the_study_does_not_allow_is_bent_to_it():
    """P is open anyway; a start with nothing open, or everything, ends at the optimum."""
    net = cts.network(PAIR)
    for start in ({}, {"P": False}, {"D1": True, "D2": True, "P": True}):
        assert cts.solve(net, gap=0, start=start).total_cost == pytest.approx(80)


def test_a_start_with_an_unknown_site_is_told():
    with pytest.raises(cts.UsageError, match="start: there is no site 'North'; did you mean 'north'"):
        solved(chain(sites=table({"site": "P", "kind": "plant"}, {"site": "north", "kind": "dc"}),
                     lanes=lanes("P-north", "north-C")), start={"North": True})


@pytest.mark.slow
def test_a_start_from_a_network_with_other_sites():
    """A solution of another network may know other sites: those are left aside."""
    other = solved(PAIR | {"sites": PAIR["sites"].iloc[[0, 1]], "rates": PAIR["rates"].iloc[[0, 1, 2, 4]]})
    assert solved(PAIR, start=other).total_cost == pytest.approx(80)


def same(left: cts.Solution, right: cts.Solution) -> None:
    for name, frame in left.tables.items():
        pd.testing.assert_frame_equal(frame, right.tables[name])


def test_the_same_input_twice_gives_the_same_answer(hard_net):
    same(cts.solve(hard_net, gap=0.05), cts.solve(hard_net, gap=0.05))


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter(hard_net):
    net = cts.network(random_network(4))
    turned = cts.network({name: frame.iloc[::-1] if isinstance(frame, pd.DataFrame) and name != "periods" else frame
                          for name, frame in random_network(4).items()})
    assert turned == net
    same(cts.solve(net, gap=0), cts.solve(turned, gap=0))


@pytest.mark.slow
def test_ties_are_settled_by_days_and_then_by_a_fixed_order():
    """Two equal sites at equal cost, one a day nearer: the nearer one; whatever the order of the rows."""
    for rows in ((0, 1, 2), (2, 1, 0)):
        sites = table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc"}, {"site": "D2", "kind": "dc"})
        tables = chain(sites=sites.iloc[list(rows)], lanes=lanes("P-D1", "P-D2", "D1-C", "D2-C"),
                       rates=table(*({"origin": o, "destination": d, "per_unit": 1, "transit_time": t} for o, d, t in (
                           ("P", "D1", 2), ("P", "D2", 1), ("D1", "C", 1), ("D2", "C", 1)))))
        solution = solved(tables)
        assert solution.total_cost == pytest.approx(200)
        assert set(solution.flows["origin"]) == {"P", "D2"}


def test_an_open_site_that_nothing_needs_is_closed_within_a_wide_gap():
    """A gap of 90 % would allow a candidate that idles; it is not reported as open."""
    solution = solved(PAIR, gap=0.9)
    assert all(row.throughput > 0 for row in solution.sites.itertuples() if row.open)


@pytest.mark.parametrize(("option", "message"), [
    ({"gap": -0.1}, "give a number from 0 up"), ({"gap": 5}, "write 0.01 for one percent"),
    ({"gap": "few"}, "a share is meant, such as 0.01 or 1%"), ({"gap": math.nan}, "give a number from 0 up"),
    ({"gap": True}, "give a number from 0 up"), ({"abs_gap": -1}, "give a number from 0 up"),
    ({"abs_gap": math.inf}, "give a number from 0 up"), ({"time_limit": 0}, "give seconds above 0"),
    ({"time_limit": math.nan}, "give seconds above 0"), ({"seed": -1}, "give a whole number"),
    ({"seed": 1.5}, "give a whole number"), ({"links": "lasy"}, "did you mean 'lazy'"),
    ({"time_limit": "10"}, "give seconds above 0"), ({"seed": True}, "give a whole number")])
def test_options_are_checked_before_anything_runs(option, message):
    with pytest.raises(cts.UsageError, match=message):
        cts.solve(None, **option)


def test_numbers_of_numpy_are_numbers():
    options = {"gap": np.float64(0), "abs_gap": np.int64(0), "seed": np.int64(3), "time_limit": np.float32(60)}
    assert solved(PAIR, **options).total_cost == pytest.approx(80)


def test_free_goods():
    """Everything costs nothing: the plan is whole and the gap 0."""
    solution = solved(chain(rates=rates(P_D=0, D_C=0)))
    assert (solution.total_cost, solution.bound, solution.gap) == (0, 0, 0)
    assert solution.status.solution == "optimal"


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_quantities_of_any_size(scale):
    """The plan scales with the quantities; fixed costs are scaled alike."""
    tables = PAIR | {"demand": PAIR["demand"].assign(quantity=10 * scale),
                     "sites": PAIR["sites"].assign(fixed_cost=[0, 30 * scale, 30 * scale])}
    solution = solved(tables)
    assert solution.total_cost == pytest.approx(80 * scale, rel=1e-6)
    assert costs(solution) == pytest.approx({"site_fixed": 60 * scale, "last_mile": 20 * scale}, rel=1e-6)
