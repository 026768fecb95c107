"""Tables that a network hands out are copies: an edit of one that goes nowhere is not lost in silence."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
from collections.abc import Callable

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.network import Network
from tests.small import chain

LOST = r"an edit of tables\['demand'\] is lost.*with_table\('demand', table\)"

EDITS: dict[str, Callable[[pd.DataFrame], object]] = {
    "column": lambda t: t.__setitem__("quantity", 1.0),
    "attribute": lambda t: setattr(t, "quantity", 1.0),
    "loc": lambda t: t.loc.__setitem__((0, "quantity"), 1.0),
    "iloc": lambda t: t.iloc.__setitem__((0, 0), "x"),
    "at": lambda t: t.at.__setitem__((0, "quantity"), 1.0),
    "iat": lambda t: t.iat.__setitem__((0, 0), "x"),
    "loc of an axis": lambda t: t.loc(axis=1).__setitem__("quantity", 1.0),
    "del": lambda t: t.__delitem__("quantity"),
    "pop": lambda t: t.pop("quantity"),
    "insert": lambda t: t.insert(0, "x", 1.0),
    "columns": lambda t: setattr(t, "columns", list(range(t.shape[1]))),
    "eval": lambda t: t.eval("quantity = 2 * quantity", inplace=True),
    "drop": lambda t: t.drop(columns="quantity", inplace=True),
    "reset_index": lambda t: t.reset_index(inplace=True),
    "set_index": lambda t: t.set_index("customer", inplace=True),
}


@pytest.fixture
def net() -> Network:
    return cts.network(chain())


@pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:Setting an item of incompatible")
@pytest.mark.parametrize("how", EDITS)
def test_an_edit_that_goes_nowhere_gives_a_warning_and_changes_nothing(net, how):
    before = net.hash
    table = net.tables["demand"]
    EDITS[how](table)
    with pytest.warns(cts.CtsWarning, match=LOST):
        cts.solve(net)
    with warnings.catch_warnings():  # once
        warnings.simplefilter("error")
        cts.solve(net)
    assert net.hash == before


def test_an_edit_of_a_copy_that_nobody_keeps_gives_a_warning(net):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        net.tables["demand"]["quantity"] *= 2
        gc.collect()
    assert [w.category for w in heard if "is lost" in str(w.message)] == [cts.CtsWarning]


def test_writing_a_network_says_so_too(net, tmp_path):
    table = net.tables["demand"]
    table["quantity"] = 7.0
    with pytest.warns(cts.CtsWarning, match=LOST):
        net.write(tmp_path / "net")


@pytest.mark.parametrize("handed_back", [
    lambda net, table: net.with_table("demand", table),
    lambda net, table: net.with_table("demand", table[table["quantity"] > 0]),
    lambda net, table: cts.network({**{n: net.tables[n] for n in net.given}, "demand": table}),
    lambda net, table: net.with_table("demand", pd.concat([table])),
])
def test_an_edit_that_is_handed_back_is_none_of_its_business(net, handed_back):
    table = net.tables["demand"]
    table["quantity"] = 7.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        changed = handed_back(net, table)
        assert cts.solve(net).flows["quantity"].max() == 100.0
        assert cts.solve(changed).flows["quantity"].max() == 7.0
        del table
        gc.collect()


def test_what_is_made_from_a_table_is_an_ordinary_frame(net):
    table = net.tables["demand"]
    made = [table.copy(), copy.copy(table), table.assign(x=1), table[["customer"]], table.loc[[0]],
            table.sort_values("quantity"), table.reset_index(drop=True)]
    assert {type(frame) for frame in made} == {pd.DataFrame}
    assert pickle.loads(pickle.dumps(table)).equals(table)
    assert pickle.loads(pickle.dumps(net)) == net
