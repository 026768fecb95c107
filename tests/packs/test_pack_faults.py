"""One check lists every fault of a pack, each at its line and with a mend.

The pack below has a comment on every line with a fault: `#! rule` for an error, `#? rule` for a warning.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.packs.expand import expand
from ctsopt.packs.grammar import read_draft
from ctsopt.packs.pack import check_pack, read_pack
from ctsopt.tables.yaml_nodes import parse, plain
from tests.often import drawn
from tests.packs.pack_files import HEAD, OF_THE_DESIGN, folder, pack_file

EVERY_FAULT = """
schema: ctsopt/pack/1
pack: every fault
model: model
solve:
  gap: 5                                                        #! invalid_option
  abs_gap: 1_000                                                #! thousands_separator
  threads: 4                                                    #! option_of_the_run
  tie_break: stock                                              #! unknown_key
groups:
  coast: {table: customers, where: {regoin: [NO, IL]}}          #! unknown_column
  shops: {table: customers, where: {group: shop}}
  lost: {tabel: customers}                                      #! unknown_table
overrides:
  typo_table:
    - {table: demmand, scale: {quantity: 1.1}}                  #! unknown_table
  typo_column:
    - table: promises
      where: {tier: gold}
      set:
        lead_time: 2
        mood: 0.98                                              #! unknown_column
  typo_filter:
    - {table: promises, where: {teir: gold}, drop: true}        #! unknown_column
  typo_operation:
    - {table: demand, scael: {quantity: 1.1}}                   #! unknown_key, one_operation
  typo_test:
    - {table: demand, where: {quantity: {grt: 5}}, drop: true}  #! unknown_test
  no_match:
    - {table: customers, where: {customer: "00124"}, set: {tier: gold}}                 #! no_rows
  none_is_meant:
    - {table: customers, where: {customer: "00124"}, set: {tier: gold}, expect: {rows: 0}}
  too_many:
    - {table: modes, add: {fuel_surcharge: 0.1}, expect: {rows: 1}}                     #! unexpected_rows
  per_cent:
    - {table: promises, where: {tier: gold}, set: {served_fraction: 98}}                #! share_above_one
  negative:
    - {table: sites, where: {kind: dc}, set: {fixed_cost: -1}}                          #! below_bound
  comma:
    - {table: demand, scale: {quantity: "1,15"}}                                        #! decimal_comma
  unit:
    - {table: sites, insert: [{site: F, kind: dc, capacity: 90 pallets}]}               #! unit_in_cell
  a_date:
    - {table: sites, set: {capacity: 2026-01-01}}                                       #! date_for_number
  a_choice:
    - {table: sites, where: {site: E}, set: {status: candidat}}                         #! unknown_choice
  text_scaled:
    - {table: customers, scale: {region: 2}}                                            #! not_a_number_column
  zeros_scaled:
    - {table: modes, where: {mode: van}, scale: {per_distance: 2}}                      #? no_effect
  fuel_a:
    - {table: modes, where: {mode: truck}, set: {fuel_surcharge: 0.3}}
  fuel_b:
    - {table: modes, set: {fuel_surcharge: 0.4}}                                        #! written_twice
  fuel_c:
    - {table: modes, set: {fuel_surcharge: 0.4}, on_conflict: last}
  scaled:
    - {table: modes, where: {mode: truck}, scale: {per_distance: 1.1}}
  set_after:
    - {table: modes, where: {mode: truck}, set: {per_distance: 2}}                      #! written_twice
  drop_tier:
    - {table: customers, where: {customer: NO}, set: {tier: standard}}
    - {table: promises, where: {tier: gold}, drop: true}
    - {table: tiers, where: {tier: gold}, drop: true}                                   #! unknown_reference
  again:
    - {table: sites, insert: [{site: D, kind: dc}]}                                     #! duplicate_key
  to_nowhere:
    - {table: customers, where: {tier: gold}, set: {tier: silver}}                      #! unknown_reference
  gold_slow:
    - {table: promises, where: {tier: gold}, set: {lead_time: 5}}                       #? slower_than_lower_tier
  nothing:
    - {table: promises, where: {tier: gold}, set: {lead_time: 1}}
  demand_fixed:
    - {table: demand, where: {customer: "010"}, set: {quantity: 120}}                   #? states_on_fixed_figures
  in_no_group:
    - {table: demand, where: {customer: {in_group: shop}}, scale: {quantity: 2}}        #! unknown_group
  of_group_with_fault:
    - {table: demand, where: {customer: {in_group: coast}}, scale: {quantity: 2}}
  unused:                                                                               #? unused_override
    - {table: demand, scale: {quantity: 2}}
  outside:
    - {table: demand, update: {file: ../rows.csv}}                                      #! path_outside
  empty: []                                                                             #! no_edits
