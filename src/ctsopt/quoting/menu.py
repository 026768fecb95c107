"""Menus: what each of several promises would cost the same customers; and several changes as one bundle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.quoting.change import PROMISED, Change
from ctsopt.quoting.games import MOST, Game, coalitions
from ctsopt.quoting.lenses import SMALLEST, Answer, Lens
from ctsopt.quoting.quote import changed_network, quote

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

KEPT, PRICED, OPEN, IMPOSSIBLE = CELLS = ("kept already", "priced", "not proven", "impossible")
"""What a cell of a menu may be."""

_LOOSER = {"lead_time": 1, "reliability": -1, "on_time_share": -1, "fill_rate": -1, "served_fraction": -1}


@dataclass(frozen=True)
class _Cell:
    """One promise of a menu, and what it costs."""

    values: tuple[float, ...]
    low: float
    point: float
    why: str = ""
    offer: str = ""


def price_menu(base: Solution, customers: Sequence[str] | str = (), *, group: str = "", lens: Lens = "flows",
               modes: Sequence[str] = (), width: float = 0.1, time_limit: float = 60.0, seed: int = 0,
               **axes: Sequence[float]) -> pd.DataFrame:
    """What each promise of a grid would cost some customers.

    Parameters
    ----------
    base : Solution
        The plan that is run.
    customers, group
        Whose promise it is, as in `Change`.
    lens : str
        What may move.
    modes : sequence of str
        Modes by which the promises may be kept; all of them where it is left out.
    width, time_limit, seed
        As in `quote`.
    **axes : sequence of float
        One or two of lead_time, reliability, on_time_share, fill_rate, served_fraction, each with its values.

    Returns
    -------
    DataFrame
        One row a cell: the axes, cell (kept already, priced, not proven: the interval is wider than was asked,
        impossible), low and point (money over the horizon), why and offer of what is impossible. A stricter promise
        never costs less: what is proven of a looser one holds for it, too, and a plan that keeps it keeps the looser
        one.

    Raises
    ------
    UsageError
        If an axis is not known, or there are more than two.

    Examples
    --------
    >>> import ctsopt as cts
    >>> from ctsopt import examples
    >>> base = cts.solve(cts.read(examples.path("two_dcs")), gap=0)
    >>> price_menu(base, "D", lead_time=[1, 1.5])[["lead_time", "cell", "point"]].to_numpy().tolist()
    [[1.0, 'priced', 25000.0], [1.5, 'kept already', 0.0]]
    """
    if not 1 <= len(axes) <= 2 or any(name not in PROMISED for name in axes):
        raise UsageError(f"a menu has one or two axes of {', '.join(PROMISED)}, not {', '.join(axes) or 'none'}")
    names = list(axes)
    grid = list(product(*(sorted({float(v) for v in axes[name]}, reverse=_LOOSER[name] > 0) for name in names)))
    cells: dict[tuple[float, ...], _Cell] = {}
    for values in grid:  # the loosest first
        looser = [cells[other] for other in cells if _is_looser(names, other, values)]
        blocked = next((cell for cell in looser if math.isinf(cell.point)), None)
        promised: dict[str, Any] = dict(zip(names, values, strict=True))
        cells[values] = replace(blocked, values=values) if blocked is not None else _priced(
            base, Change(customers, group, modes=modes, **promised), values, lens, width, time_limit, seed)
    made = _enveloped(names, cells)
    least = SMALLEST * abs(base.cash_cost)
    return pd.DataFrame([(*cell.values, _kind(cell, width, least), cell.low, cell.point, cell.why, cell.offer)
                         for cell in (made[values] for values in sorted(grid))],
                        columns=[*names, "cell", "low", "point", "why", "offer"]).assign(
        low=lambda rows: rows["low"].where(rows["cell"] != IMPOSSIBLE),
        point=lambda rows: rows["point"].where(rows["cell"] != IMPOSSIBLE).mask(rows["cell"] == KEPT, 0.0))


def _priced(base: Solution, change: Change, values: tuple[float, ...], lens: Lens, width: float, time_limit: float,
            seed: int) -> _Cell:
    found = quote(base, change, lenses=[lens], width=width, time_limit=time_limit, seed=seed).headline
    if found.possible:
        return _Cell(values, found.low, found.point)
    if found.explanation is None:
        return _Cell(values, -math.inf, math.nan, found.proof)
    offers = found.explanation.offers
    return _Cell(values, math.inf, math.inf, found.explanation.why(), str(offers[0]) if offers else "")


def _is_looser(names: Sequence[str], one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether a promise is kept by whoever keeps the other one."""
    return all((a - b) * _LOOSER[name] >= 0 for name, a, b in zip(names, one, other, strict=True))


