"""Bridges, tornados and fronts: worked by hand, held against orders written out, and against all possible costs."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt import examples
from ctsopt.comparing.bridges import contributions, line_bridge
from ctsopt.comparing.folder import read_saved, save_run
from ctsopt.comparing.pareto import fronts
from ctsopt.packs.bridging import BridgePlan, TornadoPlan
from ctsopt.packs.pack import check_pack
from ctsopt.results.measures import is_measure, service_of
from tests.small import chain, solved, table

XY = {frozenset(): 1.0, frozenset([0]): 2.0, frozenset([1]): 2.0, frozenset([0, 1]): 4.0}
"""f = x y, from (1, 1) to (2, 2)."""


def exact(values: dict[frozenset[int], float]) -> dict[frozenset[int], cts.Certified]:
    return {members: cts.Certified(value, value, value) for members, value in values.items()}


def subsets(count: int) -> list[frozenset[int]]:
    return [frozenset(c) for size in range(count + 1) for c in itertools.combinations(range(count), size)]


def test_shapley_of_a_product_is_one_and_a_half_each() -> None:
    found = contributions(exact(XY), ["x", "y"], "shapley")
    assert {name: share.point for name, share in found.items()} == {"x": 1.5, "y": 1.5}


def test_steps_of_a_product_leave_an_interaction() -> None:
    found = contributions(exact(XY), ["x", "y"], "steps")
    assert {name: share.point for name, share in found.items()} == {"x": 1.0, "y": 1.0, "interaction": 1.0}


def test_an_override_may_be_called_interaction() -> None:
    found = contributions(exact(XY), ["interaction", "y"], "steps")
    assert [share.point for share in found.values()] == [1, 1, 1]


def test_the_airport_game() -> None:
    """Runways for 8, 11, 13 and 18; S. C. Littlechild and G. Owen (1973): each piece is shared by who needs it, which
    gives 2, 3, 4 and 9.
    """
    lengths = [8.0, 11.0, 13.0, 18.0]
    game = {members: max((lengths[i] for i in members), default=0.0) for members in subsets(4)}
    found = contributions(exact(game), list("abcd"), "shapley")
    assert [share.point for share in found.values()] == pytest.approx([2, 3, 4, 9])


costs = st.tuples(st.integers(0, 50), st.integers(0, 5))


@given(st.data(), st.integers(1, 4), st.sampled_from(["steps", "shapley"]))
def test_parts_add_up_and_hold_for_all_costs_within_the_ends(data: st.DataObject, count: int, method: str) -> None:
    values, truth = {}, {}
    for members in subsets(count):
        bound, gap = data.draw(costs)
        values[members] = cts.Certified.of_plan(float(bound), float(bound + gap))
        truth[members] = bound + gap * data.draw(st.floats(0, 1))
    parts = [f"p{place}" for place in range(count)]
    found = contributions(values, parts, method)
    whole = frozenset(range(count))
    apart = values[whole].point - values[frozenset()].point
    assert math.fsum(share.point for share in found.values()) == pytest.approx(apart, abs=1e-9)
    really = by_orders(truth, count) if method == "shapley" else alone(truth, count)
    for share, true in zip(found.values(), really, strict=True):
        assert share.low - 1e-9 <= true <= share.high + 1e-9
        assert share.low <= share.point <= share.high


def by_orders(truth: dict[frozenset[int], float], count: int) -> list[float]:
    """The mean over all orders, each written out."""
    total = np.zeros(count)
    orders = list(itertools.permutations(range(count)))
    for order in orders:
        for place, member in enumerate(order):
            total[member] += truth[frozenset(order[:place + 1])] - truth[frozenset(order[:place])]
    return (total / len(orders)).tolist()


def alone(truth: dict[frozenset[int], float], count: int) -> list[float]:
    effects = [truth[frozenset([member])] - truth[frozenset()] for member in range(count)]
    rest = truth[frozenset(range(count))] - truth[frozenset()] - sum(effects)
    return [*effects, rest] if count > 1 else effects


@pytest.mark.slow
def test_line_bridge_adds_up_with_penalties_apart() -> None:
    """60 of 100 units at 3 + 2 and 40 missing at 10 each, against 100 units at 3.6 + 2."""
    short = solved(chain(tiers=table({"tier": "gold", "shortage_cost": 10}),
                         promises=table({"tier": "gold", "served_fraction": 0.5}),
                         customers=table({"customer": "C", "tier": "gold"}),
                         site_products=table({"site": "P", "make_cost": 3, "make_capacity": 60})))
    full = solved(chain(site_products=table({"site": "P", "make_cost": 3.6})))
    rows = line_bridge(short, full).set_index("part")
    assert rows.loc["start", ["cash", "penalty", "point"]].tolist() == pytest.approx([300, 400, 700])
    assert rows.loc["production", "point"] == pytest.approx(180)
    assert rows.loc["shortage", ["cash", "penalty"]].tolist() == pytest.approx([0, -400])
    assert rows.loc["end", "point"] == pytest.approx(560)
    assert rows.loc["difference", ["low", "point", "high"]].tolist() == pytest.approx([-140, -140, -140])
    lines = rows[rows["kind"] == "line"]
    assert lines.index.tolist()[-1] == "shortage"
    for column in ("point", "cash", "penalty"):
        assert rows.loc["start", column] + lines[column].sum() == pytest.approx(rows.loc["end", column], abs=1e-9)


PACK = """
schema: ctsopt/pack/1
model: two_dcs
solve: {gap: 0}
overrides:
  dear: [{table: modes, where: {mode: carrier}, add: {fuel_surcharge: 0.1}}]
  patient: [{table: promises, where: {tier: gold}, set: {lead_time: 2}}]
