"""Reading nodes by what they are: a block with known names, a list, a text, a number. Faults are gathered."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ctsopt.errors import Finding
from ctsopt.packs.draft import Origin, Step, name_fault
from ctsopt.tables.edits.parts import Edit, EditFault
from ctsopt.tables.numerals import parse, slips
from ctsopt.tables.yaml_nodes import Block, Items, Node, PathPart, Scalar, plain

LONGEST_PATH, LONGEST_PART = 1000, 255
"""Characters of the path of a file, and bytes of each part of it: beyond that, file systems give no answer."""

EditReader = Callable[[Any, str], tuple[Edit | None, list[EditFault]]]
"""Reads an edit from a mapping; the text is its source."""

MENDS = {
    "unreadable_file": "name a pack file",
    "too_large_file": "split the pack, or put large changes into tables of the model",
    "empty_file": "begin with `schema: ctsopt/pack/1`",
    "several_documents": "keep one pack in a file: delete the line, or move the rest into a file of its own",
    "alias": "write it out, or make it an override that several scenarios apply",
    "anchor": "delete the anchor; groups and overrides are what is used in several places",
    "tag": "delete it: types follow from the tables",
    "too_many_values": "put large changes into tables of the model",
}
"""How a pack file is mended, by the rule of the finding of whoever reads YAML."""


class Nodes:
    """Reads the nodes of one file.

    Parameters
    ----------
    file : str
        Its name, for places.
    folder : Path, optional
        Folder of the file: what edits read lies in it.
    """

    def __init__(self, file: str, folder: Path | None = None) -> None:
        self.file = file
        self.folder = folder
        self.findings: list[Finding] = []

    def origin(self, node: Node, label: str = "",
               detours: Mapping[tuple[PathPart, ...], tuple[PathPart, ...]] | None = None) -> Origin:
        """Where a node stands."""
        return Origin(self.file, label, node, detours or {})

    def report(self, rule: str, line: int, label: str, message: str, mend: str, value: str = "",
               candidates: Sequence[str] = (), *, warning: bool = False) -> None:
        """One finding at a line."""
        self.findings.append(Origin(self.file, label, Scalar(line, "")).finding(
            rule, message, mend, value, candidates=candidates, severity="warning" if warning else "error"))

    def block(self, node: Node | None, label: str, known: Sequence[str] = (), also: Sequence[str] = ()) -> Block:
        """A block; names that are neither `known` (where any are) nor in `also` are findings, and left out."""
        if node is None or (isinstance(node, Scalar) and not node.text):
            return Block(1 if node is None else node.line)
        if not isinstance(node, Block):
            mend = f"write a block with {', '.join(known)}" if known else "write a block of names, each with a colon"
            self.report("not_a_block", node.line, label, "names with values are needed here", mend, _shown(node))
            return Block(node.line)
        if not known:
            return node
        for name in node.values:
            if name not in known and name not in also:
                self.report("unknown_key", node.names[name], label, "there is no such key here",
                            f"correct or delete it; there are {', '.join(known)}", name, known)
        kept = {name: value for name, value in node.values.items() if name in known or name in also}
        return Block(node.line, kept, node.names)

    def named(self, node: Node | None, what: str) -> Iterator[tuple[str, Node]]:
        """The entries of a block of the user's own names, with each name checked."""
        block = self.block(node, what + "s")
        for name, value in block.values.items():
            fault = name_fault(name)
            if fault:
                self.report("unusable_name", block.names[name], what, fault, "choose another name", name[:200])
            yield name, value

    def items(self, node: Node | None, label: str) -> list[Node]:
        """The items of a list; a single text or block is a list of one."""
        if node is None or (isinstance(node, Scalar) and not node.text):
            return []
        return list(node.items) if isinstance(node, Items) else [node]

    def text(self, node: Node | None, label: str, default: str = "") -> str:
        """One text."""
        if node is None:
            return default
        if isinstance(node, Scalar):
            return node.text
        self.report("not_a_text", node.line, label, "one text is needed here, not a list or a block", "write one text")
        return default

    def texts(self, node: Node | None, label: str) -> list[str]:
        """Several texts."""
        return [self.text(item, label) for item in self.items(node, label)]

    def choice(self, node: Node | None, label: str, choices: Sequence[str], default: str) -> str:
        """One of some words."""
        word = self.text(node, label, default)
        if word not in choices and node is not None:
            self.report("unknown_choice", node.line, label, f"must be one of {', '.join(choices)}", "write one of them",
                        word, choices)
            return default
        return word

    def number(self, node: Node | None, label: str, mend: str = "write the number") -> float:
        """A number, strictly read; NaN where there is none."""
        if node is None:
            return math.nan
        text = self.text(node, label)
        values, wrong = parse([text])
        if wrong[0] or math.isnan(values[0]):
            slip = next((s for s, _ in slips([text], wrong)), None)
            self.report(slip.rule if slip else "blank", node.line, label, slip.message if slip else
                        "a number is missing", slip.mend if slip else mend, text)
            return math.nan
        return float(values[0])

    def step(self, node: Node, label: str, source: str, read: EditReader) -> Step:
        """One edit; its faults are findings at their lines."""
        origin = self.origin(node, label)
        outside = self._outside(node)
        if outside:
            self.findings.append(origin.finding(
                "path_outside", "a file of rows lies in the folder of the pack", "copy the file there, and name it "
                "without .. and without a folder at its beginning", outside[1], path=(outside[0], "file")))
            return Step(None, origin)
        edit, faults = read(plain(node), source)
        self.findings += [origin.of_fault(fault) for fault in faults]
        return Step(edit, origin)

    def _outside(self, node: Node) -> tuple[str, str] | None:
        """Operation and name of a file of rows that lies outside the folder, be it by a link."""
        for op in ("insert", "update"):
            rows = node.values.get(op) if isinstance(node, Block) else None
            name = rows.values.get("file") if isinstance(rows, Block) else None
            if isinstance(name, Scalar) and (is_too_long(name.text) or leaves(name.text)
                                             or self._linked_away(name.text)):
                return op, name.text
        return None

    def _linked_away(self, name: str) -> bool:
        if self.folder is None:
            return False
        try:
            return not (self.folder / name).resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError, ValueError):  # links in a circle; what no file can be called
            return True


def leaves(path: str) -> bool:
    """Whether a path leads out of the folder that it is relative to, on any system."""
    windows, posix = PureWindowsPath(path), PurePosixPath(path)
    return is_absolute(path) or ".." in windows.parts or ".." in posix.parts


def is_too_long(path: str) -> bool:
    """Whether a path is longer than file systems allow."""
    longest = max((len(part.encode(errors="replace")) for part in PurePosixPath(path).parts), default=0)
    return len(path) > LONGEST_PATH or longest > LONGEST_PART


def is_absolute(path: str) -> bool:
    """Whether a path begins at a root, a drive or another machine, on any system."""
    windows = PureWindowsPath(path)
    return bool(windows.drive or windows.root) or PurePosixPath(path).is_absolute()


def _shown(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""
