"""Games with answers that are worked out by hand or published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.quoting.games import Game, coalitions, death_spiral
from ctsopt.quoting.sharing import cost_game

TWO = Path(__file__).parents[2] / "models" / "two_dcs"


def facility(fixed: list[float], connect: list[list[float]]) -> Game:
    """Each coalition opens the sites that serve it most cheaply."""
    names = [str(i + 1) for i in range(len(connect[0]))]

    def cost(some: frozenset[str]) -> float:
        best = np.inf
        for mask in range(1, 2 ** len(fixed)):
            sites = [i for i in range(len(fixed)) if mask >> i & 1]
            best = min(best, sum(fixed[i] for i in sites) + sum(
                min(connect[i][int(name) - 1] for i in sites) for name in some))
        return best

    return Game(names, {some: cost(some) for some in coalitions(names)})


G1 = facility([100, 60], [[10, 20, 30], [50, 40, 15]])
G2 = facility([90, 60], [[10, 20, 60], [60, 40, 15]])
G3 = Game.of("123", {"1": 2, "2": 2, "3": 2, "12": 2, "13": 2, "23": 2, "123": 4})
G4 = facility([100], [[10, 20, 30]])


@pytest.mark.parametrize(("game", "shapley", "nucleolus", "profit", "benefits"), [
    (G1, [65, 55, 40], [61.667, 51.667, 46.667], [61.754, 56.140, 42.105], [63.571, 53.571, 42.857]),
    (G2, [66.667, 56.667, 51.667], [66.667, 46.667, 61.667], [60, 60, 55], [66.667, 50, 58.333]),
    (G3, [4 / 3] * 3, [4 / 3] * 3, [4 / 3] * 3, [4 / 3] * 3),
    (G4, [43.333, 53.333, 63.333], [43.333, 53.333, 63.333], [48.889, 53.333, 57.778], [43.333, 53.333, 63.333]),
])
def test_worked_games(game, shapley, nucleolus, profit, benefits):
    assert game.shapley().tolist() == pytest.approx(shapley, abs=1e-3)
    assert game.nucleolus().tolist() == pytest.approx(nucleolus, abs=1e-3)
    assert game.equal_profit().shares.tolist() == pytest.approx(profit, abs=1e-3)
    assert game.remaining_benefits().tolist() == pytest.approx(benefits, abs=1e-3)


def test_costs_of_the_first_game():
    assert [G1.cost(word) for word in ("1", "2", "3", "12", "13", "23", "123")] == [110, 100, 75, 130, 125, 115, 160]
    assert G1.last_in().tolist() == [45, 35, 30]


def test_tracing_by_volume_can_charge_a_coalition_more_than_it_costs():
    """G1: 43.33, 53.33, 63.33 charge 2 and 3 116.67, who cost 115; G2: 80, 60, 35 charge 1 and 2 140, who cost 120."""
    test = G1.core_test({"1": 130 / 3, "2": 160 / 3, "3": 190 / 3})
    assert (test.holds, test.coalition) == (False, ("2", "3"))
    assert test.amount == pytest.approx(116.6667 - 115, abs=1e-3)
    assert G2.core_test({"1": 80, "2": 60, "3": 35}).amount == 20
    assert not G2.core_test(G2.shapley()).holds  # 123.33 of 1 and 2, who cost 120
    assert G2.core_test(G2.nucleolus()).holds


def test_a_game_without_a_core():
    """Three sites each free to two of three: everybody costs 4, every pair 2; each must bear 2/3 too much."""
    assert G3.core_gap() == pytest.approx(2 / 3)
    assert G3.equal_profit().over == pytest.approx(2 / 3)
    assert G1.core_gap() == 0
    assert G2.equal_profit().apart == pytest.approx(0.1333, abs=1e-4)


@pytest.mark.parametrize(("needs", "shapley", "nucleolus"), [
    ([8, 11, 13, 18], [2, 3, 4, 9], [3.25, 3.25, 3.25, 8.25]),
    ([40, 50, 60, 70, 80, 90], [n / 6 for n in (40, 52, 67, 87, 117, 177)], [13.333] * 5 + [23.333]),
    ([1500, 2200, 3000], [500, 850, 1650], [733.333, 733.333, 1533.333]),
])
def test_airport_games(needs, shapley, nucleolus):
    """Who needs the longer runway pays for what only it needs (Littlechild and Owen 1973)."""
    names = [chr(ord("a") + i) for i in range(len(needs))]
    game = Game(names, {some: max(needs[names.index(n)] for n in some) for some in coalitions(names)})
    assert game.shapley().tolist() == pytest.approx(shapley)
    assert game.nucleolus().tolist() == pytest.approx(nucleolus, abs=1e-3)


@pytest.mark.parametrize("money", [1 / 7, 1e4 / 7, 1e8 / 7, 1e10 / 7])
def test_shares_are_the_same_parts_in_any_money(money):
    """The airport game 8, 11, 13, 18 in other currencies: tolerances of linear programs know no currency."""
    needs = {"a": 8, "b": 11, "c": 13, "d": 18}
    game = Game(list(needs), {some: money * max(needs[n] for n in some) for some in coalitions("abcd")})
    assert (game.nucleolus() / money).tolist() == pytest.approx([3.25, 3.25, 3.25, 8.25], rel=1e-6)
    assert (game.equal_profit().shares / money).tolist() == pytest.approx([2.88, 3.96, 4.68, 6.48], rel=1e-6)


def test_swedish_water():
    """Young, Okada and Hashimoto: six municipalities share 83.82 by the benefits that remain."""
    alone, marginal = [21.95, 17.08, 10.91, 15.88, 20.81, 21.98], [17.36, 9.85, 0.82, 6.40, 12.90, 14.06]
    names, total = list("ABCDEF"), 83.82
    costs = {}
    for some in coalitions(names):
        # the coalitions between are not needed: remaining benefits look at one, all and all but one
        size = len(some)
        places = [names.index(name) for name in some]
        costs[some] = (alone[places[0]] if size == 1 else total if size == 6 else
                       total - marginal[next(i for i in range(6) if i not in places)] if size == 5 else
                       sum(alone[i] for i in places))
    assert Game(names, costs).remaining_benefits().round(2).tolist() == [19.54, 13.28, 5.61, 10.90, 16.66, 17.82]


def test_what_is_paid_for_nobody_is_nobodys():
    """100 committed; 110 for a, 135 for b, 145 for both: Shapley shares 45 as 10 and 35, not 145."""
    game = Game("ab", {frozenset(): 100, frozenset("a"): 110, frozenset("b"): 135, frozenset("ab"): 145})
    assert game.shapley().tolist() == [10, 35]
    assert game.total == 45


def test_shapley_of_intervals_holds_every_true_game():
    rng = np.random.default_rng(3)
    true = {some: float(rng.uniform(5, 9) * len(some) ** 0.7) for some in coalitions("abcd")}
    loose = {some: Certified(cost - rng.uniform(0, 1), cost, cost + rng.uniform(0, 1)) for some, cost in true.items()}
    between = Game("abcd", loose).shapley_between()
    assert all(between[name].low <= value <= between[name].high for name, value in Game("abcd", true).shapley().items())


def test_the_nucleolus_by_its_definition():
    """Of many other ways to share, none has sorted gains that are better at the first that differs."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        game = Game("abc", {some: float(rng.uniform(5, 9) * len(some) ** 0.6) for some in coalitions("abc")})

        def gains(shares, game=game):
            return np.sort([game.cost(some) - sum(shares[n] for n in some) for some in coalitions("abc")[:6]])

        best, own = game.nucleolus(), gains(game.nucleolus())
        for _ in range(300):
            step = rng.normal(size=3) * 10.0 ** rng.uniform(-4, 0)
            other = gains(best + step - step.mean())
            first = np.flatnonzero(np.abs(other - own) > 1e-6)
            assert not len(first) or other[first[0]] < own[first[0]]


