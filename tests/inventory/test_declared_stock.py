"""Safety stock at declared volumes: the same to the last bit, whatever was solved before and whatever stands beside."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.inventory import declared_stock as module
from ctsopt.inventory.curves import first_volumes, grid
from ctsopt.inventory.declared_stock import declared_stock
from ctsopt.inventory.on_hand import held_stock
from ctsopt.inventory.safety_stock import safety_stock


def drawn(seed: int, count: int) -> np.ndarray:
    """Rows of every kind: with and without lots, certain demand, certain lead times, waits, and no promise."""
    rng = np.random.default_rng(seed)

    def some(values: np.ndarray) -> np.ndarray:
        return np.where(rng.random(count) < 0.3, 0.0, values)

    return np.stack([some(rng.uniform(0.5, 0.999, count)), some(rng.uniform(0, 50, count)), rng.uniform(0, 40, count),
                     some(rng.uniform(0, 14, count)), some(rng.uniform(0, 500, count)),
                     some(rng.uniform(0, 14, count)), some(rng.uniform(0, 4, count)), some(rng.uniform(0, 6, count)),
                     some(rng.uniform(0, 1, count))], axis=1)


@pytest.fixture
def fresh(monkeypatch):
    """Nothing is known, as in a process that has just begun."""
    def empty(room: int = module._ROOM) -> None:
        monkeypatch.setattr(module, "_SOLVED", module._Solved(room))

    empty()
    return empty


def test_the_declared_volumes_are_those_of_the_grid():
    assert first_volumes(105)[[0, 48, 104]].tolist() == [2.0**-6, 1.0, 2.0**7]
    assert np.array_equal(grid(100.0), first_volumes(len(grid(100.0))))


@pytest.mark.parametrize("early", [False, True])
def test_each_row_is_as_the_formula_has_it(fresh, early):
    rate, ratio, lead, review, lot, interval, sd, wait, share = rows = drawn(1, 40).T
    policy = (share * 2.0**3, ratio, lead, review, lot, interval, sd, wait)
    cover = safety_stock(rate, *policy)
    found = declared_stock(rows.T, 73, early=early)
    assert np.allclose(found.cover[:, -1], cover, rtol=1e-12)
    assert np.allclose(found.safety[:, -1], held_stock(cover, *policy).safety if early else cover, rtol=1e-9)


@pytest.mark.parametrize(("crossing", "early"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_row_is_the_same_to_the_last_bit_whatever_was_solved_before(fresh, crossing, early):
    rows = drawn(2, 60)
    at_once = declared_stock(rows, 100, crossing=crossing, early=early)
    fresh()
    for some in (rows[::7], rows[5:20], rows[40:41], rows[::-1]):
        declared_stock(some, 37, crossing=crossing, early=early)
    declared_stock(rows[:3], 70, crossing=crossing, early=early)
    in_parts = declared_stock(rows, 100, crossing=crossing, early=early)
    assert np.array_equal(at_once.cover, in_parts.cover)
    assert np.array_equal(at_once.safety, in_parts.safety)


def test_of_no_rows_there_are_no_tables():
    assert declared_stock(np.zeros((0, 9)), 12).cover.shape == (0, 12)


def test_what_is_known_is_not_solved_again(fresh, monkeypatch):
    rows, solved = drawn(3, 30), []
    solve = module._solve
    monkeypatch.setattr(module, "_solve", lambda some, volumes, **how: solved.append(
        len(some) * len(volumes)) or solve(some, volumes, **how))
    declared_stock(rows, 50)
    declared_stock(rows[::2], 40)
    declared_stock(rows[:10], 60)
    declared_stock(rows[:10], 50, crossing=True)
    assert solved == [30 * 50, 10 * 10, 10 * 50]


def test_the_oldest_rows_go_where_there_is_no_room(fresh, monkeypatch):
    rows = drawn(4, 10)
    fresh(room=6 * 50 * 8)
    first = declared_stock(rows, 50).cover
    assert len(module._SOLVED._rows) == 6
    assert np.array_equal(declared_stock(rows, 50).cover, first)
    assert module._SOLVED._used == sum(table.nbytes for table in module._SOLVED._rows.values()) == 6 * 50 * 8
