"""Rules written in Pyomo and solvers by name: the same plan, proof and reports as the direct path."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.opt import TerminationCondition as Ended

import ctsopt as cts
from ctsopt.programs import pyomo_solver
from ctsopt.programs.pyomo_rules import with_rules
from ctsopt.testing import random_network
from tests.often import sampled
from tests.small import chain, rates, table

MODEL = Path(__file__).parents[2] / "models" / "two_dcs"
NAMED = ["highs", "appsi_highs", "scip_direct"]


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.read(MODEL)


def available(name: str) -> bool:
    """Whether Pyomo finds a solver on this machine."""
    return bool(pyo.SolverFactory(name).available(exception_flag=False))


def west_at_most_12000(model, net):
    """sum deliver[West] <= 12000   [units]"""
    model.west_most = pyo.Constraint(expr=sum(model.deliver["West", ...]) <= 12_000)


def d_from_one_dc(model, net):
    """D gets all from East or all from West   [units]"""
    model.d_from_west = pyo.Var(domain=pyo.Binary)
    share = {"East": 1 - model.d_from_west, "West": model.d_from_west}
    model.d_from = pyo.Constraint(["East", "West"], rule=lambda model, site:
                                  sum(model.deliver[site, :, "D", ...]) <= 10_000 * share[site])


def express_costs_a_site(model, net):
    """A variable of a rule's own that no row holds in place."""
    model.unused = pyo.Var(bounds=(2, 5))


# West delivers C's 10,000 and 5,000 of D. With 12,000 in all, 3,000 more of D come from East: 3,000 x 1.30 = 3,900.
# D from one DC: West has room for 5,000 of D only, so all of D comes from East: 5,000 x 1.30 = 6,500.
# Without West (closed by a rule) East does everything: 662,000 (models/two_dcs/README.md).
CASES = [([], 633_500), ([west_at_most_12000], 637_400), ([d_from_one_dc], 640_000),
         ([west_at_most_12000, d_from_one_dc], 640_000), ([express_costs_a_site], 633_500),
         ([lambda model, net: model.open["West"].fix(0)], 662_000)]


@pytest.mark.parametrize("solver", ["direct", *NAMED])
@pytest.mark.parametrize(("rules", "cost"), CASES)
def test_every_solver_finds_the_figures_worked_out_by_hand(net, solver, rules, cost):
    sol = cts.solve(net, solver=solver, pyomo_rules=rules, gap=1e-9)
    assert sol.total_cost == pytest.approx(cost, rel=1e-9)
    assert sol.bound == pytest.approx(cost, rel=1e-6)
    assert (sol.status.solution, sol.status.stopped_by) == ("optimal", "gap")
    assert sol.cost_to_serve(by=["tier"]).loc["total", "total"] == pytest.approx(cost, rel=1e-9)
    assert sol.record["options"]["solver"] == solver
    assert sol.record["pyomo_rules"] == [rule.__name__ for rule in rules]


def test_the_variables_of_a_rule_are_in_the_record(net):
    sol = cts.solve(net, pyomo_rules=[d_from_one_dc])
    assert sol.record["rule_variables"] == {"d_from_west": 0.0}
    sources = sol.flows[(sol.flows["destination"] == "D") & (sol.flows["kind"] == "delivery")]["origin"]
    assert set(sources) == {"East"}
    assert cts.solve(net).record["rule_variables"] == {}


