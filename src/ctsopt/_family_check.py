"""What can be seen of a user's own row family before it is trusted: see `ctsopt.testing.check_family`."""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import CtsError, DataError
from ctsopt.formulation.build import COSTS, ROWS, STOCK, VARIABLES, build
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.networks.network import Network, network
from ctsopt.programs.algebra import Rows
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program

if TYPE_CHECKING:
    import pandas as pd

_UNIT = re.compile(r"(?:^|\s)\[[^\[\]\n]+\]")
"""A unit in brackets stands by itself; the brackets of keys follow a name, as in open[site]."""

_SEEDS, _NETWORKS = 50, 4
"""Seeds to look through for so many random networks without faults."""

_SAME = 1e-6
"""Relative difference of two optima that counts as the same."""


@dataclass
class Seen:
    """What one network shows: faults in words, rows with terms, least cost without and with the family (inf: none)."""

    name: str
    faults: list[str] = field(default_factory=list)
    rows: int = 0
    without: float = math.nan
    cost: float = math.nan


def examine(family: Callable[..., Any], net: Network | Sequence[Network] | None,
            same_program: Callable[[Program], None], draw: Callable[[int], dict[str, Any]]) -> pd.DataFrame:
    """Everything that `check_family` says and raises."""
    import pandas as pd

    faults = list(_static(family))
    seen: list[Seen] = []
    if not faults:  # a function without a name, or of other parameters, cannot be put into a program
        seen = [_look(family, name, each, same_program) for name, each in _networks(net, draw)]
        faults = _together(seen)
    if faults:
        name = getattr(family, "__name__", repr(family))
        raise AssertionError(f"the family {name} has {len(faults)} faults:\n" + "\n".join(f"  - {f}" for f in faults)
                             if len(faults) > 1 else f"the family {name}: {faults[0]}")
    return pd.DataFrame([(s.name, s.rows, s.without, s.cost) for s in seen],
                        columns=["network", "rows", "cost_without", "cost_with"])


def _static(family: Callable[..., Any]) -> Iterator[str]:
    """Faults of the function itself: its name, its parameters, its docstring."""
    name = getattr(family, "__name__", "")
    known = (("a variable", (*VARIABLES, *STOCK)), ("rows", ROWS), ("a cost line", COSTS))
    taken = {f.__name__: what for what, families in known for f in families}
    if not name.isidentifier():
        yield "it has no name of its own: write it with def, its name is the name of its rows"
    elif name in taken:
        yield f"its name is taken: {name} is {taken[name]} of ctsopt"
    try:
        inspect.signature(family).bind(None, None)
    except TypeError:
        yield "it is not called as f(x, net): two parameters, the variables and the network"
    first = (inspect.getdoc(family) or "").partition("\n\n")[0]
    if not first:
        yield "it has no docstring: its first lines are the mathematics with the unit, as in " \
              '"""sum deliver[w] <= limit   [units]"""'
    elif not _UNIT.search(first):
        yield "the first paragraph of its docstring has no unit in brackets, such as [units] or [money]"


def _networks(net: Network | Sequence[Network] | None,
              draw: Callable[[int], dict[str, Any]]) -> Iterator[tuple[str, Network]]:
    """The networks to look at, by name."""
    if net is not None:
        given = [net] if isinstance(net, Network) else list(net)
        yield from ((f"network {each.settings['name'] or number}", each) for number, each in enumerate(given))
        return
    found = 0
    for seed in range(_SEEDS):
        try:
            made = network(draw(seed))
        except DataError:  # now and then a random customer is out of reach
            continue
        yield f"random network {seed}", made
        found += 1
        if found == _NETWORKS:
            return


def _look(family: Callable[..., Any], name: str, net: Network, same_program: Callable[[Program], None]) -> Seen:
    """Build the family over one network, look at its rows, and solve with it by both paths."""
    seen, given = Seen(name), []

    @functools.wraps(family)
    def recorded(x: Any, net: Network) -> Any:
        given.extend([family(x, net), family(x, net)])
        return given[0]

    lines = None if net.derived.stocking is None else Breakpoints.first(declared(net))
    try:
        if lines is not None:  # a search begins without decisions on stock
            build(net, [family])
        program = build(net, [recorded], lines)
    except Exception as fault:  # whatever goes wrong in the family is what its author wants to read
        seen.faults.append(f"it cannot be built: {type(fault).__name__}: {fault}")
        return seen
    rows, again = given
    if rows is None:
        return seen
    seen.rows = len(np.unique(rows.lhs.rows))
    seen.faults += _row_faults(rows, net, program)
    if not _alike(rows, again):
        seen.faults.append("called twice it gives two different things: it may depend on nothing but x and net")
    if seen.faults:
        return seen
    try:
        same_program(program)
    except AssertionError as fault:
        seen.faults.append(str(fault))
    _solve(family, seen, program, build(net, (), lines))
    return seen


