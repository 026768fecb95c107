"""Packs: what they expand to, what each case changes, and that texts arrive in the tables as they were written."""

from __future__ import annotations

import csv
import itertools
import pickle
import time
from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.networks.edits import edit_of
from ctsopt.packs.draft import name_fault
from ctsopt.packs.expand import MOST_CASES, MOST_GENERATIONS, expand
from ctsopt.packs.grammar import read_draft
from ctsopt.packs.pack import Pack, Scenario, check_pack, read_pack
from ctsopt.tables.yaml_nodes import parse
from tests.packs.pack_files import HEAD, KEYS, OF_THE_DESIGN, folder, model, pack_file


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    path = tmp_path_factory.mktemp("design")
    return read_pack(pack_file(path, OF_THE_DESIGN), networks=False)


def rows_of(name: str) -> list[dict[str, str]]:
    with (examples.path("retail_us") / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_pack_of_the_design_expands_to_its_cases(designed):
    menu = [f"gold_{lt}d_{fr}" for lt in "123" for fr in ("0.90", "0.95", "0.98", "0.99", "0.995")]
    menu.remove("gold_1d_0.995")
    plain = ["today", "two_tiers", "gold_2_days", "stress", *menu]
    assert len(menu) == 14
    assert designed.names == plain + [f"{name} @ {state}" for state in ("low", "mid", "high") for name in plain]
    assert {case.name: case.parent for case in designed.cases[:5]} == {
        "today": None, "two_tiers": "today", "gold_2_days": "two_tiers", "stress": "gold_2_days",
        "gold_1d_0.90": "two_tiers"}
    assert [designed[name].kind for name in ("today", "stress", "gold_3d_0.99", "stress @ low")] == [
        "baseline", "scenario", "sweep", "state"]
    assert designed["stress @ low"].parent == "stress"
    assert designed["stress @ low"].state == "low"
    assert designed["gold_3d_0.99 @ mid"].axes == {"lt": "3", "fr": "0.99"}
    assert designed["gold_2_days"].tags == ("structure", "offer")
    assert designed["two_tiers"].note == "merge silver into bronze"


def test_what_the_pack_says_beside_its_cases(designed):
    assert designed.name == "tier-structures"
    assert designed.options == {"abs_gap": 2500.0, "time_limit": 120.0}
    assert designed.probabilities == {"low": 0.3, "mid": 0.5, "high": 0.2}
    assert designed.compare == {"against": "today", "regret": "states"}
    assert designed.model == examples.path("retail_us")
    assert designed.baseline == "today"
    assert repr(designed) == "<Pack 'tier-structures': 72 cases>"


def test_the_difference_of_a_case_is_that_of_the_csv_files_counted_by_hand(designed):
    changes = designed.diff("stress")
    customers, demand = rows_of("customers"), rows_of("demand")
    silver = {row["customer"] for row in customers if row["tier"] == "silver"}
    key = {row["customer"] for row in customers
           if row["group"] in ("big_store", "online") and row["region"] in ("Mid Atlantic", "New England")}
    assert silver
    assert key
    moved = changes[(changes["table"] == "customers")]
    assert set(moved["key"]) == silver
    assert set(zip(moved["old"], moved["new"], strict=True)) == {("silver", "bronze")}
    grown = changes[changes["table"] == "demand"]
    assert len(grown) == sum(row["customer"] in key and float(row["quantity"]) != 0 for row in demand)
    first = next(row for row in demand if row["customer"] in key)
    line = grown[grown["key"].str.startswith(f"{first['customer']} / {first['product']} ")].iloc[0]
    assert float(line["new"]) == pytest.approx(1.15 * float(first["quantity"]))
    fuel = changes[changes["table"] == "modes"].set_index("key")
    assert fuel["new"].astype(float).to_dict() == pytest.approx({"truckload": 0.3704, "ltl": 0.3})
    assert set(fuel["source"]) == {"fuel_up_10"}
    gone = changes[changes["column"] == ""]
    assert sorted(zip(gone["table"], gone["key"], strict=True)) == [
        ("promises", "silver / *"), ("promises", "silver / consumables"), ("tiers", "silver")]
    assert list(dict.fromkeys(changes["source"])) == ["two_tiers", "gold_2_days", "new_dc_reno", "fuel_up_10",
                                                      "key_growth"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("pack"))


@pytest.mark.slow
@pytest.mark.parametrize("quoted", [False, True])
def test_texts_arrive_in_the_tables_as_they_were_written(home, quoted):
    """Names that look like numbers, dates or yes and no: in insert, where, set, groups and names of scenarios."""
    names = [f'"{key}"' if quoted else key for key in KEYS]
    rows = ", ".join(f"{{customer: x {key}, tier: gold}}" if not quoted else f'{{customer: "x {key}", tier: gold}}'
                     for key in KEYS)
    new = [key for key in KEYS if key not in ("NO", "010", "00123", "1E10")]
    text = HEAD + "groups:\n  all: {table: customers, where: {customer: [" + ", ".join(names) + "]}}\n"
    text += "scenarios:\n  NO:\n    apply:\n"
    text += "      - {table: customers, insert: [" + ", ".join(
        f"{{customer: {name}, tier: gold}}" for name, key in zip(names, KEYS, strict=True) if key in new) + "]}\n"
    text += "      - {table: demand, insert: [" + ", ".join(
        f"{{customer: {name}, quantity: 100}}" for name, key in zip(names, KEYS, strict=True) if key in new) + "]}\n"
    text += "      - {table: lanes, insert: [" + ", ".join(
        f"{{origin: D, destination: {name}, distance: 100}}" for name, key in zip(names, KEYS, strict=True)
        if key in new) + "]}\n"
    for name in names:
        text += f"      - {{table: customers, where: {{customer: {name}}}, set: {{group: {name}}}}}\n"
    text += "      - {table: demand, where: {customer: {in_group: all}}, scale: {quantity: 2}}\n"
    text += "  00123: {extends: NO, apply: [{table: customers, insert: [" + rows + "]}]}\n"
    pack = read_pack(pack_file(home, text))
    assert pack.names == ["today", "NO", "00123"]
    customers = pack.network("NO").tables["customers"]
    assert customers["customer"].tolist() == sorted(KEYS)
    assert customers["group"].tolist() == sorted(KEYS)
    demand = pack.network("NO").tables["demand"].set_index("customer")["quantity"]
    assert demand.to_dict() == dict.fromkeys(KEYS, 200.0)
    assert pack.network("00123").tables["customers"]["customer"].tolist() == sorted([*KEYS, *(f"x {k}" for k in KEYS)])


def test_numbers_are_read_as_in_the_tables(home):
    text = HEAD + "scenarios:\n  a: {apply: [{table: demand, where: {customer: 010}, set: {quantity: 1e3}}]}\n"
    demand = read_pack(pack_file(home, text)).network("a").tables["demand"].set_index("customer")["quantity"]
    assert demand.to_dict() == {"NO": 100, "010": 1000, "00123": 100, "1E10": 100}


@pytest.mark.parametrize("written", ["1%", "1 %", "0.01"])
def test_a_gap_may_be_written_in_per_cent(home, written):
    pack = read_pack(pack_file(home, f"{HEAD}solve: {{gap: {written}}}\n"))
    assert pack.options == {"gap": 0.01}


@pytest.mark.slow
def test_parents_come_first_whatever_the_order_in_the_file(home):
    text = HEAD + """
scenarios:
  c: {extends: b, apply: [{table: modes, where: {mode: van}, scale: {per_weight: 5}}]}
  b: {extends: a, apply: [{table: modes, where: {mode: van}, add: {per_weight: 2}}]}
  a: {extends: today, apply: [{table: modes, where: {mode: van}, scale: {per_weight: 3}}]}
"""
    pack = read_pack(pack_file(home, text))
    assert pack.names == ["today", "a", "b", "c"]
    van = {name: pack.network(name).tables["modes"].set_index("mode").loc["van", "per_weight"] for name in pack.names}
    assert van == {"today": 1, "a": 3, "b": 5, "c": 25}
    assert pack.diff("c")["new"].tolist() == ["3", "5", "25"]
    assert [pack.hashes[name] == pack.network(name).hash for name in pack.names] == [True] * 4


@pytest.mark.slow
def test_a_child_may_write_what_its_parent_wrote_and_states_come_last(home):
    text = HEAD + """
overrides:
  three: [{table: modes, where: {mode: van}, set: {per_weight: 3}}]
  four: [{table: modes, where: {mode: van}, set: {per_weight: 4}}]
scenarios:
  a: {apply: [three]}
  b: {extends: a, apply: [four]}
sweeps:
  s: {from: b, axes: {w: {table: modes, where: {mode: van}, column: per_weight, values: [7]}}}
states:
  dear: {apply: [{table: modes, scale: {per_weight: 2}}]}
compare: {regret: states}
"""
    pack = read_pack(pack_file(home, text))
    weights = {name: pack.network(name).tables["modes"].set_index("mode").loc["van", "per_weight"]
               for name in pack.names}
    assert weights == {"today": 1, "a": 3, "b": 4, "s_7": 7, "today @ dear": 2, "a @ dear": 6, "b @ dear": 8,
                       "s_7 @ dear": 14}


def test_tiers_are_merged_and_split(home):
    text = HEAD + """
scenarios:
  one: {apply: [{table: tiers, merge: {gold: standard}}]}
  three: {apply: [{table: tiers, split: {tier: gold, into: plus}, where: {region: NO}}]}
"""
    pack = read_pack(pack_file(home, text))
    tiers = {name: pack.network(name).tables["customers"].set_index("customer")["tier"].to_dict()
             for name in ("one", "three")}
    assert tiers == {"one": dict.fromkeys(("NO", "010", "00123", "1E10"), "standard"),
                     "three": {"NO": "plus", "010": "gold", "00123": "standard", "1E10": "standard"}}


# ---- from Python ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_scenarios_in_python_give_the_same_cases_and_networks(home):
    text = HEAD + """
scenarios:
  dear: {apply: [{table: modes, where: {mode: van}, scale: {per_weight: 3}}], tags: [x], note: more}
  dearer: {extends: dear, apply: [{table: modes, where: {mode: van}, add: {per_weight: 1}}]}
"""
    of_file = read_pack(pack_file(home, text))
    second, _ = edit_of({"table": "modes", "where": {"mode": "van"}, "add": {"per_weight": 1}})
    assert second is not None
    of_python = Pack.of(model(), [
        Scenario("dearer", second, extends="dear"),
        Scenario("dear", {"table": "modes", "where": {"mode": "van"}, "scale": {"per_weight": 3}}, tags=["x"],
                 note="more")], solve={"gap": 0.01})
    assert [(c.name, c.parent, c.kind, c.tags, c.note) for c in of_python.cases] == [
        (c.name, c.parent, c.kind, c.tags, c.note) for c in of_file.cases]
    assert of_python.hashes == of_file.hashes
    assert of_python.options == {"gap": 0.01}
    assert of_python.diff("dearer")["source"].tolist() == ["dear", "dearer"]
    assert len(of_python) == 3


@pytest.mark.slow
def test_faults_in_python_are_those_of_files_at_the_name_of_the_scenario(home):
    edits = {"a": {"table": "customers", "where": {"regoin": "NO"}, "set": {"tier": "gold"}},
             "b": {"table": "customers", "where": {"customer": "00124"}, "set": {"tier": "gold"}},
             "c": {"table": "customers", "where": {"tier": "gold"}, "set": {"tier": "silver"}},
             "d": {"table": "promises", "where": {"tier": "gold"}, "set": {"served_fraction": 98}},
             "e": {"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": 1}}}
    import json

    text = HEAD + "scenarios:\n" + "".join(f"  {n}: {{apply: [{json.dumps(e)}]}}\n" for n, e in edits.items())
    text += "  f: {extends: g}\n"
    of_file = check_pack(pack_file(home, text))
    with pytest.raises(cts.DataError) as error:
        Pack.of(model(), [*(Scenario(n, [e]) for n, e in edits.items()), Scenario("f", extends="g")])
    found = [(f.rule, f.place, f.table, f.column, f.values, f.mend) for f in error.value.findings.errors]
    lines = {f"pack.yaml:{number}": name for number, name in enumerate("abcdef", start=4)}
    assert sorted(found) == sorted((f.rule, lines[f.place], f.table, f.column, f.values, f.mend)
                                   for f in of_file.errors)
    assert {(rule, place) for rule, place, *_ in found} == {
        ("unknown_column", "a"), ("no_rows", "b"), ("unknown_reference", "c"), ("share_above_one", "d"),
        ("unknown_parent", "f")}


