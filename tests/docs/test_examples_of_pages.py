"""Pages whose examples are built from scratch print what they say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

PAGES = {"when-a-promise-cannot-be-kept.md": 10, "calendars.md": 7, "orders.md": 8, "segments.md": 24}


@pytest.mark.parametrize(("name", "least"), PAGES.items())
def test_its_examples_run(name: str, least: int) -> None:
    page = Path(__file__).parents[2] / "docs" / name
    text = page.read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert len(test.examples) >= least
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
