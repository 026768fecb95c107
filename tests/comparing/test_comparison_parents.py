"""Each scenario beside the one that it extends, and what is no choice at all: figures worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.comparing.comparison import compare
from ctsopt.comparing.facts import Facts
from ctsopt.comparing.folder import read_saved, save_run
from ctsopt.packs.roles import role_of
from ctsopt.tables.edits.parts import Edit
from tests.comparing.test_comparison import per_unit, row, with_gap
from tests.packs.pack_files import HEAD, folder, model, pack_file


def facts(**columns: list[str]) -> Facts:
    frame = pd.DataFrame(columns)
    for name in ("parent", "kind", "role", "state", "tags", "outcome", "message", "key"):
        if name not in frame:
            frame[name] = ""
    return Facts(frame)


@pytest.fixture(scope="module")
def found() -> cts.Comparison:
    """The frozen as-is costs 600, flows set free 500, an upgrade of that 520; rents a tenth lower 450.

    Bounds 600, 490, 505, 450.
    """
    plans = {"as_is": per_unit(4), "free": with_gap(per_unit(3), 490.0), "upgrade": with_gap(per_unit(3.2), 505.0),
             "low_rent": per_unit(2.5)}
    return compare(plans, against="as_is", facts=facts(
        scenario=list(plans), parent=["", "as_is", "free", "free"],
        role=["basis", "choice", "choice", "sensitivity"]))


def test_an_upgrade_is_dearer_than_its_parent_though_it_is_cheaper_than_a_frozen_as_is(found: cts.Comparison) -> None:
    upgrade = row(found.scenarios, "upgrade")
    assert upgrade["verdict"] == "cheaper"  # 520 is below 600
    assert (upgrade["parent"], upgrade["parent_verdict"]) == ("free", "dearer")
    # 505 to 520 less 490 to 500.
    assert upgrade[["parent_low", "parent_point", "parent_high"]].tolist() == pytest.approx([5, 20, 30])
    apart = found.from_parent("upgrade")
    assert (apart.low, apart.point, apart.high) == pytest.approx((5, 20, 30))
    assert found.parents == {"free": "as_is", "upgrade": "free", "low_rent": "free"}
    with pytest.raises(cts.UsageError, match="there are: free, upgrade, low_rent"):
        found.from_parent("as_is")
    assert "What each adds to the scenario that it extends" in str(found)
    assert ["upgrade", "free", "+20", "+5", "+30", "dearer"] in [line.split() for line in str(found).splitlines()]


def test_cost_lines_of_the_step_from_the_parent_add_up_to_it(found: cts.Comparison) -> None:
    sums = found.differences.groupby("scenario")[["amount", "parent_amount"]].sum(min_count=1)
    assert sums["amount"].to_dict() == pytest.approx({"free": -100, "upgrade": -80, "low_rent": -150})
    assert sums["parent_amount"].to_dict() == pytest.approx({"free": -100, "upgrade": 20, "low_rent": -50})


def test_what_may_happen_has_no_rank_and_is_on_no_front(found: cts.Comparison) -> None:
    rent = row(found.scenarios, "low_rent")
    assert rent["role"] == "sensitivity"
    assert math.isnan(rent["best_rank"])
    ranks = found.scenarios.set_index("scenario")["best_rank"].dropna()
    assert ranks.to_dict() == {"as_is": 3, "free": 1, "upgrade": 2}
    assert "low_rent" not in set(found.pareto["scenario"])
    assert set(found.pareto["dominated_by"]) <= {"", "free", "upgrade"}
    happens = str(found).partition("What may happen, which is no choice")[2]
    assert "low_rent" in happens.partition("\n\n")[0]
    assert "low_rent" not in str(found).partition("scenarios have a plan")[2].partition("\n\n")[0]


@pytest.mark.slow
def test_as_is_and_what_others_are_compared_with_in_one_split_nothing(found: cts.Comparison) -> None:
    plans = {"as_is": per_unit(4), "free": per_unit(3)}
    assert compare(plans, against="as_is", as_is="as_is").bases.empty
    assert len(compare(plans, against="free", as_is="as_is").bases) == 1


PACK = """
baseline: as_run
overrides:
  bare: [{table: sites, where: {site: D}, scale: {fixed_cost: 0.9}}]
scenarios:
  rent_down: {apply: [bare]}
  our_rent: {apply: [bare], role: choice}
  close_d: {apply: [{table: sites, where: {site: D}, set: {status: closed}}]}
  open_e_dear: {apply: [{table: sites, where: {site: E}, set: {status: open}}, bare]}
  storm: {apply: [{table: lanes, where: {origin: P, destination: D}, drop: true}], role: sensitivity}
sweeps:
  rent: {axes: {by: {table: sites, op: scale, column: fixed_cost, values: [0.9, 1.1]}}, combine: one_at_a_time}
  room: {axes: {by: {table: sites, where: {site: E}, op: set, column: capacity, values: [200]}}, combine: one_at_a_time}
  size: {axes: {by: {table: sites, where: {site: E}, op: scale, column: capacity, values: [0.5]}}}