scenarios:
  by_table: {apply: [typo_table]}
  by_column: {apply: [typo_column]}
  by_filter: {apply: [typo_filter]}
  by_operation: {apply: typo_operation}
  by_test: {apply: typo_test}
  match: {apply: [no_match]}
  no_match_meant: {apply: [none_is_meant, fuel_a]}
  many: {apply: [too_many]}
  written: {apply: [per_cent, negative, comma, unit, a_date, a_choice, text_scaled]}
  zeros: {apply: [zeros_scaled]}                                                        #? same_network
  both: {apply: [fuel_a, fuel_b]}
  last: {apply: [fuel_a, fuel_c]}
  after: {apply: [scaled, set_after]}
  dangling: {apply: [drop_tier]}
  nowhere: {apply: [to_nowhere]}
  twin: {apply: [again]}
  slow: {apply: [gold_slow]}
  idle: {apply: [nothing]}                                                              #? same_network
  fixed: {apply: [demand_fixed]}
  same_as_fixed: {apply: [demand_fixed]}                                                #? same_network
  groupless: {apply: [in_no_group, of_group_with_fault]}
  rows: {apply: [outside, empty]}
  fixed_twice: {extends: last, apply: [demand_fixed, fuel_c]}                           #? applied_before
  at_once: {apply: [{table: promises, where: {tier: gold}, set: {lead_time: 0}}]}       #? unreachable_customer
  circle_a: {extends: circle_b}                                                         #! extends_cycle
  circle_b: {extends: circle_a}
  orphan: {extends: slwo}                                                               #! unknown_parent
  typo_apply: {apply: [gold_slwo, fuel_c, fuel_c]}                              #! unknown_override, applied_twice
  typo_here: {aply: [gold_slow], extends: slow}                                         #! unknown_key #? same_network
  in_place:
    apply:
      - {table: sites, where: {site: E}, set: {capcity: 3}}                             #! unknown_column
  "../up": {apply: [scaled]}                                                            #! unusable_name
  "=cmd": {extends: "../up", apply: [fuel_a]}                                           #! unusable_name
  CON: {extends: "../up", apply: [fuel_c]}                                              #! unusable_name
  Slow: {apply: [fuel_a]}                                                               #! name_clash
sweeps:
  menu:
    from: last
    axes:
      lt: {table: promises, where: {tier: gold}, column: lead_time, values: [0.5, 1, 2]}
      cap: {table: sites, where: {site: E}, op: set, column: capacity, values: [310, 400]}
    skip:
      - {lt: 9}                                                                         #! skip_without_effect
    name: "gold_{lt}"                                                                   #! name_clash
  large:
    axes:
      lt: {table: promises, where: {tier: gold}, column: lead_time, values: [1, 2, 3]}
    max_cases: 2                                                                        #! too_many_cases
  zipped:
    axes:
      lt: {table: promises, where: {tier: gold}, column: lead_time, values: [1, 2, 3]}
      cap:
        table: sites
        column: capacity
        values:
          - 300
          - 1_000                                                                       #! thousands_separator
    combine: zip                                                                        #! unequal_axes
  typed:
    from: slwo                                                                          #! unknown_parent
    axes:
      lt: {table: promises, where: {tier: gold}, column: leed_time, values: [1, 2]}     #! unknown_column
    combine: produkt                                                                    #! unknown_choice
    name: "x_{tl}"                                                                      #! unknown_field
  equal:
    axes:
      lt: {table: modes, op: add, column: fuel_surcharge, values: [0.5, 0.50]}
    tags: [twice]
states:
  low: {probability: 0.3, apply: [{table: demand, scale: {quantity: 0.85}}]}
  high: {probability: 0.6}                                                              #! probabilities
compare:
  against: todya                                                                        #! unknown_scenario
  regret: states
  also: today                                                                           #! unknown_key
  bridge: [cost_line]                                                                   #! not_a_block
  tornado: fuel                                                                         #! unknown_sweep
  pareto: speed                                                                         #! unknown_choice