@pytest.mark.slow
def test_a_rule_sees_the_ways_that_cost_alone_would_leave_out():
    """Two modes on one lane: the dearer one is left out, unless a rule of one's own wants it: 60 x 3 + 40 x 2."""
    tables = chain(modes=table({"mode": "truck"}, {"mode": "rail", "serves": "deliveries"}),
                   rates=table({"origin": "P", "destination": "D", "mode": "truck", "per_unit": 0},
                               {"origin": "D", "destination": "C", "mode": "truck", "per_unit": 2},
                               {"origin": "D", "destination": "C", "mode": "rail", "per_unit": 3}))

    def by_rail(model, net):
        mode = list(net.axes["mode"].labels)
        assert sorted(mode) == ["rail", "truck"]
        model.by_rail = pyo.Constraint(expr=sum(
            v for key, v in model.deliver.items() if key[5] == "rail") >= 60)

    net = cts.network(tables)
    assert cts.solve(net).total_cost == pytest.approx(200)
    assert cts.solve(net).record["left_out"] == 1
    for solver in ("direct", "highs"):
        asked = cts.solve(net, pyomo_rules=[by_rail], solver=solver)
        assert asked.total_cost == pytest.approx(260)
        assert asked.record["left_out"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("solver", NAMED)
def test_relaxations_agree(net, solver):
    """East and West partly open cost what HiGHS says by the direct path; a relaxation is no plan."""
    for links in ("all", "capacity"):
        relaxed, same = (cts.solve(net, relax=True, links=links, solver=s) for s in (solver, "direct"))
        assert relaxed.total_cost == pytest.approx(same.total_cost, rel=1e-9)
        assert relaxed.bound == pytest.approx(same.bound, rel=1e-9)
        assert relaxed.status.solution == "feasible"


def network_of(seed):
    """The network of a seed, or of the first seed after it whose tables have no fault."""
    for tried in range(seed, seed + 1000, 100):
        try:
            return cts.network(random_network(tried))
        except cts.DataError:
            continue
    raise AssertionError("no network without faults")


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(5), every=5))
def test_random_networks_cost_the_same_by_every_path(seed):
    net, costs = network_of(seed), []
    for solver in ("direct", "highs", "scip_direct"):
        try:
            costs.append(cts.solve(net, gap=1e-6, solver=solver).total_cost)
        except cts.InfeasibleError:
            costs.append(math.inf)
    assert costs == pytest.approx([costs[0]] * 3, rel=2e-6)


@pytest.mark.parametrize("solver", ["direct", *NAMED])
def test_promises_that_cannot_be_kept_are_named_whoever_says_so(net, solver):
    """With East shut by a rule West can send 15,000 of 60,000 boxes: 45,000 are short, whatever the solver."""
    def west_only(model, net):
        model.open["East"].fix(0)

    with pytest.raises(cts.InfeasibleError) as caught:
        cts.solve(net, pyomo_rules=[west_only], solver=solver)
    short = caught.value.shortfalls
    assert short.loc[short["row"] == "serve_demand", "shortfall"].sum() == pytest.approx(45_000)


def test_gap_is_passed_on_and_what_is_proven_is_told(net):
    """With a gap of 90 % SCIP may stop anywhere; plan and bound say what it has."""
    sol = cts.solve(net, solver="scip_direct", gap=0.9)
    assert sol.bound <= sol.total_cost
    assert sol.total_cost - sol.bound <= 0.9 * sol.total_cost
    assert sol.status.stopped_by == "gap"
    assert pyomo_solver.passed_on("scip_direct", gap=0.25, abs_gap=3.0, seed=7) == {
        "limits/gap": 0.25, "limits/absgap": 3.0, "randomization/randomseedshift": 7,
        "display/freq": -1, "display/verblevel": 0}
    assert "display/verblevel" not in pyomo_solver.passed_on("scip_direct", gap=0.25, abs_gap=3.0, seed=7, log=True)
    assert pyomo_solver.passed_on("highs", gap=0.25, abs_gap=0.0, seed=7) == {
        "mip_rel_gap": 0.25, "random_seed": 7, "threads": 1}
    assert pyomo_solver.passed_on("gurobi", gap=0.25, abs_gap=3.0, seed=7) == {}


def test_options_of_the_user_reach_the_solver(net):
    """SCIP that stops at its first plan ends without a proof, and that is what is told. A wrong option is an error."""
    with pytest.raises(cts.SolverError, match="nonsense"):
        cts.solve(net, solver="scip_direct", solver_options={"nonsense": 1})
    sol = cts.solve(net, solver="scip_direct", gap=1e-9, solver_options={"limits/solutions": 1,
                                                                         "presolving/maxrounds": 0})
    assert sol.total_cost > sol.bound + 1_000
    assert (sol.status.solution, sol.status.stopped_by) == ("feasible", "solver")
    assert "the solver ended by itself" in str(sol)


class Given:
    """A solver that ends as it is told to, with the plan of HiGHS in the model."""

    def __init__(self, condition, bound, *, plan=True, whole=True):
        self.condition, self.bound, self.plan, self.whole = condition, bound, plan, whole

    def solve(self, model, **_):
        if self.plan:
            pyo.SolverFactory("highs").solve(model)
        if not self.whole:
            model.open["West"].set_value(0.5)
        model.solutions = SimpleNamespace(load_from=lambda _: None)
        return SimpleNamespace(solver=SimpleNamespace(termination_condition=self.condition),
                               problem=SimpleNamespace(lower_bound=self.bound), solution=[1] if self.plan else [])