def _enveloped(names: Sequence[str], cells: Mapping[tuple[float, ...], _Cell]) -> dict[tuple[float, ...], _Cell]:
    """Lows from looser promises, plans from stricter ones."""
    made = {}
    for values, cell in cells.items():
        lows = [other.low for other in cells.values() if _is_looser(names, other.values, values)]
        points = [other.point for other in cells.values() if _is_looser(names, values, other.values)
                  and not math.isnan(other.point)]
        point = min(points, default=math.nan)
        made[values] = replace(cell, point=point, low=min(max(lows), point) if points else max(lows))
    return made


def _kind(cell: _Cell, width: float, least: float) -> str:
    if math.isinf(cell.point):
        return IMPOSSIBLE
    if math.isnan(cell.point) or cell.point - cell.low > max(width * abs(cell.point), least) * (1 + 1e-6):
        return OPEN
    return KEPT if abs(cell.point) <= least else PRICED


# ---- several changes as one ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Bundle:
    """Several changes, priced one by one and together.

    Attributes
    ----------
    names : tuple of str
        What the changes are called.
    game : Game
        What each set of them costs, by the same lens.
    """

    names: tuple[str, ...]
    game: Game

    @property
    def together(self) -> Certified:
        """What all of them cost together."""
        return self.game.costs[frozenset(self.names)]

    @property
    def interaction(self) -> Certified:
        """What they cost together beyond the sum of what each costs by itself: below 0 where one pays for another."""
        alone = [self.game.costs[frozenset([name])] for name in self.names]
        return self.together - sum(alone[1:], alone[0])

    @property
    def pairs(self) -> pd.DataFrame:
        """The interaction of each pair: one, other, low, point, high (money over the horizon)."""
        costs, rows = self.game.costs, []
        for one, other in combinations(self.names, 2):
            more = costs[frozenset([one, other])] - costs[frozenset([one])] - costs[frozenset([other])]
            rows.append((one, other, more.low, more.point, more.high))
        return pd.DataFrame(rows, columns=["one", "other", "low", "point", "high"])

    @property
    def shares(self) -> pd.DataFrame:
        """What each change bears of them all: change, alone, last (what it adds to the others), share (Shapley)."""
        shapley, last = self.game.shapley(), self.game.last_in()
        return pd.DataFrame([(name, self.game.cost([name]), last[name], shapley[name]) for name in self.names],
                            columns=["change", "alone", "last", "share"])


def bundle(base: Solution, *changes: Change, lens: Lens = "additions", width: float = 0.1, time_limit: float = 60.0,
           seed: int = 0) -> Bundle:
    """Several changes at once: what they cost together, and what each bears of it.

    Parameters
    ----------
    base : Solution
        The plan that is run.
    *changes : Change
        At most eight; every set of them is priced.
    lens, width, time_limit, seed
        As in `quote`.

    Raises
    ------
    UsageError
        If there are fewer than two or more than eight, or some set of them is impossible.
    """
    if not 2 <= len(changes) <= MOST:
        raise UsageError(f"a bundle has two to {MOST} changes, not {len(changes)}")
    names = _names(changes)
    made = dict(zip(names, changes, strict=True))
    costs: dict[frozenset[str], Certified] = {}
    for some in coalitions(names):
        chosen = [made[name] for name in names if name in some]
        answer = quote(base, *chosen, lenses=[lens], width=width, time_limit=time_limit, seed=seed).headline
        costs[some] = _certified(answer, [name for name in names if name in some])
    return Bundle(tuple(names), Game(names, costs))


def repriced(base: Solution, signed: Sequence[Change], *changes: Change, **options: Any) -> Any:
    """A quote anew after others were signed: against the plan that they lead to.

    Parameters
    ----------
    base : Solution
        The plan that was run before.
    signed : sequence of Change
        What was signed since.
    *changes : Change
        What is quoted; `options` as in `quote`.

    Returns
    -------
    Quote
        Its base is the plan with what was signed, with additions.
    """
    plan = quote(base, *signed, lenses=["additions"]).plan
    return quote(plan, *changes, **options)


def is_stale(base: Solution, quoted: Sequence[Change], signed: Sequence[Change]) -> bool:
    """Whether a quote has to be made anew: what was signed since changes the tables that it was made from."""
    with_signed, _ = changed_network(base.net, signed)
    return bool(with_signed.hash != base.net.hash) and bool(quoted)


def _names(changes: Sequence[Change]) -> list[str]:
    names: list[str] = []
    for change in changes:
        name = change.label or repr(change)[len("Change("):-1]
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _certified(answer: Answer, names: Sequence[str]) -> Certified:
    if not answer.possible:
        raise UsageError(f"{' and '.join(names)}: {answer.proof}; quote them by themselves to see why")
    return Certified(answer.low, answer.point, answer.high)
