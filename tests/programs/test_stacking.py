"""Terms laid down as a matrix, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from ctsopt.programs.algebra import Terms
from ctsopt.programs.stacking import stacked


def terms(row, col, coef, first=None) -> Terms:
    return Terms(None if row is None else np.array(row, dtype=np.int32), np.array(col, dtype=np.int32),
                 np.array(coef, dtype=float), first)


def test_parts_of_every_kind():
    """A block of columns, some of its columns, and one column time and again; the last part starts at row 2."""
    parts = [(0, terms([1, 0, 1], [1, 2, 3], [1, 2, 3], first=1)), (0, terms([0, 1], [0, 3], [4, 5])),
             (2, terms(None, [4, 0, 4, 1], [6, 7, 8, 9]))]
    assert stacked(parts, (6, 5)).toarray().tolist() == [
        [4, 0, 2, 0, 0],
        [0, 1, 0, 3 + 5, 0],
        [0, 0, 0, 0, 6],
        [7, 0, 0, 0, 0],
        [0, 0, 0, 0, 8],
        [0, 9, 0, 0, 0]]


def test_rows_of_a_column_are_in_order():
    """The second part reaches up to rows above those of the first."""
    matrix = stacked([(0, terms([2, 2], [0, 1], [1, 2], first=0)), (0, terms([1, 0], [0, 1], [3, 4], first=0))], (3, 2))
    assert matrix.indptr.tolist() == [0, 2, 4]
    assert matrix.indices.tolist() == [1, 2, 0, 2]
    assert matrix.data.tolist() == [3, 1, 4, 2]


@pytest.mark.parametrize("shape", [(0, 0), (2, 3)])
def test_no_terms(shape):
    assert stacked([], shape).shape == shape
    assert stacked([(0, terms([], [], []))], shape).nnz == 0


@pytest.mark.parametrize("width", [5, 70_000])
def test_as_scipy_does(width):
    """Thousands of terms in any order, in few columns and in more than 16 bits can count."""
    random = np.random.default_rng(0)
    parts = [(start, terms(random.integers(0, 50, 3000), random.integers(0, width, 3000), random.integers(1, 9, 3000)))
             for start in (0, 50)]
    row = np.concatenate([start + some.rows for start, some in parts])
    col, coef = (np.concatenate([getattr(some, name) for _, some in parts]) for name in ("col", "coef"))
    expected = sp.csc_array(sp.coo_array((coef, (row, col)), shape=(100, width)))
    made = stacked(parts, (100, width))
    assert made.has_canonical_format
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(made, name), getattr(expected, name))
