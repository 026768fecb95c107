"""What tests of the command line begin with: a command as it is typed, and a small pack."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from ctsopt.cli import app

HEAD = """\
schema: ctsopt/pack/1
pack: small
model: two_dcs
solve: {gap: 0}
scenarios:
"""

GROWTH = "  growth: {apply: [{table: demand, scale: {quantity: 1.05}}]}\n"


def run(*words: str | Path):
    """What a command prints, and its exit code."""
    return CliRunner().invoke(app, [str(word) for word in words])


def written(folder: Path, text: str) -> Path:
    """A pack file of this text."""
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder / "small.yaml"
