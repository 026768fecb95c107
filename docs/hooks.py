"""Parts of pages that are made from the code while the site is built, so that they cannot differ from it."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from ctsopt.networks.schema import Table

ROOT = Path(__file__).parents[1]
PART = re.compile(r"^<!-- made: (\w+) -->$.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)

def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the changelog, which stands above the folder of the pages, to the site (called by mkdocs)."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "changelog.md", content=(ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put what is made from the code in its place (called by mkdocs)."""
    return filled(markdown)


def filled(page: str) -> str:
    """A page with its made parts: in the repository, what stands there says where else to look."""
    return PART.sub(lambda part: PARTS[part.group(1)](), page)


def data_dictionary() -> str:
    """Every table and column, from the schema."""
    from ctsopt.networks.schema import BY_NAME

    return "\n\n".join(map(_table_section, BY_NAME.values()))


def _table_section(table: Table) -> str:
    from ctsopt.tables.template import allowed, default_text

    key = ", ".join(f"`{k}`" for k in table.keys)
    facts = ("Optional table." if table.optional else "Required table.") + (f" Key: {key}." if key else "")
    rows = [(f"`{c.name}`", c.meaning, c.unit, allowed(c), default_text(c)) for c in table.columns]
    return f"## {table.name}\n\n{table.meaning} {facts}\n\n" + _markdown_table(
        ("column", "meaning", "unit", "allowed", "blank means"), rows)


def variables() -> str:
    """Variables, from the functions that make them."""
    from ctsopt.formulation.build import VARIABLES

    return "\n\n".join(map(_family_section, VARIABLES))


def rows() -> str:
    """Rows, from the functions that make them."""
    from ctsopt.formulation.build import ROWS

    return "\n\n".join(map(_family_section, ROWS))


def costs() -> str:
    """Cost lines, from the functions that make them."""
    from ctsopt.formulation.build import COSTS

    return "\n\n".join(map(_family_section, COSTS))


def row_table() -> str:
    """Families of rows in short, from their marks."""
    from ctsopt.formulation.build import ROWS
    from ctsopt.formulation.family import row_marks

    marks = [(rule, row_marks(rule)) for rule in ROWS]
    lines = [(f"`{rule.__name__}`", each.words + (": only strengthens" if hasattr(rule, "anchor") else ""),
              f"`{_mathematics(rule)}`", "yes" if each.limit else "", _gives_way(each))
             for rule, each in marks]
    return _markdown_table(("row", "is about", "says", "in `sol.limits`", "may fall short in an explanation"), lines)


def _gives_way(marks: Any) -> str:
    """What an explanation may let fall short: a promise, or a cell of the tables."""
    if marks.promise:
        return "demand" if marks.promise == "demand" else f"`promises.{marks.promise}`"
    return f"`{marks.cell.table}.{marks.cell.column}`" if marks.cell else ""


def line_table() -> str:
    """Cost lines in short, from their marks."""
    from ctsopt.formulation.build import COSTS
    from ctsopt.formulation.family import line_marks

    marks = [(cost, line_marks(cost)) for cost in COSTS]
    lines = [(f"`{cost.__name__}`", each.behaviour, f"`{_mathematics(cost)}`", each.driver and f"`{each.driver}`",
              f"`{each.shown_on}`" if each.shown_on else "") for cost, each in marks]
    return _markdown_table(("cost line", "behaviour", "says", "usual driver", "also shown in"), lines)


def drivers() -> str:
    """Cost lines that are shared, by their usual driver."""
    from ctsopt.formulation.build import marks_of_lines
    from ctsopt.results.drivers import MEASURES

    words = {"throughput": "capacity units that go through the site", "units": "units on the lane, or delivered",
             "loads": "shares of a load, the larger of those of its weight and its volume"}
    named: dict[str, list[str]] = {}
    for name, marks in marks_of_lines().items():
        if marks.driver:
            named.setdefault(marks.driver, []).append(f"`{name}`")
    others = [*MEASURES, "customers"]
    return _markdown_table(("cost line", "usual driver", "others"), [
        (", ".join(names), f"`{driver}`: {words[driver]}", ", ".join(f"`{o}`" for o in others if o != driver))
        for driver, names in named.items()])


