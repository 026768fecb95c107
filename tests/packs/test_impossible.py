"""A scenario that cannot have a plan is a result; the others are solved. Warnings say once what several share."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

import ctsopt as cts
from ctsopt.packs.pack import check_pack
from tests.often import sampled
from tests.packs.pack_files import HEAD, folder, model, pack_file

PACK = HEAD + """
scenarios:
  tight: {apply: [{table: promises, where: {tier: gold}, set: {lead_time: 0.1}}]}
  shut: {apply: [{close: {kind: dc}}]}
  fine: {apply: [{close: E}]}
sweeps:
  days: {axes: {d: {table: promises, where: {tier: gold}, op: set, column: lead_time, values: [0.1, 0.5]}}}
states: {low: {apply: [{table: demand, scale: {quantity: 0.5}}]}}
compare: {regret: states, against: tight}
solve: {gap: 0}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("impossible"))


@pytest.mark.slow
def test_one_impossible_scenario_is_a_row_with_its_reason(home: Path) -> None:
    """By van, 100 km at 500 km a day take 0.2 days: nobody is reached in 0.1; without a dc no lane ends at anybody."""
    findings = check_pack(pack_file(home, PACK))
    assert not findings.errors
    assert {f.rule for f in findings.warnings} == {"unreachable_customer"}
    pack = cts.read_pack(home / "pack.yaml")
    names = ["tight", "shut", "fine", "days_0.1", "days_0.5", "tight @ low", "fine @ low"]
    result = cts.run(pack, workers=1, cache=home / "cache", only=names)
    outcome = result.rows.set_index("scenario")["outcome"]
    assert {name for name in outcome.index if outcome[name] == "infeasible"} == {
        "tight", "shut", "days_0.1", "tight @ low"}
    assert set(outcome) == {"infeasible", "proven"}
    assert result.failed == ["tight", "shut", "days_0.1", "tight @ low"]
    message = result.rows.set_index("scenario")["message"]
    assert "there can be no plan" in message["tight"]
    assert "the fastest way is from D by truck, 0.20 days" in message["tight"]
    assert "no lane reaches it but from D, which is closed or may not be opened and 3 more" in message["shut"]
    found = result.compare()
    assert found.notes == ("compared with today, not with tight as the pack says: tight has no plan",)
    rows = found.scenarios.set_index("scenario")
    assert rows.loc["shut", "message"] == message["shut"]
    assert rows["cost"].notna().to_dict() == {"today": True, "tight": False, "shut": False, "fine": True,
                                              "days_0.1": False, "days_0.5": True}
    assert "shut: infeasible. there can be no plan" in str(found)


def test_a_fault_of_writing_stays_a_fault(home: Path) -> None:
    text = HEAD + "scenarios: {a: {apply: [{table: tiers, where: {tier: gold}, drop: true}]}}\n"
    assert "unknown_reference" in {f.rule for f in check_pack(pack_file(home, text, "faulty.yaml")).errors}


@pytest.mark.slow
def test_what_several_scenarios_share_is_said_once(home: Path) -> None:
    """Ten scenarios without the customers of a tier: it is without customers, which goes without saying; and a speed
    per hour, which does not, is one warning for all ten.
    """
    slow = "{table: modes, where: {mode: truck}, set: {speed: 80}}"
    moved = "{table: customers, where: {tier: gold}, set: {tier: standard}}"
    cases = "\n".join(f"  s{n}: {{apply: [{moved}, speed, {{table: demand, scale: {{quantity: {n}}}}}]}}"
                      for n in range(2, 12))
    text = HEAD + f"overrides: {{speed: [{slow}]}}\nscenarios:\n{cases}\n"
    findings = check_pack(pack_file(home, text, "many.yaml"))
    assert [(f.rule, "and 8 more" in f.message) for f in findings] == [("speed_per_hour", True)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(8), every=8))
def test_impossible_scenarios_at_random_have_reasons_and_the_others_costs(tmp_path: Path, seed: int) -> None:
    """100 km take 0.2 days; E holds 300; 0.00625 a unit on either leg; 50 for D, which is there, and 40 for E.

    So there is no plan where gold is promised less, or where D is closed, and E is, too, or has not the room.
    """
    draw = Random(seed)
    scenarios, expected = [], {"today": ("proven", 55.0, "")}
    for name in "abcd":
        closed = draw.choice([[], ["D"], ["E"], ["D"], ["D", "E"]])
        lead, grown = draw.choice([0.1, 0.19, 0.25, 1.0, 3.0]), draw.choice([0.25, 0.5, 0.75, 1.0, 2.0])
        edits = [{"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": lead}},
                 {"table": "demand", "scale": {"quantity": grown}}, *([{"close": closed}] if closed else [])]
        scenarios.append(cts.Scenario(name, edits))
        if lead < 0.2 or closed == ["D", "E"]:
            expected[name] = "infeasible", None, "there can be no plan"
        elif closed == ["D"] and 400 * grown > 300:
            expected[name] = "infeasible", None, "the promises cannot all be kept"
        else:
            expected[name] = "proven", 5 * grown + (40 if closed == ["D"] else 50), ""
    result = cts.run(cts.Pack.of(model(), scenarios, solve={"gap": 0}), workers=1, cache=tmp_path)
    assert result.rows["scenario"].tolist() == list(expected)
    for row in result.rows.to_dict("records"):
        outcome, cost, reason = expected[row["scenario"]]
        assert row["outcome"] == outcome, row
        assert row["cost"] == pytest.approx(float("nan") if cost is None else cost, nan_ok=True)
        assert row["message"].startswith(reason)
        assert bool(row["message"]) == (outcome == "infeasible")
    assert result.failed == [name for name, (outcome, _, _) in expected.items() if outcome == "infeasible"]
