"""The algebra: expressions worked out term by term, and everything that it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.errors import KeyMismatch, UsageError
from ctsopt.keys import Axis, Keys, Measure
from ctsopt.programs.algebra import Expr, Rows

SITE, CUSTOMER = Axis("site", ["A", "B", "C"]), Axis("customer", ["x", "y"])
AXES = {"site": SITE, "via": SITE, "customer": CUSTOMER}
LANES = Keys.make(AXES, site=[0, 0, 1, 2], customer=[0, 1, 1, 0])  # A-x, A-y, B-y, C-x
SITES, CUSTOMERS = Keys.make(AXES, site=[0, 1, 2]), Keys.make(AXES, customer=[0, 1])
flow, opened = Expr.block(LANES, 0), Expr.block(SITES, 4)
PLAN = np.array([1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0])  # four flows, three sites


def dense(expr: Expr, columns: int = 7) -> list[list[float]]:
    """Coefficients as a table: one row per key."""
    matrix = np.zeros((len(expr.index), columns))
    np.add.at(matrix, (expr.rows, expr.col), expr.coef)
    return matrix.tolist()


def test_per_adds_up():
    assert flow.per(CUSTOMERS).value(PLAN).tolist() == [1 + 4, 2 + 3]
    assert flow.per(SITES).value(PLAN).tolist() == [1 + 2, 3, 4]
    assert flow.total().value(PLAN).tolist() == [10]
    assert dense(flow.per(CUSTOMERS)) == [[1, 0, 0, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0]]


def test_per_leaves_a_coarser_key_empty():
    """A coarser key to which nothing belongs gets 0, not an error: it is the finer keys that may not get lost."""
    assert flow.where(np.array([True, True, False, False])).per(SITES).value(PLAN).tolist() == [3, 0, 0]


def test_per_refuses_to_lose_a_key():
    with pytest.raises(KeyMismatch, match=r"no \['site'\] entry for 1 keys .* such as C/x"):
        flow.per(Keys.make(AXES, site=[0, 1]))


def test_per_on_another_column_and_on_codes():
    ways = Expr.block(Keys.make(AXES, site=[0, 1], via=[2, 2]), 0)
    assert ways.per(SITES, on={"site": "via"}).value(PLAN).tolist() == [0, 0, 3]
    assert ways.per(SITES, on={"site": np.array([1, 0])}).value(PLAN).tolist() == [2, 1, 0]


def test_per_with_a_blank():
    """A blank is a key like another: it must be in the index that is added up to."""
    ways = Expr.block(Keys.make(AXES, site=[0, 1], via=[-1, 2]), 0)
    blank = Keys.make(AXES, via=[-1, 2])
    assert ways.per(blank).value(PLAN).tolist() == [1, 2]
    with pytest.raises(KeyMismatch):
        ways.per(SITES, on={"site": "via"})


def test_at_looks_up():
    assert opened.at(LANES).value(PLAN).tolist() == [10, 10, 20, 30]
    sums = flow.per(SITES)  # several terms for A, one for B and C
    assert sums.at(LANES).value(PLAN).tolist() == [3, 3, 3, 4]
    assert sums.at(Keys.make(AXES, site=[2, 0, 2])).value(PLAN).tolist() == [4, 3, 4]
    assert (sums + 5.0).at(Keys.make(AXES, site=[2, 0])).value(PLAN).tolist() == [9, 8]
    with pytest.raises(KeyMismatch, match="such as C"):
        opened.where(np.array([True, True, False])).at(LANES)


def test_constants():
    fixed = Expr.constants(SITES, np.array([1.0, 2.0, 3.0]))
    assert (fixed * 2.0).at(LANES).value(PLAN).tolist() == [2, 2, 4, 6]
    assert fixed.per(Keys.single()).value(PLAN).tolist() == [6]
    assert (opened + fixed).value(PLAN).tolist() == [11, 22, 33]
    assert (fixed + opened).value(PLAN).tolist() == [11, 22, 33]
    assert (fixed - fixed).value(PLAN).tolist() == [0, 0, 0]


def test_where():
    some = flow.per(SITES).where(np.array([False, True, True]))
    assert some.index.labels() == [("B",), ("C",)]
    assert some.value(PLAN).tolist() == [3, 4]
    assert (opened + 1.0).where(np.array([False, False, True])).value(PLAN).tolist() == [31]
    with pytest.raises(KeyMismatch, match="a mask of 2 for 3 keys"):
        opened.where(np.array([True, False]))


def test_arithmetic():
    values = np.array([1.0, 2.0, 4.0])
    cases = {
        "2 * open": (2 * opened, [20, 40, 60]), "open * 2": (opened * 2, [20, 40, 60]),
        "-open": (-opened, [-10, -20, -30]),
        "array * open": (values * opened, [10, 40, 120]), "open * array": (opened * values, [10, 40, 120]),
        "array + open": (values + opened, [11, 22, 34]), "array - open": (values - opened, [-9, -18, -26]),
        "open - array": (opened - values, [9, 18, 26]), "1 - open": (1 - opened, [-9, -19, -29]),
        "float64 - open": (np.float64(1) - opened, [-9, -19, -29]), "1 + open": (1 + opened, [11, 21, 31]),
        "open - open": (opened - opened, [0, 0, 0]), "(open + 1) * 3": ((opened + 1) * 3, [33, 63, 93]),
        "measure": (opened * Measure(SITES, values), [10, 40, 120])}
    for name, (expr, expected) in cases.items():
        assert isinstance(expr, Expr), name
        assert expr.value(PLAN).tolist() == expected, name


def test_a_measure_over_coarser_keys_is_looked_up():
    weight = Measure(SITES, np.array([2.0, 3.0, 5.0]))
    assert (flow * weight).value(PLAN).tolist() == [2, 4, 9, 20]
    with pytest.raises(KeyMismatch, match="has no key column customer"):
        opened * Measure(CUSTOMERS, np.array([1.0, 2.0]))


def test_different_keys_are_not_added():
    with pytest.raises(KeyMismatch, match=r"over different keys: \['site'\] \(3\) and \['customer'\] \(2\)"):
        opened + flow.per(CUSTOMERS)
    turned = Expr.block(Keys.make(AXES, site=[2, 1, 0]), 4)
    with pytest.raises(KeyMismatch, match="different keys"):
        _ = opened <= turned
    other = Expr.block(Keys.make({"site": Axis("site", ["X", "Y", "Z"])}, site=[0, 1, 2]), 0)
    with pytest.raises(KeyMismatch, match="different keys"):
        opened + other


HOLE = np.array([1.0, np.nan, 2.0])


@pytest.mark.parametrize("bad", [HOLE, float("nan"), Measure(SITES, HOLE)])
def test_no_missing_number_gets_in(bad):
    for made in (lambda: opened * bad, lambda: opened + bad, lambda: opened - bad, lambda: opened <= bad,
                 lambda: opened == bad, lambda: Expr.constants(SITES, bad)):
        with pytest.raises(KeyMismatch, match="a number is missing"):
            made()


def test_no_infinite_coefficient_gets_in():
    with pytest.raises(KeyMismatch, match="infinite coefficient"):
        opened * np.array([1.0, np.inf, 2.0])


def test_numbers_of_another_length_are_refused():
    with pytest.raises(KeyMismatch, match=r"2 numbers for 3 keys of \['site'\]"):
        opened * np.array([1.0, 2.0])


@pytest.mark.parametrize(("rows", "lower", "upper"), [
    (opened <= 5, -np.inf, 5), (opened >= 5, 5, np.inf), (opened == 5, 5, 5), (opened + 2 <= 5, -np.inf, 3),
    (5 >= opened, -np.inf, 5), (5 <= opened, 5, np.inf),  # noqa: SIM300
    (2 * (opened + 1) == opened + 9, 7, 7), (opened <= np.full(3, 5.0), -np.inf, 5),
    (np.full(3, 5.0) >= opened, -np.inf, 5), (opened == Measure(SITES, np.full(3, 5.0)), 5, 5)])
def test_rows_have_their_constants_on_the_sides(rows, lower, upper):
    assert rows.lower.tolist() == [lower] * 3
    assert rows.upper.tolist() == [upper] * 3
    assert rows.lhs.constant is None
    assert rows.lhs.value(PLAN).tolist() == [10, 20, 30]


def test_a_chained_comparison_is_refused_rather_than_halved():
    """Python reads 0 <= x <= 1 as (0 <= x) and (x <= 1), which would drop the first half."""
    with pytest.raises(UsageError, match="write low <= x <= high as two families"):
        0 <= opened <= 1  # noqa: B015


def test_only_some_rows():
    rows = (flow.per(SITES) <= np.array([1.0, 2.0, 3.0])).only(np.array([True, False, True]))
    assert isinstance(rows, Rows)
    assert rows.lhs.index.labels() == [("A",), ("C",)]
    assert rows.upper.tolist() == [1, 3]


def test_empty_blocks():
    none = Expr.block(Keys.make(AXES, site=[], customer=[]), 0)
    assert none.per(SITES).value(PLAN).tolist() == [0, 0, 0]
    assert none.per(SITES).at(LANES).value(PLAN).tolist() == [0, 0, 0, 0]
    assert none.total().value(PLAN).tolist() == [0]
    assert opened.at(Keys.make(AXES, site=[])).value(PLAN).tolist() == []
    assert (none * 2.0 + 1.0).value(PLAN).tolist() == []
    assert len((none <= 1.0).upper) == 0


def test_comparing_with_a_text_is_no_row():
    assert (opened == "open") is False
