"""What holds in every shortage: sums, caps, floors, more for nobody less, the order of rows, splitting of orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.shortage.levels import positions
from ctsopt.shortage.rules import EVEN, Lines, rise_of, share_out
from ctsopt.shortage.settling import Sources, settle
from ctsopt.shortage.whole import Claims, whole_cases
from tests.often import sampled

RULES = ("priority", *EVEN)
MONOTONE = ("priority", "proportional", "uniform", "max_min", "weighted", "equal_losses", "contested", "value")
CASES = sampled(range(1000), 50)


def drawn(seed: int):
    """Whole units of one pool; floors that fit, caps, ranks, weights."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 9))
    asked = draw.integers(0, 15, count).astype(float)
    supply = float(draw.integers(0, int(asked.sum()) + 5))
    floor = np.floor(asked * draw.choice([0, 0, 0.3], count))
    floor *= floor.sum() <= supply
    cap = np.maximum(floor, np.ceil(asked * draw.choice([0.5, 1, 1], count)))
    return supply, asked, {"floor": floor, "cap": cap, "rank": draw.integers(1, 4, count),
                           "weight": draw.integers(1, 4, count).astype(float),
                           "penalty": draw.integers(1, 5, count).astype(float)}


@pytest.mark.parametrize("seed", CASES)
def test_sums_floors_and_caps(seed):
    supply, asked, options = drawn(seed)
    high = np.minimum(asked, options["cap"])
    for rule in RULES:
        share = share_out(supply, asked, rule, **options)
        assert share.sum() == pytest.approx(min(supply, high.sum()), abs=1e-9), rule
        assert (share >= np.minimum(options["floor"], high) - 1e-9).all()
        assert (share <= high + 1e-9).all()


@pytest.mark.parametrize("seed", CASES)
def test_more_supply_never_gives_anybody_less(seed):
    supply, asked, options = drawn(seed)
    for rule in MONOTONE:
        before = share_out(supply, asked, rule, **options)
        assert (share_out(supply + 1.25, asked, rule, **options) >= before - 1e-9).all(), rule


@pytest.mark.parametrize("seed", CASES)
def test_whole_cases(seed):
    """Whole numbers that come to what there is, at most what is asked, within one case of the share."""
    supply, asked, options = drawn(seed)
    count = len(asked)
    nothing = np.zeros(count, dtype=np.int64)
    rank = positions(np.unique(options["rank"], return_inverse=True)[1])
    sources = Sources(np.array([supply]), nothing, 1, nothing[:1], nothing[:1], np.zeros(1))
    lines = Lines(asked, np.zeros(count), asked, nothing, rank, asked, options["weight"], options["penalty"],
                  np.arange(count))
    for rule in RULES:
        settled = settle(rise_of(lines, rule), sources)
        cases = whole_cases(Claims(settled.share, lines.low, asked, rank, np.arange(count), nothing, np.arange(count)),
                            settled, sources).cases
        assert (cases == np.round(cases)).all()
        assert cases.sum() == min(supply, asked.sum())
        assert (cases <= asked).all()
        assert (np.abs(cases - settled.share) < 1).all()


def test_whole_pallets_are_the_exception_to_more_for_nobody_less():
    """Largest remainders, d = (1, 3, 3): of 3 each has 1; of 4 the first has nothing (the Alabama paradox)."""
    wanted = pd.DataFrame({"order": list("ABC"), "customer": list("ABC"), "quantity": [1, 3, 3]})
    found = [cts.allocate(pd.DataFrame({"quantity": [n]}), wanted, "proportional").table["whole"].tolist()
             for n in (3, 4)]
    assert found == [[1, 1, 1], [0, 2, 2]]


