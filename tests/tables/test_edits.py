"""Edits of tables: cells before and after, worked out by hand; faults with their place."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.edits import GRAMMAR, apply_edits, edit_of, group_of
from ctsopt.tables.edits.edits import Bench
from ctsopt.tables.edits.parts import Condition, Edit
from tests.small import lanes, table

HARD_KEYS = ["NO", "00123", "010", "1E10", "1_000", "2026-01-01", "on", "1e3", "12:30", "10%", "NA", "~x"]


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.network({
        "sites": table({"site": "P", "kind": "plant", "region": "NO"},
                       {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 100.0, "capacity": 50.0,
                        "region": "SE"},
                       {"site": "E", "kind": "dc", "fixed_cost": 200.0, "region": "NO"}),
        "customers": table({"customer": "A", "tier": "gold", "group": "north"},
                           {"customer": "B", "tier": "silver", "group": "north"},
                           {"customer": "C", "tier": "silver", "group": "south"},
                           {"customer": "F", "tier": "bronze", "group": "south"}),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2, "program_cost": 7.0},
                       {"tier": "bronze", "rank": 3}),
        "promises": table({"tier": "gold", "lead_time": 2}, {"tier": "silver", "lead_time": 4},
                          {"tier": "bronze", "lead_time": 6}),
        "demand": table(*({"customer": c, "quantity": q} for c, q in zip("ABCF", (10, 20, 30, 40), strict=True))),
        "modes": table({"mode": "truck", "per_weight": 1.0, "speed": 500.0},
                       {"mode": "ltl", "per_weight": 2.0, "speed": 500.0}),
        "lanes": lanes("P-D", "P-E", *(f"{s}-{c}" for s in "DE" for c in "ABCF"), distance=100.0),
    })


def done(net: cts.Network, *edits: dict) -> pd.DataFrame:
    """What changes, one line a cell."""
    read = []
    for number, mapping in enumerate(edits):
        edit, faults = edit_of(mapping, source=f"e{number}", level=number)
        assert not faults, faults
        read.append(edit)
    result = apply_edits(net.content, read)
    assert not result.faults, result.faults
    return result.changes


def cells(changes: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(changes[["table", "key", "column", "old", "new"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("edit", "expected"), [
    ({"table": "sites", "where": {"site": "D"}, "set": {"fixed_cost": "150"}},
     [("sites", "D", "fixed_cost", "100", "150")]),
    ({"table": "sites", "where": {"kind": "dc"}, "scale": {"fixed_cost": 1.5}},
     [("sites", "D", "fixed_cost", "100", "150"), ("sites", "E", "fixed_cost", "200", "300")]),
    ({"table": "sites", "where": {"kind": ["dc", "plant"], "region": "NO"}, "add": {"fixed_cost": 10}},
     [("sites", "E", "fixed_cost", "200", "210"), ("sites", "P", "fixed_cost", "0", "10")]),
    ({"table": "demand", "cap_max": {"quantity": 25}},
     [("demand", "C / goods / year", "quantity", "30", "25"), ("demand", "F / goods / year", "quantity", "40", "25")]),
    ({"table": "demand", "cap_min": {"quantity": 15}}, [("demand", "A / goods / year", "quantity", "10", "15")]),
    ({"table": "demand", "where": {"quantity": {"gte": 20, "lt": 40}}, "scale": {"quantity": 2}},
     [("demand", "B / goods / year", "quantity", "20", "40"), ("demand", "C / goods / year", "quantity", "30", "60")]),
    ({"table": "sites", "where": {"capacity": {"is_null": "yes"}, "kind": "dc"}, "set": {"capacity": 9}},
     [("sites", "E", "capacity", "no limit", "9")]),
    ({"table": "sites", "where": {"site": "D"}, "set": {"capacity": ""}},
     [("sites", "D", "capacity", "50", "no limit")]),
    ({"table": "sites", "where": {"site": "D"}, "set": {"may_open": False, "status": "open"}},
     [("sites", "D", "may_open", "yes", "no"), ("sites", "D", "status", "candidate", "open")]),
    ({"table": "customers", "where": {"group": {"like": "nor%"}, "tier": {"ne": "gold"}}, "set": {"tier": "gold"}},
     [("customers", "B", "tier", "silver", "gold")]),
    ({"table": "promises", "where": {"tier": "gold"}, "drop": True},
     [("promises", "gold / *", "", "row", "taken away")]),
    ({"table": "settings", "set": {"circuity": "1.4"}}, [("settings", "", "circuity", "1.2", "1.4")]),
    ({"table": "settings", "set": {"budget": 1e6}}, [("settings", "", "budget", "no limit", "1000000")]),
    ({"table": "customers", "update": [{"customer": "F", "tier": "silver"}, {"customer": "A", "tier": "gold"}]},
     [("customers", "F", "tier", "bronze", "silver")]),
    ({"table": "sites", "insert": [{"site": "00123", "kind": "dc", "capacity": "7"}]},
     [("sites", "00123", "site", "", "00123"), ("sites", "00123", "kind", "", "dc"),
      ("sites", "00123", "capacity", "", "7")]),
    ({"table": "tiers", "merge": {"silver": "bronze"}},
     [("customers", "B", "tier", "silver", "bronze"), ("customers", "C", "tier", "silver", "bronze"),
      ("promises", "silver / *", "", "row", "taken away"), ("tiers", "silver", "", "row", "taken away")]),
])
def test_what_an_edit_changes(net, edit, expected):
    assert sorted(cells(done(net, edit))) == sorted(expected)


def test_a_split_takes_the_promises_along(net):
    changed = net.with_edits({"table": "tiers", "where": {"group": "south"},
                              "split": {"tier": "silver", "into": "plus"}})
    assert changed.tables["customers"].set_index("customer")["tier"].to_dict() == {
        "A": "gold", "B": "silver", "C": "plus", "F": "bronze"}
    promises = changed.tables["promises"].set_index("tier")["lead_time"]
    assert promises.to_dict() == {"bronze": 6, "gold": 2, "plus": 4, "silver": 4}
    assert changed.tables["tiers"].set_index("tier")["program_cost"].to_dict() == {
        "bronze": 0, "gold": 0, "plus": 7, "silver": 7}


def test_edits_follow_each_other(net):
    """(100 + 20) x 2, capped at 230; 200 + 20 doubles to 440, capped."""
    changes = done(net, {"table": "sites", "where": {"kind": "dc"}, "add": {"fixed_cost": 20}},
                   {"table": "sites", "where": {"kind": "dc"}, "scale": {"fixed_cost": 2}},
                   {"table": "sites", "where": {"kind": "dc"}, "cap_max": {"fixed_cost": 230}})
    last = changes.drop_duplicates("key", keep="last").set_index("key")["new"]
    assert last.to_dict() == {"D": "230", "E": "230"}
    assert changes["order"].tolist() == [0, 0, 1, 1, 2, 2]
    assert changes["source"].tolist() == ["e0", "e0", "e1", "e1", "e2", "e2"]


def test_nothing_else_changes(net):
    """The network with an edit, and with it undone."""
    there = net.with_edits({"table": "sites", "where": {"site": "D"}, "set": {"capacity": ""}})
    assert there.hash != net.hash
    assert there.with_edits({"table": "sites", "where": {"site": "D"}, "set": {"capacity": 50}}).hash == net.hash
    assert net.with_edits({"table": "sites", "where": {"site": "D"}, "set": {"capacity": 50}}) == net


@pytest.mark.parametrize("key", HARD_KEYS)
def test_keys_stay_text(net, key):
    """In insert, in where and in set."""
    there = net.with_edits(
        {"table": "tiers", "insert": [{"tier": key, "rank": 4}]},
        {"table": "promises", "insert": [{"tier": key, "lead_time": 9}]},
        {"table": "customers", "where": {"customer": "F"}, "set": {"tier": key}},
        {"table": "promises", "where": {"tier": key}, "set": {"lead_time": 8}})
    assert there.tables["customers"].set_index("customer").loc["F", "tier"] == key
    assert there.tables["promises"].set_index("tier").loc[key, "lead_time"] == 8


def test_rows_of_a_file(net, tmp_path):
    (tmp_path / "tiers.csv").write_text("customer,tier\nF,silver\nB,gold\n", encoding="utf-8")
    edit, faults = edit_of({"table": "customers", "update": {"file": "tiers.csv"}}, folder=str(tmp_path))
    assert not faults
    assert sorted(cells(apply_edits(net.content, [edit]).changes)) == [("customers", "B", "tier", "silver", "gold"),
                                                              ("customers", "F", "tier", "bronze", "silver")]


def test_groups(net):
    north, faults = group_of({"table": "customers", "where": {"group": "north"}})
    assert not faults
    edit, faults = edit_of({"table": "demand", "where": {"customer": {"in_group": "key"}}, "scale": {"quantity": 1.5}},
                           {"key": north})
    assert not faults
    assert [c[1:] for c in cells(apply_edits(net.content, [edit]).changes)] == [
        ("A / goods / year", "quantity", "10", "15"), ("B / goods / year", "quantity", "20", "30")]


@pytest.mark.parametrize(("mapping", "rule", "path", "near"), [
    ({"table": "sitse", "drop": True}, "unknown_table", ("table",), "sites"),
    ({"drop": True}, "unknown_table", ("table",), ""),
    ({"table": "sites"}, "one_operation", (), ""),
    ({"table": "sites", "set": {"zone": "x"}, "scale": {"capacity": 2}}, "one_operation", (), ""),
    ({"table": "sites", "wehre": {}, "drop": True}, "unknown_key", ("wehre",), "where"),
    ({"table": "sites", "where": {"regoin": "NO"}, "drop": True}, "unknown_column", ("where", "regoin"), "region"),
    ({"table": "sites", "set": {"capactiy": 1}}, "unknown_column", ("set", "capactiy"), "capacity"),
    ({"table": "sites", "set": {"capacity": "1,000"}}, "thousands_separator", ("set", "capacity"), ""),
    ({"table": "sites", "set": {"capacity": -1}}, "below_bound", ("set", "capacity"), ""),
    ({"table": "promises", "set": {"served_fraction": 98}}, "share_above_one", ("set", "served_fraction"), ""),
    ({"table": "sites", "scale": {"capacity": ""}}, "blank", ("scale", "capacity"), ""),
    ({"table": "sites", "scale": {"capacity": -2}}, "below_bound", ("scale", "capacity"), ""),
    ({"table": "sites", "scale": {"region": 2}}, "not_a_number_column", ("scale", "region"), ""),
    ({"table": "sites", "set": {"status": "opne"}}, "unknown_choice", ("set", "status"), "open"),
    ({"table": "sites", "set": {"may_open": "maybe"}}, "not_yes_or_no", ("set", "may_open"), ""),
    ({"table": "sites", "where": {"kind": "dcs"}, "drop": True}, "unknown_choice", ("where", "kind"), "dc"),
    ({"table": "sites", "where": {"region": {"gte": 3}}, "drop": True},
     "not_a_number_column", ("where", "region", "gte"), ""),
    ({"table": "sites", "where": {"capacity": {"like": "1%"}}, "drop": True}, "not_a_text_column",
     ("where", "capacity", "like"), ""),
    ({"table": "sites", "where": {"capacity": {"ge": 3}}, "drop": True},
     "unknown_test", ("where", "capacity", "ge"), "gte"),
    ({"table": "sites", "where": {"site": {"in_group": "g"}}, "drop": True},
     "unknown_group", ("where", "site", "in_group"), ""),
    ({"table": "sites", "where": "D", "drop": True}, "not_a_mapping", ("where",), ""),
    ({"table": "sites", "drop": "no"}, "not_yes", ("drop",), ""),
    ({"table": "sites", "drop": True, "expect": {"rows": "many"}}, "not_a_count", ("expect", "rows"), ""),
    ({"table": "sites", "drop": True, "expect": 3}, "unknown_key", ("expect",), ""),
    ({"table": "sites", "drop": True, "on_conflict": "first"}, "unknown_choice", ("on_conflict",), ""),
    ({"table": "sites", "insert": {"site": "X"}}, "not_a_list", ("insert",), ""),
    ({"table": "sites", "insert": [{"site": "X", "knid": "dc"}]}, "unknown_column", ("insert", 0, "knid"), "kind"),
    ({"table": "sites", "insert": {"file": "none.csv"}}, "missing_file", ("insert", "file"), ""),
    ({"table": "promises", "update": [{"tier": "gold", "lead_time": 3}]}, "missing_key", ("update", 0), ""),
    ({"table": "customers", "merge": {"silver": "gold"}}, "wrong_table", ("table",), ""),
    ({"table": "tiers", "split": {"tier": "silver"}}, "blank", ("split",), ""),
    ({"table": "settings", "drop": True}, "settings_are_one_row", ("table",), ""),
    ({"table": "sites", "where": {"site": "D"}, "insert": [{"site": "X", "kind": "dc"}]},
     "where_without_effect", ("where",), ""),
    ("text", "not_a_mapping", (), ""),
])
def test_what_is_wrong_with_an_edit(mapping, rule, path, near):
    edit, faults = edit_of(mapping)
    assert edit is None
    assert [(f.rule, f.path) for f in faults] == [(rule, path)]
    assert faults[0].mend
    assert faults[0].finding("pack.yaml:3").nearest(faults[0].value) == near


@pytest.mark.parametrize(("mapping", "rule"), [
    ({"table": "sites", "where": {"region": "FI"}, "drop": True}, "no_rows"),
    ({"table": "sites", "where": {"kind": "dc"}, "scale": {"fixed_cost": 2}, "expect": {"rows": 1}}, "unexpected_rows"),
    ({"table": "sites", "where": {"site": "P"}, "scale": {"fixed_cost": 2}}, "no_effect"),
    ({"table": "sites", "insert": [{"site": "D", "kind": "dc"}]}, "duplicate_key"),
    ({"table": "customers", "update": [{"customer": "Z", "tier": "gold"}]}, "unknown_row"),
    ({"table": "tiers", "merge": {"sliver": "gold"}}, "unknown_name"),
    ({"table": "tiers", "where": {"group": "west"}, "split": {"tier": "silver", "into": "plus"}}, "no_rows"),
    ({"table": "tiers", "split": {"tier": "silver", "into": "gold"}}, "duplicate_key"),
    ({"table": "promises", "where": {"tier": "gold"}, "add": {"served_fraction": 0.5}}, "out_of_range"),
    ({"table": "demand", "add": {"quantity": -15}}, "out_of_range"),
])
def test_what_only_the_tables_show(net, mapping, rule):
    edit, faults = edit_of(mapping)
    assert not faults
    assert [f.rule for _, f in apply_edits(net.content, [edit]).faults] == [rule]


def test_a_filter_that_selects_nothing_may_be_meant(net):
    assert not len(done(net, {"table": "sites", "where": {"region": "FI"}, "drop": True, "expect": {"rows": 0}}))


def test_two_overrides_may_not_set_one_cell(net):
    here = {"table": "sites", "where": {"site": "D"}}
    first, last = {**here, "scale": {"fixed_cost": 2}}, {**here, "set": {"fixed_cost": 5}}

    def rules(second: dict, levels: tuple[int, int]) -> list[str]:
        edits = [edit_of(mapping, source=name, level=level)[0]
                 for mapping, name, level in zip((first, second), ("one", "two"), levels, strict=True)]
        return [f.rule for _, f in apply_edits(net.content, edits).faults]

    assert rules(last, (0, 0)) == ["written_twice"]
    assert rules(last, (0, 1)) == []
    assert rules({**last, "on_conflict": "last"}, (0, 0)) == []
    assert rules({**here, "scale": {"fixed_cost": 3}}, (0, 0)) == []


def test_all_faults_of_python_edits_at_once(net):
    with pytest.raises(cts.DataError) as error:
        net.with_edits({"table": "sitse", "drop": True}, {"table": "sites", "where": {"region": "FI"}, "drop": True},
                       {"table": "sites", "set": {"regoin": 3}})
    found = error.value.findings
    assert [(f.place, f.rule) for f in found] == [("edit 1", "unknown_table"), ("edit 3", "unknown_column")]
    assert "edit 3: sites.regoin: the table sites has no column of that name" in str(found)
    with pytest.raises(cts.DataError, match="edit 1: sites: the filter selects no row"):
        net.with_edits({"table": "sites", "where": {"region": "FI"}, "drop": True})


def test_a_network_that_comes_out_wrong_is_refused(net):
    with pytest.raises(cts.DataError, match="silver"):
        net.with_edits({"table": "tiers", "where": {"tier": "silver"}, "drop": True})


def test_many_rows_are_edited_at_once(net):
    """100,000 rows in well under a second each: no loop over them."""
    many = [f"c{i}" for i in range(100_000)]
    demand = pd.DataFrame({"customer": many, "quantity": 1.0, "product": "goods", "period": "year",
                           "order_size": np.nan, "profile": ""})
    bench = Bench(GRAMMAR, {**{name: net.tables[name] for name in net.tables}, "demand": demand})
    begin = time.process_time()
    bench.apply(Edit("demand", "scale", {"quantity": "2"}))
    bench.apply(Edit("demand", "set", {"profile": "big"}, where=(Condition("customer", "like", ("c1%",)),)))
    assert time.process_time() - begin < 5
    assert [len(part) for part in bench.changes] == [100_000, 11_111]
