"""Sweeps: cases worked out by hand."""

from __future__ import annotations

import pytest

from ctsopt.packs.draft import Case
from ctsopt.packs.expand import expand
from ctsopt.packs.grammar import read_draft
from ctsopt.tables.yaml_nodes import parse
from tests.packs.pack_files import HEAD

AXES = """
    axes:
      lt: {table: promises, where: {tier: gold}, column: lead_time, values: [1, 2, 3]}
      fuel: {table: modes, op: add, column: fuel_surcharge, values: ["0.10", 0.2]}
"""


def sweep(rest: str = "", axes: str = AXES) -> tuple[list[Case], list[tuple[str, str]]]:
    draft = read_draft(parse(HEAD + "sweeps:\n  s:" + axes + rest, "p.yaml"), None)
    cases, findings = expand(draft)
    return [case for case in cases if case.kind == "sweep"], [(f.rule, f.place) for f in
                                                              [*draft.findings, *findings]]


def names(rest: str) -> list[str]:
    cases, findings = sweep(rest)
    assert not findings
    return [case.name for case in cases]


@pytest.mark.parametrize(("rest", "expected"), [
    ("", ["s_1_0.10", "s_1_0.2", "s_2_0.10", "s_2_0.2", "s_3_0.10", "s_3_0.2"]),
    ("    combine: product\n    name: '{fuel} x {lt}'\n",
     ["0.10 x 1", "0.2 x 1", "0.10 x 2", "0.2 x 2", "0.10 x 3", "0.2 x 3"]),
    ("    combine: one_at_a_time\n", ["s_lt_1", "s_lt_2", "s_lt_3", "s_fuel_0.10", "s_fuel_0.2"]),
    ("    combine: one_at_a_time\n    name: 'only {axis} at {value}'\n",
     ["only lt at 1", "only lt at 2", "only lt at 3", "only fuel at 0.10", "only fuel at 0.2"]),
    ("    skip: [{lt: 1, fuel: 0.2}, {lt: 3.0}]\n", ["s_1_0.10", "s_2_0.10", "s_2_0.2"]),
    ("    skip: [{lt: [1, 2], fuel: 0.1}]\n", ["s_1_0.2", "s_2_0.2", "s_3_0.10", "s_3_0.2"]),
    ("    combine: one_at_a_time\n    skip: {fuel: 0.2}\n", ["s_lt_1", "s_lt_2", "s_lt_3", "s_fuel_0.10"]),
    ("    max_cases: 6\n", ["s_1_0.10", "s_1_0.2", "s_2_0.10", "s_2_0.2", "s_3_0.10", "s_3_0.2"]),
    ("    max_cases: 4\n    skip: [{fuel: 0.2}]\n", ["s_1_0.10", "s_2_0.10", "s_3_0.10"]),
])
def test_the_cases_of_a_sweep_in_order(rest, expected):
    assert names(rest) == expected


def test_zip_takes_values_that_stand_at_the_same_place():
    axes = AXES.replace("[1, 2, 3]", "[1, 2]")
    cases, findings = sweep("    combine: zip\n", axes)
    assert not findings
    assert [dict(case.axes) for case in cases] == [{"lt": "1", "fuel": "0.10"}, {"lt": "2", "fuel": "0.2"}]


def test_the_edits_of_a_case_are_those_of_its_values():
    cases, _ = sweep()
    last = cases[-1]
    assert [(e.table, e.op, dict(e.values)) for e in last.edits] == [
        ("promises", "set", {"lead_time": "3"}), ("modes", "add", {"fuel_surcharge": "0.2"})]
    assert [e.source for e in last.edits] == ["s, lt = 3", "s, fuel = 0.2"]
    assert last.parent == "today"


def test_a_value_cannot_name_a_field():
    axes = """
    axes:
      a: {table: customers, column: region, values: ["{b}", x]}
      b: {table: customers, column: group, values: [y]}
"""
    cases, findings = sweep("", axes)
    assert [case.name for case in cases] == ["s_{b}_y", "s_x_y"]
    assert not findings


@pytest.mark.parametrize(("rest", "rule"), [
    ("    max_cases: 5\n", "too_many_cases"),
    ("    skip: [{lt: 1, fuel: 0.3}]\n", "skip_without_effect"),
    ("    combine: one_at_a_time\n    skip: [{lt: 1, fuel: 0.2}]\n", "skip_without_effect"),
    ("    skip: [{tl: 1}]\n", "unknown_key"),
    ("    name: 'x_{tl}'\n", "unknown_field"),
    ("    name: '{lt.__class__}'\n", "unknown_field"),
    ("    name: '{lt!r:>1000000000}'\n", "unknown_field"),
    ("    combine: one_at_a_time\n    name: '{lt}'\n", "unknown_field"),
    ("    name: 'x_{lt}'\n", "name_clash"),
    ("    name: 'x_{lt'\n", "broken_template"),
    ("    combine: zip\n", "unequal_axes"),
    ("    max_cases: 2.5\n", "above_bound"),
    ("    max_cases: many\n", "not_a_number"),
])
def test_what_is_wrong_with_a_sweep_is_said_once_at_its_last_line(rest, rule):
    _, findings = sweep(rest)
    line = (HEAD + "sweeps:\n  s:" + AXES + rest).count("\n")
    assert findings == [(rule, f"p.yaml:{line}")]
