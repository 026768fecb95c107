"""Columns of the tables that several families take their figures from."""

from __future__ import annotations

from ctsopt.programs.ranges import SIDE

__all__ = ["CO2", "DEMAND", "HELD", "KEPT", "SIDE", "SIZE", "TARIFF"]

SIZE = ("products.weight", "products.volume", "products.pallet_units", "sites.capacity_unit")
DEMAND = ("demand.quantity",)
TARIFF = ("rates.per_unit", "rates.per_weight", "rates.per_shipment", "rates.minimum_charge", "modes.per_distance",
           "modes.per_weight", "modes.per_weight_distance", "modes.per_shipment", "modes.minimum_charge",
           "lanes.distance", "products.weight")
CO2 = ("modes.co2", "products.weight", "lanes.distance")
HELD = ("products.unit_value", "products.holding_rate", "settings.holding_rate")

KEPT = (*HELD, *DEMAND, "products.variance_to_mean", "demand.variance_to_mean", "promises.fill_rate",
         "promises.safety_factor", "site_products.order_interval", "site_products.lot_size",
         "site_products.review_time", "site_products.replenishment_days")
"""What the declared curves of stock are made from."""
