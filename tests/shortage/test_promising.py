"""A book of promises: who gets which receipt, what a tier may take, holds, priorities; its journal is the state."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import DataError, FileError, UsageError
from ctsopt.shortage.book import PromiseBook
from ctsopt.shortage.ledger import fold
from ctsopt.shortage.shelves import NOTHING
from tests.often import sampled

RECEIPTS = pd.DataFrame({"quantity": [20, 30, 50], "available_on": ["0", "5", "10"]})
QUOTAS = pd.DataFrame({"tier": ["one", "two", "three"], "share": [0.3, 0.4, 0.3]})
RANKS = pd.DataFrame({"tier": ["one", "two", "three"], "rank": [1, 2, 3]})
HUNDRED = pd.DataFrame({"quantity": [100]})


def parts(book: PromiseBook, order: str) -> list[tuple[str, float]]:
    rows = book.parts
    rows = rows[rows["order"] == order]
    return list(zip(rows["available_on"], rows["quantity"], strict=True))


def test_backward_consumption_keeps_early_stock_for_who_wants_it_early():
    """The newest receipt that is in time, then older ones, then later ones. Earliest first would make O2 late."""
    book = cts.promise_book({"supply": RECEIPTS})
    for order, quantity, day in (("O1", 25, 6), ("O2", 20, 0), ("O3", 30, 3), ("O4", 40, 10)):
        book.take(order, "Ada", quantity, requested=day)
    assert parts(book, "O1") == [("day 5", 25)]
    assert parts(book, "O2") == [("day 0", 20)]
    assert parts(book, "O3") == [("day 5", 5), ("day 10", 25)]
    assert parts(book, "O4") == [("day 10", 25)]
    answers = book.promises.set_index("order")
    assert answers["in_time"].tolist() == [25, 20, 0, 25]
    assert answers["short"].tolist() == [0, 0, 0, 15]
    assert answers["because"].tolist() == ["", "", "it comes later than it is wanted",
                                           "the rest is promised to others or held for them"]


@pytest.mark.parametrize(("consumption", "got"), [("none", [30, 30, 40]), ("nested", [30, 50, 20])])
def test_quotas_of_tiers(consumption, got):
    """40 for tier three, 50 for tier one, 40 for tier two, of 30, 40 and 30."""
    book = cts.promise_book({"supply": HUNDRED, "quotas": QUOTAS, "policy": RANKS}, consumption=consumption)
    found = [book.take(name, name, quantity, tier=tier).quantity
             for name, tier, quantity in (("a", "three", 40), ("b", "one", 50), ("c", "two", 40))]
    assert found == got


def test_what_is_protected_is_not_taken():
    """Tier one takes its 30, and of tier two's 40 the quarter that is not protected; of tier three's 30 everything."""
    quotas = QUOTAS.assign(protected=[0, 0.75, 0])
    book = cts.promise_book({"supply": HUNDRED, "quotas": quotas, "policy": RANKS}, consumption="protected")
    assert book.take("a", "A", 100, tier="one").quantity == 30 + 10 + 30
    assert book.take("b", "B", 100, tier="two").quantity == 30


def test_what_no_tier_holds_is_open_to_all():
    quotas = pd.DataFrame({"tier": ["one"], "share": [0.3]})
    book = cts.promise_book({"supply": HUNDRED, "quotas": quotas, "policy": RANKS})
    assert book.take("a", "A", 100, tier="three").quantity == 70
    assert book.take("b", "B", 100, tier="one").quantity == 30


def test_quotas_of_whole_receipts_are_whole():
    """A third of 10 is 3, 3 and 3; the tenth goes to the better tier."""
    quotas = QUOTAS.assign(share=1 / 3)
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [10]}), "quotas": quotas, "policy": RANKS})
    assert book.left["quantity"].tolist() == [4, 3, 3]


def test_the_nearest_row_of_the_quotas_holds():
    supply = pd.DataFrame({"site": ["N", "S", "S"], "product": ["p", "p", "q"], "quantity": [10, 10, 10]})
    quotas = pd.DataFrame({"site": ["*", "S", "S"], "product": ["*", "*", "q"], "tier": "one",
                           "share": [0.1, 0.2, 0.3]})
    left = cts.promise_book({"supply": supply, "quotas": quotas}).left
    assert left.loc[left["tier"] == "one", "quantity"].tolist() == [1, 2, 3]


def test_a_journey_takes_time_and_the_cheapest_site_comes_first():
    supply = pd.DataFrame({"site": ["Near", "Far"], "quantity": [10, 10]})
    ways = pd.DataFrame({"site": ["Near", "Far"], "customer": "*", "days": [1, 3], "cost": [2, 1]})
    book = cts.promise_book({"supply": supply, "eligible": ways})
    assert book.take("a", "A", 4, requested=3).complete_on == 3  # from Far, which is cheaper
    assert book.take("b", "B", 12, requested=2).by(2) == 10  # what Near has, and Far's comes a day late
    assert book.promise("b").complete_on == 3
    assert book.parts.groupby("site")["quantity"].sum().to_dict() == {"Far": 6, "Near": 10}
    assert book.take("c", "C", 1, site="Nowhere").parts == ()


def test_minimum_cases_and_orders_in_full():
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [23]})})
    assert book.take("a", "A", 30, complete_only="line").quantity == 0
    assert book.take("b", "B", 30, minimum=24).quantity == 0
    assert book.take("c", "C", 30, case_size=5).quantity == 20
    assert book.take("d", "D", 3, complete_only="line").quantity == 3
    orders = pd.DataFrame({"order": ["e", "e", "f"], "line": ["1", "2", "1"], "customer": "E", "quantity": [2, 5, 6],
                           "complete_only": ["order", "order", "no"]})
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [6]})})
    assert book.take_all(orders)["promised"].tolist() == [0, 0, 6]


def test_a_hold_lapses_unless_it_is_confirmed():
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [10]})}, hold=2)
    book.take("a", "A", 6, at=0)
    book.take("b", "B", 4, at=1)
    book.confirm("b", at=1.5)
    assert book.take("c", "C", 5, at=1.9).quantity == 0
    assert book.take("d", "D", 7, at=2).quantity == 6  # a's promise has lapsed
    assert sorted(book.promises["order"]) == ["b", "c", "d"]
    with pytest.raises(UsageError, match="written forward"):
        book.take("e", "E", 1, at=1)


def test_dates():
    supply = pd.DataFrame({"quantity": [10], "available_on": ["2026-12-04"]})
    book = cts.promise_book({"supply": supply}, as_of="2026-12-01", hold=1, at="2026-12-01T12:00")
    book.take("a", "A", 4, requested="2026-12-07", at="2026-12-02T00:00")
    row = book.promises.iloc[0]
    assert (row["complete_on"], row["until"]) == ("2026-12-07", "2026-12-03")
    assert book.parts["available_on"].tolist() == ["2026-12-04"]


def test_orders_come_in_turn_by_order_date():
    orders = pd.DataFrame({"order": ["late", "early"], "customer": ["A", "B"], "quantity": [8, 8],
                           "order_date": ["2", "1"]})
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [10]})})
    assert book.take_all(orders)["promised"].tolist() == [2, 8]
    assert book.take_all(orders)["promised"].tolist() == [2, 8]  # who has a promise keeps it


def test_priorities_anew():
    """10 units: silver had 6 and bronze 4. Gold is to win 5; silver never has less; bronze pays."""
    book = cts.promise_book({"supply": pd.DataFrame({"quantity": [10]}), "policy": RANKS})
    book.take("s", "S", 6, tier="two", strategy="gain")
    book.take("b", "B", 8, tier="three")
    book.take("g", "G", 5, tier="one", strategy="win")
    assert book.promises["promised"].tolist() == [6, 4, 0]
    told = book.reprioritise().set_index("order")
    assert told["after"].to_dict() == {"s": 6, "b": 0, "g": 4}
    assert told["change"].to_dict() == {"s": "kept", "b": "lost", "g": "exception"}
    told = book.reprioritise({"s": "lose"}).set_index("order")
    assert told["after"].to_dict() == {"s": 0, "b": 5, "g": 5}
    assert told["change"].to_dict() == {"s": "lost", "b": "improved", "g": "improved"}


def test_another_supply():
    """Day 5's receipt comes on day 8: who asked for day 6 is late, and who had no need of it is as before."""
    book = cts.promise_book({"supply": RECEIPTS})
    book.take("a", "A", 25, requested=6)
    book.take("b", "B", 20, requested=1)
    late = RECEIPTS.assign(available_on=["0", "8", "10"])
    told = book.replan({"supply": late}, at=1).set_index("order")
    assert told["change"].to_dict() == {"a": "later", "b": "kept"}
    assert book.promise("a").complete_on == 8
    with pytest.raises(DataError):
        book.replan({"supply": late.assign(quantity=-1)}, at=2)
    assert book.promise("a").complete_on == 8