""".lstrip()

EQUAL = "equal:"
"""The sweep whose two cases are the same: said at the line of its name."""


def expected(text: str) -> list[tuple[int, str, str]]:
    """Line, severity and rule of every fault that the comments announce."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for mark, severity in (("!", "error"), ("?", "warning")):
            for rules in re.findall(rf"#\{mark} ([\w, ]+)", line):
                found += [(number, severity, rule.strip()) for rule in rules.split(",")]
        if line.strip() == EQUAL:
            found.append((number, "warning", "same_network"))
    return sorted(found)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def findings(home: Path) -> cts.Findings:
    return check_pack(pack_file(home, EVERY_FAULT, "every.yaml"))


def test_one_check_lists_every_fault_at_its_line_and_nothing_else(findings):
    found = sorted((int(f.place.removeprefix("every.yaml:")), f.severity, f.rule) for f in findings)
    assert found == expected(EVERY_FAULT)


def test_every_fault_has_a_mend(findings):
    assert all(f.mend and f.message for f in findings)


@pytest.mark.parametrize(("rule", "value", "near", "mend"), [
    ("unknown_table", "demmand", "demand", "use one of"),
    ("unknown_column", "regoin", "region", "correct the name"),
    ("unknown_column", "teir", "tier", "correct the name"),
    ("unknown_column", "capcity", "capacity", "correct the name"),
    ("unknown_column", "leed_time", "lead_time", "correct the name"),
    ("unknown_column", "mood", "", "correct the name"),
    ("unknown_key", "scael", "scale", "correct or delete it"),
    ("unknown_key", "aply", "apply", "there are extends, apply"),
    ("unknown_choice", "candidat", "candidate", "write one of them"),
    ("unknown_choice", "produkt", "product", "write one of them"),
    ("unknown_group", "shop", "shops", "define it under groups"),
    ("unknown_override", "gold_slwo", "gold_slow", "define it under overrides"),
    ("unknown_parent", "slwo", "slow", "correct the name"),
    ("unknown_scenario", "todya", "today", "correct the name"),
    ("unknown_field", "tl", "", "use {lt}"),
    ("share_above_one", "98", "", "write 0.98 for 98 %"),
    ("no_rows", "customer is 00124", "customer is 00123", "expect: {rows: 0}"),
    ("decimal_comma", "1,15", "", "decimal point"),
    ("option_of_the_run", "threads", "", "delete it here"),
    ("path_outside", "../rows.csv", "", "without .."),
])
def test_the_mend_and_the_nearest_name(findings, rule, value, near, mend):
    found = [f for f in findings if f.rule == rule and value in f.values and f.nearest(value) == near]
    finding, = {f.place: f for f in found}.values()
    assert mend in finding.mend


def test_a_fault_of_the_network_names_the_edit_the_scenario_and_the_rows(findings):
    silver, = (f for f in findings if f.rule == "unknown_reference" and "silver" in f.values[0])
    assert silver.message == "override to_nowhere: there is no such row in tiers (in nowhere)"
    assert sorted(silver.values) == ["010: silver", "NO: silver"]
    gold, = (f for f in findings if f.rule == "unknown_reference" and "gold" in f.values[0])
    assert gold.message == "override drop_tier, edit 3: there is no such row in tiers (in dangling)"
    assert list(gold.values) == ["010: gold"]


def test_the_network_of_a_case_with_a_fault_says_where_it_was_written(home):
    text = HEAD + "scenarios:\n  a:\n    apply:\n      - {table: tiers, where: {tier: gold}, drop: true}\n"
    text += "  b:\n    apply:\n      - {table: tiers, where: {tier: glod}, drop: true}\n"
    pack = read_pack(pack_file(home, text, "late.yaml"), networks=False)
    for case, place, rules in (("a", "late.yaml:6", {"unknown_reference"}), ("b", "late.yaml:9", {"no_rows"})):
        with pytest.raises(cts.DataError) as error:
            pack.network(case)
        assert {f.rule for f in error.value.findings} == rules
        assert {f.place for f in error.value.findings} == {place}


