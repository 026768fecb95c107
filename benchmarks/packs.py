"""Packs: two processes against one, and a pack against a loop of hand-written Pyomo. `python -m benchmarks.packs`.

*Two processes*: cases of retail_us, demand times fuel surcharge, run by one process and by two, in turn, each time
with an empty cache. The slow-down of a case is its seconds with two processes over its seconds with one.

*Pyomo*: cases of the benchmark network `sparse-10k`, which the builder `pyomo` of this folder covers wholly; each is
built, handed over and solved by HiGHS to the same relative gap, one after the other, in one process. The loop starts
from derived ways that are there already, which the pack makes itself; the pack checks, prices, prunes, solves, checks
the plan, makes its tables and saves them. Each plan has to agree with the bound that the other has proven.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ctsopt as cts
from benchmarks.cases import CASES
from benchmarks.compare import Disagreement
from benchmarks.ready import ready
from ctsopt.comparing.outcome import PackResult, run
from ctsopt.examples import path as example
from ctsopt.packs.pack import Pack, Scenario

RESULTS = Path(__file__).with_name("packs.md")
DEMAND = (1.0, 0.94, 0.97, 1.03, 1.06, 1.09)
FUEL = (0.0, 0.05, 0.1, 0.15)
WANTED = 1.4
"""Two processes are to be so much faster than one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options and run what they ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.packs", description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=("processes", "pyomo"), default=["processes", "pyomo"])
    parser.add_argument("--cases", type=int, default=24, help="cases of each pack, at most 24 (24)")
    parser.add_argument("--runs", type=int, default=3, help="runs with one process, and with two (3)")
    parser.add_argument("--gap", type=float, default=0.005, help="relative gap of every case (0.005)")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="where the page goes (benchmarks/packs.md)")
    options = parser.parse_args(arguments)
    lines = ["# Packs", "", f"{options.cases} cases, gap {options.gap:.3%}. What is measured: see "
             "[packs.py](packs.py).", ""]
    try:
        if "processes" in options.parts:
            lines += processes(pack_of(cts.read(example("retail_us")), options.cases, options.gap), options.runs)
        if "pyomo" in options.parts:
            lines += beside_pyomo(pack_of(cts.network(CASES["sparse-10k"].tables()), options.cases, options.gap))
    except Disagreement as error:
        print(error, file=sys.stderr)
        return 1
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


def pack_of(net: cts.Network, count: int, gap: float) -> Pack:
    """So many cases: demand times fuel surcharge of the truck modes, the model itself first."""
    modes = net.tables["modes"]
    trucks = modes.loc[modes["fuel_surcharge"].notna(), "mode"].tolist()
    scenarios = []
    for demand, fuel in list(itertools.product(DEMAND, FUEL))[1:count]:
        edits: list[dict[str, object]] = []
        if demand != 1.0:
            edits.append({"table": "demand", "scale": {"quantity": demand}})
        if fuel:
            edits.append({"table": "modes", "where": {"mode": trucks}, "add": {"fuel_surcharge": fuel}})
        scenarios.append(Scenario(f"demand_{demand * 100:.0f}_fuel_{fuel * 100:.0f}", edits))
    return Pack.of(net, scenarios, solve={"gap": gap, "time_limit": 300})


# ---- one process and two -----------------------------------------------------------------------------------------