scenarios:
  dear: {apply: [dear]}
  both: {extends: dear, apply: [patient]}
  in_place:
    apply:
      - {table: modes, where: {mode: carrier}, add: {fuel_surcharge: 0.1}}
      - {table: promises, where: {tier: gold}, set: {lead_time: 2}}
sweeps:
  one: {combine: one_at_a_time, axes: {
    fuel: {table: modes, where: {mode: carrier}, op: add, column: fuel_surcharge, values: [-0.05, 0.05]},
    growth: {table: demand, op: scale, column: quantity, values: [0.9, 1.05]}}}
compare:
  bridge: [{to: both, method: shapley}, {from: today, to: in_place}]
  tornado: one
  pareto: within_0.9
""".lstrip()


def write(path: Path, text: str = PACK) -> Path:
    file = path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> cts.PackResult:
    folder = tmp_path_factory.mktemp("bridges")
    return cts.run(write(folder), workers=1, cache=folder / "cache")


@pytest.mark.slow
def test_what_a_pack_solves_for_its_bridges(result: cts.PackResult) -> None:
    pack = result.pack
    bridging = [case.name for case in pack.cases if case.kind == "bridge"]
    assert bridging == ["today ~ 1 of both", "today ~ 2 of both", "today ~ 1 of in_place", "today ~ 2 of in_place"]
    assert [plan.parts for plan in pack.bridges] == [("dear", "patient"), ("in_place, edit 1", "in_place, edit 2")]
    assert pack["today ~ 2 of both"].note == "today with patient"
    # The first of them is the scenario `dear`, and the third, too: they are not solved again.
    rows = result.rows.set_index("scenario")
    assert rows.loc["today ~ 1 of both", "key"] == rows.loc["dear", "key"]
    assert rows.loc["today ~ 1 of in_place", "from_cache"]
    assert not set(bridging) & set(result.compare().scenarios["scenario"])


@pytest.mark.slow
def test_the_bridge_of_two_dcs_by_hand(result: cts.PackResult) -> None:
    """Last mile is 157,500 at a surcharge of 0.25, so a tenth more is 12,600; two days for gold save 11,500, see
    models/two_dcs/README.md. Then C and D come from East over 600 and 500 km: last mile is 40,000 + 58,000 + 60,000 +
    50,000 = 208,000, and a tenth of fuel costs 16,640. So 4,040 is what they do together.
    """
    cost = result.rows.set_index("scenario")["cost"]
    single = {"dear": cost["today ~ 1 of both"] - cost["today"], "patient": cost["today ~ 2 of both"] - cost["today"]}
    assert single["dear"] == pytest.approx(157_500 / 1.25 * 0.1)
    assert single["patient"] == pytest.approx(-11_500)
    rest = cost["both"] - cost["today"] - sum(single.values())
    assert rest == pytest.approx(4_040)
    found = result.compare().bridges.set_index(["method", "part"])["point"]
    assert found["steps", "in_place, edit 1"] == pytest.approx(single["dear"])
    assert found["steps", "interaction"] == pytest.approx(rest)
    # Of two overrides each bears half of what they do together.
    assert found["shapley", "dear"] == pytest.approx(single["dear"] + rest / 2)
    assert found["shapley", "patient"] == pytest.approx(single["patient"] + rest / 2)


@pytest.mark.slow
def test_every_bridge_of_a_pack_adds_up(result: cts.PackResult) -> None:
    bridges = result.compare().bridges
    assert set(zip(bridges["bridge"], bridges["method"], strict=True)) == {
        ("today to both", "lines"), ("today to both", "shapley"), ("today to in_place", "lines"),
        ("today to in_place", "steps")}
    for _, rows in bridges.groupby(["bridge", "method"]):
        by = rows.set_index("kind")
        between = rows[rows["kind"].isin(["line", "override", "interaction"])]
        for column in ("point", "cash", "penalty"):
            assert between[column].sum() == pytest.approx(by.loc["difference", column], rel=1e-9)
            assert by.loc["start", column] + between[column].sum() == pytest.approx(by.loc["end", column], rel=1e-12)


@pytest.mark.slow
def test_the_tornado_by_hand(result: cts.PackResult) -> None:
    """Half of the 12,600 that a tenth of fuel costs, each way; demand moves more, so it stands first."""
    frame = result.compare().tornado
    assert frame["axis"].tolist() == ["growth", "growth", "fuel", "fuel"]
    fuel = frame[frame["axis"] == "fuel"]
    assert fuel["point"].tolist() == pytest.approx([-6_300, 6_300])
    assert fuel["swing"].tolist() == pytest.approx([12_600, 12_600])
    assert (fuel["low"] <= fuel["point"]).all()
    assert fuel["verdict"].tolist() == ["cheaper", "dearer"]


@pytest.mark.slow
def test_a_saved_run_has_the_same_bridges(result: cts.PackResult, tmp_path: Path) -> None:
    save_run(result, tmp_path / "run", result.compare())
    again, found = read_saved([tmp_path / "run"]).compare(), result.compare()
    for name in ("bridges", "tornado", "pareto"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    assert "From today to both, by override, Shapley values" in str(again)
    assert [(tmp_path / "run" / f"{name}.csv").is_file() for name in ("bridges", "tornado", "pareto")] == [True] * 3


@pytest.mark.slow
def test_a_bridge_over_a_case_without_a_plan_says_so(result: cts.PackResult) -> None:
    some = cts.run(result.pack, workers=1, cache=Path(result.solutions._cache.folder),  # type: ignore[attr-defined]
                   only=["both", "in_place"])
    bridges = some.compare().bridges
    lacking = bridges[bridges["note"] != ""]
    assert lacking["note"].tolist() == ["not solved this time: today ~ 1 of both, today ~ 2 of both",
                                        "not solved this time: today ~ 1 of in_place, today ~ 2 of in_place"]
    assert "Not to be had: not solved this time: today ~ 1 of both" in str(some.compare())


def test_plans_of_bridges_as_plain_values() -> None:
    plan = BridgePlan("a", "b", "steps", ("x", "y"), {frozenset([0, 1]): "b", frozenset(): "a"})
    assert BridgePlan.of_document(plan.document()) == plan
    bars = TornadoPlan("s", "a", (("x", "1", "s_x_1"),))
    assert TornadoPlan.of_document(bars.document()) == bars


@pytest.mark.slow
@pytest.mark.parametrize(("compare", "rule", "words"), [
    ("bridge: {from: today}", "missing_key", "leads nowhere"),
    ("bridge: {to: bith}", "unknown_scenario", "did you mean 'both'"),
    ("bridge: {from: in_place, to: both}", "no_way_between", "both does not extend in_place"),
    ("bridge: {from: both, to: both}", "no_way_between", "no edits lead"),
    ("bridge: {to: both, method: sharply}", "unknown_choice", "did you mean 'shapley'"),
    ("bridge: {to: both, way: steps}", "unknown_key", "from, to, method"),
    ("tornado: oen", "unknown_sweep", "did you mean 'one'"),
    ("tornado: [many]", "not_one_at_a_time", "combine: one_at_a_time"),
    ("pareto: on_tme", "unknown_choice", "did you mean 'on_time'"),
    ("pareto: within_soon", "unknown_choice", "within_ and a number of days"),
])
def test_faults_of_what_is_asked_stand_at_their_line(compare: str, rule: str, words: str, tmp_path: Path) -> None:
    many = "  many: {axes: {a: {table: demand, op: scale, column: quantity, values: [0.8]}}}\n"
    text = PACK.split("compare:\n")[0] + many + f"compare:\n  {compare}\n"
    (found,) = check_pack(write(tmp_path, text)).errors
    assert (found.rule, found.place) == (rule, f"p.yaml:{len(text.splitlines())}")
    assert words in str(cts.DataError(cts.Findings([found])))


def test_shapley_over_seven_overrides_is_too_many(tmp_path: Path) -> None:
    edits = "".join(f"  e{n}: [{{table: demand, scale: {{quantity: 1.0{n}}}}}]\n" for n in range(1, 8))
    text = (f"schema: ctsopt/pack/1\nmodel: two_dcs\noverrides:\n{edits}scenarios:\n"
            "  all: {apply: [e1, e2, e3, e4, e5, e6, e7]}\ncompare: {bridge: {to: all, method: shapley}}\n")
    findings = check_pack(write(tmp_path, text))
    assert [f.rule for f in findings.errors] == ["too_many_overrides"]
    assert "7 overrides lie between today and all" in str(findings)


def test_edits_that_lean_on_others_are_found_before_anything_is_solved(tmp_path: Path) -> None:
    """The second override sets a site that the first inserts."""
    text = """
