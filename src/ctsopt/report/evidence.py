"""The last page: what was computed, from what, with what, how far it is proven, and what was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.comparing.folder import changes_of, pack_document
from ctsopt.comparing.words import change_of
from ctsopt.report.grid import Grid, grid
from ctsopt.versions import versions

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

CELLS = 60
"""Cells of one change of many that are shown; the others are counted, and stand in changes.csv."""

DEFINITIONS = (
    ("cost", "of the plan over the horizon, shortage penalties included; cash is without them"),
    ("bound", "proven: no plan costs less than this"),
    ("gap", "cost less bound, as a share of the cost"),
    ("cheaper, dearer", "the interval of the difference of the two least costs lies on one side of zero"),
    ("tie", "the plans cannot be told apart: the difference is within the proof"),
    ("served", "share of the demanded units that is delivered; every share of service counts volume, not orders"),
    ("fill rate", "share of the demanded units that is delivered from stock at once, by volume"),
    ("lead time", "from order to delivery, the mean of a way; promises may ask for more than the mean"),
    ("cost per unit", "an average that adds up; no price, and not what would be saved without the customer"),
    ("unassigned", "cost that serves nobody, such as capacity that is paid for and not used where it is told apart"),
)
"""What words mean on every page."""


@dataclass(frozen=True)
class Change:
    """What one scenario changes.

    Attributes
    ----------
    scenario : str
    note, starts_from, tags : str
    lines : tuple of str
        One per table, column and override.
    grids : tuple of Grid
        The cells.
    """

    scenario: str
    note: str
    starts_from: str
    tags: str
    lines: tuple[str, ...]
    grids: tuple[Grid, ...]


def changes(result: PackResult, comparison: Comparison) -> Iterator[Change]:
    """What each scenario changes in the model, cell by cell, and which override does it."""
    names = comparison.scenarios["scenario"].tolist()
    cells = changes_of(result.pack, names)
    cases = {case.name: case for case in result.pack.cases}
    for name in names:
        case, own = cases[name], cells[cells["scenario"] == name]
        lines, parts = [], []
        for _, part in own.groupby(["table", "column", "source"], sort=False):
            first = part.iloc[0]
            what = f"{first['table']}.{first['column']}" if first["column"] else str(first["table"])
            lines.append(f"{what}: {change_of(part['old'], part['new'])}, "
                         f"{len(part):,} cells ({first['source']})")
            parts.append(part.head(CELLS))
        shown = pd.concat(parts) if parts else own
        table = grid(shown[["table", "key", "column", "old", "new", "source"]], "Cells", most=20 * CELLS)
        table = Grid(table.name, table.header, table.rows, len(own) - len(table.rows), "changes.csv")
        yield Change(name, case.note, case.parent or "", ", ".join(case.tags), tuple(lines),
                     (table,) if len(own) else ())


def evidence(result: PackResult, comparison: Comparison, base: Solution) -> Iterator[Grid]:
    """Tables of the evidence page."""
    document = pack_document(result.pack)
    options = {**dict(base.record.get("options", {})), **result.pack.options}
    facts = [("pack", document["pack"]), ("file", document["source"]), ("model", document["model"]),
             ("hash of the model", document["model_hash"]), ("baseline", document["baseline"]),
             ("compared with", comparison.against), ("today as it is run", comparison.as_is or "not stated"),
             *((f"option {name}", _plain(value)) for name, value in sorted(options.items())),
             ("how ties were settled", _plain(base.record.get("tie_rule", "")))]
    yield grid(pd.DataFrame(facts, columns=["what", "is"]), "What was computed")
    rows = result.rows
    shown = ["scenario", "parent", "kind", "state", "outcome", "cost", "bound", "gap", "gap_money", "seconds",
             "message"]
    yield grid(rows[shown], "Every case: cost, bound, gap", comparison.currency, where="cases.csv")
    hashes = rows[["scenario", "key"]].assign(network=rows["scenario"].map(
        {case["name"]: case["network"] for case in document["cases"]}))
    yield grid(hashes.rename(columns={"key": "key of the answer", "network": "hash of the network"}), "Hashes")
    ties = comparison.order[comparison.order["verdict"].isin(["tie", "same"])]
    yield grid(ties, "Pairs that cannot be told apart", comparison.currency, where="order.csv")
    findings = result.pack.findings.frame()
    yield grid(findings, "Warnings about the pack and its networks", where="findings.csv")
    yield grid(base.pruned, f"Ways of {comparison.against} that were left out, and why")
    yield from _closing()


def evidence_of_plan(plan: Solution) -> Iterator[Grid]:
    """Tables of the evidence page of one plan."""
    record = plan.record
    facts = [("model", str(plan.net.settings["name"])), ("hash of the model", plan.net.hash),
             ("cost", f"{plan.total_cost:,.2f}"), ("bound", f"{plan.bound:,.2f}"), ("gap", f"{plan.gap:.3g}"),
             ("ended by", plan.status.stopped_by or plan.status.solution),
             *((f"option {name}", _plain(value)) for name, value in sorted(record.get("options", {}).items())),
             ("how ties were settled", _plain(record.get("tie_rule", "")))]
    yield grid(pd.DataFrame(facts, columns=["what", "is"]), "What was computed")
    yield grid(plan.net.findings.frame(), "Warnings about the network")
    yield grid(plan.pruned, "Ways that were left out, and why")
    yield from _closing()


def _closing() -> Iterator[Grid]:
    """Tables that end the evidence of a pack and of a plan."""
    yield grid(pd.DataFrame(sorted(versions().items()), columns=["what", "version"]), "Versions")
    yield grid(pd.DataFrame(DEFINITIONS, columns=["word", "means"]), "What words mean here")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
