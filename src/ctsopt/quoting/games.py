"""Cost sharing among up to eight groups: what cooperative games say of shares, as an audit of those that are traced.

A game gives the cost of serving each coalition of groups. No rule here is a price, and none takes the place of tracing:
they answer whether a group would be better off by itself (the core), and what the usual rules of the literature give.

References: Shapley (1953); Schmeidler (1969, nucleolus); Young, Okada and Hashimoto (1982, seven rules on one water
supply); Frisk et al. (2010, equal profit method).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from ctsopt.keys import Bools, Floats

MOST = 8
"""Players of a game: with eight there are 255 coalitions."""

_TIGHT = 1e-7
"""Share of the largest cost by which two amounts may differ and be the same."""

_SCALE = 1e3
"""Largest cost in the linear programs: their tolerances are absolute, so that money of any size is brought to it."""

Coalition = frozenset[str]


@dataclass(frozen=True, eq=False)
class Game:
    """What each coalition of players costs.

    Parameters
    ----------
    players : sequence of str
        Their names, at most eight.
    costs : mapping of frozenset to float or Certified
        Cost of each coalition that is not empty; that of the empty one (`frozenset()`) is 0 unless it is given: sites
        that are paid for whoever is served.

    Raises
    ------
    UsageError
        If there are too many players, or a coalition has no cost.

    Examples
    --------
    >>> game = Game.of(["a", "b"], {"a": 6, "b": 8, "ab": 10})
    >>> game.shapley().to_dict()
    {'a': 4.0, 'b': 6.0}
    """

    players: Sequence[str]
    costs: Mapping[Coalition, Certified]

    def __init__(self, players: Sequence[str], costs: Mapping[Coalition, float | Certified]) -> None:
        if not 1 <= len(players) <= MOST or len(set(players)) < len(players):
            raise UsageError(f"a game has one to {MOST} players of different names, not {len(players)}")
        made = {frozenset[str](): Certified(0.0, 0.0, 0.0)} | {
            some: cost if isinstance(cost, Certified) else Certified(cost, cost, cost) for some, cost in costs.items()}
        for some in coalitions(players):
            if some not in made:
                raise UsageError(f"what {' and '.join(sorted(some))} cost is not given")
        object.__setattr__(self, "players", tuple(players))
        object.__setattr__(self, "costs", made)

    @classmethod
    def of(cls, players: Sequence[str], costs: Mapping[str, float]) -> Game:
        """A game whose players have names of one letter, and coalitions are words of them."""
        return cls(players, {frozenset(word): cost for word, cost in costs.items()})

    def cost(self, some: Iterable[str]) -> float:
        """Cost of a coalition, at the plans that are known."""
        return self.costs[frozenset(some)].point

    @property
    def total(self) -> float:
        """What all players cost together, beyond what is paid for nobody."""
        return self.cost(self.players) - self.cost(())

    @cached_property
    def _members(self) -> Bools:
        """One row a coalition that is neither empty nor everybody, one column a player."""
        return np.array([[player in some for player in self.players] for some in self._proper], dtype=bool)

    @cached_property
    def _proper(self) -> list[Coalition]:
        return [some for some in coalitions(self.players) if len(some) < len(self.players)]

    @cached_property
    def _worth(self) -> Floats:
        return np.array([self.cost(some) - self.cost(()) for some in self._proper])

    @property
    def _size(self) -> float:
        return max(abs(cost.point) for cost in self.costs.values()) or 1.0

    @property
    def _unit(self) -> float:
        """Money that is 1 in the linear programs."""
        return self._size / _SCALE

    def _named(self, values: Iterable[float]) -> pd.Series[float]:
        return pd.Series([float(value) for value in values], list(self.players))

    # ---- figures -----------------------------------------------------------------------------------------------------

    def stand_alone(self) -> pd.Series[float]:
        """What each player costs by itself: nobody should bear more."""
        return self._named(self.cost([player]) - self.cost(()) for player in self.players)

    def last_in(self) -> pd.Series[float]:
        """What would be saved without each player: nobody should bear less. They do not add up to anything."""
        return self._named(self.cost(self.players) - self.cost(self._but(player)) for player in self.players)

    def _but(self, player: str) -> list[str]:
        return [other for other in self.players if other != player]

    # ---- rules -------------------------------------------------------------------------------------------------------

    def shapley(self) -> pd.Series[float]:
        """Each player's mean additional cost over all orders in which the players may come."""
        return self._named(interval.point for interval in self.shapley_between())

    def shapley_between(self) -> pd.Series[Any]:
        """The same as certified amounts, from the ends of the costs."""
        many, found = len(self.players), []
        for player in self.players:
            others, share = self._but(player), Certified(0.0, 0.0, 0.0)
            for size in range(many):
                weight = 1.0 / (many * math.comb(many - 1, size))
                for some in combinations(others, size):
                    share += (self.costs[frozenset([*some, player])] - self.costs[frozenset(some)]) * weight
            found.append(share)
        return pd.Series(found, list(self.players), dtype=object)

    def equal_charge(self) -> pd.Series[float]:
        """What each saves by leaving, and the rest in equal parts (ECM)."""
        marginal = self.last_in()
        return marginal + (self.total - marginal.sum()) / len(self.players)

    def remaining_benefits(self) -> pd.Series[float]:
        """What each saves by leaving, and the rest as the benefits that remain (SCRB); in equal parts where none do."""
        marginal, alone = self.last_in(), self.stand_alone()
        rest, benefit = self.total - marginal.sum(), alone - marginal
        if abs(benefit.sum()) <= _TIGHT * self._size:
            return marginal + rest / len(self.players)
        return marginal + rest * benefit / benefit.sum()

    def nucleolus(self) -> pd.Series[float]:
        """The shares under which the coalition that gains least gains most, then the next one, and so on.

        A sequence of linear programs; a coalition is settled only where it gains no more in any of the best answers.
        """
        many, settled = len(self.players), dict[int, float]()
        while True:
            gain, shares = self._least_gain(settled)
            if len(settled) == len(self._proper):
                return self._named(shares)
            open_ones = [row for row in range(len(self._proper)) if row not in settled]
            tight = [row for row in open_ones if self._most_gain(row, settled, gain) <= gain + _TIGHT * self._size]
            settled |= dict.fromkeys(tight or open_ones, gain)
            fixed = self._members[list(settled)].astype(float)
            if np.linalg.matrix_rank(np.vstack([fixed, np.ones(many)])) == many:
                return self._named(self._least_gain(settled)[1])

    def _least_gain(self, settled: Mapping[int, float]) -> tuple[float, Floats]:
        """The largest least gain of the coalitions that are not settled, and shares that give it."""
        answer = self._solved(np.append(np.zeros(len(self.players)), -1.0), settled, None)
        return float(answer[-1]), answer[:-1]

    def _most_gain(self, row: int, settled: Mapping[int, float], gain: float) -> float:
        """The most that one coalition may gain while no other open one gains less than that."""
        goal = np.append(self._members[row].astype(float), 0.0)
        shares = self._solved(goal, settled, gain)[:-1]
        return float(self._worth[row] - self._members[row] @ shares)

    def _solved(self, goal: Floats, settled: Mapping[int, float], gain: float | None) -> Floats:
        """Shares and least gain: x(S) + gain <= c(S) of open coalitions, x(S) = c(S) - gain of settled ones."""
        from scipy.optimize import linprog

        unit, worth = self._unit, self._worth / self._unit
        is_open = np.array([row not in settled for row in range(len(self._proper))])
        matrix = np.column_stack([self._members.astype(float), np.ones(len(self._proper))])
        equal = np.vstack([np.append(np.ones(len(self.players)), 0.0),
                           *(np.append(self._members[row].astype(float), 0.0) for row in settled)])
        sides = [self.total / unit, *(worth[row] - value / unit for row, value in settled.items())]
        held = (None, None) if gain is None else (gain / unit, gain / unit)
        if gain is None and not is_open.any():
            held = (0.0, 0.0)
        found = linprog(goal, A_ub=matrix[is_open] if is_open.any() else None,
                        b_ub=worth[is_open] if is_open.any() else None, A_eq=equal, b_eq=sides,
                        bounds=[(None, None)] * len(self.players) + [held], method="highs")
        if found.x is None:
            raise AssertionError(f"the shares of a game are always to be had: {found.message}")
        return np.asarray(found.x, dtype=np.float64) * unit

    def equal_profit(self) -> EqualProfit:
        """Shares that are as alike as can be in parts of what each costs alone, within the core.

        Where the core is empty, within the least core: every coalition may bear more than its cost by the same least
        amount.
        """
        from scipy.optimize import linprog

        many, unit = len(self.players), self._unit
        alone = self.stand_alone().to_numpy() / unit
        if (alone <= 0).any():
            raise UsageError("equal profit needs players that cost something by themselves")
        over = self.core_gap()
        pairs = [(i, j) for i in range(many) for j in range(many) if i != j]
        apart = np.zeros((len(pairs), many + 1))
        for row, (i, j) in enumerate(pairs):
            apart[row, [i, j]] = 1 / alone[i], -1 / alone[j]
            apart[row, -1] = -1.0
        core = np.column_stack([self._members.astype(float), np.zeros(len(self._proper))])
        found = linprog(np.append(np.zeros(many), 1.0), A_ub=np.vstack([apart, core]),
                        b_ub=np.concatenate([np.zeros(len(pairs)),
                                             (self._worth + over) / unit + _TIGHT * _SCALE * 1e-3]),
                        A_eq=[np.append(np.ones(many), 0.0)], b_eq=[self.total / unit],
                        bounds=[(None, None)] * many + [(0, None)], method="highs")
        answer = np.asarray(found.x, dtype=np.float64)
        return EqualProfit(self._named(answer[:-1] * unit), float(answer[-1]), over)

    # ---- the core ----------------------------------------------------------------------------------------------------

    def core_gap(self) -> float:
        """By how much every coalition must bear more than its cost for there to be shares; 0 where the core has any."""
        if len(self.players) == 1:
            return 0.0
        return max(-self._least_gain({})[0], 0.0)

    def core_test(self, shares: Mapping[str, float] | pd.Series[float]) -> CoreTest:
        """Whether some coalition bears more than it costs by itself; the one that does so most.

        Raises
        ------
        UsageError
            If a player has no share.
        """
        given = {str(name): float(value) for name, value in shares.items()}
        for player in self.players:
            if player not in given:
                raise UsageError(unknown_name("share of", player, given))
        over = [sum(given[name] for name in some) - (self.cost(some) - self.cost(())) for some in self._proper]
        worst = int(np.argmax(over)) if over else -1
        amount = max(over[worst], 0.0) if over else 0.0
        holds = amount <= _TIGHT * self._size
        return CoreTest(holds, () if holds else tuple(p for p in self.players if p in self._proper[worst]),
                        0.0 if holds else amount)

    def table(self, traced: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Every rule side by side: one row a player and a last one, `core`, that says which are in the core.

        Parameters
        ----------
        traced : mapping of str to float, optional
            Shares by another rule, such as those of cost-to-serve.
        """
        rules: dict[str, pd.Series[float]] = {} if traced is None else {"traced": self._named(
            traced[player] for player in self.players)}
        rules |= {"shapley": self.shapley(), "nucleolus": self.nucleolus(), "equal_profit": self.equal_profit().shares,
                  "remaining_benefits": self.remaining_benefits(), "equal_charge": self.equal_charge()}
        told = {name: [*shares, "yes" if (test := self.core_test(shares)).holds else
                       f"no: {' and '.join(test.coalition)} {test.amount:,.6g} too much"]
                for name, shares in rules.items()}
        bounds = {"last_in": [*self.last_in(), ""], "stand_alone": [*self.stand_alone(), ""]}
        return pd.DataFrame(told | bounds, [*self.players, "core"])


@dataclass(frozen=True)
class EqualProfit:
    """Shares by equal profit, the largest difference of their parts of stand-alone cost, and the least core."""

    shares: pd.Series[float]
    apart: float
    over: float


@dataclass(frozen=True)
class CoreTest:
    """Whether no coalition bears more than its cost; else the worst one, and by how much."""

    holds: bool
    coalition: tuple[str, ...]
    amount: float


def coalitions(players: Sequence[str]) -> list[Coalition]:
    """Every coalition that is not empty, small ones first."""
    return [frozenset(some) for size in range(1, len(players) + 1) for some in combinations(players, size)]


def death_spiral(revenue: Mapping[str, float], game: Game) -> pd.DataFrame:
    """What becomes of who is dropped because its share is above its revenue, beside what leaving would really save.

    Round by round the players whose average share (by stand-alone cost) is above their revenue are dropped, and the
    rest bears what is left.

    Returns
    -------
    DataFrame
        round, dropped, profit (of those that are left), saved (cost that really went), lost (revenue that went).
    """
    left, rows = list(game.players), list[tuple[int, str, float, float, float]]()
    while left:
        cost = game.cost(left)
        alone = {player: game.cost([player]) for player in left}
        shares = {player: cost * alone[player] / sum(alone.values()) for player in left}
        out = [player for player in left if revenue[player] < shares[player]]
        rest = [player for player in left if player not in out]
        rows.append((len(rows), ", ".join(out), sum(revenue[p] for p in left) - cost, cost - game.cost(rest),
                     sum(revenue[p] for p in out)))
        if not out:
            break
        left = rest
    return pd.DataFrame(rows, columns=["round", "dropped", "profit", "saved", "lost"])
