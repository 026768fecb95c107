"""The documentation says what the code does: its pages are made, its links hold, its examples run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt import examples
from ctsopt.cli import app
from ctsopt.formulation.build import COSTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(hooks: ModuleType, page: str) -> str:
    """A page as the site has it."""
    return hooks.filled((ROOT / "docs" / page).read_text(encoding="utf-8"))


def cells(page: str, heading: str, first: str) -> list[str]:
    """The cells of the row beginning with `first` in the table below `heading`."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    row = next(line for line in section.splitlines() if line.startswith(f"| `{first}` |"))
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_data_dictionary_gives_unit_bounds_reference_and_default(hooks: ModuleType) -> None:
    page = built(hooks, "reference/data-dictionary.md")
    assert cells(page, "promises", "served_fraction")[2:] == ["share", "at least 0, at most 1", "1"]
    assert cells(page, "demand", "quantity")[2:] == ["units", "at least 0", "required"]
    assert cells(page, "customers", "tier")[3] == "name in tiers"
    assert cells(page, "settings", "distance_unit")[3:] == ["km, mi", "km"]
    assert cells(page, "tiers", "modes")[4] == "all modes"


@pytest.mark.parametrize("name", [
    "open", "make", "move", "deliver", "unserved", "source",
    "serve_demand", "site_balance", "site_throughput", "make_capacity", "deliver_from_open", "single_source",
    "source_use", "sites_in_group", "served_fraction", "served_fraction_each", "tier_on_time",
    "production", "procurement", "line_haul", "handling_in", "handling_out", "site_fixed", "site_opening",
    "site_closing", "last_mile", "shortage",
])
def test_formulation_page_has_every_family_of_the_specification(hooks: ModuleType, name: str) -> None:
    """The names are those that docs/how-it-works.md fixes."""
    page = built(hooks, "reference/formulation.md")
    assert page.count(f"\n### {name}\n") == 1
    mathematics = page.split(f"\n### {name}\n", 1)[1].split("```text\n", 1)[1].split("\n```", 1)[0]
    assert re.search(r"\[[^\]]+\]", mathematics), "the mathematics states its unit in brackets"


def test_findings_page_lists_rules_with_their_meaning(hooks: ModuleType) -> None:
    rows = [line for line in built(hooks, "reference/findings.md").splitlines() if line.startswith("| `")]
    assert len(rows) >= 10
    assert all(all(cell.strip() for cell in row.split("|")[1:-1]) for row in rows)


def test_command_page_has_every_verb(hooks: ModuleType) -> None:
    page = built(hooks, "reference/cli.md")
    verbs = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert verbs == [
        "new", "check", "summary", "solve", "explain", "arrival", "run", "compare",
        "quote", "prices", "break-even", "allocate", "promise",
        "template", "version", "pack check", "pack expand", "pack diff", "orders check", "orders propose"]
    assert page.count("Usage: ctsopt ") == len(verbs) + 1  # and that of the command as a whole


def test_python_page_has_the_public_names(hooks: ModuleType) -> None:
    named = set(re.findall(r"^::: ctsopt\.(\w+)$", built(hooks, "reference/api.md"), re.MULTILINE))
    assert {"read", "network", "check", "solve", "load", "program", "to_pyomo", "show_versions", "DataError"} <= named


@pytest.mark.parametrize(("name", "title"), [("designers_tour", "The designer's tour"),
                                             ("consultants_pack", "The consultant's pack")])
