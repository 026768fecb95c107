"""By how much a limit has to give way: by hand, and against the limit moved until there is a plan."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.errors import InfeasibleError
from ctsopt.networks.network import even_impossible
from ctsopt.solving.explaining.ladder import edited
from ctsopt.solving.explaining.why import Questions
from ctsopt.solving.run import case
from tests.small import Tables, chain, lanes, rates, table


def tiers(gold: float, basic: float, **tables: object) -> Tables:
    """Gold A and basic B, served by P at 1 a unit."""
    return {"sites": table({"site": "P", "kind": "plant"}),
            "customers": table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "basic"}),
            "tiers": table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
            "demand": table({"customer": "A", "quantity": gold}, {"customer": "B", "quantity": basic}),
            "rates": rates(P_A=1, P_B=1), **tables}


def only_limit(explanation: cts.Explanation) -> object:
    assert len(explanation.limits) == 1
    return explanation.limits.iloc[0]


def test_a_budget():
    """100 units at 2 each come to 200 of 150."""
    row = only_limit(cts.explain(chain(settings={"budget": 150})))
    assert (row["amount"], row["least"], row["keeps"]) == (pytest.approx(50), pytest.approx(50), "these")
    assert row["proven"]


def test_a_budget_that_has_to_pay_for_a_site():
    """D costs 70 where it is open, and 100 units 2 each: 270 of 150."""
    tables = chain(settings={"budget": 150}, sites=table(
        {"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 70}))
    row = only_limit(cts.explain(tables))
    assert (row["amount"], row["proven"]) == (pytest.approx(120), True)


@pytest.mark.parametrize("limit", ["budget", "capacity"])
def test_what_a_lesser_tier_lacks_by_the_same_limit_is_counted(limit):
    """A has 60 of 100 and B nothing: 40 more would be enough for A, 140 for both."""
    tables = tiers(100, 100, settings={"budget": 60}) if limit == "budget" else tiers(
        100, 100, sites=table({"site": "P", "kind": "plant", "capacity": 60}))
    explanation = cts.explain(tables)
    row = only_limit(explanation)
    assert (row["amount"], row["keeps"], row["proven"]) == (pytest.approx(140), "others too", True)
    assert "140" in str(explanation)
    assert "would be enough for these and the others who go short by it" in str(explanation)
    offer = next(offer for offer in explanation.offers if offer.kind == "limit")
    assert cts.solve(edited(even_impossible(tables), explanation.edits(offer)), gap=0.5).service["kept"].all()
    assert [edit["table"] for edit in explanation.edits(offer)] == ["settings" if limit == "budget" else "sites"]


def test_where_it_is_not_found_for_all_it_is_said_for_the_members_of_the_conflict(monkeypatch):
    """Of 60 A lacks 40; what both need is not found in the time that there is."""
    least, asked = Questions.least, []

    def too_slow_at_first(self, columns, let_go):
        if len(columns) == 1:
            asked.append(columns)
        return (None, False, 0.0) if len(columns) == 1 and len(asked) == 1 else least(self, columns, let_go)

    monkeypatch.setattr(Questions, "least", too_slow_at_first)
    explanation = cts.explain(tiers(100, 100, settings={"budget": 60}))
    row = only_limit(explanation)
    assert (row["amount"], row["keeps"], row["proven"]) == (pytest.approx(40), "these alone", True)
    assert "(40 USD more would be enough for these, while the others go short)" in str(explanation)


def drawn(seed: int) -> Tables:
    """Two candidates of some cost and room, four customers of two tiers, and a budget or a site that is too small."""
    rng = np.random.default_rng(seed)
    quantity = rng.integers(20, 120, 4)
    rate = {f"{dc}_C{k}": int(rng.integers(1, 9)) for dc in "DE" for k in range(4)}
    sites = [{"site": "P", "kind": "plant"}, *({"site": dc, "kind": "dc", "status": "candidate", "fixed_cost": cost}
                                               for dc, cost in zip("DE", rng.integers(50, 600, 2), strict=True))]
    tables = chain(customers=table(*({"customer": f"C{k}", "tier": "gold" if k < 2 else "basic"} for k in range(4))),
                   tiers=table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
                   demand=table(*({"customer": f"C{k}", "quantity": int(q)} for k, q in enumerate(quantity))),
                   lanes=lanes("P-D", "P-E", *(name.replace("_", "-") for name in rate)), rates=rates(**rate))
    share = float(rng.uniform(0.2, 0.9))
    tables["sites"] = table(*sites)
    if seed % 2:
        tables["settings"] = {"budget": round(share * cts.solve(cts.network(tables), gap=0.0).total_cost, 2)}
    else:
        tables["sites"] = table({**sites[0], "capacity": round(share * float(quantity.sum()), 2)}, *sites[1:])
    return tables


def moved(tables: Tables, row: object, amount: float) -> Tables:
    """The tables with one limit moved."""
    if row["table"] == "settings":
        return tables | {"settings": {row["column"]: tables["settings"][row["column"]] + amount}}
    sites = tables["sites"].copy()
    sites.loc[sites["site"] == row["row"], "capacity"] += amount
    return tables | {"sites": sites}


def has_plan(tables: Tables) -> bool:
    try:
        cts.solve(cts.network(tables), gap=0.9)
    except InfeasibleError:
        return False
    return True


@pytest.mark.parametrize("seed", range(6))
def test_an_amount_is_the_least_with_which_there_is_a_plan(seed, monkeypatch):
    tables = drawn(seed)
    explanation = cts.explain(tables)
    row = only_limit(explanation)
    assert row["proven"]
    assert row["amount"] == pytest.approx(row["least"], rel=1e-4)
    monkeypatch.setattr("ctsopt.solving.run._impossible", lambda case: InfeasibleError("", None))
    assert has_plan(moved(tables, row, row["amount"] * (1 + 2e-4)))
    assert not has_plan(moved(tables, row, row["amount"] * (1 - 2e-4)))


def test_an_amount_that_is_not_proven_is_said_with_what_is(monkeypatch):
    """120 is what it takes; of which 60 are proven where the search is stopped halfway."""
    least = Questions.least

    def halfway(self, columns, let_go):
        plan, _, bound = least(self, columns, let_go)
        return plan, False, bound / 2

    monkeypatch.setattr(Questions, "least", halfway)
    explanation = cts.explain(chain(settings={"budget": 80}))
    assert "(at most 120, at least 60 USD more would be enough)" in str(explanation)
    assert not explanation.limits["proven"].any()


def test_where_no_amount_was_found_in_time_it_is_not_said_that_none_is_enough(monkeypatch):
    monkeypatch.setattr(Questions, "least", lambda self, columns, let_go: (None, False, 0.0))
    said = str(cts.explain(chain(settings={"budget": 80})))
    assert "by how much it would have to give way was not found within the time" in said
    assert "nothing that it gives way is enough" not in said


def test_reasons_and_offers_share_their_time(monkeypatch):
    """The reasons took 5 of 12 seconds: the offers have 7."""
    clock = iter([100.0, 105.0, 200.0])
    asked = []

    class Shop:
        def __init__(self, net, wanted, found, keeps, deadline, dearest):
            asked.append(deadline)

        def offers(self):
            return []

    monkeypatch.setattr("ctsopt.solving.explaining.ladder.why", lambda *given: asked.append(given[-1]) or object())
    monkeypatch.setattr("ctsopt.solving.explaining.ladder.Shop", Shop)
    monkeypatch.setattr("ctsopt.solving.explaining.ladder.time", SimpleNamespace(monotonic=lambda: next(clock)))
    case(cts.network(chain()), seconds=12.0).offers()
    assert asked == [109.0, 207.0]


def test_large_amounts_are_written_out():
    """Two million units at 2 each, of which half is paid for."""
    tables = chain(settings={"budget": 2_000_000}, demand=table({"customer": "C", "quantity": 2_000_000}))
    assert "(2,000,000 USD more would be enough)" in str(cts.explain(tables))
