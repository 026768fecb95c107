"""What is said of a name that is not known, in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctsopt
from ctsopt.errors import did_you_mean, unknown_name

MANY = [f"customer {i:04}" for i in range(2000)]


@pytest.mark.parametrize(("name", "known", "listed", "said"), [
    ("lans", ["lanes", "rates"], False, "; did you mean 'lanes'?"),
    ("LANES", ["lanes", "rates"], True, "; did you mean 'lanes'?"),
    ("xyz", ["lanes", "rates"], False, ""),
    ("xyz", ["lanes", "rates"], True, "; there are: lanes, rates"),
    ("xyz", [], True, "; there are: none"),
    ("", ["lanes"], False, ""),
    ("custmer 1234", MANY, False, "; did you mean 'customer 1234'?"),
])
def test_the_end_of_a_message_about_an_unknown_name(name: str, known: list[str], listed: bool, said: str):
    assert did_you_mean(name, known, listed=listed) == said


def test_a_name_may_be_shown_in_its_folder():
    there = Path("models")
    assert did_you_mean("two_dc", ["two_dcs"], shown=lambda near: str(there / near)) == "; did you mean models/two_dcs?"
    assert unknown_name("table", "lans", ["lanes"]) == "there is no table 'lans'; did you mean 'lanes'?"


def test_the_question_is_spelled_out_once():
    root = Path(ctsopt.__file__).parent
    assert [p.name for p in root.rglob("*.py") if "did you mean {" in p.read_text("utf-8")] == ["errors.py"]