schema: ctsopt/pack/1
model: two_dcs
overrides:
  new: [{table: sites, insert: [{site: North, kind: dc, status: candidate}]}]
  held: [{table: sites, where: {site: North}, set: {capacity: 900}}]
scenarios:
  all: {apply: [new, held]}
compare: {bridge: {to: all}}
""".lstrip()
    findings = check_pack(write(tmp_path, text))
    assert [f.rule for f in findings.errors] == ["no_rows"], str(findings)
    assert "in today ~ 2 of all" in str(findings)


def test_fronts_by_hand() -> None:
    """b serves as well as a for less than a's bound; c serves as well as b, and might cost less in the end."""
    service = {"a": {"m": 0.9}, "b": {"m": 0.9}, "c": {"m": 0.9}, "best": {"m": 1.0}, "worse": {"m": 0.8},
               "other": {"m": 1.0}, "unknown": {"m": math.nan}}
    ends = {"a": (95.0, 100.0), "b": (80.0, 90.0), "c": (85.0, 92.0), "best": (120.0, 120.0), "worse": (90.0, 91.0),
            "other": (1.0, 1.0), "unknown": (1.0, 1.0)}
    demand = dict.fromkeys(service, 50.0) | {"other": 5.0}
    found = fronts(service, ends, demand).set_index("scenario")
    assert found["status"].to_dict() == {
        "a": "dominated", "b": "front", "c": "perhaps dominated", "best": "front", "worse": "dominated",
        "other": "front"}
    assert found["dominated_by"].to_dict() == {"a": "b", "b": "", "c": "b", "best": "", "worse": "b", "other": ""}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=6),
       st.data())