def test_what_could_be_promised_instead():
    supply = pd.DataFrame({"site": ["N", "N", "S"], "product": ["p", "p", "q"], "quantity": [4, 6, 8],
                           "available_on": ["0", "9", "0"]})
    other = pd.DataFrame({"product": ["p"], "substitute": ["q"], "ratio": [0.5]})
    book = cts.promise_book({"supply": supply})
    told = book.alternatives("a", "A", 10, product="p", requested=3, substitutes=other)
    assert told.to_dict("records") == [
        {"what": "as asked", "product": "p", "site": "N", "quantity": 10, "complete_on": "day 9"},
        {"what": "part in time", "product": "p", "site": "N", "quantity": 4, "complete_on": "day 3"},
        {"what": "substitute", "product": "q", "site": "S", "quantity": 5, "complete_on": "day 3"}]
    assert book.promises.empty


def test_capacity_reaches_the_sites_that_it_supplies():
    """5 can be made at Ulm by day 7; they are in either warehouse 2 days later, but in one of them."""
    supply = pd.DataFrame({"site": ["N", "S", "Ulm"], "quantity": [1, 1, 5], "available_on": ["0", "0", "7"],
                           "status": ["on_hand", "on_hand", "capacity"]})
    roads = pd.DataFrame({"origin": ["Ulm", "Ulm"], "destination": ["N", "S"], "days": [2, 2]})
    ways = pd.DataFrame({"site": ["N", "S"], "customer": ["A", "B"], "days": [1, 1]})
    book = cts.promise_book({"supply": supply, "transfers": roads, "eligible": ways})
    assert book.take("a", "A", 5, requested=1).complete_on == 10
    assert book.take("b", "B", 5, requested=1).quantity == 1 + 1


