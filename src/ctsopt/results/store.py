"""Solutions on disk: Parquet and JSON in a folder; nothing that runs code when it is read."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.network.network import read
from ctsopt.program.status import Status
from ctsopt.results.solution import TABLES, Solution

_FORMAT = 1
_HEAD = "solution.json"


def save(solution: Solution, path: str | Path) -> None:
    """Write a solution to a folder; of an earlier one there, just its own files are replaced, when the new one is
    whole.
    """
    target = Path(path)
    if target.exists() and not (target / _HEAD).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} exists and is not a saved solution: give another folder, or remove it")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write(solution, draft)
        target.mkdir(exist_ok=True)
        for part in sorted(draft.iterdir(), key=lambda part: part.name == _HEAD):
            old = target / part.name
            if old.is_dir():
                shutil.rmtree(old)
            part.replace(old)
    finally:
        shutil.rmtree(draft)


def _write(solution: Solution, folder: Path) -> None:
    solution.net.write(folder / "network", format="parquet")
    for name in TABLES:
        solution.tables[name].to_parquet(folder / f"{name}.parquet", index=False)
    head = {"format": _FORMAT, "hash": solution.net.hash, "bound": _number(solution.bound),
            "status": {"solution": solution.status.solution, "stopped_by": solution.status.stopped_by,
                       "detail": solution.status.detail},
            "total_cost": solution.total_cost, "record": solution.record}
    (folder / _HEAD).write_text(json.dumps(head, indent=1, default=str) + "\n", encoding="utf-8")


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def load(path: str | Path) -> Solution:
    """Read a solution that `Solution.save` wrote.

    Raises
    ------
    UsageError
        If the folder holds no saved solution, or one whose network was changed after it was saved.
    """
    folder = Path(path)
    if not (folder / _HEAD).is_file():
        raise UsageError(f"{folder} holds no saved solution ({_HEAD} is missing)")
    head: dict[str, Any] = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
    if head.get("format") != _FORMAT:
        raise UsageError(f"{folder} was saved in format {head.get('format')!r}; this version reads {_FORMAT}")
    missing = [name for name in TABLES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise UsageError(f"{folder} is not whole: {', '.join(missing)} missing; save the solution again")
    net = read(folder / "network")
    if net.hash != head["hash"]:
        raise UsageError(f"the network in {folder} is not the one that was solved: its content has changed")
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return Solution(net, tables, Status(**head["status"]), float(head["bound"]), head["record"])