def test_groups_serve_edits_in_python_too():
    pack = Pack.of(model(), [Scenario("more", {"table": "demand", "where": {"customer": {"in_group": "north"}},
                                               "scale": {"quantity": 2}})],
                   groups={"north": {"table": "customers", "where": {"region": "NO"}}})
    assert pack.diff("more")[["key", "old", "new"]].values.tolist() == [["NO / goods / year", "100", "200"]]


@pytest.mark.parametrize(("arguments", "words"), [
    ({"net": "model"}, "a network is needed"),
    ({"scenarios": ["a"]}, "a Scenario is needed"),
    ({"solve": {"gpa": 0.1}}, "did you mean 'gap'"),
    ({"solve": {"gap": 2}}, "a share is meant"),
    ({"solve": {"seed": 1}}, "a pack may set gap"),
])
def test_wrong_usage_in_python(arguments, words):
    given = {"net": model(), "scenarios": [], **arguments}
    with pytest.raises(cts.UsageError, match=words):
        Pack.of(**given)


def test_a_case_that_is_not_there_names_the_nearest():
    pack = Pack.of(model(), [])
    with pytest.raises(cts.UsageError, match="did you mean 'today'"):
        pack.network("tody")


def test_cases_travel_to_other_processes():
    pack = Pack.of(model(), [Scenario("a", {"table": "modes", "scale": {"per_weight": 2}})])
    case = pickle.loads(pickle.dumps(pack["a"]))
    assert case == pack["a"]
    assert pack.network(case).hash == pack.hashes["a"] != pack.hashes["today"]


