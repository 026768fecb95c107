"""The long run, part by part: what takes hours, and what needs environments of its own.

`python -m tools.soak` runs all parts; `--only` some of them. What came of each, when and on which commit, is kept on
the page tests/long-run.md; a part that was not run keeps its line.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests" / "long-run.md"
HEAD = """\
# The long run

Written by `make soak` (`python -m tools.soak`); `tools/soak.py` says what each part is. A part that was not run keeps
the line that it had.

| part | what it runs | day | commit | seed | minutes | came to |
|---|---|---|---|---|---|---|
"""
NOT_YET = "not run yet"


def main(arguments: list[str] | None = None) -> int:
    """Run the parts that are asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART",
                        help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--seed", type=int, default=int(f"{datetime.now(UTC):%Y%m%d}"),
                        help="what tests draw from (today)")
    options = parser.parse_args(arguments)
    failed = []
    for name in options.only:
        began = time.monotonic()
        said, passed = PARTS[name](options.seed)
        keep(name, options.seed, (time.monotonic() - began) / 60, said if passed else f"**failed**: {said}")
        if not passed:
            failed.append(name)
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))
    return 1 if failed else 0


def keep(name: str, seed: int, minutes: float, said: str) -> None:
    """Write the line of a part; the others stay."""
    lines = kept()
    what = " ".join((PARTS[name].__doc__ or "").split())
    lines[name] = f"| {name} | {what} | {datetime.now(UTC):%Y-%m-%d} | {commit()} | {seed} | {minutes:.0f} | {said} |"
    PAGE.write_text(HEAD + "".join(line + "\n" for line in lines.values()), encoding="utf-8")


def kept() -> dict[str, str]:
    """The lines of the page, one for each part."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    lines = {name: f"| {name} | {' '.join((part.__doc__ or '').split())} | | | | | {NOT_YET} |"
             for name, part in PARTS.items()}
    found = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    return {name: found.get(name, line) for name, line in lines.items()}


def commit() -> str:
    """The commit, with a + where files have been changed since."""
    short = _said(["git", "rev-parse", "--short", "HEAD"])
    return short + ("+" if _said(["git", "status", "--porcelain", "--untracked-files=no"]) else "")


def _said(words: list[str]) -> str:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


# ----------------------------------------------------------------------------------------------------------- the parts


def tests(seed: int) -> tuple[str, bool]:
    """Every test and every case alike, hundreds of seeds, the known answers that take minutes each"""
    return _pytest([sys.executable], ["--long", "--seed", str(seed)], {})


def oldest(seed: int) -> tuple[str, bool]:
    """The quick tests with the oldest release of each dependency that `pyproject.toml` allows"""
    return _elsewhere(seed, [re.sub(r"\s*>=\s*([\d.]+).*", r"==\1", name) for name in _dependencies()])


def newest(seed: int) -> tuple[str, bool]:
    """The quick tests with the newest release of each dependency that `pyproject.toml` allows"""
    return _elsewhere(seed, _dependencies())


def packs(seed: int) -> tuple[str, bool]:
    """Every pack that is shipped, whole, each in a folder and with a cache of its own"""
    said, passed = [], True
    for pack in sorted((ROOT / "scenarios").glob("*.yaml")):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([sys.executable, "-m", "ctsopt", "run", str(pack), "--cache", f"{home}/cache", "-o",
                                   f"{home}/out"], cwd=home, capture_output=True, text=True, check=False)
        found = re.search(r"\d+ of \d+ scenarios have a plan", done.stdout)
        said.append(f"{pack.stem}: {found[0] if found else 'no answer'}" + (f" (exit code {done.returncode})"
                                                                            if done.returncode else ""))
        passed = passed and done.returncode == 0
    return "; ".join(said), passed


PARTS: dict[str, Callable[[int], tuple[str, bool]]] = {
    "tests": tests, "oldest": oldest, "newest": newest, "packs": packs}


# ------------------------------------------------------------------------------------------------------ environments


NEEDED = ("pytest>=8.3", "pytest-timeout>=2.3", "pytest-xdist>=3.6", "hypothesis>=6.100")
AWAY = ("tests/docs", "tests/benchmarks", "tests/known_answer")
"""Tests of pages and benchmarks need tools that are no dependencies, known answers are a part of their own."""


def _dependencies() -> list[str]:
    """What the package needs, with all that it can be installed with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras.get("graph", []), *extras["report"]]


def _elsewhere(seed: int, wanted: list[str]) -> tuple[str, bool]:
    """The quick tests in an environment with these releases, and what it has of the ones that matter most."""
    with tempfile.TemporaryDirectory() as home:
        python = Path(home) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted, *NEEDED],
                       check=True)
        said, passed = _pytest([str(python)], ["-m", "not slow", "--few", "3", "--seed", str(seed), "--budget", "0",
                                               *(f"--ignore={folder}" for folder in AWAY)],
                               {"PYTHONPATH": str(ROOT / "src")})
        shown = "import numpy, pandas, scipy; print('numpy', numpy.__version__, 'pandas', pandas.__version__, " \
                "'scipy', scipy.__version__)"
        return f"{said} ({_said([str(python), '-c', shown])})", passed


def _pytest(python: list[str], options: list[str], env: dict[str, str]) -> tuple[str, bool]:
    """The last line of a run of the tests, and the names of those that failed."""
    done = subprocess.run([*python, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-q", *options], cwd=ROOT,
                          capture_output=True, text=True, check=False, env={**os.environ, **env})
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]]
    failed = [line.split()[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    said = re.sub(r" in [\d.]+s.*", "", lines[-1].strip("= "))
    return said + (f": {', '.join(failed[:20])}{' …' if failed[20:] else ''}" if failed else ""), done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
