"""Two row families that tables do not state. Plans are the same with and without them; proofs are shorter.

In the tables of several products a site's capacity for one product does not depend on whether the site is open: a
closed site sends nothing because its total is tied to being open. That is right for plans, and a weaker relaxation than
the published one, in which every capacity is tied: `product_capacity`.

The open sites of an echelon must have room for all demand. That follows from the rows that are there, so it changes
no relaxation; but from one row that says so the solver can cut off combinations of sites: `enough_capacity`.
"""

from __future__ import annotations

import numpy as np

from ctsopt.formulation.family import RowFamily, Variables
from ctsopt.keys import Axis, Keys
from ctsopt.networks.network import Network
from ctsopt.programs.algebra import Rows
from tests.known_answer.converters import Array, MultiProduct, Names


def enough_capacity(x: Variables, net: Network) -> Rows:
    """sum capacity[s] * open[s] >= all demand   [units]

    Over the plants, and over the depots where there are any. Every unit leaves one plant and one depot.
    """
    kind, capacity = (net.tables["sites"][column].to_numpy() for column in ("kind", "capacity"))
    echelons = Axis("echelon", sorted(set(kind)))
    axes = {"echelon": echelons, "site": net.axes["site"]}
    index = Keys.make(axes, echelon=echelons.codes(kind), site=np.arange(kind.size))
    room = (x.open.at(index) * capacity).per(Keys.make(axes, echelon=np.arange(len(echelons))))
    return room >= float(net.tables["demand"]["quantity"].sum())


def enough_capacity_for_products(case: MultiProduct) -> RowFamily:
    """The same for each product."""
    capacity, sites = _capacity(case)
    products = case.names[3]
    plants = case.names[0].size

    def enough_capacity(x: Variables, net: Network) -> Rows:
        """sum capacity[s,p] * open[s] >= all demand for p   [units]"""
        axes = {"echelon": Axis("echelon", ["depot", "plant"]), "product": net.axes["product"],
                "site": net.axes["site"]}
        codes = net.axes["product"].codes(products)
        echelon = (np.arange(sites.size) < plants).astype(np.int32)
        index = Keys.make(axes, echelon=np.repeat(echelon, products.size), product=np.tile(codes, sites.size),
                          site=np.repeat(net.axes["site"].codes(sites), products.size))
        each = Keys.make(axes, echelon=np.repeat([0, 1], products.size), product=np.tile(codes, 2))
        return (x.open.at(index) * capacity.ravel()).per(each) >= np.tile(case.demand.sum(axis=0), 2)

    return enough_capacity


def product_capacity(case: MultiProduct) -> RowFamily:
    """The row family that ties a site's capacity for each product to the site being open."""
    capacity, names = _capacity(case)
    products = case.names[3]

    def product_capacity(x: Variables, net: Network) -> Rows:
        """sum moved out + delivered of product p from site s <= capacity[s,p] * open[s]   [units]"""
        sites = net.axes["site"].codes(names)
        index = Keys.make(net.axes, site=np.repeat(sites, products.size),
                          product=np.tile(net.axes["product"].codes(products), sites.size))
        out = x.move.per(index, on={"site": "origin"}) + x.deliver.per(index)
        return out <= x.open.at(index) * capacity.ravel()

    return product_capacity


def _capacity(case: MultiProduct) -> tuple[Array, Names]:
    """Capacity of each site for each product, and the names of the sites."""
    return np.concatenate([case.made, case.passed]), np.concatenate(case.names[:2])
