"""The example in which stock decides on a distribution centre: the figures of its README, and every assignment."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

import ctsopt as cts
from tests.oracle_tables import Network, read
from tests.small import costs, is_open
from tests.stock_enumeration import Enumeration, after

MODEL = Path(__file__).parents[2] / "models" / "joint_stock"

FIRST = {"site_fixed": 18_000, "line_haul": 8_510, "last_mile": 36_200, "pipeline_stock": 71_957,
         "cycle_stock": 53_877, "safety_stock": 69_746}
JOINT = {"site_fixed": 12_000, "line_haul": 7_973, "last_mile": 47_165, "pipeline_stock": 70_815,
         "cycle_stock": 53_877, "safety_stock": 47_471}


def network(sharing: str) -> Network:
    """The tables as the oracle reads them."""
    settings = dict(YAML(typ="safe").load(MODEL / "model.yaml"))
    return read({f.stem: pd.read_csv(f) for f in MODEL.glob("*.csv")}, settings | {"stock_sharing": sharing})


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.read(MODEL)


def test_no_findings(net: cts.Network) -> None:
    assert len(net.findings) == 0, str(net.findings)


@pytest.mark.slow
def test_cost_lines(net: cts.Network) -> None:
    """Both columns of the README, and the sites that are open."""
    first, joint = cts.solve(net, gap=0, stock="after"), cts.solve(net, gap=1e-6)
    assert costs(first) == pytest.approx(FIRST, abs=0.5)
    assert costs(joint) == pytest.approx(JOINT, abs=0.5)
    assert is_open(first) == {"Ulm", "Antwerp", "Lyon", "Leipzig"}
    assert is_open(joint) == {"Ulm", "Lyon", "Leipzig"}
    served = joint.flows[joint.flows["kind"] == "delivery"].set_index("customer")["origin"]
    assert set(served["Paris"]) == {"Lyon"}
    assert set(served["Amsterdam"]) == {"Leipzig"}


@pytest.mark.slow
@pytest.mark.parametrize(("sharing", "first", "joint"), [
    ("separate", 277_942, 250_554), ("pooled", 258_290, 239_300), ("rationed", 248_941, 231_871)])
def test_deciding_stock_with_the_network_saves(net: cts.Network, sharing: str, first: float, joint: float) -> None:
    """What the two plans cost, here and by trying every assignment; at least 3 % are saved, and that is proven."""
    shared = net.with_settings(stock_sharing=sharing)
    designed = cts.solve(shared, gap=0, stock="after")
    together = cts.solve(shared, gap=1e-6)
    assert (designed.total_cost, together.total_cost) == pytest.approx((first, joint), abs=0.5)
    assert together.gap <= 1e-6
    assert together.total_cost <= 0.97 * designed.total_cost
    plans = Enumeration(network(sharing)).plans()
    assert together.total_cost == pytest.approx(plans[0].total, rel=1e-6)
    assert together.bound <= plans[0].total * (1 + 1e-9)
    assert designed.total_cost == pytest.approx(after(network(sharing)).total, rel=1e-9)

