"""Close, open and keep sites, and dearer fuel: the cells that they change, worked out by hand, and no warnings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt import examples
from ctsopt.networks.everyday import factor_of
from tests.small import chain, lanes, table


def net() -> cts.Network:
    """D is open and may close for 500; E is a candidate for 1,000, at 8 % over 10 years; both in the group north."""
    return cts.network(chain(
        sites=table({"site": "P", "kind": "plant"},
                    {"site": "D", "kind": "dc", "fixed_cost": 300, "may_close": "yes", "closing_cost": 500,
                     "group": "north"},
                    {"site": "E", "kind": "dc", "status": "candidate", "fixed_cost": 100, "opening_cost": 1000,
                     "group": "north"}),
        modes=table({"mode": "truck", "per_weight": 1, "fuel_surcharge": 0.25},
                    {"mode": "van", "per_weight": 1, "fuel_surcharge": 0.1}),
        lanes=lanes("P-D", "P-E", "D-C", "E-C")))


def sites(*edits: dict[str, Any]):
    changed = net().with_edits(*edits)
    assert not changed.findings, str(changed.findings)
    return changed.tables["sites"].set_index("site")


def test_a_closed_site_leaves_nothing_behind_but_what_closing_costs() -> None:
    found = sites({"close": ["D"]}, {"open": "E"})
    assert found["status"].to_dict() == {"P": "open", "D": "closing", "E": "open"}
    assert found.loc["D", "closing_cost"] == 500
    assert not found.loc["D", "may_close"]
    assert sites({"close": "E"})["status"].to_dict() == {"P": "open", "D": "open", "E": "closed"}
    assert sites({"close": "D"}, {"close": "D"})["status"]["D"] == "closing"
    assert sites({"close": "D"}, {"open": "D"})["status"]["D"] == "open"


def test_closing_costs_what_it_would_if_the_plan_closed_the_site() -> None:
    """500 at 8 % over 10 years are 74.51 a year; the plan that may close D, and must (no lane leads on), pays it."""
    forced = cts.solve(net().with_edits({"open": "E"}, {"close": "D"}), gap=0.0)
    chosen = cts.solve(net().with_edits({"open": "E"}, {"table": "lanes", "where": {"origin": "D"},
                                                        "set": {"status": "closed"}}), gap=0.0)
    assert forced.costs.set_index("line")["amount"]["site_closing"] == pytest.approx(500 * 0.1490295, abs=1e-3)
    assert forced.total_cost == pytest.approx(chosen.total_cost)
    row = forced.sites.set_index("site").loc["D"]
    assert (row["decision"], row["one_off_cash"]) == ("closed", 500)


@pytest.mark.slow
def test_opening_costs_what_it_would_if_the_plan_opened_the_site() -> None:
    """1,000 at 8 % over 10 years are 149.03 a year (capital recovery factor 0.149029)."""
    forced = net().with_edits({"open": "E"}, {"close": "D"})
    assert forced.tables["sites"].set_index("site").loc["E", "fixed_cost"] == pytest.approx(100 + 149.0295, abs=1e-4)
    free = net().with_edits({"table": "sites", "where": {"site": "D"}, "set": {"status": "closed", "may_close": "no",
                                                                              "closing_cost": 0}})
    closing = 500 * 0.1490295
    assert cts.solve(forced, gap=0.0).total_cost == pytest.approx(
        cts.solve(free, gap=0.0).total_cost + closing, abs=1e-3)


def test_what_is_kept_neither_opens_nor_closes() -> None:
    for kept in ("all", {"group": "north"}, ["D", "E"]):
        found = sites({"keep": kept})
        assert found["may_close"].to_dict() == {"P": False, "D": False, "E": False}
        assert not found.loc["E", "may_open"]
        assert found["opening_cost"].sum() == found["closing_cost"].sum() == 0


@pytest.mark.parametrize(("edit", "truck", "van"), [
    ({"fuel": {"freight": "15 %"}}, 1.25 * 1.15 - 1, 1.1 * 1.15 - 1),
    ({"fuel": {"surcharge": "+15 %"}}, 0.25 * 1.15, 0.1 * 1.15),
    ({"fuel": {"freight": 0.15}, "where": {"mode": "truck"}}, 1.25 * 1.15 - 1, 0.1)])
def test_dearer_fuel_by_hand(edit: dict[str, Any], truck: float, van: float) -> None:
    found = net().with_edits(edit).tables["modes"].set_index("mode")["fuel_surcharge"]
    assert found.to_dict() == pytest.approx({"truck": truck, "van": van})


@pytest.mark.parametrize(("edit", "rule"), [
    ({"close": ["D", "Esat"]}, "unknown_name"), ({"close": {"regoin": "x"}}, "unknown_column"),
    ({"fuel": {"diesel": "15 %"}}, "unknown_key"), ({"fuel": {"freight": "15"}}, "not_a_share"),
    ({"fuel": "15 %"}, "not_a_mapping"), ({"close": "D", "table": "lanes"}, "wrong_table"),
    ({"close": "D", "open": "E"}, "one_operation"), ({"close": {"group": "south"}}, "no_rows")])
def test_what_is_wrong_with_one(edit: dict[str, Any], rule: str) -> None:
    with pytest.raises(cts.DataError) as error:
        net().with_edits(edit)
    assert [f.rule for f in error.value.findings.errors] == [rule]


@settings(deadline=None)
@given(st.floats(-0.9, 4).map(lambda value: round(value, 6)))
def test_a_rise_in_per_cent_is_the_rise_as_a_share(share: float) -> None:
    assert factor_of(f"{share * 100:.8f} %") == pytest.approx(share, abs=1e-9)
    assert factor_of(f"{share:.8f}") == pytest.approx(share, abs=1e-9)


def test_two_overrides_that_close_and_open_the_same_site_disagree() -> None:
    pack = [cts.Scenario("a", [edit_on_d("close"), edit_on_d("open")])]
    with pytest.raises(cts.DataError) as error:
        cts.Pack.of(net(), pack)
    assert "written_twice" in {f.rule for f in error.value.findings.errors}


def edit_on_d(op: str):
    from ctsopt.networks.edits import edit_of

    edit, faults = edit_of({op: "D"}, source=op)
    assert not faults
    return edit


# ---- of a network of size -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_closing_and_freezing_give_no_warnings_of_their_own() -> None:
    retail = cts.read(examples.path("retail_us"))
    open_ones = retail.tables["sites"].query("kind == 'dc' and status == 'open'")["site"].tolist()
    pack = cts.Pack.of(retail, [
        cts.Scenario("closed", [{"close": open_ones[0]}]), cts.Scenario("frozen", [{"keep": "all"}]),
        cts.Scenario("by_hand", [{"table": "sites", "where": {"kind": "dc"},
                                  "set": {"may_open": False, "may_close": False}}])])
    assert not pack.findings, str(pack.findings)
