"""What is held of a plan, what is known from elsewhere, and a search that ends when it is decided."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.formulation.family import line
from ctsopt.programs.highs import Highs
from ctsopt.solving.options import Options
from ctsopt.testing import random_network
from tests.small import chain, costs, flows, is_open, lanes, rates, solved, table
from tests.solving.test_solve import PAIR, hard
from tests.stock_networks import tiers_and_promise

WAYS = ["direct", "highs"]
"""HiGHS by its arrays, and by way of Pyomo."""


@pytest.mark.parametrize("solver", WAYS)
@pytest.mark.parametrize(("values", "how", "cost"), [
    ({"D1": 0}, "exactly", 90.0),  # D2 alone: 30 + 10 + 50
    ({"D1": 0, "D2": 0}, "exactly", 100.0),
    ({"D1": 0, "D2": 0}, "at_most", 100.0),
    ({"D1": 0, "D2": 0}, "at_least", 80.0),
    ({"D1": 1}, "at_least", 80.0)])
def test_sites_by_hand(solver: str, values: dict[str, float], how: str, cost: float) -> None:
    """None: 100. One: 90. Both: 80."""
    assert solved(PAIR, fix=cts.Fix("open", values, how), solver=solver).total_cost == pytest.approx(cost)


@pytest.mark.parametrize("links", ["lazy", "all", "capacity"])
def test_flows_of_a_plan_are_held(links: str) -> None:
    """4 of A's 10 units come over D1 at 1, the others from the plant at 5: 30 + 4 + 30, and B over D2 for 30 + 10."""
    net = cts.network(PAIR)
    known = cts.solve(net, gap=0.0).decisions("deliver")
    mine = known[known["customer"] == "A"]
    assert mine.loc[mine["site"] == "D1", "value"].tolist() == [10.0]
    held = mine.assign(value=mine["site"].map({"D1": 4.0, "P": 6.0}))
    sol = cts.solve(net, gap=0.0, links=links, fix=cts.Fix("deliver", held))
    assert sol.total_cost == pytest.approx(30 + 4 + 30 + 30 + 10)
    assert flows(sol, "origin", "customer")["D1", "A"] == pytest.approx(4)


def test_nothing_that_the_plan_has_is_taken_away() -> None:
    """Two customers more at D1's and D2's: with both open before, A's 40 at 1 are the best; D1 alone never was."""
    before = solved(PAIR, fix=cts.Fix("open", {"D1": 0}))
    assert is_open(before) == {"P", "D2"}
    more = PAIR | {"demand": table({"customer": "A", "quantity": 40}, {"customer": "B", "quantity": 1})}
    # Free: D1 alone, 30 + 40 + 5. With D2 kept: 30 more for it, and B at 1 instead of 5.
    kept = cts.Fix("open", before.decisions("open"), "at_least")
    assert solved(more).total_cost == pytest.approx(75)
    assert solved(more, fix=kept).total_cost == pytest.approx(60 + 40 + 1)


def test_a_plan_of_another_network_is_held_by_its_names() -> None:
    """Sites and customers are coded otherwise there; A comes first here, and D0 stands before D1."""
    other = PAIR | {"sites": pd.concat([PAIR["sites"], table({"site": "D0", "kind": "dc", "status": "candidate",
                                                              "fixed_cost": 1})], ignore_index=True)}
    plan = solved(PAIR, fix=cts.Fix("open", {"D1": 0}))
    sol = solved(other, fix=cts.Fix("open", plan.decisions("open")))
    assert is_open(sol) == {"P", "D2"}
    # A key that is gone matters only where there is something to hold.
    fewer = chain(rates=rates(P_D=1, D_C=1))
    with pytest.raises(cts.UsageError, match="open D2: is not in this network"):
        solved(fewer, fix=cts.Fix("open", plan.decisions("open")))
    none = plan.decisions("open").assign(value=[0.0, 0.0, 1.0])
    assert solved(fewer, fix=cts.Fix("open", none)).total_cost > 0


