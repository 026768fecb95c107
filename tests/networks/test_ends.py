"""A site and a customer may bear the same name: `customer:NAME` says which of them a lane, rate or contract means."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from tests.property.edits import base, optimum, tables
from tests.small import solved, table

TOWN = {
    "sites": table({"site": "Werk", "kind": "plant"}, {"site": "Nord", "kind": "dc", "fixed_cost": 10}),
    "customers": table({"customer": "Nord"}, {"customer": "A"}),
    "demand": table({"customer": "Nord", "quantity": 20}, {"customer": "A", "quantity": 30}),
    "lanes": table({"origin": "Werk", "destination": "Nord"}, {"origin": "Nord", "destination": "customer:Nord"},
                   {"origin": "Nord", "destination": "customer:A"}),
    "rates": table({"origin": "Werk", "destination": "Nord", "per_unit": 1},
                   {"origin": "Nord", "destination": "customer:Nord", "per_unit": 2},
                   {"origin": "Nord", "destination": "A", "per_unit": 3})}
"""50 x 1 to the dc, 20 x 2 and 30 x 3 from it, 10 for the dc: 190."""


def test_a_dc_and_the_customer_of_its_town():
    sol = solved(TOWN)
    assert not sol.net.findings, str(sol.net.findings)
    assert sol.total_cost == pytest.approx(190)
    flows = sol.flows.set_index(["kind", "destination"])["quantity"].to_dict()
    assert flows == {("move", "Nord"): 50, ("delivery", "customer:Nord"): 20, ("delivery", "A"): 30}
    assert sol.cost_to_serve(by="customer")["total"].to_dict() == pytest.approx({
        "Nord": 20 * 3 + 4, "A": 30 * 4 + 6, "total": 190})
    assert sol.net.tables["lanes"]["destination"].tolist() == ["A", "customer:Nord", "Nord"]
    assert set(sol.net.graph().nodes) == {"Werk", "Nord", "customer:Nord", "A"}
    assert sol.graph().nodes["customer:Nord"]["delivered"] == 20


@pytest.mark.slow
def test_limits_of_a_lane_and_a_contract_to_the_customer():
    """Of Nord's 20 at most 12 may come from the dc; the rest comes from the plant for 9: 42 + 12 x 2 + 90 + 8 x 9."""
    direct = {**TOWN, "lanes": pd.concat([TOWN["lanes"], table({"origin": "Werk", "destination": "customer:Nord"})]),
              "rates": pd.concat([TOWN["rates"], table({"origin": "Werk", "destination": "customer:Nord",
                                                        "per_unit": 9})])}
    limited = {**direct, "lanes": direct["lanes"].assign(max_volume=[None, 12, None, None])}
    agreed = {**direct, "contracts": table({"contract": "c", "kind": "max_volume", "origin": "Nord",
                                            "destination": "customer:Nord", "quantity": 12})}
    for made in (limited, agreed):
        assert solved(made).total_cost == pytest.approx(10 + 42 + 24 + 90 + 72)


def test_the_site_is_meant_and_said_to_be_where_nothing_says_which():
    """Without a lane to the customer nobody could know which of the two was meant."""
    made = {**TOWN, "lanes": TOWN["lanes"].iloc[[0, 2]], "rates": TOWN["rates"].iloc[[0, 2]]}
    found = cts.check(made)
    assert [(f.rule, f.table, f.column, f.rows) for f in found.warnings] == [
        ("site_is_customer", "lanes", "destination", [0]), ("site_is_customer", "rates", "destination", [0])]
    assert [f.rule for f in found.errors] == ["unreachable_customer"]


def test_a_customer_without_a_lane_by_name_needs_nothing():
    """Every lane is open, so that none names it."""
    made = {name: TOWN[name] for name in ("sites", "customers", "demand")}
    net = cts.network({**made, "rates": table({"per_unit": 1}), "settings": {"open_lanes": "all"}})
    assert not net.findings.errors
    assert cts.solve(net).flows.query("kind == 'delivery'")["quantity"].sum() == 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_customer_renamed_to_a_site_changes_nothing(seed):
    """In random networks of every kind; the least cost stays, and so does what the customer costs."""
    made = tables(seed, several_products=False)
    site, customer = made["sites"]["site"].iloc[-1], made["customers"]["customer"].iloc[0]

    def rename(name: str, frame: pd.DataFrame) -> pd.DataFrame:
        new = {"customer": site, "destination": f"customer:{site}"}
        return frame.assign(**{c: frame[c].mask(frame[c] == customer, text) for c, text in new.items() if c in frame})

    renamed = {name: rename(name, frame) if isinstance(frame, pd.DataFrame) else frame for name, frame in made.items()}
    assert optimum(renamed) == pytest.approx(base(seed, several_products=False), rel=1e-6)