def test_the_words_of_some_faults(findings):
    said = {f.rule: f.message for f in findings}
    assert said["extends_cycle"].endswith("circle_a -> circle_b -> circle_a")
    assert said["unexpected_rows"] == "override too_many: the filter selects 2 rows, just 1 are meant (in many)"
    assert said["too_many_cases"] == "sweep large: the sweep has 3 cases, and max_cases allows 2"
    assert said["probabilities"] == "state high: the probabilities of the states add up to 0.9, not to 1"
    assert "3 (lt) and 2 (cap)" in said["unequal_axes"]
    same = [f.message for f in findings if f.rule == "same_network"]
    assert "scenario idle: idle changes nothing: it is today" in same
    assert "scenario same_as_fixed: same_as_fixed is the same as fixed" in same
    assert "sweep equal: equal_0.50 is the same as equal_0.5" in same


@pytest.mark.slow
def test_reading_a_pack_with_faults_raises_all_of_them(home, findings):
    with pytest.raises(cts.DataError) as error:
        read_pack(home / "every.yaml")
    assert [f.place for f in error.value.findings] == [f.place for f in findings]


@pytest.mark.parametrize(("text", "rule", "line"), [
    ("pack: x\nmodel: model\n", "unknown_schema", 1),
    ("schema: ctsopt/pack/2\nmodel: model\n", "unknown_schema", 1),
    ("schema: ctsopt/pack/1\npack: x\n", "missing_key", 1),
    ("schema: ctsopt/pack/1\nmodel: modle\n", "missing_model", 2),
    (f"schema: ctsopt/pack/1\nmodel: {'x' * 10_000}\n", "missing_model", 2),
    (HEAD + f"scenarios: {{a: {{apply: {{table: demand, insert: {{file: {'x' * 300}}}}}}}}}\n", "path_outside", 3),
    ("schema: ctsopt/pack/1\nmodel: /etc\n", "absolute_path", 2),
    ("schema: ctsopt/pack/1\nmodel: //host/share\n", "absolute_path", 2),
    ("schema: ctsopt/pack/1\nmodel: 'C:\\data'\n", "absolute_path", 2),
    ("schema: ctsopt/pack/1\nmodel: pack.yaml\n", "missing_model", 2),
    (HEAD + "sceanrios: {}\n", "unknown_key", 3),
    (HEAD + "scenarios: [a]\n", "not_a_block", 3),
    (HEAD + "scenarios:\n  today: {apply: []}\n", "name_clash", 4),
    (HEAD + "baseline: a/b\n", "unusable_name", 3),
    (HEAD + "compare: {regret: states}\n", "no_states", 3),
    (HEAD + "compare: {regret: modes}\n", "unknown_choice", 3),
    (HEAD + "states: {low: {probability: 30}}\n", "above_bound", 3),
    (HEAD + "states: {low: {probability: 30%}}\n", "percent_sign", 3),
    (HEAD + "states: {low: {probability: 1}, high: {}}\ncompare: {regret: states}", "missing_probability", 3),
    (HEAD + "sweeps: {a: {}}\n", "no_axes", 3),
    (HEAD + "sweeps:\n  a:\n    axes:\n      x: {table: sites}\n", "missing_key", 6),
    (HEAD + "sweeps:\n  a:\n    axes:\n      x: {table: sites, column: capacity, values: []}\n", "no_values", 6),
    (HEAD + "sweeps:\n  a:\n    max_cases: 0\n    axes:\n      x: {table: sites, column: capacity, values: [1]}\n",
     "above_bound", 5),
    (HEAD + "sweeps:\n  a:\n    name: '{x'\n    axes:\n      x: {table: sites, column: capacity, values: [1]}\n",
     "broken_template", 5),
    (HEAD + "sweeps:\n  a:\n    axes:\n      x: {table: customers, op: set, column: region, values: [a/b]}\n",
     "unusable_name", 4),
    (HEAD + "solve: [gap]\n", "not_a_block", 3),
    (HEAD + "scenarios:\n  a: {note: [x]}\n", "not_a_text", 4),
    (HEAD + f"scenarios:\n  {'x' * 101}: {{}}\n", "unusable_name", 4),
    (HEAD + f"scenarios:\n  {'x' * 10_000}: {{}}\n", "broken_yaml", 4),
    (HEAD + f"scenarios:\n  a: {{extends: {'x' * 10_000}}}\n", "unknown_parent", 4),
    (HEAD + "sweeps:\n  a:\n    axes:\n      x: {table: customers, column: region, values: [" + "x" * 10_000 + "]}\n",
     "unusable_name", 4),
])
def test_single_faults(home, text, rule, line):
    errors = [f for f in check_pack(pack_file(home, text)).errors if f.rule == rule]
    assert {f.place for f in errors} == {f"pack.yaml:{line}"}
    assert all(len(row) < 2500 for f in errors for row in f.lines())


