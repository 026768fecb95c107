"""Envelopes of stock over volume: certified errors against dense grids, and bounds that plain chords would break."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsopt.errors import UsageError
from ctsopt.inventory.curves import Curves, grid
from ctsopt.inventory.safety_stock import safety_stock
from ctsopt.inventory.stock_curve import (
    chord_error,
    chord_gap,
    envelope,
    square_root_curve,
    square_root_curve_from_zero,
    stock_curve,
    tangent_error,
)
from tests.often import drawn

FLOORED = {"variance_to_mean": 30.0, "lead_time": 6.0, "review_time": 1.0, "order_interval": 5.0}
"""Lots of five days' demand: 64 units at a volume of 2, 80 at 50, none from about 195 on (0.95)."""

# ---- the square root -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "chord", "tangent", "gap"), [
    (2.0, 0.0148286, 0.0150518, 0.0177670), (4.0, 0.0571910, 0.0606602, 0.0833333)])
def test_errors_of_chords_and_tangents(ratio, chord, tangent, gap):
    """Reference values, and the largest errors on a dense grid."""
    assert float(chord_error(ratio)) == pytest.approx(chord, abs=5e-8)
    assert float(tangent_error(ratio)) == pytest.approx(tangent, abs=5e-8)
    assert float(chord_gap(1.0, ratio)) == pytest.approx(gap, abs=5e-8)
    v = np.sort(np.append(np.linspace(1, ratio, 1_000_001), math.sqrt(ratio)))  # where the tangents meet
    line = 1 + (v - 1) / (1 + math.sqrt(ratio))
    assert float(chord_error(ratio)) == pytest.approx(np.max(1 - line / np.sqrt(v)), abs=1e-8)
    assert float(chord_gap(1.0, ratio)) == pytest.approx(np.max(np.sqrt(v) - line), abs=1e-8)
    touching = np.minimum(0.5 + v / 2, math.sqrt(ratio) / 2 + v / (2 * math.sqrt(ratio)))
    assert float(tangent_error(ratio)) == pytest.approx(np.max(touching / np.sqrt(v) - 1), abs=1e-8)
    assert float(chord_gap(0.0, ratio)) == pytest.approx(math.sqrt(ratio) / 4)


@pytest.mark.parametrize(("error", "pieces", "ratio"), [
    (0.05, 6, 3.64), (0.02, 9, 2.24), (0.01, 13, 1.76), (0.005, 18, 1.49), (0.001, 39, 1.196)])
def test_pieces_that_an_error_needs(error, pieces, ratio):
    """Volumes over a range of 1000: as few chords as keep the error; one fewer would not."""
    curve = square_root_curve(0.5, 500.0, error)
    assert len(curve.lower) == pieces
    assert curve.max_rel_error <= error
    assert float(chord_error(1000 ** (1 / (pieces - 1)))) > error
    assert float(chord_error(ratio)) == pytest.approx(error, rel=0.02)
    assert len(curve.upper) in (pieces, pieces - 1)


def test_chords_and_tangents_that_an_error_needs():
    """5 %: a chord spans a ratio of 3.63 (1 / cosh(ln r / 4) = 0.95), a tangent one of 3.52 (cosh(ln r / 4) = 1.05).

    A range of 47.3 is below 3.63³ = 47.8 and above 3.52³ = 43.8: three chords, four tangents.
    """
    curve = square_root_curve(1.0, 47.3, 0.05)
    assert (len(curve.lower), len(curve.upper)) == (3, 4)
    assert curve.max_rel_error <= 0.05


@pytest.mark.parametrize("error", [0.05, 0.01, 0.001])
def test_the_square_root_lies_between(error):
    curve = square_root_curve(0.5, 500.0, error)
    v = np.geomspace(0.5, 500.0, 400_001)
    root, below, above = np.sqrt(v), curve.lower.value(v), curve.upper.value(v)
    assert (below <= root * (1 + 1e-14)).all()
    assert (above >= root * (1 - 1e-14)).all()
    worst = max(np.max(1 - below / root), np.max(above / root - 1))
    assert curve.max_rel_error == pytest.approx(worst, abs=1e-8)
    assert curve.max_error == pytest.approx(max(np.max(root - below), np.max(above - root)), rel=1e-6)


def test_the_square_root_from_zero():
    """Ten pieces up to 1: corners at (k/10)^4, no error above 1/200; the chord from 0 is short by √b/4."""
    curve = square_root_curve_from_zero(1.0, 10)
    v = np.linspace(0, 1, 1_000_001)
    short, over = np.sqrt(v) - curve.lower.value(v), curve.upper.value(v) - np.sqrt(v)
    assert short.min() >= -1e-15
    assert over.min() >= -1e-15
    assert short.max() == pytest.approx(0.004986, abs=5e-7)
    assert over.max() == pytest.approx(0.005, abs=1e-9)
    assert curve.max_error == 0.005
    assert curve.lower.end == pytest.approx((np.arange(1, 11) / 10) ** 4)
    assert short[: 101].max() == pytest.approx(math.sqrt(1e-4) / 4, abs=1e-6)


