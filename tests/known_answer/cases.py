"""Every published answer that a network can express: what it is called, its tables, and how it is solved.

`page.py` measures these cases and writes the page of the documentation; the tests of this folder solve them, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import pandas as pd

from ctsopt.formulation.family import RowFamily
from tests.known_answer.converters import (
    MultiProduct,
    Tables,
    location_tables,
    multi_product_tables,
    multi_tables,
    read_cap,
    read_mo,
    read_multi_product,
    read_small,
    read_uflib,
    stores_tables,
    two_stage_tables,
    williams_tables,
)
from tests.known_answer.multi_product import least_cost
from tests.known_answer.order_book import order_book_tables
from tests.known_answer.order_book_files import read_order_book
from tests.known_answer.rules import enough_capacity, enough_capacity_for_products, product_capacity
from tests.known_answer.shared_data import data, published

MINUTE = 60.0
FIVE_MINUTES = 300.0
WITHIN = 0.005
"""A plan is near the best known one where it costs at most this share more."""

SMALL = {f"p{number}": f"small/p{number} (cap{name})" for number, name in enumerate(
    (61, 62, 63, 64, 71, 72, 73, 74, 91, 92, 93, 94), start=1)}
SPLIT = "min cost, split deliveries"
SINGLE = "min cost, one site per customer"
HOLMBERG = tuple(f"p{number}" for number in range(1, 13))
TWO_STAGE = tuple(f"PSC{number}-C{group}-50.txt" for group in (1, 2) for number in range(1, 6))
FIVE_PRODUCTS = "PSC1-C1-50-5"
RELAXATION = "LP relaxation, capacity links only"
BEST_TOTAL = "best known total (upper bound)"
ORDER_BOOK = "min warehouse cost with product, customer, capacity, port, delivery-time rules"


@dataclass(frozen=True)
class Ask:
    """How a case is solved.

    Attributes
    ----------
    links, gap, time_limit, relax : see `ctsopt.solve`
    rule : str
        Names of extra row families, see `Case.rules`; several with ` + ` between them.
    """

    links: str = "lazy"
    gap: float = 1e-8
    time_limit: float | None = None
    relax: bool = False
    rule: str = ""


@dataclass(frozen=True)
class Case:
    """A published answer, and the network that should have it.

    Attributes
    ----------
    group : str
        Heading on the page.
    key : triple of str
        Case, instance and quantity in `ANSWERS.csv`. The quantity is "" where nothing is published: then `other` is.
    tables : function
        Makes the input tables.
    asks : tuple of Ask
        How it is solved.
    proves : {"optimum", "best known", "relaxation"}
        What the number is.
    scale : float
        Published number over ctsopt's, where the units differ.
    rules : pairs of str and function
        Name of an extra row family, and what makes it.
    other : function, optional
        Makes the number by another program.
    """

    group: str
    key: tuple[str, str, str]
    tables: Callable[[], Tables]
    asks: tuple[Ask, ...] = (Ask(),)
    proves: Literal["optimum", "best known", "relaxation"] = "optimum"
    scale: float = 1.0
    rules: tuple[tuple[str, Callable[[], RowFamily]], ...] = ()
    other: Callable[[Ask], float] | None = None

    def number(self, ask: Ask) -> str:
        """The number to be met, as it is printed."""
        return published(*self.key) if self.other is None else f"{self.other(ask):.4f}"

    def extra(self, ask: Ask) -> tuple[RowFamily, ...]:
        """The extra row families of one way to solve it."""
        return tuple(make() for name, make in self.rules if name in ask.rule.split(" + "))


def _orlib_cap41() -> Tables:
    return location_tables(read_cap(data("orlib_cap", "cap41.txt")))


def _small(*parts: str, single_source: bool = False) -> Tables:
    return location_tables(read_small(data(*parts)), single_source=single_source)


def _uflib(name: str) -> Tables:
    path = data("uflib", name)
    return location_tables(read_uflib(path) if name == "B1.1" else read_mo(path))


def _two_stage(name: str) -> Tables:
    return two_stage_tables(data("tscflp_fernandes2014", name))


def five_products() -> MultiProduct:
    """The instance of five products."""
    return read_multi_product(data("tscflp_mp_mauri2021", f"{FIVE_PRODUCTS}.txt"))


def _five_products_tables() -> Tables:
    return multi_product_tables(five_products())


def _tied() -> RowFamily:
    return product_capacity(five_products())


def _enough_for_products() -> RowFamily:
    return enough_capacity_for_products(five_products())


def _enough() -> RowFamily:
    return enough_capacity


def _five_products_by_scipy(ask: Ask) -> float:
    return least_cost(five_products(), tied=_TIED in ask.rule)


def _ampl(*, lane_fixed_cost: bool) -> Tables:
    return multi_tables(data("ampl_multi", "ampl_multi.json"), lane_fixed_cost=lane_fixed_cost)


def _williams() -> Tables:
    return williams_tables(data("gurobi_williams", "williams_distribution_1.json"))


def _order_book() -> Tables:
    return order_book_tables(read_order_book(data("brunel_mit1000")), freight=False)


def four_stores(limit: str = "exactly") -> Tables:
    """p-median, p = 4: a contract on the number of stores. Distances were turned into km."""
    tables = stores_tables(data("spopt_sf"))
    tables["contracts"] = pd.DataFrame({"contract": ["stores"], "kind": "sites_in_group", "limit": limit,
                                        "quantity": 4.0})
    return tables


def stores_within_5_km() -> Tables:
    """Set covering: at 1 km a day, 5 days promised are 5 km; a store costs 1, the road nothing."""
    tables = stores_tables(data("spopt_sf"))
    tables["sites"]["fixed_cost"] = 1.0
    tables["rates"] = pd.DataFrame({"mode": ["road"], "per_unit": [0.0]})
    tables["tiers"] = pd.DataFrame({"tier": ["standard"]})
    tables["promises"] = pd.DataFrame({"tier": ["standard"], "lead_time": [5.0]})
    return tables


_RELAX = Ask("capacity", relax=True)
_TIED = "product_capacity"
_ENOUGH = "enough_capacity"
_ONE_MINUTE = (Ask("lazy", 1e-4, MINUTE), Ask("capacity", 1e-4, MINUTE), Ask("lazy", 1e-4, MINUTE, rule=_ENOUGH))
_FIVE = Ask("capacity", 1e-4, FIVE_MINUTES)

CASES: tuple[Case, ...] = (
    Case("OR-Library, split deliveries", ("orlib_cap", "cap41.txt", SPLIT), _orlib_cap41),
    *(Case("OR-Library, split deliveries", ("orlib_cap", SMALL[name], SPLIT),
           partial(_small, "orlib_cap", "small", name)) for name in SMALL),
    Case("OR-Library, capc-7250", ("orlib_cap", "large/p12 (capc-7250)", SPLIT),
         partial(_small, "orlib_cap", "large", "p12"), (replace(_FIVE, links="lazy"),)),
    *(Case("OR-Library, one site per customer", ("orlib_cap", SMALL[name], SINGLE),
           partial(_small, "orlib_cap", "small", name, single_source=True)) for name in SMALL),
    *(Case("Holmberg, one site per customer", ("sscflp_holmberg", name, SINGLE),
           partial(_small, "sscflp_holmberg", name, single_source=True)) for name in HOLMBERG),
    Case("UflLib, no capacities", ("uflib", "B1.1", "min cost"), partial(_uflib, "B1.1")),
    Case("UflLib, no capacities", ("uflib", "MO1", "min cost"), partial(_uflib, "MO1"),
         (Ask("all"), Ask("lazy", 1e-4, MINUTE))),
    *(Case("Two stages, linear relaxation", ("tscflp_fernandes2014", name, RELAXATION), partial(_two_stage, name),
           (_RELAX,), "relaxation") for name in TWO_STAGE),
    *(Case("Two stages", ("tscflp_fernandes2014", name, BEST_TOTAL), partial(_two_stage, name), _ONE_MINUTE,
           "best known", rules=((_ENOUGH, _enough),)) for name in TWO_STAGE),
    Case("Two stages, five products, linear relaxation", ("tscflp_mp_mauri2021", FIVE_PRODUCTS, ""),
         _five_products_tables, (_RELAX, replace(_RELAX, rule=_TIED)), "relaxation",
         rules=((_TIED, _tied),), other=_five_products_by_scipy),
    Case("Two stages, five products",
         ("tscflp_mp_mauri2021", FIVE_PRODUCTS, "best known total (proven optimal)"), _five_products_tables,
         (replace(_FIVE, links="lazy"), _FIVE, replace(_FIVE, rule=f"{_TIED} + {_ENOUGH}")), "best known",
         rules=((_TIED, _tied), (_ENOUGH, _enough_for_products))),
    Case("Books", ("gurobi_williams", "williams_distribution_1.json", "min cost"), _williams),
    Case("Books", ("ampl_multi", "multi", "min variable cost, joint lane limit 625"),
         partial(_ampl, lane_fixed_cost=False)),
    Case("Books", ("ampl_multi", "multmip1", "with lane fixed costs"), partial(_ampl, lane_fixed_cost=True)),
    Case("Stores", ("spopt_sf", "p-median p=4", "demand x metres"), four_stores, scale=1000.0),
    Case("Stores", ("spopt_sf", "LSCP 5000 m", "fewest stores"), stores_within_5_km),
    Case("Order book", ("brunel_mit1000", "orders_1000", ORDER_BOOK), _order_book),
)

LEFT_OUT = {
    "claims_problems": "How to divide what is too little among those who claim it: a rule of fairness, no network to "
                       "be planned at least cost.",
    "stockpyl": "Safety stocks in a fixed chain under guaranteed service: a program of its own, "
                "`ctsopt.guaranteed_service`, finds these answers.",
    "superstore": "Totals of a file of sales, to check that it is read whole. There is nothing to be planned.",
    "onlineretail": "Counts and totals of a file of orders, to check that it is read whole. There is nothing to be "
                    "planned.",
}
"""Cases of `ANSWERS.csv` that no network can express, and why."""

NOT_YET = {("orlib_cap", "large/p1 (capa-8000)"), ("sscflp_holmberg", "p57"), ("sscflp_holmberg", "p62"),
           ("tscflp_fernandes2014", "PSC2-C3-100.txt")}
"""Instances that are networks and are not solved here yet: the search takes too long on them."""

