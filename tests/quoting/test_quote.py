"""Quotes: worked numbers, lenses against enumeration on random networks, and who is touched."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.errors import UsageError
from ctsopt.quoting.lenses import ROW, SMALLEST
from ctsopt.testing import random_network
from tests.often import sampled

TWO = Path(__file__).parents[2] / "models" / "two_dcs"
WEST_OPEN = 633_500.0


@pytest.fixture(scope="module")
def gold() -> cts.Solution:
    """C is gold: 633,500, with West open."""
    return cts.solve(cts.read(TWO), gap=0)


@pytest.fixture(scope="module")
def standard() -> cts.Solution:
    """C is standard: 622,000, with East alone."""
    edit = {"table": "customers", "where": {"customer": "C"}, "set": {"tier": "standard"}}
    return cts.solve(cts.read(TWO).with_edits(edit), gap=0)


def point(base: cts.Solution, *changes: cts.Change, lens: str) -> float:
    answer = cts.quote(base, *changes, lenses=lens)
    assert answer.lenses["proof"].tolist() == ["exact"]
    return answer.cost.point


def test_two_upgrades_cost_more_together_than_each_by_itself(standard):
    """C to gold 11,500, D to gold 21,000, both 36,500: interaction +4,000."""
    c, d = cts.Change("C", tier="gold"), cts.Change("D", tier="gold")
    assert standard.cash_cost == 622_000
    assert [point(standard, *changes, lens="redesign") for changes in ([c], [d], [c, d])] == [11_500, 21_000, 36_500]


def test_a_downgrade_saves_nothing_while_the_network_stays(gold):
    """Less is promised to C: a redesign saves 11,500 (West closes), today's network nothing."""
    found = cts.quote(gold, cts.Change("C", tier="standard"), lenses="all")
    assert found.lenses.set_index("lens")["point"].to_dict() == {
        "frozen": 0, "flows": 0, "additions": 0, "switch": -11_500, "redesign": -11_500}
    assert found.already is not None
    assert found.already.kept
    assert "kept today already" in str(found)


def test_a_switch_costs(gold):
    """West closes where that saves 11,500 and a switch costs 11,000, not where it costs 12,000."""
    change = cts.Change("C", tier="standard")
    costs = [cts.quote(gold, change, lenses="switch", kappa=kappa).cost.point for kappa in (11_000, 12_000)]
    assert costs == [-11_500, 0]


def test_what_a_quote_says(gold):
    """D to gold by express: 2.5 a unit more for 10,000 units, all of it D's own."""
    found = cts.quote(gold, cts.Change("D", tier="gold", revenue=100_000, margin=20_000))
    assert found.by_part.to_dict() == {"own": 25_000, "displaced": 0, "shared": 0, "stock": 0, "one_off": 0}
    assert found.parts["amount"].sum() == found.cost.point
    assert found.touched[["customer", "who"]].to_numpy().tolist() == [["D", "changed"]]
    assert found.physical.empty
    prices = found.prices.set_index("basis")["per_unit"]
    assert prices["break_even"] == 2.5
    assert prices["keeps_margin"] == pytest.approx((0.2 * 100_000 - (20_000 - 25_000)) / (10_000 * 0.8))
    assert prices["recommended"] == prices["keeps_margin"]
    assert [found.verdict(price) for price in (24_999, 25_001)] == ["loses", "pays"]
    assert (found.improvement.low, found.improvement.high) == (0, pytest.approx(0, abs=1))


def test_an_upgrade_that_needs_a_site(standard):
    """C to gold: with East alone nothing is quick enough, additions open West."""
    found = cts.quote(standard, cts.Change("C", tier="gold"))
    lenses = found.lenses.set_index("lens")
    assert found.physical[["what", "name", "before", "after"]].to_numpy().tolist()[0] == ["site", "West", 0, 1]
    assert lenses.at["additions", "point"] == 11_500
    assert found.nested is False  # gold may use express, too
    assert found.by_part.sum() == pytest.approx(11_500)


def test_what_cannot_be_kept_is_explained(gold):
    found = cts.quote(gold, cts.Change("D", lead_time=0.1))
    assert not found.possible
    assert "the fastest way is from East by express, 0.90 days" in str(found)
    assert found.lenses["proof"].unique().tolist() == ["impossible"]
    with pytest.raises(UsageError, match="there is no plan"):
        _ = found.cost


def test_a_promise_of_their_own_is_kept_by_the_cheapest_mode(gold):
    """B within 0.8 days: the carrier takes 0.9 days from East, express as long; 0.7 days are kept from nowhere."""
    found = cts.quote(gold, cts.Change("B", lead_time=0.95), lenses=["flows"])
    assert found.net.tables["tiers"]["tier"].tolist() == ["gold", "standard", "standard (lead time 0.95)"]
    assert found.cost.point == 0
    assert found.already is not None
    assert found.already.headroom == pytest.approx(0.05)


def test_names_that_are_not_there(gold):
    for change, said in ((cts.Change("E", tier="gold"), "no customer 'E'"), (cts.Change("A", tier="golden"),
                                                                            "did you mean 'gold'")):
        with pytest.raises(UsageError, match=said):
            cts.quote(gold, change)
    for wrong in ({}, {"tier": "gold", "lead_time": 1}, {"volume": 0}, {"leaves": True, "tier": "gold"}):
        with pytest.raises(UsageError):
            cts.Change("A", **wrong)
    with pytest.raises(UsageError, match="there is no lens"):
        cts.quote(gold, cts.Change("A", tier="gold"), lenses="flow")


