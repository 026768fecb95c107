"""Packs that stand in for those of a file: cases with a network each, small enough for a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

import ctsopt as cts
from ctsopt.comparing.outcome import PackResult
from tests.small import chain, rates, table
from tests.solving.test_solve import hard


@dataclass(frozen=True)
class Case:
    """What the runner looks at in a case."""

    name: str
    parent: str | None = None
    kind: str = "scenario"
    role: str = "choice"
    state: str = ""
    tags: tuple[str, ...] = ()


@dataclass
class Pack:
    """Networks by name; the first is the parent of the others unless `parents` says otherwise."""

    networks: dict[str, cts.Network | Exception]
    options: dict[str, Any] = field(default_factory=lambda: {"gap": 0.0})
    parents: dict[str, str | None] = field(default_factory=dict)
    name: str = "test"
    hashes: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def cases(self) -> list[Case]:
        first = next(iter(self.networks))
        return [Case(name, self.parents.get(name, None if name == first else first),
                     "baseline" if name == first else "scenario") for name in self.networks]

    def network(self, case: Case) -> cts.Network:
        self.asked.append(case.name)
        net = self.networks[case.name]
        if isinstance(net, Exception):
            raise net
        return net


def cheap(quantity: float = 100, fixed: float = 30.0) -> cts.Network:
    """Customer C gets q units at 5 each from the plant, or at 1 by a dc that costs `fixed`: min(5 q, fixed + q)."""
    return cts.network({
        "sites": table({"site": "P", "kind": "plant"},
                       {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": fixed}),
        "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": quantity}),
        "rates": rates(P_C=5, P_D=0, D_C=1)})


def impossible() -> cts.Network:
    """The dc holds 70 of the 100 units that are promised."""
    return cts.network(chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70})))


def searches() -> Pack:
    """Location problems whose gap is reached by a search, the later ones from the plan of the one before them."""
    nets = {"today": hard(6), "other": hard(6, seed=4), "third": hard(7, seed=5), "fourth": hard(6, seed=6),
            "again": hard(6), "impossible": impossible()}
    return Pack(nets, options={"gap": 0.02}, parents={"third": "other"})


def same_tables(one: PackResult, other: PackResult) -> None:
    """The same rows but for seconds, and the same plans, to the last digit."""
    drop = ["seconds", "from_cache"]
    pd.testing.assert_frame_equal(one.rows.drop(columns=drop), other.rows.drop(columns=drop))
    assert list(one.solutions) == list(other.solutions)
    for name in one.solutions:
        here, there = one.solutions[name], other.solutions[name]
        assert (here.net, here.status, here.bound) == (there.net, there.status, there.bound)
        for part in here.tables:
            pd.testing.assert_frame_equal(here.tables[part], there.tables[part], check_exact=True)
