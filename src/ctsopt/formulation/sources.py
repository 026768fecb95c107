"""Which table columns the figures of the program come from, for the report on their ranges."""

from __future__ import annotations

from collections.abc import Mapping

from ctsopt.programs.ranges import SIDE, Sources

_Columns = Mapping[str, Mapping[str, tuple[str, ...]]]

_SIZE = ("products.weight", "products.volume", "products.pallet_units", "sites.capacity_unit")
_DEMAND = ("demand.quantity",)
_TARIFF = ("rates.per_unit", "rates.per_weight", "rates.per_shipment", "rates.minimum_charge", "modes.per_distance",
           "modes.per_weight", "modes.per_weight_distance", "modes.per_shipment", "modes.minimum_charge",
           "lanes.distance", "products.weight")
_CO2 = ("modes.co2", "products.weight", "lanes.distance")
_HELD = ("products.unit_value", "products.holding_rate", "settings.holding_rate")

_KEPT = (*_HELD, *_DEMAND, "products.variance_to_mean", "demand.variance_to_mean", "promises.fill_rate",
         "promises.safety_factor", "site_products.order_interval", "site_products.lot_size",
         "site_products.review_time", "site_products.replenishment_days")
"""What the declared curves of stock are made from."""

MATRIX: _Columns = {
    "serve_demand": {SIDE: _DEMAND},
    "site_balance": {"open": ("site_products.opening_stock",)},
    "make_capacity": {SIDE: ("site_products.make_capacity", "periods.days")},
    "site_throughput": {"open": ("sites.capacity", *_DEMAND), "": _SIZE},
    "site_roomless": {"open": _DEMAND},
    "one_level": {},
    "level_capacity": {"level": ("capacity_levels.capacity", "periods.days"), "": _SIZE},
    "site_minimum": {"open": ("sites.min_throughput", "periods.days"), "": _SIZE},
    "deliver_from_open": {"open": _DEMAND},
    "deliver_via_open": {"open": _DEMAND},
    "sites_in_group": {SIDE: ("contracts.quantity",)},
    "storage": {"open": ("sites.storage_capacity",), "stock_volume": _KEPT, "stock_segment": _KEPT, "config": _KEPT,
                "": _SIZE},
    "one_configuration": {},
    "stock_volume_is": {"": ("periods.days", "products.variance_to_mean", "demand.variance_to_mean")},
    "one_segment": {},
    "stock_curve": {"": _DEMAND},
    "stock_curve_from": {"": _DEMAND},
    "deliver_from_stock": {"config": _DEMAND},
    "replenish_from": {"config": (*_DEMAND, "site_products.opening_stock")},
    "deliver_from_config": {"config": _DEMAND},
    "deliver_from_layer": {"": _DEMAND},
    "ending_stock": {"open": ("site_products.opening_stock",)},
    "lane_volume": {SIDE: ("lanes.max_volume", "periods.days")},
    "lane_use": {"use_lane": ("lanes.max_volume", *_DEMAND, "site_products.opening_stock")},
    "lane_minimum": {"use_lane": ("lanes.min_volume", "periods.days")},
    "whole_loads": {"loads": ("modes.load_weight", "modes.load_factor"), "": ("products.weight",)},
    "whole_loads_volume": {"loads": ("modes.load_volume", "modes.load_factor"), "": ("products.volume",)},
    "mode_capacity": {SIDE: ("modes.capacity", "periods.days"), "": ("products.weight",)},
    "single_source": {SIDE: ("customers.max_sources",)},
    "source_use": {"source": _DEMAND},
    "same_site": {},
    "same_site_use": {"group_source": _DEMAND},
    "deliver_from_source": {"source": _DEMAND},
    "source_from_open": {},
    "served_fraction": {SIDE: (*_DEMAND, "promises.served_fraction")},
    "served_fraction_each": {SIDE: (*_DEMAND, "promises.served_fraction_each")},
    "tier_on_time": {"deliver": ("promises.on_time_share", "promises.lead_time", "modes.transit_cv")},
    "contract_volume": {SIDE: ("contracts.quantity", "periods.days")},
    "contract_share": {"": ("contracts.quantity",)},
    "carbon_cap": {SIDE: ("settings.carbon_cap",), "": _CO2},
    "budget": {SIDE: ("settings.budget",), "open": ("sites.fixed_cost", "sites.opening_cost", "sites.closing_cost"),
               "make": ("site_products.make_cost",), "level": ("capacity_levels.fixed_cost",),
               "use_lane": ("lanes.fixed_cost",), "carry": _HELD, "stock_volume": _KEPT, "stock_segment": _KEPT,
               "config": (*_KEPT, "site_products.stock_fixed_cost"),
               "": (*_TARIFF, "sites.handling_in", "sites.handling_out")},
}
"""Coefficients of every family of rows by variable, and its sides."""

COST: _Columns = {
    "production": {"make": ("site_products.make_cost",)},
    "procurement": {"make": ("site_products.make_cost",)},
    "line_haul": {"": _TARIFF},
    "duty": {"": ("lanes.duty_rate", "products.unit_value")},
    "handling_in": {"": ("sites.handling_in", *_SIZE)},
    "handling_out": {"": ("sites.handling_out", *_SIZE)},
    "site_fixed": {"open": ("sites.fixed_cost",), "level": ("capacity_levels.fixed_cost",)},
    "site_opening": {"open": ("sites.opening_cost", "settings.life", "settings.discount_rate")},
    "site_closing": {"open": ("sites.closing_cost", "settings.life", "settings.discount_rate")},
    "cycle_stock": {"": _KEPT},
    "safety_stock": {"": _KEPT},
    "stock_fixed": {"config": ("site_products.stock_fixed_cost",)},
    "pipeline_stock": {"": (*_HELD, "modes.speed", "modes.fixed_time", "rates.transit_time", "lanes.distance")},
    "carried_stock": {"open": (*_HELD, "site_products.opening_stock"), "carry": _HELD},
    "stock_change": {"open": ("products.unit_value", "site_products.opening_stock"), "carry": ("products.unit_value",)},
    "last_mile": {"": (*_TARIFF, "demand.order_size", "order_profiles.size")},
    "lane_fixed": {"use_lane": ("lanes.fixed_cost",)},
    "loads": {"loads": ("modes.per_distance", "modes.per_shipment", "rates.per_shipment", "lanes.distance")},
    "tier_program": {},
    "carbon": {"": ("settings.carbon_price", *_CO2)},
    "shortage": {"unserved": ("tiers.shortage_cost",)},
}
"""Coefficients of every cost line by variable."""

BOUNDS: _Columns = {"loads": {"loads": ("demand.quantity", "modes.load_weight", "modes.load_volume")},
                    "carry": {"carry": ("sites.storage_capacity", "site_products.opening_stock")}}
"""Bounds of variables that are neither 0 nor 1."""

SOURCES: Sources = {"matrix": MATRIX, "cost": COST, "bounds": BOUNDS}