def test_a_chord_is_a_bound_and_not_a_cost():
    """Trap 16. Two places that cost 10, stock 2 √V for four customers of variance 100: one place 50, two 76.57.

    With chords the value of each plan is below its cost, with tangents above; neither is what the plan costs.
    """
    curve = square_root_curve(100.0, 400.0, 0.05)
    for places, variance, cost in ((1, 400.0, 50.0), (1, 250.0, 10 + 2 * math.sqrt(250)), (2, 200.0, 76.568542)):
        low, high = (places * (10 + 2 * float(side.value(variance))) for side in (curve.lower, curve.upper))
        exact = places * (10 + 2 * math.sqrt(variance))
        assert exact == pytest.approx(cost)
        assert low <= exact <= high
        assert high - low > 0.05 or variance == 400.0
        assert high - low <= 2 * 0.05 * 2 * places * math.sqrt(variance)


# ---- declared curves -------------------------------------------------------------------------------------------------


def declared(volume, args, fill_rate=0.95):
    """The declared curve, drawn by numpy through the volumes 2^(j/8)."""
    corners = 2.0 ** (np.arange(-48, 8 * 14 + 1) / 8)
    stock = safety_stock(fill_rate, corners, args["variance_to_mean"], args["lead_time"], args["review_time"],
                         args.get("lot_size", 0.0), args.get("order_interval", 0.0), args.get("lead_time_sd", 0.0))
    return np.interp(volume, corners, stock)


CASES = [
    FLOORED,
    {"variance_to_mean": 36.0, "lead_time": 6.0, "review_time": 1.0, "lot_size": 500.0},
    {"variance_to_mean": 2.0, "lead_time": 20.0, "review_time": 7.0, "lead_time_sd": 3.0},
    {"variance_to_mean": 200.0, "lead_time": 1.0, "review_time": 1.0, "order_interval": 20.0},
    {"variance_to_mean": 0.0, "lead_time": 5.0, "review_time": 1.0},
]


