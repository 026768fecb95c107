"""What each family of rows stands for in the tables: the one place where an explanation knows families by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """Where a limit stands in the tables, and how it is spoken of.

    Attributes
    ----------
    table, column : str
        Where it stands.
    keys : tuple of str
        Keys of the family's rows that name the row of the table.
    unit : str
        Unit of its amounts: a plain text, or `capacity_unit`, `currency`.
    words : str
        What it is, with `{}` for the name of the row.
    yearly : bool
        Whether the table holds a figure per year, of which a period or the horizon has its share.
    links : tuple of str
        Families that bind at the same figure, and give way with it.
    when : str
        Variable that has to be on before there is anything that may give way.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    unit: str
    words: str
    yearly: bool = True
    links: tuple[str, ...] = ()
    when: str = ""


LIMITS: dict[str, Limit] = {
    "site_throughput": Limit("sites", "capacity", ("site",), "capacity_unit", "the capacity of {}", when="open"),
    "level_capacity": Limit("capacity_levels", "capacity", ("site",), "capacity_unit",
                            "the capacity levels of {}", when="open"),
    "make_capacity": Limit("site_products", "make_capacity", ("site", "product"), "units", "what {} can make"),
    "storage": Limit("sites", "storage_capacity", ("site",), "capacity_unit", "the storage of {}", yearly=False),
    "lane_volume": Limit("lanes", "max_volume", ("origin", "destination", "mode"), "units",
                         "the most that may go by the lane {}", links=("lane_use",), when="use_lane"),
    "lane_minimum": Limit("lanes", "min_volume", ("origin", "destination", "mode"), "units",
                          "the least that goes by the lane {}"),
    "mode_capacity": Limit("modes", "capacity", ("mode",), "kg", "the capacity of the mode {}"),
    "contract_volume": Limit("contracts", "quantity", ("contract",), "units", "the volume of the contract {}"),
    "contract_share": Limit("contracts", "quantity", ("contract",), "units", "the share of the contract {}",
                            yearly=False),
    "single_source": Limit("customers", "single_source", ("customer",), "sites", "the number of sources of {}",
                           yearly=False),
    "same_site": Limit("contracts", "kind", ("contract",), "sites", "the one site for all of the contract {}",
                       yearly=False),
    "sites_in_group": Limit("contracts", "quantity", ("contract",), "sites", "the number of sites of the contract {}",
                            yearly=False),
    "site_minimum": Limit("sites", "min_throughput", ("site",), "capacity_unit", "the least throughput of {}"),
    "ending_stock": Limit("site_products", "ending", ("site", "product"), "units", "the stock at the end at {}",
                          yearly=False),
    "carbon_cap": Limit("settings", "carbon_cap", (), "kg CO2", "the cap on CO2"),
    "budget": Limit("settings", "budget", (), "currency", "the budget"),
}
"""Limits by family, in the order in which they are left out of a conflict last: what a designer can change first."""

KEPT_OPEN = Limit("sites", "may_close", ("site",), "sites", "that {} stays open", yearly=False)
"""A site that is open today and may not be closed: a bound, not a row."""
