"""The packs that travel along: what they promise is in them, and what they say follows from the model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples

FOLDER = examples.pack_folder()


@pytest.fixture(scope="module")
def tiers() -> cts.Pack:
    return cts.read_pack(examples.pack("tier_structures"))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tiers", FOLDER / "tier_structures" / "make_tiers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tier_structures_is_the_study_it_says(tiers: cts.Pack) -> None:
    assert not tiers.findings, str(tiers.findings)
    kinds = pd.Series([case.kind for case in tiers.cases]).value_counts()
    assert kinds["scenario"] >= 12
    assert kinds["sweep"] >= 3
    assert {edit.values.get("lead_time") for case in tiers.cases if case.kind == "sweep" for edit in case.edits} == {
        "1.75", "2.5", "2.75", "3"}
    assert all(case.note or case.parent != "today" for case in tiers.cases[1:])
    assert len(set(tiers.hashes.values())) == len(tiers)  # each one changes something, and something else


@pytest.mark.slow
def test_structures_move_the_customers_that_they_say(tiers: cts.Pack) -> None:
    """The README of retail_us: 55 online customers are gold, 79 big stores silver, 141 small ones bronze."""
    def counts(name: str) -> dict[str, int]:
        return tiers.network(name).tables["customers"]["tier"].value_counts().to_dict()

    assert counts("today") == {"gold": 55, "silver": 79, "bronze": 141}
    assert counts("uniform") == {"silver": 275}
    assert counts("two_tiers_up") == {"gold": 55, "silver": 79 + 141}
    assert counts("two_tiers_down") == {"gold": 55, "bronze": 79 + 141}
    demand = {name: tiers.network(name).tables["demand"]["quantity"].sum() for name in ("today", "more_demand")}
    assert demand["more_demand"] == pytest.approx(1.15 * demand["today"])


def test_the_table_of_tiers_is_that_of_the_rule(tiers: cts.Pack) -> None:
    moved = pd.read_csv(FOLDER / "tier_structures" / "tiers_by_cost_to_serve.csv").set_index("customer")["tier"]
    customers = tiers.base.tables["customers"].set_index("customer")
    before, channel = customers["tier"].reindex(moved.index), customers["group"].reindex(moved.index)
    assert (moved != before).all()
    assert set(moved[channel == "online"]) <= {"silver"}
    assert set(moved[channel != "online"]) == {"silver", "bronze"}
    applied = tiers.network("by_cost_to_serve").tables["customers"].set_index("customer")["tier"]
    assert applied.reindex(moved.index).tolist() == moved.tolist()


def test_ratio_of_two_dcs_by_hand(script: ModuleType) -> None:
    """One channel, one product. A box from East bears 60,000 / 45,000 of its site, one from West 50,000 / 15,000."""
    sol = cts.solve(cts.read(examples.path("two_dcs")), gap=0.0)
    east, west, average = 60_000 / 45_000, 50_000 / 15_000, 633_500 / 60_000
    per_box = {"A": 7.90 + east, "B": 8.80 + east, "C": 8.70 + west, "D": (10.90 + east + 9.60 + west) / 2}
    assert script.ratios(sol).to_dict() == pytest.approx({name: cost / average for name, cost in per_box.items()})


@pytest.mark.long
def test_the_script_makes_the_committed_table(script: ModuleType, tmp_path: Path) -> None:
    plan = cts.solve(cts.read(examples.path("retail_us")), gap=1e-4, links="all")
    script.tiers(plan).to_csv(tmp_path / "made.csv", index=False, lineterminator="\n")
    committed = FOLDER / "tier_structures" / "tiers_by_cost_to_serve.csv"
    assert (tmp_path / "made.csv").read_text(encoding="utf-8") == committed.read_text(encoding="utf-8")


@pytest.mark.slow
def test_three_bases_worked_out_on_paper(tmp_path: Path) -> None:
    """The README of two_dcs prices every box; here without West's opening cost of 10,000 a year."""
    pack = cts.read_pack(examples.pack("three_bases"))
    assert set(pack.probabilities) == {"low", "mid", "high"}
    names = ["today", "as_is", "gold_in_two_days", "one_tier", "small_west"]
    found = cts.run(pack, workers=1, cache=tmp_path, only=names).compare()
    cost = found.scenarios.set_index("scenario")["cost"]
    assert (found.against, found.as_is) == ("today", "as_is")
    assert cost["today"] == pytest.approx(623_500)
    assert cost["as_is"] == pytest.approx(630_000)  # 5,000 boxes of D from East: 1.30 dearer
    # West closes: its 40,000 are saved; C comes from East by carrier at 11.90 in place of 8.70, and 5,000 boxes of D
    # at 10.90 in place of 9.60: 32,000 + 6,500.
    assert cost["gold_in_two_days"] == pytest.approx(623_500 - 40_000 + 32_000 + 6_500)
    assert cost["one_tier"] == pytest.approx(cost["gold_in_two_days"])
    assert cost["small_west"] == pytest.approx(623_500 + 2_500 * 1.30)  # 50 pallets, 2,500 boxes, come from East