def tables(seed: int):
    """Two products at three sites on several days, with customers that only some sites may serve."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(4, 12))
    supply = pd.DataFrame({"site": ["D1", "D2", "D3", "D1"], "product": ["x", "x", "x", "y"],
                           "available_on": [0, 0, 4, 0], "quantity": draw.integers(0, 20, 4)})
    customers = [f"c{i}" for i in draw.integers(0, 5, count)]
    orders = pd.DataFrame({
        "order": [f"o{i}" for i in range(count)], "customer": customers, "product": draw.choice(["x", "x", "y"], count),
        "quantity": draw.integers(1, 12, count), "order_date": draw.permutation(count),
        "requested_date": draw.choice([2, 9], count), "penalty": draw.permutation(count) + 1.0})
    reach = [(f"D{j}", f"c{i}") for i in range(5) for j in range(1, 4) if draw.random() < 0.6]
    eligible = pd.DataFrame([*reach, *(("D1", f"c{i}") for i in range(5))], columns=["site", "customer"])
    tiers = pd.DataFrame({"customer": [f"c{i}" for i in range(5)], "tier": draw.choice(["a", "b"], 5)})
    policy = pd.DataFrame({"tier": ["a", "b"], "rank": [1, 2]})
    return supply, orders, {"eligible": eligible.drop_duplicates(), "customers": tiers, "policy": policy}


@pytest.mark.parametrize("seed", sampled(range(100), 25))
def test_the_order_of_rows_changes_nothing(seed):
    supply, orders, more = tables(seed)
    mixed = orders.sample(frac=1, random_state=seed)
    for rule in ("priority", "value", "equal_losses"):
        one = cts.allocate(supply, orders, rule, **more).table.set_index("order")
        other = cts.allocate(supply.iloc[::-1], mixed, rule, **more).table.set_index("order").loc[one.index]
        assert other["share"].to_numpy() == pytest.approx(one["share"].to_numpy(), abs=1e-7)
        assert other["whole"].tolist() == one["whole"].tolist()


@pytest.mark.parametrize("seed", sampled(range(100), 25))
def test_what_goes_where_adds_up(seed):
    supply, orders, more = tables(seed)
    alloc = cts.allocate(supply, orders, "priority", **more)
    sent, keys = alloc.sent, ["site", "product", "available_on"]
    by_line = sent.groupby("order")["quantity"].sum().reindex(alloc.table["order"]).fillna(0)
    assert by_line.to_numpy() == pytest.approx(alloc.table["whole"].to_numpy(), abs=1e-6)
    left = pd.concat([sent, alloc.left_over]).groupby(keys)["quantity"].sum()
    there = supply.astype({"available_on": str}).groupby(keys)["quantity"].sum()
    assert left.reindex(there.index).fillna(0).to_numpy() == pytest.approx(there.to_numpy(), abs=1e-6)
    allowed = set(more["eligible"].itertuples(index=False, name=None))
    late = sent.merge(orders[["order", "requested_date"]], on="order")
    assert set(zip(sent["site"], sent["customer"], strict=True)) <= allowed
    assert (late["available_on"].astype(float) <= late["requested_date"]).all()


@pytest.mark.parametrize("seed", sampled(range(100), 25))
def test_splitting_a_line_and_renaming_change_no_share(seed):
    """Of proportional and priority; under uniform two lines have two awards."""
    supply, orders, more = tables(seed)
    first = orders.iloc[[0]]
    halves = pd.concat([first.assign(line="1", quantity=first["quantity"] / 2),
                        first.assign(line="2", quantity=first["quantity"] / 2), orders.iloc[1:].assign(line="1")])
    names = {f"c{i}": f"k{9 - i}" for i in range(5)}
    renamed = {name: frame.replace({"customer": names}) if "customer" in frame else frame
               for name, frame in more.items()}
    for rule in ("proportional", "priority"):
        share = cts.allocate(supply, orders, rule, rounding="none", **more).table.set_index("order")["share"]
        split = cts.allocate(supply, halves, rule, rounding="none", **more).table.groupby("order")["share"].sum()
        other = cts.allocate(supply, orders.replace({"customer": names}), rule, rounding="none", **renamed)
        assert split.loc[share.index].to_numpy() == pytest.approx(share.to_numpy(), abs=1e-7)
        assert other.table["share"].to_numpy() == pytest.approx(share.to_numpy(), abs=1e-7)


def test_splitting_pays_under_uniform():
    assert share_out(9, [6, 6], "uniform").tolist() == [4.5, 4.5]
    assert share_out(9, [3, 3, 6], "uniform").tolist() == [3, 3, 3]
