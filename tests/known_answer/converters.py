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


def read_mo(path: Path) -> Location:
    """UflLib `MO1` in the form of `cap41.txt`: every capacity is 0, which means none, and demands do not count."""
    case = read_cap(path)
    if case.capacity is None or case.capacity.any():
        raise ValueError(f"{path.name}: a capacity above 0; this form has none")
    return Location(fixed=case.fixed, serving=case.serving)


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


@dataclass(frozen=True)
class MultiProduct:
    """A two-stage problem of several products, as it stands in the file.

    Attributes
    ----------
    names : tuple of arrays
        Plants, depots, customers, products.
    demand, made, passed : arrays of shape (customers, products), (plants, products), (depots, products)
        Units: demand, and the capacities of plants and depots.
    fixed : array of shape (plants + depots,)
        Cost of keeping the site open.
    inbound, outbound : arrays of shape (products, plants, depots) and (products, depots, customers)
        Cost of a unit.
    """

    names: tuple[Names, Names, Names, Names]
    demand: Array
    made: Array
    passed: Array
    fixed: Array
    inbound: Array
    outbound: Array


def read_multi_product(path: Path) -> MultiProduct:
    """Mauri et al.: I J K L; K lines of L demands; I lines of L capacities, fixed cost; L matrices I x J of unit costs;
    J lines of L capacities, fixed cost; L matrices J x K of unit costs.

    Raises
    ------
    ValueError
        The count of numbers is not that of the format.
    """
    stream = numbers(path)
    plants, depots, customers, products = stream[:4].astype(int)
    cuts = np.cumsum([customers * products, plants * (products + 1), products * plants * depots,
                      depots * (products + 1), products * depots * customers])
    demand, plant_heads, inbound, depot_heads, outbound, rest = np.split(stream[4:], cuts)
    if rest.size or outbound.size != products * depots * customers:
        raise ValueError(f"{path.name} has {stream.size} numbers; {cuts[-1] + 4} are needed")
    made, passed = (heads.reshape(-1, products + 1) for heads in (plant_heads, depot_heads))
    return MultiProduct(
        names=(_names("P", plants), _names("D", depots), _names("C", customers), _names("G", products)),
        demand=demand.reshape(customers, products), made=made[:, :-1], passed=passed[:, :-1],
        fixed=np.concatenate([made[:, -1], passed[:, -1]]), inbound=inbound.reshape(products, plants, depots),
        outbound=outbound.reshape(products, depots, customers))


def multi_product_tables(case: MultiProduct) -> Tables:
    """Two-stage problem of several products: every site has a capacity for each product.

    A plant's capacity for a product is what it can make of it. That of a depot is a contract: at most so much of the
    product leaves it. What leaves a site in all is at most the sum of its capacities; this ties it to being open.
    """
    plants, depots, customers, products = case.names
    sites, capacity = np.concatenate([plants, depots]), np.concatenate([case.made, case.passed])
    passing = pd.DataFrame({
        "site": np.repeat(depots, products.size), "product": np.tile(products, depots.size),
        "quantity": case.passed.ravel()})
    return {
        "products": pd.DataFrame({"product": products}),
        "sites": pd.DataFrame({
            "site": sites, "kind": ["plant"] * plants.size + ["dc"] * depots.size, "status": "candidate",
            "capacity": capacity.sum(axis=1), "fixed_cost": case.fixed}),
        "site_products": pd.DataFrame({
            "site": np.repeat(plants, products.size), "product": np.tile(products, plants.size),
            "make_capacity": case.made.ravel()}),
        "customers": pd.DataFrame({"customer": customers}),
        "demand": pd.DataFrame({
            "customer": np.repeat(customers, products.size), "product": np.tile(products, customers.size),
            "quantity": case.demand.ravel()}),
        "rates": pd.concat([
            *(_all_pairs(plants, depots, costs).assign(product=name)
              for name, costs in zip(products, case.inbound, strict=True)),
            *(_all_pairs(depots, customers, costs).assign(product=name)
              for name, costs in zip(products, case.outbound, strict=True))], ignore_index=True),
        "contracts": passing.assign(contract=passing["site"] + "_" + passing["product"], kind="max_volume"),
    }


def multi_tables(path: Path, *, lane_fixed_cost: bool) -> Tables:
    """AMPL book, chapters 4 and 20: mills that send three products straight to factories; lanes share a limit.

    A limit of a lane over all products is `lanes.max_volume`; its fixed cost is `lanes.fixed_cost`. Supply and demand
    are equal in total, so that "at most the supply" is the book's equality.
    """
    case = json.loads(path.read_text())
    mills, factories, products = case["origins"], case["destinations"], case["products"]
    rates = [_all_pairs(np.array(mills, dtype=object), np.array(factories, dtype=object), np.ravel(costs)).assign(
        product=name) for name, costs in case["lane_variable_cost"].items()]
    lanes = rates[0][["origin", "destination"]].assign(max_volume=float(case["lane_limit_total"]))
    if lane_fixed_cost:
        lanes["fixed_cost"] = np.ravel(case["lane_fixed_cost"]).astype(float)
    return {
        "products": pd.DataFrame({"product": products}),
        "sites": pd.DataFrame({"site": mills, "kind": "plant"}),
        "site_products": _by_product("site", mills, "make_capacity", case["supply"]),
        "customers": pd.DataFrame({"customer": factories}),
        "demand": _by_product("customer", factories, "quantity", case["demand"]),
        "rates": pd.concat(rates, ignore_index=True),
        "lanes": lanes,
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


def _by_product(key: str, places: list[str], measure: str, figures: dict[str, list[float]]) -> pd.DataFrame:
    """A figure for each place and product; the figures stand a list per product."""
    return pd.concat([pd.DataFrame({key: places, "product": name, measure: np.array(values, dtype=float)})
                      for name, values in figures.items()], ignore_index=True)


def _all_pairs(origins: Names, destinations: Names, per_unit: Array) -> pd.DataFrame:
    """Rates from every origin to every destination; the costs stand a line per origin."""
    return pd.DataFrame({"origin": np.repeat(origins, destinations.size),
                         "destination": np.tile(destinations, origins.size), "per_unit": per_unit.ravel()})


def _names(letter: str, count: int) -> Names:
    """Names of equal length, so that their alphabetical order is their order in the file."""
    return np.array([f"{letter}{number:03d}" for number in range(1, count + 1)], dtype=object)
