"""Ways: which moves and deliveries exist, what they cost line by line, how long they take, and which were left out."""

from __future__ import annotations

import math

import pytest

import ctsopt as cts
from tests.small import chain, lanes, rates, table


def deliveries(net: cts.Network) -> list[str]:
    """Deliveries in words: `P/X-C by rail+van`."""
    frame = net.ways.deliveries.frame()
    return sorted(f"{r.site}{'/' + r.via if r.via else ''}-{r.customer} by "
                  f"{r.mode_in + '+' if r.mode_in else ''}{r.mode_out}" for r in frame.itertuples())


def moves(net: cts.Network) -> list[str]:
    frame = net.ways.moves.frame()
    return sorted(f"{r.origin}{'/' + r.via if r.via else ''}-{r.destination} by {r.mode_in + '+' if r.mode_in else ''}"
                  f"{r.mode_out} {r.product}" for r in frame.itertuples())


def pruned(net: cts.Network) -> dict[tuple[str, str], int]:
    return {(r.kind, r.reason): r.ways for r in net.pruned.itertuples()}


def only(net: cts.Network, kind: str = "deliveries") -> dict[str, float]:
    """Measures of the only way."""
    frame = getattr(net.ways, kind).frame()
    assert len(frame) == 1
    return frame.iloc[0].to_dict()


DOCK_SITES = table({"site": "P", "kind": "plant", "handling_out": 1, "processing_time": 0.5},
                   {"site": "X", "kind": "crossdock", "handling_in": 2, "handling_out": 3, "processing_time": 0.25,
                    "capacity_unit": "m3"},
                   {"site": "D", "kind": "dc", "handling_in": 5, "handling_out": 7, "capacity_unit": "kg"})
DOCK = {"sites": DOCK_SITES, "products": table({"product": "bolt", "weight": 4, "volume": 0.5}),
        "demand": table({"customer": "C", "product": "bolt", "quantity": 10}),
        "modes": table({"mode": "rail", "serves": "moves", "fixed_time": 2, "transit_cv": 0.15, "per_weight": 1},
                       {"mode": "van", "serves": "deliveries", "fixed_time": 1, "transit_cv": 0.4, "per_weight": 10,
                        "transit_distribution": "gamma"})}


def test_a_delivery_over_a_cross_dock():
    """P-X by rail, X-C by van; 4 kg and 0.5 m3 a unit; X counts m3.

    Line haul 4 x 1, last mile 4 x 10. Handling out: 1 at P and 0.5 x 3 at X; in: 0.5 x 2 at X. Lead time
    0.5 + 2 + 0.25 + 1 = 3.75 days, deviation hypot(0.3, 0.4) = 0.5.
    """
    net = cts.network(chain(**DOCK | {"lanes": lanes("P-X", "X-C", distance=10), "sites": DOCK_SITES.iloc[:2]}))
    way = only(net)
    assert (way["site"], way["via"], way["mode_in"], way["mode_out"]) == ("P", "X", "rail", "van")
    assert {n: way[n] for n in ("line_haul", "last_mile", "handling_out", "handling_in")} == pytest.approx(
        {"line_haul": 4, "last_mile": 40, "handling_out": 2.5, "handling_in": 1.0})
    assert way["lead_time"] == pytest.approx(3.75)
    assert (way["load"], way["via_load"], way["distance"]) == pytest.approx((1, 0.5, 20))


def test_two_legs_are_as_uncertain_as_both_and_of_the_kind_of_the_last():
    """Mean 3, deviation 0.5: gamma of shape 36, scale 1/12. P(T <= 4 - 0.75) = 1 - sum_{k<36} e^-39 39^k / k!."""
    net = cts.network(chain(**DOCK | {
        "lanes": lanes("P-X", "X-C"), "sites": DOCK_SITES.iloc[:2], "tiers": table({"tier": "gold"}),
        "promises": table({"tier": "gold", "lead_time": 4, "reliability": 0.5})}))
    poisson = 1 - sum(math.exp(-39 + k * math.log(39) - math.lgamma(k + 1)) for k in range(36))
    assert round(poisson, 2) == 0.71
    assert only(net)["on_time"] == pytest.approx(poisson, rel=1e-9)


def test_a_direct_delivery():
    """Handling out of D: 4 kg at 7; the time is D's own, not that of the settings."""
    net = cts.network(chain(**DOCK | {"lanes": lanes("P-D", "D-C"), "settings": {"processing_time": 9},
                                      "sites": DOCK_SITES.iloc[[0, 2]]}))
    way = only(net)
    assert (way["via"], way["mode_in"], way["line_haul"], way["handling_in"]) == ("", "", 0, 0)
    assert (way["handling_out"], way["lead_time"]) == (28, 10)
    move = only(net, "moves")
    assert (move["line_haul"], move["handling_out"], move["handling_in"]) == (4, 1, 20)
    assert (move["load"], move["lead_time"]) == (1, 2)