states: {low: {apply: [{table: demand, scale: {quantity: 0.5}}]}}
compare: {tornado: [room], regret: states}
"""


@pytest.mark.slow
def test_who_is_a_choice(tmp_path: Path) -> None:
    """A rent that falls is none, unless it is said to be; a bar of a tornado is none; what is decided is one."""
    pack = cts.read_pack(pack_file(folder(tmp_path), HEAD + PACK))
    assert {case.name: case.role for case in pack.cases if not case.state} == {
        "as_run": "basis", "rent_down": "sensitivity", "our_rent": "choice", "close_d": "choice",
        "open_e_dear": "choice", "storm": "sensitivity", "rent_by_0.9": "sensitivity", "rent_by_1.1": "sensitivity",
        "room_by_200": "sensitivity", "size_0.5": "choice"}
    in_states = {case.parent for case in pack.cases if case.state}
    assert "storm" not in in_states
    assert "room_by_200" not in in_states
    assert {case.role for case in pack.cases if case.state} == {"sensitivity"}


def test_a_role_that_is_none(tmp_path: Path) -> None:
    text = HEAD + "scenarios: {a: {role: risk, apply: [{table: demand, scale: {quantity: 2}}]}}\n"
    finding, = cts.check_pack(pack_file(folder(tmp_path), text)).errors
    assert finding.candidates == ("choice", "sensitivity")
    with pytest.raises(cts.UsageError, match="role = 'risk'"):
        cts.Pack.of(model(), [cts.Scenario("a", role="risk")])


@given(st.lists(st.sampled_from(["scale", "add", "set"]), min_size=1, max_size=3),
       st.lists(st.sampled_from(["fixed_cost", "capacity"]), min_size=1, max_size=3))
def test_one_edit_that_decides_makes_a_choice(ops: list[str], columns: list[str]) -> None:
    edits = [Edit("sites", op, {column: "1"}) for op, column in zip(ops, columns, strict=False)]
    decides = any(edit.op == "set" or "capacity" in edit.values for edit in edits)
    assert role_of(edits) == ("choice" if decides else "sensitivity")


# ---- regret among equal promises -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_regret_does_not_recommend_the_loosest_promise(tmp_path: Path) -> None:
    """A looser promise can only be cheaper: it is held against what promises the same, here nothing.

    Delivered from D at 100 km: 0.0625 a unit by truck (0.25 on top) or 1.25 by van; two days for gold change nothing in
    cost here but the network's right to do so.
    """
    text = HEAD + """
scenarios:
  with_e: {apply: [{table: sites, where: {site: E}, set: {status: open, may_close: true}}]}
  loose: {apply: [{table: promises, set: {lead_time: 30}}]}
states:
  low: {apply: [{table: demand, scale: {quantity: 0.5}}]}
  high: {apply: [{table: demand, scale: {quantity: 0.9}}]}
compare: {regret: states}
solve: {gap: 0}
"""
    pack = cts.read_pack(pack_file(folder(tmp_path), text))
    result = cts.run(pack, workers=1, cache=tmp_path / "cache")
    regret = result.compare().regret.set_index("scenario")
    assert regret["promises"].to_dict() == {"today": "today", "with_e": "today", "loose": "loose"}
    assert regret.loc["loose", "minimax"] == ""
    assert (regret.loc[["today", "with_e"], "minimax"] != "").any()
    saved = read_saved([save_run(result, tmp_path / "run", result.compare())]).compare()
    pd.testing.assert_frame_equal(saved.regret, result.compare().regret)
    pd.testing.assert_frame_equal(saved.scenarios, result.compare().scenarios)


# ---- some cases alone ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cases_that_were_not_asked_for_are_not_said_to_have_no_plan(tmp_path: Path) -> None:
    text = HEAD + """
overrides:
  a: [{table: modes, add: {fuel_surcharge: 0.1}}]
  b: [{table: sites, where: {site: D}, set: {fixed_cost: 60}}]
scenarios:
  base: {apply: [{table: sites, where: {site: E}, set: {status: closed}}]}
  both: {apply: [a, b]}
sweeps:
  bars: {axes: {rent: {table: sites, op: scale, column: fixed_cost, values: [0.9, 1.1]}}, combine: one_at_a_time}
compare: {against: base, tornado: [bars], bridge: {from: today, to: both}}
solve: {gap: 0}
"""
    pack = cts.read_pack(pack_file(folder(tmp_path), text))
    some = cts.run(pack, workers=1, cache=tmp_path / "cache", only=["both"]).compare()
    assert "no plan" not in str(some)
    assert some.tornado.empty
    assert some.notes == ("compared with today, not with base as the pack says: base was not asked for (--only base)",)
    assert some.notes[0] in str(some)
    assert "not solved this time: today ~ 1 of both" in str(some)
    one = cts.run(pack, workers=1, cache=tmp_path / "cache", only=["bars_rent_0.9", "base"]).compare()
    assert one.tornado["value"].tolist() == ["0.9"]
    assert one.notes == ()
