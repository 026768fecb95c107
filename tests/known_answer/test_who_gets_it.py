"""A real order list shared among its orders: each total against a linear program over single orders.

9,215 orders of one day, each one unit of a plant's daily capacity. Who may serve an order follows from the products of
each plant; a plant with dedicated customers serves these alone. Ports are left aside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

import ctsopt as cts
from tests.known_answer.shared_data import data

LEVELS = ("DTD", "DTP", "CRF")


@pytest.fixture(scope="module")
def day():
    """Supply, orders and who may serve whom."""
    book = pd.read_excel(data("brunel", "Supply_chain_logistics_problem.xlsx"), sheet_name=None)
    listed, made = book["OrderList"], book["ProductsPerPlant"]
    orders = pd.DataFrame({"order": listed["Order ID"].map("{:.2f}".format), "line": np.arange(len(listed)).astype(str),
                           "customer": listed["Customer"], "product": "capacity", "quantity": 1.0,
                           "tier": listed["Service Level"], "item": listed["Product ID"].astype(str)})
    capacity = book["WhCapacities"].set_axis(["site", "quantity"], axis=1)
    dedicated = book["VmiCustomers"].set_axis(["site", "customer"], axis=1)
    ways = orders[["customer", "item"]].drop_duplicates().merge(
        made.set_axis(["site", "item"], axis=1).drop_duplicates().astype({"item": str}), on="item")
    pairs = set(zip(dedicated["site"], dedicated["customer"], strict=True))
    closed = set(dedicated["site"])
    allowed = [s not in closed or (s, c) in pairs for s, c in zip(ways["site"], ways["customer"], strict=True)]
    ways = ways[allowed]
    # What an order needs is a unit of capacity; who may give it depends on customer and item together.
    orders["customer"] = orders["customer"] + "/" + orders["item"]
    eligible = pd.DataFrame({"site": ways["site"], "customer": ways["customer"] + "/" + ways["item"]})
    supply = capacity.assign(product="capacity")
    return supply, orders.drop(columns="item"), eligible.drop_duplicates()


class Flows:
    """The linear program over single orders, written for the test: one column for each order and plant."""

    def __init__(self, supply, orders, eligible):
        ways = orders[["customer"]].reset_index(names="order").merge(eligible, on="customer")
        plant = pd.Index(supply["site"]).get_indexer(ways["site"])
        self.order, count = ways["order"].to_numpy(), len(ways)
        column = np.arange(count)
        self.rows = sp.vstack([sp.coo_array((np.ones(count), (plant, column)), (len(supply), count)),
                               sp.coo_array((np.ones(count), (self.order, column)), (len(orders), count))]).tocsr()
        self.sides = np.append(supply["quantity"].to_numpy(float), np.ones(len(orders)))

    def most(self, weight, kept=()):
        """The greatest total of weights; `kept`: pairs of a mask of orders and the total that they keep."""
        rows = [self.rows, *(sp.csr_array(-mask[self.order][None, :].astype(float)) for mask, _ in kept)]
        sides = np.append(self.sides, [-total + 1e-6 for _, total in kept])
        return -linprog(-np.asarray(weight, float)[self.order], sp.vstack(rows), sides).fun


@pytest.fixture(scope="module")
def flows(day):
    return Flows(*day)


def served(alloc):
    return alloc.table.groupby("tier")["whole"].sum()


@pytest.mark.slow
@pytest.mark.parametrize(("ranking", "numbers"), [(LEVELS, [1407, 884, 153]), (LEVELS[::-1], [854, 1410, 180])])
def test_served_by_rank(day, flows, ranking, numbers):
    supply, orders, eligible = day
    policy = pd.DataFrame({"tier": ranking, "rank": [1, 2, 3]})
    alloc = cts.allocate(supply, orders, "priority", policy=policy, eligible=eligible)
    assert served(alloc)[list(ranking)].tolist() == numbers
    kept = []
    for level in ranking:
        mask = (orders["tier"] == level).to_numpy()
        total = flows.most(mask, kept)
        kept.append((mask, total))
        assert served(alloc)[level] == pytest.approx(round(total), abs=1e-6)


@pytest.mark.slow
def test_served_by_value(day, flows):
    supply, orders, eligible = day
    penalty = orders["tier"].map({"DTD": 3.0, "DTP": 2.0, "CRF": 1.0}).to_numpy()
    alloc = cts.allocate(supply, orders.assign(penalty=penalty), "value", eligible=eligible)
    assert penalty @ alloc.table["whole"] == pytest.approx(flows.most(penalty), abs=1e-4)


@pytest.mark.slow
def test_served_worst_share_first(day, flows):
    """The most in all; and the least level is the greatest that every order that can be served at all may have."""
    supply, orders, eligible = day
    alloc = cts.allocate(supply, orders, "max_min", eligible=eligible)
    ones = np.ones(len(orders))
    assert alloc.table["share"].sum() == pytest.approx(flows.most(ones), abs=1e-4)
    assert alloc.table["whole"].sum() == pytest.approx(round(flows.most(ones)))
    reached = np.isin(np.arange(len(orders)), flows.order)
    assert (alloc.table["share"][~reached] == 0).all()
    assert served(alloc).to_dict() == {"CRF": 241, "DTD": 520, "DTP": 1683}
    # Orders of one customer for one item are alike: each of them can have the level if together they have all theirs.
    alike = orders[reached].groupby("customer").size()
    ways = eligible[eligible["customer"].isin(alike.index)].reset_index(drop=True)
    plant, who = pd.Index(supply["site"]).get_indexer(ways["site"]), alike.index.get_indexer(ways["customer"])
    column = np.arange(len(ways))
    given = sp.coo_array((np.ones(len(ways)), (plant, column)), (len(supply), len(ways) + 1))
    taken = sp.coo_array((np.append(-np.ones(len(ways)), alike), (np.append(who, np.arange(len(alike))),
                                                                np.append(column, np.full(len(alike), len(ways))))))
    found = linprog(np.append(np.zeros(len(ways)), -1.0), sp.vstack([given, taken]),
                    np.append(supply["quantity"].to_numpy(float), np.zeros(len(alike))))
    assert alloc.table["share"][reached].min() == pytest.approx(-found.fun, abs=1e-6)
