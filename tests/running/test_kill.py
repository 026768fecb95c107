"""A run that is killed, interrupted, or not alone: what was done is kept, and the next run ends alike."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt.comparing.outcome import run
from ctsopt.running import crew, runner, worker
from ctsopt.running.cache import Cache
from ctsopt.running.progress import Event
from tests.often import sampled
from tests.running.packs import Pack, cheap, same_tables, searches
from tests.solving.test_solve import hard

ROOT = Path(__file__).parents[2]
MARK = "CTSOPT_TEST_MARK"
ON_LINUX = Path("/proc/self/environ").exists()
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent")


class Child:
    """The pack in a process of its own, with all that it starts marked."""

    def __init__(self, cache: Path, workers: int, what: str = "") -> None:
        self.mark = uuid.uuid4().hex
        self.cache = cache
        env = {**os.environ, MARK: self.mark, "PYTHONPATH": os.pathsep.join(["src", str(ROOT)])}
        self.process = subprocess.Popen([sys.executable, "-m", "tests.running.child", str(cache), str(workers), what],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT,
                                        start_new_session=True)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=60)

    def read(self, until: str) -> str:
        """What it says, up to a line."""
        heard = ""
        for line in self.process.stdout:
            heard += line
            if line.startswith(until):
                return heard
        raise AssertionError(f"it ended before {until!r}: {heard}{self.process.stderr.read()}")

    def ended(self) -> tuple[str, str]:
        out = self.process.communicate(timeout=240)
        self.alone()
        return out

    def alone(self) -> None:
        """Nothing that it started is left, not even a zombie, a little later."""
        deadline = time.monotonic() + 30
        while ON_LINUX and time.monotonic() < deadline and self.relatives():
            time.sleep(0.1)
        assert not ON_LINUX or self.relatives() == []

    def relatives(self) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except (OSError, ProcessLookupError):
                continue
        return found

    def kill(self) -> bool:
        """Whether it was still at work."""
        self.process.kill()
        self.ended()
        assert self.process.returncode in (0, -signal.SIGKILL)
        return self.process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The pack run in peace by two processes."""
    return run(searches(), workers=2, cache=tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def duration(tmp_path_factory) -> float:
    """Seconds from the first case that begins to the end, for a run in a process of its own."""
    with Child(tmp_path_factory.mktemp("duration"), 2) as child:
        child.read("begun")
        begin = time.monotonic()
        child.ended()
        assert child.process.returncode == 0
        return time.monotonic() - begin


def resume(cache: Path, undisturbed) -> None:
    """What was whole is used, the rest is solved; the tables are those of an undisturbed run; nothing is left."""
    whole = {key.name for key in (cache / "cases").iterdir() if Cache(cache).look(key.name)}
    result = run(searches(), workers=1, cache=cache)
    same_tables(undisturbed, result)
    fresh = set(result.rows.loc[~result.rows["from_cache"], "key"])
    assert fresh == set(result.rows["key"]) - whole
    assert list((cache / "drafts").iterdir()) == []
    assert list((cache / "damaged").iterdir()) == []
    assert result.notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(20), every=20))
def test_killed_at_a_random_moment_it_resumes(tmp_path, undisturbed, duration, seed):
    moment = random.Random(seed).uniform(0, duration)
    for again in range(10):
        cache = tmp_path / str(again)
        with Child(cache, 1 + seed % 2) as child:
            child.read("begun")
            time.sleep(moment)
            if child.process.poll() is None and child.kill():
                break
        moment /= 2  # it was done by then
    assert child.process.returncode == -signal.SIGKILL
    resume(cache, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_with_an_entry_written_and_not_in_its_place(tmp_path, undisturbed, workers):
    with Child(tmp_path, workers, "die") as child:
        child.ended()
    assert child.process.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "cases").iterdir())) == 1
    # The entry that was being written; with two processes, the folder of their letters, too.
    assert len(list((tmp_path / "drafts").iterdir())) == workers
    resume(tmp_path, undisturbed)


