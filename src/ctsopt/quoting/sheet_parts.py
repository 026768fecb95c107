"""What a quote sheet is made of: parts with a title, lines, and a small table."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """A row of a table; the main one is bold."""

    cells: tuple[str, ...]
    main: bool = False


@dataclass(frozen=True)
class Grid:
    """A small table."""

    head: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Fact:
    """A part of the sheet."""

    title: str
    lines: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    table: Grid | None = None
    note: str = ""
