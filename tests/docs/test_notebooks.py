"""When a kept notebook is no longer what a run gives."""

from __future__ import annotations

import nbformat
import pytest

from tools.notebooks import differs


def notebook(*texts: str, source: str = "print(cost)") -> nbformat.NotebookNode:
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in texts]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, outputs=outputs)])


def test_what_is_alike() -> None:
    assert not differs(notebook("cost   1,234.50\n-----"), notebook("cost 1,234.501\n---"), words_alone=False)
    assert not differs(notebook("bound 793.2"), notebook("bound 781.9"), words_alone=True)


@pytest.mark.parametrize(("kept", "run", "words_alone", "says"), [
    ("cost 1,234.50", "cost 1,234.60", False, "other figures"),
    ("cost 1,234.50", "price 1,234.50", False, "prints"),
    ("opens East", "opens West", True, "prints"),
    ("a 1", "a 1 2", True, "prints"),
])
def test_what_is_not(kept: str, run: str, words_alone: bool, says: str) -> None:
    assert says in differs(notebook(kept), notebook(run), words_alone)


def test_other_cells() -> None:
    assert "cells" in differs(notebook("1"), notebook("1", source="print(price)"), words_alone=True)
    html = nbformat.v4.new_output("execute_result", data={"text/html": "<b>1</b>", "text/plain": "one"})
    other = nbformat.v4.new_output("execute_result", data={"text/plain": "an object", "text/html": "<b>1</b>"})
    pair = [notebook(), notebook()]
    for each, output in zip(pair, (html, other), strict=True):
        each.cells[0].outputs = [output]
    assert not differs(*pair, words_alone=False)  # what is seen is the table
