"""LibreOffice without a window: it computes a workbook anew, and shows it as it would on a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
"""The setting that makes it compute every formula when a file is opened, whatever the file says they come to."""


def program() -> str:
    """The program; a test that needs it is left out where it is not installed, but not where everything must run."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        if os.environ.get("CI"):
            raise RuntimeError("LibreOffice is not installed: apt-get install --no-install-recommends libreoffice-calc")
        pytest.skip("LibreOffice is not installed")
    return found


def recalculated(workbook: Path, folder: Path, form: str = "xlsx") -> Path:
    """The workbook, computed anew, as .xlsx or .html."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    out = folder / form
    subprocess.run([program(), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", form,
                    "--outdir", str(out), str(workbook)], check=True, capture_output=True, timeout=300)
    return out / f"{workbook.stem}.{form}"


class _Cells(HTMLParser):
    """The tables of a page, cell by cell: colour and text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append((str(dict(attrs).get("bgcolor") or "").upper(), ""))

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            colour, text = self.rows[-1][-1]
            self.rows[-1][-1] = colour, (text + data).strip()


def colours(workbook: Path, folder: Path) -> list[list[tuple[str, str]]]:
    """Every row of every sheet as LibreOffice shows it: colour of the ground, and text, of each cell."""
    page = _Cells()
    page.feed(recalculated(workbook, folder, "html").read_text(encoding="utf-8"))
    return page.rows
