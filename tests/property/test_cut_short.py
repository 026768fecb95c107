"""Ctrl-C and a full disk at any moment: there is the old or the new, whole, and what was solved is not solved again.

Ctrl-C is pressed at a call of Python code, counted from the beginning; the disk is full for files beyond some bytes.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.comparing.outcome import run
from ctsopt.files import renew, whole_file
from ctsopt.results.store import load
from tests.often import sampled
from tests.running.packs import Pack, cheap

resource = pytest.importorskip("resource", reason="sizes of files are limited by the system")


class Press:
    """Ctrl-C at the call of this number, from 1; 0 for never. `count` is how many calls there were."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        self.count += event == "call"
        if event == "call" and self.count == self.at:
            raise KeyboardInterrupt

    def during(self, act: Callable[[], Any]) -> Any:
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return act()
        finally:
            sys.settrace(before)


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """The system refuses whatever would make a file larger than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_ctrl_c_at_any_call_while_files_are_put_in_their_place(tmp_path: Path) -> None:
    """Two files are replaced, one is new, one goes, one is not ours."""
    old = {"one": "1", "two": "2", "gone": "3", "stays": "4"}
    new = {"one": "11", "two": "12", "third": "13", "stays": "4"}

    def fill(folder: Path) -> list[str]:
        for name in ("one", "two", "third"):
            (folder / name).write_text(new[name])
        return ["one", "two", "third"]

    at = 0
    while True:
        at += 1
        target = tmp_path / str(at)
        target.mkdir()
        for name, text in old.items():
            (target / name).write_text(text)
        press = Press(at)
        try:
            press.during(lambda target=target: renew(target, fill, lambda: ["gone"]))
        except KeyboardInterrupt:
            assert content(target) in (old, new), at
        if press.count < at:
            break
    assert content(target) == new
    assert at > 100


def test_ctrl_c_at_any_call_while_a_file_is_written(tmp_path: Path) -> None:
    at, count = 0, 1
    while count >= at:
        at += 1
        file = tmp_path / f"{at}.txt"
        file.write_text("old")
        press = Press(at)
        with contextlib.suppress(KeyboardInterrupt):
            press.during(lambda file=file: whole_file(file, lambda draft: draft.write_text("new")))
        assert file.read_text() in ("old", "new"), at
        count = press.count
    assert file.read_text() == "new"


@pytest.fixture(scope="module")
def plans() -> tuple[cts.Solution, cts.Solution]:
    """The best plan of a network, 130, and one without the dc, 500."""
    net = cheap()
    return cts.solve(net), cts.solve(net, fix=cts.Fix("open", {"D": 0}))


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(40), every=10))
def test_a_full_disk_while_a_plan_is_saved(seed: int, plans: tuple[cts.Solution, cts.Solution], tmp_path: Path) -> None:
    best, other = plans
    size = int(np.random.default_rng(seed).integers(0, 12_000))
    best.save(tmp_path / "plan")
    said = {}
    for target in (tmp_path / "plan", tmp_path / "fresh"):
        try:
            with room_for(size):
                other.save(target)
        except cts.FileError as error:
            said[target] = str(error)
    assert len(said) in (0, 2)
    assert all(str(target) in words for target, words in said.items())
    assert load(tmp_path / "plan").total_cost == pytest.approx(130 if said else 500)
    assert (tmp_path / "fresh").exists() == (not said)
    assert {path.name for path in tmp_path.iterdir()} <= {"plan", "fresh"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(20), every=10))
def test_a_full_disk_while_a_pack_runs(seed: int, tmp_path: Path) -> None:
    """Whatever could be kept is kept; with room again the rest is solved, and the figures are what they are."""
    pack = Pack({"a": cheap(), "b": cheap(50), "c": cheap(7)})
    with room_for(int(np.random.default_rng(seed).integers(0, 12_000))):
        result = run(pack, workers=1, cache=tmp_path)
    rows = result.rows.set_index("scenario")
    kept = rows.index[rows["cost"].notna()].tolist()
    assert result.unkept or len(kept) == 3
    again = run(pack, workers=1, cache=tmp_path).rows.set_index("scenario")
    assert again["cost"].to_dict() == pytest.approx({"a": 130, "b": 80, "c": 35})
    assert again.index[again["from_cache"]].tolist() == kept


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(60), every=30))
def test_ctrl_c_while_a_plan_is_looked_for(seed: int) -> None:
    """The plan that there is, or that there is none yet; never another error, nor a bound that does not hold."""
    net = cheap()
    count = Press(0)
    count.during(lambda: cts.solve(net))
    press = Press(int(np.random.default_rng(seed).integers(1, count.count + 1)))
    with contextlib.suppress(KeyboardInterrupt, cts.NoPlanError):
        plan = press.during(lambda: cts.solve(net))
        assert plan.total_cost >= 130 - 1e-6
        assert plan.bound <= 130 + 1e-6
    assert cts.solve(net).total_cost == pytest.approx(130)
