"""Regret over states of demand, worked out by hand and held against all least costs that are possible."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.comparing.regret import cells_of, promises_of, regret_of
from tests.often import drawn, fixed
from tests.small import rates, table

Ends = tuple[float, float]


def cells(costs: dict[str, dict[str, Ends]], probabilities: dict[str, float] | None = None):
    least = {f"{name} @ {state}": (name, state, cts.Certified.of_plan(*ends))
             for name, row in costs.items() for state, ends in row.items()}
    return cells_of(least, probabilities or {})


EXACT = {"few_sites": {"low": (100.0, 100.0), "high": (190.0, 190.0)},
         "many_sites": {"low": (120.0, 120.0), "high": (160.0, 160.0)},
         "middle": {"low": (110.0, 110.0), "high": (172.0, 172.0)}}


def test_minimax_regret_by_hand() -> None:
    """The cheapest are 100 and 160: regrets (0, 30), (20, 0), (10, 12); the smallest of 30, 20, 12 is the middle."""
    found = cells(EXACT, {"low": 0.25, "high": 0.75})
    assert found.set_index(["scenario", "state"])["regret_point"].to_dict() == {
        ("few_sites", "low"): 0, ("few_sites", "high"): 30, ("many_sites", "low"): 20, ("many_sites", "high"): 0,
        ("middle", "low"): 10, ("middle", "high"): 12}
    table = regret_of(found).set_index("scenario")
    assert table["worst_point"].to_dict() == {"few_sites": 30, "many_sites": 20, "middle": 12}
    assert table["minimax"].to_dict() == {"few_sites": "", "many_sites": "", "middle": "proven"}
    # 0.25 * 100 + 0.75 * 190, and so on.
    assert table["expected_point"].to_dict() == pytest.approx({"few_sites": 167.5, "many_sites": 150, "middle": 156.5})


def test_gaps_make_minimax_possible_only() -> None:
    """many_sites may cost no more than 105 in low: its worst regret is then 5; the middle's is proven above 0."""
    costs = EXACT | {"many_sites": {"low": (105.0, 120.0), "high": (160.0, 160.0)}}
    found = cells(costs).set_index(["scenario", "state"])
    assert found.loc[("many_sites", "low"), ["regret_low", "regret_point", "regret_high"]].tolist() == [5, 20, 20]
    table = regret_of(cells(costs)).set_index("scenario")
    assert table.loc["many_sites", ["worst_low", "worst_high"]].tolist() == [5, 20]
    assert table.loc["middle", ["worst_low", "worst_high"]].tolist() == [12, 12]
    assert table["minimax"].to_dict() == {"few_sites": "", "many_sites": "possible", "middle": "possible"}


def test_expected_cost_is_an_interval_too() -> None:
    table = regret_of(cells({"a": {"low": (90.0, 100.0), "high": (200.0, 220.0)}}, {"low": 0.5, "high": 0.5}))
    assert table.loc[0, ["expected_low", "expected_point", "expected_high"]].tolist() == [145, 160, 160]


def test_a_scenario_that_lacks_a_plan_in_a_state_has_no_worst_regret() -> None:
    costs = {"a": {"low": (1.0, 1.0), "high": (9.0, 9.0)}, "b": {"low": (2.0, 2.0)}}
    found = cells(costs)
    assert regret_of(found)["scenario"].tolist() == ["a"]
    assert found.set_index(["scenario", "state"]).loc[("b", "low"), "regret_point"] == 1


def test_without_probabilities_there_is_no_expected_cost() -> None:
    assert regret_of(cells(EXACT))["expected_point"].isna().all()


def test_one_scenario_alone_regrets_nothing() -> None:
    found = cells({"a": {"low": (80.0, 100.0)}})
    assert found.loc[0, ["regret_low", "regret_point", "regret_high"]].tolist() == [0, 0, 0]
    assert regret_of(found).loc[0, "minimax"] == "proven"


def test_no_states_no_rows() -> None:
    assert cells_of({}, {}).empty
    assert regret_of(cells_of({}, {})).empty


ends = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: (float(min(pair)), float(max(pair))))


