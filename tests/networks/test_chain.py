"""Who is out of reach, and the link of the chain that is missing: each read off its tables."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.network import even_impossible
from tests.small import chain, lanes, table

P, D = {"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}
X, Y = {"site": "X", "kind": "crossdock"}, {"site": "Y", "kind": "crossdock"}

CASES = {
    "no lane leads to C": (
        {"lanes": lanes("P-D")}, "no_lane", "no lane reaches it"),
    "the lane is closed": (
        {"lanes": pd.concat([lanes("P-D"), lanes("D-C", status="closed")])}, "lane_closed",
        "no lane reaches it but the one from D, which is closed"),
    "the site may not be opened": (
        {"sites": table(P, {**D, "status": "candidate", "may_open": "no"})}, "site_closed",
        "no lane reaches it but from D, which is closed or may not be opened"),
    "the mode is not for the tier": (
        {"tiers": table({"tier": "gold", "modes": "air"}), "modes": table({"mode": "truck", "per_weight": 1},
                                                                          {"mode": "air", "per_weight": 9}),
         "lanes": lanes("P-D-truck", "D-C-truck")}, "mode_not_allowed",
        "its lane from D is by truck, which may not be used for the tier gold"),
    "over two cross-docks": (
        {"sites": table(P, X, Y), "lanes": lanes("P-X", "X-Y", "Y-C")}, "two_crossdocks",
        "its lane comes from the cross-dock Y, to which no lane leads from a plant, supplier or dc (goods pass one "
        "cross-dock at most)"),
    "the dc may not stock it": (
        {"site_products": table({"site": "P", "make_cost": 1}, {"site": "D", "can_stock": "no"})}, "not_stocked",
        "D, from which it could be sent, neither makes nor stocks goods"),
    "nothing leads to the dc": (
        {"lanes": lanes("D-C")}, "not_supplied", "nothing can supply D with goods: no lane leads to D"),
    "only a dc without goods leads to the dc": (
        {"sites": table(P, D, {"site": "E", "kind": "dc"}), "lanes": lanes("E-D", "D-C")}, "not_supplied",
        "nothing can supply D with goods: it could come from E only, where goods cannot be had either"),
    "too slow": (
        {"tiers": table({"tier": "gold"}), "promises": table({"tier": "gold", "lead_time": 2}),
         "modes": table({"mode": "truck", "per_weight": 1, "fixed_time": 3})}, "too_slow",
        "the fastest way is from D by truck, 3.00 days on average, on time 0.0%"),
    "made to order for too long": (
        {"sites": table({**P, "processing_time": 1}), "lanes": lanes("P-C"), "tiers": table({"tier": "gold"}),
         "promises": table({"tier": "gold", "lead_time": 2}),
         "site_products": table({"site": "P", "can_stock": "no", "make_days": 5})}, "too_slow",
        "the fastest way is from P by truck, 6.00 days on average, on time 0.0%, of which making goods to order at P "
        "takes 5.00"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_link_that_is_missing(case):
    tables, link, words = CASES[case]
    found = even_impossible(chain(**tables)).derived.unreached
    assert found["customer"].tolist() == ["C"]
    assert found["link"].tolist() == [link]
    assert found["why"].tolist() == [words]
    assert words in str(cts.check(chain(**tables)))


def test_the_link_nearest_to_the_plant_is_named():
    """One lane is closed, one comes from a dc without goods: that goes further than a closed lane."""
    tables = chain(sites=table(P, D, {"site": "E", "kind": "dc"}),
                   lanes=pd.concat([lanes("D-C"), lanes("E-C", status="closed")]))
    assert even_impossible(tables).derived.unreached["link"].tolist() == ["not_supplied"]


def test_who_is_reached_is_not_listed():
    assert even_impossible(chain()).derived.unreached.empty
    assert len(even_impossible(chain()).derived.unreached.columns) >= 11


def test_other_faults_are_faults():
    with pytest.raises(cts.DataError, match="unknown_reference"):
        even_impossible(chain(demand=table({"customer": "Z", "quantity": 1})))
