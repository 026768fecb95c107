"""The data dictionary: every input table and column, with unit, default, bounds, reference and meaning.

Casting, defaults, checks, templates and the documentation page are all made from this module: a column that is not
here does not exist, and a column that is here has an effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ctsopt.keys import Axis
from ctsopt.networks.ends import end_names, settle
from ctsopt.tables.columns import (
    ALL,
    NAMES_SEPARATOR,
    UNLIMITED,
    Column,
    Kind,
    StandIn,
    Table,
    choice,
    date,
    key,
    number,
    reference,
    text,
    yes_no,
)
from ctsopt.tables.schema import Schema

__all__ = ["ALL", "BY_NAME", "NAMES_SEPARATOR", "SCHEMA", "SETTINGS", "TABLES", "YEAR", "Column", "Kind", "Table"]

YEAR = 365.0
"""Days over which yearly figures are counted."""

_LATITUDE = number("latitude", "Latitude, north positive.", "degrees", math.nan, low=-90, high=90,
                   blank="no coordinates")
_LONGITUDE = number("longitude", "Longitude, east positive.", "degrees", math.nan, low=-180, high=180,
                    blank="no coordinates")
_ZONE = text("zone", "Rate zone: `rates` may name it in place of the place itself.").on("zone")
_REGION = text("region", "Region, for reports.")

SETTINGS = Table("settings", "Settings of the whole network (`model.yaml`, or a sheet with columns setting, value).", (
    text("name", "Name of the network, shown on reports.", "network"),
    text("currency", "Currency of every amount.", "USD"),
    choice("distance_unit", "Unit of every distance.", ("km", "mi"), "km"),
    number("circuity", "Road distance over great-circle distance, where a lane states no distance.", "ratio", 1.2,
           low=1.0, high=3.0),
    number("discount_rate", "Yearly rate at which opening and closing costs are annuitised.", "share per year", 0.08,
           high=1.0),
    number("life", "Years over which opening and closing costs are annuitised.", "years", 10.0, low=0.1, high=100.0),
    number("processing_time", "Order processing where a site states none.", "days", 0.0, high=365.0),
    choice("open_lanes", "Which lanes exist: `listed` = those in `lanes`, and those whose two ends a row of `rates` "
           "names; `all` = also every lane from a plant, supplier or cross-dock to a dc or cross-dock, and from every "
           "site that `delivers` to every customer; `tiered` = also every lane from a plant or supplier to a dc, from "
           "a dc to a cross-dock, and from every site that `delivers` to every customer.", ("listed", "all", "tiered"),
           "listed"),
    number("holding_rate", "Cost of holding stock for a year as a share of its value, where a product states none.",
           "share per year", 0.0, high=10.0),
    number("carbon_price", "Price of CO2.", "money per kg", 0.0),
    number("carbon_cap", "Most CO2 of all transport.", "kg per year", math.inf, "per_year", blank=UNLIMITED),
    number("budget", "Most that all cost lines together may come to, penalties apart.", "money per year", math.inf,
           "per_year", blank=UNLIMITED),
    choice("stock_rule", "How much stock a promise on availability needs: `curve` = the fill-rate formula at the "
           "volume of each stocking point, `square_root` = a fixed safety factor times the standard deviation of "
           "demand.", ("curve", "square_root"), "curve"),
    choice("stock_level", "Volume that stock is sized on: the `average` of the horizon, the `peak` period, or `each` "
           "period by itself.", ("average", "peak", "each"), "average"),
    choice("pipeline_on", "Goods in transit that are ours: on `moves`, on `all` ways, on `none`.",
           ("moves", "all", "none"), "moves"),
    number("lead_time_levels", "Most lead times of replenishment that a stocking point may choose between; with 1 its "
           "slowest way in counts.", "levels", 1.0, low=1.0, high=3.0),
    number("longest_wait", "Longest wait, in whole days, that a stocking point may quote to customers whose promise "
           "leaves room for it.", "days", 0.0, high=30.0),
    number("review_time", "Time between two reviews of stock, where a site and product state none.", "days", 1.0,
           high=365.0),
    number("order_interval", "Days of demand in one replenishment order, where a site and product state none.",
           "days", 0.0, high=3660.0),
    choice("stock_sharing", "How tiers share stock, where a site and product state nothing: `pooled` = all get the "
           "best fill rate that is served there, `separate` = stock of their own, `rationed` = one stock, of which "
           "the last part is kept for the better tiers.", ("pooled", "separate", "rationed"), "pooled"),
    choice("order_crossing", "Whether replenishment orders may overtake each other where lead times vary: `yes` = each "
           "comes when it comes, and the spread of many orders evens out, `no` = none comes before an earlier one.",
           ("no", "yes"), "", "as `no`, and a finding says where it matters"),
    choice("early_dispatch", "Whether goods that are there leave before a quoted wait is over: `no` = they are held to "
           "their day, `yes` = they leave at once, and less is on hand.", ("no", "yes"), "no"),
    text("first_day", "First day of the first period, as 2027-01-01. With it the chance to be on time is taken over "
         "every day of the horizon, holidays and days of their own among them; without it over an ordinary week."),
    number("max_via_ways", "Most ways over a cross-dock that may be made before it is a finding.", "ways", 2e6, low=0),
), optional=True)

TABLES: tuple[Table, ...] = (
    Table("periods", "Planning periods in order of their row. Absent: one period `year` of 365 days.", (
        key("period", "Name of the period."),
        number("days", "Length of the period; yearly figures are scaled by days/365.", "days", None, low=1e-3,
               high=3660.0),
    ), axis="period", in_row_order=True, stand_in=StandIn("year", {"days": YEAR})),
    Table("products", "Products or product groups. Absent: one product `goods`.", (
        key("product", "Name of the product."),
        text("product_class", "Class for which promises are made.", "all").on("product_class"),
        number("weight", "Weight of one unit.", "kg per unit", 1.0, "per_unit", low=0.0, most=1e9).within(
            1e-6, 3000.0, "is it in grams? 5,000 would be 5 kg"),
        number("volume", "Volume of one unit.", "m3 per unit", 0.0, "per_unit", most=1e9),
        number("unit_value", "Value of one unit, on which duty is paid and stock held.", "money per unit", 0.0,
               "per_unit"),
        number("holding_rate", "Cost of holding stock of the product for a year as a share of its value.",
               "share per year", math.nan, high=10.0, blank="settings.holding_rate").within(
                   1e-3, 1.0, "25 per cent a year is 0.25"),
        number("variance_to_mean", "Variance of demand over its mean, at any length of time.", "units", math.nan,
               blank="mean of demand.variance_to_mean; needed where a fill rate is promised"),
        text("stock_group", "Products of one group are planned as one in stock, in the mix of all demand."),
        number("pallet_units", "Units on one pallet.", "units per pallet", math.inf, low=1e-3,
               blank="takes no pallet place"),
    ), axis="product", stand_in=StandIn("goods")),
    Table("sites", "Plants, suppliers, distribution centres and cross-docks.", (
        key("site", "Name of the site."),
        choice("kind", "What the site is: plants and suppliers make goods, a dc stocks them, a crossdock passes them "
               "on without stock.", ("plant", "supplier", "dc", "crossdock"), None),
        _LATITUDE, _LONGITUDE, _REGION, _ZONE,
        text("group", "Group of sites, for limits on how many of them are open.").on("site_group"),
        choice("status", "Today: `open`, `candidate` (may be opened), `closing` (open, and closes for certain), "
               "`closed` (stays closed).", ("open", "candidate", "closing", "closed"), "open"),
        yes_no("may_open", "A candidate may be opened in this study.", default=True),
        yes_no("may_close", "An open site may be closed in this study.", default=False),
        choice("delivers", "Whether settings.open_lanes makes lanes from the site to customers; lanes that are listed "
               "exist in any case.", ("yes", "no"), "", "yes at a dc or cross-dock; no at a plant or supplier, unless "
               "open_lanes is `all` and there is no dc and no cross-dock"),
        number("fixed_cost", "Cost of keeping the site open.", "money per year", 0.0, "per_year"),
        number("opening_cost", "Cost of opening a candidate, annuitised over the life.", "money", 0.0, "once"),
        number("closing_cost", "Cost of closing a site that is open today, annuitised over the life.", "money", 0.0,
               "once"),
        number("capacity", "Most that may leave the site in a year.", "capacity_unit per year", math.inf, "per_year",
               blank=UNLIMITED),
        number("min_throughput", "Least that must leave the site in a year if it is open.",
               "capacity_unit per year", 0.0, "per_year"),
        number("storage_capacity", "Most stock: what is carried from one period to the next, and cycle and safety "
               "stock where stock is planned.", "capacity_unit", math.inf, blank=UNLIMITED),
        choice("capacity_unit", "Unit in which capacities and handling are counted.", ("units", "kg", "m3", "pallets"),
               "units"),
        number("handling_in", "Cost of receiving.", "money per capacity_unit", 0.0, "per_unit"),
        number("handling_out", "Cost of picking, packing and sending.", "money per capacity_unit", 0.0, "per_unit"),
        number("processing_time", "From order to dispatch; at a crossdock, from arrival to dispatch.", "days",
               math.nan, high=365.0, blank="settings.processing_time; 0 at a crossdock").within(
                   1e-3, 20.0, "is it in hours? 24 hours are 1 day"),
        text("calendar", "Days on which the site works: a name in `calendars`, or weekdays such as mo-fr; blank: every "
             "day. Processing, making and waits take working days."),
        text("cutoff", "Time of day, as 14:00, by which an order must have come to count for that day; blank: none."),
    ), optional=False, axis="site"),
    Table("capacity_levels", "Sizes of a site: an open site with levels has just one of them.", (
        key("site", "Name of the site.", ("sites",)),
        key("level", "Name of the level."),
        number("capacity", "Most that may leave the site in a year at this level; sites.capacity holds besides.",
               "capacity_unit per year", math.inf, "per_year", blank=UNLIMITED),
        number("fixed_cost", "Cost of the level, on top of the site's own fixed cost.", "money per year", 0.0,
               "per_year"),
    )),
    Table("site_products", "What a site makes or may stock. Absent: every plant and supplier makes every product, "
          "without limit and cost. Once it has rows, a plant or supplier makes just what is listed for it.", (
        key("site", "Name of the site.", ("sites",)),
        key("product", "Name of the product.", ("products",), default="goods", blank="the only product"),
        number("make_cost", "Cost of making or buying one unit (plants and suppliers).", "money per unit", 0.0,
               "per_unit"),
        number("make_capacity", "Most that can be made in a year; 0 = not made here.", "units per year", math.inf,
               "per_year", blank=UNLIMITED),
        number("make_days", "Time to make an order where the product is not stocked here.", "days", 0.0,
               high=3660.0),
        yes_no("can_stock", "The product may be stocked here. At a plant, `no` means made to order: make_days are "
               "part of the lead time.", default=True),
        number("review_time", "Time between two reviews of the stock.", "days", math.nan, high=365.0,
               blank="settings.review_time"),
        number("order_interval", "Days of demand in one replenishment order.", "days", math.nan, high=3660.0,
               blank="settings.order_interval"),
        number("lot_size", "Least quantity of one replenishment order.", "units", 0.0),
        choice("stock_sharing", "How tiers share the stock.", ("pooled", "separate", "rationed"), "",
               "settings.stock_sharing"),
        number("replenishment_days", "Lead time of replenishment, from review to goods on the shelf.", "days",
               math.nan, high=3660.0, blank="make_days where it is made, else that of the slowest way in"),
        number("replenishment_sd", "Standard deviation of that lead time.", "days", math.nan, high=3660.0,
               blank="that of the way whose lead time counts; 0 where replenishment_days is stated"),
        number("replenishment_fill_rate", "Fill rate for other sites that are supplied from here.", "share", math.nan,
               high=0.9999, blank="no stock is kept for other sites"),
        number("nominal_volume", "Daily volume at which the safety factor of a fill rate is worked out "
               "(`square_root`).", "units per day", math.nan, low=1e-9, blank="none"),
        number("stock_fixed_cost", "Cost of stocking the product here at all.", "money per year", 0.0, "per_year"),
        number("opening_stock", "Stock here when the first period begins.", "units", 0.0),
        choice("ending", "Stock here when the last period ends: the `same` as at the beginning; any amount up to "
               "that, `free` or paid for at the unit `value`.", ("same", "free", "value"), "same"),
    ), no_rows="every plant and supplier makes every product, without limit and cost"),
    Table("customers", "Ship-to customers.", (
        key("customer", "Name of the customer."),
        _LATITUDE, _LONGITUDE, _REGION, _ZONE,
        text("group", "Group of customers, for reports."),
        reference("tier", "Service tier of the customer.", ("tiers",), "standard", "the only tier"),
        choice("single_source", "`customer` = everything from one stocking site; `product` = each product from one.",
               ("no", "customer", "product"), "no"),
        number("max_sources", "Most stocking sites that serve the customer, all products together.", "sites", math.inf,
               low=1.0, blank=UNLIMITED),
    ), optional=False, axis="customer"),
    Table("tiers", "Service tiers. Absent: one tier `standard`.", (
        key("tier", "Name of the tier."),
        number("rank", "Rank of the tier, 1 = highest.", "rank", 1.0, low=0.0),
        Column("modes", "names", "Modes by which the tier may be delivered (last leg), separated by `|`.",
               default="", blank="all modes", refers=("modes",)),
        number("shortage_cost", "Penalty for a unit of demand that the plan does not serve.", "money per unit",
               math.nan, "per_unit", blank="none; required where served_fraction is below 1"),
        number("program_cost", "Cost of running the tier at all (order desk, contracts, reporting).", "money per year",
               0.0, "per_year"),
    ), axis="tier", stand_in=StandIn("standard")),
    Table("promises", "What a tier is promised, for each product class.", (
        key("tier", "Name of the tier.", ("tiers",)),
        key("product_class", "Product class; `*` = all classes without a row of their own, together.",
            wildcard=True, default=ALL, blank="`*`").on("product_class"),
        number("lead_time", "Days from order to delivery.", "days", math.inf, high=3660.0,
               blank="no promise on time").within(0.02, 120.0, "is it in hours? 48 hours are 2 days"),
        choice("on_time_form", "`each_order`: every way used keeps the lead time with the reliability. "
               "`share_certain`: the on-time share of the volume goes by such ways. `share_expected`: the "
               "on-time share is met by the average on-time probability.",
               ("each_order", "share_certain", "share_expected"), "each_order"),
        number("reliability", "Probability with which a way must keep the lead time to count.", "share", 0.95,
               high=1.0),
        number("on_time_share", "Share of the delivered volume that must be on time (both share forms).", "share",
               0.95, high=1.0),
        number("served_fraction", "Share of the tier's demand that the plan must serve.", "share", 1.0, high=1.0),
        number("served_fraction_each", "Share of each customer's demand that the plan must serve.", "share", 0.0,
               high=1.0),
        number("fill_rate", "Share of demand that is shipped from stock at once: it buys stock.", "share", math.nan,
               high=0.9999, blank="no promise on availability"),
        number("safety_factor", "Safety stock over the standard deviation of demand, in place of the one that the "
               "fill rate needs (`square_root`).", "ratio", math.nan, high=10.0, blank="from the fill rate"),
        choice("per", "Promises hold over the whole `horizon` or in every `period`.", ("horizon", "period"),
               "horizon"),
        choice("calendar", "How the days of lead_time are counted: `working` days of the site that delivers, from the "
               "day for which the order counts, or `calendar` days from the day of the order.",
               ("working", "calendar"), "working"),
    )),
    Table("demand", "Demand of a customer for a product in a period.", (
        key("customer", "Name of the customer.", ("customers",)),
        key("product", "Name of the product.", ("products",), default="goods", blank="the only product"),
        key("period", "Name of the period.", ("periods",), default="year", blank="the only period"),
        number("quantity", "Units demanded in the period.", "units", None, "per_period"),
        number("variance_to_mean", "Variance of the customer's demand over its mean.", "units", math.nan,
               blank="products.variance_to_mean"),
        number("order_size", "Units in one drop.", "units", math.nan, "per_unit", low=1e-6,
               blank="needed only where a rate depends on the drop"),
        reference("profile", "Distribution of drop sizes, in place of order_size.", ("order_profiles",), "",
                  "order_size"),
    ), optional=False),
    Table("order_times", "When orders come. Absent: at every hour of the week alike.", (
        key("tier", "Tier whose orders they are; `*` = of every tier without rows of its own.", ("tiers",),
            wildcard=True, default=ALL, blank="`*`"),
        key("days", "Weekdays, as mo-fr; the share is spread over them evenly."),
        key("at", "Time of day, as 16:00."),
        number("share", "Share of the orders that come then; the shares of a tier add up to 1.", "share", None,
               high=1.0),
    )),
    Table("calendars", "Working days of sites and modes. A pattern of weekdays alone needs no row here.", (
        key("calendar", "Name of the calendar."),
        text("days", "Weekdays that are worked, as mo-fr or mo,we,fr.", "mo-fr"),
        text("holidays", "Country (DE) or part of it (DE-BY, US-NY) whose public holidays are not worked; blank: "
             "none."),
    )),
    Table("calendar_days", "Days that differ from the pattern of a calendar and from its holidays.", (
        key("calendar", "Name of the calendar.", ("calendars",)),
        replace(date("day", "The day.", required=True), is_key=True),
        yes_no("working", "Whether it is worked.", default=False),
    )),
    Table("order_profiles", "Distributions of drop sizes.", (
        key("profile", "Name of the profile."),
        number("size", "Units in one drop.", "units", None, low=1e-6, is_key=True),
        number("share", "Share of the drops (not of the volume) of this size; the shares of a profile add up to 1.",
               "share", None, high=1.0),
    ), axis="profile"),
    Table("modes", "Transport modes. Absent: the modes that lanes and rates name, else one mode `standard`.", (
        key("mode", "Name of the mode."),
        choice("serves", "Which lanes it runs: `moves` between sites, `deliveries` to customers, or both.",
               ("moves", "deliveries", "both"), "both"),
        number("speed", "Distance travelled in a day.", "distance per day", math.inf, low=1e-3,
               blank="distance adds no time"),
        number("fixed_time", "Time of a shipment that does not depend on distance.", "days", 0.0, high=365.0).within(
            1e-3, 60.0, "is it in hours? 24 hours are 1 day"),
        number("transit_cv", "Standard deviation of transit time over its mean.", "ratio", 0.0, high=5.0),
        choice("transit_distribution", "Distribution of transit time.", ("lognormal", "gamma", "normal"),
               "lognormal"),
        number("per_distance", "Cost of one load (or of one shipment, where the mode states no load) per distance.",
               "money per distance", 0.0),
        number("per_weight", "Cost per weight.", "money per kg", 0.0),
        number("per_weight_distance", "Cost per weight and distance.", "money per kg and distance", 0.0),
        number("per_shipment", "Cost of one shipment.", "money per shipment", 0.0),
        number("minimum_charge", "Least charge for one shipment, before the fuel surcharge.", "money per shipment",
               0.0),
        number("fuel_surcharge", "Surcharge on every charge of the mode.", "share", 0.0, high=5.0).within(
            1e-3, 1.0, "2 per cent is 0.02; 2 is 200 per cent"),
        number("load_weight", "Weight that fills one load.", "kg", math.inf, low=1e-3, blank=UNLIMITED),
        number("load_volume", "Volume that fills one load.", "m3", math.inf, low=1e-6, blank=UNLIMITED),
        number("load_factor", "Average filling of a load.", "share", 1.0, low=1e-3, high=1.0),
        yes_no("whole_loads", "Every load is paid for whole, however full: loads are whole numbers on each lane and "
               "period.", default=False),
        number("capacity", "Most that the mode carries in a year, on all lanes together.", "kg per year", math.inf,
               "per_year", blank=UNLIMITED),
        number("co2", "CO2 of transport.", "kg per tonne and distance", 0.0),
        yes_no("bill_next_break", "A shipment is billed at the next weight break where that is cheaper.",
               default=False),
        text("calendar", "Days on which the mode runs: a name in `calendars`, or weekdays such as mo-fr; blank: every "
             "day. Transit takes working days."),
    ), axis="mode", stand_in=StandIn("standard", named_in=(("lanes", "mode"), ("rates", "mode")))),
    Table("lanes", "Lanes between sites and from sites to customers.", (
        key("origin", "Site where the lane starts.", ("sites",)),
        key("destination", "Site or customer where it ends; `customer:NAME` where a site has the customer's name.",
            ("sites", "customers")),
        key("mode", "Mode; `*` = every mode that may run there.", ("modes",), wildcard=True, default=ALL,
            blank="`*`"),
        number("distance", "Distance of the lane.", "distance", math.nan, most=1e10,
               blank="great-circle distance x circuity"),
        choice("status", "A closed lane is not used.", ("open", "closed"), "open"),
        number("fixed_cost", "Cost of using the lane at all.", "money per year", 0.0, "per_year"),
        number("min_volume", "Least that goes by the lane in a year if it is used.", "units per year", 0.0,
               "per_year"),
        number("max_volume", "Most that goes by the lane in a year.", "units per year", math.inf, "per_year",
               blank=UNLIMITED),
        number("duty_rate", "Duty on goods that come in by the lane.", "share of unit_value", 0.0, high=10.0).within(
            1e-4, 1.0, "25 per cent is 0.25"),
    )),
    Table("rates", "Rates that replace the mode's own tariff on the lanes they match. Origin and destination are "
          "names, zones or `*`; the row with most names (then zones) wins, a tie is a fault.", (
        key("origin", "Site, zone or `*`.", wildcard=True, default=ALL, blank="`*`"),
        key("destination", "Site, customer (`customer:NAME` where a site has its name), zone or `*`.", wildcard=True,
            default=ALL, blank="`*`"),
        key("mode", "Mode or `*`.", ("modes",), wildcard=True, default=ALL, blank="`*`"),
        key("product", "Product or `*`.", ("products",), wildcard=True, default=ALL, blank="`*`"),
        number("from_distance", "The row holds from this distance on (to the next row's).", "distance", 0.0,
               is_key=True),
        number("from_weight", "The row holds from this shipment weight on (to the next row's).", "kg", 0.0,
               is_key=True),
        number("per_unit", "Cost per unit.", "money per unit", 0.0, "per_unit"),
        number("per_weight", "Cost per weight.", "money per kg", 0.0),
        number("per_shipment", "Cost of one shipment.", "money per shipment", 0.0),
        number("minimum_charge", "Least charge for one shipment, before the fuel surcharge.", "money per shipment",
               0.0),
        number("transit_time", "Mean transit time.", "days", math.nan, high=365.0, blank="from the mode").within(
            1e-3, 90.0, "is it in hours? 24 hours are 1 day"),
        number("transit_sd", "Standard deviation of transit time.", "days", math.nan, high=365.0,
               blank="transit_cv of the mode x transit time"),
    )),
    Table("contracts", "Agreements that bind the network. A blank scope column means everything.", (
        key("contract", "Name of the contract."),
        choice("kind", "`sites_in_group`: number of open sites of a group of sites. `min_volume`, `max_volume`: units "
               "in scope. `share`: share of the same goods, whatever their site, origin and mode, that is in scope. "
               "`same_site`: the customers of a group are served by one site.",
               ("sites_in_group", "min_volume", "max_volume", "share", "same_site"), None),
        choice("of", "Which goods a volume or share counts, each unit once: `made` at a site, `delivered` to "
               "customers, `received` at a site, `moved` between sites.",
               ("made", "delivered", "received", "moved"), "",
               "what the scope speaks of: customers or a destination that is one: delivered; a destination that is a "
               "site: received; a plant or supplier: made; a mode that no delivery uses: moved; else delivered"),
        Column("group", "text", "Group of sites (`sites_in_group`; blank or `*` = all sites) or of customers (all "
               "other kinds).", default="", wildcard=True).on("site_group"),
        reference("customer", "Customer that the goods are delivered to; `*` with `each`: every customer.",
                  ("customers",), "", "any", wildcard=True),
        reference("site", "Site that makes, delivers, moves or, where no destination is named, receives the goods; a "
                  "cross-dock counts for what goes over it; `*` with `each`: every site that does.", ("sites",), "",
                  "any", wildcard=True),
        reference("origin", "Start of a lane that the goods take.", ("sites",), "", "any"),
        reference("destination", "End of a lane that the goods take.", ("sites", "customers"), "", "any"),
        reference("mode", "Mode that the goods take on some leg.", ("modes",), "", "any"),
        reference("product", "Product; `*` with `each`: every product.", ("products",), "", "any", wildcard=True),
        choice("each_or_total", "What `*` in a scope column means: a limit on `each`, or on the `total`.",
               ("each", "total"), "total"),
        choice("limit", "How the quantity binds (sites_in_group, share).",
               ("at_most", "at_least", "exactly"), "at_most"),
        number("quantity", "Sites; units per year; share of the goods.", "sites, units per year, share",
               math.nan, "per_year", blank="none; required but for same_site"),
        choice("per", "The contract holds over the whole `horizon` or in every `period`.", ("horizon", "period"),
               "horizon"),
    ), axis="contract"),
)


def _ends(axes: Mapping[str, Axis]) -> dict[str, Axis]:
    return {"end": Axis("end", end_names(axes["customer"].labels, set(axes["site"].labels)))}


SCHEMA = Schema(
    "network", TABLES, SETTINGS, "model.yaml",
    axes_of_columns={"product_class": (("products", "product_class"),),
                     "zone": (("sites", "zone"), ("customers", "zone")), "site_group": (("sites", "group"),)},
    more_axes=_ends, looked_up_on={("destination", "customer"): "end"}, settle=settle)
"""The tables of a network, as reading, casting, writing, templates and edits go by them."""

BY_NAME = SCHEMA.by_name