def test_single_sources_and_levels() -> None:
    """One source by hand: C from D costs 2 + 3 a unit, from E 2 + 1: 100 units, 500 against 300."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, *({"site": dc, "kind": "dc"} for dc in "DE")),
                   customers=table({"customer": "C", "single_source": "customer"}),
                   lanes=lanes("P-D", "D-C", "P-E", "E-C"), rates=rates(P_D=2, D_C=3, P_E=2, E_C=1))
    free = solved(tables)
    assert free.total_cost == pytest.approx(300)
    source = free.decisions("source")
    other = source.assign(value=source["site"].map({"D": 1.0, "E": 0.0}))
    assert solved(tables, fix=cts.Fix("source", other)).total_cost == pytest.approx(500)


@pytest.mark.parametrize(("fix", "words"), [
    (cts.Fix("opn", {"D1": 1}), "opn: there is no such decision; did you mean 'open'"),
    (cts.Fix("open", {"D9": 1}), "open D9: is not in this network"),
    (cts.Fix("open", {"D1": 0.5}), "open D1: is a decision of whole numbers"),
    (cts.Fix("open", {"P": 0}), "open P exactly 0 .between 1 and 1."),
    ([cts.Fix("open", {"D1": 0}), cts.Fix("open", {"D1": 1}, "at_least")], "open D1 at least 1 .between 0 and 0."),
    (cts.Fix("deliver", {"D1": 1}), "deliver: its key columns are site, via, customer"),
    (cts.Fix("level", pd.DataFrame({"site": ["D1"], "level": ["L"], "value": [1]})), "nothing in this network asks"),
    (cts.Fix("config", {"D1": 1}), "stock follows from the flows"),
    (cts.Fix("open", pd.DataFrame({"site": ["D1", "D1"], "value": [1, 1]})), "D1 stands there more than once")])
def test_what_cannot_be_held_is_said(fix: cts.Fix | list[cts.Fix], words: str) -> None:
    with pytest.raises(cts.UsageError, match=words):
        solved(PAIR, fix=fix)


def test_every_fault_is_said_at_once() -> None:
    with pytest.raises(cts.UsageError) as error:
        solved(PAIR, fix=[cts.Fix("open", {"D9": 1}), cts.Fix("levle", {"D1": 1})])
    assert "D9" in str(error.value)
    assert "levle" in str(error.value)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: cts.Fix("open", {"D1": 1}, "atleast"), "did you mean 'at_least'"),
    (lambda: cts.Fix("open", {"D1": "yes"}), "no finite numbers, such as 'yes'"),
    (lambda: cts.Fix("open", ["D1"]), "a table with the key columns and `value`"),
    (lambda: solved(PAIR, fix="open"), "a ctsopt.Fix, or a list of them"),
    (lambda: solved(PAIR, fix=[1]), "a ctsopt.Fix is needed"),
    (lambda: solved(PAIR).decisions("opne"), "did you mean 'open'")])
def test_what_is_no_fix_is_said(make, words: str) -> None:
    with pytest.raises(cts.UsageError, match=words):
        make()


def test_what_is_fixed_is_named_where_there_is_no_plan() -> None:
    """Without D nothing reaches C."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "status": "candidate"}),
                   rates=rates(P_D=1, D_C=1))
    with pytest.raises(cts.InfeasibleError, match="no plan keeps what is fixed"):
        solved(tables, fix=cts.Fix("open", {"D": 0}))


def test_fixes_are_part_of_record_and_key() -> None:
    """Packs take options as plain values: the record makes the same options again, and other values are another key."""
    one, other = (Options(fix=[cts.Fix("open", {"D1": value})]) for value in (0, 1))
    assert Options(**one.record()).record() == one.record()  # type: ignore[arg-type]
    assert one.record() != other.record()
    sol = solved(PAIR, fix=cts.Fix("open", {"D1": 0}))
    brief = sol.record["options"]["fix"]
    assert [(each["decision"], each["how"], each["keys"]) for each in brief] == [("open", "exactly", 1)]
    assert brief != solved(PAIR, fix=cts.Fix("open", {"D1": 1})).record["options"]["fix"]