# ---- price_of_gold -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_price_of_gold_asks_what_it_says() -> None:
    pack = cts.read_pack(examples.pack("price_of_gold"))
    assert not pack.findings, str(pack.findings)
    assert len(pack) == 10
    assert pack.hashes["gold_2_days_0.95"] == pack.hashes["today"]
    assert len(set(pack.hashes.values())) == 9
    assert {case.role for case in pack.cases if "stress" in case.tags} == {"sensitivity"}
    tiers = {name: set(pack.network(name).tables["customers"]["tier"]) for name in ("today", "two_tiers", "one_tier")}
    assert tiers == {"today": {"gold", "silver", "bronze"}, "two_tiers": {"gold", "silver"}, "one_tier": {"silver"}}
    for days in ("2", "2.5", "3"):
        for sure in ("0.95", "0.98"):
            promises = pack.network(f"gold_{days}_days_{sure}").tables["promises"]
            gold = promises[promises["tier"] == "gold"]
            assert set(gold["lead_time"]) == {float(days)}
            assert set(gold.loc[gold["on_time_form"] == "each_order", "reliability"]) == {float(sure)}


# ---- stock_of_tiers ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stock() -> cts.Pack:
    return cts.read_pack(examples.pack("stock_of_tiers"))


@pytest.mark.slow
def test_stock_of_tiers_promises_what_it_says(stock: cts.Pack) -> None:
    assert not stock.findings, str(stock.findings)
    assert len(set(stock.hashes.values())) == len(stock) == 12
    assert stock.base == cts.read(examples.path("retail_us"))
    assert stock.base.derived.stocking is None
    wanted = {"uniform": (0.98, 0.98, 0.98), "tiers_pooled": (0.98, 0.95, 0.9), "tiers_separate": (0.98, 0.95, 0.9),
              "tiers_rationed": (0.98, 0.95, 0.9), "all_at_90": (0.9, 0.9, 0.9), "gold_0.995": (0.995, 0.9, 0.9)}
    for name, rates in wanted.items():
        net = stock.network(name)
        assert len(net.findings) == 0, str(net.findings)
        stated = net.tables["promises"].groupby("tier")["fill_rate"].agg(["min", "max"])
        assert stated.loc[["gold", "silver", "bronze"]].to_numpy().tolist() == [[rate, rate] for rate in rates]
        assert net.settings["stock_sharing"] == name.removeprefix("tiers_") if "tiers_" in name else "pooled"


def test_stock_is_kept_where_goods_are_delivered_from(stock: cts.Pack) -> None:
    """33 DCs, four groups; one class where all are promised the same, else up to three to choose from."""
    for name, classes in (("uniform", 1), ("tiers_pooled", 3), ("tiers_rationed", 1)):
        keepers = stock.network(name).derived.stocking
        assert keepers is not None
        assert len(keepers.points) == 33 * 4
        assert set(np.bincount(keepers.configurations.measures["point"])) == {classes}


@pytest.mark.long
def test_one_stock_is_cheaper_than_three_and_rationing_than_pooling(stock: cts.Pack) -> None:
    """On one network and its flows, which are those of the least cost without any stock."""
    plans = {name: cts.solve(stock.network(name), gap=0.005, time_limit=120, stock="after")
             for name in ("uniform", "tiers_pooled", "tiers_separate", "tiers_rationed", "all_at_90")}
    cost = {name: plan.costs.set_index("line")["amount"] for name, plan in plans.items()}
    for line in ("last_mile", "site_fixed", "cycle_stock"):
        assert len({round(lines[line], 2) for lines in cost.values()}) == 1
    safety = {name: lines["safety_stock"] for name, lines in cost.items()}
    assert (safety["all_at_90"] < safety["tiers_rationed"] < safety["tiers_pooled"] <= safety["uniform"]
            < safety["tiers_separate"])
