"""Pages that are made from the code while the site is built, so that they cannot differ from it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from ctsopt.network.schema import Table

ROOT = Path(__file__).parents[1]
NOTE = "*This page is made from the code.*"

COMMAND_LINE_INTRO = """\
Results go to standard output, remarks and logs to standard error. `--json` makes standard output one JSON document, for
a failure too (`error`, `exit_code`); numbers in it are not rounded, and what has no value is `null`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | a fault of ctsopt: please report it |
| 2 | wrong usage, or a file that cannot be used |
| 3 | faults in the tables; all of them are listed |
| 4 | the promises cannot be kept; the message says which |
| 5 | a limit came before any plan was found |
| 6 | some scenario of a pack failed; the others are done, and the tables are written |
| 130 | interrupted; what was found by then is shown and kept |

With `-o DIR`, `ctsopt run` writes [these tables](../comparison.md#the-tables), and `ctsopt solve` writes the saved
solution (`DIR/solution`, to be read by `cts.load`) and every table of the answer, the key figures among them, as a
CSV file. The folder is made where it is missing, and files of these names in it are replaced.
"""

FINDINGS_INTRO = """\
Everything that is wrong is listed at once: `ctsopt check`, or `cts.check`. First every file, header and cell is held
against the [data dictionary](data-dictionary.md): what is unknown, missing, doubled, of another kind or out of bounds.
Then the rules look at the tables together. Once they are sound, the ways are made, and demand that none of them
serves is found. Whatever stands in a folder, a workbook or a frame, `cts.read` and `cts.network` raise `DataError` and
nothing else; `UsageError` is for a path where there is neither a folder nor a workbook.

An error keeps the tables from being solved; a warning is worth a look.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site (called by mkdocs)."""
    from mkdocs.structure.files import File

    for name, make in PAGES.items():
        files.append(File.generated(config, name, content=make()))
    return files


def data_dictionary() -> str:
    """Every table and column, from the schema."""
    from ctsopt.network.schema import BY_NAME

    parts = ["# Data dictionary", NOTE,
             "A network is a folder of CSV or Parquet files, one per table, with `model.yaml` for the settings; or one "
             "workbook with a sheet per table. Names are text, always: `NA`, `NO` and `00123` stay what they are. "
             "A table or column that is not on this page is a fault, with the nearest name proposed; a name that "
             "starts with `_`, and a column `comment` or `note`, is yours and is not read."]
    return "\n\n".join([*parts, *map(_table_section, BY_NAME.values())]) + "\n"


def _table_section(table: Table) -> str:
    from ctsopt.network.template import allowed, default_text

    key = ", ".join(f"`{k}`" for k in table.keys)
    facts = ("Optional table." if table.optional else "Required table.") + (f" Key: {key}." if key else "")
    rows = [(f"`{c.name}`", c.meaning, c.unit, allowed(c), default_text(c)) for c in table.columns]
    return f"## {table.name}\n\n{table.meaning} {facts}\n\n" + _markdown_table(
        ("column", "meaning", "unit", "allowed", "blank means"), rows)


def formulation() -> str:
    """Variables, rows and cost lines, from the functions that make them."""
    from ctsopt import formulation as families

    parts = ["# Formulation", NOTE,
             "One function stands behind every heading. Its name is the name of the variable, of the row in the LP "
             "file and in the Pyomo model, or of the cost line in every report. What the tables mean is fixed in "
             "[How tables become a plan](../how-it-works.md)."]
    for title, members in (("Variables", families.VARIABLES), ("Rows", families.ROWS), ("Costs", families.COSTS)):
        parts.append(f"## {title}")
        parts.extend(_family_section(f) for f in members)
    return "\n\n".join(parts) + "\n"


def _family_section(family: Callable[..., Any]) -> str:
    mathematics, _, rest = (inspect.getdoc(family) or "").partition("\n\n")
    if not mathematics:
        raise ValueError(f"the family {family.__name__} has no docstring: nothing can be said about it")
    return f"### {family.__name__}\n\n```text\n{mathematics}\n```" + (f"\n\n{rest}" if rest else "")


def findings() -> str:
    """Every rule that files, cells, tables and ways are checked against."""
    from ctsopt.network.checks import RULES
    from ctsopt.network.reading_rules import READING_RULES

    of_tables = {rule.name: rule.meaning for rule in sorted(RULES, key=lambda r: r.name)}
    *before, (_, of_ways) = READING_RULES.items()
    groups = {**dict(before), "Tables": of_tables, "Ways": of_ways}
    parts = ["# Findings", NOTE, FINDINGS_INTRO]
    for title, rules in groups.items():
        rows = [(f"`{name}`", meaning) for name, meaning in rules.items()]
        parts += [f"## {title}", _markdown_table(("rule", "what it finds"), rows)]
    return "\n\n".join(parts) + "\n"


def command_line() -> str:
    """The help text of every command, as the command itself prints it."""
    from typer.testing import CliRunner

    from ctsopt.cli import app

    runner = CliRunner(env={"COLUMNS": "100"})

    def shown(*words: str) -> str:
        result = runner.invoke(app, [*words, "--help"], prog_name="ctsopt")
        if result.exit_code:
            raise RuntimeError(result.output)
        return f"```text\n{result.output.strip()}\n```"

    verbs = [(command.name or command.callback.__name__,) for command in app.registered_commands if command.callback]
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands if group.typer_instance else []
        verbs += [(str(group.name), str(command.name)) for command in inner]
    sections = [f"## {' '.join(words)}\n\n{shown(*words)}" for words in verbs]
    return "\n\n".join(["# Command line", NOTE, COMMAND_LINE_INTRO, shown(), *sections]) + "\n"


def api() -> str:
    """Every public name, for mkdocstrings to fill in."""
    import ctsopt

    names = sorted(ctsopt.__all__, key=str.casefold)
    return "\n\n".join(["# Python", NOTE, *(f"::: ctsopt.{name}" for name in names)]) + "\n"


def designers_tour() -> str:
    """The notebook on one network."""
    return _notebook("designers_tour")


def consultants_pack() -> str:
    """The notebook on a pack of scenarios."""
    return _notebook("consultants_pack")


def _notebook(name: str) -> str:
    """A notebook: its text as text, its code as code."""
    source = (ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
    head, *cells = re.split(r"^# %%", source, flags=re.MULTILINE)
    if head.strip():
        raise ValueError(f"notebooks/{name}.py does not begin with a cell")
    title, *parts = map(_cell, cells)
    note = f"*This page is made from `notebooks/{name}.py`.*"
    heading, _, rest = title.partition("\n\n")
    return "\n\n".join([heading, note, rest, *parts]) + "\n"


def _cell(cell: str) -> str:
    """A cell in percent format as Markdown."""
    kind, _, body = cell.partition("\n")
    if kind.strip() == "[markdown]":
        return "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
    return f"```python\n{body.strip()}\n```"


def changelog() -> str:
    """The changelog of the project."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"

    return "\n".join([line(header), line("---" for _ in header), *map(line, rows)])


PAGES: dict[str, Callable[[], str]] = {
    "reference/data-dictionary.md": data_dictionary,
    "reference/formulation.md": formulation,
    "reference/findings.md": findings,
    "reference/cli.md": command_line,
    "reference/api.md": api,
    "designers-tour.md": designers_tour,
    "consultants-pack.md": consultants_pack,
    "changelog.md": changelog,
}
