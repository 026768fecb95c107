"""Strict YAML: every scalar is a text that knows its line; what YAML could mean in two ways is a finding."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ctsopt.errors import Finding, legible
from ctsopt.tables.raw import clean_text

if TYPE_CHECKING:
    from ruamel.yaml.events import Event

LARGEST_FILE = 1 << 20
"""Bytes of a file."""

DEEPEST = 20
"""Levels of blocks within blocks."""

MOST_VALUES = 100_000
"""Names and values in a file. More of them are a table, and belong into one."""

PathPart = str | int


@dataclass(frozen=True)
class Scalar:
    """One text, as it is written. A value that is not written at all is the empty text."""

    line: int
    text: str
    bare: bool = True


@dataclass(frozen=True)
class Items:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """Names with their values; `names` knows the line of each name, `again` what is written under a name once more."""

    line: int
    values: dict[str, Node] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    again: list[tuple[int, str, Node]] = field(default_factory=list)


Node = Scalar | Items | Block


@dataclass(frozen=True)
class Source:
    """A file as it was read.

    Attributes
    ----------
    file : str
        Its name, for places such as `pack.yaml:12`.
    root : node or None
        What stands in it; None where it could not be read.
    findings : sequence of Finding
    """

    file: str
    root: Node | None
    findings: Sequence[Finding]

    def place(self, line: int) -> str:
        """File and line."""
        return f"{self.file}:{line}"


def plain(node: Node) -> Any:
    """Nested dicts, lists and texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, value in node.values.items()}


def node_of(value: object) -> Node:
    """Nested mappings, lists and values as nodes of a file of one line."""
    if isinstance(value, Mapping):
        return Block(1, {str(name): node_of(part) for name, part in value.items()}, {str(name): 1 for name in value})
    if isinstance(value, list | tuple):
        return Items(1, [node_of(part) for part in value])
    return Scalar(1, str(value))


def line_of(node: Node, path: Sequence[PathPart]) -> int:
    """Line of what `path` leads to (a name, or a place in a list); as far as the path can be followed."""
    line = node.line
    for part in path:
        if isinstance(node, Block) and part in node.values:
            line, node = node.names[str(part)], node.values[str(part)]
        elif isinstance(node, Items) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
            line = node.line
        else:
            break
    return line


def read_source(path: str | os.PathLike[str], mends: Mapping[str, str] = MappingProxyType({})) -> Source:
    """Read one file. Whatever is wrong with it is in the findings; nothing is raised for faults.

    Parameters
    ----------
    path : path
        The file.
    mends : mapping
        How this kind of file is mended, by the rule of a finding, where that is more than can be said of any file.
    """
    path = Path(path)
    file = legible(path.name)
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there" if not path.exists() else "is not a file"
            return Source(file, None, [_finding(file, "unreadable_file", f"the file {what}",
                                                mends.get("unreadable_file", "name a file"))])
        if path.stat().st_size > LARGEST_FILE:
            return Source(file, None, [_finding(file, "too_large_file", f"the file has more than {LARGEST_FILE} bytes",
                                                mends.get("too_large_file", "split it"))])
        data = path.read_bytes()
    except OSError as error:
        return Source(file, None, [_finding(file, "unreadable_file", f"cannot be read: {error.strerror or error}",
                                            "allow it to be read")])
    return parse(data, file, mends)


def parse(data: bytes | str, file: str, mends: Mapping[str, str] = MappingProxyType({})) -> Source:
    """The content of a file as nodes.

    Parameters
    ----------
    data : bytes or str
        Bytes are UTF-8, with or without a byte order mark.
    file : str
        Name for places.
    mends : mapping
        How this kind of file is mended, by the rule of a finding.
    """
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return Source(file, None, [_finding(f"{file}:{line}", "not_utf8", "a letter is not written as UTF-8",
                                                "save the file as UTF-8")])
    else:
        text = data
    reader = _Reader(file, mends)
    reader.tabs(text)
    root = reader.read(text)
    return Source(file, root, reader.findings)


def _finding(place: str, rule: str, message: str, mend: str, value: str = "") -> Finding:
    return Finding(rule, "", "", message, mend, values=(value,) if value else (), place=place)


