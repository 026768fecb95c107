"""Disks that are full, consoles with few letters, Ctrl-C while something is written: what was found is never lost."""

from __future__ import annotations

import errno
import io
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.cli import app
from ctsopt.running.cache import Cache
from ctsopt.terminal import never_lose_a_letter
from tests.cli.start import GROWTH, HEAD, run

PACK = HEAD + GROWTH


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As on a full disk: the system refuses whatever would make a file larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_report_for_which_there_is_no_room(pack: Path, tmp_path: Path) -> None:
    """plotly.js alone has 4 million letters; no table of two scenarios has a tenth of that."""
    out = tmp_path / "out"
    assert run("run", pack, "--workers", "1", "-o", out, "-q").exit_code == 0
    assert (out / "report.html").is_file()
    with no_file_above(400_000):
        result = run("run", pack, "--workers", "1", "-o", out)
    assert result.exit_code == 7
    assert f"{out / 'report.html'} cannot be written: File too large" in result.stderr
    assert "2 of 2 scenarios have a plan" in result.stdout
    assert not list(tmp_path.rglob("*report.html*"))  # neither a cut one, nor that of the run before
    assert run("compare", out, "-q").stdout == result.stdout


@pytest.mark.slow
def test_tables_for_which_there_is_no_room_leave_the_run_before(pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("run", pack, "--workers", "1", "-o", out, "-q", "--no-report").exit_code == 0
    before = everything(out)
    with no_file_above(2_000):
        result = run("run", pack, "--workers", "1", "-o", out, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"], document["error"]["kind"]) == (7, 7, "file")
    assert str(out) in document["error"]["message"]
    assert document["cases"][0]["cost"] == pytest.approx(633_500)
    assert document["saved"] is None
    assert everything(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "small.yaml"]


@pytest.mark.slow
def test_an_answer_that_cannot_be_kept_ends_the_run_with_those_that_were(
        pack: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = Cache.put, []

    def put(self: Cache, key: str, head: dict, fill: object):
        calls.append(key)
        with no_file_above(1_000_000 if len(calls) == 1 else 100):
            return real(self, key, head, fill)

    monkeypatch.setattr(Cache, "put", put)
    pack.write_text(PACK + "  more: {apply: [{table: demand, scale: {quantity: 1.01}}]}\n", encoding="utf-8")
    result = run("run", pack, "--workers", "1", "--json")
    assert (result.exit_code, len(calls)) == (7, 2)
    rows = {row["scenario"]: row for row in json.loads(result.stdout)["cases"]}
    assert rows["today"]["cost"] == pytest.approx(633_500)
    assert "cannot be kept" in rows["growth"]["message"]
    assert f"{cache / 'cases'}" in rows["growth"]["message"]
    assert rows["more"]["message"] == "not solved: the run ended, since its answers cannot be kept"
    monkeypatch.undo()
    monkeypatch.setenv("CTSOPT_CACHE", str(cache))
    assert run("run", pack, "--workers", "1").stderr.count("from the cache") == 1


@pytest.mark.slow
def test_a_plan_that_cannot_be_saved_is_shown(tmp_path: Path) -> None:
    with no_file_above(2_000):
        result = run("solve", "two_dcs", "-o", tmp_path / "answer")
    assert result.exit_code == 7
    assert f"{tmp_path / 'answer'} cannot be written: File too large\n" in result.stderr
    assert "633,500" in result.stdout
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "answer" / "solution").mkdir(parents=True)
    (tmp_path / "answer" / "solution" / "thesis.txt").write_text("years of work")
    result = run("solve", "two_dcs", "-o", tmp_path / "answer")
    assert (result.exit_code, "633,500" in result.stdout) == (2, True)


@pytest.mark.slow
def test_ctrl_c_while_the_plan_is_saved_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cts.Solution, "save", pressed)
    result = run("solve", "two_dcs", "-o", tmp_path / "answer")
    assert result.exit_code == 130
    assert "633,500" in result.stdout
    assert f"interrupted while {tmp_path / 'answer'} was written" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "what", "said"), [
    (("check", "two_dcs"), "ctsopt.check", "interrupted while the tables were checked"),
    (("solve", "two_dcs"), "ctsopt.read", "interrupted while the tables were read"),
    (("solve", "two_dcs"), "ctsopt.solve", "interrupted while the plan was sought: none is kept"),
    (("run", "PACK"), "ctsopt.packs.pack.read_pack", "interrupted while the pack was read"),
    (("run", "PACK"), "ctsopt.comparing.outcome.run", "interrupted while the cases were solved: what was done is "
     "kept"),
    (("compare", "nothing"), "ctsopt.comparing.folder.read_saved", "interrupted while the plans were compared"),
])
def test_ctrl_c_says_what_it_ended(words: tuple[str, ...], what: str, said: str, pack: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(what, pressed)
    result = run(*(pack if word == "PACK" else word for word in words))
    assert (result.exit_code, result.stderr, result.stdout) == (130, f"{said}\n", "")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_console_of_another_code_page_loses_letters_alone(
        encoding: str, as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = examples.copy("two_dcs", tmp_path / "net")
    for path in tables.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").replace("gold", "złoty"), encoding="utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    never_lose_a_letter()
    with pytest.raises(SystemExit) as left:
        app(["solve", str(tables), *(["--json"] if as_json else []), "-q"])
    assert left.value.code == 0
    shown = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    name = "złoty" if as_json or encoding == "utf-8" else "z?oty"
    if as_json:
        document = json.loads(shown)
        assert document["total_cost"] == pytest.approx(633_500)
        assert name in [row["tier"] for row in document["service"]]
    else:
        assert name in shown
        assert "633,500" in shown


def test_an_old_system_call_that_finds_no_room_is_no_wrong_usage(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/x.csv")

    monkeypatch.setattr("ctsopt.examples.copy", full)
    result = run("new", "two_dcs", tmp_path / "mine")
    assert result.exit_code == 7
    assert result.stderr == "cannot use /somewhere/x.csv: No space left on device\n"
