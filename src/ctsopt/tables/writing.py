"""Writing a network: a folder of CSV or Parquet files with `model.yaml`, or a workbook; read back, it is the same."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.files import beside, swap, whole_file
from ctsopt.networks.schema import BY_NAME, SETTINGS, TABLES, Column
from ctsopt.tables.excel import refusal, write_workbook
from ctsopt.tables.raw import number_text
from ctsopt.tables.typed import Setting

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Format = Literal["csv", "parquet"]

_FILES = tuple(f"{t.name}{suffix}" for t in TABLES for suffix in (".csv", ".parquet"))
SETTINGS_FILE = "model.yaml"

GUIDE_SHEET = "README"
"""Sheet of a template that explains the others."""


def write(net: Network, path: str | os.PathLike[str], format: Format = "csv") -> Path:
    """Write the tables that were given, so that reading them gives a network with the same content hash.

    Columns that are blank throughout are left out. Everything is written beside the target first; what stands there
    is replaced only when that has succeeded. Files that are not part of the network stay; comments in the settings
    file and columns of the user's own are not part of it.

    Parameters
    ----------
    net : Network
    path : path
        A folder, or a file ending in `.xlsx`.
    format : {"csv", "parquet"}
        Type of the files in a folder.

    Raises
    ------
    UsageError
        If the folder or workbook exists and is not a network of ctsopt, or holds more than one.
    """
    target = Path(path)
    if format not in ("csv", "parquet"):
        raise UsageError(f"format {format!r} is not known; use 'csv' or 'parquet', or a path ending in .xlsx")
    frames = {name: _used(net, name) for name in BY_NAME if name in net.given}
    if target.suffix.lower() == ".xlsx":
        given = _settings(net)
        sheets: dict[str, Any] = {SETTINGS.name: (["setting", "value"], [list(given), list(given.values())])}
        for name, frame in frames.items():
            columns = [_plain(BY_NAME[name].column(c), frame[c]) for c in frame.columns]
            sheets[name] = (list(frame.columns), columns)
        replace_workbook(target, lambda draft: write_workbook(draft, sheets))
        return target

    def fill(folder: Path) -> None:
        write_settings(folder / SETTINGS_FILE, _settings(net))
        for name, frame in frames.items():
            if format == "parquet":
                frame.to_parquet(folder / f"{name}.parquet", index=False)
            else:
                (folder / f"{name}.csv").write_bytes(csv_bytes(name, frame))

    replace_folder(target, fill)
    return target


def csv_bytes(name: str, frame: pd.DataFrame) -> bytes:
    """The frame as CSV: UTF-8, lines end with a line feed, numbers with as many digits as they need."""
    texts = {c: _texts(BY_NAME[name].column(c), frame[c]) for c in frame.columns}
    return pd.DataFrame(texts, columns=frame.columns).to_csv(index=False, lineterminator="\n").encode()


def write_settings(path: Path, settings: Mapping[str, Setting]) -> None:
    """Write settings as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    stream = io.BytesIO()
    yaml.dump(dict(settings), stream)
    path.write_bytes(stream.getvalue())


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a new folder beside the target, then put its files in the place of the old ones.

    Raises
    ------
    UsageError
        If the target is a file, or a folder with content that is not a network.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder, or a file ending in .xlsx")
    old = {p.name for p in target.iterdir()} if target.exists() else set()
    mine = old & {*_FILES, SETTINGS_FILE}
    if old and not mine:
        raise UsageError(f"{target} has content that is not a network; name a new or an empty folder")
    with beside(target) as draft:
        fill(draft)
        fresh = [p.name for p in draft.iterdir()]
        kept = draft / ".replaced"
        kept.mkdir()
        target.mkdir(exist_ok=True)
        swap(target, draft, kept, sorted(mine), fresh)


def new_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write files and put them into the folder `target`, none of them in the place of another.

    Raises
    ------
    UsageError
        If the target is a file, or one of the files exists.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder, or a file ending in .xlsx")
    with beside(target) as draft:
        fill(draft)
        there = sorted(p.name for p in draft.iterdir() if (target / p.name).exists())
        if there:
            raise UsageError(f"{target} holds {', '.join(there)} already; name another folder")
        target.mkdir(exist_ok=True)
        swap(target, draft, draft, [], [p.name for p in draft.iterdir()])


def new_file(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file that does not exist.

    Raises
    ------
    UsageError
        If it exists.
    """
    if target.exists():
        raise UsageError(f"{target} exists; name another file")
    whole_file(target, fill)


def replace_workbook(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a new file beside the target, then put it in its place.

    Raises
    ------
    UsageError
        If the target is something else than a workbook of ctsopt, which would be lost.
    """
    if target.exists():
        foreign = _foreign_sheets(target)
        if foreign:
            raise UsageError(f"{target} holds {foreign}, which would be lost; name another file")
    whole_file(target, fill)


def _foreign_sheets(path: Path) -> str:
    """What a workbook holds beside the tables of a network; a plain word where it is no workbook."""
    from openpyxl import load_workbook

    if path.is_dir():
        return "a folder"
    if refusal(path):
        return "something that is not a workbook"
    book = load_workbook(path, read_only=True)
    names = [n for n in book.sheetnames if n not in BY_NAME and n != GUIDE_SHEET]
    known = [n for n in book.sheetnames if n in BY_NAME]
    book.close()
    if names:
        return "the sheets " + ", ".join(names)
    return "" if known else "no table of a network"


def _settings(net: Network) -> dict[str, Setting]:
    """Settings that differ from their default."""
    return {c.name: _whole(net.settings[c.name]) for c in SETTINGS.columns if net.settings[c.name] != c.default}


def _used(net: Network, name: str) -> pd.DataFrame:
    """The table without the columns that are blank throughout and need not be there."""
    frame = net.tables[name]
    kept = [c.name for c in BY_NAME[name].columns
            if c.is_key or c.required or not _blank(c, frame[c.name]).all()]
    return frame[kept]


def _blank(column: Column, values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if column.kind == "number":
        numbers = values.to_numpy(dtype=np.float64)
        return np.asarray(np.isnan(numbers) | np.isposinf(numbers))
    return np.asarray(values == "", dtype=bool) if column.kind != "yes_no" else np.zeros(len(values), dtype=bool)


def _texts(column: Column, values: pd.Series[Any]) -> Any:
    """Values as text for CSV."""
    if column.kind == "yes_no":
        return np.where(values.to_numpy(dtype=bool), "yes", "no")
    if column.kind != "number":
        return values.to_numpy(dtype=object)
    codes, distinct = pd.factorize(np.where(_blank(column, values), np.nan, values.to_numpy(dtype=np.float64)),
                                   use_na_sentinel=False)
    return np.array([number_text(number) for number in distinct] or [""], dtype=object)[codes]


def _plain(column: Column, values: pd.Series[Any]) -> list[Any]:
    """Values as Python objects for a workbook; None where blank."""
    if column.kind == "yes_no":
        return ["yes" if flag else "no" for flag in values]
    blank = _blank(column, values)
    plain = values.to_numpy(dtype=np.float64).tolist() if column.kind == "number" else values.tolist()
    return [None if none else _whole(v) for v, none in zip(plain, blank, strict=True)]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
