"""A smaller program with the same least cost: what goes, and that its plans are those of the whole program."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.programs.highs import Highs
from ctsopt.programs.merging import merged
from ctsopt.programs.program import Program
from ctsopt.programs.reduced import Reduced
from ctsopt.programs.whole_moves import whole_moves
from ctsopt.testing import random_network
from tests.often import of_the_day, sampled
from tests.small import rates, table

TWO_SITES = {"sites": table({"site": "A", "kind": "plant", "status": "candidate", "fixed_cost": 50, "capacity": 80},
                            {"site": "B", "kind": "plant", "status": "candidate", "fixed_cost": 30, "capacity": 70})}

SINGLE = TWO_SITES | {
    "customers": table(*({"customer": name, "single_source": "customer"} for name in ("C1", "C2"))),
    "demand": table({"customer": "C1", "quantity": 40}, {"customer": "C2", "quantity": 60}),
    "rates": rates(A_C1=1, A_C2=2, B_C1=3, B_C2=1)}
"""A alone has no room for both, nor has B: A sends 40 to C1 for 40, B 60 to C2 for 60; both are open, for 80."""

ALIKE = TWO_SITES | {
    "customers": table({"customer": "C1"}, {"customer": "C2"}, {"customer": "C3"}),
    "demand": table({"customer": "C1", "quantity": 40}, {"customer": "C2", "quantity": 60},
                    {"customer": "C3", "quantity": 10}),
    "rates": rates(A_C1=2, A_C2=2, A_C3=2, B_C1=3, B_C2=3, B_C3=4)}
"""110 units: A sends 80 at 2, B the other 30 at 3, all of them to C1 and C2; both sites are open, for 80."""


def whole(tables: dict) -> Program:
    return build(cts.network(tables))


def optimum(model: Reduced, *, relax: bool = False) -> tuple[float, np.ndarray]:
    """Least cost of the smaller program, and its plan in all columns."""
    end = Highs(model.arrays, relax=relax, mip_rel_gap=0.0, mip_abs_gap=1e-9).run()
    assert end.plan is not None
    return end.value, model.spread(end.plan)


def assert_plan(program: Program, plan: np.ndarray, cost: float) -> None:
    """Every row holds, lazy ones included, and the plan costs so much."""
    arrays = program.arrays
    activity, off = arrays.matrix @ plan, 1e-6 * (1 + abs(arrays.matrix) @ np.abs(plan))
    assert (activity >= arrays.row_lower - off).all()
    assert (activity <= arrays.row_upper + off).all()
    assert arrays.cost @ plan + arrays.offset == pytest.approx(cost, rel=1e-9)


def test_the_whole_customer_moves():
    """Of four deliveries none is left, and what ties them to their source says nothing any more."""
    program = whole(SINGLE)
    model = whole_moves(Reduced.of(program))
    assert model.notes == {"moved_whole": 4}
    assert len(model.arrays.cost) == program.columns - 4
    assert (model.place[program.rows["source_use"].span] == -1).all()
    assert (model.place[program.rows["deliver_from_source"].span] == -1).all()
    cost, plan = optimum(model)
    assert cost == pytest.approx(40 + 60 + 80)
    assert plan[program.variables["deliver"].span].tolist() == [40, 0, 0, 60]  # A-C1, A-C2, B-C1, B-C2
    assert_plan(program, plan, cost)


@pytest.mark.parametrize("free", [{"single_source": "no", "max_sources": 2}, {"single_source": "no"}])
def test_a_customer_with_two_sources_is_split(free):
    """C1 may have both: A sends 20 to each for 60 where it has room, and nothing of it is all or nothing."""
    program = whole(SINGLE | {"customers": table({"customer": "C1", **free}, {"customer": "C2", **free})})
    assert whole_moves(Reduced.of(program)).notes == {}


def test_what_may_stay_unserved_is_not_whole():
    """A tenth of C1 may be left: then 36 from A is a plan, which is neither all nor nothing."""
    tables = SINGLE | {"tiers": table({"tier": "standard", "shortage_cost": 0.5}),
                       "promises": table({"tier": "standard", "served_fraction": 0.9})}
    assert whole_moves(Reduced.of(whole(tables))).notes == {}


def test_customers_with_the_same_ways_are_one():
    """C1 and C2 are one customer of 100; C3 pays more from B. What B sends is shared out 2 to 3."""
    program = whole(ALIKE)
    model = merged(Reduced.of(program))
    assert model.notes == {"merged": 3}  # from A, from B, unserved
    assert sorted(model.arrays.row_lower[model.place[program.rows["serve_demand"].span]].tolist()) == [10, 100, 100]
    cost, plan = optimum(model)
    assert cost == pytest.approx(80 * 2 + 30 * 3 + 80)
    sent = dict(zip(program.variables["deliver"].index.labels(), plan[program.variables["deliver"].span], strict=True))
    of_b = {key[2]: amount for key, amount in sent.items() if key[0] == "B"}
    assert of_b == pytest.approx({"C1": 12, "C2": 18, "C3": 0})
    assert_plan(program, plan, cost)


@pytest.mark.parametrize("different", [
    {"rates": rates(A_C1=2, A_C2=2, A_C3=2, B_C1=3, B_C2=3.001, B_C3=4)},
    {"customers": table({"customer": "C1"}, {"customer": "C2", "max_sources": 1}, {"customer": "C3"})},
    {"contracts": table({"contract": "n", "kind": "max_volume", "customer": "C1", "site": "A", "quantity": 15})},
])
def test_customers_who_differ_in_anything_are_not_one(different):
    assert merged(Reduced.of(whole(ALIKE | different))).notes == {}


def test_a_proposal_that_is_not_exact_is_refused(monkeypatch):
    """C3 taken for the same as C1 and C2: it is not, and the program stays as it is."""
    from ctsopt.programs import merging

    program = whole(ALIKE)
    real = merging._groups

    def careless(arrays):
        groups = real(arrays)
        of = program.variables["deliver"].span
        column = groups.column.copy()
        column[of] = np.repeat(column[of][[0, 3]], 3)
        column = np.unique(column, return_inverse=True)[1]
        return merging._Groups(column, groups.row, merging._shares(np.ones(len(column)), column), groups.of_row)

    monkeypatch.setattr(merging, "_groups", careless)
    assert merged(Reduced.of(program)).notes == {}


@pytest.mark.parametrize("seed", [*sampled(range(24), every=8), *of_the_day(100)])
def test_the_least_cost_is_the_same(seed):
    """Random networks, each customer three times: again as it is, and half as large. The plan keeps every row."""
    try:
        program = build(cts.network(_thrice(random_network(seed))))
    except cts.DataError:
        return
    model = merged(whole_moves(Reduced.of(program)))
    one, other = (Highs(arrays, mip_rel_gap=0.0, mip_abs_gap=1e-9).run() for arrays in (program.arrays, model.arrays))
    assert one.stopped_by == other.stopped_by
    if one.plan is not None:
        assert other.value == pytest.approx(one.value, rel=1e-6, abs=1e-6)
        assert_plan(program, model.spread(other.plan), other.value)


def _thrice(tables: dict) -> dict:
    """The customers twice more, with all that names them; half the demand the second time."""
    import pandas as pd

    made = dict(tables)
    names = set(tables["customers"]["customer"])
    for table_name, frame in tables.items():
        if not isinstance(frame, pd.DataFrame) or table_name == "contracts":
            continue
        columns = [c for c in ("customer", "destination") if c in frame.columns]
        if not columns:
            continue
        mine = frame[frame[columns[0]].isin(names)]
        copies = [frame]
        for mark, share in (("x", 1.0), ("y", 0.5)):
            copy = mine.assign(**{columns[0]: mine[columns[0]].astype(str) + mark})
            copies.append(copy.assign(quantity=copy["quantity"] * share) if table_name == "demand" else copy)
        made[table_name] = pd.concat(copies, ignore_index=True)
    return made
