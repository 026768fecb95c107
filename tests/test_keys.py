"""Business keys: looking up and adding up are strict, and say which key is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import KeyMismatch
from ctsopt.keys import BLANK, Axis, Coded, Keys, Measure

SITE, CUSTOMER = Axis("site", ["Aix", "Bonn", "Como"]), Axis("customer", ["x", "y"])
AXES = {"site": SITE, "via": SITE, "origin": SITE, "customer": CUSTOMER}


def keys(**columns) -> Keys:
    """Keys written as names; an empty text is blank."""
    return Keys.make(AXES, **{n: AXES[n].codes(v) for n, v in columns.items()})


def test_codes_are_positions_and_minus_one_where_unknown():
    assert SITE.codes(["Como", "Aix", "Rome", ""]).tolist() == [2, 0, -1, -1]
    assert SITE.codes(pd.Series(["Bonn"], dtype="str")).tolist() == [1]
    assert SITE.names([1, BLANK]).tolist() == ["Bonn", ""]


@pytest.mark.parametrize("odd", [["NA", "nan", "None"], ["1", "01", "1.0"], ["\u00e9", "e\u0301"], ["a b", "a  b"]])
def test_names_that_look_alike_are_different(odd):
    axis = Axis("site", odd)
    assert axis.codes(odd).tolist() == list(range(len(odd)))


def test_an_axis_has_distinct_names():
    with pytest.raises(KeyMismatch, match="site are not distinct"):
        Axis("site", ["Aix", "Aix"])


@pytest.mark.parametrize("size", [3, 1_100_000])
def test_locate(size):
    """With few names a dense table answers, with many a search: the same answers."""
    axis = Axis("customer", np.arange(size).astype(str).tolist())
    axes = {"site": SITE, "customer": axis}
    coarse = Keys.make(axes, site=[2, 0], customer=[1, 2])
    fine = Keys.make(axes, customer=[2, 1, 2], site=[0, 2, 0])
    assert coarse.locate(fine).tolist() == [1, 0, 1]
    assert coarse.find(Keys.make(axes, site=[1, 2], customer=[1, 2])).tolist() == [-1, -1]


def test_a_missing_key_is_named():
    message = r"no \['site'\] entry for 2 keys of \['site', 'customer'\], such as Como/y, Como/x"
    with pytest.raises(KeyMismatch, match=message):
        keys(site=["Aix", "Bonn"]).locate(keys(site=["Aix", "Como", "Como"], customer=["x", "y", "x"]))


def test_a_missing_column_is_named():
    with pytest.raises(KeyMismatch, match=r"\['site'\] has no key column customer"):
        keys(customer=["x"]).locate(keys(site=["Aix"]))


def test_keys_on_another_axis_are_refused_even_where_the_codes_agree():
    other = Axis("site", ["Aix", "Bonn", "Como"])
    with pytest.raises(KeyMismatch, match=r"key columns \['site'\] are coded on other axes"):
        keys(site=["Aix"]).locate(Keys.make({"site": other}, site=[0]))
    assert not keys(site=["Aix"]).same(Keys.make({"site": other}, site=[0]))


def test_twice_the_same_key_is_refused():
    with pytest.raises(KeyMismatch, match="not distinct"):
        keys(site=["Aix", "Aix"]).locate(keys(site=["Aix"]))


def test_a_blank_is_a_key_of_its_own():
    ways = keys(site=["Aix", "Aix"], via=["", "Bonn"])
    assert ways.locate(keys(site=["Aix", "Aix"], via=["Bonn", ""])).tolist() == [1, 0]
    assert ways.labels() == [("Aix", ""), ("Aix", "Bonn")]
    with pytest.raises(KeyMismatch, match="such as Aix/Como"):
        ways.locate(keys(site=["Aix"], via=["Como"]))


def test_on_another_column():
    points = keys(site=["Aix", "Bonn"])
    ways = keys(site=["Aix", "Aix"], via=["Bonn", "Aix"])
    assert points.locate(ways, on={"site": "via"}).tolist() == [1, 0]
    with pytest.raises(KeyMismatch, match="no key column origin"):
        points.locate(ways, on={"site": "origin"})
    with pytest.raises(KeyMismatch, match="other axes"):
        points.locate(keys(customer=["x"]), on={"site": "customer"})


def test_on_codes():
    points = keys(site=["Aix", "Bonn"])
    assert points.locate(keys(customer=["x", "y"]), on={"site": np.array([1, 0])}).tolist() == [1, 0]
    with pytest.raises(KeyMismatch, match=r"\(1,\) codes of site for 2 keys"):
        points.locate(keys(customer=["x", "y"]), on={"site": np.array([1])})
    for strange in (3, -2):
        with pytest.raises(KeyMismatch, match="codes of site that are not on its axis"):
            points.find(keys(customer=["x"]), on={"site": np.array([strange])})


def test_distinct_keys_come_in_canonical_order():
    some = keys(site=["Como", "Aix", "Como", "Aix"], customer=["y", "y", "x", "y"])
    assert some.distinct("site").labels() == [("Aix",), ("Como",)]
    assert some.distinct("customer", origin="site").labels() == [("x", "Como"), ("y", "Aix"), ("y", "Como")]
    assert some.select("customer", origin="site").names == ("customer", "origin")


def test_a_single_thing_has_one_key():
    single = Keys.single()
    assert len(single) == 1
    assert single.labels() == [()]
    assert single.locate(keys(site=["Aix", "Como"])).tolist() == [0, 0]
    assert len(single.frame()) == 1
    with pytest.raises(KeyMismatch, match="neither left out nor repeated"):
        single.take(np.array([False]))


def test_no_keys_at_all():
    none = keys(site=[])
    assert len(none) == 0
    assert none.locate(none).tolist() == []
    assert none.find(keys(site=["Aix"])).tolist() == [-1]
    assert keys(site=["Aix"]).locate(none).tolist() == []
    assert len(none.distinct("site")) == 0


def test_a_key_space_too_large_to_code_is_an_error_and_no_wrong_answer():
    axis = Axis("site", np.arange(70_000).astype(str).tolist())
    axes = {n: axis for n in "abcd"}
    many = Keys.make(axes, a=[1], b=[1], c=[1], d=[1])  # 70,001^4 is above 2^63
    with pytest.raises(KeyMismatch, match="too large"):
        many.locate(many)


def test_coded_table():
    table = Coded(keys(site=["Bonn", "Aix"]), {"cost": np.array([3.0, 4.0])})
    assert table.take([1]).frame().to_dict("list") == {"site": ["Aix"], "cost": [4.0]}
    assert isinstance(table["cost"], Measure)
    assert len(table) == 2


def test_no_keys_of_many_columns_have_no_distinct_ones():
    """Nothing to tell apart, on axes whose combinations are too many for a table."""
    axes = {name: Axis(name, [str(k) for k in range(200)]) for name in "abc"}
    none = Keys.make(axes, **dict.fromkeys("abc", np.zeros(0, dtype=np.int32)))
    assert len(none.distinct("a", "b", "c")) == 0