@pytest.mark.slow
def test_two_runs_at_the_same_time_do_not_harm_each_other(tmp_path, undisturbed):
    with Child(tmp_path, 1) as one, Child(tmp_path, 1) as other:
        children = [one, other]
        rows = [json.loads(child.ended()[0].splitlines()[-1]) for child in children]
    for seen in rows:
        assert [row["key"] for row in seen] == undisturbed.rows["key"].tolist()
        assert [row["outcome"] for row in seen] == undisturbed.rows["outcome"].tolist()
        assert [row["cost"] for row in seen][:5] == pytest.approx(undisturbed.rows["cost"].tolist()[:5], rel=1e-12)
    assert [child.process.returncode for child in children] == [0, 0]
    same_tables(undisturbed, run(searches(), workers=1, cache=tmp_path))
    assert list((tmp_path / "drafts").iterdir()) == []
    assert list((tmp_path / "damaged").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_done(tmp_path, workers):
    """SIGINT to the whole group, as a terminal sends it, while cases are searched that take minutes."""
    with Child(tmp_path, workers, "long") as child:
        child.read("begun third" if workers == 1 else "begun fourth")
        time.sleep(1.0)
        begin = time.monotonic()
        os.killpg(child.process.pid, signal.SIGINT)
        out, err = child.ended()
    assert time.monotonic() - begin < 30
    assert child.process.returncode == 0, err
    rows = {row["scenario"]: row["outcome"] for row in json.loads(out.splitlines()[-1])}
    assert rows["today"] == "proven"
    assert rows["third"] == "interrupted"
    assert rows["fourth"] == "interrupted"
    done = [name for name, outcome in rows.items() if outcome != "interrupted"]
    assert len(list((tmp_path / "cases").iterdir())) == len(set(done) - {"again"})
    assert list((tmp_path / "drafts").iterdir()) == []
    assert "Traceback" not in err


# ---- a worker dies -----------------------------------------------------------------------------------------------


def killing(monkeypatch, victim: str, times: int):
    """A watch that kills the worker processes a moment after the victim has begun, the first so many times."""
    pools, threads, left = [], [], [times]
    real = crew.Processes._open

    def opened(self):
        real(self)
        pools.append(self)

    monkeypatch.setattr(crew.Processes, "_open", opened)

    def kill():
        assert pools[-1]._started.wait(60)
        time.sleep(1.0)
        for process in multiprocessing.active_children():
            process.kill()

    def watch(event: Event) -> None:
        if event.kind == "begun" and event.scenario == victim and left[0]:
            left[0] -= 1
            threads.append(threading.Thread(target=kill))
            threads[-1].start()

    return watch, threads


def deadly(limit: float) -> Pack:
    """`victim` is searched as long as it may; the others take a moment."""
    return Pack({"today": cheap(), "victim": hard(30, seed=1), "few": cheap(10, 50), "more": cheap(200)},
                {"gap": 0.0, "time_limit": limit})


@pytest.mark.slow
def test_a_case_whose_worker_dies_twice_is_a_row(tmp_path, monkeypatch):
    watch, threads = killing(monkeypatch, "victim", 2)
    result = run(deadly(120.0), workers=2, cache=tmp_path, watch=watch)
    for thread in threads:
        thread.join()
    rows = result.rows.set_index("scenario")
    assert rows["outcome"].tolist() == ["proven", "error", "proven", "proven"]
    assert rows.loc["victim", "message"] == "its process ended; out of memory?"
    assert rows.loc[["few", "more"], "cost"].tolist() == pytest.approx([50, 230])
    assert multiprocessing.active_children() == []
    assert list((tmp_path / "drafts").iterdir()) == []


@pytest.mark.slow
def test_a_worker_that_dies_once_costs_only_time(tmp_path, monkeypatch):
    watch, threads = killing(monkeypatch, "victim", 1)
    result = run(deadly(5.0), workers=2, cache=tmp_path, watch=watch)
    for thread in threads:
        thread.join()
    assert result.rows["outcome"].tolist() == ["proven", "time_limit", "proven", "proven"]
    assert result.rows["cost"].notna().all()


@pytest.mark.slow
def test_workers_that_cannot_start_are_told(tmp_path, monkeypatch):
    """As in a script without `if __name__ == "__main__":`: each process ends before it is ready."""
    script = tmp_path / "script.py"
    script.write_text("from tests.running.packs import searches\n"
                      "from ctsopt.comparing.outcome import run\n"
                      f"run(searches(), workers=2, cache={str(tmp_path / 'cache')!r})\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=env, timeout=240)
    assert done.returncode == 1
    assert 'UsageError: the worker processes cannot start; in a script, put what runs the pack under' in done.stderr


class Breaking(Executor):
    """An executor whose process dies with the second case that it is given."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, function, /, *arguments, **options):
        self.given += 1
        future = Future()
        if self.given > 2:
            raise BrokenExecutor("broken")
        if self.given == 2:
            future.set_exception(BrokenExecutor("a process died"))
        else:
            future.set_result(function(*arguments))
        return future


@pytest.mark.slow
def test_an_executor_that_breaks_is_told_in_the_rows(tmp_path):
    result = run(deadly(1.0), workers=1, executor=Breaking(), cache=tmp_path)
    assert result.rows["outcome"].tolist() == ["proven", "error", "error", "error"]
    assert set(result.rows["message"][1:]) == {runner._BROKE}


@pytest.mark.slow
def test_a_future_that_fails_by_itself_is_a_row(tmp_path):
    """Such as a result that cannot be pickled: its error is told, and the others go on."""

    class Odd(Executor):
        def submit(self, function, /, *arguments, **options):
            future = Future()
            if arguments[0].hash == cheap(10, 50).hash:
                future.set_exception(OSError("the line is dead"))
            elif arguments[0].hash == cheap(200).hash:
                future.cancel()
                future.set_running_or_notify_cancel()
            else:
                future.set_result(worker.work(*arguments))
            return future

    result = run(deadly(1.0), executor=Odd(), cache=tmp_path)
    assert result.rows["outcome"].tolist() == ["proven", "time_limit", "error", "error"]
    assert result.rows["message"][2] == "OSError: the line is dead"
    assert result.rows["message"][3] == "CancelledError: whoever was to solve it gave it up"


@pytest.mark.slow
def test_ctrl_c_in_one_process_ends_the_pack(tmp_path, monkeypatch):
    """The search that runs is stopped by the solver's own handler, which keeps its plan: the pack ends all the same."""
    from ctsopt.programs.highs import Highs
    from tests.ctrl_c import press_in_a_search

    monkeypatch.setattr(Highs, "run", press_in_a_search(lambda progress: progress.value < 1e18))
    pack = Pack({"today": cheap(), "slow": hard(30, seed=1), "few": cheap(10, 50)}, {"gap": 0.0, "time_limit": 100.0})
    result = run(pack, workers=1, cache=tmp_path)
    assert result.interrupted
    assert result.rows["outcome"].tolist() == ["proven", "interrupted", "interrupted"]
    assert result.rows["message"].tolist()[1:] == ["not solved: the run was interrupted"] * 2
    assert list(result.solutions) == ["today"]
    with pytest.raises(cts.UsageError, match="slow has no plan: interrupted"):
        result.solutions["slow"]


def test_a_ctrl_c_that_the_solver_does_not_mind_ends_the_pack(tmp_path, monkeypatch):
    """Pressed while a plan is made whole: that case is done, the next one does not begin."""
    solve_case, asked = worker.solve_case, []

    def pressed(net, options, start, **named):
        before = signal.signal(signal.SIGINT, lambda *_: None)
        os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        asked.append(net)
        return solve_case(net, options, start, **named)

    monkeypatch.setattr(worker, "solve_case", pressed)
    result = run(Pack({"today": cheap(), "few": cheap(10, 50)}), workers=1, cache=tmp_path)
    assert result.rows["outcome"].tolist() == ["proven", "interrupted"]
    assert len(asked) == 1
    assert signal.set_wakeup_fd(-1) == -1
