"""Published problems as a textbook writes them down for HiGHS, in two forms: what ctsopt's search is measured against.

*Aggregated*: a site has room for all that it sends, capacity x open. *Disaggregated*: also, nobody is served from a
closed site. One source for each customer is a whole column for each customer and site.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

from ctsopt.programs.program import Arrays
from tests.known_answer.converters import Location

FORMS = ("aggregated", "disaggregated")


@dataclass(frozen=True)
class Run:
    """What a run took and found: processor seconds, cost of the plan, proven bound."""

    seconds: float
    cost: float
    bound: float


def location(case: Location, form: str, *, single_source: bool = False) -> Arrays:
    """Which sites to open, and which share of each customer they serve."""
    demand = np.ones(len(case.serving)) if case.demand is None else case.demand
    served = demand > 0
    cost, demand = case.serving[served], demand[served]
    customers, sites = cost.shape
    room = np.full(sites, demand.sum()) if case.capacity is None else np.minimum(case.capacity, demand.sum())
    share = np.arange(customers * sites)
    of, at = np.divmod(share, sites)
    open_ = len(share) + np.arange(sites)
    parts = [(of, share, np.ones(len(share))), (customers + at, share, demand[of]),
             (customers + np.arange(sites), open_, -room)]
    lower, upper = [np.ones(customers), np.full(sites, -np.inf)], [np.ones(customers), np.zeros(sites)]
    if form == "disaggregated":
        link = customers + sites + share
        parts += [(link, share, np.ones(len(share))), (link, open_[at], -np.ones(len(share)))]
        lower, upper = [*lower, np.full(len(share), -np.inf)], [*upper, np.zeros(len(share))]
    whole = np.arange(len(share) + sites) >= (0 if single_source else len(share))
    return _arrays(parts, np.concatenate([cost.ravel(), case.fixed]), np.ones(len(whole)), whole, lower, upper)


def two_stages(numbers: np.ndarray, form: str) -> Arrays:
    """Plants and depots to open, in the numbers of a file of Fernandes et al. (see `two_stage_tables`)."""
    plants, depots, customers = numbers[:3].astype(int)
    ends = np.cumsum([customers, 2 * plants, plants * depots, 2 * depots, depots * customers])
    demand, plant, inbound, depot, outbound, _ = np.split(numbers[3:], ends)
    (made, of_plant), (passed, of_depot) = plant.reshape(-1, 2).T, depot.reshape(-1, 2).T
    into, out = np.arange(inbound.size), inbound.size + np.arange(outbound.size)
    start, middle = np.divmod(into, depots)
    at, to = np.divmod(np.arange(outbound.size), customers)
    opened = inbound.size + outbound.size + np.arange(plants)
    kept = opened[-1] + 1 + np.arange(depots)
    first = np.cumsum([0, customers, depots, plants, depots])
    one = np.ones(outbound.size)
    parts = [(to, out, one), (first[1] + at, out, one), (first[1] + middle, into, -np.ones(into.size)),
             (first[2] + start, into, np.ones(into.size)), (first[2] + np.arange(plants), opened, -made),
             (first[3] + at, out, one), (first[3] + np.arange(depots), kept, -passed)]
    lower = [demand, np.zeros(depots), np.full(plants + depots, -np.inf)]
    upper = [demand, np.zeros(depots + plants + depots)]
    if form == "disaggregated":
        link = first[4] + np.arange(outbound.size)
        parts += [(link, out, one), (link, kept[at], -demand[to])]
        lower, upper = [*lower, np.full(out.size, -np.inf)], [*upper, np.zeros(out.size)]
    whole = np.arange(kept[-1] + 1) >= opened[0]
    return _arrays(parts, np.concatenate([inbound, outbound, of_plant, of_depot]), np.where(whole, 1.0, np.inf), whole,
                   lower, upper)


def _arrays(parts: list, cost: np.ndarray, upper: np.ndarray, whole: np.ndarray, row_lower: list,
            row_upper: list) -> Arrays:
    row, col, coef = (np.concatenate(each) for each in zip(*parts, strict=True))
    low, high = np.concatenate(row_lower), np.concatenate(row_upper)
    matrix = sp.coo_array((coef, (row, col)), shape=(len(low), len(cost))).tocsc()
    return Arrays(matrix, cost, 0.0, np.zeros(len(cost)), upper, whole, low, high)


def run(arrays: Arrays, gap: float, limit: float) -> Run:
    """HiGHS on one thread, with its own options but for the gap and the time."""
    begin = time.process_time()
    model = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", gap), ("time_limit", limit)):
        if model.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise SystemExit(f"HiGHS does not take {option} = {value}")
    matrix = arrays.matrix.tocsc()
    model.passModel(len(arrays.cost), matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
                    int(highspy.ObjSense.kMinimize), arrays.offset, arrays.cost, arrays.lower, arrays.upper,
                    arrays.row_lower, arrays.row_upper, matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32),
                    matrix.data, arrays.integer.astype(np.int32))
    model.run()
    info = model.getInfo()
    return Run(time.process_time() - begin, info.objective_function_value, info.mip_dual_bound)
