"""Figures for notebooks and reports: what they draw, beside figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import UsageError
from ctsopt.report import figures
from ctsopt.report.figures import drawing, drawings, theme
from tests.small import chain, lanes, rates, solved, table


def two(**tables: Any) -> cts.Solution:
    """Dc D serves A (10 units, 1 each) and B (10 units, 3 each); 40 in all."""
    return solved({"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
                   "customers": table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "base"}),
                   "tiers": table({"tier": "gold", "rank": 1}, {"tier": "base", "rank": 2}),
                   "demand": table({"customer": "A", "quantity": 10}, {"customer": "B", "quantity": 10}),
                   "rates": rates(P_D=0, D_A=1, D_B=3)} | tables)


def mapped() -> cts.Solution:
    """Dc in Rome; customers half a day, a day and two and a half days away; two are promised 2 days, one nothing."""
    return solved({
        "sites": table({"site": "P", "kind": "plant", "latitude": 45.5, "longitude": 9.2},
                       {"site": "D", "kind": "dc", "latitude": 41.9, "longitude": 12.5},
                       {"site": "N", "kind": "dc", "latitude": 40.9, "longitude": 14.3, "status": "closed"}),
        "customers": table({"customer": "A", "tier": "gold", "latitude": 43.8, "longitude": 11.3},
                           {"customer": "B", "tier": "base", "latitude": 48.1, "longitude": 11.6},
                           {"customer": "C", "tier": "gold", "latitude": 52.5, "longitude": 13.4}),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "base", "rank": 2}),
        "promises": table({"tier": "gold", "lead_time": 2, "on_time_form": "share_expected", "on_time_share": 0.1}),
        "demand": table(*({"customer": name, "quantity": 10} for name in "ABC")),
        "modes": table({"mode": "truck", "speed": 100, "per_weight": 1}),
        "lanes": pd.concat([lanes("P-D", distance=10), lanes("D-A", distance=50), lanes("D-B", distance=100),
                            lanes("D-C", distance=250)], ignore_index=True)})


def numbers(values: Any) -> list[float]:
    return [float(value) for value in values]


def test_a_bridge_floats_where_the_steps_before_it_came_to() -> None:
    """From 100 over +30 and -50 to 80, by hand; the second step is proven between -60 and -45."""
    steps = pd.DataFrame([("a", "start", np.nan, 100, np.nan), ("up", "line", np.nan, 30, np.nan),
                          ("down", "line", -60, -50, -45), ("b", "end", np.nan, 80, np.nan),
                          ("apart", "difference", np.nan, -20, np.nan)],
                         columns=["part", "kind", "low", "point", "high"])
    bars, whiskers = figures.bridge(steps, "EUR").data
    assert numbers(bars.base) == [0, 100, 130, 0]
    assert numbers(bars.x) == [100, 30, -50, 80]
    assert list(bars.text) == ["100.00", "+30.00", "-50.00", "80.00"]
    assert (numbers(whiskers.x), list(whiskers.y)) == ([80], [2])
    assert (numbers(whiskers.error_x.arrayminus), numbers(whiskers.error_x.array)) == ([10], [5])


def test_a_bridge_by_override_has_the_names_of_its_ends(comparison: cts.Comparison) -> None:
    steps = comparison.bridges[comparison.bridges["method"] == "shapley"]
    drawn = figures.bridge(steps, "USD")
    assert list(drawn.layout.yaxis.ticktext) == ["today", "dear", "patient", "both"]
    ends = comparison.scenarios.set_index("scenario")["cost"]
    assert 1e3 * np.sum(drawn.data[0].x[:3]) == pytest.approx(ends["both"])
    assert 1e3 * drawn.data[0].x[3] == pytest.approx(ends["both"])


def test_bridges_between_plans_add_up(comparison: cts.Comparison) -> None:
    costs = comparison.scenarios.set_index("scenario")["cost"].dropna()
    for base in ("today", "as_is"):
        for name in costs.index:
            steps = figures.cost_bridge_table(comparison, name, base)
            assert steps["point"].iloc[:-1].sum() == pytest.approx(costs[name], rel=1e-12)
            assert steps["point"].iloc[-1] == costs[name]
    with pytest.raises(UsageError, match="did you mean 'growth'"):
        figures.cost_bridge(comparison, "growht")


@pytest.mark.slow
def test_p_and_l_by_tier_and_its_waterfall() -> None:
    """Gold costs 10 for 10 units, base 30; a quarter and three quarters of the cash."""
    solution = two()
    frame = figures.tier_table(solution).set_index("tier")
    assert frame["cost"].to_dict() == {"gold": 10, "base": 30, "total": 40}
    assert frame["share_of_cost"].to_dict() == {"gold": 0.25, "base": 0.75, "total": 1}
    assert numbers(figures.tier_costs(solution).data[0].x) == [1, 3, 2]
    assert figures.waterfall_table(solution, "base")["point"].tolist() == [30, 30]
    assert figures.waterfall_table(solution, "base", per_unit=True)["point"].tolist() == [3, 3]
    whole = solved(chain())
    steps = figures.waterfall_table(whole)
    assert dict(zip(steps["part"], steps["point"], strict=True)) == {"line haul": 100, "last mile": 100,
                                                                     "cost to serve": 200}
    assert numbers(figures.waterfall(whole).data[0].base) == [0, 100, 0]
    with pytest.raises(UsageError, match="did you mean 'gold'"):
        figures.waterfall(solution, "glod")


@pytest.mark.parametrize(("value", "basis"), [(None, "units"), (5, "value")])
def test_whale_curve_by_hand(value: float | None, basis: str) -> None:
    """One rate for all is 40 / 20 units: each pays 20; A costs 10, so pays 10 for B, who costs 30."""
    solution = two(products=table({"product": "goods", **({"unit_value": value} if value else {})}))
    frame = figures.whale_table(solution)
    assert frame["customer"].tolist() == ["A", "B"]
    assert frame[basis].tolist() == ([50, 50] if value else [10, 10])
    assert frame["at_one_rate"].tolist() == [20, 20]
    assert frame["surplus"].tolist() == [10, -10]
    assert frame["cumulative"].tolist() == [10, 0]
    drawn = figures.whale(solution)
    assert numbers(drawn.data[0].y) == [0, 10, 0]
    assert drawn.layout.annotations[0].x == 50


@pytest.mark.slow
def test_values_weigh_customers_only_where_every_product_has_one() -> None:
    products = table({"product": "goods", "unit_value": 5}, {"product": "gifts"})
    demand = table({"customer": "A", "product": "goods", "quantity": 10}, {"customer": "B", "product": "gifts",
                                                                           "quantity": 10})
    assert "units" in figures.whale_table(two(products=products, demand=demand)).columns


@pytest.mark.slow
def test_quadrant_stands_at_the_median_size_and_the_average_cost() -> None:
    demand = table({"customer": "A", "quantity": 30}, {"customer": "B", "quantity": 10})
    drawn = figures.quadrant(two(demand=demand))
    assert [trace.name for trace in drawn.data] == ["gold", "base"]
    assert [(numbers(trace.x), numbers(trace.y)) for trace in drawn.data] == [([30], [1]), ([10], [3])]
    assert drawn.layout.shapes[0].x0 == 20
    assert drawn.layout.shapes[1].y0 == 60 / 40


@pytest.mark.slow
def test_customers_lead_time_slack_and_source() -> None:
    frame = figures.customer_table(mapped()).set_index("customer")
    assert frame["lead_time"].to_dict() == {"A": 0.5, "B": 1.0, "C": 2.5}
    assert frame["slack"].fillna(99).to_dict() == {"A": 1.5, "B": 99, "C": -0.5}
    assert set(frame["source"]) == {"D"}


@pytest.mark.slow
def test_maps_by_days_and_by_slack() -> None:
    """A and B within a day, C over two; C is half a day late, A has one and a half to spare, B is promised nothing."""
    solution = mapped()
    days = {trace.name: len(trace.x) for trace in figures.service_map(solution).data if trace.name}
    assert days == {"up to 1 day": 2, "up to 3 days": 1, "open dc": 1}
    slack = {trace.name: trace for trace in figures.service_map(solution, "slack").data if trace.name}
    assert set(slack) == {"late", "up to 2 days to spare", "no promise on time", "open dc"}
    assert slack["late"].marker.symbol == "x"
    assert "C (gold): 2.50 days, -0.50 days to spare, 10 units" in slack["late"].hovertext[0]


def test_sourcing_map_draws_every_pair_once() -> None:
    solution = mapped()
    drawn = figures.sourcing_map(solution)
    named = {trace.name: trace for trace in drawn.data if trace.name}
    assert set(named) == {"moves between sites", "D", "open site", "site not open"}
    assert sum(x is None for x in named["D"].x) == 3
    assert sum(x is None for x in named["moves between sites"].x) == 1
    [at] = [x for x, text in zip(named["open site"].x, named["open site"].hovertext, strict=True)
            if text.startswith("D (dc)")]
    assert set(named["D"].x[::3]) == {at}
    outline = [trace for trace in drawn.data if trace.mode == "lines" and not trace.name]
    assert sum(len(trace.x) for trace in outline) > 500
    assert not any(type(trace).__name__ in ("Scattergeo", "Scattermap", "Choropleth") for trace in drawn.data)


@pytest.mark.slow
def test_without_coordinates_there_is_no_map() -> None:
    for drawn in (figures.service_map(two()), figures.sourcing_map(two())):
        assert not drawn.data
        assert "no coordinates" in drawn.layout.annotations[0].text


def test_stock_by_site_tier_and_product() -> None:
    """Two sites; gold and base share stock at one of them: 28 a day go out, 730 times the 14 kept there in a year."""
    held = table({"site": "D", "product": "x", "tiers": "gold, base", "cycle": 10.0, "safety": 4.0, "pipeline": 1.0,
                  "value": 150.0, "volume": 28.0},
                 {"site": "E", "product": "x", "tiers": "base", "cycle": 5.0, "safety": 5.0, "pipeline": 0.0,
                  "value": 100.0, "volume": 5.0})
    solution = two()
    assert "no stock" in figures.stock(solution).layout.annotations[0].text
    with pytest.raises(UsageError, match="states no stock"):
        figures.stock_table(solution)
    solution = replace(solution, tables={**solution.tables, "stock": held})
    frame = figures.stock_table(solution).set_index("site")
    assert frame.loc["D"].to_dict() == {"cycle": 10, "safety": 4, "pipeline": 1, "units": 15, "value": 150,
                                        "volume": 28, "turns": 730}
    assert figures.stock_table(solution, "tier")["tier"].tolist() == ["gold, base", "base"]
    assert figures.stock_table(solution, "product")["units"].tolist() == [25]
    assert [numbers(trace.x) for trace in figures.stock(solution).data] == [[10, 5], [4, 5], [1, 0]]
    with pytest.raises(UsageError, match="one of site, tier, product"):
        figures.stock(solution, "colour")


def test_figures_of_a_comparison_draw_its_tables(comparison: cts.Comparison) -> None:
    rows = comparison.scenarios[comparison.scenarios["cost"].notna()]
    # What costs the same to the cent is not drawn, and what may happen stands apart.
    for drawn, points in ((figures.differences(comparison), rows.loc[rows["role"] != "sensitivity", "point"]),
                          (figures.risks(comparison), rows.loc[rows["scenario"] == "growth", "parent_point"])):
        assert sorted(x for trace in drawn.data for x in trace.x) == pytest.approx(sorted(points[points != 0]))
    whole = np.sum([trace.x for trace in figures.cost_lines(comparison).data], axis=0)
    assert whole * 1e3 == pytest.approx(rows["cost"].to_numpy())
    worst = figures.regret(comparison).data[0].x
    assert list(worst) == pytest.approx(sorted(comparison.regret["worst_point"]))
    drawn = figures.tornado(comparison, meanings={"diesel_truck_0.1": ("fuel surcharge, truck", "+10 points")})
    assert list(drawn.data[0].x) == pytest.approx(comparison.tornado["point"].tolist())
    said = [note.text for note in drawn.layout.annotations]
    assert "<b>fuel surcharge, truck</b>" in said
    assert any(text.startswith("+10 points: +") for text in said)


def test_frontier_marks_what_is_proven_dominated(comparison: cts.Comparison) -> None:
    """Of the same demand; `growth` stands apart. Every point has its name."""
    table_ = comparison.pareto[comparison.pareto["measure"] == "served"]
    other = table_.head(1).assign(scenario="growth", cost=662_200.0)
    drawn = figures.frontier(replace(comparison, pareto=pd.concat([table_, other])), "served")
    assert {note.text for note in drawn.layout.annotations} == {*table_["scenario"], "growth"}
    marks = {trace.name: len(trace.x) for trace in drawn.data if trace.name}
    assert marks.pop("of another demand") == 1
    assert marks["proven dominated"] == (table_["status"] == "dominated").sum() > 0
    assert marks["on the front"] == (table_["status"] == "front").sum() > 0
    with pytest.raises(UsageError, match="one of on_time"):
        figures.frontier(comparison, "colour")


@pytest.mark.slow
def test_every_figure_is_plain_json_with_a_height(comparison: cts.Comparison, every_panel: cts.PackResult) -> None:
    plan = every_panel.solutions["today"]
    for drawn in [figures.differences(comparison), figures.cost_lines(comparison), figures.frontier(comparison),
                  figures.regret(comparison), figures.tornado(comparison), figures.cost_bridge(comparison, "both"),
                  figures.tier_costs(plan), figures.waterfall(plan), figures.whale(plan), figures.quadrant(plan),
                  figures.stock(plan), figures.service_map(mapped()), figures.sourcing_map(mapped())]:
        text = drawn.to_json()
        assert "NaN" not in text
        assert "bdata" not in text
        assert drawn.layout.height >= 100


def test_a_page_has_the_figures_that_plotly_would_write() -> None:
    """plotly looks at every value, and writes it; the page writes the plain values."""
    plan, drawn = mapped(), (drawings.service_map, drawings.sourcing_map, drawings.tier_costs, drawings.waterfall,
                             drawings.whale, drawings.quadrant)
    for draw in drawn:
        made: drawing.Drawing = draw(plan)
        written = json.loads(made.of_plotly().to_json())
        assert written["layout"].pop("template") == {"layout": theme.looks()}
        assert json.loads(made.layout_text) == written["layout"]
        assert [json.loads(trace.text) for trace in made.traces] == written["data"]
        assert made.weight == len(made.layout_text) + sum(len(trace.text) + 1 for trace in made.traces)


def test_plans_on_the_same_ground_share_their_outlines() -> None:
    one, other = (drawings.service_map(mapped()).traces for _ in range(2))
    assert one[0] is other[0]
    assert one[-1] is not other[-1]


def test_what_one_caller_does_to_a_table_no_other_sees() -> None:
    plan = two()
    table_ = figures.customer_table(plan)
    table_["units"] = 0.0
    assert figures.customer_table(plan)["units"].tolist() == [10.0, 10.0]


@pytest.mark.parametrize(("share", "decimals", "shown"), [
    (1.0, 1, "100.0 %"), (0.99999, 1, "99.9 %"), (0.5, 0, "50 %"), (1.25, 1, "125.0 %"), (float("nan"), 1, "")])
def test_a_share_is_never_whole_where_something_is_missing(share: float, decimals: int, shown: str) -> None:
    assert theme.percent(share, decimals) == shown


def test_labels_are_short_different_and_no_markup() -> None:
    assert theme.labels(["a" * 40, "a" * 50, "<b>&"]) == ["a" * 27 + "…", "a" * 27 + "… (2)", "&lt;b&gt;&amp;"]
    assert theme.label("a\u202eb\nc") == "a�b�c"
