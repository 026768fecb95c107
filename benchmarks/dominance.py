"""`python -m benchmarks.dominance`: what it takes to leave out dominated deliveries, in time and memory.

Two networks: the largest of `benchmarks.growth`, and one in which two thirds of the deliveries are dominated (every
mode to customers stands there three times, twice dearer). Each is built and handed over in a process of its own, with
dominance and without; `--against FOLDER` names the checkout of another version to measure beside them. Seconds are
processor time, the memory is the most that was held by then beyond the tables. Writes benchmarks/dominance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.cases import Case
from benchmarks.growth import CASES
from benchmarks.phases import _check, _read
from benchmarks.worker import Memory, timed

ROOT = Path(__file__).parents[1]
COPIES = (1.0, 1.1, 1.2)
"""Cost of the modes that stand there several times."""


def main(arguments: list[str] | None = None) -> None:
    """Measure both networks, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dominance", description=__doc__)
    parser.add_argument("--against", type=Path, help="checkout of another version")
    parser.add_argument("--sizes", nargs=2, default=["3M", "300k"], choices=[case.size for case in CASES],
                        help="the network of growth, and the one whose modes are tripled (3M 300k)")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_suffix(".md"))
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "HOW"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(measured(Path(options.child[0]), options.child[1])))
        return
    cases = {case.size: case for case in CASES}
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for name, case, tables in (("growth", cases[options.sizes[0]], None),
                                   ("two thirds dominated", cases[options.sizes[1]], tripled)):
            folder = Path(home) / name
            write(case, folder / "tables", tables)
            ways = {"with": ROOT, "without": ROOT} | ({"before": options.against} if options.against else {})
            for how, checkout in ways.items():
                rows.append({"network": name, "dominance": how, **_in_a_process(folder, how, checkout)})
                print(rows[-1], file=sys.stderr, flush=True)
    options.output.write_text(page(rows), encoding="utf-8")


def write(case: Case, folder: Path, change: Any = None) -> None:
    """The tables of a case as files."""
    from ctsopt import network

    tables = case.tables()
    network(tables if change is None else change(tables)).write(folder)


def tripled(tables: dict[str, Any]) -> dict[str, Any]:
    """Every mode to customers three times, with the same times and at other costs."""
    modes, rates = tables["modes"], tables["rates"]
    serves = modes["serves"] == "deliveries"
    more, cards = [], []
    for number, cost in enumerate(COPIES[1:], start=2):
        copied = modes[serves].copy()
        copied["mode"] += f" {number}"
        copied["fuel_surcharge"] = (1 + copied["fuel_surcharge"]) * cost - 1
        more.append(copied)
        cards.append(rates.assign(mode=rates["mode"] + f" {number}"))
    return tables | {"modes": pd.concat([modes, *more], ignore_index=True),
                     "rates": pd.concat([rates, *cards], ignore_index=True)}


def measured(folder: Path, how: str) -> dict[str, Any]:
    """Seconds and megabytes of ways, program and hand-over; `before` is a version that leaves out ways beforehand."""
    from ctsopt.formulation.build import build
    from ctsopt.networks.network import Network
    from ctsopt.programs.highs import Highs

    tables, findings = _check(_read(folder / "tables"))
    memory, seconds, marks = Memory(), {}, {}

    def step(name: str, call: Any) -> Any:
        result, took = timed(call)
        seconds[name], marks[name] = took["cpu"], memory.peak()
        return result

    def built() -> Any:
        program = build(net)
        if how == "with":
            from ctsopt.formulation.dominance import without_dominated

            program = without_dominated(net, program)
        return program, program.arrays

    net = step("ways", lambda: Network(tables, lambda: findings))
    _, arrays = step("build", built)
    step("hand over", lambda: Highs(arrays))
    return {"deliveries": len(net.ways.deliveries), **{f"{name} s": round(each, 2) for name, each in seconds.items()},
            **{f"{name} MB": round(each) for name, each in marks.items()}}


def page(rows: list[dict[str, Any]]) -> str:
    """The figures as a page."""
    columns = list(rows[0])
    lines = ["# Dominance", "", "Made by `python -m benchmarks.dominance`. "
             + " ".join(str(__doc__).split("\n\n")[1].split()), "",
             "| " + " | ".join(columns) + " |", "|---|---|" + "---:|" * (len(columns) - 2)]
    lines += ["| " + " | ".join(f"{row[c]:,}" if isinstance(row[c], int | float) else str(row[c]) for c in columns)
              + " |" for row in rows]
    lines += ["", "In rows *before*, dominated ways were left out while ways were made, by a list of what costs and "
              "rows could count; *build* holds the program and, in rows *with*, the comparison of its columns.", ""]
    return "\n".join(lines)


def _in_a_process(folder: Path, how: str, checkout: Path) -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                   "PYTHONPATH": os.pathsep.join([str(checkout / "src"), str(ROOT)])}
    done = subprocess.run([sys.executable, "-m", "benchmarks.dominance", "--child", str(folder), how],
                          env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
