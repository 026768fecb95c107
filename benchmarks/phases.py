"""The phases of ctsopt: read, check, ways, build, hand over, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import Findings
from ctsopt.formulation.build import build
from ctsopt.networks.checks import check_tables
from ctsopt.networks.network import Network
from ctsopt.networks.schema import SCHEMA
from ctsopt.programs.highs import Highs
from ctsopt.results.read_back import read_back
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.io import read_tables

if TYPE_CHECKING:
    from ctsopt.programs.program import Program
    from ctsopt.tables.raw import Raw
    from ctsopt.tables.typed import Tables

PHASES = ("read", "check", "ways", "build", "hand over", "read back")


def run(folder: Path, timed: Callable[..., Any], peak: Callable[[], float] = lambda: 0.0,
        ) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """All phases on the tables in a folder: seconds of each, and the most memory held by the end of each."""
    seconds, marks = {}, {}

    def step(name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        result, seconds[name] = timed(call, *arguments)
        marks[name] = peak()
        return result

    raw = step("read", _read, folder / "tables")
    tables, findings = step("check", _check, raw)
    del raw
    net = step("ways", Network, tables, lambda: findings)
    program = step("build", _build, net)
    highs = step("hand over", Highs, program.arrays)
    del highs
    step("read back", read_back, net, program, some_plan(net, program))
    return seconds, marks


def _read(folder: Path) -> Raw:
    raw, findings = read_tables(folder, SCHEMA)
    if findings:
        raise SystemExit(str(Findings(findings)))
    return raw


def _check(raw: Raw) -> tuple[Tables, Findings]:
    tables, of_cells = cast_tables(raw)
    findings = Findings([*of_cells, *check_tables(tables)])
    if findings.errors:
        raise SystemExit(str(findings))
    return tables, findings


def _build(net: Network) -> Program:
    program = build(net)
    _ = program.arrays
    return program


def some_plan(net: Network, program: Program) -> np.ndarray:
    """A plan to read back, without a solver: every request from where it is cheapest, every dc from one plant.

    Flows are conserved and all demand is served; capacities are not looked at.
    """
    ways, moves, wanted = net.ways.deliveries, net.ways.moves, net.requests
    plan = np.zeros(program.columns)
    cost = ways.measures["last_mile"] + ways.measures["handling_out"]
    best = _first(np.lexsort((cost, ways.measures["request"])), ways.measures["request"])
    deliver = plan[program.variables["deliver"].span]
    deliver[best] = wanted.measures["quantity"][ways.measures["request"][best]]

    products = len(net.axes["product"])
    node = ways.index["site"].astype(np.int64) * products + ways.index["product"]
    need = np.bincount(node, weights=deliver, minlength=len(net.axes["site"]) * products)
    to = moves.index["destination"].astype(np.int64) * products + moves.index["product"]
    chosen = _first(np.lexsort((moves.measures["line_haul"], to)), to)
    plan[program.variables["move"].span][chosen] = need[to[chosen]]

    make = program.variables["make"]
    start = moves.index["origin"][chosen].astype(np.int64) * products + moves.index["product"][chosen]
    made = np.bincount(start, weights=need[to[chosen]], minlength=len(need))
    plan[make.span] = made[make.index["site"].astype(np.int64) * products + make.index["product"]]
    plan[program.variables["open"].span] = 1.0
    return plan


def _first(order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The first position of each group in an order that is sorted by group."""
    ranked = group[order]
    return order[np.append(True, ranked[1:] != ranked[:-1])]
