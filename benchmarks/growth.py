"""`python -m benchmarks.growth`: how time and memory of each phase grow from 10,000 to 3 million deliveries.

Writes benchmarks/growth.md and docs/growth.svg. Seconds are processor time of a process of its own on one core; the
memory is the most that was held up to the end of a phase, beyond what Python and its imports take.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cases import Case
from benchmarks.compare import measure, prepare
from benchmarks.phases import PHASES

CASES = tuple(Case(f"sparse-{size}", size, plants, dcs, customers, 0.062) for size, plants, dcs, customers in (
    ("10k", 4, 40, 500), ("30k", 5, 63, 1000), ("100k", 6, 100, 2000), ("300k", 7, 158, 4000), ("1M", 8, 250, 8000),
    ("3M", 10, 400, 15000)))
MACHINE = 24 * 1024
"""Megabytes of the machine that the page speaks of."""

HERE = Path(__file__).parent
PICTURE = HERE.parent / "docs" / "growth.svg"


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases, or those named, and write the page and the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=[c.size for c in CASES], default=[c.size for c in CASES])
    parser.add_argument("--runs", type=int, default=3, help="runs of each case; the middle one counts (3)")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "growth.md")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args(arguments)
    rows = []
    wanted = [case for case in CASES if case.size in options.cases or case is CASES[0]]  # the first warms up the others
    with tempfile.TemporaryDirectory() as home:
        for case in wanted:
            rows.append(_row(case, Path(home), options.runs))
            print(*rows[-1].items(), sep="\n", flush=True)
    options.output.write_text(page(rows), encoding="utf-8")
    draw(rows, options.picture)


def _row(case: Case, folder: Path, runs: int) -> dict[str, float]:
    deliveries = prepare(case, folder, files=True, builders=False)
    task = {"what": "phases", "case": case.name, "warm_up": CASES[0].name, "folder": str(folder)}
    found = [measure(task, 1800.0) for _ in range(runs)]
    done = [each for each in found if each is not None]
    row = {"deliveries": float(deliveries)}
    row |= {name: float(np.median([each["seconds"][name]["cpu"] for each in done])) for name in PHASES}
    row |= {f"{name} MB": float(np.median([each["megabytes"][name] for each in done]))
            for name in ("ways", "read back")}
    return row


def exponent(rows: list[dict[str, float]], name: str) -> float:
    """Slope of a straight line through a figure over the deliveries, both as logarithms, from 100k on."""
    large = [row for row in rows if row["deliveries"] >= 5e4] or rows
    size, figure = (np.log([row[key] for row in large]) for key in ("deliveries", name))
    return float(np.polyfit(size, figure, 1)[0]) if len(large) > 1 else float("nan")


def page(rows: list[dict[str, float]]) -> str:
    """The figures as a page."""
    columns = [*PHASES, "ways MB", "read back MB"]
    last = rows[-1]
    per_million = last["read back MB"] / last["deliveries"] * 1e6
    lines = ["# Growth", "", "Made by `python -m benchmarks.growth`. " + " ".join(__doc__.split("\n\n")[1].split()), "",
             "![Seconds and megabytes of each phase over the deliveries](../docs/growth.svg)", "",
             "| deliveries | " + " | ".join(columns) + " |", "|---:|" + "---:|" * len(columns)]
    lines += [f"| {row['deliveries']:,.0f} | " + " | ".join(f"{row[c]:,.3g}" if row[c] < 100 else f"{row[c]:,.0f}"
                                                          for c in columns) + " |" for row in rows]
    lines += ["| grows as the power | " + " | ".join(f"{exponent(rows, c):.2f}" for c in columns) + " |", "",
              f"At the largest size all phases together hold {per_million:,.0f} MB for a million deliveries. At that "
              f"rate building and reading back fill {MACHINE // 1024} GB at {MACHINE / per_million:,.0f} million "
              "deliveries. The search ends sooner: HiGHS keeps several copies of the program while it presolves and "
              "branches.", ""]
    return "\n".join(lines)


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Seconds and megabytes over the deliveries, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    size = [row["deliveries"] for row in rows]
    for name in PHASES:
        left.plot(size, [row[name] for row in rows], marker="o", label=name)
    for name, label in (("ways MB", "up to the ways"), ("read back MB", "all phases")):
        right.plot(size, [row[name] for row in rows], marker="o", label=label)
    right.axhline(MACHINE, color="grey", linestyle="--", label="24 GB")
    for axis, what in ((left, "seconds of one core"), (right, "megabytes")):
        axis.set(xscale="log", yscale="log", xlabel="deliveries", ylabel=what)
        axis.grid(visible=True, which="both", alpha=0.3)
        axis.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
