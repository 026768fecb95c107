"""For tests of ctsopt itself, and of rules that users add: random networks, and checks of a rule.

`random_network(seed)` gives small tables in which features are switched on and off at random; `random_features(seed)`
says which. Any of them can be fixed by name: `random_network(7, cross_docks=True, weight_breaks=False)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from ctsopt import _family_check, _random
from ctsopt.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.networks.network import Network
    from ctsopt.programs.program import Program


@dataclass(frozen=True)
class Feature:
    """A feature that a random network has or has not.

    Attributes
    ----------
    meaning : str
        What it puts into the tables.
    needs : tuple of str
        Features without which it would have no effect.
    chance : float
        Probability that it is on, where all it needs is on.
    not_with : tuple of str
        Features that are off where it is on.
    """

    meaning: str
    needs: tuple[str, ...] = ()
    chance: float = 0.5
    not_with: tuple[str, ...] = ()


FEATURES: dict[str, Feature] = {
    "several_periods": Feature("Two or three periods of unequal length, together other than a year."),
    "several_products": Feature("Two or three products, in one or two product classes.", chance=0.7),
    "several_tiers": Feature("Two or three tiers.", chance=0.6),
    "several_modes": Feature("Two or three modes, some for moves or for deliveries only.", chance=0.7),
    "suppliers": Feature("Some of the makers are suppliers."),
    "make_lists": Feature("Makers make only some of the products, at a cost; some capacities are 0 (not made here).",
                          chance=0.6),
    "make_capacity": Feature("Makers have a yearly capacity by product.", ("make_lists",), 0.7),
    "make_to_order": Feature("Some makers do not stock what they make.", ("make_lists", "direct"), 0.8),
    "unstocked": Feature("Some dcs do not handle some of the products.", ("several_products",)),
    "direct": Feature("Lanes from makers to customers.", chance=0.6),
    "cross_docks": Feature("One or two cross-docks, between makers, dcs and customers."),
    "dc_to_dc": Feature("Lanes between dcs, in both directions."),
    "into_plants": Feature("Lanes from makers to plants, some in both directions.", ("make_lists", "direct"), 0.8),
    "candidates": Feature("Some sites may be opened; some candidates may not."),
    "closable": Feature("Some open sites may be closed."),
    "closed_sites": Feature("One dc is closed.", chance=0.3),
    "sites_in_group": Feature("Limits on the number of open sites of a group.", ("closable",), 0.6),
    "capacities": Feature("Some sites have a yearly capacity.", chance=0.6),
    "capacity_units": Feature("Capacity and handling are counted in kg, m3 or pallets at some sites."),
    "roomless": Feature("One product takes no m3 and no pallet place.", ("capacity_units",)),
    "handling": Feature("Costs of receiving and of sending."),
    "processing": Feature("Processing times of sites, and one for all the others."),
    "coordinates": Feature("Places have coordinates; most lanes state no distance."),
    "miles": Feature("Distances are in miles.", chance=0.3),
    "open_lanes": Feature("`open_lanes` is `all` or `tiered`; lanes lists only exceptions.", ("coordinates",)),
    "lanes_by_mode": Feature("Some lanes have a row for each mode, with a distance of its own."),
    "closed_lanes": Feature("Some lanes are closed, wholly or by one mode; some are closed but for one mode."),
    "fuel": Feature("Modes have a fuel surcharge."),
    "shipment_charges": Feature("Tariffs have an amount per shipment and a minimum charge."),
    "loads": Feature("Every mode states its load and a cost per distance."),
    "own_vehicle": Feature("A delivery mode states no load: each shipment is a vehicle.", ("several_modes",)),
    "profiles": Feature("Some demand has a distribution of drop sizes."),
    "rate_card": Feature("Rates by names, zones and wildcards take the place of some tariffs.", chance=0.65),
    "weight_breaks": Feature("Rates have weight breaks, with shipment and minimum charges.", ("rate_card",)),
    "next_break": Feature("Some modes bill the next weight break where it is cheaper.", ("weight_breaks",), 0.6),
    "distance_bands": Feature("Rates have distance bands.", ("rate_card",)),
    "rate_lanes": Feature("Rates name lanes that are not in `lanes`.", ("rate_card", "coordinates"), 0.7),
    "rate_transit": Feature("Rates state transit times.", ("rate_card",)),
    "uncertain_transit": Feature("Transit times have a deviation.", chance=0.7),
    "tier_modes": Feature("Tiers may be delivered by some modes only.", ("several_modes",)),
    "on_time": Feature("Promises have a lead time.", chance=0.85),
    "each_order": Feature("Every way used keeps the lead time.", ("on_time",)),
    "share_certain": Feature("A share of the volume goes by ways which keep the lead time.", ("on_time",)),
    "share_expected": Feature("The lead time is kept by the average on-time probability.", ("on_time",)),
    "per_period": Feature("Some promises hold in every period.", ("several_periods", "on_time"), 0.6),
    "class_promises": Feature("Product classes have promises of their own, or none.", ("several_products", "on_time")),
    "served_fraction": Feature("Some demand need not be served, at a shortage cost."),
    "served_fraction_each": Feature("A share of each customer's demand must be served.", ("served_fraction",)),
    "single_source_customer": Feature("Some customers take everything from one site."),
    "single_source_product": Feature("Some customers take each product from one site.", ("several_products",), 0.6),
    "blanks": Feature("Cells that hold the default are blank, columns of blanks are absent."),
    "awkward_keys": Feature("Keys that look like numbers or like missing values: `NA`, `NO`, `00123`, `1E10`."),
    "levels": Feature("Some sites have two or three sizes.", chance=0.35),
    "min_throughput": Feature("Some sites have a minimum where they are open.", chance=0.3),
    "lane_fixed": Feature("Some lanes cost something to be used at all.", chance=0.3),
    "lane_minimum": Feature("Some lanes have a minimum where they are used.", chance=0.3),
    "lane_maximum": Feature("Some lanes have a maximum.", chance=0.3),
    "mode_capacity": Feature("Some modes have a capacity.", ("several_modes",), 0.4),
    "whole_loads": Feature("The loads of some modes are paid for whole.", ("loads",), 0.6, ("weight_breaks",)),
    "max_sources": Feature("Some customers have a most number of sources.", chance=0.3),
    "same_site": Feature("A group of customers is served by one site.", chance=0.25),
    "max_contracts": Feature("Contracts on the most that goes by some flows.", chance=0.35),
    "min_contracts": Feature("Contracts on the least that goes by some flows.", chance=0.25),
    "share_contracts": Feature("Contracts on shares of flows.", chance=0.3),
    "duty": Feature("Some lanes carry duty.", chance=0.35),
    "carbon_price": Feature("CO2 has a price.", chance=0.35),
    "carbon_cap": Feature("CO2 has a cap.", chance=0.25),
    "budget": Feature("Costs without penalties have a limit.", ("served_fraction",), 0.5),
    "program_cost": Feature("Tiers cost something to be run at all.", chance=0.35),
    "stock": Feature("Stock is carried from one period to the next, before a season.", ("several_periods",), 0.7),
    "storage": Feature("Some sites have little storage, some none.", ("stock",), 0.6),
    "opening_stock": Feature("Some sites have stock when the first period begins.", ("stock",), 0.6),
    "availability": Feature("Promises have a fill rate: cycle and safety stock is planned (only where asked for).",
                            chance=0.0),
    "calendars": Feature("Sites and modes have working days, sites a cut-off, orders their times (only where asked "
                         "for).", ("on_time",), 0.0),
}
"""Every feature by name."""


def random_features(seed: int, **fixed: bool) -> dict[str, bool]:
    """Which features `random_network` of the same arguments has.

    Parameters
    ----------
    seed : int
        Seed of the draw.
    **fixed : bool
        Features to switch on or off. What one that is switched on needs is switched on too.

    Raises
    ------
    UsageError
        If a name is no feature, a feature is switched on and one that it needs off, or two are that exclude each other.
    """
    for name in fixed:
        if name not in FEATURES:
            raise UsageError(f"{name} is not a feature" + did_you_mean(name, FEATURES, listed=True))
    wanted = {name for name, on in fixed.items() if on}
    while more := {need for name in wanted for need in FEATURES[name].needs} - wanted:
        wanted |= more
    clash = sorted(name for name in wanted if fixed.get(name) is False)
    if clash:
        raise UsageError(f"{', '.join(clash)} cannot be off: a feature that is on needs it")
    draws = np.random.default_rng([seed, 1]).random(len(FEATURES))
    drawn: dict[str, bool] = {}
    for draw, (name, feature) in zip(draws, FEATURES.items(), strict=True):
        drawn[name] = name in wanted or fixed.get(name, bool(draw < feature.chance))
    for name, feature in FEATURES.items():
        drawn[name] = drawn[name] and all(drawn[need] for need in feature.needs)
    _leave_out(drawn, fixed)
    forms = ("each_order", "share_certain", "share_expected")
    if drawn["on_time"] and not any(drawn[form] for form in forms):
        drawn[next((form for form in forms if form not in fixed), forms[0])] = True
    return drawn


def _leave_out(drawn: dict[str, bool], fixed: Mapping[str, bool]) -> None:
    """Of two features that cannot be on together, the one that was asked for stays, else the first of the list."""
    for name, feature in FEATURES.items():
        for other in feature.not_with:
            if drawn[name] and drawn[other]:
                if fixed.get(name) and fixed.get(other):
                    raise UsageError(f"{name} and {other} cannot be on together")
                off = other if fixed.get(name) else name
                drawn[off] = False
                for later, needs in FEATURES.items():
                    drawn[later] = drawn[later] and all(drawn[need] for need in needs.needs)


def random_network(seed: int, **features: bool) -> dict[str, Any]:
    """Tables of a small random network, ready for `ctsopt.network`.

    It has 2 to 4 makers, 2 to 4 dcs, 3 to 6 customers, and what its features say. The maker `P1` makes everything and
    has a lane to the dc `D1`, which has one to every customer, with room for all of them, so that most networks can be
    served; a few cannot keep their promises. Every amount has at most three significant digits.

    Parameters
    ----------
    seed : int
        Seed of the draw: the same seed and features give the same tables.
    **features : bool
        Features to switch on or off (see `FEATURES`); the others are drawn.

    Returns
    -------
    dict
        DataFrames by table name, and `settings` as a dict.

    Raises
    ------
    UsageError
        As `random_features`.
    """
    return _random.make(seed, random_features(seed, **features))


_ROUNDING = 1e-12
"""Relative: what the order of a sum may change."""


def assert_same_program(program: Program) -> None:
    """Assert that the Pyomo model of a program says the same as the program: compiled back, it has the same arrays.

    Coefficients, sides, costs, bounds and whole columns are compared number by number, lazy rows included, and each
    cost line at a plan drawn at random. Coefficients and costs may differ by 1e-12 of themselves or of 1: a sum of
    several terms is added up in another order. Rows without terms, and rows without sides, do not exist in Pyomo.

    Parameters
    ----------
    program : Program
        As `ctsopt.program(net, extra=[your_rule])` gives it.

    Raises
    ------
    AssertionError
        If they differ; the message names the first rows or columns.
    """
    from ctsopt.programs.pyomo import compiled, line_values, to_pyomo

    model = to_pyomo(program)
    ours, theirs = program.arrays, compiled(program, model)
    columns, rows = list(program.column_names()), list(program.row_names())
    bound = np.isfinite(ours.row_lower) | np.isfinite(ours.row_upper)
    matrix = sp.csr_array(sp.diags_array(bound.astype(float)) @ ours.matrix)
    matrix.eliminate_zeros()
    filled = np.diff(matrix.indptr) > 0
    difference = (matrix - theirs.matrix).tocoo()
    _require_same("coefficients", [f"{columns[j]} in {rows[i]}" for i, j, v in
                                   zip(difference.row, difference.col, difference.data, strict=True)
                                   if abs(v) > _ROUNDING * max(1.0, abs(matrix[i, j]))])
    off = np.abs(ours.cost - theirs.cost) > _ROUNDING * np.maximum(1.0, np.abs(ours.cost))
    _require_same("cost", [columns[j] for j in np.flatnonzero(off)])
    for what in ("lower", "upper", "integer"):
        differ = np.flatnonzero(getattr(ours, what) != getattr(theirs, what))
        _require_same(what, [columns[j] for j in differ])
    for what in ("row_lower", "row_upper"):
        differ = np.flatnonzero(filled & (getattr(ours, what) != getattr(theirs, what)))
        _require_same(what, [rows[i] for i in differ])
    plan = np.random.default_rng(0).random(program.columns)
    values = line_values(program, model, plan)
    for name, line in program.costs.items():
        expected = sum(float(part.value(plan).sum()) for part in line.parts)
        _require_same("cost line", [] if np.isclose(values[name], expected, rtol=1e-12, atol=1e-9) else [name])
    _require_same("constant cost", [] if np.isclose(ours.offset, theirs.offset, rtol=1e-12, atol=0) else ["total_cost"])


def check_family(family: Callable[..., Any], net: Network | Sequence[Network] | None = None) -> pd.DataFrame:
    """Check a row family of one's own before it is passed as `extra=[family]`.

    It is built over every network beside all families of ctsopt, without pruning of ways. What is looked at: its name
    is its own and not taken; it takes (x, net); its docstring begins with the mathematics and a unit in brackets; it
    gives rows, or None where it does not apply, and the same ones when it is called again; keys are not doubled, key
    columns named as the network's have the network's names; coefficients and sides are numbers, and every row limits
    something; the Pyomo model compiles back to the same arrays, and its optimum is that of HiGHS; a family marked with
    `strengthens` leaves the least cost as it is.

    Whether it says what its author means cannot be seen from here: look at `cost_without` and `cost_with`, and work
    out one of them by hand.

    Parameters
    ----------
    family : function
        `f(x, net) -> Rows | None`.
    net : Network or sequence of them, optional
        Networks to try it on; four small random networks if left out. A rule that names sites or customers of one
        network needs that network.

    Returns
    -------
    DataFrame
        One row per network: network, rows (how many have terms), cost_without, cost_with (money over the horizon, inf
        where no plan exists).

    Raises
    ------
    AssertionError
        If anything is wrong; the message lists all of it, with the networks that show it. Also where no network shows
        any row, or none has a plan with the family in place.
    """
    return _family_check.examine(family, net, assert_same_program, random_network)


def _require_same(what: str, names: list[str]) -> None:
    if names:
        raise AssertionError(f"{what} differ between the program and its Pyomo model: {', '.join(names[:5])}"
                             + (f" and {len(names) - 5} more" if len(names) > 5 else ""))