def test_the_network_of_the_baseline_is_the_model_itself():
    net = model()
    pack = Pack.of(net, [])
    assert pack.network("today") is net
    assert isinstance(pack.diff("today"), pd.DataFrame)
    assert pack.diff("today").empty


# ---- names and limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "NO", "00123", "10%", "München 2d", "a.b", "today @ low", "x=1", "x" * 100])
def test_names_that_can_be_files(name):
    assert name_fault(name) == ""


@pytest.mark.parametrize("name", ["", "../a", "a/b", "a\\b", "a:b", "=cmd", "+1", "-a", "@x", ".a", "a.", "a ", "nul",
                                  "COM1.x", "a\nb", "a\u202eb", "</script>", "x" * 101, "ü" * 51, "a\x00"])
def test_names_that_cannot_be_files(name):
    assert name_fault(name)


def drafted(text: str):
    draft = read_draft(parse(text, "pack.yaml"), None)
    cases, findings = expand(draft)
    return cases, [*draft.findings, *findings]


def test_five_hundred_cases_expand_in_two_seconds():
    text = HEAD + "scenarios:\n" + "".join(
        f"  s{i}: {{apply: [{{table: demand, where: {{customer: A}}, scale: {{quantity: 1.{i:04d}}}}}], tags: [a]}}\n"
        for i in range(1, 300))
    text += "sweeps:\n  m:\n    axes:\n" + "".join(
        f"      {column}: {{table: modes, op: set, column: {column}, values: {list(range(1, 1 + count))}}}\n"
        for column, count in (("per_weight", 20), ("speed", 10)))
    begin = time.process_time()
    cases, findings = drafted(text)
    assert time.process_time() - begin < 2
    assert not findings
    assert len(cases) == 1 + 299 + 200


