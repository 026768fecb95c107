"""No test of the command line sees what another one kept, nor what the user did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.start import written


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "cache"
    monkeypatch.setenv("CTSOPT_CACHE", str(folder))
    return folder


@pytest.fixture
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file of the pack that the module has as its text `PACK`."""
    return written(tmp_path, request.module.PACK)
