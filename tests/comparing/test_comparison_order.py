"""What is proven of several plans is a partial order, whatever their gaps are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.comparing.comparison import order_of, ranks_of

amounts = st.integers(0, 12).map(float)
plans = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=7).map(
    lambda pairs: {f"s{i}": cts.Certified.of_plan(min(pair), max(pair)) for i, pair in enumerate(pairs)})


def relation(least: dict[str, cts.Certified], word: str) -> set[tuple[str, str]]:
    order = order_of(least)
    found = order[order["verdict"] == word]
    return set(zip(found["scenario"], found["other"], strict=True))


@given(plans)
def test_cheaper_is_a_strict_partial_order(least: dict[str, cts.Certified]) -> None:
    cheaper = relation(least, "cheaper")
    assert all((b, a) not in cheaper for a, b in cheaper), "antisymmetric"
    assert all((a, d) in cheaper for a, b in cheaper for c, d in cheaper if b == c), "transitive"
    assert {(b, a) for a, b in cheaper} == relation(least, "dearer")


@given(plans)
def test_cheaper_means_that_the_plan_costs_less_than_any_other_can(least: dict[str, cts.Certified]) -> None:
    assert relation(least, "cheaper") == {(a, b) for a in least for b in least if a != b
                                          and least[a].high < least[b].low}


@given(plans)
def test_same_is_an_equivalence(least: dict[str, cts.Certified]) -> None:
    same = relation(least, "same")
    assert all((b, a) in same for a, b in same)
    assert all((a, d) in same for a, b in same for c, d in same if b == c and a != d)


@pytest.mark.slow
@given(plans, st.data())
def test_the_true_ranks_are_among_those_stated(least: dict[str, cts.Certified], data: st.DataObject) -> None:
    """Whatever the least costs are within their ends: so many may be cheaper."""
    ranks = ranks_of(order_of(least), list(least)).set_index("scenario")
    truth = {name: data.draw(st.floats(each.low, each.high)) for name, each in least.items()}
    for name in least:
        cheaper = sum(truth[other] < truth[name] for other in least)
        no_dearer = sum(truth[other] <= truth[name] for other in least)
        assert ranks.loc[name, "best_rank"] <= no_dearer
        assert cheaper + 1 <= ranks.loc[name, "worst_rank"]


@given(plans)
def test_a_smaller_gap_takes_nothing_back(least: dict[str, cts.Certified]) -> None:
    sharper = {name: cts.Certified.of_plan((each.low + each.high) / 2, each.high) for name, each in least.items()}
    assert relation(least, "cheaper") <= relation(sharper, "cheaper")
