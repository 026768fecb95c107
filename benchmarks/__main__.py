"""`python -m benchmarks`: time every builder and every phase; `--smoke` for a quick check of the small cases."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.compare import Disagreement, Figures, prepare, run_builders, run_phases
from benchmarks.worker import BUILDERS

RESULTS = Path(__file__).with_name("results.md")
USUAL = ("raw", "ctsopt", "linopy", "linopy-boxes", "pyomo")
SMOKE_LIMITS = {"pyomo": 1 / 10, "linopy": 1.0, "linopy-boxes": 1.0, "raw": 20.0}
"""Loose limits on the time of ctsopt, as a multiple of that of another builder."""


def main(arguments: list[str] | None = None) -> int:
    """Parse the options and run what they ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true",
                        help="the 10k cases once: the same programs, and ctsopt about as fast as it should be")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE",
                        help=f"some of {', '.join(CASES)}")
    parser.add_argument("--builders", nargs="+", choices=BUILDERS, default=list(USUAL), metavar="BUILDER",
                        help=f"some of {', '.join(BUILDERS)}")
    parser.add_argument("--runs", type=int, default=5, help="runs of each builder (5)")
    parser.add_argument("--phase-runs", type=int, default=3, help="runs of the phases (3); 0 leaves them out")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS,
                        help="where the page goes (benchmarks/results.md)")
    options = parser.parse_args(arguments)
    try:
        return smoke() if options.smoke else full(options)
    except Disagreement as error:
        print(f"not the same program: {error}", file=sys.stderr)
        return 1


def full(options: argparse.Namespace) -> int:
    """Measure, and write the page."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        needed = dict.fromkeys([*options.cases, *(c.replace(CASES[c].size, "10k") for c in options.cases)])
        for name in needed:
            _say(f"preparing {name}")
            prepare(CASES[name], folder, files=options.phase_runs > 0)
        run_builders(options.cases, options.builders, options.runs, folder, figures, _say)
        run_phases(options.cases, options.phase_runs, folder, figures, _say)
    report.write(options.output, report.page(figures, options.builders, options.runs))
    print(options.output.read_text(encoding="utf-8"))
    return 0


def smoke() -> int:
    """The small cases once: the builders agree, and ctsopt is about as fast as it should be."""
    cases, figures = [name for name, case in CASES.items() if case.size == "10k"], Figures()
    with tempfile.TemporaryDirectory() as home:
        for name in cases:
            prepare(CASES[name], Path(home), files=True)
        run_builders(cases, USUAL, 1, Path(home), figures, _say)
        run_phases(cases, 1, Path(home), figures, _say)
    ratios = {(case, other): figures.ratio(case, "ctsopt", other) for case in cases for other in SMOKE_LIMITS}
    slow = [f"{case}: ctsopt takes {ratio:.3g} times as long as {other}, more than {SMOKE_LIMITS[other]:g}"
            for (case, other), ratio in ratios.items() if ratio > SMOKE_LIMITS[other]]
    print("\n".join(slow) or "the builders agree on the program and its optimum, and the ratios are in order")
    return 1 if slow else 0


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
