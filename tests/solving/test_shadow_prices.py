"""Shadow prices: money saved per unit of relaxation, by hand and against solving again."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import chain, lanes, rates, solved, table


def prices(solution: cts.Solution, **options) -> dict[tuple[str, str, str, str], float]:
    frame = cts.shadow_prices(solution, **options)
    assert (frame["saves"] > 0).all()
    return {tuple(row[:4]): row.saves for row in frame.drop(columns="unit").itertuples(index=False)}


def two_dcs(**tables):
    """C takes 100 units, over D at 1 + 1 or over E at 3 + 1."""
    return chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 60},
                             {"site": "E", "kind": "dc"}),
                 rates=rates(P_D=1, P_E=3, D_C=1, E_C=1), lanes=lanes("P-D", "D-C", "P-E", "E-C"), **tables)


def test_capacity_of_a_site():
    assert prices(solved(two_dcs())) == pytest.approx({("sites", "capacity", "D", "raise"): 2})


@pytest.mark.slow
def test_a_yearly_figure_counts_for_the_days_of_each_period():
    """Half a year: one unit a year more is half a unit more. Two periods bind: both halves count."""
    half = two_dcs(periods=table({"period": "h", "days": 182.5}),
                   demand=table({"customer": "C", "period": "h", "quantity": 100}))
    assert prices(solved(half)) == pytest.approx({("sites", "capacity", "D", "raise"): 1})
    both = two_dcs(periods=table({"period": "h", "days": 182.5}, {"period": "i", "days": 182.5}),
                   demand=table(*({"customer": "C", "period": t, "quantity": 100} for t in "hi")))
    assert prices(solved(both)) == pytest.approx({("sites", "capacity", "D", "raise"): 2})


def test_a_closed_site_has_no_shadow_price():
    tables = two_dcs()
    tables["sites"] = tables["sites"].assign(status=["open", "candidate", "open"], fixed_cost=[0, 1000, 0])
    assert prices(solved(tables)) == {}


def test_what_is_not_in_the_plan_has_no_least_that_saves():
    """E is closed, and dearer by the unit: that 10 would have to go through it if it were open costs nothing."""
    tables = two_dcs()
    tables["sites"] = tables["sites"].assign(capacity=[None, 100, None], status=["open", "open", "candidate"],
                                             fixed_cost=[0, 0, 1000], min_throughput=[0, 0, 10])
    solution = solved(tables)
    assert solution.sites.set_index("site")["open"].to_dict() == {"P": True, "D": True, "E": False}
    assert ("sites", "min_throughput", "E", "lower") not in prices(solution)


def test_units_are_those_of_the_figures():
    """Money in the currency of the network, capacities in the unit of their site, contracts in units."""
    contract = table({"contract": "airline", "kind": "min_volume", "mode": "air", "quantity": 30})
    frames = [cts.shadow_prices(solved(made)) for made in (two_dcs(), TWO_MODES | {"contracts": contract})]
    assert [frame["unit"].tolist() for frame in frames] == [["units per year"], ["units per year"]]


def test_what_can_be_made():
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                   site_products=table({"site": "P", "product": "goods", "make_cost": 2, "make_capacity": 70},
                                       {"site": "Q", "product": "goods", "make_cost": 7}),
                   rates=rates(P_C=1, Q_C=1), lanes=lanes("P-C", "Q-C"))
    assert prices(solved(tables)) == pytest.approx({("site_products", "make_capacity", "P / goods", "raise"): 5})


TWO_MODES = {
    "sites": table({"site": "P", "kind": "plant"}), "customers": table({"customer": "C", "tier": "gold"}),
    "demand": table({"customer": "C", "quantity": 100}),
    "modes": table({"mode": "air", "co2": 100.0}, {"mode": "sea", "co2": 1.0}),
    "rates": table({"origin": "P", "destination": "C", "mode": "air", "per_unit": 3, "transit_time": 1},
                   {"origin": "P", "destination": "C", "mode": "sea", "per_unit": 1, "transit_time": 9}),
    "lanes": table({"origin": "P", "destination": "C", "mode": "*", "distance": 1000.0}),
    "tiers": table({"tier": "gold", "shortage_cost": 10.0}),
}


def test_a_share_on_time():
    """60 of 100 by air, which costs 2 more: a point less saves 2."""
    promise = table({"tier": "gold", "lead_time": 2, "on_time_form": "share_certain", "on_time_share": 0.6})
    solution = solved(TWO_MODES | {"promises": promise})
    assert solution.total_cost == pytest.approx(60 * 3 + 40 * 1)
    assert prices(solution) == pytest.approx({("promises", "on_time_share", "gold / *", "lower"): 2})


@pytest.mark.slow
def test_a_served_fraction():
    """90 of 100 must be served, at 3 each by air; a unit that is not served would cost nothing: a point saves 3."""
    promise = table({"tier": "gold", "lead_time": 2, "served_fraction": 0.9})
    free = TWO_MODES | {"promises": promise, "tiers": table({"tier": "gold", "shortage_cost": 0.0})}
    assert prices(solved(free)) == pytest.approx({("promises", "served_fraction", "gold / *", "lower"): 3})
    each = table({"tier": "gold", "lead_time": 2, "served_fraction": 0.9, "served_fraction_each": 0.9})
    assert prices(solved(free | {"promises": each})) == pytest.approx(
        {("promises", "served_fraction_each", "gold / *", "lower"): 3})


def test_to_serve_everything_costs_what_the_dearest_point_costs():
    """Of 100 units, half a unit costs 30 and the rest 3 to serve: a point is that half and half a unit at 3."""
    tables = TWO_MODES | {
        "customers": table({"customer": "C", "tier": "gold"}, {"customer": "F", "tier": "gold"}),
        "demand": table({"customer": "C", "quantity": 99.5}, {"customer": "F", "quantity": 0.5}),
        "tiers": table({"tier": "gold"}),
        "promises": table({"tier": "gold", "lead_time": 2}),
        "rates": table({"origin": "P", "destination": "C", "mode": "air", "per_unit": 3, "transit_time": 1},
                       {"origin": "P", "destination": "F", "mode": "air", "per_unit": 30, "transit_time": 1}),
        "modes": table({"mode": "air"}), "lanes": lanes("P-C-air", "P-F-air"),
    }
    assert prices(solved(tables)) == pytest.approx({("promises", "served_fraction", "gold / *", "lower"): 15 + 1.5})


def test_a_cap_on_co2():
    """A unit of 1 kg over 1,000 km: 100 kg of CO2 by air, 1 by sea.

    Air is cheap here, and the cap of 1,090 lets 10 units fly (10 x 100 + 90 x 1): a kg more moves 1/99 of a unit at a
    gain of 2.
    """
    tables = TWO_MODES | {
        "rates": table({"origin": "P", "destination": "C", "mode": "air", "per_unit": 1, "transit_time": 1},
                       {"origin": "P", "destination": "C", "mode": "sea", "per_unit": 3, "transit_time": 1}),
        "settings": {"carbon_cap": 1090.0}}
    solution = solved(tables)
    assert solution.total_cost == pytest.approx(10 * 1 + 90 * 3)
    assert prices(solution) == pytest.approx({("settings", "carbon_cap", "", "raise"): 2 / 99})


def test_a_contract():
    """30 by air were agreed: a unit less saves 2."""
    contract = table({"contract": "airline", "kind": "min_volume", "mode": "air", "quantity": 30})
    assert prices(solved(TWO_MODES | {"contracts": contract})) == pytest.approx(
        {("contracts", "quantity", "airline", "lower"): 2})


def test_storage():
    """10 are made in each half at most; 8 must be kept for the second, storage holds 5, and Q at 9 more makes up."""
    tables = chain(
        sites=table({"site": "P", "kind": "plant", "storage_capacity": 5},
                    {"site": "Q", "kind": "plant", "storage_capacity": 0}),
        periods=table({"period": "a", "days": 182.5}, {"period": "b", "days": 182.5}),
        products=table({"product": "goods", "unit_value": 10}), settings={"holding_rate": 0.2},
        site_products=table({"site": "P", "product": "goods", "make_capacity": 20},
                            {"site": "Q", "product": "goods", "make_cost": 9}),
        demand=table({"customer": "C", "period": "a", "quantity": 2}, {"customer": "C", "period": "b", "quantity": 18}),
        rates=rates(P_C=1, Q_C=1), lanes=lanes("P-C", "Q-C"))
    found = prices(solved(tables))
    # Kept from the middle of one half to the middle of the other: 10 x 0.2 x 1/2 a unit.
    assert found["sites", "storage_capacity", "P", "raise"] == pytest.approx(9 - 1)
    assert found["site_products", "make_capacity", "P / goods", "raise"] == pytest.approx(9 / 2)


@pytest.mark.slow
def test_solving_again_saves_what_was_said():
    """One unit more of each capacity that binds, solved again: as much as its shadow price, as the steps are small."""
    tables = two_dcs(site_products=table({"site": "P", "product": "goods", "make_cost": 1, "make_capacity": 90},
                                         {"site": "D", "product": "goods"}))
    tables["tiers"] = table({"tier": "standard", "shortage_cost": 50})
    tables["promises"] = table({"tier": "standard", "served_fraction": 0.0})
    solution = solved(tables)
    found = prices(solution)
    assert set(found) == {("sites", "capacity", "D", "raise"), ("site_products", "make_capacity", "P / goods", "raise")}
    for (table_name, column, key, _), saves in found.items():
        frame = tables[table_name].copy()
        frame.loc[frame["site"] == key.split(" / ")[0], column] += 1
        assert solution.total_cost - solved(tables | {table_name: frame}).total_cost == pytest.approx(saves)


@pytest.mark.slow
def test_a_relaxation_and_other_rules_are_refused():
    with pytest.raises(cts.UsageError, match="linear relaxation"):
        cts.shadow_prices(solved(two_dcs(), relax=True))

    def most(x, net):
        """sum deliver <= 1000   [units]"""
        return x.deliver.total() <= 1000.0

    solution = solved(two_dcs(), extra=[most])
    with pytest.raises(cts.UsageError, match=r"extra = \['most'\], not \[\]"):
        cts.shadow_prices(solution)
    assert prices(solution, extra=[most]) == pytest.approx({("sites", "capacity", "D", "raise"): 2})
