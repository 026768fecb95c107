"""What a fill rate costs, and what it does to the network: `python -m benchmarks.availability`.

retail_us with every tier at the rate of gold (`uniform`), or silver at 95 % and bronze at 90 % with stock pooled
or rationed; the fill rate of gold goes from 90 to 99.5 %. Writes a table and a picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

import ctsopt as cts
from ctsopt.examples import path as example

RATES = (0.90, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)
POLICIES = ("uniform", "pooled", "rationed")
HERE = Path(__file__).parent


def network(policy: str, rate: float) -> cts.Network:
    """retail_us with weekly orders, gold at a fill rate, and the others as the policy says."""
    others = {"silver": min(0.95, rate), "bronze": min(0.90, rate)} if policy != "uniform" else {}
    rates = {"gold": rate, "silver": rate, "bronze": rate, **others}
    sharing = "pooled" if policy == "uniform" else policy
    return cts.read(example("retail_us")).with_edits(
        {"table": "settings", "set": {"order_interval": 7, "stock_sharing": sharing}},
        *({"table": "promises", "where": {"tier": tier}, "set": {"fill_rate": share}} for tier, share in rates.items()))


def measured(policy: str, rate: float, sol: cts.Solution) -> dict[str, object]:
    """One row of the table."""
    stock = sol.stock[sol.stock["volume"] > 0]
    gold = stock[stock["tiers"].str.contains("gold")]
    lines = sol.costs.groupby("line")["amount"].sum()
    return {"policy": policy, "fill rate of gold": rate, "cost": sol.total_cost / 1e6, "at least": sol.bound / 1e6,
            "stock": stock["value"].sum() / 1e6, "safety stock cost": lines["safety_stock"] / 1e6,
            "centres open": int((sol.sites["open"] & (sol.sites["kind"] == "dc")).sum()),
            "stock points": stock.groupby(["site", "product"]).ngroups,
            "stock points for gold": gold.groupby(["site", "product"]).ngroups, "stopped by": sol.status.stopped_by}


def table(gap: float, seconds: float) -> pd.DataFrame:
    """All policies and rates."""
    rows = []
    for policy in POLICIES:
        for rate in RATES:
            rows.append(measured(policy, rate, cts.solve(network(policy, rate), gap=gap, time_limit=seconds)))
            sys.stderr.write(f"{rows[-1]}\n")
    return pd.DataFrame(rows)


def picture(frame: pd.DataFrame, to: Path) -> None:
    """Cost, stock and stock points against the fill rate of gold."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "ctsopt", "font.size": 9})
    shown = (("cost", "cost, million USD a year"), ("stock", "stock, million USD"),
             ("stock points for gold", "sites x products that stock for gold"))
    figure, axes = plt.subplots(1, len(shown), figsize=(10.5, 3.4), layout="constrained")
    for axis, (column, label) in zip(axes, shown, strict=True):
        for policy, colour, mark in zip(POLICIES, ("#b45309", "#1d4ed8", "#047857"), "os^", strict=True):
            one = frame[frame["policy"] == policy]
            x = 100 * one["fill rate of gold"]
            axis.plot(x, one[column], marker=mark, color=colour, label=policy, linewidth=1.4)
            if column == "cost":
                axis.fill_between(x, one["at least"], one["cost"], color=colour, alpha=0.12, linewidth=0)
        axis.set_xlabel("fill rate of gold, %")
        axis.set_title(label, fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False)
    figure.savefig(to, metadata={"Date": None})


def main() -> None:
    """Solve, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--seconds", type=float, default=90.0)
    chosen = parser.parse_args()
    frame = table(chosen.gap, chosen.seconds)
    head = ("# What a fill rate costs\n\n`python -m benchmarks.availability`: million USD; `at least` is proven. Every "
            f"plan ends at a gap of {chosen.gap:.1%} or after {chosen.seconds:.0f} s.\n\n")
    cells = frame.map(lambda value: f"{value:,.1f}" if isinstance(value, float) and value >= 1 else str(value))
    lines = ["| " + " | ".join(cells.columns) + " |", "|" + "---|" * len(cells.columns),
             *("| " + " | ".join(row) + " |" for row in cells.itertuples(index=False))]
    (HERE / "availability.md").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    picture(frame, HERE.parent / "docs" / "availability.svg")


if __name__ == "__main__":
    main()
