"""`python -m benchmarks.search`: what the search takes, beside HiGHS alone on both textbook forms of the same problem.

In turns, in processor time, on one thread each; of ctsopt's the search and the polish are counted, from the finished
program on. `--smoke` runs small cases that need no files, and fails where a ratio is half as much again as it was when
the page was written.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

import ctsopt as cts
from benchmarks import plain
from ctsopt.programs.program import Arrays
from tests.known_answer.converters import (
    Location,
    Tables,
    location_tables,
    read_mo,
    read_small,
    read_uflib,
    two_stage_tables,
)
from tests.known_answer.shared_data import data, numbers

PAGE = Path(__file__).with_name("search.md")
KEPT = Path(__file__).with_name("search.json")
ALLOWED, ALLOWANCE, SHORT = 1.3, 0.2, 0.5
"""Most that ctsopt may take as a multiple of the better form; seconds given it where that takes less than the third."""

LONG = 5.0
"""Seconds from which on a case is run once."""

WORSE = 1.5
"""By how much a ratio may grow before the smoke run fails."""


@dataclass(frozen=True)
class Case:
    """A problem in three forms, the gap to which it is solved, and the seconds by the clock that each run may take."""

    tables: Callable[[], Tables]
    form: Callable[[str], Arrays]
    gap: float = 1e-4
    limit: float = 120.0
    smoke: bool = False


def _file(*parts: str, single_source: bool = False, read: Callable[[Path], Location] = read_small,
          **options: float) -> Case:
    def problem() -> Location:
        return read(data(*parts))

    return Case(lambda: location_tables(problem(), single_source=single_source),
                lambda form: plain.location(problem(), form, single_source=single_source), **options)


def _two_stages(name: str, **options: float) -> Case:
    return Case(lambda: two_stage_tables(data("tscflp_fernandes2014", name)),
                lambda form: plain.two_stages(numbers(data("tscflp_fernandes2014", name)), form), **options)


def drawn(sites: int, customers: int, *, fixed: float, room: float) -> Location:
    """Places in a square, demands from 5 to 35; `room` is what all sites have, as a multiple of all demand."""
    rng = np.random.default_rng([sites, customers])
    places = rng.random((sites + customers, 2))
    demand = rng.integers(5, 36, customers).astype(float)
    apart = np.linalg.norm(places[sites:, None] - places[None, :sites], axis=2)
    capacity = np.ceil(rng.uniform(0.5, 1.5, sites) * room * demand.sum() / sites)
    return Location(np.round(fixed * np.sqrt(capacity)), np.round(100 * apart * demand[:, None], 2), capacity, demand)


def _drawn(problem: Callable[[], Location], *, single_source: bool = False) -> Case:
    return Case(lambda: location_tables(problem(), single_source=single_source),
                lambda form: plain.location(problem(), form, single_source=single_source), smoke=True)


CASES: dict[str, Case] = {
    "drawn, split": _drawn(partial(drawn, 30, 150, fixed=60.0, room=2.0)),
    "drawn, one site": _drawn(partial(drawn, 10, 50, fixed=60.0, room=2.0), single_source=True),
    "drawn, whole": _drawn(partial(drawn, 60, 800, fixed=0.0, room=1.6)),
    **{f"cap, split, p{k}": _file("orlib_cap", "small", f"p{k}") for k in range(1, 13)},
    **{f"cap, one site, p{k}": _file("orlib_cap", "small", f"p{k}", single_source=True) for k in range(1, 13)},
    **{f"Holmberg p{k}": _file("sscflp_holmberg", f"p{k}", single_source=True) for k in range(1, 13)},
    **{f"Holmberg p{k}": _file("sscflp_holmberg", f"p{k}", single_source=True, gap=0.01) for k in (57, 62)},
    "UflLib B1.1": _file("uflib", "B1.1", read=read_uflib),
    "UflLib MO1": _file("uflib", "MO1", read=read_mo, gap=0.01),
    **{f"two stages {name}": _two_stages(f"{name}.txt", gap=0.005)
       for name in ("PSC1-C1-50", "PSC4-C1-50", "PSC1-C2-50")},
}


@dataclass(frozen=True)
class Figures:
    """Medians of processor seconds, the ratio to the better form, and that with the allowance for what is short."""

    columns: int
    gap: float
    runs: int
    ctsopt: float
    aggregated: float
    disaggregated: float

    @property
    def better(self) -> float:
        return min(self.aggregated, self.disaggregated)

    @property
    def ratio(self) -> float:
        return self.ctsopt / self.better

    @property
    def allowed(self) -> float:
        """The ratio that counts."""
        return max(self.ctsopt - (ALLOWANCE if self.better < SHORT else 0.0), 0.0) / self.better


def ours(net: cts.Network, gap: float, limit: float) -> plain.Run:
    """Search and polish by ctsopt: from the phase after the building to the one in which the plan is read back."""
    marks: dict[str, float] = {}

    def note(now: cts.Progress) -> None:
        marks.setdefault(now.phase, time.process_time())

    solution = cts.solve(net, gap=gap, time_limit=limit, progress=note)
    phases = list(marks)
    begin, end = marks[phases[phases.index("building") + 1]], marks["read back"]
    return plain.Run(end - begin, solution.total_cost, solution.bound)


def measure(name: str, runs: int) -> Figures:
    """One case, in turns.

    Raises
    ------
    SystemExit
        If a plan costs less than what another has proven to be the least.
    """
    case = CASES[name]
    net = cts.network(case.tables())
    forms = {form: case.form(form) for form in plain.FORMS}
    took: dict[str, list[float]] = {"ctsopt": [], **{form: [] for form in forms}}
    for _ in range(runs):
        found = {"ctsopt": ours(net, case.gap, case.limit),
                 **{form: plain.run(arrays, case.gap, case.limit) for form, arrays in forms.items()}}
        least, bound = min(run.cost for run in found.values()), max(run.bound for run in found.values())
        if least < bound - 1e-6 * abs(bound):
            raise SystemExit(f"{name}: a plan costs {least:,.4f}, less than the bound {bound:,.4f}: {found}")
        for who, run in found.items():
            took[who].append(run.seconds)
    return Figures(cts.program(net).columns, case.gap, runs, **{who: median(each) for who, each in took.items()})


def page(figures: dict[str, Figures]) -> str:
    """The figures as a page."""
    ratios = [each.allowed for each in figures.values()]
    lines = ["# Search", "",
             "Processor seconds from the finished program to the plan made whole, and of HiGHS alone on the same",
             "problem as a textbook writes it, one thread each, in turns; made by `python -m benchmarks.search`.",
             f"*Counts* is the ratio to the better of the two forms, {ALLOWANCE} s given where that takes less than "
             f"{SHORT} s.", "",
             f"At most {ALLOWED} is asked for, and 1 at the median: the median is {median(ratios):.2f}, "
             f"{sum(ratio <= ALLOWED for ratio in ratios)} of {len(ratios)} are within.", "",
             "| case | columns | gap | runs | ctsopt | aggregated | disaggregated | ratio | counts |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    lines += [f"| {name} | {one.columns:,} | {one.gap:g} | {one.runs} | {one.ctsopt:.3f} | {one.aggregated:.3f} | "
              f"{one.disaggregated:.3f} | {one.ratio:.2f} | {one.allowed:.2f} |" for name, one in figures.items()]
    return "\n".join([*lines, ""])


def smoke(runs: int = 3) -> int:
    """The small cases against the ratios that are kept."""
    kept = {name: Figures(**each) for name, each in json.loads(KEPT.read_text(encoding="utf-8")).items()}
    worse = []
    for name in (name for name, case in CASES.items() if case.smoke):
        now, before = measure(name, runs), kept[name]
        print(f"{name}: {now.ratio:.2f} times the better form, {before.ratio:.2f} when the page was written")
        if now.ratio > WORSE * before.ratio:
            worse.append(f"{name}: the search takes {now.ratio:.2f} times what HiGHS takes, more than {WORSE:g} times "
                         f"the {before.ratio:.2f} that it took")
    print("\n".join(worse) or "no ratio has grown by half")
    return 1 if worse else 0


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the small cases against the ratios that are kept")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE", help="some cases")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3); one where it takes long")
    options = parser.parse_args(arguments)
    if options.smoke:
        return smoke(options.runs)
    known: dict[str, dict[str, float]] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in options.cases:
        found = measure(name, 1)
        if options.runs > 1 and found.better < LONG:
            found = measure(name, options.runs)
        known[name] = asdict(found)
        print(f"{name}: {found.allowed:.2f} {found}", file=sys.stderr, flush=True)
        figures = {name: Figures(**known[name]) for name in CASES if name in known}
        KEPT.write_text(json.dumps({one: known[one] for one in figures}, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