def test_more_volume_leaves_and_joins(standard):
    """Twice the volume of B is 20,000 more units; who leaves saves its own; who joins beside A costs what A costs."""
    more = cts.quote(standard, cts.Change("B", volume=2.0), lenses="redesign")
    gone = cts.quote(standard, cts.Change("B", leaves=True), lenses="redesign")
    assert gone.cost.point < 0 < more.cost.point
    rows = {"customers": [{"customer": "E", "tier": "standard"}],
            "demand": [{"customer": "E", "product": "box", "quantity": 1000, "order_size": 10}],
            "lanes": [{"origin": "East", "destination": "E", "mode": "*", "distance": 100}]}
    joined = cts.quote(standard, cts.Change(joins=rows), lenses="flows")
    assert joined.changed == ("E",)
    assert joined.touched["customer"].tolist() == ["E"]
    # made 4, hauled 400 km x 1.6 x 1.25 / 1600 a unit, handled in 20 / 50 and out 50 / 50, delivered as A is
    own = standard.flows.loc[standard.flows["customer"] == "A", "last_mile"].sum() / 20_000
    assert joined.cost.point == pytest.approx(1000 * (4 + 400 * 1.6 * 1.25 / 1600 + 0.4 + 1.0 + own))


# ---- random networks against enumeration -----------------------------------------------------------------------------


def by_enumeration(base: cts.Solution, new: cts.Network, lens: str) -> float:
    """The least cost over all sets of open sites that a lens allows, each solved by itself; infinite where none can."""
    today = base.decisions("open").set_index("site")["value"].round()
    status = new.tables["sites"].set_index("site")
    free = [site for site in today.index if status.at[site, "status"] == "candidate" or (
        status.at[site, "status"] == "open" and bool(status.at[site, "may_close"]))]
    best = math.inf
    for some in itertools.product([0.0, 1.0], repeat=len(free)):
        design = dict(zip(free, some, strict=True))
        if lens == "flows" and any(design[site] != today[site] for site in free):
            continue
        if lens == "additions" and any(design[site] < today[site] for site in free):
            continue
        try:
            best = min(best, cts.solve(new, gap=0, fix=cts.Fix("open", design)).cash_cost)
        except (cts.InfeasibleError, UsageError):
            continue
    return best


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(300), every=150))
def test_the_true_difference_lies_in_each_interval(seed):
    """Sites are all that is chosen; a customer changes its volume, its promise or its tier, up or down."""
    rng = np.random.default_rng(seed)
    made = random_network(seed, levels=False, lane_minimum=False, lane_fixed=False, single_source_customer=False,
                          single_source_product=False, max_sources=False, same_site=False, whole_loads=False,
                          served_fraction=False, served_fraction_each=False)
    try:
        net = cts.network(made)
        base = cts.solve(net, gap=float(rng.choice([0.05, 0.01, 1e-3])))
    except (cts.InfeasibleError, cts.DataError):
        return
    name = str(rng.choice(net.tables["customers"]["customer"]))
    tier = str(rng.choice(net.tables["tiers"]["tier"]))
    change = [cts.Change(name, volume=float(rng.choice([0.5, 1.3]))), cts.Change(name, tier=tier),
              cts.Change(name, lead_time=float(rng.uniform(1, 8))), cts.Change(name, leaves=True)][seed % 4]
    found = cts.quote(base, change, lenses="all", width=float(rng.choice([0.3, 0.05])))
    slack = 5 * SMALLEST * base.cash_cost
    for answer in found.answers.values():
        if answer.lens not in ("flows", "additions", "redesign"):
            continue
        true = by_enumeration(base, found.net, answer.lens) - base.cash_cost
        if not answer.possible:
            assert math.isinf(true), answer.lens
        elif answer.lens == "redesign":
            least = by_enumeration(base, base.net, "redesign")
            assert answer.low - slack <= true <= answer.point + slack
            assert answer.low - slack <= true + base.cash_cost - least <= answer.high + slack
        else:
            assert answer.low - slack <= true <= answer.point + slack, answer.lens
    points = [found.answers[lens].point for lens in ROW if found.answers[lens].possible]
    assert all(one >= other - slack for one, other in itertools.pairwise(points))
    if found.possible:
        assert found.parts["amount"].sum() == pytest.approx(found.plan.cash_cost - base.cash_cost, abs=slack)


@pytest.mark.parametrize("seed", sampled(range(40), every=10, quick=1))
def test_a_change_that_changes_nothing_touches_nobody(seed):
    """Once the volume there is: every line 0, nobody is touched, nothing is built; it is kept today already."""
    try:
        base = cts.solve(cts.network(random_network(seed)), gap=0.02)
    except (cts.InfeasibleError, cts.DataError):
        return
    name = str(base.net.tables["customers"]["customer"].iloc[0])
    found = cts.quote(base, cts.Change(name, volume=1.0), lenses=["frozen", "flows"])
    assert found.headline.possible
    if found.headline.point > -SMALLEST * base.cash_cost:  # else today's flows were not the best ones
        assert found.touched.empty
        assert found.parts["amount"].abs().max() <= 2 * SMALLEST * base.cash_cost
        assert found.physical.empty


# ---- the shell -------------------------------------------------------------------------------------------------------


def test_from_the_shell():
    told = CliRunner().invoke(app, ["quote", str(TWO), "-c", "D", "--tier", "gold", "--json"])
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert (document["low"], document["point"], document["lens"]) == (25_000, 25_000, "additions")
    assert {row["part"]: row["amount"] for row in document["parts"] if row["line"] == "last_mile"} == {
        "own": 25_000, "displaced": 0}
    told = CliRunner().invoke(app, ["quote", str(TWO), "-c", "D", "--lead-time", "0.1", "--lens", "flows"])
    assert told.exit_code == 4
    assert "out of reach" in told.stdout
