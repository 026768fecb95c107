"""The table of contents: what every family has, and what a rule of one's own may give."""

from __future__ import annotations

import re

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import COSTS, ROWS, VARIABLES, build
from ctsopt.keys import Keys
from tests.small import chain, flows, lanes, rates, solved, table

CHOICE = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "status": "candidate"},
                           {"site": "E", "kind": "dc", "status": "candidate"}),
               rates=rates(P_D=1, P_E=1, D_C=1, E_C=3), lanes=lanes("P-D", "D-C"))


@pytest.mark.parametrize("family", [*VARIABLES, *ROWS, *COSTS], ids=lambda f: f.__name__)
def test_a_family_says_its_mathematics_with_a_unit(family):
    assert re.search(r"\[[a-z0-9_/]+\]", family.__doc__), family.__doc__


def test_names_are_unique():
    names = [family.__name__ for family in (*ROWS, *COSTS)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("family", [f for f in ROWS if hasattr(f, "anchor")], ids=lambda f: f.__name__)
def test_an_anchor_is_a_family_before_it(family):
    names = [f.__name__ for f in ROWS]
    assert names.index(family.anchor) < names.index(family.__name__)
    assert not hasattr(ROWS[names.index(family.anchor)], "anchor")


def test_a_rule_of_ones_own():
    """Cheapest is D at 2 a unit for all 100; the rule asks for 30 from E at 4: 70 x 2 + 30 x 4."""

    def some_from_e(x, net):
        """At least 30 units from E."""
        here = net.axes["site"].names(x.deliver.index["site"]) == "E"
        return x.deliver.where(here).total() >= 30.0

    solution = solved(CHOICE, extra=[some_from_e])
    assert solution.total_cost == pytest.approx(260)
    assert flows(solution, "origin")["E"] == pytest.approx(30)
    assert solution.record["extra"] == ["some_from_e"]
    assert "some_from_e" in cts.program(cts.network(CHOICE), extra=[some_from_e]).rows


def test_a_way_that_a_rule_of_ones_own_wants_is_there():
    """Air is dearer and no promise is on time, but the rule wants a tenth of the units to fly: 90 x 1 + 10 x 9."""
    modes = table({"mode": "truck", "per_weight": 1}, {"mode": "air", "per_weight": 9})
    tables = chain(lanes=lanes("P-C"), modes=modes, sites=table({"site": "P", "kind": "plant"}))

    def tenth_by_air(x, net):
        by_air = net.axes["mode"].names(x.deliver.index["mode_out"]) == "air"
        return x.deliver.where(by_air).total() >= 10.0

    assert solved(tables, extra=[tenth_by_air]).total_cost == pytest.approx(180)


def test_a_rule_that_does_not_apply_gives_none():
    assert solved(CHOICE, extra=[lambda x, net: None]).total_cost == pytest.approx(200)


@pytest.mark.parametrize(("rule", "message"), [
    (lambda x, net: x.deliver.total(), "gave Expr, not rows"),
    (lambda x, net: True, "gave bool, not rows"),
    (lambda x, net: [x.deliver.total() <= 5.0], "gave list, not rows"),
])
def test_a_rule_that_gives_something_else_is_told_so(rule, message):
    rule.__name__ = "my_rule"
    with pytest.raises(cts.UsageError, match=f"the rule my_rule {message}: end it with <=, >= or =="):
        solved(CHOICE, extra=[rule])


def test_a_rule_that_chains_comparisons_is_told_so():
    with pytest.raises(cts.UsageError, match="write low <= x <= high as two families"):
        solved(CHOICE, extra=[lambda x, net: 10.0 <= x.deliver.total() <= 20.0])


def test_a_rule_with_the_name_of_a_family_is_refused():
    def serve_demand(x, net):
        return x.deliver.total() <= 5.0

    with pytest.raises(cts.KeyMismatch, match="two families of rows are named serve_demand"):
        solved(CHOICE, extra=[serve_demand])


def test_a_rule_that_speaks_of_other_keys_is_told_which():
    def wrong(x, net):
        return x.open.at(Keys.make(net.axes, customer=np.array([0]))) <= 1.0

    with pytest.raises(cts.KeyMismatch, match=r"\['customer'\] has no key column site"):
        solved(CHOICE, extra=[wrong])


def test_a_rule_that_cannot_hold_by_itself_is_told_so():
    def impossible(x, net):
        return x.deliver.where(np.zeros(len(x.deliver.index), dtype=bool)).total() >= 5.0

    with pytest.raises(cts.KeyMismatch, match="1 rows of impossible have no terms and cannot hold"):
        solved(CHOICE, extra=[impossible])


def test_variables_are_keyed_by_tier_from_the_first_day():
    program = build(cts.network(CHOICE))
    assert "tier" in program.variables["deliver"].index.names
    assert "tier" in program.variables["unserved"].index.names
    assert program.rows["serve_demand"].index.names == ("customer", "tier", "product", "period")


def test_lazy_rows_are_only_about_sites_with_a_choice():
    """P is open anyway: links to D and E, one each."""
    program = build(cts.network(CHOICE))
    assert program.rows["deliver_from_open"].index.labels() == [
        ("C", "standard", "goods", "year", "D"), ("C", "standard", "goods", "year", "E")]
    assert program.rows["deliver_from_open"].lazy
    assert not program.rows["site_throughput"].lazy


def test_only_open_sites_and_sources_are_whole():
    tables = CHOICE | {"customers": table({"customer": "C", "single_source": "customer"})}
    program = build(cts.network(tables))
    whole = {name for name, block in program.variables.items() if block.variable.integer}
    assert whole == {"open", "source"}
    assert [name for name, block in program.variables.items() if block.variable.design] == ["open"]
