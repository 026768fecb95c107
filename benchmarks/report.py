"""The figures as a page in Markdown."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.compare import Figures
from benchmarks.phases import PHASES

GOALS = (
    ("sparse", "raw", 2.0), ("sparse", "linopy", 0.2), ("sparse", "linopy-boxes", 0.2), ("dense", "raw", 6.0),
    ("dense", "linopy", 1.0), ("dense", "linopy-boxes", 1.0), ("", "pyomo", 1 / 40),
)
"""Seconds of ctsopt over those of another builder: density, builder, most."""

PACKAGES = ("numpy", "scipy", "pandas", "highspy", "pyomo", "linopy", "xarray")


def page(figures: Figures, builders: Sequence[str], runs: int) -> str:
    """Everything that was measured, with the goals."""
    cases = list(dict.fromkeys(case for case, _ in figures.runs))
    parts = ["# Results", "", "Made by `python -m benchmarks`; what is measured, and how: [README.md](README.md). "
             f"Medians of {runs} runs in turn (Pyomo: 3 at 100k, 1 at 1M deliveries).", "", *_machine(), ""]
    if cases:
        parts += ["## Goals", "", *_goals(figures, cases), "", "## Build and hand-over", ""]
        for case in cases:
            parts += [*_case(figures, case, builders), ""]
    if figures.phases:
        parts += ["## Phases of ctsopt", "", *_phases(figures), ""]
    return "\n".join(parts)


def _machine() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield (f"Machine: {os.cpu_count()} shared cores, {memory:.0f} GB, {platform.system()}; every builder on one core. "
           f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + ".")


def goals(figures: Figures, cases: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """For every goal: what it says, the limit, and the worst ratio among the cases; and the goal on the phases."""
    for density, other, limit in GOALS:
        ratios = {case: figures.ratio(case, "ctsopt", other) for case in cases
                  if case.startswith(density) and (case, "ctsopt") in figures.runs
                  and ((case, other) in figures.runs or (case, other) in figures.late)}
        for case, ratio in ratios.items():
            yield f"{case}: time of {other}", limit, ratio
    for case in figures.phases:
        if CASES[case].size == "1M":
            made = sum(figures.phase(case, name) for name in ("read", "check", "ways"))
            yield f"{case}: read + check + ways, time of build", 10.0, made / figures.phase(case, "build")
            most = max(run["megabytes"]["ways"] for run in figures.phases[case])
            yield f"{case}: memory of read + check + ways, of 4 GB", 1.0, most / 4000


def _goals(figures: Figures, cases: Sequence[str]) -> Iterator[str]:
    yield "| ctsopt takes, as a multiple of | at most | measured | |"
    yield "|---|---:|---:|---|"
    for words, limit, ratio in goals(figures, cases):
        yield f"| {words} | {_short(limit)} | {_short(ratio)} | {'holds' if ratio <= limit else '**does not hold**'} |"


def _case(figures: Figures, case: str, builders: Sequence[str]) -> Iterator[str]:
    program = next(figures.runs[case, b][0]["program"] for b in builders if (case, b) in figures.runs)
    yield (f"### {case}: {program['columns']:,} columns, {program['rows']:,} rows, {program['nonzeros']:,} nonzeros")
    yield ""
    yield "| builder | build, s | hand-over, s | both, s | by the clock, s | × raw | × ctsopt | memory, MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for builder in builders:
        if (case, builder) in figures.late:
            yield f"| {builder} | | | more than {figures.late[case, builder]:.0f} | | | | |"
            continue
        if (case, builder) not in figures.runs:
            continue
        seconds = [figures.seconds(case, builder, part) for part in ("build", "hand_over", "both")]
        ratios = [_short(figures.ratio(case, builder, other)) if (case, other) in figures.runs else ""
                  for other in ("raw", "ctsopt")]
        yield (f"| {builder} | " + " | ".join(f"{value:.4f}" for value in seconds)
               + f" | {figures.seconds(case, builder, kind='clock'):.4f} | {ratios[0]} | {ratios[1]} | "
               f"{figures.megabytes(case, builder):,.0f} |")


def _phases(figures: Figures) -> Iterator[str]:
    yield "Seconds; the memory is the most that was held up to the end of the ways, and up to the end of all."
    yield ""
    yield f"| case | {' | '.join(PHASES)} | read + check + ways, × build | ways, MB | all, MB |"
    yield "|---|" + "---:|" * (len(PHASES) + 3)
    for case, found in figures.phases.items():
        took = {name: figures.phase(case, name) for name in PHASES}
        ratio = (took["read"] + took["check"] + took["ways"]) / took["build"]
        memory = [max(run["megabytes"][name] for run in found) for name in ("ways", PHASES[-1])]
        yield (f"| {case} | " + " | ".join(f"{took[name]:.3f}" for name in PHASES)
               + f" | {_short(ratio)} | {memory[0]:,.0f} | {memory[1]:,.0f} |")


def _short(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if math.isfinite(value) and value < 1000 else f"{value:,.0f}"


def write(path: Path, text: str) -> None:
    """Write the page."""
    path.write_text(text, encoding="utf-8")
