"""What a case without a plan leaves behind: who goes short, what stands in the way, what can be promised instead."""

from __future__ import annotations

import json
import time

import pytest

import ctsopt as cts
from ctsopt.comparing.outcome import run
from ctsopt.errors import InfeasibleError, UsageError
from ctsopt.running.reasons import TABLES, UNTRIED, document, reasons_of
from ctsopt.running.worker import solve_case
from tests.running.packs import Pack, cheap, impossible
from tests.small import chain, table


def test_an_impossible_case_says_what_can_be_promised_and_what_it_would_take(tmp_path):
    """70 of 100 units pass the dc: 70 % can be kept, or 30 more have to pass; the offer's edits let it be solved."""
    pack = Pack({"today": cheap(), "impossible": impossible()})
    result = run(pack, workers=1, cache=tmp_path)
    assert result.reasons.keys() == {"shortfalls", "reasons", "by_tier", "conflicts", "limits", "volumes", "offers"}
    assert all(frame["scenario"].unique().tolist() == ["impossible"] for frame in result.reasons.values())
    assert result.reasons["by_tier"][["asked", "short", "share"]].to_dict("records") == [
        {"asked": 100, "short": pytest.approx(30), "share": pytest.approx(0.7)}]
    assert result.reasons["volumes"][["tiers", "most", "row"]].to_dict("records") == [
        {"tiers": "standard", "most": 70, "row": "D"}]
    assert result.edits("impossible", "A2") == [{"table": "sites", "where": {"site": "D"}, "set": {"capacity": 100}}]
    assert len(result.instead()) == 3
    for offer in result.offers["offer"]:
        net = pack.networks["impossible"].with_edits(*result.edits("impossible", offer))
        served = cts.solve(net).flows.query("kind == 'delivery'")["quantity"].sum()
        assert served == pytest.approx(70 if offer == "A1" else 100)
    for scenario, offer in (("impossible", "A9"), ("today", "A1")):
        with pytest.raises(UsageError, match=f"{scenario} has no offer '{offer}'"):
            result.edits(scenario, offer)
    again = run(pack, workers=1, cache=tmp_path)
    assert again.rows["from_cache"].all()
    assert again.reasons.keys() == result.reasons.keys()
    assert all(again.reasons[name].equals(frame) for name, frame in result.reasons.items())
    rows = document(result.reasons)
    assert rows["unreached"] == []
    assert rows["offers"][1]["edits"] == result.edits("impossible", "A2")
    assert json.loads(json.dumps(rows["limits"]))[0]["amount"] == pytest.approx(30)


def test_offers_keep_within_the_time_of_the_case():
    """Where the search has used it up, the reasons are told and that offers were not sought is one of them."""
    with pytest.raises(InfeasibleError) as caught:
        cts.solve(impossible())
    frames = reasons_of(caught.value, 0.0)
    assert "offers" not in frames
    assert frames["reasons"]["words"].iloc[-1] == UNTRIED
    assert "offers" in reasons_of(caught.value, 60.0)
    answer = solve_case(impossible(), {"time_limit": 60.0}, None, time.monotonic() - 61.0)
    assert answer.outcome == "infeasible"
    assert "offers" not in answer.reasons
    assert answer.reasons["reasons"]["words"].iloc[-1] == UNTRIED


def test_two_tiers_in_one_row_of_volumes():
    """50 units for two tiers of 40 each: the volume is missing for both together, and both stand in the cell."""
    net = cts.network(chain(
        sites=table({"site": "P", "kind": "plant", "capacity": 50}, {"site": "D", "kind": "dc"}),
        tiers=table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
        customers=table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "basic"}),
        demand=table({"customer": "A", "quantity": 40}, {"customer": "B", "quantity": 40}),
        lanes=table(*({"origin": o, "destination": d, "mode": "*"} for o, d in (("P", "D"), ("D", "A"), ("D", "B"))))))
    answer = solve_case(net, {}, None)
    assert answer.outcome == "infeasible"
    assert set(answer.reasons) <= set(TABLES)
    (volume,) = answer.reasons["volumes"].to_dict("records")
    assert (volume["tiers"], volume["asked"], volume["most"]) == ("gold|basic", 80, 50)
