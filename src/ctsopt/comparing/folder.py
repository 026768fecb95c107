"""The folder of a run: tables for people, plans and facts to be read back and compared again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.comparing.comparison import TABLES, Comparison, compare
from ctsopt.comparing.facts import Facts, facts_of
from ctsopt.errors import FileError, UsageError, legible
from ctsopt.files import renew, sealed, unsealed
from ctsopt.packs.bridging import BridgePlan, TornadoPlan
from ctsopt.results.solution import Solution
from ctsopt.results.store import load
from ctsopt.running import reasons
from ctsopt.running.answers import Solutions
from ctsopt.tables.spreadsheet import harmless, write_csv
from ctsopt.versions import versions

if TYPE_CHECKING:
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.packs.pack import Pack
    from ctsopt.tables.edits.parts import Edit

_FORMAT = 4
_RUN, _PACK, _SOLUTIONS, _SOLUTION = "run.json", "pack.json", "solutions", "solution.json"
REPORT, WORKBOOK = "report.html", "workbook.xlsx"
"""Files of a run that are written by others beside its tables."""

_FACTS = ("scenario", "parent", "kind", "role", "state", "tags", "outcome", "message", "key")


class Saved(Mapping[str, Solution]):
    """Saved solutions by name; each is read when it is looked at.

    Parameters
    ----------
    folders : mapping of str to Path
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)

    def __getitem__(self, name: str) -> Solution:
        return load(self._folders[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)


@dataclass(frozen=True, eq=False)
class SavedRun:
    """Plans that were saved, and what is known beside them.

    Attributes
    ----------
    solutions : mapping of str to Solution
    facts : Facts
    against, as_is : str or None
        What the pack says.
    """

    solutions: Mapping[str, Solution]
    facts: Facts
    against: str | None = None
    as_is: str | None = None

    def compare(self, against: str | None = None, as_is: str | None = None) -> Comparison:
        """The plans beside each other; see `ctsopt.compare`."""
        return compare(self.solutions, against or self.against, as_is or self.as_is, self.facts)


def save_run(result: PackResult, folder: str | Path, comparison: Comparison | None) -> Path:
    """Write everything that is known of a run into a folder, which is made.

    `cases.csv` and the tables of the comparison; `changes.csv`: every cell that each scenario changes in the model, and
    which override did it; `findings.csv`; `pack.json`: the pack with every scenario resolved into its edits;
    `versions.json`; `solutions/NAME`: the plans, for `ctsopt.load`; `run.json`: what `ctsopt compare` reads.

    Everything is written beside the folder and put there when it is whole. What an earlier run left there goes, its
    report and workbook included; other files stay.

    Raises
    ------
    UsageError
        If a plan would take the place of something else than a plan.
    FileError
        If it cannot be written; what an earlier run left there is as it was.
    """
    target = Path(folder)
    plans = [f"{_SOLUTIONS}/{name}" for name in result.solutions]
    for plan in plans:
        if (target / plan).exists() and not (target / plan / _SOLUTION).is_file():
            raise UsageError(f"{target / plan} exists and is not a saved solution: give another folder, or remove it")

    def fill(fresh: Path) -> list[str]:
        _fill(result, fresh, comparison)
        return [*(part.name for part in fresh.iterdir() if part.name != _SOLUTIONS), *plans]

    return renew(target, fill, lambda: _of_an_earlier_run(target))


def _fill(result: PackResult, folder: Path, comparison: Comparison | None) -> None:
    pack = result.pack
    result.write(folder)
    if comparison is not None:
        comparison.write(folder)
    write_csv(harmless(changes_of(pack, result.rows["scenario"].tolist())), folder / "changes.csv")
    write_csv(harmless(pack.findings.frame()), folder / "findings.csv")
    _write_json(folder / _PACK, pack_document(pack))
    _write_json(folder / "versions.json", versions())
    (folder / _SOLUTIONS).mkdir()
    for name in result.solutions:
        if isinstance(result.solutions, Solutions):
            result.solutions.save(name, folder / _SOLUTIONS / name)
        else:
            result.solutions[name].save(folder / _SOLUTIONS / name)
    rows = facts_of(result).rows
    assert rows is not None  # those of a run always are there
    (folder / _RUN).write_text(sealed({
        "format": _FORMAT, "pack": pack.name, "against": comparison.against if comparison is not None else None,
        "as_is": (comparison.as_is or None) if comparison is not None else None,
        "probabilities": pack.probabilities, "solutions": list(result.solutions),
        "bridges": [plan.document() for plan in pack.bridges], "tornados": [plan.document() for plan in pack.tornados],
        "pareto": pack.compare.get("pareto", ""),
        "rows": rows[list(_FACTS)].to_dict("records")}), encoding="utf-8")


def _of_an_earlier_run(folder: Path) -> list[str]:
    """What an earlier run wrote into a folder, whether the run that follows writes it or not."""
    if not (folder / _RUN).is_file():
        return []
    try:
        plans = [f"{_SOLUTIONS}/{name}" for name in unsealed(folder / _RUN)["solutions"]]
    except (OSError, ValueError, KeyError):  # damaged, or of an earlier version: its plans stay
        plans = []
    return [_RUN, REPORT, WORKBOOK, *(f"{name}.csv" for name in (*reasons.TABLES, *TABLES)), *plans]


def changes_of(pack: Pack, names: Sequence[str]) -> pd.DataFrame:
    """What cases change in the model, cell by cell: scenario, table, key, column, old, new, source, order."""
    parts = [pack.diff(name).assign(scenario=name) for name in names]
    columns = ["scenario", "table", "key", "column", "old", "new", "source", "order"]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def pack_document(pack: Pack) -> dict[str, Any]:
    """A pack as plain values, every case with all its edits."""
    return {"pack": pack.name, "note": legible(pack.note), "source": legible(Path(pack.source).name),
            "model": str(pack.base.settings["name"]),
            "model_hash": pack.base.hash, "baseline": pack.baseline, "solve": pack.options, "compare": pack.compare,
            "probabilities": pack.probabilities, "bridges": [plan.document() for plan in pack.bridges],
            "tornados": [plan.document() for plan in pack.tornados],
            "cases": [{"name": case.name, "parent": case.parent, "kind": case.kind, "role": case.role,
                       "state": case.state,
                       "bridge": case.bridge, "axes": dict(case.axes), "tags": list(case.tags), "note": case.note,
                       "network": pack.hashes.get(case.name, ""), "edits": [_edit(edit) for edit in case.edits]}
                      for case in pack.cases]}


def _edit(edit: Edit) -> dict[str, Any]:
    return {name: value for name, value in asdict(edit).items() if value not in ({}, (), None, "")}


def read_saved(folders: Sequence[str | Path]) -> SavedRun:
    """Plans in folders: saved solutions, answers of `ctsopt solve -o`, or folders of runs.

    A plan has the name of its folder; one of a run has the name of its scenario, with that of the folder before it
    where there are several folders.

    Raises
    ------
    UsageError
        If a folder holds none of these, or two plans have the same name.
    FileError
        If the record of a run is not as it was written.
    """
    places: dict[str, Path] = {}
    facts, against, as_is = Facts(), None, None
    for each in map(Path, folders):
        if (each / _RUN).is_file():
            run = _read_run(each / _RUN)
            prefix = "" if len(folders) == 1 else f"{each.resolve().name}/"
            found = {f"{prefix}{name}": each / _SOLUTIONS / name for name in run["solutions"]}
            if not prefix:
                rows = pd.DataFrame(run["rows"], columns=list(_FACTS))
                facts = Facts(rows, run["probabilities"], [BridgePlan.of_document(d) for d in run["bridges"]],
                              [TornadoPlan.of_document(d) for d in run["tornados"]], run["pareto"])
                against, as_is = run["against"], run["as_is"]
        elif (each / _SOLUTION).is_file():
            found = {each.resolve().name: each}
        elif (each / "solution" / _SOLUTION).is_file():
            found = {each.resolve().name: each / "solution"}
        else:
            raise UsageError(f"{each} is neither a saved solution, nor the folder of ctsopt solve -o or ctsopt run -o")
        twice = sorted(places.keys() & found.keys())
        if twice:
            raise UsageError(f"two plans are called {twice[0]}: rename the folder {each}")
        places |= found
    return SavedRun(Saved(places), facts, against, as_is)


def _read_run(path: Path) -> dict[str, Any]:
    try:
        content = unsealed(path)
    except (OSError, ValueError) as error:
        raise FileError(f"{path.parent} is damaged, or was written by an earlier version of ctsopt: {error}. Run the "
                         "pack again") from error
    if content.get("format") != _FORMAT:
        raise UsageError(f"{path} was written in format {content.get('format')!r}; this version reads {_FORMAT}")
    return content


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