@pytest.mark.parametrize("error", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_declared_curves_lie_between(case, error):
    """On a dense grid with every corner: never above, never below, and the stated error is the largest there is."""
    curve = stock_curve(0.95, 5000.0, **CASES[case], max_rel_error=error)
    corners = grid(5000.0)
    assert (curve.lower.end[-1], curve.upper.end[-1]) == (corners[-1], corners[-1])
    # A segment holds just above its start: the next number counts, too.
    v = np.unique(np.concatenate([np.geomspace(1e-6, corners[-1], 300_001), corners, np.nextafter(corners[:-1], 1e9)]))
    exact, below, above = declared(v, CASES[case]), curve.lower.value(v), curve.upper.value(v)
    scale = exact.max() + 1e-300
    assert (below <= exact + 1e-11 * scale).all()
    assert (above >= exact - 1e-11 * scale).all()
    some = exact > 1e-9 * scale
    relative = max(np.max(1 - below[some] / exact[some], initial=0.0), np.max(above[some] / exact[some] - 1, initial=0))
    assert curve.max_rel_error <= error + 1e-12
    assert curve.max_rel_error == pytest.approx(relative, abs=1e-8)
    assert curve.max_error == pytest.approx(max(np.max(exact - below), np.max(above - exact)), rel=1e-6, abs=1e-9)
    none = exact == 0
    assert np.abs(np.concatenate([below[none], above[none]])).max(initial=0.0) <= 1e-10 * scale
    assert len(stock_curve(0.95, 5000.0, **CASES[case], max_rel_error=0.1).lower) <= len(curve.lower)


def test_plain_chords_would_break_the_bound():
    """Trap 14. Two places share 300 units a day, each at least 100. Stock falls to nothing at about 195.

    The least stock by the curve itself is 51.5 units. By a chord from 64 to 1024 it seems to be at least
    2 · 73.87 · (1024 − 150) / 960 = 134.5: a "bound" above the optimum, with which a search would discard the best
    plan. The least of the lower envelope is 51.5 or below.
    """
    split = np.linspace(100.0, 200.0, 100_001)

    def least(stock):
        return float(np.min(stock(split) + stock(300.0 - split)))

    ends = np.array([2.0**-6, 64.0, 1024.0])
    truth = least(lambda v: declared(v, FLOORED))
    plain = least(lambda v: np.interp(v, ends, declared(ends, FLOORED)))
    assert truth == pytest.approx(51.5, abs=0.05)
    assert plain == pytest.approx(134.5, abs=0.05)
    for error in (0.0, 0.01, 0.1, 0.5):
        curve = stock_curve(0.95, 1000.0, **FLOORED, max_rel_error=error)
        assert truth * (1 - error) - 1e-9 <= least(curve.lower.value) <= truth + 1e-9
        assert truth - 1e-9 <= least(curve.upper.value) <= truth * (1 + error) + 1e-9


def test_lines_of_the_plan_do_not_lie_above_a_floored_curve():
    """The lines of `Curves`, which plans are bounded with, over segments between corners and between any volumes."""
    volumes = np.append(0.0, grid(2000.0))
    table = np.append(declared(volumes[1:2], FLOORED), declared(volumes[1:], FLOORED))
    curves = Curves(volumes, table[None, :], np.zeros(1))
    rng = np.random.default_rng(4)
    pairs = [(volumes[i], volumes[j]) for i, j in itertools.combinations(range(0, len(volumes), 3), 2)]
    pairs += [tuple(np.sort(rng.uniform(0, 2000, 2))) for _ in range(300)]
    low, high = np.array(pairs).T
    lines = curves.lines(np.zeros(len(low), dtype=np.int64), low, high)
    v = low + (high - low) * np.linspace(0, 1, 2001)[1:, None]
    v = np.minimum(v, high)
    gap = declared(v, FLOORED) - (lines.intercept + lines.slope * v)
    assert gap.min() >= -1e-9
    assert (gap.max(axis=0) <= lines.error + 1e-9).all()


@pytest.mark.slow
@drawn(200)
@given(st.lists(st.tuples(st.floats(0.01, 10), st.one_of(st.just(0.0), st.floats(0.001, 100))), min_size=2,
                max_size=30), st.sampled_from([0.0, 0.01, 0.2, 0.9]))
def test_any_curve_lies_between(corners, error):
    """Curves of any shape, with floors and jumps from 0."""
    steps, y = np.array(corners).T
    x = np.cumsum(steps)
    curve = envelope(x, y, error)
    v = np.unique(np.concatenate([x, np.linspace(x[0], x[-1], 2001)]))
    exact = np.interp(v, x, y)
    below, above = curve.lower.value(v), curve.upper.value(v)
    scale = max(y.max(), 1e-300)
    assert (below <= exact + 1e-9 * scale).all()
    assert (above >= exact - 1e-9 * scale).all()
    assert (exact - below <= error * exact + 1e-9 * scale).all()
    assert (above - exact <= error * exact + 1e-9 * scale).all()
    assert curve.max_rel_error <= error + 1e-12
    for side in (curve.lower, curve.upper):
        assert (side.start[0], side.end[-1]) == (x[0], x[-1])
        assert (side.start[1:] == side.end[:-1]).all()


def test_values_of_a_fill_rate():
    """The declared curve at its corners is the safety stock itself; no stock for a fill rate of 0."""
    curve = stock_curve(0.95, 64.0, **FLOORED, max_rel_error=0.0)
    v = np.array([2.0**-6, 1.0, 2.0, 64.0])
    exact = safety_stock(0.95, v, 30.0, 6.0, 1.0, 0.0, 5.0)
    assert curve.lower.value(v) == pytest.approx(exact)
    assert curve.upper.value(v) == pytest.approx(exact)
    assert float(curve.lower.value(1e-9)) == pytest.approx(exact[0])
    assert stock_curve(0.0, 64.0, **FLOORED).upper.value([1.0, 64.0]).tolist() == [0, 0]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: stock_curve(0.95, 0.0, **FLOORED), "largest is 0.0: a volume above 0"),
    (lambda: stock_curve(0.95, 10.0, **FLOORED, max_rel_error=-0.1), "max_rel_error is -0.1: a share from 0"),
    (lambda: stock_curve(1.0, 10.0, **FLOORED), "fill_rate is 1"),
    (lambda: square_root_curve(1.0, 1.0), "the smaller one first"),
    (lambda: square_root_curve(0.0, 1.0), "two numbers above 0"),
    (lambda: square_root_curve(1.0, 2.0, 0.0), "a share above 0"),
    (lambda: square_root_curve_from_zero(1.0, 0), "a whole number from 1 up"),
    (lambda: chord_error(0.5), "at least 1"),
    (lambda: chord_gap(2.0, 1.0), "to a larger one"),
    (lambda: envelope([0, 1, 1], [1, 1, 1]), "rise from 0"),
    (lambda: envelope([0, 1], [1, -1]), "at least 0 and finite"),
    (lambda: stock_curve(0.95, 10.0, **FLOORED).lower.value(11.0), "a volume of 11 is not on the curve"),
    (lambda: stock_curve(0.95, 10.0, **FLOORED).lower.value(math.nan), "a volume of nan"),
])
def test_wrong_calls(call, message):
    with pytest.raises(UsageError, match=message):
        call()