@pytest.mark.slow
@given(st.data(), st.integers(1, 4), st.integers(1, 3))
def test_regrets_hold_for_all_least_costs_within_the_ends(data: st.DataObject, scenarios: int, states: int) -> None:
    costs = {f"s{i}": {f"d{j}": data.draw(ends) for j in range(states)} for i in range(scenarios)}
    truth = {name: {state: data.draw(st.floats(*pair)) for state, pair in row.items()} for name, row in costs.items()}
    best = {state: min(row[state] for row in truth.values()) for state in costs["s0"]}
    regret = {name: {state: row[state] - best[state] for state in row} for name, row in truth.items()}
    for cell in cells(costs).to_dict("records"):
        true = regret[cell["scenario"]][cell["state"]]
        assert cell["regret_low"] - 1e-9 <= true <= cell["regret_high"] + 1e-9
        assert cell["regret_low"] <= cell["regret_point"] <= cell["regret_high"]
    table = regret_of(cells(costs)).set_index("scenario")
    worst = {name: max(row.values()) for name, row in regret.items()}
    for name, row in table.iterrows():
        assert row["worst_low"] - 1e-9 <= worst[name] <= row["worst_high"] + 1e-9
        if row["minimax"] == "proven":
            assert worst[name] <= min(worst.values()) + 1e-9
        if row["minimax"] == "":
            assert worst[name] > min(worst.values()) - 1e-9
        assert math.isnan(row["expected_point"])
    assert (table["minimax"] != "").any()


# ---- among those that promise the same -----------------------------------------------------------------------------


@drawn(12)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(ends, min_size=2, max_size=2)), min_size=1, max_size=6))
def test_regret_of_those_that_promise_the_same_is_what_it_is_without_the_others(
        drawn_rows: list[tuple[str, list[Ends]]]) -> None:
    """And at the point, by hand: what it costs there less the least that any of them costs there."""
    promised = {f"s{i}": group for i, (group, _) in enumerate(drawn_rows)}
    least = {f"s{i} @ {state}": (f"s{i}", state, cts.Certified.of_plan(*pair))
             for i, (_, row) in enumerate(drawn_rows) for state, pair in zip(("low", "high"), row, strict=True)}
    found = cells_of(least, {}, promised).set_index(["scenario", "state"])
    table = regret_of(cells_of(least, {}, promised)).set_index("scenario")
    figures = ["regret_low", "regret_point", "regret_high"]
    for group in set(promised.values()):
        same = {case: row for case, row in least.items() if promised[row[0]] == group}
        alone = cells_of(same, {})
        for cell in alone.to_dict("records"):
            assert found.loc[(cell["scenario"], cell["state"]), figures].tolist() == [cell[name] for name in figures]
            point = min(cost.point for _, state, cost in same.values() if state == cell["state"])
            assert cell["regret_point"] == cell["cost_point"] - point
        worst = regret_of(alone).set_index("scenario")
        one_of_many = len(worst) == 1 and len(set(promised.values())) > 1
        for name, row in worst.iterrows():
            assert table.loc[name, ["worst_low", "worst_high"]].tolist() == row[["worst_low", "worst_high"]].tolist()
            assert table.loc[name, "minimax"] == ("" if one_of_many else row["minimax"])


terms = st.tuples(st.sampled_from([1.0, 2.0]), st.sampled_from([0.9, 0.95]))
offers = st.tuples(st.lists(terms, min_size=2, max_size=2), st.permutations(["gold", "basic"]), st.booleans())


def offering(given_terms: list[tuple[float, float]], names: list[str], one_tier: bool) -> cts.Network:
    """Customers A and B with a lead time and a reliability each, in tiers of these names; in one, where they may."""
    tiers = [names[0], names[0] if one_tier and given_terms[0] == given_terms[1] else names[1]]
    promised = dict(zip(tiers, given_terms, strict=True))
    return cts.network({
        "sites": table({"site": "P", "kind": "plant"}),
        "customers": table(*({"customer": c, "tier": tier} for c, tier in zip("AB", tiers, strict=True))),
        "demand": table({"customer": "A", "quantity": 1}, {"customer": "B", "quantity": 1}),
        "tiers": table(*({"tier": tier, "rank": rank} for rank, tier in enumerate(promised, 1))),
        "promises": table(*({"tier": tier, "lead_time": days, "reliability": share}
                            for tier, (days, share) in promised.items())),
        "rates": rates(P_A=1, P_B=1)})


@fixed(6)
@given(offers, offers)
def test_networks_promise_the_same_where_each_customer_is_promised_the_same(one, other) -> None:
    """Whatever the tiers are called, and whether two with the same promise are one."""
    assert (promises_of(offering(*one)) == promises_of(offering(*other))) == (one[0] == other[0])
