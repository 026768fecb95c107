"""`check_family` finds each way to get a family wrong, and says so in words."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

import ctsopt as cts
from ctsopt import _family_check
from ctsopt.formulation.family import strengthens
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Expr, Rows
from ctsopt.testing import check_family
from tests.small import chain, lanes, rates, table

MODEL = Path(__file__).parents[1] / "models" / "two_dcs"


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.read(MODEL)


def west(x):
    """Positions of the ways from West."""
    return np.flatnonzero(x.deliver.index["site"] == x.open.index["site"][2])


def west_most(x, net):
    """sum_w deliver[w] from West <= 12000   [units]"""
    return x.deliver.pick(west(x)).total() <= 12_000.0


def test_a_good_family_shows_what_it_costs(net):
    """3,000 boxes of D go over East instead, at 1.30 more each: 633,500 + 3,900."""
    report = check_family(west_most, net)
    assert report.columns.tolist() == ["network", "rows", "cost_without", "cost_with"]
    (row,) = report.itertuples(index=False)
    assert (row.network, row.rows) == ("network two_dcs", 1)
    assert (row.cost_without, row.cost_with) == pytest.approx((633_500, 637_400))


@pytest.mark.slow
def test_random_networks_are_used_where_none_is_given():
    def half(x, net):
        """sum_w deliver[w] from each site <= half of all demand   [units]"""
        return x.deliver.by("site") <= float(net.requests.measures["quantity"].sum()) / 2

    report = check_family(half)
    assert len(report) == 4
    assert report["network"].str.startswith("random network ").all()
    assert (report["rows"] > 0).all()
    assert (report["cost_with"] >= report["cost_without"] * (1 - 1e-9)).all()


def test_several_networks_and_one_to_which_it_does_not_apply(net):
    small = cts.network(chain(settings={"name": "chain"}))

    def west_only_in_two_dcs(x, net):
        """sum_w deliver[w] from West <= 12000, where there is a West   [units]"""
        return west_most(x, net) if "West" in set(net.axes["site"].labels) else None

    report = check_family(west_only_in_two_dcs, [net, small])
    assert report["rows"].tolist() == [1, 0]
    assert report["cost_with"][0] == pytest.approx(637_400)
    assert math.isnan(report["cost_with"][1])


def test_a_network_that_has_no_plan_of_its_own_is_shown_as_such(net):
    sites = net.tables["sites"].copy()
    sites.loc[sites["site"] == "East", "status"] = "closed"
    report = check_family(west_most, net.with_table("sites", sites))
    assert report[["cost_without", "cost_with"]].to_numpy().tolist() == [[math.inf, math.inf]]


# ---- each fault ------------------------------------------------------------------------------------------------

def no_docstring(x, net):
    return x.deliver.total() <= 1e9


def no_unit(x, net):
    """sum deliver[w,t] <= 1e9

    The brackets of [units] further down do not count.
    """
    return x.deliver.total() <= 1e9


def serve_demand(x, net):
    """deliver <= 1e9   [units]"""
    return x.deliver.total() <= 1e9


def loads(x, net):
    """deliver <= 1e9   [units]"""
    return x.deliver.total() <= 1e9


def one_parameter(x):
    """deliver <= 1e9   [units]"""
    return x.deliver.total() <= 1e9


def no_comparison(x, net):
    """sum deliver   [units]"""
    return x.deliver.total()


def unknown_key(x, net):
    """deliver <= 1e9   [units]"""
    return x.open.per(Keys.make(net.axes, site=[0])) <= 1e9


def mistake_inside(x, net):
    """deliver <= 1e9   [units]"""
    return x.delivery.total() <= 1e9


def own_names(x, net):
    """deliver <= 1e9   [units]"""
    mine = Keys.make({"site": Axis("site", ["Ost", "West"])}, site=[0])
    return Expr(mine, x.deliver.total().terms) <= 1e9


def same_key_twice(x, net):
    """deliver <= 1e9   [units]"""
    return x.deliver.pick(np.array([0, 0])) <= 1e9


def not_finite(x, net):
    """deliver <= 1e9   [units]"""
    total = x.deliver.total()
    part = total.terms[0]
    return Expr(total.index, (part.scaled(np.array([np.inf])),)) <= 1e9


def no_side(x, net):
    """-inf <= deliver <= inf   [units]"""
    return Rows(x.deliver.total(), np.array([-np.inf]), np.array([np.inf]))


def nan_side(x, net):
    """deliver <= NaN   [units]"""
    return Rows(x.deliver.total(), np.array([-np.inf]), np.array([np.nan]))


def crossed_sides(x, net):
    """2 <= deliver <= 1   [units]"""
    return Rows(x.deliver.total(), np.array([2.0]), np.array([1.0]))


def no_variable_of_x(x, net):
    """deliver <= 1e9   [units]"""
    return Expr.block(Keys.single(), 10**6) <= 1e9


numbers = itertools.count(1.0)


def different_each_time(x, net):
    """deliver <= 1e9 + calls so far   [units]"""
    return x.deliver.total() <= 1e9 + next(numbers)


def never_applies(x, net):
    """nothing   [units]"""


def misspelt_name(x, net):
    """sum_w deliver[w] from Wset <= 12000   [units]"""
    return x.deliver.where(x.deliver.index["site"] == net.axes["site"].codes(["Wset"])).total() <= 12_000.0


def serves_nobody(x, net):
    """sum deliver <= 0   [units]"""
    return x.deliver.total() <= 0.0


@strengthens("site_throughput")
def not_redundant(x, net):
    """sum_w deliver[w] from West <= 12000   [units]"""
    return west_most(x, net)


@strengthens("no_such_family")
def without_anchor(x, net):
    """sum_w deliver[w] from West <= 12000   [units]"""
    return west_most(x, net)


@pytest.mark.parametrize(("family", "says"), [
    (lambda x, net: x.deliver.total() <= 1e9, "it has no name of its own"),
    (no_docstring, "it has no docstring"),
    (no_unit, "the first paragraph of its docstring has no unit"),
    (serve_demand, "its name is taken: serve_demand is rows of ctsopt"),
    (loads, "its name is taken: loads is a"),
    (one_parameter, r"it is not called as f\(x, net\)"),
    (no_comparison, "cannot be built: UsageError: the rule no_comparison gave Expr, not rows"),
    (unknown_key, r"cannot be built: KeyMismatch: .*\(network two_dcs\)"),
    (mistake_inside, "cannot be built: AttributeError: .*delivery"),
    (own_names, r"its key column site has other names than the network's sites: use net.axes\['site'\]"),
    (same_key_twice, "two rows have the same key, such as East//A/gold"),
    (not_finite, "a coefficient is no finite number"),
    (no_side, "1 of its rows have no side, and limit nothing"),
    (nan_side, r"a side is no number \(NaN\)"),
    (crossed_sides, "the lower side of a row is above its upper side"),
    (no_variable_of_x, "a term belongs to no variable of x"),
    (different_each_time, "called twice it gives two different things"),
    (never_applies, "it gives no rows, or none with terms, on network two_dcs, so that nothing was checked"),
    (misspelt_name, "it gives no rows, or none with terms, on network two_dcs, .* is a name misspelt"),
    (serves_nobody, "no plan is left with it in place, though there is one without it: network two_dcs"),
    (not_redundant, r"only strengthens, but the least cost goes from 633,500.00 to 637,400.00"),
    (without_anchor, "cannot be built: KeyMismatch: without_anchor is lazy, but its anchor no_such_family is not"),
])
def test_each_fault_is_said(net, family, says):
    with pytest.raises(AssertionError, match=says):
        check_family(family, net)


def test_all_faults_are_listed_at_once(net):
    def serve_demand(x):
        return None

    with pytest.raises(AssertionError, match=r"(?s)serve_demand has 3 faults:\n.*taken.*not called as.*no docstring"):
        check_family(serve_demand, net)


@pytest.mark.slow
def test_a_fault_of_several_networks_is_listed_once():
    with pytest.raises(AssertionError, match=r"crossed_sides: the lower side .* \(random network \d+, ") as e:
        check_family(crossed_sides)
    assert str(e.value).count("lower side") == 1


def test_a_disagreement_of_the_paths_is_said(net, monkeypatch):
    """The comparison itself: an optimum of the direct path that is 1 too dear is found."""
    least = _family_check._least
    monkeypatch.setattr(_family_check, "_least", lambda program: least(program) + 1)
    with pytest.raises(AssertionError, match=r"HiGHS and Pyomo disagree .*637,401\.00 and 637,400\.00"):
        check_family(west_most, net)


def test_a_family_marked_rightly_as_one_that_only_strengthens(net):
    """P serves C at 5 or over D at 1 + 0, D costs 60: a link of all flow to open, implied by the throughput row."""
    tables = chain(sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 60}),
                   rates=rates(P_C=5, P_D=1, D_C=0), lanes=lanes("P-C", "P-D", "D-C"))

    @strengthens("site_throughput")
    def all_from_open(x, net):
        """sum_w deliver[w] from s <= 100 open[s]   [units]"""
        through = x.deliver.by("site")
        return through <= x.open.at(through.index) * 100.0

    (row,) = check_family(all_from_open, cts.network(tables)).itertuples(index=False)
    assert (row.cost_without, row.cost_with) == pytest.approx((160, 160))