def _row_faults(rows: Rows, net: Network, program: Program) -> Iterator[str]:
    """Faults of the rows: keys, figures, sides."""
    index = rows.lhs.index
    for column, axis in index.axes.items():
        known = net.axes.get(column)
        if column in index.names and known is not None and list(axis.labels) != list(known.labels):
            yield f"its key column {column} has other names than the network's {column}s: use net.axes[{column!r}]"
    labels = index.labels()
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        yield f"two rows have the same key, such as {'/'.join(twice) or 'the blank one'}: add up with per or by first"
    if not np.isfinite(rows.lhs.coef).all():
        yield "a coefficient is no finite number"
    if len(rows.lhs.col) and not 0 <= rows.lhs.col.min() <= rows.lhs.col.max() < program.columns:
        yield "a term belongs to no variable of x"
    if np.isnan(rows.lower).any() or np.isnan(rows.upper).any():
        yield "a side is no number (NaN)"
    free = np.isneginf(rows.lower) & np.isposinf(rows.upper)
    if free.any():
        yield f"{int(free.sum())} of its rows have no side, and limit nothing: leave them out with rows.only(mask)"
    if (rows.lower > rows.upper).any():
        yield "the lower side of a row is above its upper side: no plan can keep it"


def _alike(rows: Any, again: Any) -> bool:
    return isinstance(again, Rows) and rows.lhs.index.labels() == again.lhs.index.labels() and all(
        np.array_equal(one, other, equal_nan=True) for one, other in (
            (rows.lhs.rows, again.lhs.rows), (rows.lhs.col, again.lhs.col), (rows.lhs.coef, again.lhs.coef),
            (rows.lower, again.lower), (rows.upper, again.upper)))


def _solve(family: Callable[..., Any], seen: Seen, program: Program, plain: Program) -> None:
    """Least cost without the family, with it, and with it by way of Pyomo."""
    from ctsopt.programs.pyomo import to_pyomo
    from ctsopt.programs.pyomo_solver import run

    seen.without, seen.cost = _least(plain), _least(program)
    end = run(program, to_pyomo(program), "highs", {}, gap=0.0, abs_gap=0.0, seed=0, time_limit=None, log=False,
              relax=False, lazy=True)
    other = math.inf if end.plan is None else float(program.arrays.cost @ end.plan) + program.arrays.offset
    if not _same(seen.cost, other):
        seen.faults.append(f"HiGHS and Pyomo disagree with it in place: {_money(seen.cost)} and {_money(other)}")
    if getattr(family, "anchor", "") and not _same(seen.cost, seen.without):
        seen.faults.append(f"it is marked as one that only strengthens, but the least cost goes from "
                           f"{_money(seen.without)} to {_money(seen.cost)}: it cuts off plans, so take the mark away")


def _least(program: Program) -> float:
    outcome = Highs(program.arrays, mip_rel_gap=0.0, mip_abs_gap=1e-9).run()
    if outcome.stopped_by == "infeasible":
        return math.inf
    if outcome.stopped_by != "gap":
        raise CtsError(f"HiGHS ended without an optimum: {outcome.detail}")
    return outcome.value


def _same(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _SAME * max(1.0, abs(one))


def _money(amount: float) -> str:
    return "no plan" if math.isinf(amount) else f"{amount:,.2f}"


def _together(seen: Sequence[Seen]) -> list[str]:
    """Every fault once, with the networks that show it; and what no network shows."""
    where: dict[str, list[str]] = {}
    for each in seen:
        for fault in each.faults:
            where.setdefault(fault, []).append(each.name)
    faults = [f"{fault} ({', '.join(names)})" for fault, names in where.items()]
    if faults:
        return faults
    if not any(each.rows for each in seen):
        names = ", ".join(each.name for each in seen)
        return [f"it gives no rows, or none with terms, on {names}, so that nothing was checked: is a name "
                "misspelt? Else give a network to which it applies, check_family(f, net)"]
    served = [each for each in seen if math.isfinite(each.without)]
    if served and not any(math.isfinite(each.cost) for each in served):
        return ["no plan is left with it in place, though there is one without it: "
                + ", ".join(each.name for each in served)]
    return []
