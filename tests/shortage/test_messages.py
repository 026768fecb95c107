"""Drafts for customers that are short: what they say, and what they never say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import UsageError
from ctsopt.shortage.messages import briefings, messages

GOLDEN = Path(__file__).parent / "golden"


def short(certainty: float = 0.9) -> cts.Allocation:
    supply = pd.DataFrame({"product": "bolt", "available_on": ["2026-11-30", "2026-12-07"], "quantity": [10, 40],
                           "certainty": [1, certainty]})
    orders = pd.DataFrame({"order": ["1", "2", "3"], "customer": ["Ada & Sons", "Ben", "Cy"], "product": "bolt",
                           "quantity": [12, 6, 30], "unit_price": [2, 2, 2], "tier": ["gold", "silver", "silver"],
                           "requested_date": ["2026-12-01", "2026-12-01", "2026-12-09"]})
    policy = pd.DataFrame({"tier": ["gold", "silver"], "rank": [1, 2]})
    return cts.allocate(supply, orders, policy=policy, as_of="2026-11-30")


@pytest.mark.parametrize("language", ["en", "de"])
def test_letters_as_they_are_kept(language):
    drafts = messages(short(), language)
    assert drafts["customer"].tolist() == ["Ada & Sons", "Ben"]
    text = "\n".join(drafts["text"]) + "\n"
    assert text == (GOLDEN / f"letters.{language}.html").read_text(encoding="utf-8")
    assert "Ada &amp; Sons" in text


@pytest.mark.parametrize(("certainty", "date", "words"), [
    (1.0, True, "more arrives on 2026-12-07"), (0.8, True, "more is expected on 2026-12-07"),
    (0.79, False, "when more arrives is not known yet")])
def test_a_date_is_given_only_where_it_is_likely_enough(certainty, date, words):
    text = messages(short(certainty))["text"][0]
    assert ("2026-12-07" in text) == date
    assert words in text


def test_no_letter_names_another_customer_a_rank_or_a_competitor():
    draw = np.random.default_rng(3)
    for _ in range(4):
        names = [f"customer-{i}-{draw.integers(1e9)}" for i in range(6)]
        orders = pd.DataFrame({"order": [f"order-{n}" for n in names], "customer": names, "penalty": 77777.0,
                               "quantity": draw.integers(1, 20, 6), "tier": draw.choice(["platinum", "brass"], 6)})
        policy = pd.DataFrame({"tier": ["platinum", "brass"], "rank": [1, 2]})
        alloc = cts.allocate(pd.DataFrame({"quantity": [20]}), orders, policy=policy)
        for customer, text in messages(alloc).itertuples(index=False):
            assert customer in text
            assert not [n for n in names if n != customer and n in text]
            assert not [w for w in ("platinum", "brass", "rank", "77777") if w in text]


def test_who_has_everything_gets_no_letter():
    alloc = cts.allocate(pd.DataFrame({"quantity": [9]}), pd.DataFrame(
        {"order": ["1"], "customer": ["A"], "quantity": [9]}), "uniform")
    assert messages(alloc).empty


def test_the_account_manager_knows_why():
    rows = briefings(short()).set_index("customer")
    assert rows["value_short"].to_dict() == {"Ada & Sons": 4.0, "Ben": 12.0}
    assert "better ranks are served first" in rows["text"]["Ben"]


def test_a_language_that_is_not_there():
    with pytest.raises(UsageError, match="fr"):
        messages(short(), "fr")
