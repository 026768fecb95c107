"""What a running search shows: a line on a terminal, nothing elsewhere."""

from __future__ import annotations

import io
import math
import sys

import pytest

from ctsopt.program.highs import Progress
from ctsopt.solve import progress


@pytest.mark.parametrize(("value", "bound", "words"), [
    (1200.0, 1000.0, "best plan 1,200 · bound 1,000 · gap 16.67% · 12 nodes"),
    (math.inf, 1000.0, "no plan yet · bound 1,000 · 12 nodes"),
    (1200.0, -math.inf, "best plan 1,200 · no bound yet · 12 nodes"),
    (1000.0, 1001.0, "gap 0.00%"),
])
def test_line(value, bound, words):
    assert words in progress.line(Progress(3.0, value, bound, 12), 3.0)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_sees_one_line_that_is_wiped_at_the_end(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.watching(quiet=False) as watch:
        watch(Progress(0.5, 9.0, 8.0, 1))
        assert sys.stderr.getvalue() == ""  # short searches show nothing
        clock[0] += 2
        watch(Progress(2.0, 9.0, 8.0, 1))
        assert "2 s · best plan 9" in sys.stderr.getvalue()
        watch(Progress(2.0, 7.0, 8.0, 1))
        assert "best plan 7" not in sys.stderr.getvalue()  # not more often than a few times a second
    assert sys.stderr.getvalue().endswith("\r")
    assert sys.stderr.getvalue().count("\n") == 0


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO, False), (Terminal, True)])
def test_nothing_is_written_elsewhere(monkeypatch, clock, stream, quiet):
    monkeypatch.setattr(sys, "stderr", stream())
    with progress.watching(quiet=quiet) as watch:
        clock[0] += 5
        watch(Progress(5.0, 9.0, 8.0, 1))
    assert sys.stderr.getvalue() == ""


def test_the_log_gets_a_line_every_ten_seconds(caplog, clock):
    caplog.set_level("INFO", logger="ctsopt.solve")
    with progress.watching(quiet=True) as watch:
        for _ in range(25):
            clock[0] += 1
            watch(Progress(1.0, 9.0, 8.0, 1))
    assert len(caplog.records) == 2
