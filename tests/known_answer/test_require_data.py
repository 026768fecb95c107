"""Absent data: these tests skip with a plain reason, or fail where the data are required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.slow
@pytest.mark.parametrize(("required", "code", "word"), [("0", 0, "1 skipped"), ("1", 1, "1 failed")])
def test_without_the_data(tmp_path, required, code, word):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
         f"{HERE / 'test_location.py'}::test_cap41_split"],
        env={**os.environ, "CTSOPT_SHARED_DATA": str(tmp_path), "CTSOPT_REQUIRE_DATA": required,
             "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=HERE.parents[1], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == code, run.stdout + run.stderr
    assert word in run.stdout
    assert "no shared test data at" in run.stdout
