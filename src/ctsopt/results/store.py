"""Solutions on disk: Parquet and JSON in a folder; nothing that runs code when it is read."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ctsopt.errors import CtsWarning, FileError, UsageError
from ctsopt.files import MANIFEST, broken, renew, seal
from ctsopt.networks.network import reopened
from ctsopt.programs.status import Status
from ctsopt.results.schema import described
from ctsopt.results.solution import TABLES, Solution

_FORMAT = 3
_UNSEALED = 1
_HEAD, _NETWORK = "solution.json", "network"
_MEND = "solve again, or take it from a copy"


def save(solution: Solution, path: str | Path) -> None:
    """Write a solution to a folder; of an earlier one there, just its own files are replaced, when the new one is
    whole.
    """
    target = Path(path)
    _require_place(target)
    _say_what_goes(solution, target)

    def fill(folder: Path) -> list[str]:
        _write(solution, folder)
        # The manifest goes in last: what is cut short in between does not agree with it.
        return sorted((part.name for part in folder.iterdir()), key=lambda name: name == MANIFEST)

    renew(target, fill)


def save_answer(solution: Solution, path: str | Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write a folder for people: the saved solution below `solution`, its tables and further ones as CSV.

    Raises
    ------
    UsageError
        If the solution would take the place of something else.
    FileError
        If it cannot be written; what was there before is as it was.
    """
    target, name = Path(path), "solution"
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder")

    def fill(folder: Path) -> list[str]:
        solution.save(folder / name)
        for each, frame in {**solution.tables, **tables}.items():
            frame.to_csv(folder / f"{each}.csv", index=False)
        return [part.name for part in folder.iterdir()]

    _require_place(target / name)
    _say_what_goes(solution, target / name)
    renew(target, fill)


def _require_place(target: Path) -> None:
    if target.exists() and not (target / _HEAD).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} exists and is not a saved solution: give another folder, or remove it")


def _say_what_goes(solution: Solution, target: Path) -> None:
    """Warn where the plan of another network is replaced: it may have been meant to stay."""
    if not (target / _HEAD).is_file():
        return
    try:
        head = _head(target)
    except (FileError, UsageError):  # damaged, or of another version: nobody can load it
        return
    if head["hash"] != solution.net.hash:
        warnings.warn(f"{target} held the plan of another network, of cost {head['total_cost']:,.2f}: it is replaced",
                      CtsWarning, stacklevel=4)


def _write(solution: Solution, folder: Path) -> None:
    solution.net.write(folder / _NETWORK, format="parquet")
    for name in TABLES:
        _write_table(solution, name, folder / f"{name}.parquet")
    head = {"format": _FORMAT, "hash": solution.net.hash, "bound": _number(solution.bound),
            "status": {"solution": solution.status.solution, "stopped_by": solution.status.stopped_by,
                       "detail": solution.status.detail},
            "total_cost": solution.total_cost, "record": solution.record}
    (folder / _HEAD).write_text(json.dumps(head, indent=1, default=str) + "\n", encoding="utf-8")
    seal(folder, format=_FORMAT)


def _write_table(solution: Solution, name: str, path: Path) -> None:
    """A table as Parquet, whose fields say their kind, unit and meaning to whoever reads it elsewhere."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    frame = solution.tables[name]
    made = pa.Table.from_pandas(frame, preserve_index=False)
    told = described(name, frame, solution.net.settings)
    fields = [field.with_metadata(told[field.name]) if field.name in told else field for field in made.schema]
    pq.write_table(pa.Table.from_arrays(made.columns, schema=pa.schema(fields, metadata=made.schema.metadata)), path)


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def load(path: str | Path) -> Solution:
    """Read a solution that `Solution.save` wrote.

    Raises
    ------
    UsageError
        If the folder holds no saved solution, or one of another version of ctsopt.
    FileError
        If a file of it is missing, was changed, or was added to its network; the file is named.
    """
    folder = Path(path)
    if not (folder / _HEAD).is_file():
        raise UsageError(f"{folder} holds no saved solution ({_HEAD} is missing)")
    head = _head(folder)
    missing = [name for name in TABLES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise FileError(f"{folder} is not whole: {', '.join(missing)} missing ({missing[0]}.parquet); {_MEND}")
    fault = broken(folder, lambda name: name.startswith(f"{_NETWORK}/"), format=_FORMAT)
    if fault:
        of_network = ("; so the network is not the one that was solved: its content has changed"
                      if fault.startswith(f"{_NETWORK}/") else "")
        raise FileError(f"{folder} is damaged: {fault}{of_network}. {_MEND.capitalize()}")
    net = reopened(folder / _NETWORK)
    if net.hash != head["hash"]:
        raise UsageError(f"the network in {folder} is not the one that was solved: this version of ctsopt reads it "
                         f"otherwise; {_MEND}")
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return Solution(net, tables, Status(**head["status"]), float(head["bound"]), head["record"])


def _head(folder: Path) -> dict[str, Any]:
    """Facts beside the tables, of a format that this version reads."""
    try:
        head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(f"{folder} is damaged: {_HEAD} cannot be read. {_MEND.capitalize()}") from error
    stated = head.get("format") if isinstance(head, dict) else None
    if stated == _UNSEALED:
        raise UsageError(f"{folder} was saved by an earlier version of ctsopt, whose files bear no checksums, in "
                         f"{_HEAD}: format {_UNSEALED}; {_MEND}")
    if stated != _FORMAT:
        raise UsageError(f"{folder} was saved in format {stated!r} (by its {_HEAD}); this version reads {_FORMAT}")
    return dict(head)