def test_stock_of_a_plan_that_is_held() -> None:
    """163.2843 where network and stock are decided together; the flows that are best without stock come to 182.0898."""
    net = cts.network(tiers_and_promise("pooled"))
    apart = cts.solve(net, gap=0.0, stock="after")
    held = cts.solve(net, gap=0.0, fix=[cts.Fix(name, apart.decisions(name)) for name in ("open", "deliver")])
    assert held.total_cost == pytest.approx(182.0898, abs=5e-5)
    assert held.bound == pytest.approx(held.total_cost, rel=1e-6)
    free = cts.solve(net, gap=0.0, fix=cts.Fix("open", apart.decisions("open"), "at_least"))
    assert free.total_cost == pytest.approx(163.2843, abs=5e-5)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_a_plan_that_is_held_costs_what_it_cost(seed: int) -> None:
    """All of it, whatever the network has; its design alone never more, and no less than the best plan."""
    try:
        net = cts.network(random_network(seed))
        plan = cts.solve(net, gap=0.0)
    except (cts.DataError, cts.InfeasibleError):
        reject()
    names = [name for name in ("open", "level", "use_lane", "source", "group_source", "loads", "deliver", "move",
                               "make", "carry", "unserved") if decided(plan, name)]
    held = cts.solve(net, gap=0.0, fix=[cts.Fix(name, plan.decisions(name)) for name in names])
    assert held.total_cost == pytest.approx(plan.total_cost, rel=1e-6)
    some = cts.solve(net, gap=0.0, fix=[cts.Fix("open", plan.decisions("open"), "at_least")])
    assert plan.bound <= some.total_cost * (1 + 1e-6)
    assert some.total_cost <= held.total_cost * (1 + 1e-6)


def decided(plan: cts.Solution, name: str) -> bool:
    try:
        return len(plan.decisions(name)) > 0
    except cts.UsageError:
        return False


@line("penalty")
def switching(x, net):
    """5 * open[s]   [money]

    Every site that is a candidate.
    """
    candidate = np.asarray(net.tables["sites"]["status"] == "candidate")
    return x.open.where(candidate) * 5.0


@line("penalty")
def much(x, net):
    """25 * open[s]   [money]"""
    return switching(x, net) * 5.0


@line("fixed")
def each_site(x, net):
    """open[s]   [money]"""
    return x.open


@pytest.mark.parametrize("solver", WAYS)
def test_cost_lines_of_ones_own(solver: str) -> None:
    """Both: 80 + 10; at 25 a site none (100) is cheaper than one (90 + 25). A penalty is no cash."""
    sol = solved(PAIR, extra_costs=[switching], solver=solver)
    assert (sol.total_cost, sol.cash_cost, sol.penalty) == pytest.approx((90, 80, 10))
    assert costs(sol)["switching"] == pytest.approx(10)
    assert sol.record["extra_costs"] == ["switching"]
    dear = solved(PAIR, extra_costs=[much], solver=solver)
    assert (dear.total_cost, dear.bound, dear.penalty) == pytest.approx((100, 100, 0))
    assert solved(PAIR, extra_costs=[much], fix=cts.Fix("open", {"D1": 1}), solver=solver).total_cost == (
        pytest.approx(90 + 25))


def test_cost_lines_of_ones_own_with_stock() -> None:
    """One for each open site: all of them are open in any case."""
    sol = cts.solve(cts.network(tiers_and_promise("pooled")), gap=0.0, extra_costs=[each_site])
    assert costs(sol)["each_site"] == pytest.approx(len(is_open(sol)))
    assert sol.total_cost == pytest.approx(163.2843 + len(is_open(sol)), abs=5e-5)


def test_what_is_no_cost_line_is_said() -> None:
    def rent(x, net):
        return 5.0

    with pytest.raises(cts.UsageError, match="the cost line rent gave float"):
        solved(PAIR, extra_costs=[rent])
    with pytest.raises(cts.UsageError, match="cost lines of your own"):
        cts.shadow_prices(solved(PAIR, extra_costs=[switching]))


# ---- what is known, and what is to be decided ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def best() -> cts.Solution:
    return cts.solve(hard(), gap=0.0)


@pytest.mark.parametrize("solver", WAYS)
def test_a_bound_that_is_known_counts_as_proven(solver: str) -> None:
    """Within 50 % of 80 is whatever costs at most 160; with the least cost known, any search proves its gap to be 0."""
    sol = solved(PAIR, solver=solver, known_bound=80.0)
    assert (sol.total_cost, sol.bound) == pytest.approx((80, 80))
    assert sol.status.stopped_by == "gap"
    assert sol.record["options"]["known_bound"] == 80.0