@pytest.mark.slow
def test_what_would_grow_without_limit_is_stopped():
    axes = "".join(f"      a{j}: {{table: modes, op: set, column: speed, values: {list(range(1, 11))}}}\n"
                   for j in range(1, 5))
    sweeps = "".join(f"  m{k}:\n    max_cases: 10000\n    axes:\n{axes}" for k in range(30))
    cases, findings = drafted(HEAD + "sweeps:\n" + sweeps)
    assert "too_many_cases" in {f.rule for f in findings}
    assert len(cases) <= MOST_CASES + 10_000
    wide = HEAD + "sweeps:\n  m:\n    axes:\n" + "".join(
        axes.replace("a1", f"b{j}").splitlines(keepends=True)[0] for j in range(18))
    assert [(f.rule, f.place) for f in drafted(wide)[1] if f.severity == "error"] == [("too_many_cases", "pack.yaml:4")]
    chain = HEAD + "scenarios:\n" + "".join(f"  s{i}: {{extends: s{i - 1}}}\n" for i in range(1, 2000))
    cases, findings = drafted(chain.replace("extends: s0", "extends: today"))
    assert [f.rule for f in findings] == ["too_deep"]
    assert len(cases) == MOST_GENERATIONS + 1


def test_states_ask_for_every_case_once_and_only_where_regret_is_asked():
    states = "states:\n  low: {apply: [{table: demand, scale: {quantity: 0.5}}]}\n  high: {}\n"
    cases, findings = drafted(HEAD + "scenarios: {a: {}}\n" + states)
    assert [case.name for case in cases] == ["today", "a"]
    assert [(f.rule, f.severity) for f in findings] == [("states_without_effect", "warning")]
    cases, findings = drafted(HEAD + "scenarios: {a: {}}\n" + states + "compare: {regret: states}\n")
    assert not findings
    assert [case.name for case in cases] == ["today", "a", *(f"{n} @ {s}" for s, n in itertools.product(
        ("low", "high"), ("today", "a")))]
