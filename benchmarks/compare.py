"""Runs the measurements of one benchmark, each in a process of its own, in turn; refuses programs that differ."""

from __future__ import annotations

import json
import math
import os
import pickle
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.ready import ready
from ctsopt.networks.network import network

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
SLOW = {"pyomo": {"100k": 3, "1M": 1}, "pyomo-appsi": {"100k": 3, "1M": 1}}
"""Builders that are run less often at some sizes, and build the case once."""

LIMIT = {"10k": 60.0, "100k": 180.0, "1M": 600.0}
"""Seconds after which a process is ended, and the builder reported as slower than that."""


class Disagreement(Exception):
    """Two builders have not built the same program."""


@dataclass
class Figures:
    """What was measured.

    Attributes
    ----------
    runs : dict of (case, builder) to list of results of `worker.measure_builder`
    late : dict of (case, builder) to seconds after which it was ended
    phases : dict of case to list of results of `worker.measure_phases`
    """

    runs: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    late: dict[tuple[str, str], float] = field(default_factory=dict)
    phases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def seconds(self, case: str, builder: str, part: str = "both", kind: str = "cpu") -> float:
        """Median seconds of build, hand_over or both; infinite where it was ended."""
        if (case, builder) in self.late:
            return math.inf
        parts = ("build", "hand_over") if part == "both" else (part,)
        return statistics.median(sum(run[p][kind] for p in parts) for run in self.runs[case, builder])

    def megabytes(self, case: str, builder: str) -> float:
        """Median of the peaks of memory over the input data."""
        return statistics.median(run["megabytes"] for run in self.runs[case, builder])

    def ratio(self, case: str, builder: str, other: str) -> float:
        """How many times the seconds of the other builder."""
        return self.seconds(case, builder) / self.seconds(case, other)

    def phase(self, case: str, name: str, kind: str = "cpu") -> float:
        """Median seconds of a phase."""
        return statistics.median(run["seconds"][name][kind] for run in self.phases[case])


def prepare(case: Case, folder: Path, *, files: bool, builders: bool = True) -> int:
    """Write what the processes start from: the network and the derived ways for builders, the CSV files for phases.

    Returns the number of deliveries.
    """
    home = folder / case.name
    home.mkdir()
    net = network(case.tables())
    case.require_size(len(net.ways.deliveries))
    if files:
        net.write(home / "tables")
    for name, content in (("network", net), ("ready", ready(net))) if builders else ():
        with (home / f"{name}.pickle").open("wb") as file:
            pickle.dump(content, file, protocol=5)
    return len(net.ways.deliveries)


def run_builders(cases: Sequence[str], builders: Sequence[str], runs: int, folder: Path, figures: Figures,
                 say: Callable[[str], None]) -> None:
    """Each builder on each case, in turn, so that what else the machine does falls on all of them."""
    for turn in range(runs):
        for case in cases:
            for builder in builders:
                if turn < SLOW.get(builder, {}).get(CASES[case].size, runs) and (case, builder) not in figures.late:
                    _run_builder(case, builder, turn, folder, figures, say)
            require_same_program(case, {b: figures.runs[case, b][-1] for b in builders if (case, b) in figures.runs})


def _run_builder(case: str, builder: str, turn: int, folder: Path, figures: Figures,
                 say: Callable[[str], None]) -> None:
    size = CASES[case].size
    warm_up = case.replace(size, "10k")
    found = measure({"what": "builder", "case": case, "warm_up": warm_up, "builder": builder, "folder": str(folder),
                      "once": size in SLOW.get(builder, {}), "solve": turn == 0 and size == "10k"}, LIMIT[size])
    if found is None:
        figures.late[case, builder] = LIMIT[size]
        say(f"{case} {builder}: ended after {LIMIT[size]:.0f} s")
        return
    figures.runs.setdefault((case, builder), []).append(found)
    say(f"{case} {builder}: build {found['build']['cpu']:.4f} s, hand-over {found['hand_over']['cpu']:.4f} s, "
        f"{found['megabytes']:.0f} MB")


def run_phases(cases: Sequence[str], runs: int, folder: Path, figures: Figures, say: Callable[[str], None]) -> None:
    """The phases of ctsopt on each case."""
    for _ in range(runs):
        for case in cases:
            warm_up = case.replace(CASES[case].size, "10k")
            found = measure({"what": "phases", "case": case, "warm_up": warm_up, "folder": str(folder)}, LIMIT["1M"])
            if found is None:
                raise SystemExit(f"{case}: the phases took more than {LIMIT['1M']:.0f} s")
            figures.phases.setdefault(case, []).append(found)
            say(f"{case} " + ", ".join(f"{name} {took['cpu']:.3f} s" for name, took in found["seconds"].items()))


def measure(task: dict[str, Any], limit: float) -> dict[str, Any] | None:
    """The result of a worker; None where it was ended."""
    folder = Path(task["folder"])
    files = [folder / "task.json", folder / "result.json"]
    files[0].write_text(json.dumps(task))
    files[1].unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.worker", *map(str, files)]
    try:
        done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, timeout=limit,
                              check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode or not files[1].exists():
        raise SystemExit(f"{task} failed:\n{done.stderr or done.stdout}")
    return dict(json.loads(files[1].read_text()))


def require_same_program(case: str, found: dict[str, dict[str, Any]]) -> None:
    """Every builder has built the same program, and where it was solved the optimum is the same.

    Raises
    ------
    Disagreement
        Saying which figure differs.
    """
    first, *others = found
    for other in others:
        for figure in ("optimum", *found[first]["program"]):
            value, got = ({**result["program"], "optimum": result.get("optimum", 0.0)}[figure]
                          for result in (found[first], found[other]))
            if not math.isclose(value, got, rel_tol=1e-6 if figure == "optimum" else 1e-9):
                raise Disagreement(f"{case}: {figure} is {value:,.15g} by {first}, {got:,.15g} by {other}")