def test_what_is_proven_to_be_dominated_is_so_for_all_least_costs(rows: list[tuple[int, int, int]],
                                                                  data: st.DataObject) -> None:
    names = [f"s{place}" for place in range(len(rows))]
    service = {name: {"m": row[0] / 3} for name, row in zip(names, rows, strict=True)}
    ends = {name: (float(row[1]), float(row[1] + row[2])) for name, row in zip(names, rows, strict=True)}
    truth = {name: data.draw(st.floats(*pair)) for name, pair in ends.items()}
    for row in fronts(service, ends, dict.fromkeys(names, 1.0)).to_dict("records"):
        name, by = row["scenario"], row["dominated_by"]
        if row["status"] == "dominated":
            # The plan of the other one is at hand, at its cost: whatever A can come to, it is not cheaper.
            assert service[by]["m"] >= service[name]["m"]
            assert ends[by][1] <= truth[name]
        else:
            assert not any(service[o]["m"] >= service[name]["m"] and ends[o][1] < ends[name][0] for o in names)
        assert (row["status"] == "front") == (by == "")


@pytest.mark.parametrize(("name", "good"), [
    ("on_time", True), ("served", True), ("within_2", True), ("within_0.5", True), ("within_", False),
    ("within_x", False), ("within_1.2.3", False), ("within_inf", False), ("within_-1", False), ("", False)])