def test_a_plan_says_what_is_held_for_whom():
    """On hand what the plan keeps for each tier on the average; in five receipts what it sends to them in a year."""
    net = cts.read("models/joint_stock").with_settings(stock_sharing="separate")
    plan = cts.solve(net)
    tables = cts.planned_supply(plan, every=73)
    book = cts.promise_book(tables, consumption="protected")
    left = book.left
    hand = left[left["available_on"] == "day 0"].groupby("tier")["quantity"].sum()
    stock = plan.stock[plan.stock["service_class"] != ""].groupby("tiers")[["cycle", "safety"]].sum().sum(axis=1)
    assert hand["critical"] == pytest.approx(stock["critical"])
    assert hand["standard"] == pytest.approx(stock["standard"])
    sent = plan.flows[plan.flows["kind"] == "delivery"].groupby("tier")["quantity"].sum()
    planned = left[left["available_on"] != "day 0"].groupby("tier")["quantity"].sum()
    assert planned.to_dict() == pytest.approx(sent.to_dict())
    days = sorted({float(day.split()[1]) for day in left["available_on"]})
    assert days == [0, 73, 146, 219, 292, 365]


@pytest.mark.parametrize(("cells", "said"), [
    ({"quantity": -1}, "quantity is -1: write a number from 0 to inf"),
    ({"quantity": math.inf}, "quantity is inf"),
    ({"quantity": 1, "strategy": "winn"}, "strategy is 'winn': win, gain, share, lose"),
    ({"quantity": 1, "requested": "soon"}, "requested_date is 'soon': neither a date nor a number of days"),
    ({"quantity": 1, "quantitty": 2}, "there is no column 'quantitty'; did you mean 'quantity'"),
])
def test_an_order_that_makes_no_sense_changes_nothing(cells, said):
    book = cts.promise_book({"supply": RECEIPTS})
    with pytest.raises(UsageError) as error:
        book.take("a", "A", **cells)
    assert said in str(error.value)
    assert book.promises.empty


