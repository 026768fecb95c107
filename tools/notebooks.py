"""Notebooks with what they print: made from the percent files in notebooks/, beside them.

`python -m tools.notebooks` runs every notebook from top to bottom and writes it anew; with `--check` it writes nothing,
and says which of those that are kept no longer is what a run gives.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Plans of this one stop at a gap, so a bound may be another one elsewhere: its words are compared, its figures are held
# by what it asserts.
WORDS_ALONE = frozenset({"designers_tour"})
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def made(source: Path) -> nbformat.NotebookNode:
    """The notebook of a percent file, as a run from top to bottom leaves it."""
    notebook = jupytext.read(source)
    NotebookClient(notebook, timeout=1800, kernel_name="python3", coalesce_streams=True,
                   resources={"metadata": {"path": str(FOLDER)}}).execute()
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02}", nbformat.from_dict({})
        complaints = [out.text for out in cell.get("outputs", ()) if out.get("name") == "stderr"]
        if complaints:
            raise RuntimeError(f"{source.name}: {''.join(complaints)}")
    nbformat.validate(notebook)
    return notebook


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """What is read below each cell of code, spaces and lines of dashes by one each: they are as wide as figures are."""
    texts = ["".join(out.text if "text" in out else out.data.get("text/html", out.data["text/plain"])
                     for out in cell.outputs)
             for cell in notebook.cells if cell.cell_type == "code"]
    return [re.sub(r"[-─━]{2,}", "--", re.sub(r"\s+", " ", text)) for text in texts]


def differs(kept: nbformat.NotebookNode, run: nbformat.NotebookNode, words_alone: bool) -> str:
    """What is no longer as it is kept; blank where nothing is."""
    cells = [[(cell.cell_type, cell.source) for cell in notebook.cells] for notebook in (kept, run)]
    if cells[0] != cells[1]:
        return "its cells are not those of the percent file"
    for before, now in zip(shown(kept), shown(run), strict=True):
        if NUMBER.sub("#", before) != NUMBER.sub("#", now):
            return f"it printed\n{before}\nand prints\n{now}"
        figures = [[float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]
                   for text in (before, now)]
        if not words_alone and any(abs(a - b) > 0.01 + 1e-6 * abs(a) for a, b in zip(*figures, strict=True)):
            return f"other figures: it printed\n{before}\nand prints\n{now}"
    return ""


def main(check: bool) -> int:
    """Write the notebooks, or hold those that are kept against a run."""
    stale = 0
    for source in sorted(FOLDER.glob("*.py")):
        run, path = made(source), source.with_suffix(".ipynb")
        if not check:
            nbformat.write(run, path)
            continue
        kept = nbformat.read(path, as_version=4) if path.exists() else None
        fault = differs(kept, run, source.stem in WORDS_ALONE) if kept else "there is none"
        if fault:
            print(f"notebooks/{path.name} is not current (make notebooks): {fault}")
        stale += bool(fault)
    return min(stale, 1)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
