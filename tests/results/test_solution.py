"""A solution: its figures, its words and its tables, for a plan known on paper."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.programs.status import Status
from tests.small import chain, lanes, rates, solved, table


@pytest.fixture(scope="module")
def plain() -> cts.Solution:
    """100 units over P-D-C at 1 a leg: 200."""
    return solved(chain(settings={"name": "plain", "currency": "EUR"}))


def figures(solution: cts.Solution, bound: float) -> cts.Solution:
    return cts.Solution(solution.net, solution.tables, Status("feasible", "time_limit"), bound)


@pytest.mark.parametrize(("bound", "money", "share"), [(150, 50, 0.25), (200, 0, 0), (201, 0, 0),
                                                       (-math.inf, math.inf, math.inf)])
def test_gap(plain, bound, money, share):
    """The plan costs 200."""
    solution = figures(plain, bound)
    assert (solution.gap_money, solution.gap) == pytest.approx((money, share))
    assert solution.least_cost.high == pytest.approx(200)
    assert solution.least_cost.low == pytest.approx(min(bound, 200))


def test_gap_of_a_plan_that_costs_nothing():
    free = solved(chain(rates=rates(P_D=0, D_C=0)))
    assert (free.total_cost, free.gap) == (0, 0)
    assert figures(free, -1.0).gap == math.inf


def test_words(plain):
    assert str(plain) == "\n".join((
        "plan for plain: proven optimal",
        "  cost      200.00 EUR over 365 days",
        "  bound     no plan costs less than 200.00 EUR: gap 0.00 EUR (0.0000%)",
        "  promises  1 of 1 kept",
        "    standard / all: 100.0% served of 100% promised",
        "  sites     open: 1 of 1 dc, 1 of 1 plant"))
    stopped = figures(plain, 150)
    assert repr(stopped) == ("<Solution plain: 200.00, proven within 25.00% of the least possible cost, "
                             "stopped by the time limit>")


def test_the_difference_of_two_solutions_is_an_interval(plain):
    """Between 150 and 200 here, between 200 and 200 there: at least 50 cheaper, at most not at all dearer."""
    assert figures(plain, 150) - plain == cts.Certified(-50.0, 0.0, 0.0)
    with pytest.raises(cts.UsageError, match="another solution"):
        plain - 3


def test_words_tell_penalties():
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 1}), promises=table(
        {"tier": "gold", "served_fraction": 0.4}))
    assert "cost      140.00 USD over 365 days, of which 60.00 penalties for demand not served" in str(solved(tables))


def test_flows(plain):
    move, delivery = plain.flows.to_dict("records")
    assert (move["kind"], move["origin"], move["destination"], move["customer"], move["mode_out"]) == (
        "move", "P", "D", "", "truck")
    assert (move["quantity"], move["line_haul"], move["last_mile"]) == pytest.approx((100, 100, 0))
    assert (delivery["kind"], delivery["origin"], delivery["destination"], delivery["tier"]) == (
        "delivery", "D", "C", "standard")
    assert (delivery["quantity"], delivery["last_mile"], delivery["on_time"]) == pytest.approx((100, 100, 1))
    assert math.isnan(move["on_time"])


def test_record(plain):
    record = plain.record
    assert record["input_hash"] == plain.net.hash
    assert record["options"]["gap"] == 0
    assert record["tie_rule"] == "applied"
    assert (record["columns"], record["rows"]) == (
        cts.program(plain.net).columns, cts.program(plain.net).row_count)
    assert set(record["seconds"]) == {"build", "search", "polish", "read_back"}


def test_service_says_what_was_promised_and_what_came_of_it():
    """Gold within 2 days, in 1; silver without any promise, in 3; 40 of 60 silver units over 4 days away are late."""
    tables = {"sites": table({"site": "P", "kind": "plant"}),
              "customers": table({"customer": "C", "tier": "gold"}, {"customer": "F", "tier": "silver"}),
              "tiers": table({"tier": "gold"}, {"tier": "silver"}),
              "products": table({"product": "a", "product_class": "A"}),
              "demand": table(*({"customer": c, "product": "a", "quantity": q} for c, q in (("C", 10), ("F", 60)))),
              "rates": table(*({"origin": "P", "destination": c, "per_unit": 1, "transit_time": d}
                               for c, d in (("C", 1), ("F", 3)))),
              "promises": table({"tier": "gold", "lead_time": 2, "reliability": 0.9})}
    service = solved(tables).service.set_index("tier")
    gold, silver = service.loc["gold"], service.loc["silver"]
    assert (gold["product_class"], gold["demand"], gold["delivered"]) == ("*", 10, 10)
    assert (gold["served_fraction"], gold["served_fraction_achieved"]) == (1, 1)
    assert (gold["lead_time"], gold["lead_time_achieved"], gold["reliability"], gold["on_time_certain"]) == (
        2, 1, 0.9, 1)
    assert (silver["product_class"], silver["demand"], silver["lead_time_achieved"]) == ("A", 60, 3)
    assert math.isinf(silver["lead_time"])
    assert service["kept"].tolist() == [True, True]


def test_service_by_period():
    """Promised per period: one row for each, with its own demand."""
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 5}), lanes=lanes("P-D", "D-C"),
                   periods=table({"period": "t", "days": 90}, {"period": "u", "days": 275}),
                   demand=table(*({"customer": "C", "period": t, "quantity": q} for t, q in (("t", 30), ("u", 70)))),
                   promises=table({"tier": "gold", "served_fraction": 0.5, "per": "period"}))
    service = solved(tables).service
    assert service[["period", "demand", "delivered"]].to_numpy().tolist() == [["t", 30, 30], ["u", 70, 70]]


def test_tables_are_tidy(plain):
    for name, frame in plain.tables.items():
        assert isinstance(frame.index, pd.RangeIndex), name
        assert frame.columns.is_unique, name