def _mathematics(family: Callable[..., Any]) -> str:
    """The first paragraph of a docstring on one line, without its unit's distance."""
    return " ".join((inspect.getdoc(family) or "").partition("\n\n")[0].split())


def _family_section(family: Callable[..., Any]) -> str:
    mathematics, _, rest = (inspect.getdoc(family) or "").partition("\n\n")
    if not mathematics:
        raise ValueError(f"the family {family.__name__} has no docstring: nothing can be said about it")
    return f"### {family.__name__}\n\n```text\n{mathematics}\n```" + (f"\n\n{rest}" if rest else "")


def result_tables() -> str:
    """Every table of results, from their schema."""
    from ctsopt.results.schema import TABLES

    return "\n\n".join(map(_result_section, TABLES))


def key_figures() -> str:
    """Every key figure, from its marks."""
    from ctsopt.results.kpis import KPIS

    return _markdown_table(("section", "kpi", "by", "unit", "is"), [
        (each.section, f"`{each.name}`", each.by, each.unit.replace("_", " "), each.meaning) for each in KPIS])


def comparison_tables() -> str:
    """Every table of a comparison, from their schema."""
    from ctsopt.comparing.schema import TABLES

    return "\n\n".join(map(_result_section, TABLES))


def _result_section(table: Any) -> str:
    rows = [(f"`{c.name}`", c.meaning, c.unit.replace("_", " "), {"flag": "yes or no"}.get(c.kind, c.kind))
            for c in table.columns]
    lines = " Cost lines follow as columns of their own, in money." if table.lines else ""
    return f"### {table.name}\n\nOne row for each {table.row}.{lines}\n\n" + _markdown_table(
        ("column", "meaning", "unit", "kind"), rows)


def findings() -> str:
    """Every rule that files, cells, tables and ways are checked against."""
    from ctsopt.networks.checks import RULES
    from ctsopt.tables.reading_rules import READING_RULES

    of_tables = {rule.name: rule.meaning for rule in sorted(RULES, key=lambda r: r.name)}
    *before, (_, of_ways) = READING_RULES.items()
    groups = {**dict(before), "Tables": of_tables, "Ways": of_ways}
    parts = []
    for title, rules in groups.items():
        lines = [(f"`{name}`", meaning) for name, meaning in rules.items()]
        parts += [f"## {title}", _markdown_table(("rule", "what it finds"), lines)]
    return "\n\n".join(parts)


def layers() -> str:
    """Rooms from the top layer down, with what each says of itself, from the contract that keeps them apart."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(each for each in settings["contracts"] if each["type"] == "layers")
    rows = []
    for layer in contract["layers"]:
        rooms = re.split(r"\s*[|:]\s*", layer)
        rows.append((", ".join(f"`{room}`" for room in rooms), " ".join(map(_of_room, rooms))))
    return _markdown_table(("layer", "what is in it"), rows)


def _of_room(name: str) -> str:
    """The first sentence of a room's docstring."""
    path = ROOT / "src" / Path(*name.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return said.partition("\n\n")[0].replace("\n", " ")


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
    return "\n\n".join([shown(), *sections])


def api() -> str:
    """Every public name, for mkdocstrings to fill in."""
    import ctsopt

    names = sorted(ctsopt.__all__, key=str.casefold)
    return "\n\n".join(f"::: ctsopt.{name}" for name in names)


def designers_tour() -> str:
    """The notebook on one network."""
    return _notebook("designers_tour")


def consultants_pack() -> str:
    """The notebook on a pack of scenarios."""
    return _notebook("consultants_pack")


def _notebook(name: str) -> str:
    """A notebook: its text as text, its code as code, what it printed below."""
    from nbconvert import MarkdownExporter

    body, resources = MarkdownExporter().from_filename(str(ROOT / "notebooks" / f"{name}.ipynb"))
    if resources["outputs"]:
        raise ValueError(f"notebooks/{name}.ipynb has pictures, for which its page has no place")
    return str(body).strip()


def _markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"

    return "\n".join([line(header), line("---" for _ in header), *map(line, rows)])


PARTS: dict[str, Callable[[], str]] = {part.__name__: part for part in (
    data_dictionary, variables, rows, costs, row_table, line_table, drivers, result_tables, key_figures,
    comparison_tables, findings, layers, command_line, api, designers_tour, consultants_pack)}
