"""Comparisons whose figures can be worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.comparing.comparison import Facts, compare, order_of, ranks_of
from tests.small import chain, solved, table


def per_unit(cost: float, **tables: object) -> cts.Solution:
    """100 units over two lanes of a mode that costs 1 a unit, and made for `cost`: 100 * (cost + 2)."""
    return solved(chain(site_products=table({"site": "P", "make_cost": cost}), **tables))


def with_gap(solution: cts.Solution, bound: float) -> cts.Solution:
    """The same plan, less well proven."""
    return replace(solution, bound=bound)


@pytest.fixture(scope="module")
def plans() -> dict[str, cts.Solution]:
    """Costs 500, 560, 450, 520 with bounds 490, 540, 450, 495."""
    return {"today": with_gap(per_unit(3), 490.0), "dear": with_gap(per_unit(3.6), 540.0), "cheap": per_unit(2.5),
            "near": with_gap(per_unit(3.2), 495.0)}


def row(frame: pd.DataFrame, scenario: str) -> pd.Series:
    found = frame[frame["scenario"] == scenario]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.slow
def test_differences_lie_between_bound_and_cost(plans: dict[str, cts.Solution]) -> None:
    rows = compare(plans).scenarios
    assert rows["cost"].tolist() == pytest.approx([500, 560, 450, 520])
    assert rows["cost_per_unit"].tolist() == pytest.approx([5.00, 5.60, 4.50, 5.20])
    # dear - today: at least 540 - 500, at most 560 - 490.
    assert row(rows, "dear")[["low", "point", "high"]].tolist() == pytest.approx([40, 60, 70])
    assert row(rows, "cheap")[["low", "point", "high"]].tolist() == pytest.approx([-50, -50, -40])
    # near costs 20 more as it stands, and may cost 5 less: that is a tie.
    assert row(rows, "near")[["low", "point", "high"]].tolist() == pytest.approx([-5, 20, 30])
    assert rows["verdict"].tolist() == ["same", "dearer", "cheaper", "tie"]


@pytest.mark.slow
def test_ranks_are_a_range_where_plans_cannot_be_told_apart(plans: dict[str, cts.Solution]) -> None:
    rows = compare(plans).scenarios
    # cheap < {today, near} < dear: 520 < 540, so near is proven cheaper than dear.
    assert rows["best_rank"].tolist() == [2, 4, 1, 2]
    assert rows["worst_rank"].tolist() == [3, 4, 1, 3]


@pytest.mark.slow
def test_every_pair_stands_in_both_directions(plans: dict[str, cts.Solution]) -> None:
    order = compare(plans).order.set_index(["scenario", "other"])
    assert len(order) == 12
    for (one, other), pair in order.iterrows():
        back = order.loc[(other, one)]
        assert (pair["low"], pair["point"], pair["high"]) == (-back["high"], -back["point"], -back["low"])
        assert {"dearer": "cheaper", "cheaper": "dearer", "tie": "tie"}[pair["verdict"]] == back["verdict"]


@pytest.mark.slow
def test_cost_lines_of_a_difference_add_up_to_it(plans: dict[str, cts.Solution]) -> None:
    found = compare(plans)
    lines = found.differences.set_index(["scenario", "line"])["amount"]
    assert lines["dear", "production"] == pytest.approx(60)
    assert lines["dear", "line_haul"] == 0
    points = found.scenarios.set_index("scenario")["point"]
    for scenario, amount in lines.groupby(level="scenario").sum().items():
        assert amount == pytest.approx(points[scenario])


@pytest.mark.slow
def test_difference_is_a_certified_amount_with_a_verdict_for_a_price(plans: dict[str, cts.Solution]) -> None:
    found = compare(plans)
    dearer = found.difference("dear")
    assert (dearer.low, dearer.point, dearer.high) == pytest.approx((40, 60, 70))
    assert dearer.verdict(price=70.1) == "pays"
    with pytest.raises(cts.UsageError, match="did you mean 'dear'"):
        found.difference("deer")


@pytest.mark.slow
def test_what_each_scenario_changes_comes_with_its_cells(plans: dict[str, cts.Solution]) -> None:
    inputs = compare(plans).inputs
    assert inputs[inputs["scenario"] == "dear"].values.tolist() == [
        ["dear", "site_products", "P / goods", "make_cost", "3", "3.6"]]
    assert set(inputs["scenario"]) == {"dear", "cheap", "near"}


def test_a_comparison_is_named_in_a_line(plans: dict[str, cts.Solution]) -> None:
    assert repr(compare(plans)) == ("<Comparison of 4 plans against 'today': scenarios, inputs, differences, order, "
                                    "kpis, pareto>")


@pytest.mark.slow
def test_against_another_scenario(plans: dict[str, cts.Solution]) -> None:
    found = compare(plans, against="dear")
    assert found.against == "dear"
    assert row(found.scenarios, "today")[["low", "high"]].tolist() == pytest.approx([-70, -40])


@pytest.mark.slow
def test_as_is_splits_a_difference_in_better_use_and_the_idea(plans: dict[str, cts.Solution]) -> None:
    found = compare({"as_run": plans["dear"], "today": plans["today"], "idea": plans["cheap"]}, against="today",
                    as_is="as_run")
    bases = row(found.bases, "idea")
    # Better use: 500 (bound 490) less 560 (bound 540); the idea: 450 less 500 (490); in all 450 less 560 (540).
    assert bases[["better_use_low", "better_use_point", "better_use_high"]].tolist() == pytest.approx([-70, -60, -40])
    assert bases[["idea_low", "idea_point", "idea_high"]].tolist() == pytest.approx([-50, -50, -40])
    assert bases[["total_low", "total_point", "total_high"]].tolist() == pytest.approx([-110, -110, -90])
    assert row(found.bases, "today")[["idea_low", "idea_point", "idea_high"]].tolist() == [0, 0, 0]
    assert "as_run" not in set(found.bases["scenario"])
    assert "better use of what is there -60 (proven -70 and -40)" in str(found)


@pytest.mark.slow
def test_without_an_as_is_plan_nothing_is_split(plans: dict[str, cts.Solution]) -> None:
    assert compare(plans).bases.empty
    assert "better use" not in str(compare(plans))


@pytest.mark.slow
def test_the_as_is_of_two_dcs_by_hand() -> None:
    """D comes from East alone, though West has room for half of it: 5,000 boxes at 1.30 dearer."""
    net = cts.read(examples.path("two_dcs"))
    today = cts.solve(net, gap=0.0)
    history = pd.DataFrame({"origin": ["East", "East", "West", "East"], "destination": ["A", "B", "C", "D"]})
    lanes = net.tables["lanes"]
    used = lanes.merge(history, on=["origin", "destination"], how="left", indicator=True)["_merge"] == "both"
    delivery = lanes["destination"].isin(net.axes["customer"].labels)
    as_is = cts.solve(net.with_table("lanes", lanes.assign(
        status=["closed" if d and not u else "open" for d, u in zip(delivery, used, strict=True)])), gap=0.0)
    found = compare({"as_is": as_is, "today": today}, against="today", as_is="as_is")
    assert today.total_cost == pytest.approx(633_500)
    assert as_is.total_cost == pytest.approx(640_000)
    assert row(found.bases, "today")["better_use_point"] == pytest.approx(-6_500)


@pytest.mark.slow
def test_sites_opened_closed_and_customers_resourced() -> None:
    net = cts.read(examples.path("two_dcs"))
    patient = net.with_edits({"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": 2}})
    found = compare({"today": cts.solve(net, gap=0.0), "patient": cts.solve(patient, gap=0.0)})
    patient_row = row(found.scenarios, "patient")
    # With two days for gold, West is not opened: C (10,000 boxes of 60,000, one customer of four) and the half of D
    # that came from there (5,000) come from East.
    assert patient_row["sites_closed"] == "West"
    assert patient_row["sites_opened"] == ""
    assert patient_row["customers_resourced"] == pytest.approx(1 / 4)
    assert patient_row["point"] == pytest.approx(-11_500)
    assert patient_row["volume_moved"] == pytest.approx(15_000 / 60_000)


def outcomes(**columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    for name in ("parent", "kind", "state", "tags", "outcome", "message", "key"):
        if name not in frame:
            frame[name] = ""
    return frame


@pytest.mark.slow
def test_a_scenario_without_a_plan_is_a_row_with_its_reason(plans: dict[str, cts.Solution]) -> None:
    rows = outcomes(scenario=["today", "stuck", "cheap"], outcome=["gap", "infeasible", "proven"],
                    message=["", "gold cannot be kept", ""])
    found = compare({"today": plans["today"], "cheap": plans["cheap"]}, facts=Facts(rows))
    stuck = row(found.scenarios, "stuck")
    assert math.isnan(stuck["cost"])
    assert (stuck["outcome"], stuck["message"]) == ("infeasible", "gold cannot be kept")
    assert found.scenarios["scenario"].tolist() == ["today", "stuck", "cheap"]
    assert "stuck: infeasible. gold cannot be kept" in str(found)
    assert "2 of 3 scenarios have a plan" in str(found)


@pytest.mark.slow
def test_the_same_case_twice_is_no_tie(plans: dict[str, cts.Solution]) -> None:
    rows = outcomes(scenario=["today", "twin", "near"], key=["k", "k", "n"])
    found = compare({"today": plans["today"], "twin": plans["today"], "near": plans["near"]}, facts=Facts(rows))
    twin = row(found.scenarios, "twin")
    assert (twin["low"], twin["high"], twin["verdict"]) == (0, 0, "same")
    assert row(found.scenarios, "near")["verdict"] == "tie"
    assert "today and twin: the same network" in str(found)


@pytest.mark.slow
def test_a_tie_says_how_the_difference_compares_with_the_proof(plans: dict[str, cts.Solution]) -> None:
    text = str(compare(plans))
    assert "today and near: a difference of 20 is within the proof (-30 to +5)" in text
    assert "Every two plans can be told apart" in str(compare({"today": plans["today"], "dear": plans["dear"]}))


@pytest.mark.slow
def test_key_figures_stand_side_by_side(plans: dict[str, cts.Solution]) -> None:
    kpis = compare(plans).kpis
    assert list(kpis.columns) == list(plans)
    total = kpis.xs("total_cost", level="kpi").iloc[0]
    assert total.tolist() == pytest.approx([500, 560, 450, 520])


@pytest.mark.slow
def test_what_cannot_be_compared() -> None:
    one = per_unit(1)
    euros = per_unit(1, settings={"currency": "EUR"})
    with pytest.raises(cts.UsageError, match=r"euros cannot be compared.*currency"):
        compare({"one": one, "euros": euros})
    relaxed = cts.solve(one.net, relax=True)
    with pytest.raises(cts.UsageError, match="relaxed is a linear relaxation"):
        compare({"one": one, "relaxed": relaxed})
    with pytest.raises(cts.UsageError, match="there is no plan to compare"):
        compare({})
    with pytest.raises(cts.UsageError, match=r"against 'oen'.*did you mean 'one'"):
        compare({"one": one}, against="oen")
    with pytest.raises(cts.UsageError, match=r"as_is 'x'.*there are: one"):
        compare({"one": one}, as_is="x")


@pytest.mark.slow
def test_two_writings_are_byte_for_byte_alike_but_for_seconds(plans: dict[str, cts.Solution], tmp_path: Path) -> None:
    again = {"today": with_gap(per_unit(3), 490.0), "dear": with_gap(per_unit(3.6), 540.0), "cheap": per_unit(2.5),
             "near": with_gap(per_unit(3.2), 495.0)}
    one, other = (compare(each).write(tmp_path / name) for each, name in ((plans, "one"), (again, "other")))
    assert sorted(p.name for p in one.iterdir()) == ["differences.csv", "inputs.csv", "kpis.csv", "order.csv",
                                                     "pareto.csv", "scenarios.csv"]
    for file in one.iterdir():
        first, second = (pd.read_csv(folder / file.name) for folder in (one, other))
        if file.name == "scenarios.csv":
            first, second = (frame.drop(columns="seconds") for frame in (first, second))
        if file.name == "kpis.csv":
            first, second = (frame[frame["kpi"] != "seconds"] for frame in (first, second))
        pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
def test_names_that_spreadsheets_would_run_are_text(plans: dict[str, cts.Solution], tmp_path: Path) -> None:
    folder = compare({"today": plans["today"], "=cmd()": plans["dear"]}).write(tmp_path)
    read = pd.read_csv(folder / "scenarios.csv")
    assert read["scenario"].tolist() == ["today", "'=cmd()"]
    assert read["point"].tolist() == pytest.approx([0, 60])
    assert pd.read_csv(folder / "kpis.csv").columns[-1] == "'=cmd()"
    assert pd.read_csv(folder / "order.csv")["low"].dtype == float


def test_ranks_of_a_chain_and_of_a_tie() -> None:
    least = {"a": cts.Certified(1, 2, 2), "b": cts.Certified(3, 4, 4), "c": cts.Certified(3.5, 5, 5)}
    ranks = ranks_of(order_of(least), list(least))
    assert ranks.values.tolist() == [["a", 1, 1], ["b", 2, 3], ["c", 2, 3]]


@pytest.mark.slow
def test_where_the_baseline_has_no_plan_the_first_scenario_that_has_one_stands_for_it(tmp_path: Path) -> None:
    """East alone is too small for 60,000 boxes, and of two open sites one is the plant; with room, one DC does."""
    stuck = cts.read(examples.path("two_dcs")).with_edits(
        {"table": "sites", "where": {"site": "East"}, "set": {"capacity": 1000}},
        {"table": "contracts", "insert": [{"contract": "one_dc", "kind": "sites_in_group", "group": "*",
                                           "limit": "at_most", "quantity": 2}]})
    room = cts.Scenario("room", [{"table": "sites", "where": {"site": "East"}, "set": {"capacity": 1300}}])
    result = cts.run(cts.Pack.of(stuck, [room], solve={"gap": 0}), workers=1, cache=tmp_path)
    found = result.compare()
    assert found.against == "room"
    assert found.scenarios["outcome"].tolist() == ["infeasible", "proven"]
    with pytest.raises(cts.UsageError, match="against 'today'"):
        result.compare(against="today")
