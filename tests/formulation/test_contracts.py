"""Contracts that are alike are counted together: the work does not grow with their number."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.formulation import build as formulation
from ctsopt.networks import agreements
from ctsopt.solving.checking import contracts as recheck_contracts
from tests.small import chain, lanes, table


def with_contracts(dcs: int) -> cts.Network:
    """A plant, dcs and a customer that takes 10 from each of them: at most 10 a year, dear from the last one on."""
    names = [f"D{k}" for k in range(dcs + 1)]
    return cts.network(chain(
        sites=table({"site": "P", "kind": "plant"}, *({"site": s, "kind": "dc"} for s in names)),
        lanes=lanes(*(f"P-{s}" for s in names), *(f"{s}-C" for s in names)),
        rates=table({"origin": "P", "per_unit": 0}, *({"origin": s, "per_unit": k} for k, s in enumerate(names))),
        demand=table({"customer": "C", "quantity": 10 * dcs + 5}),
        contracts=table(*({"contract": f"most {s}", "kind": "max_volume", "site": s, "quantity": 10} for s in names),
                        {"contract": "least", "kind": "share", "limit": "at_least", "site": names[0],
                         "quantity": 10 / (10 * dcs + 5)})))


@pytest.mark.parametrize("dcs", [2, 40])
def test_alike_contracts_are_counted_together(monkeypatch, dcs):
    """Of 10 k + 5 units 10 go from each dc at 0, 1, 2, ... k - 1 a unit, and 5 from the last one at k."""
    net = with_contracts(dcs)
    calls = {"program": 0, "check": 0}

    def counting(name: str, function):
        def counted(*arguments, **named):
            calls[name] += 1
            return function(*arguments, **named)
        return counted

    monkeypatch.setattr(agreements, "_looks", counting("program", agreements._looks))
    monkeypatch.setattr(recheck_contracts, "_looks", counting("check", recheck_contracts._looks))
    program = formulation.build(net)
    assert len(program.rows["contract_volume"].index) == dcs + 1
    assert calls == {"program": 3, "check": 0}  # volumes, shares, and what these are shares of
    solution = cts.solve(net)
    assert calls["check"] == 2
    assert solution.total_cost == pytest.approx(10 * dcs * (dcs - 1) / 2 + 5 * dcs)
    used = solution.limits.set_index("key")["used"]
    assert used["most D0"] == pytest.approx(10)
    assert used[f"most D{dcs}"] == pytest.approx(5)
    assert used["least"] == pytest.approx(10 / (10 * dcs + 5))