def test_a_search_ends_where_what_is_known_proves_the_gap(best: cts.Solution) -> None:
    """Fewer nodes than without, and never at a worse plan than asked for."""
    known = cts.solve(best.net, gap=0.02, known_bound=best.bound)
    assert known.gap <= 0.02
    assert known.bound == pytest.approx(best.bound)
    assert known.record["nodes"] <= cts.solve(best.net, gap=0.0).record["nodes"]


@pytest.mark.parametrize("solver", WAYS)
def test_a_bound_that_is_none_is_refused(solver: str) -> None:
    with pytest.raises(cts.UsageError, match="a plan costs 80"):
        solved(PAIR, known_bound=95.0, solver=solver)


def test_a_search_ends_when_a_plan_costs_no_more(best: cts.Solution) -> None:
    sol = cts.solve(best.net, gap=0.0, decide=1.2 * best.total_cost)
    assert sol.total_cost <= 1.2 * best.total_cost
    assert sol.status.stopped_by in ("decided", "gap")
    assert sol.bound <= best.total_cost * (1 + 1e-9)
    assert sol.record["nodes"] <= best.record["nodes"]


def test_a_search_ends_when_no_plan_costs_as_little(best: cts.Solution) -> None:
    """The relaxation is above half of the least cost: nothing is branched on."""
    sol = cts.solve(best.net, gap=0.0, decide=0.5 * best.total_cost, start=best)
    assert (sol.status.solution, sol.status.stopped_by) == ("feasible", "decided")
    assert 0.5 * best.total_cost < sol.bound <= best.total_cost
    assert sol.record["nodes"] == 0
    assert "stopped as soon as it was decided" in str(sol)
    with pytest.raises(cts.NoPlanError, match="no plan costs at most"):
        cts.solve(best.net, gap=0.0, decide=0.5 * best.total_cost)


def test_decided_by_a_solver_by_name_and_with_stock() -> None:
    assert solved(PAIR, decide=85.0, solver="highs").total_cost == pytest.approx(80)
    net = cts.network(tiers_and_promise("pooled"))
    cheap = cts.solve(net, gap=0.0, decide=190.0)  # the design without stock comes to 182.0898
    assert cheap.total_cost <= 190
    assert cheap.status.stopped_by == "decided"
    known = cts.solve(net, gap=0.0, known_bound=163.284)
    assert known.total_cost == pytest.approx(163.2843, abs=5e-4)


@pytest.mark.parametrize("option", [{"known_bound": "80"}, {"decide": float("nan")}, {"decide": 1.0, "relax": True}])
def test_amounts_that_are_none(option) -> None:
    with pytest.raises(cts.UsageError, match=next(iter(option))):
        solved(PAIR, **option)


# ---- a plan to start from --------------------------------------------------------------------------------------------


def test_a_plan_of_this_network_is_where_the_search_begins(best: cts.Solution, monkeypatch) -> None:
    """Flows and sources, too: with a gap that it keeps, nothing is left to be found. Every column that the solver is
    given has its value (columns that presolve takes out are not given)."""
    runs = []
    real = Highs.start_from
    monkeypatch.setattr(Highs, "start_from", lambda model, columns, values: (
        runs.append((len(columns), model._highs.getNumCol())), real(model, columns, values)))
    again = cts.solve(best.net, gap=0.0, start=best)
    assert again.total_cost == pytest.approx(best.total_cost, rel=1e-9)
    assert runs[0][0] == runs[0][1] == len(best.tables["values"]) - sum(again.record["presolve"].values())


def test_a_neighbour_gives_sites_and_sources() -> None:
    """A's demand doubles: the flows of before are no plan, D1 and D2 are open all the same."""
    more = PAIR | {"demand": table({"customer": "A", "quantity": 20}, {"customer": "B", "quantity": 10})}
    sol = solved(more, start=solved(PAIR))
    assert costs(sol)["site_fixed"] == pytest.approx(60)
    assert sol.total_cost == pytest.approx(90)


def test_a_start_with_stock_is_never_lost() -> None:
    net = cts.network(tiers_and_promise("pooled"))
    best = cts.solve(net, gap=0.0)
    assert cts.solve(net, gap=0.5, start=best).total_cost == pytest.approx(best.total_cost, rel=1e-9)
    assert np.isclose(best.total_cost, 163.2843, atol=5e-5)
