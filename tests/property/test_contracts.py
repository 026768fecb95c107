"""The figure of every contract, added up by hand from the flows of a plan, is the one among the limits."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import ctsopt as cts
from ctsopt.testing import random_network
from tests import oracle_limits
from tests.often import sampled
from tests.oracle_tables import read
from tests.oracle_ways import all_deliveries, all_moves

KINDS = ("max_contracts", "min_contracts", "share_contracts")
SEEDS = (1, 2, 4, 17, 18, 19, 21, 24)
WAY = ["origin", "via", "destination", "mode_in", "mode_out", "product"]


def plan_of(solution: cts.Solution, tables: dict) -> SimpleNamespace:
    """The plan over the ways of the oracle, in the form of its program: numbers in place of variables."""
    net = read({k: v for k, v in tables.items() if k != "settings"}, tables["settings"])
    demand = {(r["customer"], r["product"], r["period"]): r["quantity"] for r in net.demand}
    moves, deliveries = oracle_limits.useful(net, all_moves(net), all_deliveries(net), demand)
    flows, made = solution.flows, solution.production
    blocks, seen = [], 0
    for kind, ways in (("move", moves), ("delivery", deliveries)):
        mine = flows[flows["kind"] == kind]
        quantity = mine.groupby([*WAY, "period"], observed=True)["quantity"].sum().to_dict()
        keys = [tuple(getattr(way, column) for column in WAY) for way in ways]
        blocks.append({(w, t): quantity.get((*key, t), 0.0) for w, key in enumerate(keys) for t in net.periods})
        seen += sum(value > 0 for value in blocks[-1].values())
    assert seen == len(flows)
    model = SimpleNamespace(move=blocks[0], deliver=blocks[1], make=made.set_index(
        ["site", "product", "period"])["quantity"].to_dict())
    return SimpleNamespace(net=net, moves=moves, deliveries=deliveries, model=model)


def check(seed: int) -> None:
    tables = random_network(seed, **dict.fromkeys(KINDS, True), on_time=False, budget=False, carbon_cap=False)
    solution = cts.solve(cts.network(tables))
    plan = plan_of(solution, tables)
    limits = solution.limits[solution.limits["limit"].isin(["contract_volume", "contract_share"])]
    found = {}
    for r in (r for r in plan.net.contracts if r["kind"] in ("min_volume", "max_volume", "share")):
        for names, span, units, whole in oracle_limits.figures(plan, r):
            if r["kind"] == "share" and not whole:
                continue
            period = span[0] if r["per"] == "period" else ""
            key = [r["contract"], *(names.get(c, "") for c in ("customer", "site", "product")), period]
            found[" / ".join(k for k in key if k)] = units / whole if r["kind"] == "share" else units
    told = limits.set_index("key")["used"].dropna()
    assert {k: v for k, v in found.items() if k in told.index or v} == pytest.approx(
        {k: v for k, v in told.items() if k in found or v}, rel=1e-6, abs=1e-6)
    assert len(told) >= 2


@pytest.mark.parametrize("seed", sampled(SEEDS, every=4))
def test_every_unit_counts_once(seed: int):
    check(seed)
