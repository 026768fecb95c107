"""Room in figures: drawn bars and points, whatever they are, have ticks, values and labels that can be read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsopt.report.figures.space import NARROW, WIDE, Frame, axis_of_bars, beside_points, step_of

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-3)


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.sampled_from([WIDE, NARROW]))
def test_there_is_a_tick_on_every_side_of_0_that_has_bars(ends: list[float], width: float) -> None:
    axis = axis_of_bars(ends, [f"{end:+,.0f}" for end in ends], ["a name of a scenario"], width=width)
    low, high = axis["range"]
    ticks = axis["tickvals"]
    assert low <= min(0, *ends)
    assert high >= max(0, *ends)
    assert 0 in ticks
    assert min(ends) >= 0 or min(ticks) < 0
    assert max(ends) <= 0 or max(ticks) > 0
    assert all(low - 1e-6 * (high - low) <= tick <= high + 1e-6 * (high - low) for tick in ticks)
    assert len(ticks) <= 12


@pytest.mark.parametrize(("extent", "most", "step"), [(40, 5, 10), (39, 4, 10), (1, 5, 0.2), (23, 5, 5), (0.9, 3, 0.5)])
def test_steps_are_round(extent: float, most: int, step: float) -> None:
    assert step_of(extent, most) == pytest.approx(step)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=25),
       st.lists(st.text("abcde", min_size=1, max_size=20), min_size=25, max_size=25))
def test_no_label_lies_on_another_one_or_beyond_the_frame(points: list[tuple[float, float]], names: list[str]) -> None:
    frame = Frame(-1, 11, -1, 11, 600, 400)
    texts = names[:len(points)]
    notes = beside_points(frame, [x for x, _ in points], [y for _, y in points], texts)
    boxes = []
    for note in notes:
        (across, down), = frame.pixels([note["x"]], [note["y"]])
        wide, high = 0.58 * 11 * len(note["text"]), 1.25 * 11
        left = across + note["xshift"] - {"left": 0, "center": wide / 2, "right": wide}[note["xanchor"]]
        top = down - note["yshift"] - {"top": 0, "middle": high / 2, "bottom": high}[note["yanchor"]]
        boxes.append((left, top, left + wide, top + high))
        assert left >= -1e-6
        assert top >= -1e-6
        assert left + wide <= 600 + 1e-6
        assert top + high <= 400 + 1e-6
    for one, other in itertools.combinations(boxes, 2):
        assert (one[0] >= other[2] - 1e-6 or other[0] >= one[2] - 1e-6 or one[1] >= other[3] - 1e-6
                or other[1] >= one[3] - 1e-6)


def test_a_point_by_itself_has_its_name_to_the_right() -> None:
    note, = beside_points(Frame(0, 10, 0, 10, 500, 300), [5.0], [5.0], ["alone"])
    assert (note["xanchor"], note["yanchor"], note["xshift"], note["yshift"]) == ("left", "middle", 7, 0)


def test_a_map_is_in_the_middle_of_its_pixels() -> None:
    """10 km by 10 on 400 by 200 pixels: 20 pixels a kilometre, so that 20 km are seen across."""
    frame = Frame.of_map((0, 10, 0, 10), 400, 200)
    assert (frame.left, frame.right, frame.bottom, frame.top) == (-5, 15, 0, 10)
    assert frame.pixels([0.0], [10.0]) == [(100.0, 0.0)]


def test_a_label_leaves_marks_without_a_name_free() -> None:
    """Another mark 25 pixels to the right: the name stands on the left."""
    note, = beside_points(Frame(0, 10, 0, 10, 500, 300), [5.0], [5.0], ["alone"], clear=([5.5], [5.0]))
    assert (note["xanchor"], note["xshift"]) == ("right", -7)