def test_a_move_over_a_cross_dock():
    """P-X-D by rail twice: 4 + 4; handling out 1 + 1.5, in 1 + 20; 2 + 0.25 + 2 days."""
    net = cts.network(chain(**DOCK | {"lanes": lanes("P-X", "X-D", "D-C")}))
    move = only(net, "moves")
    assert (move["origin"], move["via"], move["destination"]) == ("P", "X", "D")
    assert (move["line_haul"], move["handling_out"], move["handling_in"]) == (8, 2.5, 21)
    assert (move["load"], move["via_load"], move["lead_time"]) == (1, 0.5, 4.25)


@pytest.mark.parametrize(("site", "settings", "days"), [({}, {}, 1), ({}, {"processing_time": 2}, 3),
                                                        ({"processing_time": 0.5}, {"processing_time": 2}, 1.5)])
def test_processing_time(site, settings, days):
    net = cts.network(chain(sites=table({"site": "P", "kind": "plant", **site}), lanes=lanes("P-C"), settings=settings,
                            modes=table({"mode": "van", "per_weight": 1, "fixed_time": 1})))
    assert only(net)["lead_time"] == days


def test_a_cross_dock_without_a_time_adds_none():
    """The usual time is that of stocking sites: 2 at P, none at X, two legs of a day."""
    net = cts.network(chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                            lanes=lanes("P-X", "X-C"), settings={"processing_time": 2},
                            modes=table({"mode": "van", "per_weight": 1, "fixed_time": 1})))
    assert only(net)["lead_time"] == 4


def test_at_most_one_cross_dock():
    """P-X-Y-C is no way: X and Y in a row."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"},
                               {"site": "Y", "kind": "crossdock"}), lanes=lanes("P-X", "X-Y", "Y-C", "X-C"))
    assert deliveries(cts.network(tables)) == ["P/X-C by truck+truck"]


def test_every_pair_of_modes():
    modes = table(*({"mode": m, "serves": s, "per_weight": c, "fixed_time": 9 - c} for m, s, c in (
        ("rail", "moves", 1), ("road", "moves", 2), ("van", "deliveries", 3), ("bike", "deliveries", 4))))
    tables = chain(sites=DOCK_SITES.iloc[:2], modes=modes, lanes=lanes("P-X", "X-C"))
    everything = cts.network(tables)
    assert deliveries(everything) == [f"P/X-C by {a}+{b}" for a in ("rail", "road") for b in ("bike", "van")]


def test_tier_modes_are_those_of_the_last_leg():
    tables = chain(sites=DOCK_SITES.iloc[:2], lanes=lanes("P-X", "X-C", "P-C"), modes=table(
        {"mode": "rail", "serves": "moves", "per_weight": 1}, {"mode": "van", "serves": "deliveries", "per_weight": 1},
        {"mode": "air", "serves": "deliveries", "per_weight": 1}),
        tiers=table({"tier": "gold", "modes": "air"}))
    net = cts.network(tables)
    assert deliveries(net) == ["P-C by air", "P/X-C by rail+air"]
    assert pruned(net)[("delivery", "the tier is not served by the mode")] == 2


def test_made_to_order():
    """Q does not stock what it makes: 4 days to make are part of the time, and nothing is moved to it."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"},
                               {"site": "D", "kind": "dc"}),
                   site_products=table({"site": "P"}, {"site": "Q", "make_days": 4, "can_stock": "no"}),
                   modes=table({"mode": "van", "per_weight": 1, "fixed_time": 1}),
                   lanes=lanes("P-Q", "Q-C", "Q-D", "D-C", "P-D"))
    net = cts.network(tables)
    assert net.ways.deliveries.frame().set_index("site")["lead_time"].to_dict() == {"Q": 5, "D": 1}
    assert moves(net) == ["P-D by van goods", "Q-D by van goods"]
    stocked = cts.network(tables | {"site_products": table({"site": "P"}, {"site": "Q", "make_days": 4})})
    assert stocked.ways.deliveries.frame().set_index("site")["lead_time"].to_dict() == {"Q": 1, "D": 1}
    assert moves(stocked) == ["P-D by van goods", "P-Q by van goods", "Q-D by van goods"]