def ends(net, monkeypatch, condition, bound, **options):
    """The solution of a solver that ends so."""
    plan, whole = options.pop("plan", True), options.pop("whole", True)
    module = importlib.import_module("ctsopt.programs.pyomo_solver")
    factory = pyo.SolverFactory
    fake = SimpleNamespace(SolverFactory=lambda name: Given(condition, bound, plan=plan, whole=whole) if name == "given"
                           else factory(name), **{n: getattr(pyo, n) for n in ("TransformationFactory",)})
    monkeypatch.setattr(module, "require", lambda *_: None)
    monkeypatch.setattr(module, "pyo", fake)
    return cts.solve(net, solver="given", **options)


@pytest.mark.parametrize(("condition", "bound", "proven", "stopped"), [
    (Ended.optimal, 633_500.0, True, "gap"),
    (Ended.optimal, 600_000.0, False, "solver"),  # calls optimal what is proven within 5 % only
    (Ended.optimal, -math.inf, False, "solver"),  # reports no bound
    (Ended.optimal, None, False, "solver"),
    (Ended.maxTimeLimit, 600_000.0, False, "time_limit"),
    (Ended.userInterrupt, 600_000.0, False, "interrupt"),
    (Ended.maxIterations, 600_000.0, False, "solver"),
])
def test_how_a_solver_ends_is_told_as_it_is(net, monkeypatch, condition, bound, proven, stopped):
    """The plan is the best one, 633,500, each time: what differs is what is known about it."""
    sol = ends(net, monkeypatch, condition, bound, gap=1e-4)
    assert sol.total_cost == pytest.approx(633_500)
    assert sol.status.stopped_by == stopped
    assert sol.status.solution == ("optimal" if proven else "feasible")
    known = bound is not None and np.isfinite(bound)
    # Without a bound of the solver's, what every plan costs at least: each amount at its cheaper end. Nothing, but for
    # East: 5,000 for closing it is less than 60,000 for keeping it.
    assert sol.bound == pytest.approx(bound if known else 5_000.0, abs=1e-6)
    assert ("reports no bound" in sol.status.detail) == (not known)
    assert "plan for two_dcs: proven" in str(sol)


@pytest.mark.parametrize(("condition", "error", "says"), [
    (Ended.maxTimeLimit, cts.NoPlanError, "the time limit was reached before any plan"),
    (Ended.userInterrupt, cts.NoPlanError, "interrupted before any plan"),
    (Ended.unbounded, cts.SolverError, "the cost can fall without end"),
    (Ended.optimal, cts.SolverError, "ended without a plan"),
    (Ended.licensingProblems, cts.SolverError, "ended without a plan: given: licensingProblems"),
    (Ended.infeasible, cts.SolverError, "every promise can be kept"),  # HiGHS says otherwise
])
def test_a_solver_that_ends_without_a_plan(net, monkeypatch, condition, error, says):
    with pytest.raises(error, match=says):
        ends(net, monkeypatch, condition, None, plan=False)


@pytest.mark.parametrize(("condition", "error", "says"), [
    (Ended.maxTimeLimit, cts.NoPlanError, "the time limit was reached before any plan"),
    (Ended.optimal, cts.SolverError, "optimal; what it gives as its plan has broken numbers"),
])
def test_a_relaxation_is_no_plan(net, monkeypatch, condition, error, says):
    """CBC stopped early gives the relaxation it has, a solver for continuous programs knows no whole numbers."""
    with pytest.raises(error, match=says):
        ends(net, monkeypatch, condition, 600_000.0, whole=False)


def test_a_start_is_the_plan_where_a_solver_is_stopped_without_one(net, monkeypatch):
    """East alone: 662,000 (models/two_dcs/README.md)."""
    sol = ends(net, monkeypatch, Ended.maxTimeLimit, 600_000.0, plan=False,
               start={"Plant": True, "East": True, "West": False})
    assert sol.total_cost == pytest.approx(662_000)
    assert (sol.bound, sol.status.stopped_by) == (600_000, "time_limit")


