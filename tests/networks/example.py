"""A small network that fills every table and almost every column; free of findings."""

from __future__ import annotations

import pandas as pd

ROWS: dict[str, str] = {
    "periods": """
        period,days
        winter,181
        summer,184
    """,
    "products": """
        product,product_class,weight,volume,pallet_units,unit_value,holding_rate
        00123,small,2.5,0.01,100,20,0.2
        1E10,large,12,0.2,8,35,0.1
    """,
    "sites": """
        site,kind,latitude,longitude,region,zone,group,status,may_open,may_close,fixed_cost,opening_cost,closing_cost,capacity,capacity_unit,handling_in,handling_out,processing_time,calendar
        Plant,plant,48.1,11.6,BY,,,open,yes,no,0,0,0,900000,units,0,0.1,,
        Mine,supplier,51.2,6.8,NW,,,open,yes,no,0,0,0,,units,0,0,1,office
        NA,dc,52.5,13.4,NO,north,east,open,yes,yes,50000,0,20000,80000,kg,0.02,0.03,0.5,
        West,dc,50.9,7,NO,,west,candidate,yes,no,40000,100000,0,70000,pallets,1,2,0.5,
        Dock,crossdock,50.1,8.7,HE,,,open,yes,no,1000,0,0,9000,m3,0.5,0.5,0.25,
    """,
    "capacity_levels": """
        site,level,capacity,fixed_cost
        NA,small,40000,1000
        NA,large,80000,9000
    """,
    "site_products": """
        site,product,make_cost,make_capacity,make_days,can_stock
        Plant,00123,4,70000,0,yes
        Plant,1E10,9,,2,no
        Mine,00123,3.5,20000,0,yes
        West,1E10,,,,no
    """,
    "customers": """
        customer,latitude,longitude,region,zone,group,tier,single_source
        Anna,53.5,10,HH,coast,retail,gold,no
        Boris,48.8,9.2,BW,,retail,silver,customer
        Chloé,49.4,8.7,BW,,online,silver,product
    """,
    "tiers": """
        tier,rank,modes,shortage_cost
        gold,1,parcel|truck,
        silver,2,,40
    """,
    "promises": """
        tier,product_class,lead_time,on_time_form,reliability,on_time_share,served_fraction,served_fraction_each,per
        gold,*,5,each_order,0.9,,1,1,horizon
        silver,small,9,share_certain,0.9,0.9,0.95,0.5,period
        silver,large,9,share_expected,,0.85,0.9,0.4,horizon
    """,
    "demand": """
        customer,product,period,quantity,order_size,profile
        Anna,00123,winter,4000,10,
        Anna,1E10,summer,500,,mixed
        Boris,00123,winter,3000,20,
        Boris,00123,summer,2000,20,
        Chloé,00123,winter,1000,5,
        Chloé,1E10,winter,800,2,
    """,
    "order_times": """
        tier,days,at,share
        *,mo-fr,10:00,0.75
        *,mo-su,15:30,0.25
    """,
    "calendars": """
        calendar,days
        office,mo-fr
    """,
    "calendar_days": """
        calendar,day,working
        office,2027-12-24,no
    """,
    "order_profiles": """
        profile,size,share
        mixed,1,0.75
        mixed,4,0.25
    """,
    "modes": """
        mode,serves,speed,fixed_time,transit_cv,transit_distribution,per_distance,per_weight,per_weight_distance,per_shipment,minimum_charge,fuel_surcharge,load_weight,load_volume,load_factor,bill_next_break
        truck,both,600,0.5,0.1,lognormal,1.2,0,0.0001,0,20,0.1,24000,80,0.8,no
        parcel,deliveries,900,0.25,0.2,gamma,0,0.4,0,4,6,0.15,,,1,yes
        rail,moves,400,1,0.15,normal,0.9,0.001,0,100,0,0,60000,,0.9,no
    """,
    "lanes": """
        origin,destination,mode,distance,status
        Plant,NA,rail,700,open
        Plant,West,*,600,open
        Plant,Dock,truck,,open
        Mine,NA,*,600,open
        Mine,Dock,truck,260,open
        NA,Anna,*,,open
        NA,Boris,truck,640,open
        NA,Chloé,parcel,,open
        West,Boris,*,,open
        West,Chloé,*,,closed
        Dock,Anna,truck,,open
        Dock,Chloé,*,100,open
        Plant,Boris,truck,,open
        NA,West,truck,590,open
    """,
    "rates": """
        origin,destination,mode,product,from_distance,from_weight,per_unit,per_weight,per_shipment,minimum_charge,transit_time,transit_sd
        north,coast,parcel,*,0,0,0.1,0.5,3,5,1.5,0.25
        north,coast,parcel,*,0,30,0.1,0.4,3,5,1.5,0.25
        north,coast,parcel,*,300,0,0.1,0.6,4,6,2,
        Mine,Dock,truck,00123,0,0,0.3,,,,,
    """,
    "contracts": """
        contract,kind,group,limit,quantity
        lease,sites_in_group,west,at_most,1
        two,sites_in_group,*,at_least,2
    """,
}

SETTINGS = {"name": "example", "currency": "NO", "distance_unit": "km", "circuity": 1.3, "discount_rate": 0.1,
            "life": 8, "processing_time": 0.2, "open_lanes": "listed", "max_via_ways": 1000,
            "first_day": "2027-01-01"}


def texts() -> dict[str, list[list[str]]]:
    """Header and rows of every table, as text."""
    return {name: [line.strip().split(",") for line in rows.split("\n") if line.strip()]
            for name, rows in ROWS.items()}


def tables() -> dict[str, pd.DataFrame]:
    """The tables as frames of text."""
    return {name: pd.DataFrame(lines[1:], columns=lines[0], dtype=object) for name, lines in texts().items()}


def sources() -> dict[str, object]:
    """The tables and the settings, as `ctsopt.network` takes them."""
    return {**tables(), "settings": dict(SETTINGS)}