def test_who_makes_what():
    """Once site_products has rows a maker makes what is listed with a capacity above 0; a dc makes nothing."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "supplier"},
                               {"site": "R", "kind": "plant"}),
                   products=table({"product": "bolt"}, {"product": "nut"}),
                   demand=table({"customer": "C", "product": "bolt", "quantity": 1},
                                {"customer": "C", "product": "nut", "quantity": 1}),
                   lanes=lanes("P-C", "Q-C", "R-C"))

    def sources(net: cts.Network) -> set[str]:
        return {f"{r.site} {r.product}" for r in net.ways.deliveries.frame().itertuples()}

    assert sources(cts.network(tables)) == {"P bolt", "P nut", "Q bolt", "Q nut", "R bolt", "R nut"}
    listed = table({"site": "P", "product": "bolt", "make_capacity": 0}, {"site": "P", "product": "nut"},
                   {"site": "Q", "product": "bolt"})
    assert sources(cts.network(tables | {"site_products": listed})) == {"P nut", "Q bolt"}


def test_a_dc_that_does_not_stock_a_product_does_not_handle_it():
    tables = chain(products=table({"product": "bolt"}, {"product": "nut"}), lanes=lanes("P-D", "D-C", "P-C"),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
                   demand=table(*({"customer": "C", "product": p, "quantity": 1} for p in ("bolt", "nut"))),
                   site_products=table({"site": "P", "product": "bolt"}, {"site": "P", "product": "nut"},
                                       {"site": "D", "product": "nut", "can_stock": "no"}))
    net = cts.network(tables)
    assert moves(net) == ["P-D by truck bolt"]
    assert [r.product for r in net.ways.deliveries.frame().query("site == 'D'").itertuples()] == ["bolt"]


def test_what_nothing_supplies_is_left_out_and_counted():
    """E has no lane from P: its way to C, in each of two periods, and its move on to D."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                               {"site": "E", "kind": "dc"}),
                   lanes=lanes("P-D", "D-C", "E-C", "E-D"),
                   periods=table({"period": "a", "days": 10}, {"period": "b", "days": 10}),
                   demand=table({"customer": "C", "period": "a", "quantity": 1},
                                {"customer": "C", "period": "b", "quantity": 1}))
    net = cts.network(tables)
    assert deliveries(net) == ["D-C by truck", "D-C by truck"]
    assert pruned(net) == {("delivery", "nothing can supply the site with the product"): 2,
                           ("move", "nothing can supply the origin with the product"): 2}


@pytest.mark.parametrize(("storage", "periods", "left_out"), [
    ("0", ["b"], 3),  # P-D in a, P-E in both
    ("", ["a", "b"], 2),  # D may keep goods from a to b
])
def test_moves_that_lead_nowhere_are_left_out_and_counted(storage: str, periods: list[str], left_out: int):
    """Only in period b is anything wanted; E reaches no customer."""
    kept = {"storage_capacity": storage}
    tables = chain(sites=table({"site": "P", "kind": "plant", **kept}, {"site": "D", "kind": "dc", **kept},
                               {"site": "E", "kind": "dc", **kept}),
                   lanes=lanes("P-D", "D-C", "P-E"),
                   periods=table({"period": "a", "days": 10}, {"period": "b", "days": 10}),
                   demand=table({"customer": "C", "period": "b", "quantity": 1}))
    net = cts.network(tables)
    frame = net.ways.moves.frame()
    assert frame[["origin", "destination", "period"]].to_numpy().tolist() == [["P", "D", p] for p in periods]
    assert pruned(net) == {("move", "leads to no demand"): left_out}


def test_ways_that_break_the_promise_are_left_out_and_counted():
    """Van 1 day, cart 5 days; promised within 2."""
    tables = chain(modes=table({"mode": "van", "per_weight": 9, "fixed_time": 1},
                               {"mode": "cart", "per_weight": 1, "fixed_time": 5}),
                   tiers=table({"tier": "gold"}), promises=table({"tier": "gold", "lead_time": 2}))
    net = cts.network(tables)
    assert deliveries(net) == ["D-C by van"]
    assert pruned(net) == {("delivery", "breaks the promise on lead time"): 1}


@pytest.mark.parametrize(("form", "kept"), [
    ("each_order", ["D-C by van"]), ("share_certain", ["D-C by cart", "D-C by van"]),
    ("share_expected", ["D-C by cart", "D-C by van"])])
def test_shares_keep_ways_that_are_late(form, kept):
    tables = chain(modes=table({"mode": "van", "per_weight": 9, "fixed_time": 1},
                               {"mode": "cart", "per_weight": 1, "fixed_time": 5}),
                   tiers=table({"tier": "gold"}),
                   promises=table({"tier": "gold", "lead_time": 2, "on_time_form": form}))
    net = cts.network(tables)
    assert deliveries(net) == kept
    assert net.ways.deliveries.frame().set_index("mode_out")["certain"].to_dict().get("van") == 1


