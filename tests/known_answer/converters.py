"""From the formats of published test problems to the input tables of ctsopt, as a user would write them.

Every function returns the dict of DataFrames that `ctsopt.network` takes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.known_answer.shared_data import numbers

Array = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Location:
    """A facility location problem: which sites to open, and which site serves whom.

    Attributes
    ----------
    fixed : array of shape (sites,)
        Cost of keeping the site open.
    serving : array of shape (customers, sites)
        Cost of serving the WHOLE customer from the site.
    capacity, demand : arrays of shape (sites,) and (customers,), or None
        Units. None: no capacities; every customer then counts as one unit.
    """

    fixed: Array
    serving: Array
    capacity: Array | None = None
    demand: Array | None = None


def read_cap(path: Path) -> Location:
    """OR-Library `cap41.txt`: m n; m lines of capacity, fixed cost; per customer its demand, then m costs."""
    stream = numbers(path)
    sites, customers = stream[:2].astype(int)
    heads = stream[2 : 2 + 2 * sites].reshape(sites, 2)
    rows = stream[2 + 2 * sites :].reshape(customers, 1 + sites)
    return Location(fixed=heads[:, 1], serving=rows[:, 1:], capacity=heads[:, 0], demand=rows[:, 0])


def read_small(path: Path) -> Location:
    """OR-Datasets `p1`: sites, customers; lines of capacity, fixed cost; all demands; costs, a line per site."""
    stream = numbers(path)
    sites, customers = stream[:2].astype(int)
    heads, demand, costs = np.split(stream[2:], [2 * sites, 2 * sites + customers])
    heads = heads.reshape(sites, 2)
    return Location(fixed=heads[:, 1], serving=costs.reshape(sites, customers).T, capacity=heads[:, 0], demand=demand)


def read_uflib(path: Path) -> Location:
    """UflLib `B1.1`: a title line; m n 0; per site its index, fixed cost and n costs."""
    stream = numbers(path, skip_lines=1)
    sites, customers = stream[:2].astype(int)
    rows = stream[3:].reshape(sites, 2 + customers)
    return Location(fixed=rows[:, 1], serving=rows[:, 2:].T)


def location_tables(case: Location, *, single_source: bool = False) -> Tables:
    """A facility location problem as a network.

    A warehouse of these problems has a capacity and a fixed cost, and sends straight to customers; nothing is said of
    where its goods come from. That is a candidate `plant`: it needs no supply. (A `dc` would need a plant and free
    lanes, which the problem does not have.) Serving a whole customer for c is a rate of c / demand per unit. In a
    split delivery the share of c equals the share of the demand, as in the problem.

    Raises
    ------
    ValueError
        A customer without demand that costs something to serve: no rate per unit says that.
    """
    customers, sites = case.serving.shape
    demand = np.ones(customers) if case.demand is None else case.demand
    idle = (demand == 0) & case.serving.any(axis=1)
    if idle.any():
        raise ValueError(f"customers {np.flatnonzero(idle) + 1} have no demand, and a cost: no rate per unit fits")
    site_names = _names("W", sites)
    customer_names = _names("C", customers)
    served = np.flatnonzero(demand > 0)
    rates = pd.DataFrame({
        "origin": np.tile(site_names, served.size),
        "destination": np.repeat(customer_names[served], sites),
        "per_unit": (case.serving[served] / demand[served, None]).ravel(),
    })
    site_table = pd.DataFrame({"site": site_names, "kind": "plant", "status": "candidate", "fixed_cost": case.fixed})
    if case.capacity is not None:
        site_table["capacity"] = case.capacity
    return {
        "sites": site_table,
        "customers": pd.DataFrame({
            "customer": customer_names, "single_source": "customer" if single_source else "no"}),
        "demand": pd.DataFrame({"customer": customer_names[served], "quantity": demand[served]}),
        "rates": rates,
    }


def williams_tables(path: Path) -> Tables:
    """Williams, Distribution 1: factories with a supply limit, depots with a throughput, direct deliveries too.

    A supply limit is what a factory can make (`site_products.make_capacity`); a throughput is what may leave a depot
    (`sites.capacity`). A lane exists where a cost is given: each rate names both its ends, so it makes the lane.
    """
    case = json.loads(path.read_text())
    factories, depots = list(case["supply"]), list(case["throughput"])
    return {
        "sites": pd.DataFrame({
            "site": factories + depots,
            "kind": ["plant"] * len(factories) + ["dc"] * len(depots),
            "capacity": [np.nan] * len(factories) + list(case["throughput"].values()),
        }),
        "site_products": pd.DataFrame({"site": factories, "make_capacity": list(case["supply"].values())}),
        "customers": pd.DataFrame({"customer": list(case["demand"])}),
        "demand": pd.DataFrame({"customer": list(case["demand"]), "quantity": list(case["demand"].values())}),
        "rates": pd.DataFrame(case["lane_cost"]).rename(columns={"cost": "per_unit"}),
    }


def two_stage_tables(path: Path) -> Tables:
    """Two-stage problem of Fernandes et al.: plants and depots to open, each with capacity and fixed cost.

    I J K; K demands; I lines of capacity, fixed cost; I x J unit costs; J lines of capacity, fixed cost; J x K unit
    costs. A depot is a candidate `dc`.
    """
    stream = numbers(path)
    plants, depots, customers = stream[:3].astype(int)
    cuts = np.cumsum([customers, 2 * plants, plants * depots, 2 * depots])
    demand, plant_heads, inbound, depot_heads, outbound = np.split(stream[3:], cuts)
    names = _names("P", plants), _names("D", depots), _names("C", customers)
    heads = np.concatenate([plant_heads, depot_heads]).reshape(plants + depots, 2)
    return {
        "sites": pd.DataFrame({
            "site": np.concatenate(names[:2]), "kind": ["plant"] * plants + ["dc"] * depots, "status": "candidate",
            "capacity": heads[:, 0], "fixed_cost": heads[:, 1]}),
        "customers": pd.DataFrame({"customer": names[2]}),
        "demand": pd.DataFrame({"customer": names[2], "quantity": demand}),
        "rates": pd.concat([_all_pairs(names[0], names[1], inbound), _all_pairs(names[1], names[2], outbound)]),
    }


def stores_tables(folder: Path) -> Tables:
    """San Francisco stores: 16 places for a store, 205 census tracts, distances on the road in metres.

    A store is a candidate `plant` without a limit. Distances stand in `lanes` in km, a unit of demand weighs 1 kg,
    and the mode charges 1 per kg and km and covers 1 km a day. The caller adds what a store costs, how many there
    may be, or how far away.
    """
    network = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={
        "DestinationName": str})
    tracts = network[["DestinationName", "demand"]].drop_duplicates()
    return {
        "sites": pd.DataFrame({"site": network["name"].unique(), "kind": "plant", "status": "candidate"}),
        "customers": pd.DataFrame({"customer": tracts["DestinationName"]}),
        "demand": tracts.set_axis(["customer", "quantity"], axis=1),
        "modes": pd.DataFrame({"mode": ["road"], "per_weight_distance": [1.0], "speed": [1.0]}),
        "lanes": pd.DataFrame({"origin": network["name"], "destination": network["DestinationName"], "mode": "road",
                               "distance": network["distance"] / 1000}),
    }


def _all_pairs(origins: Names, destinations: Names, per_unit: Array) -> pd.DataFrame:
    """Rates from every origin to every destination; the costs stand a line per origin."""
    return pd.DataFrame({"origin": np.repeat(origins, destinations.size),
                         "destination": np.tile(destinations, origins.size), "per_unit": per_unit})


def _names(letter: str, count: int) -> Names:
    """Names of equal length, so that their alphabetical order is their order in the file."""
    return np.array([f"{letter}{number:03d}" for number in range(1, count + 1)], dtype=object)