class _Reader:
    """Builds nodes from the events of a YAML parser, which guesses no type and resolves no alias."""

    def __init__(self, file: str, mends: Mapping[str, str]) -> None:
        self.file, self._mends = file, mends
        self.findings: list[Finding] = []
        self._tabbed: set[int] = set()
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._count = 0

    def report(self, line: int, rule: str, message: str, mend: str, value: str = "") -> None:
        """One finding at a line."""
        self.findings.append(_finding(f"{self.file}:{line}", rule, message, self._mends.get(rule, mend), value))

    def tabs(self, text: str) -> None:
        """Lines that are indented by tabs: YAML has no width for them."""
        for number, line in enumerate(text.split("\n"), start=1):
            if "\t" in line[:len(line) - len(line.lstrip())] and line.strip():
                self._tabbed.add(number)
                self.report(number, "tab", "the line is indented with a tab", "indent with blanks")

    def read(self, text: str) -> Node | None:
        """The first document; None where the text is not YAML, empty, or beyond a limit."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            for event in YAML(typ="base", pure=True).parse(text):
                if not self._take(event):
                    return self._root
        except MarkedYAMLError as error:
            unclosed = "end of stream" in str(error.problem) or "stream end" in str(error.problem)
            begun = error.context_mark if unclosed else None
            mark = begun or error.problem_mark or error.context_mark
            self._broken(1 if mark is None else mark.line + 1, str(error.problem), text)
            return None
        except YAMLError as error:
            position = getattr(error, "position", 0)
            line = text.count("\n", 0, position) + 1
            self.report(line, "unseen_character", "a character that cannot be seen stands in the file",
                        "delete the line and type it anew")
            return None
        except (ValueError, OverflowError) as error:
            self.report(1, "broken_yaml", f"the file is not YAML: {error}", "write it anew")
            return None
        if self._root is None and not self.findings:
            self.report(1, "empty_file", "the file is empty", "write something into it")
        return self._root

    def _broken(self, line: int, problem: str, text: str) -> None:
        """Where the text is not YAML: what stands there, in words."""
        if {line, line - 1} & self._tabbed:
            return
        lines = text.split("\n")
        shown = lines[line - 1].strip() if line <= len(lines) else ""
        self.report(line, "broken_yaml", f"this is not YAML: {_in_words(problem)}", _mend(problem, shown), shown)

    def _take(self, event: Event) -> bool:
        """Take one event; False where reading has to stop."""
        from ruamel.yaml import events

        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, events.DocumentStartEvent):
            if self._root is not None:
                self.report(line, "several_documents", "a second document begins here (`---`)",
                            "delete the line, or move the rest into a file of its own")
                return False
        elif isinstance(event, events.AliasEvent):
            self.report(line, "alias", f"*{event.anchor} stands for something that is written elsewhere",
                        "write it out")
            self._add(Scalar(line, "", bare=False))
        elif isinstance(event, events.NodeEvent):
            return self._take_node(event, line)
        elif isinstance(event, events.CollectionEndEvent):
            self._close()
        return True

    def _take_node(self, event: Any, line: int) -> bool:
        from ruamel.yaml import events

        self._count += 1
        if self._count > MOST_VALUES:
            self.report(line, "too_many_values", f"the file has more than {MOST_VALUES} names and values",
                        "shorten it")
            return False
        if event.anchor:
            self.report(line, "anchor", f"&{event.anchor} names a part of the file", "delete the anchor")
        if event.ctag is not None or event.tag is not None:
            written = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self.report(line, "tag", f"{written} states a type", "delete it")
        if isinstance(event, events.ScalarEvent):
            self._add(Scalar(line, clean_text(event.value), event.style is None))
            return True
        if len(self._open) >= DEEPEST:
            self.report(line, "too_deep", f"blocks stand within blocks, more than {DEEPEST} deep",
                        "look for brackets that are not closed")
            return False
        node = Block(line) if isinstance(event, events.MappingStartEvent) else Items(line)
        self._open.append(_Open(node))
        return True

    def _close(self) -> None:
        self._add(self._open.pop().node)

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: into a list, as a name, or as the value of the last name."""
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, Items):
            parent.node.items.append(node)
        elif parent.name is None:
            parent.name = node
        else:
            self._put(parent.node, parent.name, node)
            parent.name = None

    def _put(self, block: Block, name: Node, value: Node) -> None:
        if not isinstance(name, Scalar):
            self.report(name.line, "name_not_text", "a name is a list or a block", "write one word before the colon; "
                        "a text that begins with [ or { stands in quotes")
        elif name.text in block.values:
            self.report(name.line, "duplicate_key", f"{name.text!r} is written twice here, first in line "
                        f"{block.names[name.text]}", "keep one of them", name.text)
            block.again.append((name.line, name.text, value))
        else:
            block.values[name.text] = value
            block.names[name.text] = name.line


@dataclass
class _Open:
    """A list or block that is being filled, and the name that waits for its value."""

    node: Items | Block
    name: Node | None = None


_WORDS: Mapping[str, str] = {
    "mapping values are not allowed": "a colon stands where none may stand, or the line is indented differently from "
                                      "its neighbours",
    "expected <block end>": "the line is indented differently from its neighbours",
    "could not find expected ':'": "a name without a colon after it",
    "expected the node content": "something is missing here, such as a closing bracket",
    "expected ',' or": "a comma or a closing bracket is missing",
    "found unexpected end of stream": "a quotation mark is not closed",
    "'\\t'": "a tab stands between words",
    "'%'": "the text begins with %",
    "'@'": "the text begins with @",
    "'`'": "the text begins with a back quote",
    "while scanning an alias": "the text begins with *",
    "expected alphabetic or numeric": "the text begins with * or &",
    "incompatible YAML document": "the file states a version of YAML that is not read",
}


def _in_words(problem: str) -> str:
    return next((words for part, words in _WORDS.items() if part in problem), problem)


def _mend(problem: str, shown: str) -> str:
    if re.search(r"'[%@`]'|alphabetic or numeric", problem):
        return "put the text into quotes"
    if "'\\t'" in problem:
        return "use blanks"
    if "mapping values" in problem and shown.count(": ") > 1:
        return "put the text after the first colon into quotes"
    return "correct the line, or the one before it; close every bracket and quotation mark"
