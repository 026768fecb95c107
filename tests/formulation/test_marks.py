"""Marks: every family says everything about itself, and one that is added is part of every answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.formulation import build as formulation
from ctsopt.formulation import costs
from ctsopt.formulation.build import marks_of_lines
from ctsopt.formulation.cells import KINDS
from ctsopt.formulation.family import LineMarks, RowMarks, Variables, line, line_marks, row_marks, rows
from ctsopt.keys import Keys
from ctsopt.networks.schema import BY_NAME, SETTINGS
from ctsopt.programs.algebra import Expr, Rows
from ctsopt.results.drivers import MEASURES
from ctsopt.results.lines import places
from tests.small import chain, lanes, rates, solved, table


@pytest.mark.parametrize("family", formulation.COSTS, ids=lambda f: f.__name__)
def test_every_cost_line_has_every_mark(family):
    """It says where it is shown, by what it is shared, and how the recheck finds its amount."""
    marks = line_marks(family)
    assert isinstance(family.line, LineMarks)
    assert marks.shown_on is not None
    assert marks.driver in ("", "throughput", "loads", "customers", *MEASURES)
    assert marks.anew is not None or bool(marks.stock)
    assert family.__doc__
    assert family.__doc__.partition("\n\n")[0].rstrip().endswith("[money]")


@pytest.mark.parametrize("family", formulation.ROWS, ids=lambda f: f.__name__)
def test_every_family_of_rows_has_every_mark(family):
    """Words of the planner, and a unit that stands at the end of its mathematics."""
    marks = row_marks(family)
    assert isinstance(family.rows, RowMarks)
    assert marks.words
    assert marks.words != RowMarks().words
    assert family.__doc__.partition("\n\n")[0].rstrip().endswith(f"[{marks.unit}]")
    assert not ((marks.cell or marks.promise) and hasattr(family, "anchor"))
    assert not (marks.limit and marks.cell is None)


@pytest.mark.parametrize("family", [f for f in formulation.ROWS if row_marks(f).cell], ids=lambda f: f.__name__)
def test_every_cell_stands_in_the_tables(family):
    """Table, column and keys are those of the schema, the unit is one of the column, and links are families."""
    cell = row_marks(family).cell
    table = SETTINGS if cell.table == "settings" else BY_NAME[cell.table]
    column = table.column(cell.column)
    assert set(cell.keys) <= set(table.keys)
    assert cell.yearly == ("per year" in column.unit and cell.rate)
    assert set(cell.links) <= {other.__name__ for other in formulation.ROWS}
    assert {cell.when, cell.picks} <= {"", *(made.__name__ for made in formulation.VARIABLES)}
    assert cell.kind in KINDS


def test_what_is_promised_and_where_goods_are():
    """Each promise is kept by one family; one family has the places of goods, one the requests."""
    marks = {family.__name__: row_marks(family) for family in formulation.ROWS}
    assert {each.promise: name for name, each in marks.items() if each.promise} == {
        "demand": "serve_demand", "served_fraction": "served_fraction", "served_fraction_each": "served_fraction_each",
        "on_time_share": "tier_on_time"}
    assert {each.goods: name for name, each in marks.items() if each.goods} == {
        "places": "site_balance", "requests": "serve_demand"}


def test_what_gives_way_and_what_is_a_limit():
    """Agreements, capacities and caps stand in a cell that may give way; the table of limits shows fixed figures."""
    marks = {family.__name__: row_marks(family) for family in formulation.ROWS}
    assert {name for name, each in marks.items() if each.cell} == {
        "site_throughput", "level_capacity", "make_capacity", "storage", "lane_volume", "lane_minimum", "single_source",
        "ending_stock", "sites_in_group", "same_site", "site_minimum", "mode_capacity", "contract_volume",
        "contract_share", "carbon_cap", "budget"}
    assert {name for name, each in marks.items() if each.limit} == {
        "make_capacity", "storage", "lane_volume", "mode_capacity", "contract_volume", "contract_share", "carbon_cap",
        "budget"}


def test_every_table_has_the_columns_that_show_cost_lines():
    solution = solved(chain())
    for (name, column), lines in places().items():
        assert column in solution.tables[name], lines


# ---- lines of one's own: P serves A with 30 and B with 10 units, at 1 a unit by truck ------------


def two_customers(**more) -> cts.Network:
    tables = {"sites": table({"site": "P", "kind": "plant"}),
              "customers": table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "blue"}),
              "tiers": table({"tier": "gold"}, {"tier": "blue"}),
              "demand": table({"customer": "A", "quantity": 30}, {"customer": "B", "quantity": 10}),
              "modes": table({"mode": "truck"}), "rates": rates(P_A=1, P_B=1)}
    return cts.network(tables | more)


@line("fixed")
def rent(x: Variables, net: cts.Network) -> Expr:
    """80 * open[s]   [money]"""
    return x.open * 80.0


@line("fixed")
def account(x: Variables, net: cts.Network) -> Expr:
    """7 for each customer   [money]"""
    return Expr.constants(net.requests.index.distinct("customer"), np.full(2, 7.0))


@line("fixed")
def desk(x: Variables, net: cts.Network) -> Expr:
    """20 for each mode   [money]"""
    return Expr.constants(Keys.make(net.axes, mode=np.arange(len(net.axes["mode"]))), np.full(1, 20.0))


@line("fixed", driver="customers")
def gate(x: Variables, net: cts.Network) -> Expr:
    """6 for the lane from P to A, 2 for that to B   [money]"""
    ends = net.ways.deliveries.index.distinct("site", "customer").select("customer", origin="site")
    index = Keys.make({"origin": net.axes["site"], "destination": net.axes["end"]}, origin=ends["origin"],
                      destination=ends["customer"])
    return Expr.constants(index, np.where(ends["customer"] == 0, 6.0, 2.0))


@line("fixed", driver="units")
def licence(x: Variables, net: cts.Network) -> Expr:
    """40 * sum of open[s]: one key, that of the network   [money]"""
    return (x.open * 40.0).total()


@line("variable")
def wrapping(x: Variables, net: cts.Network) -> Expr:
    """0.5 * deliver[w,t], by customer   [money]"""
    return (x.deliver * 0.5).by("customer")


@pytest.mark.parametrize(("family", "amount", "of_a", "shown"), [
    (rent, 80, 60, "sites"), (account, 14, 7, ""), (desk, 20, 15, ""), (gate, 8, 6, ""), (licence, 40, 30, ""),
    (wrapping, 20, 15, "flows")], ids=lambda value: getattr(value, "__name__", None))
def test_a_cost_line_of_ones_own(monkeypatch, family, amount, of_a, shown):
    """Over a site, customers, modes, lanes, the network and deliveries: 40 of it is A's by 30 of 40 units, or by name.

    It stands in the costs, in the cube, in cost-to-serve, in the table it is about, and in the record as one that is
    not worked out anew.
    """
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, family))
    solution, name = cts.solve(two_customers()), family.__name__
    assert solution.total_cost == pytest.approx(40 + amount)
    assert solution.costs.set_index("line")["amount"][name] == pytest.approx(amount)
    of_customer = solution.cube[solution.cube["line"] == name].groupby("customer", observed=True)["amount"].sum()
    assert of_customer.to_dict() == pytest.approx({"A": of_a, "B": amount - of_a})
    assert solution.cost_to_serve(by="customer")[name].to_dict() == pytest.approx(
        {"A": of_a, "B": amount - of_a, "total": amount})
    assert [table for table in ("flows", "sites") if name in solution.tables[table]] == [shown] * bool(shown)
    if shown:
        assert solution.tables[shown][name].sum() == pytest.approx(amount)
    assert solution.record["unchecked_lines"] == [name]


@line("fixed", anew=lambda net, tables: 80.0 * tables["sites"]["open"].sum())
def checked_rent(x: Variables, net: cts.Network) -> Expr:
    """80 * open[s]   [money]"""
    return x.open * 80.0


@line("fixed", anew=lambda net, tables: 70.0 * tables["sites"]["open"].sum())
def wrong_rent(x: Variables, net: cts.Network) -> Expr:
    """80 * open[s], and 70 in what should be the same   [money]"""
    return x.open * 80.0


def test_the_recheck_asks_for_an_amount_of_its_own(monkeypatch):
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, checked_rent))
    assert cts.solve(two_customers()).record["unchecked_lines"] == []
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS[:-1], wrong_rent))
    with pytest.raises(cts.SolverError, match=r"wrong_rent is 80\.00, but its tables add up to 70\.00"):
        cts.solve(two_customers())


def test_other_drivers_of_a_line_of_ones_own(monkeypatch):
    """A's unit weighs 3 kg, B's one 1 kg: 90 of 100 kg; the names of drivers are checked for it, too."""
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, rent))
    net = two_customers(products=table({"product": "a", "weight": 3}, {"product": "b", "weight": 1}),
                        demand=table({"customer": "A", "product": "a", "quantity": 30},
                                     {"customer": "B", "product": "b", "quantity": 10}))
    solution = cts.solve(net).with_drivers({"rent": "weight"})
    assert solution.cost_to_serve(by="customer")["rent"].to_dict() == pytest.approx({"A": 72, "B": 8, "total": 80})
    with pytest.raises(cts.UsageError, match="does not drive rent"):
        solution.with_drivers({"rent": "wight"})


@line("variable")
def distance(x: Variables, net: cts.Network) -> Expr:
    """0.5 * deliver[w,t]   [money]"""
    return x.deliver * 0.5


def test_a_line_of_ones_own_does_not_hide_another_column(monkeypatch):
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, distance))
    with pytest.raises(cts.UsageError, match="the cost line distance of your own bears the name of a column"):
        cts.solve(two_customers())


# ---- rows of one's own ---------------------------------------------------------------------------------------------


def at_most_thirty(x: Variables, net: cts.Network) -> Rows:
    """sum deliver <= 30   [pieces]"""
    return x.deliver.total() <= 30.0


@rows("what the gate lets through", limit=True)
def gate_limit(x: Variables, net: cts.Network) -> Rows:
    """sum deliver <= 30   [pieces]"""
    return x.deliver.total() <= 30.0


def at_least_fifty(x: Variables, net: cts.Network) -> Rows:
    """sum deliver >= 50   [pieces]"""
    return x.deliver.total() >= 50.0


def exactly_fifty(x: Variables, net: cts.Network) -> Rows:
    """sum deliver = 50   [pieces]"""
    return x.deliver.total() == 50.0


def test_rows_of_ones_own_are_limits():
    """30 of 40 units may go, where nothing is promised: the rule is used up, and the summary says so."""
    net = two_customers(tiers=table({"tier": "gold", "shortage_cost": 9}, {"tier": "blue", "shortage_cost": 5}),
                        promises=table({"tier": "gold", "served_fraction": 0}, {"tier": "blue", "served_fraction": 0}))
    solution = cts.solve(net, extra=[at_most_thirty])
    assert solution.total_cost == pytest.approx(30 + 50)
    found = solution.limits.set_index("limit").loc["at_most_thirty"]
    assert (found["used"], found["most"]) == (pytest.approx(30), 30)
    assert "at_most_thirty" in str(solution)


def test_a_rule_of_ones_own_is_named_as_what_binds():
    """40 are asked for and 30 may go: demand goes short by 10, and the rule is named with the 10 that would do."""
    for rule, words in ((at_most_thirty, "at most thirty"), (gate_limit, "what the gate lets through")):
        with pytest.raises(cts.InfeasibleError) as error:
            cts.solve(two_customers(), extra=[rule])
        assert error.value.shortfalls["what"].unique().tolist() == ["demand that cannot be served"]
        assert error.value.shortfalls["shortfall"].sum() == pytest.approx(10)
        assert error.value.explanation.limits[["limit", "amount"]].values.tolist() == [[words, pytest.approx(10)]]
    assert "what the gate lets through (10 pieces more would be enough)" in str(error.value)


@pytest.mark.parametrize("rule", [at_least_fifty, exactly_fifty], ids=lambda rule: rule.__name__)
def test_a_rule_that_nothing_else_can_meet_is_named(rule):
    """At least 50 of 40 units: no promise can give way to it, so that the rule itself is what cannot be kept.

    An equation may give way on both sides, and has the one key of its row for both.
    """
    words = rule.__name__.replace("_", " ")
    with pytest.raises(cts.InfeasibleError, match=f"{words}: the network short by 10 pieces") as error:
        cts.solve(two_customers(), extra=[rule])
    assert error.value.shortfalls.iloc[0]["row"] == rule.__name__


@pytest.mark.parametrize(("limit", "words"), [
    ({"settings": {"budget": 30}}, "the budget (10 USD more would be enough)"),
    ({"modes": table({"mode": "truck", "capacity": 30})},
     "the capacity of the mode truck (10 kg more would be enough)")])
def test_a_shortfall_has_its_unit(limit, words):
    """40 units of 1 kg at 1 each; money and kilograms are no units."""
    with pytest.raises(cts.InfeasibleError) as error:
        cts.solve(two_customers(**limit))
    assert words in str(error.value)


def test_a_lane_that_is_paid_for_without_goods_is_seen():
    """5 for P-D, which carries goods, whatever the mode; 7 for P-C, which carries none, where the cube charges it."""
    listed = lanes("P-D", "D-C", "P-C").assign(fixed_cost=[5.0, 0.0, 7.0])
    solution = solved(chain(lanes=listed, rates=rates(P_D=1, D_C=1, P_C=30)))
    assert solution.costs.set_index("line")["amount"]["lane_fixed"] == pytest.approx(5)
    assert solution.record["unchecked_lines"] == []
    amount = line_marks(costs.lane_fixed).anew
    assert amount(solution.net, solution.tables) == pytest.approx(5)
    idle = pd.DataFrame({"line": ["lane_fixed"], "origin": "P", "destination": "C", "mode": "", "amount": 7.0})
    cube = pd.concat([solution.cube.astype({n: str for n in idle.columns if n != "amount"}), idle])
    assert amount(solution.net, {**solution.tables, "cube": cube}) == pytest.approx(12)


def test_lines_of_stock_are_marked_once():
    """Each part of the cost of stock that has a table of its own is one line."""
    found = pd.Series({name: marks.stock for name, marks in marks_of_lines().items() if marks.stock})
    assert found.value_counts().to_dict() == {"cycle": 1, "safety": 1, "fixed": 1, "pipeline": 1, "carried": 2}


def test_lanes_have_a_use(monkeypatch):
    """P-D and D-C cost 6 each, and idle ones are nobody's: the lane from P to C takes no goods."""

    @line("fixed")
    def toll(x: Variables, net: cts.Network) -> Expr:
        """6 for every lane   [money]"""
        listed = net.tables["lanes"]
        axes = {"origin": net.axes["site"], "destination": net.derived.resources.places}
        index = Keys.make(axes, origin=axes["origin"].codes(listed["origin"]),
                          destination=axes["destination"].codes(listed["destination"]))
        return Expr.constants(index, np.full(len(index), 6.0))

    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, toll))
    solution = cts.solve(cts.network(chain(lanes=lanes("P-D", "D-C", "P-C", distance=1),
                                           modes=table({"mode": "truck", "per_weight": 1}),
                                           rates=rates(P_C=9))))
    assert solution.cost_to_serve(by="customer")["toll"].to_dict() == pytest.approx(
        {"C": 12, "unassigned": 6, "total": 18})