def processes(pack: Pack, runs: int) -> list[str]:
    """One process and two in turn; the page."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    rows: dict[int, list[Any]] = {1: [], 2: []}
    for turn, workers in itertools.product(range(runs), (1, 2)):
        result, took = _timed(pack, workers)
        seconds[workers].append(took)
        rows[workers].append(result.rows.set_index("scenario"))
        _say(f"{workers} process(es), run {turn + 1}: {took:.1f} s")
    for one, two in zip(rows[1], rows[2], strict=True):
        if not (one["cost"] == two["cost"]).all() or not (one["bound"] == two["bound"]).all():
            raise Disagreement("one process and two give other tables")
    ratio = statistics.median(seconds[1]) / statistics.median(seconds[2])
    slower = [statistics.median(two.loc[name, "seconds"] for two in rows[2])
              / statistics.median(one.loc[name, "seconds"] for one in rows[1]) for name in pack.names]
    lines = [f"## Two processes against one: {len(pack)} cases of retail_us", "",
              "| processes | seconds of each run | median |", "|---|---|---:|"]
    for workers, took in seconds.items():
        lines.append(f"| {workers} | {', '.join(f'{s:.1f}' for s in took)} | {statistics.median(took):.1f} |")
    lines += ["", f"Two are **{ratio:.2f} times** as fast as one (wanted: at least {WANTED}; "
               f"{'holds' if ratio >= WANTED else '**does not hold**'}). The tables are the same, to the last digit.",
               "", f"Beside another, a case takes {statistics.median(slower):.2f} times as long as alone (median; "
               f"{min(slower):.2f} to {max(slower):.2f}), the way to its process included:", "",
               "| case | alone, s | beside another, s | slow-down |", "|---|---:|---:|---:|"]
    for name, factor in zip(pack.names, slower, strict=True):
        alone, beside = (statistics.median(run.loc[name, "seconds"] for run in rows[count]) for count in (1, 2))
        lines.append(f"| {name} | {alone:.2f} | {beside:.2f} | {factor:.2f} |")
    return [*lines, ""]


def _timed(pack: Pack, workers: int) -> tuple[PackResult, float]:
    """A run with an empty cache, and its seconds by the clock."""
    with tempfile.TemporaryDirectory() as cache:
        begin = time.perf_counter()
        result = run(pack, workers=workers, cache=cache)
        took = time.perf_counter() - begin
        _require_plans(result)
    return result, took


def _require_plans(result: PackResult) -> None:
    bad = result.rows.loc[~result.rows["outcome"].isin(["proven", "gap"]), ["scenario", "outcome", "message"]]
    if len(bad):
        raise Disagreement(f"not every case ended by its gap:\n{bad.to_string()}")


# ---- a pack and Pyomo --------------------------------------------------------------------------------------------


def beside_pyomo(pack: Pack) -> list[str]:
    """The pack with one process and with two, and the loop; the page."""
    split, costs = _pyomo_loop(pack)
    _say(f"Pyomo: {sum(split.values()):.1f} s")
    with tempfile.TemporaryDirectory() as cache:
        begin = time.perf_counter()
        result = run(pack, workers=1, cache=cache)
        alone = time.perf_counter() - begin
        _require_plans(result)
        own = _split(Path(cache), result.rows["key"], alone)
    _say(f"pack, one process: {alone:.1f} s")
    _, pair = _timed(pack, 2)
    _say(f"pack, two processes: {pair:.1f} s")
    _require_agreement(result, costs)
    loop = sum(split.values())
    return [f"## A pack against hand-written Pyomo: {len(pack)} cases of sparse-10k", "",
            "| | seconds | × the pack by one process | split |", "|---|---:|---:|---|",
            f"| Pyomo, one by one | {loop:.1f} | {loop / alone:.2f} | {_words(split)} |",
            f"| pack, one process | {alone:.1f} | 1 | {_words(own)} |",
            f"| pack, two processes | {pair:.1f} | {pair / alone:.2f} | |", "",
            "Pyomo starts from derived ways that are there; the pack makes them (in `networks and files`), and checks, "
            "tabulates and saves each plan. Every plan lies within what the other side has proven.", ""]


def _pyomo_loop(pack: Pack) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Seconds by phase over all cases, and cost and bound of each."""
    from pyomo.contrib.solver.solvers.highs import Highs

    from benchmarks.builders.pyomo_rules import build

    seconds = dict.fromkeys(("build", "hand-over", "search"), 0.0)
    costs = {}
    for number, case in enumerate(pack.cases):
        data = ready(pack.network(case))
        if number == 0:
            build(data)  # what is only paid once in a process is in no figure
        begin = time.perf_counter()
        model = build(data)
        built = time.perf_counter()
        solver = Highs()
        solver.set_instance(model)
        handed = time.perf_counter()
        found = solver.solve(model, rel_gap=pack.options["gap"], time_limit=pack.options["time_limit"], threads=1)
        solved = time.perf_counter()
        for name, took in zip(seconds, (built - begin, handed - built, solved - handed), strict=True):
            seconds[name] += took
        costs[case.name] = (float(found.incumbent_objective), float(found.objective_bound))
    return seconds, costs


def _split(cache: Path, keys: Iterable[str], total: float) -> dict[str, float]:
    """Seconds of the pack by phase; what is left is networks and files."""
    phases: dict[str, float] = {}
    for key in dict.fromkeys(keys):
        head = json.loads((cache / "cases" / key / "solution" / "solution.json").read_text(encoding="utf-8"))
        for name, took in head["record"]["seconds"].items():
            phases[name] = phases.get(name, 0.0) + took
    return {**phases, "networks and files": total - sum(phases.values())}


def _require_agreement(result: PackResult, costs: dict[str, tuple[float, float]]) -> None:
    for name, cost, bound in result.rows[["scenario", "cost", "bound"]].itertuples(index=False):
        other, proven = costs[name]
        slack = 1e-6 * abs(cost)
        if cost < proven - slack or other < bound - slack:
            raise Disagreement(f"{name}: cost {cost:,.2f} and bound {bound:,.2f} by the pack, {other:,.2f} and "
                               f"{proven:,.2f} by Pyomo")


def _words(split: dict[str, float]) -> str:
    total = sum(split.values())
    return ", ".join(f"{name.replace('_', ' ')} {took:.1f} s ({took / total:.0%})" for name, took in split.items())


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