def test_a_notebook_is_its_percent_file_with_what_it_prints(hooks: ModuleType, name: str, title: str) -> None:
    """Cell by cell. The page of the site has every line of the code in its order, as it runs, and the outputs."""
    source = (ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [part.split("\n", 1) for part in source.split("# %%")[1:]]
    wanted = [(bool(kind.strip()), body.strip()) for kind, body in cells]
    wanted = [(prose, re.sub("^# ?", "", body, flags=re.MULTILINE) if prose else body) for prose, body in wanted]
    assert [(cell["cell_type"] == "markdown", "".join(cell["source"])) for cell in notebook["cells"]] == wanted
    page = built(hooks, f"{name.replace('_', '-')}.md")
    assert page.startswith(f"# {title}\n\n")
    code = "\n".join(re.findall(r"^```python\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL))
    compile(code, name, "exec")
    assert [line for line in code.splitlines() if line.strip()] == [
        line for prose, body in wanted if not prose for line in body.splitlines() if line.strip()]
    printed = [out for cell in notebook["cells"] for out in cell.get("outputs", ())]
    assert len(printed) >= 7
    assert {out["output_type"] for out in printed} <= {"stream", "execute_result"}
    assert not re.search(r"/(?:tmp|home|root)/|0x[0-9a-f]{6}", json.dumps(printed))


def test_what_the_notebooks_end_in_is_on_their_pages(hooks: ModuleType) -> None:
    tour, pack = built(hooks, "designers-tour.md"), built(hooks, "consultants-pack.md")
    assert re.search(r"% of silver on time .* \(proven between ", tour)
    assert "793,635,517.48" in tour  # 793.64 million USD, as the README of retail_us says
    assert re.search(r"interaction .*2256", pack)
    assert "Summary: all plans: 0" in pack


def test_every_table_and_key_figure_of_a_solution_is_explained(hooks: ModuleType) -> None:
    """The page as it is built names every column in the section of its table; cost lines go by their own names."""
    page = built(hooks, "reference/results.md")
    sol = cts.solve(cts.read(examples.path("two_dcs")))
    lines = {cost.__name__ for cost in COSTS}
    for name, frame in sol.tables.items():
        told = re.split(r"^##", page.split(f"\n### {name}\n")[1], flags=re.MULTILINE)[0]
        named = set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE))
        assert set(frame.columns) - lines == named - lines, name
    section = page.split("## Key figures")[1]
    assert set(sol.kpis(distances=(100,))["kpi"]) <= set(re.findall(r"`(\w+)`", section))


def test_every_term_of_the_glossary_stands_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^(\S.*)\n:   ", text, re.MULTILINE)
    assert len(terms) == len(set(terms))
    assert {"Lane", "Mode", "Tier", "Promise", "On-time share", "Served fraction", "Lead time", "Throughput", "Drop",
            "Drop-size distribution", "Line-haul", "Last mile", "Cross-dock", "Stocking point", "Way", "Request", "Gap",
            "Bound", "Plan cost", "Cost-to-serve", "Activity tracing", "Fill rate", "Cycle stock", "Safety stock",
            "Pipeline stock", "Stock point", "Service class", "Configuration", "Protection interval", "Quoted wait",
            "Lot size", "Declared curve"} <= set(terms)


def blocks(path: Path) -> list[tuple[str, str]]:
    """Language and text of the fenced blocks of a page, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The `ctsopt` commands of a shell block, without its comments."""
    return [line.split("#")[0].split()[1:] for line in text.splitlines() if line.startswith("ctsopt ")]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/quick-start.md", "docs/add-your-own-rule.md",
                                  pytest.param("docs/packs.md", marks=pytest.mark.long), "docs/report.md",
                                  "docs/shortage.md"])
def test_examples_run_as_printed(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    ran = 0
    for language, text in blocks(ROOT / page):
        if language == "python":
            exec(compile(text, page, "exec"), names)
            ran += 1
        for words in commands(text) if language == "sh" else []:
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, f"ctsopt {' '.join(words)}: {result.output}"
            ran += 1
    assert ran >= (1 if page == "docs/report.md" else 4)
    if page == "README.md":
        proven = "11,500.00 (proven between 11,500.00 and 11,500.00)"
        assert f"promising gold one day costs {proven} USD a year" in capsys.readouterr().out


def test_every_part_that_is_made_has_its_place(hooks: ModuleType) -> None:
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(re.findall(r"^<!-- made: (\w+) -->$", "\n".join(pages), re.MULTILINE)) == sorted(hooks.PARTS)
    assert not [page for page in map(hooks.filled, pages) if "<!-- " in page]


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


def test_every_link_leads_somewhere_in_the_repository() -> None:
    """As the files lie, nothing built: a file or folder that git would keep, and a heading where one is named."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*/*.md"), *ROOT.glob("tests/**/*.md")]
    links, lost = 0, []
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = link.partition("#")
            if re.match(r"\w+:", link):
                continue
            links += 1
            there = (page.parent / path).resolve() if path else page
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
            if not there.exists() or (anchor and anchor not in map(slug, headings)):
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert links > 40
    assert not lost


def test_pictures_are_there_and_small() -> None:
    pages = (ROOT / "docs").glob("*.md")
    named = {name for page in pages
             for name in re.findall(r"!\[[^]]+\]\((report/[^)]+)\)", page.read_text(encoding="utf-8"))}
    assert named == {f"report/{path.name}" for path in (ROOT / "docs" / "report").iterdir()}
    assert all(0 < (ROOT / "docs" / name).stat().st_size < 200_000 for name in named)


def test_readme_names_the_commands_that_ci_runs() -> None:
    shell = [text.strip() for language, text in blocks(ROOT / "README.md") if language == "sh"]
    assert {"make demo", "make test"} <= set(shell)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in script
    assert "make demo" in script


@pytest.mark.slow
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
                          cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")})
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= 10
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//")
    assert not [p for p in pages if loaded.search(p.read_text(encoding="utf-8"))]


@pytest.mark.slow
def test_a_broken_link_stops_the_build(tmp_path: Path) -> None:
    for name in ("docs", "src", "models", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    with (tmp_path / "docs" / "index.md").open("a", encoding="utf-8") as file:
        file.write("\n[nowhere](no-such-page.md)\n")
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=tmp_path, capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(tmp_path / "src")})
    assert done.returncode == 1
    assert "no-such-page.md" in done.stderr


def test_shipped_examples_each_say_what_they_are() -> None:
    assert [n for n in examples.names() if not (examples.path(n) / "README.md").is_file()] == []
    assert {"two_dcs", "retail_us"} <= set(examples.names())
