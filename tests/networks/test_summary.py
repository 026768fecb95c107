"""What a network holds: figures that can be counted on paper."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from tests.small import chain, lanes, table


@pytest.fixture(scope="module")
def two_dcs():
    return cts.read(examples.path("two_dcs")).summary()


def figures(summary, section, item):
    """Value by what it is counted by."""
    frame = summary.frame()
    part = frame[(frame["section"] == section) & (frame["item"] == item)]
    return dict(zip(part["by"], part["value"], strict=True))


def test_two_dcs_as_in_its_tables(two_dcs):
    """Two DCs, a plant; 4 customers of 10,000 and 20,000 boxes; both DCs reach each of them by carrier, express."""
    assert figures(two_dcs, "sites", "dc") == {"candidate": 1, "open": 1}
    assert (figures(two_dcs, "sites", "may open"), figures(two_dcs, "sites", "may close")) == ({"": 1}, {"": 1})
    assert figures(two_dcs, "customers", "tier") == {"gold": 2, "standard": 2}
    assert figures(two_dcs, "demand", "tier") == {"gold": 30000, "standard": 30000}
    assert figures(two_dcs, "demand", "weight") == {"": 600000}
    assert figures(two_dcs, "lanes", "between sites") == {"carrier": 0, "express": 0, "truck": 2}
    assert figures(two_dcs, "lanes", "to customers") == {"carrier": 8, "express": 8, "truck": 0}
    assert figures(two_dcs, "lanes", "to customers from") == {"plant": 0, "supplier": 0, "dc": 2, "crossdock": 0}
    assert (figures(two_dcs, "ways", "moves"), figures(two_dcs, "ways", "deliveries")) == ({"": 2}, {"": 10})
    assert figures(two_dcs, "ways", "of a request") == {"median": 2.5, "least": 2, "most": 3}
    # Standard may not go by express (2 sites x 2 customers); gold by carrier over 600 km is late (A from West, C from
    # East). Express beside a carrier in time is dearer (A from East, C from West), which is for the program to say.
    left_out = two_dcs.frame().query("section == 'left out'")["value"].tolist()
    assert sorted(left_out) == [2, 4]
    more = pd.DataFrame({"kind": ["delivery"], "reason": ["dearer"], "ways": [2]})
    known = two_dcs.with_left_out(more)
    assert known.frame().query("section == 'left out'")["value"].tolist() == [*left_out, 2]
    assert "              2 delivery ways: dearer" in str(known).splitlines()


def test_choices_of_a_request(two_dcs):
    """A: from East by carrier in 0.7 days or express in 0.9, from West by express; promised 1 day: slack 0.3."""
    a = two_dcs.requests.set_index("customer").loc["A"]
    assert (a["sites"], a["ways"], a["lead_time"]) == (2, 3, 1)
    assert (a["fastest"], a["slack"]) == (pytest.approx(0.7), pytest.approx(0.3))
    assert figures(two_dcs, "ways", "tightest slack")[""] == pytest.approx(0.3)


def test_text_names_what_is_scarce(two_dcs):
    lines = str(two_dcs).splitlines()
    assert lines[0] == "two_dcs holds"
    assert "  customers   4: gold 2, standard 2" in lines
    assert "  promises    gold / all classes: every order within 1 day, 95% sure; 100% served" in lines
    assert "  least time  A / gold: promised 1 day, the fastest way takes 0.7: slack 0.3" in lines
    assert "              sites that deliver 2: dc 2" in lines
    assert "  limits      site capacity 2, make capacity 1" in lines
    assert "  findings    none" in lines


def test_a_customer_without_a_choice_comes_first():
    """D serves C and E, F only E: C has one site. Nothing is promised: no slack."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, *({"site": s, "kind": "dc"} for s in "DF")),
                   customers=table({"customer": "C"}, {"customer": "E"}),
                   lanes=lanes("P-D", "P-F", "D-C", "D-E", "F-E"),
                   demand=table({"customer": "C", "quantity": 1}, {"customer": "E", "quantity": 3}))
    summary = cts.network(tables).summary()
    assert summary.requests[["customer", "sites", "ways"]].to_numpy().tolist() == [["C", 1, 1], ["E", 2, 2]]
    assert figures(summary, "ways", "requests with") == {"one site": 1, "one way": 1}
    assert math.isinf(summary.requests["slack"].min())
    assert "  no choice   1 request with one site, of C" in str(summary).splitlines()
    assert "least time" not in str(summary)