def test_a_bound_that_cannot_be_is_refused(net, monkeypatch):
    with pytest.raises(cts.SolverError, match="less than the bound"):
        ends(net, monkeypatch, Ended.optimal, 700_000.0)


@pytest.mark.parametrize(("options", "says"), [
    ({"solver": "hihgs"}, "neither 'direct' nor a solver that Pyomo knows; did you mean 'highs'"),
    ({"solver": "dirct"}, "did you mean 'direct'"),
    ({"solver": "xpress_persistent"}, "it is not installed here, or has no licence; install it so that Pyomo finds"),
    ({"solver": 3}, "give the name of a solver"),
    ({"solver_options": {"mip_rel_gap": 1}}, "solver_options are for a solver by name"),
    ({"solver": "highs", "solver_options": [1]}, "a dict of names and values is needed, not list"),
    ({"solver": "highs", "solver_options": {"a": None}}, "a number, a text, True or False"),
    ({"solver": "highs", "solver_options": {"mip_rel_gpa": 1}}, "HiGHS refused the option mip_rel_gpa"),
    ({"solver": "highs", "solver_options": {"threads": 2}}, "HiGHS works with one thread here"),
    ({"pyomo_rules": ["west"]}, "functions f.model, net. are needed, not str"),
])
def test_wrong_options_are_said_before_anything_runs(net, options, says):
    with pytest.raises(cts.UsageError, match=says):
        cts.solve(net, **options)


def test_a_solver_that_is_not_there_says_what_to_install(net, monkeypatch, capfd):
    module = importlib.import_module("ctsopt.programs.pyomo_solver")
    absent = SimpleNamespace(available=lambda **_: False)

    class Factory(dict):
        def __call__(self, name):
            return absent

    monkeypatch.setattr(module, "pyo", SimpleNamespace(SolverFactory=Factory({"scip_direct": 0, "glpk": 0})))
    for name, words in (("scip_direct", "pip install pyscipopt"), ("glpk", "glpk-utils")):
        with pytest.raises(cts.UsageError, match=words) as caught:
            cts.solve(net, solver=name)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_two_rules_of_both_kinds_together():
    """80 of the 100 units may come over D at 1 + 0, by the one rule, and 70 by the other; the rest direct at 5."""
    tables = chain(rates=rates(P_C=5, P_D=1, D_C=0))
    tables.pop("lanes")

    def over_d(x, net):
        """sum move <= 80   [units]"""
        return x.move.total() <= 80.0

    def from_d(model, net):
        model.from_d = pyo.Constraint(expr=sum(model.deliver["D", ...]) <= 70)

    net = cts.network(tables)
    assert cts.solve(net, extra=[over_d]).total_cost == pytest.approx(80 + 20 * 5)
    both = cts.solve(net, extra=[over_d], pyomo_rules=[from_d], solver="highs")
    assert both.total_cost == pytest.approx(70 + 30 * 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_family_and_the_same_rule_in_pyomo_are_the_same_matrix(seed):
    """Whatever features the network has: columns, costs, bounds, and each row with its sides, number by number."""
    net = network_of(seed)
    most = float(net.requests.measures["quantity"].sum()) / 2

    def site_most(x, net):
        """sum_w deliver[w] from each site <= half of all demand   [units]"""
        return x.deliver.by("site") <= most

    def in_pyomo(model, net):
        sites = dict.fromkeys(key[0] for key in model.deliver)
        model.site_most = pyo.Constraint(list(sites), rule=lambda model, site:
                                         sum(v for key, v in model.deliver.items() if key[0] == site) <= most)

    family = cts.program(net, extra=[site_most])
    program, _ = with_rules(cts.program(net), [in_pyomo], net)
    ours, theirs = family.arrays, program.arrays
    for part in ("cost", "lower", "upper", "integer", "offset"):  # to the rounding of sums in another order
        np.testing.assert_allclose(getattr(ours, part), getattr(theirs, part), rtol=1e-12, atol=1e-12, err_msg=part)
    names = list(program.row_names())
    order = [names.index(name) for name in family.row_names()]
    assert (family.matrix() - program.matrix()[order]).nnz == 0
    assert np.array_equal(ours.row_lower, theirs.row_lower[order])
    assert np.array_equal(ours.row_upper, theirs.row_upper[order])
    assert program.lazy[order].tolist() == family.lazy.tolist()