def test_dropping_by_average_cost_drops_everybody():
    """A site of 90 and 10 for each of three who pay 45, 42 and 36: profit 0 with all; c's average share is 40, so it
    goes, which saves 10 and loses 36; then the others' shares are 55."""
    game = Game("abc", {some: 90 + 10 * len(some) for some in coalitions("abc")})
    told = death_spiral({"a": 45, "b": 42, "c": 36}, game)
    assert told["dropped"].tolist() == ["c", "a, b"]
    assert told["saved"].tolist()[0] == 10
    assert told["lost"].tolist()[0] == 36
    assert told["profit"].tolist() == [3, -23]


def test_a_game_of_a_network():
    """The tiers of two_dcs: all together 633,500; without gold West is not needed; the short run keeps its rent."""
    base = cts.solve(cts.read(TWO), gap=0)
    long, short = cost_game(base, gap=0), cost_game(base, run="short", gap=0)
    assert long.cost(["gold", "standard"]) == short.cost(["gold", "standard"]) == 633_500
    assert (short.last_in() <= long.last_in() + 1e-6).all()  # who leaves saves less while sites stay
    assert short.cost([]) == 100_000 + 10_000  # rent of both and the opening of West
    assert long.shapley().sum() == pytest.approx(long.total)
    table = long.table(base.cost_to_serve("tier")["cost"].drop(["total"], errors="ignore").to_dict())
    assert table.loc["gold", "last_in"] == long.last_in()["gold"]
    with pytest.raises(UsageError, match="no column"):
        cost_game(base, "tear")
    with pytest.raises(UsageError, match="short run"):
        cost_game(base.net, run="short")


def test_a_bound_on_cash_leaves_room_for_what_may_stay_unserved():
    """10 units at 2, half of which may be left for 3 each: the plan costs 20, the least cash is 10; 20 - 5 x 3."""
    net = cts.network({
        "sites": pd.DataFrame({"site": ["P", "D"], "kind": ["plant", "dc"]}),
        "customers": pd.DataFrame({"customer": ["A"], "tier": ["t"]}),
        "tiers": pd.DataFrame({"tier": ["t"], "shortage_cost": [3]}),
        "promises": pd.DataFrame({"tier": ["t"], "served_fraction": [0.5]}),
        "demand": pd.DataFrame({"customer": ["A"], "quantity": [10]}),
        "lanes": pd.DataFrame({"origin": ["P", "D"], "destination": ["D", "A"]}),
        "rates": pd.DataFrame({"origin": ["P", "D"], "destination": ["D", "A"], "per_unit": [0, 2]})})
    cost = cost_game(net, gap=0).costs[frozenset(["t"])]
    assert (cost.low, cost.point) == pytest.approx((5, 20))