def test_limits_are_counted():
    tables = chain(capacity_levels=table({"site": "D", "level": "s", "capacity": 200}),
                   lanes=lanes("P-D", "D-C", max_volume=500, fixed_cost=1), settings={"budget": 1e6},
                   contracts=table({"contract": "k", "kind": "min_volume", "site": "D", "quantity": 1}))
    summary = cts.network(tables).summary()
    limits = summary.frame().query("section == 'limits'").set_index("item")["value"].to_dict()
    assert limits == {"capacity level": 1, "fixed cost of a lane": 2, "most lane volume": 2, "contract min_volume": 1,
                      "budget": 1}


def test_warnings_are_counted():
    """A warning of the checks: gold is promised no less than silver, but slower."""
    tables = chain(tiers=table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2}),
                   customers=table({"customer": "C", "tier": "gold"}),
                   promises=table({"tier": "gold", "lead_time": 3}, {"tier": "silver", "lead_time": 2}))
    net = cts.network(tables)
    found = net.summary().frame().query("section == 'findings'")
    assert found["value"].sum() == sum(f.count for f in net.findings.warnings) > 0
    assert found["item"].tolist() == [f.rule for f in net.findings]
    assert f"1 {found['item'].iloc[0]}" in str(net.summary())


def test_who_keeps_stock_and_how_it_is_planned():
    """P and D deliver to C; D rations. Up to two days of wait are in question, and the promise leaves room for one."""
    tables = chain(lanes=lanes("P-D", "D-C", "P-C"), modes=table({"mode": "truck", "per_weight": 1, "fixed_time": 1}),
                   promises=table({"tier": "standard", "lead_time": 2, "fill_rate": 0.975, "safety_factor": 2}),
                   products=table({"product": "goods", "variance_to_mean": 2, "unit_value": 5}),
                   site_products=table({"site": "D", "stock_sharing": "rationed"}, {"site": "P"}),
                   settings={"holding_rate": 0.2, "stock_rule": "square_root", "stock_level": "peak",
                             "longest_wait": 2})
    summary = cts.network(tables).summary()
    assert figures(summary, "stock", "stock points") == {"dc": 1, "plant": 1}
    assert figures(summary, "stock", "shared") == {"pooled": 1, "rationed": 1}
    assert figures(summary, "stock", "configurations") == {"": 4}
    assert summary.frame().query("section == 'promises'")[["by", "value"]].to_numpy().tolist() == [
        ["lead_time", 2], ["served_fraction", 1], ["fill_rate", 0.975], ["safety_factor", 2]]
    lines_of = str(summary).splitlines()
    assert ("  promises    standard / all classes: every order within 2 days, 95% sure; 100% served; 97.5% from stock; "
            "safety factor 2") in lines_of
    assert ("  stock       points: dc 1, plant 1; shared: pooled 1, rationed 1; sized by square_root, peak; "
            "4 configurations") in lines_of
    assert "  stock" not in str(cts.network(chain()).summary())


def test_without_promises_the_summary_says_what_the_plan_keeps() -> None:
    """Nothing is promised in a table, so that all demand is to be served: the plan tells of it as one kept promise."""
    net = cts.network(chain())
    assert "none stated: each tier gets all that it asks for" in str(net.summary())
    assert "1 of 1 kept" in str(cts.solve(net))
