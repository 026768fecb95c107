"""The two-stage problem of several products as a program of scipy, made from the file alone."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.known_answer.converters import MultiProduct


def least_cost(case: MultiProduct, *, tied: bool, whole: bool = False) -> float:
    """Least cost by scipy, from the file alone: nothing of ctsopt's program is used.

    Columns: x[product,plant,depot], z[product,depot,customer], open[site].

    Parameters
    ----------
    case : MultiProduct
    tied : bool
        Every capacity of a site for a product is times open (as published); else just their sum is.
    whole : bool
        Sites are open or closed; else this is the linear relaxation.
    """
    plants, depots, customers, products = (names.size for names in case.names)
    sites = plants + depots
    row = {n: np.ones((1, n)) for n in (plants, depots, customers)}
    eye = {n: sp.eye_array(n) for n in (plants, depots, customers, products, sites)}
    each = eye[products]
    out_of_plant, into_depot = sp.kron(eye[plants], row[depots]), sp.kron(row[plants], eye[depots])
    out_of_depot, to_customer = sp.kron(eye[depots], row[customers]), sp.kron(row[depots], eye[customers])
    balance = sp.hstack([sp.kron(each, into_depot), -sp.kron(each, out_of_depot)])
    served = sp.hstack([sp.csr_array((products * customers, products * plants * depots)), sp.kron(each, to_customer)])
    sent = sp.block_diag([sp.kron(each, out_of_plant), sp.kron(each, out_of_depot)])
    site_of = sp.block_diag([sp.kron(np.ones((products, 1)), eye[n]) for n in (plants, depots)])
    limit = np.concatenate([case.made.T.ravel(), case.passed.T.ravel()])
    in_all = np.concatenate([case.made.sum(axis=1), case.passed.sum(axis=1)])
    link = (sp.hstack([sent, -sp.diags_array(limit) @ site_of]) if tied
            else sp.hstack([site_of.T @ sent, -sp.diags_array(in_all)]))
    flows = sent.shape[1]
    cost = np.concatenate([case.inbound.ravel(), case.outbound.ravel(), case.fixed])
    is_site = np.arange(flows + sites) >= flows

    def padded(block: sp.sparray) -> sp.csr_array:
        return sp.csr_array(sp.hstack([block, sp.csr_array((block.shape[0], sites))]))

    demand = case.demand.T.ravel()
    rows = [LinearConstraint(padded(balance), 0.0, 0.0), LinearConstraint(padded(served), demand, demand),
            LinearConstraint(padded(sent), -np.inf, limit), LinearConstraint(sp.csr_array(link), -np.inf, 0.0)]
    done = milp(cost, integrality=is_site * int(whole), bounds=Bounds(0.0, np.where(is_site, 1.0, np.inf)),
                constraints=rows, options={"mip_rel_gap": 1e-9})
    if done.status != 0:
        raise RuntimeError(f"scipy: {done.message}")
    return float(done.fun)