def test_names_of_measures(name: str, good: bool) -> None:
    assert is_measure(name) == good


@pytest.mark.slow
def test_service_by_measure_of_two_dcs(result: cts.PackResult) -> None:
    """55,000 of 60,000 boxes come within 0.9 days, see models/two_dcs/README.md."""
    pareto = result.compare().pareto
    assert pareto["measure"].iloc[0] == "within_0.9"
    today = pareto[pareto["scenario"] == "today"].set_index("measure")["service"]
    assert today.to_dict() == pytest.approx({"within_0.9": 55 / 60, "on_time": 1, "served": 1, "within_1": 55 / 60,
                                             "within_2": 1, "within_3": 1})


@pytest.mark.slow
def test_bars_of_a_tornado_are_no_choices(result: cts.PackResult, tmp_path: Path) -> None:
    """They are on no front, and are not solved in states of demand; cases of bridges are not, either."""
    assert set(result.compare().pareto["scenario"]) == {"today", "both", "in_place"}  # dearer fuel is no choice, either
    text = PACK.replace("compare:\n", "states: {low: {apply: [{table: demand, scale: {quantity: 0.9}}]}}\n"
                                      "compare:\n  regret: states\n")
    names = cts.read_pack(write(tmp_path, text)).names
    assert [name for name in names if "@" in name] == ["today @ low", "dear @ low", "both @ low", "in_place @ low"]


def test_fill_rate_is_weighted_by_what_customers_get_from_stock(result: cts.PackResult) -> None:
    """30 a day at 0.9 and 10 at 0.98: 36.8 of 40. What goes to other sites, and what no stock is sized on, is left out.
    """
    today = result.solutions["today"]
    assert math.isnan(service_of(today, ["fill_rate"])["fill_rate"])
    stock = pd.DataFrame({"volume": [30.0, 10.0, 99.0, 50.0], "exact_fill_rate": [0.9, 0.98, 0.5, math.nan],
                          "tiers": ["gold", "gold, standard", "other sites", "gold"]})
    stocked = replace(today, tables={**today.tables, "stock": stock})
    assert service_of(stocked, ["fill_rate"])["fill_rate"] == pytest.approx(36.8 / 40)


@pytest.mark.slow
def test_a_bridge_from_python() -> None:
    """Edits of a scenario in Python are overrides of their own; a fault is told as in a file."""
    net = cts.read(examples.path("two_dcs"))
    both = cts.Scenario("both", [{"table": "modes", "where": {"mode": "carrier"}, "add": {"fuel_surcharge": 0.1}},
                                 {"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": 2}}])
    pack = cts.Pack.of(net, [both], solve={"gap": 0}, compare={"bridge": [{"to": "both"}], "pareto": "within_1.5"})
    assert [plan.parts for plan in pack.bridges] == [("both, edit 1", "both, edit 2")]
    assert pack.compare == {"pareto": "within_1.5"}
    with pytest.raises(cts.DataError, match="unknown_scenario"):
        cts.Pack.of(net, [both], compare={"bridge": {"to": "bth"}})
    with pytest.raises(cts.DataError, match="unknown_key"):
        cts.Pack.of(net, [both], compare={"bridges": {"to": "both"}})