def test_faults_of_the_tables():
    with pytest.raises(DataError) as error:
        cts.promise_book({"supply": HUNDRED, "quotas": QUOTAS.assign(share=0.5)})
    assert "the quotas of a site and product add up to more than 1" in str(error.value)
    with pytest.raises(UsageError, match="no consumption"):
        cts.promise_book({"supply": HUNDRED}, consumption="nest")


# ---- the journal -----------------------------------------------------------------------------------------------------


def some_book(rng: np.random.Generator, journal: Path) -> PromiseBook:
    """Three sites, two products, four days; three tiers with quotas that leave something open."""
    rows = [(site, product, str(day), float(rng.integers(0, 20)))
            for site in "NSW" for product in "pq" for day in (0, 3, 7, 8)]
    supply = pd.DataFrame(rows, columns=["site", "product", "available_on", "quantity"])
    ways = pd.DataFrame({"site": list("NSW"), "customer": "*", "days": rng.integers(0, 3, 3), "cost": rng.random(3)})
    quotas = QUOTAS.assign(share=rng.dirichlet(np.ones(4))[:3], protected=rng.random(3))
    return cts.promise_book({"supply": supply, "eligible": ways, "quotas": quotas, "policy": RANKS}, hold=3.0,
                            consumption=str(rng.choice(["none", "nested", "protected"])), journal=journal)


def something(rng: np.random.Generator, book: PromiseBook, number: int, at: float) -> None:
    """One thing that may happen to a book."""
    what, known = rng.random(), book.promises["order"].tolist()
    if what < 0.7 or not known:
        book.take(f"o{number}", "A", float(rng.integers(1, 15)), product=str(rng.choice(["p", "q"])), at=at,
                  tier=str(rng.choice(["one", "two", "three", "four"])), requested=float(rng.integers(0, 12)),
                  strategy=str(rng.choice(["win", "gain", "share", "lose"])), firm=bool(rng.random() < 0.3),
                  case_size=float(rng.choice([1, 1, 4])), complete_only=str(rng.choice(["no", "no", "line"])))
    elif what < 0.8:
        book.release(str(rng.choice(known)), at=book._ledger.now)
    elif what < 0.9:
        book.confirm(str(rng.choice(known)), at=book._ledger.now)
    else:
        before = {name: book.promise(name) for name in known}
        book.reprioritise(at=book._ledger.now)
        gaining = [old for old in before.values() if old.request.strategy == "gain"]
        for old in gaining:  # never worse off by any day
            assert all(book.promise(old.request.order).by(part.day) >= old.by(part.day) - NOTHING for part in old.parts)


def never_twice(book: PromiseBook) -> None:
    """Of no receipt more than there is; and by no day more than has come by then."""
    ledger = book._ledger
    taken = np.zeros(len(ledger.shelves.plan.receipts))
    for promise in ledger.promises.values():
        for part in promise.parts:
            assert part.quantity > 0
            assert part.day >= ledger.shelves.plan.receipts[part.receipt][2]
            taken[part.receipt] += part.quantity
    there = np.array([quantity for *_, quantity, _ in ledger.shelves.plan.receipts])
    assert (taken <= there + NOTHING).all()
    assert np.allclose([math.fsum(row) for row in ledger.shelves.left], there - taken)
    assert min(min(row) for row in ledger.shelves.left) >= -NOTHING