def test_a_model_with_faults_is_said_at_its_line_with_all_its_findings(tmp_path: Path):
    folder(tmp_path)
    (tmp_path / "model" / "tiers.csv").write_text("tier,rank\ngold,x\nstandard,2\n")
    findings = check_pack(pack_file(tmp_path, HEAD + "scenarios: {a: {extends: b}}\n"))
    assert {f.rule: f.place for f in findings.errors} == {
        "faulty_model": "pack.yaml:2", "not_a_number": "", "unknown_parent": "pack.yaml:3"}


def test_a_pack_file_that_is_not_there_is_wrong_usage(tmp_path: Path):
    home = folder(tmp_path)
    pack_file(home, EVERY_FAULT, "every.yaml")
    for ask in (read_pack, check_pack):
        with pytest.raises(cts.UsageError, match=r"did you mean .*every\.yaml"):
            ask(home / "evry.yaml")


@pytest.mark.slow
def test_a_file_of_rows_beside_the_pack_is_read_and_one_outside_is_not(tmp_path: Path):
    home = folder(tmp_path / "inside")
    (home / "rows.csv").write_text("customer,product,period,quantity\n010,goods,year,70\n")
    shutil.copy(home / "rows.csv", tmp_path / "rows.csv")
    text = HEAD + "scenarios:\n  a:\n    apply:\n      - {table: demand, update: {file: FILE}}\n"
    pack = read_pack(pack_file(home, text.replace("FILE", "rows.csv")))
    assert pack.diff("a")[["key", "column", "new"]].values.tolist() == [["010 / goods / year", "quantity", "70"]]
    (home / "link.csv").symlink_to(tmp_path / "rows.csv")
    for name in ("link.csv", "../rows.csv", str(tmp_path / "rows.csv"), "x/../../rows.csv", "..\\\\rows.csv"):
        findings = check_pack(pack_file(home, text.replace("FILE", f'"{name}"')))
        assert [(f.rule, f.place) for f in findings.errors] == [("path_outside", "pack.yaml:6")]


def paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in nested dicts and lists."""
    yield path
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from paths(inner, (*path, key))


DESIGN = plain(parse(OF_THE_DESIGN, "pack.yaml").root)
TWISTS = ("", "x", "9", "-1", "{", [], ["x"], {}, {"a": "b"}, [["x"]], "today", "NO" * 200, {"in_group": "x"})


@pytest.mark.slow
@given(st.sampled_from([path for path in paths(DESIGN) if path]), st.sampled_from(TWISTS))
@drawn(60)
def test_whatever_stands_in_a_place_is_read_or_said(path, twist):
    """One part of a pack is replaced by something else: there are cases or findings, and never a failure."""
    tree = copy.deepcopy(DESIGN)
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = twist
    draft = read_draft(parse(json.dumps(tree), "pack.yaml"), None)
    cases, findings = expand(draft)
    assert cases[0].kind == "baseline"
    assert all(f.place.startswith("pack.yaml:") and f.mend for f in [*draft.findings, *findings])


@pytest.mark.parametrize(("name", "rules"), [
    (r"a\0b", {"path_outside", "missing_file"}), (r"\uD800.csv", {"path_outside", "missing_file", "unseen_character"}),
    ("loop.csv", {"path_outside", "missing_file"}), ("loop.csv/x", {"path_outside", "missing_file"})])
@pytest.mark.parametrize("where", ["scenarios: {a: {apply: {table: demand, update: {file: NAME}}}}", "model: NAME"])
def test_what_no_file_can_be_called_is_found_with_its_line(name: str, rules: set[str], where: str, tmp_path: Path):
    home = folder(tmp_path / "inside")
    (home / "loop.csv").symlink_to("loop.csv")
    head = HEAD if "NAME" not in where[:12] else "\n".join(x for x in HEAD.splitlines() if "model" not in x) + "\n"
    findings = check_pack(pack_file(home, head + where.replace("NAME", f'"{name}"') + "\n"))
    assert {f.rule for f in findings.errors} & (rules | {"missing_model"})
    assert all(f.place.startswith("pack.yaml:") for f in findings.errors)
    str(findings).encode()
