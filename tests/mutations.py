"""Shipped tables and packs with one thing wrong: what comes of it must be findings, or a plan, said in words.

`python -m tests.mutations 1000` prints how many came to what, and every mutation that ended in an error of another kind
or took too long. The same number and seed make the same mutations.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ctsopt as cts
from ctsopt import examples

Draw = np.random.Generator
Mutation = Callable[[Draw, Path], str]

LONGEST, LONGEST_WAIT = 60.0, 600.0
"""Seconds of processor time, and by the clock, after which a mutation counts as one that hangs."""

SOLVED = {"two_dcs": 1.0, "joint_stock": 1.0, "retail_us": 0.0}
"""Share of the mutations of a network that are solved; the others are read and checked."""

BAD_CELLS = ("", " ", "-", "-1", "0", "1e-9", "1e12", "1e13", "1e300", "inf", "nan", "NaN", "1,5", "1.234,5", "1'000",
             "1 000", "12-", "5%", "2026-03-01", "=1+1", "#REF!", "yes", "*", "?", "a|b", "\u0430", "x\u200by",
             "x\x00y", "'5", "TRUE", "１２", "1e", "--", "x" * 300, "None", "100000000000000000000")
"""What a cell may come to hold by a slip, a formula or another program."""


@dataclass(frozen=True)
class Outcome:
    """What came of one mutation: its kind, what was done, and what was said."""

    kind: str
    what: str
    said: str = ""


def _table(draw: Draw, folder: Path) -> Path:
    return Path(draw.choice(sorted(folder.glob("*.csv"))))


def _rows(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]


def _put(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")


def _cell(draw: Draw, rows: list[list[str]]) -> tuple[int, int]:
    row = int(draw.integers(1, len(rows)))
    return row, int(draw.integers(len(rows[row])))


def cell_replaced(draw: Draw, folder: Path) -> str:
    """One cell holds something else."""
    path = _table(draw, folder)
    rows = _rows(path)
    row, column = _cell(draw, rows)
    old, rows[row][column] = rows[row][column], str(draw.choice(BAD_CELLS))
    _put(path, rows)
    return f"{path.name} {row + 1} {rows[0][column]}: {old!r} -> {rows[row][column]!r}"


def number_changed(draw: Draw, folder: Path) -> str:
    """One number is larger or smaller by some powers of ten, or has another sign."""
    path = _table(draw, folder)
    rows = _rows(path)
    at = [(i, j) for i, row in enumerate(rows) if i for j, cell in enumerate(row) if cell.replace(".", "").isdigit()]
    if not at:
        return cell_replaced(draw, folder)
    row, column = at[int(draw.integers(len(at)))]
    old, factor = rows[row][column], float(draw.choice([-1.0, 1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9]))
    rows[row][column] = repr(float(old) * factor)
    _put(path, rows)
    return f"{path.name} {row + 1} {rows[0][column]}: {old} -> {rows[row][column]}"


def cell_twisted(draw: Draw, folder: Path) -> str:
    """One text has a letter less, another case, another script, or a blank more."""
    path = _table(draw, folder)
    rows = _rows(path)
    row, column = _cell(draw, rows)
    old = rows[row][column]
    ways = (old[1:], old[:-1], old.swapcase(), old + " ", " " + old, old.replace("a", "а").replace("o", "о"),
            old + "\u200b", old + old, old.replace("e", "é"), f'"{old}', old[::-1])
    rows[row][column] = str(draw.choice(np.array(ways, dtype=object)))
    _put(path, rows)
    return f"{path.name} {row + 1} {rows[0][column]}: {old!r} -> {rows[row][column]!r}"


def column_changed(draw: Draw, folder: Path) -> str:
    """A column goes, comes twice, is renamed, blank, multiplied, or changes its name with another."""
    path = _table(draw, folder)
    rows = [[*row, *[""] * (len(_rows(path)[0]) - len(row))] for row in _rows(path)]
    column, other = (int(draw.integers(len(rows[0]))) for _ in range(2))
    name, way = rows[0][column], str(draw.choice(["drop", "twice", "rename", "blank", "times", "swap", "case"]))
    if way == "drop":
        rows = [row[:column] + row[column + 1:] for row in rows]
    elif way == "twice":
        rows = [[*row, row[column]] for row in rows]
    elif way == "rename":
        rows[0][column] = name[:-1] + "x"
    elif way == "case":
        rows[0][column] = name.upper().replace("_", " ")
    elif way == "blank":
        rows = [rows[0], *([*row[:column], "", *row[column + 1:]] for row in rows[1:])]
    elif way == "swap":
        rows[0][column], rows[0][other] = rows[0][other], rows[0][column]
    else:
        factor = float(draw.choice([1e-3, 60.0, 1e3, 1e6]))
        rows = [rows[0], *([*row[:column], _times(row[column], factor), *row[column + 1:]] for row in rows[1:])]
    _put(path, rows)
    return f"{path.name} {name}: {way}"


def _times(text: str, factor: float) -> str:
    return repr(float(text) * factor) if text.replace(".", "").isdigit() else text


def rows_changed(draw: Draw, folder: Path) -> str:
    """Rows go, come twice, are ragged, or all of them are gone."""
    path = _table(draw, folder)
    rows = _rows(path)
    row, way = int(draw.integers(1, len(rows))), str(draw.choice(["drop", "twice", "short", "long", "none", "total"]))
    if way == "drop":
        del rows[row]
    elif way == "twice":
        rows.append(rows[row])
    elif way == "short":
        rows[row] = rows[row][:-1]
    elif way == "long":
        rows[row] = [*rows[row], "7"]
    elif way == "none":
        rows = rows[:1]
    else:
        rows.append(["Total", *[""] * (len(rows[0]) - 2), "1000"])
    _put(path, rows)
    return f"{path.name} {row + 1}: {way}"


def file_encoded(draw: Draw, folder: Path) -> str:
    """A file is written as other programs write it, or is damaged."""
    path = _table(draw, folder)
    text, data = path.read_text(encoding="utf-8"), path.read_bytes()
    place = int(draw.integers(len(data)))
    ways: dict[str, bytes] = {
        "utf-16": text.encode("utf-16"), "utf-8-sig": text.encode("utf-8-sig"), "utf-32": text.encode("utf-32"),
        "latin-1": (text + "Köln,Düsseldorf\n").encode("latin-1"), "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(), "semicolon": text.replace(",", ";").encode(),
        "tab": text.replace(",", "\t").encode(), "cut": data[:place], "nul": data[:place] + b"\0" + data[place:],
        "bit": data[:place] + bytes([data[place] ^ 1 << int(draw.integers(8))]) + data[place + 1:],
        "noise": draw.bytes(len(data)), "quote": data[:place] + b'"' + data[place:], "empty": b"",
        "title": b"Network 2026\n\n" + data, "zip": b"PK\x03\x04" + data, "blank lines": data.replace(b"\n", b"\n\n")}
    way = str(draw.choice(list(ways)))
    path.write_bytes(ways[way])
    return f"{path.name}: {way} at {place}"


def file_moved(draw: Draw, folder: Path) -> str:
    """A file goes, has another name, or is something else than a file."""
    path = _table(draw, folder)
    way = str(draw.choice(["gone", "renamed", "upper", "folder", "loop", "nowhere", "odd", "stray", "twice", "xls"]))
    if way == "stray":
        (folder / "sitez.csv").write_text("site,kind\nX,dc\n")
    elif way == "odd":
        shutil.copy(path, os.fsencode(folder / path.stem) + b"\xff.csv")
    elif way == "twice":
        (folder / f"{path.stem}.parquet").write_bytes(b"PAR1 is not enough")
    elif way in ("renamed", "upper", "xls"):
        name = {"renamed": f"{path.stem}s.csv", "upper": path.name.upper(), "xls": f"{path.stem}.xls"}[way]
        path.rename(folder / name)
    else:
        path.unlink()
        if way == "folder":
            path.mkdir()
        elif way in ("loop", "nowhere"):
            path.symlink_to(path.name if way == "loop" else "nothing")
    return f"{path.name}: {way}"


def settings_changed(draw: Draw, folder: Path) -> str:
    """The settings file has a line that is none, or a byte turned."""
    path = folder / "model.yaml"
    data = path.read_bytes()
    place = int(draw.integers(len(data)))
    lines = (b"circuity: 1e9", b"open_lanes: some", b"life: 0", b"\tname: x", b"name: [a, b]", b"discount_rate: 8%",
             b"stock_level: each", b"stock_rule: square_root", b"lead_time_levels: 3", b"longest_wait: 5", b"budget: 1",
             b"review_time: 0", b"order_interval: 3660", b"carbon_cap: 1", b"name: &a x", b"name: *a", b"---", b"{",
             b"currency: \xff", b"open_lanes: all", b"life: 1e300", b"nmae: y", b"stock_sharing: rationed")
    ways = {"bit": data[:place] + bytes([data[place] ^ 1 << int(draw.integers(8))]) + data[place + 1:],
            "cut": data[:place], "line": data + bytes(lines[int(draw.integers(len(lines)))]) + b"\n"}
    way = str(draw.choice(list(ways), p=[0.2, 0.1, 0.7]))
    path.write_bytes(ways[way])
    return f"model.yaml: {way} {path.read_bytes()[-25:]!r}"


def workbook_damaged(draw: Draw, folder: Path) -> str:
    """The network as a workbook, of which bytes are cut or turned."""
    path = folder.with_suffix(".xlsx")
    cts.read(folder).write(path)
    data = bytearray(path.read_bytes())
    way = str(draw.choice(["cut", "bits", "hole"]))
    if way == "cut":
        data = data[: int(draw.integers(len(data)))]
    for place in draw.integers(len(data), size=3 if way == "bits" else 0):
        data[int(place)] ^= 1 << int(draw.integers(8))
    if way == "hole":
        place = int(draw.integers(len(data)))
        data[place:place + 200] = bytes(min(200, len(data) - place))
    path.write_bytes(bytes(data))
    shutil.rmtree(folder)
    return f"{path.name}: {way}"


def pack_changed(draw: Draw, folder: Path) -> str:
    """A pack file has a line less, twice, at another depth, with another word, or a byte that is none."""
    path = folder.with_suffix(".yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    way = str(draw.choice(["drop", "twice", "deeper", "word", "bit", "byte", "cut"]))
    at = int(draw.integers(len(lines)))
    words = lines[at].split(" ")
    if way == "drop":
        del lines[at]
    elif way == "twice":
        lines.insert(at, lines[at])
    elif way == "deeper":
        lines[at] = "  " + lines[at]
    elif way == "word":
        other = lines[int(draw.integers(len(lines)))].split(" ")
        words[int(draw.integers(len(words)))] = str(draw.choice([*BAD_CELLS[:-3], *other]))
        lines[at] = " ".join(words)
    data = "\n".join(lines).encode() + b"\n"
    place = int(draw.integers(len(data)))
    if way == "bit":
        data = data[:place] + bytes([data[place] ^ 1 << int(draw.integers(8))]) + data[place + 1:]
    elif way == "byte":
        odd = (b"\0", b"\t", b"\xff", b"\xed\xa0\x80", b"&a ", b"*a ", b"!!python/object:os.system ", b"'", b'"', b"{")
        data = data[:place] + bytes(odd[int(draw.integers(len(odd)))]) + data[place:]
    elif way == "cut":
        data = data[:place]
    path.write_bytes(data)
    shutil.rmtree(folder, ignore_errors=True)
    return f"{path.name} {at + 1}: {way}"


OF_TABLES: dict[Mutation, float] = {
    cell_replaced: 0.22, number_changed: 0.18, cell_twisted: 0.1, column_changed: 0.12, rows_changed: 0.08,
    file_encoded: 0.1, file_moved: 0.06, settings_changed: 0.08, workbook_damaged: 0.06}
"""Mutations of a network, and how often each is drawn."""

OF_PACKS = 0.12
"""Share of the mutations that are of packs."""

PACKS = ("three_bases", "tier_structures")
"""Packs over small networks."""


def mutate(seed: int, folder: Path) -> Outcome:
    """Make a mutation in a folder, and see what comes of it."""
    draw = np.random.default_rng([seed, 10])
    if draw.random() < OF_PACKS:
        name = str(draw.choice(PACKS))
        examples.copy(name, folder)
        mutation: Mutation = pack_changed
        shutil.move(folder / f"{name}.yaml", folder.with_suffix(".yaml"))
        if (folder / name).is_dir():
            shutil.move(folder / name, folder.parent / name)
    else:
        name = str(draw.choice(list(SOLVED), p=[0.7, 0.26, 0.04]))
        examples.copy(name, folder)
        mutation = list(OF_TABLES)[int(draw.choice(len(OF_TABLES), p=list(OF_TABLES.values())))]
    what = f"{seed} {name} {mutation.__name__}: {mutation(draw, folder)}"
    try:
        with _at_most(signal.SIGPROF, signal.ITIMER_PROF, LONGEST), \
                _at_most(signal.SIGALRM, signal.ITIMER_REAL, LONGEST_WAIT):
            return _tried(name, folder, what)
    except TimeoutError:
        return Outcome("HANGS", what)
    except Exception:
        return Outcome("BARE", what, traceback.format_exc())


def _tried(name: str, folder: Path, what: str) -> Outcome:
    pack, book = folder.with_suffix(".yaml"), folder.with_suffix(".xlsx")
    try:
        if pack.exists():
            told = cts.read_pack(pack, networks=False).findings
            return Outcome("pack with warnings" if str(told) != "no findings" else "pack", what)
        source = book if book.exists() else folder
        net = cts.read(source)
        net.findings.frame()
        told = " with warnings" if str(net.findings) != "no findings" else ""
        if not SOLVED[name]:
            str(net.summary())
            return Outcome(f"read{told}", what)
        plan = cts.solve(net, gap=0.01, time_limit=20)
        str(plan)
        return Outcome(f"plan{told}", what, f"{plan.total_cost:,.2f}")
    except cts.SolverError as error:
        return Outcome("OUR FAULT", what, str(error))
    except cts.InfeasibleError as error:
        return Outcome("promises", what, str(error))
    except cts.NoPlanError as error:
        return Outcome("no plan in time", what, str(error))
    except cts.DataError as error:
        error.findings.frame()
        return Outcome("findings", what, error.findings[0].rule)
    except cts.UsageError as error:
        return Outcome("refused", what, str(error))


@contextmanager
def _at_most(number: signal.Signals, timer: int, seconds: float) -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(number, late)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


def mutations(seeds: range) -> Iterator[Outcome]:
    """The outcome of each of these mutations."""
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="mutation-") as place:
            yield mutate(seed, Path(place) / "net")


def main() -> None:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true", help="show every mutation")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    begun = time.process_time()
    for outcome in mutations(range(given.first, given.first + given.count)):
        counts[outcome.kind] += 1
        if given.verbose or outcome.kind.isupper():
            sys.stdout.write(f"{outcome.kind}\t{outcome.what}\t{outcome.said}\n")
            sys.stdout.flush()
    for kind, count in counts.most_common():
        sys.stdout.write(f"{count:6,} {kind}\n")
    sys.stdout.write(f"{time.process_time() - begun:,.0f} s of processor time\n")


if __name__ == "__main__":
    main()