@pytest.mark.parametrize("seed", sampled(range(60), every=12, quick=1))
def test_random_sequences_never_promise_twice_and_the_journal_is_the_state(seed, tmp_path):
    rng = np.random.default_rng(seed)
    book = some_book(rng, tmp_path / "book.jsonl")
    at, states = 0.0, {}
    for number in range(60):
        at = max(at, book._ledger.now) + float(rng.exponential(0.2))
        something(rng, book, number, at)
        never_twice(book)
        states[(tmp_path / "book.jsonl").stat().st_size] = book._ledger.picture() | {"promises": dict(
            book._ledger.promises), "left": [list(row) for row in book._ledger.shelves.left]}
    book.close()
    data = (tmp_path / "book.jsonl").read_bytes()
    for cut in rng.integers(data.index(b"\n") + 1, len(data) + 1, 20):  # killed while it wrote
        torn = tmp_path / "torn.jsonl"
        torn.write_bytes(data[:cut])
        again = cts.open_book(torn)
        whole = torn.stat().st_size
        assert whole == data.rfind(b"\n", 0, cut) + 1
        assert bool(again.findings) == (whole < cut)
        if whole in states:
            assert again._ledger.picture() == states[whole]
        again.close()


def test_a_line_that_was_changed_is_seen(tmp_path):
    book = some_book(np.random.default_rng(1), tmp_path / "b.jsonl")
    for order in "abc":
        book.take(order, "A", 1, product="p")
    book.close()
    lines = (tmp_path / "b.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "b.jsonl").write_bytes(b"".join([lines[0], lines[1].replace(b'"a"', b'"z"'), *lines[2:]]))
    with pytest.raises(FileError, match="line 2 is not what was written there"):
        cts.open_book(tmp_path / "b.jsonl")


def test_two_programs_do_not_share_a_journal(tmp_path):
    book = cts.promise_book({"supply": HUNDRED}, journal=tmp_path / "b.jsonl")
    with pytest.raises(FileError, match="open in another program"):
        cts.open_book(tmp_path / "b.jsonl")
    with (tmp_path / "b.jsonl").open("ab") as other:
        other.write(b"x\n")
    with pytest.raises(FileError, match="written to by another program"):
        book.take("a", "A", 1)
    assert book.promises.empty
    assert book.left["left"].tolist() == [100]
    book.close()


def test_a_full_disk_promises_nothing(tmp_path, monkeypatch):
    book = cts.promise_book({"supply": HUNDRED}, journal=tmp_path / "b.jsonl")
    before = (tmp_path / "b.jsonl").read_bytes()
    monkeypatch.setattr(book._journal, "_safe", True)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(FileError, match="No space left on device"):
        book.take("a", "A", 7)
    assert book.left["left"].tolist() == [100]
    assert (tmp_path / "b.jsonl").read_bytes() == before
    book.close()


KILLED = """
import sys, pandas as pd, ctsopt as cts
book = cts.promise_book({"supply": pd.DataFrame({"quantity": [1000.0] * 50, "available_on": range(50)})},
                        journal=sys.argv[1], hold=5.0)
number = 0
while True:
    promise = book.take(f"o{number}", "A", 3, requested=number % 50, at=number / 100)
    print(f"o{number}", promise.quantity, flush=True)
    number += 1
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_killed_at_any_moment_every_answer_stands(number, tmp_path):
    """kill -9: whoever had an answer has a promise in the journal, and at most one more is there."""
    journal = tmp_path / "book.jsonl"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(journal)], stdout=subprocess.PIPE, text=True)
    while not journal.exists() or journal.stat().st_size < 2000:
        time.sleep(0.01)
    time.sleep(0.05 * number)
    process.send_signal(signal.SIGKILL)
    answered, _ = process.communicate()
    whole = [line for line in answered.splitlines(keepends=True) if line.endswith("\n")]
    book = cts.open_book(journal)
    entries = [json.loads(line)["entry"] for line in journal.read_bytes().splitlines()]
    taken = [entry["request"][0] for entry in entries if entry["op"] == "take"]
    assert taken[:len(whole)] == [line.split()[0] for line in whole]
    assert len(taken) <= len(whole) + 1
    assert book._ledger.picture() == fold(entries).picture()
    never_twice(book)
    book.close()
