"""Reading YAML strictly: texts stay what they are, and what could mean two things is a finding with its line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsopt.tables import yaml_nodes
from ctsopt.tables.yaml_nodes import (
    DEEPEST,
    LARGEST_FILE,
    Block,
    Items,
    Scalar,
    line_of,
    parse,
    plain,
    read_source,
)
from tests.often import drawn

KEYS = ["NO", "00123", "010", "1E10", "1_000", "2026-01-01", "on", "1e3", "12:30", "10%", "null", "~", "yes", "0x1F",
        "1.50", "-", "=x", "München", "</script>"]


def found(text: str | bytes) -> list[tuple[str, str]]:
    return [(f.rule, f.place) for f in parse(text, "p.yaml").findings]


@pytest.mark.parametrize("key", [k for k in KEYS if k != "-"])
def test_a_text_stays_as_it_is_written_as_a_name_a_value_and_in_a_list(key):
    for text in (f"a: {{{key}: {key}}}\nb:\n  - {key}\n", f"a:\n  '{key}': '{key}'\nb: ['{key}']\n"):
        source = parse(text, "p.yaml")
        assert not source.findings
        assert plain(source.root) == {"a": {key: key}, "b": [key]}


def test_what_is_not_written_is_the_empty_text():
    assert plain(parse("a:\nb: ''\nc: {d: }\n", "p.yaml").root) == {"a": "", "b": "", "c": {"d": ""}}


def test_letters_with_accents_have_one_spelling_as_in_the_tables():
    assert plain(parse("Mu\u0308nchen: e\u0301\n", "p.yaml").root) == {"M\u00fcnchen": "\u00e9"}


def test_every_name_and_item_knows_its_line():
    root = parse("a:\n  b: 1\n  c:\n    - x\n    - y: 2\n", "p.yaml").root
    paths = {(): 1, ("a",): 1, ("a", "c"): 3, ("a", "c", 1): 5, ("a", "c", 1, "y"): 5}
    assert {path: line_of(root, path) for path in paths} == paths
    assert line_of(root, ("a", "c", 7, "z")) == 3  # as far as the path leads
    assert root.values["a"].values["b"] == Scalar(2, "1")


@pytest.mark.parametrize(("text", "rule", "line"), [
    ("a: 1\nb: 2\na: 3\n", "duplicate_key", 3),
    ("a:\r\n  b: 1\r\n  b: 2\r\n", "duplicate_key", 3),
    ("a: {b: 1, 'b': 2}", "duplicate_key", 1),
    ("\n\na: &x 1\n", "anchor", 3),
    ("a: !!python/object:os.system x\n", "tag", 1),
    ("a: 1\nb: ! x\n", "tag", 2),
    ("a: 1\n---\nb: 1\n", "several_documents", 2),
    ("a:\n\tb: 1\n", "tab", 2),
    ("a: x\nc:\td\n", "broken_yaml", 2),
    ("a: b: c\n", "broken_yaml", 1),
    ("a: 1\n b: 2\n", "broken_yaml", 2),
    ("a:\n  - b\n c: 1\n", "broken_yaml", 3),
    ("a: 1\nb: 'x\nc: 1\n", "broken_yaml", 2),
    ("a: 1\nb: %x\n", "broken_yaml", 2),
    ("? [x]\n: 1\n", "name_not_text", 1),
    ("a: 1\nb: \x07\n", "unseen_character", 2),
    (b"a: 1\nb: \xff\n", "not_utf8", 2),
    ("", "empty_file", 1),
    ("# nothing\n", "empty_file", 1),
    ("a: " + "[" * DEEPEST + "]" * DEEPEST, "too_deep", 1),
    ("%YAML 3.0\n---\na: 1\n", "broken_yaml", 1),
])
def test_what_could_mean_two_things_is_a_finding_at_its_line(text, rule, line):
    assert found(text) == [(rule, f"p.yaml:{line}")]


def test_an_alias_is_a_finding_and_is_not_followed():
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    places = [place for rule, place in found(bomb) if rule == "alias"]
    assert places == [f"p.yaml:{line}" for line in range(2, 10) for _ in "12"]
    assert plain(parse(bomb, "p.yaml").root)["i"] == ["", ""]


def test_a_byte_order_mark_is_no_letter():
    assert plain(parse(b"\xef\xbb\xbfa: 1\n", "p.yaml").root) == {"a": "1"}


def test_just_as_deep_as_allowed_is_read():
    inner = parse("a: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1), "p.yaml")
    assert not inner.findings
    assert isinstance(inner.root, Block)
    assert isinstance(inner.root.values["a"], Items)


@pytest.mark.slow
def test_limits_hold_before_time_and_memory_are_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    begin = time.process_time()
    assert found("a: " + "[" * 200_000) == [("too_deep", "p.yaml:1")]
    assert time.process_time() - begin < 5
    monkeypatch.setattr(yaml_nodes, "MOST_VALUES", 1000)  # a hundred times as many are read in ten seconds
    assert not found("[" + "1," * 998 + "1]")
    assert found("[" + "1," * 999 + "1]")[-1] == ("too_many_values", "p.yaml:1")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a: " + b"x" * LARGEST_FILE)
    assert [(f.rule, f.place) for f in read_source(large).findings] == [("too_large_file", "large.yaml")]


def test_what_is_no_file_is_a_finding(tmp_path: Path):
    for path in (tmp_path, tmp_path / "nothing.yaml"):
        source = read_source(path)
        assert source.root is None
        assert [f.rule for f in source.findings] == ["unreadable_file"]


@given(st.recursive(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner,
                                                                                max_size=3), max_leaves=10))
@drawn(60)
def test_any_json_of_texts_is_read_back_as_it_is(tree):
    import unicodedata

    def clean(node):
        if isinstance(node, str):
            return unicodedata.normalize("NFC", node)
        return [clean(n) for n in node] if isinstance(node, list) else {k: clean(n) for k, n in node.items()}

    source = parse(json.dumps(tree, ensure_ascii=False), "p.yaml")
    assert not source.findings
    assert plain(source.root) == clean(tree)


@given(st.text(st.characters(codec="utf-8"), max_size=40) | st.binary(max_size=40))
@drawn(150)
def test_no_text_at_all_makes_the_reader_fail(text):
    source = parse(text, "p.yaml")
    assert source.root is not None or source.findings
