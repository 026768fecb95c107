"""linopy as it is mostly written: one dimension per business key, a mask over the combinations that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import linopy
import numpy as np
import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    import highspy

    from benchmarks.ready import Ready


def build(data: Ready) -> linopy.Model:
    """A model over site, customer, product, mode and tier, by their text keys."""
    model = linopy.Model()
    site, tier, make, move, deliver, request = (getattr(data, n) for n in (
        "site", "tier", "make", "move", "deliver", "request"))
    names = data.names
    kinds = {"site": names["site"], "customer": names["customer"], "product": names["product"], "tier": names["tier"]}
    every = {kind: pd.Index(labels, name=kind) for kind, labels in kinds.items()}
    # A box over the sites and modes that are used, not over all there are.
    plant, store, origin = (np.unique(codes) for codes in (make["site"], deliver["site"], move["origin"]))
    last, first = np.unique(deliver["mode"]), np.unique(move["mode"])
    plants, stores = every["site"][plant].rename("plant"), every["site"][store].rename("store")
    last_modes = pd.Index(names["mode"][last], name="mode")
    supplied = np.unique(move["destination"])
    if not (np.array_equal(origin, plant) and np.array_equal(supplied, store) and len(first) == 1):
        raise SystemExit("the linopy builders expect plants that supply dcs by one mode")

    def box(coords: list[pd.Index], at: tuple[np.ndarray, ...], values: np.ndarray | float) -> xr.DataArray:
        filled = np.zeros([len(c) for c in coords], dtype=np.asarray(values).dtype)
        filled[at] = values
        return xr.DataArray(filled, coords=coords)

    made_box, making = [plants, every["product"]], (np.searchsorted(plant, make["site"]), make["product"])
    move_box = [plants, stores, every["product"]]
    moving = np.searchsorted(plant, move["origin"]), np.searchsorted(store, move["destination"]), move["product"]
    way_box = [stores, every["customer"], every["product"], last_modes]
    going = (np.searchsorted(store, deliver["site"]), deliver["customer"], deliver["product"],
             np.searchsorted(last, deliver["mode"]))
    want_box, wanting = [every["customer"], every["product"]], (request["customer"], request["product"])

    exists = box(way_box, going, True)
    wanted = box(want_box, wanting, True)
    opened = model.add_variables(lower=xr.DataArray(site["lower"], coords=[every["site"]]),
                                 upper=xr.DataArray(site["upper"], coords=[every["site"]]), integer=True, name="open")
    made = model.add_variables(lower=0, coords=made_box, mask=box(made_box, making, True), name="make")
    moved = model.add_variables(lower=0, coords=move_box, mask=box(move_box, moving, True), name="move")
    delivered = model.add_variables(lower=0, coords=way_box, mask=exists, name="deliver")
    unserved = model.add_variables(lower=0, coords=want_box, mask=wanted, name="unserved")
    open_store = opened.sel(site=stores.to_numpy()).rename(site="store")
    open_plant = opened.sel(site=plants.to_numpy()).rename(site="plant")

    quantity = box(want_box, wanting, request["quantity"])
    plant_limit = xr.DataArray(site["limit"][plant], coords=[plants])
    store_limit = xr.DataArray(site["limit"][store], coords=[stores])
    model.add_constraints(delivered.sum(["store", "mode"]) + unserved == quantity, mask=wanted, name="serve_demand")
    model.add_constraints(made - moved.sum("store") == 0, name="balance_plant")
    model.add_constraints(moved.sum("plant") - delivered.sum(["customer", "mode"]) == 0, name="balance_store")
    model.add_constraints(made <= box(made_box, making, make["capacity"]), name="make_capacity")
    model.add_constraints((moved * box(move_box, moving, move["load"])).sum(["store", "product"])
                          - open_plant * plant_limit <= 0, name="throughput_plant")
    model.add_constraints((delivered * box(way_box, going, deliver["load"])).sum(["customer", "product", "mode"])
                          - open_store * store_limit <= 0, name="throughput_store")
    model.add_constraints(delivered.sum("mode") - open_store * quantity <= 0, mask=exists.any("mode"),
                          name="deliver_from_open")

    of_customer = np.zeros(len(every["customer"]), dtype=np.int64)
    of_customer[request["customer"]] = request["tier"]
    tier_of = xr.DataArray(names["tier"][of_customer], coords=[every["customer"]], name="tier")
    demand = np.bincount(request["tier"], weights=request["quantity"], minlength=len(every["tier"]))
    allowed = xr.DataArray((1 - tier["served_fraction"]) * demand, coords=[every["tier"]])
    model.add_constraints(unserved.sum("product").groupby(tier_of).sum() <= allowed, name="served_fraction")
    credit = np.where(tier["certain"][deliver["tier"]] > 0, deliver["certain"], deliver["on_time"])
    credit = box(way_box, going, credit - tier["share"][deliver["tier"]])
    for code in np.flatnonzero(~np.isnan(tier["share"])):
        mine = every["customer"][of_customer == code]
        model.add_constraints((delivered.sel(customer=mine) * credit.sel(customer=mine)).sum() >= 0,
                              name=f"tier_on_time_{names['tier'][code]}")

    way_cost = box(way_box, going, deliver["last_mile"] + deliver["handling_out"])
    move_cost = box(move_box, moving, move["line_haul"] + move["handling_in"] + move["handling_out"])
    model.add_objective((opened * xr.DataArray(site["cost"], coords=[every["site"]])).sum()
                        + (made * box(made_box, making, make["cost"])).sum() + (moved * move_cost).sum()
                        + (delivered * way_cost).sum()
                        + (unserved * box(want_box, wanting, tier["shortage_cost"][request["tier"]])).sum())
    return model


def hand_over(model: linopy.Model) -> highspy.Highs:
    """linopy's direct interface, without names."""
    return linopy.io.to_highspy(model, set_names=False)
