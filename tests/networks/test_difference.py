"""Two networks side by side: every cell that differs, no other, and the same as what edits report."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.networks.difference import difference
from tests.small import chain, table


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.read(examples.path("two_dcs"))


def lines(old: cts.Network, new: cts.Network) -> list[list[Any]]:
    return difference(old, new).values.tolist()


def test_a_network_does_not_differ_from_itself(net: cts.Network) -> None:
    assert difference(net, net).empty
    assert list(difference(net, net)) == ["table", "key", "column", "old", "new"]


def test_one_cell(net: cts.Network) -> None:
    faster = net.with_edits({"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": 2}})
    assert lines(net, faster) == [["promises", "gold / *", "lead_time", "1", "2"]]
    assert lines(faster, net) == [["promises", "gold / *", "lead_time", "2", "1"]]


def test_a_limit_and_a_blank_are_said_in_words(net: cts.Network) -> None:
    free = net.with_edits({"table": "sites", "where": {"site": "West"}, "set": {"capacity": "", "group": "west"}})
    assert lines(net, free) == [["sites", "West", "group", "", "west"],
                                ["sites", "West", "capacity", "300", "no limit"]]


def test_settings_count_but_for_the_name(net: cts.Network) -> None:
    assert lines(net, net.with_settings(circuity=1.5, name="other")) == [
        ["settings", "", "circuity", f"{net.settings['circuity']:g}", "1.5"]]


def test_rows_that_come_and_go_are_one_line_each(net: cts.Network) -> None:
    lanes = net.tables["lanes"]
    fewer = net.with_table("lanes", lanes[(lanes["origin"] != "West") | ~lanes["destination"].isin(["A", "B"])])
    assert lines(net, fewer) == [["lanes", "West / A / *", "", "row", "taken away"],
                                 ["lanes", "West / B / *", "", "row", "taken away"]]
    assert lines(fewer, net) == [["lanes", "West / A / *", "", "", "new row"],
                                 ["lanes", "West / B / *", "", "", "new row"]]


def test_rows_are_found_by_key_wherever_they_stand(net: cts.Network) -> None:
    sites = net.tables["sites"]
    more = pd.concat([sites.assign(fixed_cost=sites["fixed_cost"] + 1.0), sites.tail(1).assign(site="Aardvark")])
    found = difference(net, net.with_table("sites", more))
    assert found[found["column"] == "fixed_cost"][["key", "old", "new"]].values.tolist() == [
        ["East", "60000", "60001"], ["Plant", "0", "1"], ["West", "40000", "40001"]]
    assert found[found["column"] == ""]["key"].tolist() == ["Aardvark"]


def test_names_with_the_separator_in_them_are_not_confused() -> None:
    """`a / b` to `c` and `a` to `b / c` are written alike and are two lanes."""
    def net(distance: float) -> cts.Network:
        return cts.network(chain(
            sites=table({"site": "P", "kind": "plant"}, {"site": "a", "kind": "dc"}, {"site": "a / b", "kind": "dc"}),
            customers=table({"customer": "c"}, {"customer": "b / c"}),
            demand=table({"customer": "c", "quantity": 1}, {"customer": "b / c", "quantity": 1}),
            lanes=table(*({"origin": one, "destination": other, "distance": each} for one, other, each in (
                ("P", "a", 1), ("P", "a / b", 1), ("a", "b / c", 1), ("a / b", "c", distance))))))

    assert lines(net(1), net(2)) == [["lanes", "a / b / c / *", "distance", "1", "2"]]


def test_the_order_of_periods_counts() -> None:
    def net(*names: str) -> cts.Network:
        demand = table(*({"customer": "C", "period": name, "quantity": 100} for name in names))
        return cts.network(chain(periods=table(*({"period": name, "days": 30} for name in names)), demand=demand))

    one, other = net("spring", "autumn"), net("autumn", "spring")
    assert one.hash != other.hash
    assert lines(one, other) == [["periods", "", "order of rows", "spring, autumn", "autumn, spring"]]


@pytest.mark.parametrize("edit", [
    {"table": "demand", "scale": {"quantity": 1.25}},
    {"table": "tiers", "merge": {"standard": "gold"}},
    {"table": "tiers", "split": {"tier": "gold", "into": "platinum"}, "where": {"customer": "A"}},
    {"table": "lanes", "where": {"origin": "West", "destination": ["A", "B"]}, "set": {"status": "closed"}},
    {"table": "modes", "where": {"mode": "truck"}, "add": {"fuel_surcharge": 0.1}},
    {"table": "customers", "update": [{"customer": "D", "tier": "gold"}]},
])
def test_cells_are_those_that_the_edit_reports(net: cts.Network, edit: dict[str, Any]) -> None:
    from ctsopt.networks.edits import with_edits

    said = with_edits(net.content, [edit]).changes
    new_rows = set(said.loc[said["old"].eq("") & said["column"].isin(["tier"]) & said["table"].isin(
        ["tiers", "promises"]), "key"])
    told = {(row["table"], row["key"], row["column"], row["old"], row["new"]) for row in said.to_dict("records")
            if row["key"] not in new_rows or row["table"] == "customers"}
    found = {tuple(row) for row in lines(net, net.with_edits(edit))}
    assert {row for row in found if row[4] != "new row"} == told
    assert {row[1] for row in found if row[4] == "new row"} == new_rows


def test_no_difference_means_the_same_hash(net: cts.Network) -> None:
    there = net.with_edits({"table": "sites", "where": {"site": "West"}, "add": {"fixed_cost": 1}})
    back = there.with_edits({"table": "sites", "where": {"site": "West"}, "add": {"fixed_cost": -1}})
    assert there.hash != net.hash
    assert back.hash == net.hash
    assert difference(net, back).empty