@pytest.mark.parametrize(("lead_time", "kept"), [(2.0, True), (1.999999, False)])
def test_a_promise_met_to_the_day_is_kept(lead_time, kept):
    """0.3 + 0.7 + 1 days of processing, making and transit are 2 days, however the machine adds them."""
    tables = chain(sites=table({"site": "P", "kind": "plant", "processing_time": 0.3}), lanes=lanes("P-C"),
                   site_products=table({"site": "P", "make_days": 0.7, "can_stock": "no"}),
                   modes=table({"mode": "van", "per_weight": 1, "fixed_time": 1}),
                   tiers=table({"tier": "gold"}), promises=table({"tier": "gold", "lead_time": lead_time}))
    assert (not cts.check(tables).errors) is kept


def test_demand_of_nothing_has_no_ways():
    tables = chain(customers=table({"customer": "C"}, {"customer": "E"}), lanes=lanes("P-D", "D-C", "D-E"),
                   demand=table({"customer": "C", "quantity": 0}, {"customer": "E", "quantity": 5}))
    assert deliveries(cts.network(tables)) == ["D-E by truck"]


def test_requests_are_customer_tier_product_period():
    tables = chain(customers=table({"customer": "C", "tier": "gold"}, {"customer": "B", "tier": "silver"}),
                   tiers=table({"tier": "gold"}, {"tier": "silver"}), lanes=lanes("P-D", "D-C", "D-B"),
                   demand=table({"customer": "C", "quantity": 7}, {"customer": "B", "quantity": 5}))
    frame = cts.network(tables).requests.frame()
    assert frame[["customer", "tier", "product", "period", "quantity"]].to_numpy().tolist() == [
        ["B", "silver", "goods", "year", 5], ["C", "gold", "goods", "year", 7]]


def test_which_promise_covers_a_request():
    """The row of the class, else the one of `*`; without either, served in full at any time."""
    tables = chain(products=table({"product": "a", "product_class": "A"}, {"product": "b", "product_class": "B"}),
                   customers=table({"customer": "C", "tier": "gold"}, {"customer": "E", "tier": "silver"}),
                   tiers=table({"tier": "gold"}, {"tier": "silver"}), lanes=lanes("P-D", "D-C", "D-E"),
                   modes=table({"mode": "van", "per_weight": 1, "fixed_time": 1}),
                   promises=table({"tier": "gold", "product_class": "A", "lead_time": 3},
                                  {"tier": "gold", "product_class": "*", "lead_time": 7}),
                   demand=table(*({"customer": c, "product": p, "quantity": 1} for c in "CE" for p in "ab")))
    net = cts.network(tables)
    promise, lead_time = net.requests.measures["promise"], net.promises.measures["lead_time"]
    found = {key[0] + key[2]: float(lead_time[p]) if p >= 0 else None
             for key, p in zip(net.requests.index.labels(), promise, strict=True)}
    assert found == {"Ca": 3, "Cb": 7, "Ea": None, "Eb": None}


def test_open_lanes_all():
    """One plant, dc, cross-dock: two ways to the customer, three where the plant delivers; the move to D directly or
    over X.
    """
    place = {"latitude": 0, "longitude": 0}
    tables = chain(sites=table(*({"site": s, "kind": k, **place} for s, k in (
        ("P", "plant"), ("D", "dc"), ("X", "crossdock")))), customers=table({"customer": "C", **place}),
        settings={"open_lanes": "all"})
    del tables["lanes"]
    net = cts.network(tables)
    assert deliveries(net) == ["D-C by truck", "P/X-C by truck+truck"]
    tables["sites"]["delivers"] = ["yes", None, None]
    assert deliveries(cts.network(tables)) == ["D-C by truck", "P-C by truck", "P/X-C by truck+truck"]
    assert moves(net) == ["P-D by truck goods", "P/X-D by truck+truck goods"]


def test_every_number_of_a_network_with_products():
    """Two products of other weight over the same lane: 2 and 5 a unit, handling in kg at D."""
    tables = chain(products=table({"product": "a", "weight": 2}, {"product": "b", "weight": 5}),
                   sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "handling_out": 10, "capacity_unit": "kg"}),
                   demand=table({"customer": "C", "product": "a", "quantity": 1},
                                {"customer": "C", "product": "b", "quantity": 1}),
                   rates=rates(P_D_a=0.5, P_D_b=0.25))
    net = cts.network(tables)
    assert net.ways.moves.frame().set_index("product")["line_haul"].to_dict() == {"a": 0.5, "b": 0.25}
    frame = net.ways.deliveries.frame().set_index("product")
    assert frame["last_mile"].to_dict() == {"a": 2, "b": 5}
    assert frame["handling_out"].to_dict() == {"a": 20, "b": 50}
