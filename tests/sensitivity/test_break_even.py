"""Break-evens: the worked case with a third plan in between, and random networks against single solves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.errors import InfeasibleError, UsageError
from ctsopt.sensitivity.envelope import Answered, Line, pieces, proven, trace
from ctsopt.testing import random_network
from tests.often import sampled
from tests.small import lanes, table

FREIGHT = {"table": "modes", "column": "per_weight_distance"}


def three_sites(**mode: float) -> cts.Network:
    """A 100 + 40 t, B 180 + 20 t, C 130 + 30 t, with t the charge for each kg and unit of distance."""
    away = {"A": 40, "B": 20, "C": 30}
    fixed = {"A": 100, "B": 180, "C": 130}
    routes = lanes("A-X", "B-X", "C-X").assign(distance=list(away.values()))
    return cts.network({
        "sites": table(*({"site": s, "kind": "plant", "may_close": "yes", "fixed_cost": f} for s, f in fixed.items())),
        "customers": table({"customer": "X"}), "demand": table({"customer": "X", "quantity": 1, "order_size": 1}),
        "modes": table({"mode": "truck", "per_weight_distance": 1} | mode), "lanes": routes})


def test_a_third_network_is_best_between_those_of_the_ends():
    """A and B cross at 4, where both cost 260; C costs 250 there. The switches are 3 and 5, at 220 and 280."""
    found = cts.break_even(three_sites(), FREIGHT, 1, 10)
    assert found.switches["at"].tolist() == pytest.approx([3, 5])
    assert found.switches["cost"].tolist() == pytest.approx([220, 280])
    assert found.switches[["opens", "closes"]].to_numpy().tolist() == [["C", "A"], ["B", "C"]]
    assert found.pieces["sites"].tolist() == ["A", "C", "B"]
    assert found.pieces["slope"].tolist() == pytest.approx([40, 30, 20])
    assert len(found.asked) == 5  # twice the plans, less one
    assert found.cost_at(4).point == pytest.approx(250)
    assert found.gap_money == pytest.approx(0, abs=1e-6)
    assert found.nearest(4) == pytest.approx(0.25)
    assert "switch at 3 (3 to 3), cost 220.00: opens C, closes A" in str(found)


def test_what_is_not_proven_makes_a_switch_wider():
    """A gap of 2 where slopes are 40 and 30: 3 is between 2.8 and 3.2."""
    plans = {"A": (100, 40), "B": (180, 20), "C": (130, 30)}

    def solve(value: float) -> Answered[str]:
        name = min(plans, key=lambda each: plans[each][0] + plans[each][1] * value)
        line = Line(0, 10, plans[name][0], plans[name][0] + 10 * plans[name][1])
        return Answered(value, name, line, line.cost(value) - 2)

    answers = trace(solve, 0, 10, lambda _: 2)
    found = [(each.plan, start, end) for each, start, end in pieces(answers)]
    assert [name for name, _, _ in found] == ["A", "C", "B"]
    assert [end for _, _, end in found] == pytest.approx([3, 5, 10])
    assert proven(answers, 3) == pytest.approx(218)
    assert (220 - proven(answers, 3)) / (40 - 30) == pytest.approx(0.2)


@pytest.mark.parametrize("seed", sampled(range(40), 20, quick=0))
def test_between_the_switches_no_network_is_cheaper(seed):
    """Fixed costs of all sites, from nothing to three times: solved at figures in between, each by itself."""
    try:
        net = cts.network(random_network(seed, stock=False, budget=False, opening_stock=False))
        found = cts.break_even(net, {"table": "sites", "column": "fixed_cost", "op": "scale"}, 0, 3)
    except InfeasibleError:
        pytest.skip("the promises cannot be kept")
    slopes = found.pieces["slope"].to_numpy()
    assert (np.diff(slopes) < 0).all()
    assert found.pieces["to"].tolist()[:-1] == found.pieces["from"].tolist()[1:]
    for value in (0.7, 1.9):
        least = cts.solve(net.with_edits({"table": "sites", "scale": {"fixed_cost": value}}), gap=0).least_cost
        said, near = found.cost_at(value), 1e-6 * abs(least.point)
        assert said.low - near <= least.high
        assert least.low - near <= said.high
        assert said.point == pytest.approx(least.point, rel=1e-6)


def test_what_is_no_cost_is_refused():
    net = three_sites()
    with pytest.raises(UsageError, match="changes more than what a plan costs"):
        cts.break_even(net, {"table": "demand", "column": "quantity"}, 1, 2)
    with pytest.raises(UsageError, match="give a range"):
        cts.break_even(net, FREIGHT, 2, 2)
    with pytest.raises(UsageError, match="did you mean 'column'"):
        cts.break_even(net, {"table": "modes", "colum": "per_weight"}, 1, 2)


def test_a_minimum_charge_is_no_straight_line():
    with pytest.raises(UsageError, match="no straight line"):
        cts.break_even(three_sites(minimum_charge=100), FREIGHT, 1, 8)


def test_the_command_says_the_same(tmp_path):
    three_sites().write(tmp_path / "three")
    made = CliRunner().invoke(app, ["break-even", str(tmp_path / "three"), "modes.per_weight_distance", "--from", "1",
                                    "--to", "10", "-w", "mode=truck", "--json"])
    assert made.exit_code == 0, made.output
    said = json.loads(made.stdout)
    assert [row["at"] for row in said["switches"]] == pytest.approx([3, 5])
    wrong = CliRunner().invoke(app, ["break-even", str(tmp_path / "three"), "modes", "--from", "0", "--to", "1"])
    assert wrong.exit_code == 2
