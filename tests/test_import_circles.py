"""No module leads back to itself, by what it imports at once, when a function is called, or for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx

import ctsopt

ROOT = Path(ctsopt.__file__).parent

FACADES = {
    "networks.network": "a network opens its summary, its graph and its files",
    "quoting.quote": "a quote opens its sheet",
    "programs.program": "a program opens its ranges and its LP file",
    "results.solution": "a solution opens its key figures, its words and its files",
    "shortage.allocation": "an allocation opens its reasons, its fairness and its words",
    "comparison": "a comparison opens its words, its facts and its folder",
    "ctsopt": "another process imports the whole package by its name",
}
"""Classes whose methods open what is made of them, by the end of their module's name: what is behind them speaks of the
class, by type alone."""

ALLOWED = ("ctsopt.formulation.family", "ctsopt.formulation.stock.value")
"""The variables of a program carry the stock of its plans, which is worked out from variables."""


def modules(root: Path) -> dict[str, Path]:
    """Every module under a package by its dotted name."""
    return {".".join(p.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): p
            for p in root.rglob("*.py")}


def imported(tree: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    """Modules that a source names anywhere: at its top, in a function, under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (name if (name := f"{node.module}.{alias.name}") in known else str(node.module)
                        for alias in node.names)


@cache
def graph(root: Path) -> nx.DiGraph:
    """An edge from each module to what it imports."""
    known = modules(root)
    return nx.DiGraph((name, other) for name, path in known.items()
                      for other in imported(ast.parse(path.read_text()), known) if other in known and other != name)


def circles(found: nx.DiGraph) -> list[list[str]]:
    """Modules that reach one another."""
    return sorted(sorted(part) for part in nx.strongly_connected_components(found) if len(part) > 1)


def test_no_module_leads_back_to_itself_but_over_a_facade():
    found = graph(ROOT).copy()
    for end in FACADES:
        facades = [name for name in found if f".{name}".endswith(f".{end}")]
        assert facades
        found.remove_nodes_from(facades)
    found.remove_edge(*ALLOWED)
    assert circles(found) == []


def test_a_circle_by_type_alone_is_seen(tmp_path):
    package = tmp_path / "house"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "door.py").write_text("from house import key\n")
    (package / "key.py").write_text("import typing\nif typing.TYPE_CHECKING:\n    from house.door import Door\n")
    (package / "lamp.py").write_text("def light():\n    import house.door\n")
    assert circles(graph(package)) == [["house.door", "house.key"]]


def test_nothing_that_follows_from_the_tables_knows_the_network():
    """Requests, rates, ways, stock: they are made of tables, so that a network is whole once it is there."""
    found = graph(ROOT)
    below = {name for name in nx.descendants(found, "ctsopt.networks.ways") if name.startswith("ctsopt.")}
    assert len([name for name in below if name.startswith("ctsopt.networks.")]) >= 14
    assert "ctsopt.networks.network" not in below
