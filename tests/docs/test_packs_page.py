"""The page on packs: every key and operation of the grammar is on it, and every example works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import ctsopt as cts
from ctsopt import examples
from ctsopt.comparing.comparison import TABLES
from ctsopt.networks.edits import OPS
from ctsopt.packs import grammar
from ctsopt.packs.pack import check_pack, read_pack
from ctsopt.tables.edits.parts import TESTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PACK, EDITS = BLOCKS[0], [block for block in BLOCKS if block.startswith("- ")]


def parsed(text: str) -> Any:
    return YAML(typ="base", pure=True).load(text)


def keys(heading: str) -> set[str]:
    """The keys in the table with this heading."""
    rows = PAGE.split(f"| {heading} | means |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize(("heading", "known"), [
    ("key of the pack", grammar._TOP), ("key of a scenario", grammar._SCENARIO), ("key of a sweep", grammar._SWEEP),
    ("key of compare", grammar._COMPARE), ("key of a bridge", grammar._BRIDGE)])
def test_every_key_of_the_grammar_is_on_the_page(heading: str, known: tuple[str, ...]) -> None:
    assert keys(heading) == set(known)


def test_every_operation_has_a_section_with_an_example_of_it() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
    assert list(sections) == list(OPS)
    for op, section in sections.items():
        assert f"{op}:" in section.split("```yaml")[1]


def test_every_comparison_has_an_example() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.split("`where` maps", 1)[1].split("```", 1)[0]))
    assert set(TESTS[1:]) <= named


@pytest.mark.parametrize("block", EDITS)
def test_every_example_of_an_edit_changes_something(block: str) -> None:
    net = cts.read(examples.path("two_dcs"))
    assert net.with_edits(*parsed(block)).hash != net.hash


@pytest.mark.slow
def test_the_example_of_a_pack_with_its_sweep_and_states_has_no_faults(tmp_path: Path) -> None:
    extras = [block for block in BLOCKS if block.startswith(("sweeps:", "states:", "compare:"))]
    assert len(extras) == 3
    file = tmp_path / "small.yaml"
    file.write_text(PACK + "".join(extras) + "  regret: states\n", encoding="utf-8")
    assert not check_pack(file).errors, str(check_pack(file))
    names = read_pack(file).names
    # The model, two scenarios, three of four combinations; all six in each of two states; two of a bridge.
    assert len(names) == 20
    assert names[-2:] == ["today ~ 1 of patient_growth", "today ~ 2 of patient_growth"]
    assert {"gold_1_x0.9", "gold_1.5_x0.9", "gold_1.5_x1.05", "patient @ high"} <= set(names)


def test_the_as_is_on_the_page_is_that_of_the_pack() -> None:
    block = next(block for block in BLOCKS if "sourcing_of_last_year" in block)
    shipped = parsed(examples.pack("three_bases").read_text(encoding="utf-8"))
    assert parsed(block)["overrides"]["sourcing_of_last_year"] == shipped["overrides"]["sourcing_of_last_year"]


@pytest.mark.slow
def test_three_bases_uses_every_operation() -> None:
    pack = read_pack(examples.pack("three_bases"))
    assert {edit.op for case in pack.cases for edit in case.edits} == set(OPS)
    assert not pack.findings


def test_the_page_on_comparisons_names_every_table() -> None:
    text = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    assert [name for name in TABLES if f"`{name}.csv`" not in text] == []
