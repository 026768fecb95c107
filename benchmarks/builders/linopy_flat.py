"""linopy over flat tables: one dimension per table of ways, rows as groupby-sums in a `Model(sparse=True)`.

linopy's own answer (since 0.10) to networks in which few of the combinations exist, and the faster of its two forms.
"""

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
    """A model over the flat dimensions `site`, `make`, `move`, `deliver`, `request` and the keys of the rows."""
    linopy.options(semantics="v1")
    model = linopy.Model(sparse=True)
    site, tier, make, move, deliver, request = (getattr(data, n) for n in (
        "site", "tier", "make", "move", "deliver", "request"))
    products, tiers, requests = len(data.names["product"]), data.names["tier"], len(request["quantity"])

    def along(dim: str, values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, dims=[dim], coords={dim: np.arange(len(values))})

    def summed(expression: linopy.LinearExpression, name: str, keys: np.ndarray) -> linopy.LinearExpression:
        dim = expression.coord_dims[0]
        return expression.groupby(pd.Series(keys, index=expression.indexes[dim], name=name)).sum()

    opened = model.add_variables(lower=along("site", site["lower"]), upper=along("site", site["upper"]), integer=True,
                                 name="open")
    sizes = {"make": len(make["site"]), "move": len(move["origin"]), "deliver": len(deliver["site"]),
             "request": requests}
    made, moved, delivered, unserved = (
        1 * model.add_variables(lower=0, coords=[pd.RangeIndex(size, name=name)], name=name)
        for name, size in sizes.items())

    model.add_constraints(summed(delivered, "request", deliver["request"]) + unserved
                          == along("request", request["quantity"]), name="serve_demand")

    node = {"make": make["site"] * products + make["product"], "out": move["origin"] * products + move["product"],
            "in": move["destination"] * products + move["product"],
            "deliver": deliver["site"] * products + deliver["product"]}
    supply = summed(made, "node", node["make"]).add(summed(moved, "node", node["in"]), join="outer")
    use = summed(moved, "node", node["out"]).add(summed(delivered, "node", node["deliver"]), join="outer")
    model.add_constraints(supply.add(-use, join="outer") == 0, name="site_balance")

    model.add_constraints(made <= along("make", make["capacity"]), name="make_capacity")

    through = summed(moved * along("move", move["load"]), "site", move["origin"]).add(
        summed(delivered * along("deliver", deliver["load"]), "site", deliver["site"]), join="outer")
    through = through.add(opened * along("site", -site["limit"]), join="outer")
    model.add_constraints(through <= 0, name="site_throughput")

    if not (site["upper"] > site["lower"])[deliver["site"]].all():
        raise SystemExit("the linopy builders expect a choice about every site that delivers")
    pair = deliver["site"].astype(np.int64) * requests + deliver["request"]
    pairs = np.unique(pair)
    at = xr.DataArray(pairs // requests, dims=["pair"], coords={"pair": pairs})
    wanted = xr.DataArray(request["quantity"][pairs % requests], dims=["pair"], coords={"pair": pairs})
    allowed = (opened.sel(site=at) * wanted).drop_vars("site")
    model.add_constraints(summed(delivered, "pair", pair) - allowed <= 0, name="deliver_from_open")

    demand = np.bincount(request["tier"], weights=request["quantity"], minlength=len(tiers))
    model.add_constraints(summed(unserved, "tier", request["tier"])
                          <= along("tier", (1 - tier["served_fraction"]) * demand), name="served_fraction")

    credit = np.where(tier["certain"][deliver["tier"]] > 0, deliver["certain"], deliver["on_time"])
    timed = np.flatnonzero(~np.isnan(tier["share"])[deliver["tier"]])
    some = delivered.isel(deliver=timed) * xr.DataArray(
        (credit - tier["share"][deliver["tier"]])[timed], dims=["deliver"], coords={"deliver": timed})
    model.add_constraints(summed(some, "tier", deliver["tier"][timed]) >= 0, name="tier_on_time")

    model.add_objective((opened * along("site", site["cost"])).sum() + (made * along("make", make["cost"])).sum()
                        + (moved * along("move", move["line_haul"] + move["handling_in"] + move["handling_out"])).sum()
                        + (delivered * along("deliver", deliver["last_mile"] + deliver["handling_out"])).sum()
                        + (unserved * along("request", tier["shortage_cost"][request["tier"]])).sum())
    return model


def hand_over(model: linopy.Model) -> highspy.Highs:
    """linopy's direct interface, without names."""
    return linopy.io.to_highspy(model, set_names=False)
