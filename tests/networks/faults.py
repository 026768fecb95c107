"""Makers of faulty networks: the example as a folder, a workbook or frames, with one thing wrong."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.networks import example

Maker = Callable[[Path], object]
Edit = tuple[str, int, str, str]


@dataclass(frozen=True)
class Fault:
    """A kind of bad input: how it is made, and the finding that is wanted.

    Attributes
    ----------
    name : str
    make : function of a folder to what `read` or `network` takes
    rule, table, column : str
    rows : tuple of int
        As the user sees them: the header of a file is line 1, the first row of a frame is row 0.
    mend : str
        Words of the advice, or the name that is meant.
    severity : str
    """

    name: str
    make: Maker
    rule: str
    table: str
    column: str = ""
    rows: tuple[int, ...] = ()
    mend: str = ""
    severity: str = "error"


# ---- folders ---------------------------------------------------------------------------------------------------------


def folder(path: Path) -> Path:
    """The example as CSV files, free of findings."""
    path = path / "net"
    path.mkdir()
    for name, rows in example.texts().items():
        (path / f"{name}.csv").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def files(*, keep: Sequence[str] | None = None, without: Sequence[str] = (), data: dict[str, bytes] | None = None,
          texts: dict[str, str] | None = None, copies: dict[str, str] | None = None, folders: Sequence[str] = (),
          links: dict[str, str] | None = None, pipes: Sequence[str] = (), parquet: Sequence[str] = ()) -> Maker:
    """The example as a folder in which some files are gone, others, links, folders or pipes."""
    def make(path: Path) -> Path:
        net = folder(path)
        for name, content in {**(data or {}), **{n: t.encode() for n, t in (texts or {}).items()}}.items():
            (net / name).write_bytes(content)
        for old, new in (copies or {}).items():
            shutil.copy(net / old, net / new)
        for name in parquet:
            example.tables()[name].to_parquet(net / f"{name}.parquet")
        gone = [p.name for p in net.iterdir() if keep is not None and p.name not in keep]
        for name in {*gone, *without, *folders, *(links or {}), *pipes} & {p.name for p in net.iterdir()}:
            (net / name).unlink()
        for name in folders:
            (net / name).mkdir()
            (net / name / "part.parquet").write_bytes(b"")
        for name, target in (links or {}).items():
            (net / name).symlink_to(target)
        for name in pipes:
            os.mkfifo(net / name)
        return net
    return make


def settings(text: str) -> Maker:
    """The example with this settings file."""
    return files(texts={"model.yaml": text})


def edited(*edits: Edit) -> Maker:
    """The example with other cells: table, line of its file and column (added where it is not there), text."""
    def make(path: Path) -> Path:
        net = folder(path)
        tables = example.texts()
        for table, line, column, text in edits:
            rows = tables[table]
            if column not in rows[0]:
                rows[0].append(column)
                for row in rows[1:]:
                    row.append("")
            while len(rows) < line:
                rows.append([""] * len(rows[0]))
            rows[line - 1][rows[0].index(column)] = text
            (net / f"{table}.csv").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
        return net
    return make


def cells(table: str, line: int, column: str, text: str) -> Maker:
    """The example with one other cell."""
    return edited((table, line, column, text))


def lines(table: str, *more: str, without: str = "\0") -> Maker:
    """The example with more lines in a file, and without those that begin with some text."""
    def make(path: Path) -> Path:
        net = folder(path)
        file = net / f"{table}.csv"
        kept = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith(without)]
        width = kept[0].count(",")
        padded = [line + "," * (width - line.count(",")) for line in more]
        file.write_text("\n".join([*kept, *padded]) + "\n", encoding="utf-8")
        return net
    return make


def parquet(table: str, *, keep: float = 1.0, broken: str = "", twice: str = "", **columns: list[object]) -> Maker:
    """The example with one table as a Parquet file: cut off, with a column twice, of bytes that are no text."""
    def make(path: Path) -> Path:
        net = folder(path)
        frame = example.tables()[table]
        content = {name: pa.array(columns.get(name, frame[name].tolist())) for name in frame}
        if broken:
            bad = pa.array([b"\xff\xfe"] * len(frame), type=pa.binary())
            content[broken] = pa.Array.from_buffers(pa.string(), len(frame), bad.buffers())
        names = [*content, *([twice] if twice else [])]
        written = pa.Table.from_arrays([*content.values(), *([content[twice]] if twice else [])], names=names)
        target = io.BytesIO()
        pq.write_table(written, target)
        (net / f"{table}.csv").unlink()
        (net / f"{table}.parquet").write_bytes(target.getvalue()[: int(len(target.getvalue()) * keep)])
        return net
    return make


# ---- frames ----------------------------------------------------------------------------------------------------------


def frames(**tables: object) -> Maker:
    """The example as frames, with other tables."""
    return lambda path: {**example.sources(), **tables}


# ---- workbooks -------------------------------------------------------------------------------------------------------


def whole_book() -> openpyxl.Workbook:
    """The example as a workbook, numbers as numbers."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in example.texts().items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append([float(c) if c.replace(".", "", 1).isdigit() and c[0] != "0" else c or None for c in row])
    return made


def book(change: Callable[[openpyxl.Workbook], object] = lambda made: None) -> Maker:
    """The example as a workbook, changed a little."""
    def make(path: Path) -> Path:
        made = whole_book()
        change(made)
        made.save(path / "net.xlsx")
        return path / "net.xlsx"
    return make


def rezipped(change: Callable[[str, bytes], bytes] = lambda name, data: data, *, drop: Sequence[str] = (),
             add: dict[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED, keep: float = 1.0) -> Maker:
    """The example as a workbook whose parts are changed, dropped, added, packed in another way, or cut off."""
    def make(path: Path) -> Path:
        source = book()(path)
        assert isinstance(source, Path)
        target = path / "packed.xlsx"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
            for name in old.namelist():
                if name not in drop:
                    new.writestr(name, change(name, old.read(name)))
            for name, data in (add or {}).items():
                new.writestr(name, data)
        data = target.read_bytes()
        target.unlink()
        source.write_bytes(data[: int(len(data) * keep)])
        return source
    return make


def part_of(table: str) -> str:
    """The part of a workbook that holds a sheet."""
    return f"xl/worksheets/sheet{list(example.ROWS).index(table) + 1}.xml"


def sheet_xml(table: str, change: Callable[[str], str]) -> Maker:
    """The example as a workbook in which the XML of one sheet is changed."""
    return rezipped(lambda name, data: change(data.decode()).encode() if name == part_of(table) else data)


def workbook_xml(change: Callable[[str], str]) -> Maker:
    """The example as a workbook whose list of sheets is changed."""
    return rezipped(lambda name, data: change(data.decode()).encode() if name == "xl/workbook.xml" else data)
