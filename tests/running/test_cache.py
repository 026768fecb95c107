"""The cache: what it trusts, what it sets aside, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt.running import cache as module
from ctsopt.running.cache import Cache, case_key, default_folder, fingerprint
from ctsopt.versions import versions

KEY = "ab" * 32
HEAD = {"outcome": "infeasible", "start": ""}


def put(cache: Cache, text: str = "seven", key: str = KEY):
    return cache.put(key, HEAD, lambda folder: (folder / "note.txt").write_text(text))


def left(cache: Cache) -> list[str]:
    return sorted(p.name for p in (cache.folder / "drafts").iterdir())


def test_what_was_put_is_found_again(tmp_path):
    cache = Cache(tmp_path)
    assert cache.look(KEY) is None
    entry = put(cache)
    found = Cache(tmp_path).look(KEY)
    assert (found.key, found.folder, found.head) == (KEY, entry.folder, HEAD)
    assert (found.folder / "note.txt").read_text() == "seven"
    assert found.solution is None
    assert found.plan() is None
    assert left(cache) == []
    assert cache.notes == []


def spoil_truncate(place: Path) -> None:
    (place / "note.txt").write_text("sev")


def spoil_same_length(place: Path) -> None:
    (place / "note.txt").write_text("sEven")


def spoil_head(place: Path) -> None:
    (place / "case.json").write_text((place / "case.json").read_text().replace("infeasible", "proven"))


def spoil_missing(place: Path) -> None:
    (place / "note.txt").unlink()


def spoil_foreign_file(place: Path) -> None:
    (place / "more.txt").write_text("not ours")


def spoil_no_manifest(place: Path) -> None:
    (place / "manifest.json").unlink()


def spoil_half_manifest(place: Path) -> None:
    text = (place / "manifest.json").read_text()
    (place / "manifest.json").write_text(text[: len(text) // 2])


def spoil_strange_manifest(place: Path) -> None:
    (place / "manifest.json").write_text("[]")


def spoil_format(place: Path) -> None:
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))


def spoil_bytes(place: Path) -> None:
    (place / "manifest.json").write_bytes(b"\xff\x00")


def spoil_empty(place: Path) -> None:
    shutil.rmtree(place)
    place.mkdir()


def spoil_file(place: Path) -> None:
    shutil.rmtree(place)
    place.write_text("a file")


def spoil_other_case(place: Path) -> None:
    """A whole entry of another key under this name."""
    other = put(Cache(place.parents[1]), "eight", "cd" * 32)
    shutil.rmtree(place)
    shutil.copytree(other.folder, place)


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda f: f.__name__[6:])
def test_an_entry_that_does_not_agree_with_its_manifest_is_set_aside(tmp_path, spoil, caplog):
    cache = Cache(tmp_path)
    place = put(cache).folder
    spoil(place)
    assert cache.look(KEY) is None
    assert not os.path.lexists(place)
    assert len(cache.notes) == 1
    assert "was damaged" in cache.notes[0]
    assert cache.notes[0] in caplog.text
    (aside,) = (tmp_path / "damaged").iterdir()
    assert str(aside) in cache.notes[0]
    assert [p.name for p in aside.iterdir()] == [KEY]
    assert put(cache, "again").head == HEAD
    assert (place / "note.txt").read_text() == "again"


def test_an_entry_that_is_there_wins_unless_it_is_damaged(tmp_path):
    cache = Cache(tmp_path)
    put(cache, "first")
    assert (put(cache, "second").folder / "note.txt").read_text() == "first"
    spoil_truncate(cache.place(KEY))
    assert (put(cache, "third").folder / "note.txt").read_text() == "third"
    assert left(cache) == []


def test_an_entry_made_good_in_the_meantime_is_not_set_aside(tmp_path, monkeypatch):
    """Another run replaces the damaged entry between our look and our move: its entry stays."""
    cache = Cache(tmp_path)
    place = put(cache).folder
    spoil_truncate(place)
    real, first = module._fault, [True]

    def fault(folder: Path, key: str):
        found = real(folder, key)
        if first.pop() if first else False:
            shutil.rmtree(place)
            put(Cache(tmp_path), "whole")
        return found

    monkeypatch.setattr(module, "_fault", fault)
    assert cache.look(KEY) is None
    assert Cache(tmp_path).look(KEY) is not None
    assert (place / "note.txt").read_text() == "whole"
    assert list((tmp_path / "damaged").iterdir()) == []
    assert cache.notes == []


def test_a_failed_put_leaves_nothing(tmp_path):
    cache = Cache(tmp_path)

    def fails(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.put(KEY, HEAD, fails)
    assert left(cache) == []
    assert cache.look(KEY) is None


@pytest.mark.slow
def test_drafts_of_runs_that_are_gone_are_swept(tmp_path):
    """One of a process that has ended, one of this process, two of another machine: of today and of yesterday."""
    cache = Cache(tmp_path)
    code = "import sys; from ctsopt.running.cache import Cache; print(Cache(sys.argv[1]).draft().name)"
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}).stdout.strip()
    mine = cache.draft().name
    for name in ("elsewhere-7-x", "elsewhere-8-x", "no pattern"):
        (tmp_path / "drafts" / name).mkdir()
    yesterday = time.time() - 25 * 3600
    os.utime(tmp_path / "drafts" / "elsewhere-8-x", (yesterday, yesterday))
    assert dead in left(cache)
    (tmp_path / "damaged" / "old").mkdir()
    (tmp_path / "damaged" / "new").mkdir()
    os.utime(tmp_path / "damaged" / "old", (yesterday, yesterday))
    cache.sweep()
    assert left(cache) == sorted([mine, "elsewhere-7-x", "no pattern"])
    assert [p.name for p in (tmp_path / "damaged").iterdir()] == ["new"]


def test_the_key_is_of_the_content_the_options_and_the_versions():
    """SHA-256 of a JSON text, worked out beside."""
    key = case_key("00", {"gap": 0.0}, {"highspy": "1"})
    text = '{"format": 2, "made_by": {"highspy": "1"}, "network": "00", "options": {"gap": 0.0}}'
    expected = subprocess.run(["sha256sum"], input=text, capture_output=True, text=True, check=True).stdout.split()[0] \
        if shutil.which("sha256sum") else __import__("hashlib").sha256(text.encode()).hexdigest()
    assert key == expected
    others = [case_key("01", {"gap": 0.0}, {"highspy": "1"}), case_key("00", {"gap": 0.1}, {"highspy": "1"}),
              case_key("00", {"gap": 0.0}, {"highspy": "2"})]
    assert len({key, *others}) == 4


def test_the_fingerprint_follows_the_code(monkeypatch, tmp_path):
    """A change of any file or room makes other answers, but of those that only show them."""
    before = dict(fingerprint())
    assert before["ctsopt"] == versions()["ctsopt"]
    assert set(before) == {"python", "ctsopt", "numpy", "pandas", "scipy", "highspy", "pyomo", "code"}
    home = tmp_path / "ctsopt"
    shutil.copytree(Path(cts.__file__).parent, home, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "_HOME", home)
    again = fingerprint.__wrapped__
    assert again() == before
    shown = set()
    for top in sorted(home.iterdir()):
        file = next(iter(sorted(top.rglob("*.py")))) if top.is_dir() else top
        text = file.read_bytes()
        file.write_bytes(text + b"# a remark\n")
        shown |= {top.name} if again() == before else set()
        file.write_bytes(text)
    assert shown == {"__main__.py", "cli.py", "cli_orders.py", "cli_packs.py", "cli_parts.py", "cli_promise.py",
                     "cli_quote.py", "cli_sensitivity.py", "cli_shortage.py", "comparing", "quoting", "report",
                     "sensitivity", "shortage", "terminal.py", "working.py", "testing.py", "_random",
                     "_family_check.py", "py.typed"}


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("CTSOPT_CACHE", str(tmp_path / "here"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_folder() == tmp_path / "here"
    monkeypatch.delenv("CTSOPT_CACHE")
    assert default_folder() == tmp_path / "xdg" / "ctsopt"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == tmp_path / "home" / ".cache" / "ctsopt"


def test_a_cache_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(cts.UsageError, match="CTSOPT_CACHE"):
        Cache(tmp_path / "file")
