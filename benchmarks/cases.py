"""Cases: plants -> dcs -> customers, five products, two modes to customers, three tiers, as ctsopt input tables.

*Dense*: every dc may serve every customer by both modes. *Sparse*: a lane exists only within a radius, and the promise
of the gold tier takes away what is too slow, so that 3 to 10 % of the cells (dc x customer x product x mode) are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.networks.geography import great_circle

PRODUCTS, DELIVERY_MODES = 5, 2
TIERS = ("gold", "silver", "bronze")
ZONES_ACROSS = 5
WEIGHT_BREAKS = (0.0, 100.0, 250.0, 500.0, 1000.0)
CIRCUITY = 1.2


@dataclass(frozen=True)
class Case:
    """One network to be built.

    Attributes
    ----------
    name, size : str
        `sparse-10k`; `10k`, `100k` or `1M` deliveries.
    plants, dcs, customers : int
    share : float
        Share of the (dc, customer) pairs that have a lane; 1 = dense.
    products : int
    """

    name: str
    size: str
    plants: int
    dcs: int
    customers: int
    share: float = 1.0
    products: int = PRODUCTS

    @property
    def dense(self) -> bool:
        """Whether every dc may serve every customer."""
        return self.share == 1.0

    @property
    def cells(self) -> int:
        """All combinations of dc, customer, product and mode."""
        return self.dcs * self.customers * self.products * DELIVERY_MODES

    def tables(self) -> dict[str, Any]:
        """The input tables of the case."""
        return make(self)

    def require_size(self, deliveries: int) -> None:
        """Refuse a network of another density than the case promises."""
        share = deliveries / self.cells
        fine = share == 1.0 if self.dense else 0.03 <= share <= 0.10
        if not fine:
            raise SystemExit(f"{self.name}: {deliveries:,} deliveries are {share:.1%} of {self.cells:,} cells")


CASES = {case.name: case for case in (
    Case("sparse-10k", "10k", 4, 40, 500, 0.062),
    Case("sparse-100k", "100k", 6, 100, 2000, 0.062),
    Case("sparse-1M", "1M", 8, 250, 8000, 0.062),
    Case("dense-10k", "10k", 4, 10, 100),
    Case("dense-100k", "100k", 5, 25, 400),
    Case("dense-1M", "1M", 8, 50, 2000),
)}


def make(case: Case) -> dict[str, Any]:
    """Tables of a case, the same on every machine (fixed seed)."""
    random = np.random.default_rng([7, case.dcs, case.customers])
    customers = _customers(case, random)
    dcs = _near(customers, case.dcs, random)
    plants = pd.DataFrame({"latitude": random.uniform(30, 47, case.plants),
                           "longitude": random.uniform(-120, -75, case.plants)})
    lanes, nearest = _lanes(case, plants, dcs, customers)
    customers["tier"] = np.where(nearest < np.quantile(nearest, 0.6), random.choice(TIERS, case.customers),
                                 random.choice(TIERS[1:], case.customers))
    quantity = np.round(random.lognormal(6.0, 0.8, (case.customers, case.products)), 1)
    names = [f"C{i:05d}" for i in range(case.customers)]
    products = [f"P{k}" for k in range(case.products)]
    demand = pd.DataFrame({"customer": np.repeat(names, case.products), "product": np.tile(products, case.customers),
                           "quantity": quantity.ravel(),
                           "order_size": np.round(random.uniform(8, 40, quantity.size), 1)})
    sites = _sites(case, plants, dcs, quantity.sum(), random)
    return {
        "settings": {"name": case.name, "distance_unit": "mi", "circuity": CIRCUITY, "open_lanes": "listed"},
        "products": pd.DataFrame({"product": products, "weight": np.linspace(8, 20, case.products)}),
        "sites": sites,
        "site_products": _making(case, products, quantity.sum(axis=0), random),
        "customers": customers, "demand": demand, "lanes": lanes, "modes": _modes(),
        "rates": _rates(lanes, sites, customers, random),
        "tiers": pd.DataFrame({"tier": TIERS, "rank": [1, 2, 3], "shortage_cost": [400.0, 300.0, 200.0]}),
        "promises": _promises(case),
    }


def _customers(case: Case, random: np.random.Generator) -> pd.DataFrame:
    """Six of ten customers lie in towns, the others anywhere."""
    towns = max(5, case.customers // 50)
    town = random.integers(0, towns, case.customers)
    centre = np.column_stack([random.uniform(30, 47, towns), random.uniform(-120, -75, towns)])
    spot = np.column_stack([random.uniform(30, 47, case.customers), random.uniform(-120, -75, case.customers)])
    urban = random.random(case.customers) < 0.6
    spot[urban] = centre[town[urban]] + random.normal(0, 0.7, (int(urban.sum()), 2))
    spot = np.round(np.clip(spot, [30, -120], [47, -75]), 5)
    return pd.DataFrame({"customer": [f"C{i:05d}" for i in range(case.customers)], "latitude": spot[:, 0],
                         "longitude": spot[:, 1], "zone": _zone(spot[:, 0], spot[:, 1])})


def _near(customers: pd.DataFrame, count: int, random: np.random.Generator) -> pd.DataFrame:
    chosen = customers.iloc[np.sort(random.choice(len(customers), count, replace=False))]
    return pd.DataFrame({c: np.round(chosen[c].to_numpy() + random.normal(0, 0.1, count), 5)
                         for c in ("latitude", "longitude")})


def _zone(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    row = np.clip((latitude - 30) / 17 * ZONES_ACROSS, 0, ZONES_ACROSS - 1).astype(int)
    column = np.clip((longitude + 120) / 45 * ZONES_ACROSS, 0, ZONES_ACROSS - 1).astype(int)
    return np.array([f"Z{r}{c}" for r, c in zip(row, column, strict=True)], dtype=object)


def _lanes(case: Case, plants: pd.DataFrame, dcs: pd.DataFrame,
           customers: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Lanes with their distance, and how far each customer is from its nearest dc."""
    miles = _miles(dcs, customers)
    nearest = miles.min(axis=0)
    near = (miles <= np.quantile(miles, case.share)) | (miles == nearest)
    linked = np.ones(miles.shape, dtype=bool) if case.dense else near
    dc, customer = np.nonzero(linked)
    plant, to = (codes.ravel() for codes in np.indices((case.plants, case.dcs)))
    return pd.DataFrame({
        "origin": np.concatenate([_names("F", plant), _names("D", dc)]),
        "destination": np.concatenate([_names("D", to), _names("C", customer, 5)]),
        "distance": np.round(np.concatenate([_miles(plants, dcs).ravel(), miles[dc, customer]]) * CIRCUITY, 1),
    }), nearest


def _miles(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    here, there = (frame[["latitude", "longitude"]].to_numpy() for frame in (one, other))
    return great_circle(here[:, :1], here[:, 1:], there[:, 0], there[:, 1], "mi")


def _names(letter: str, numbers: np.ndarray, digits: int = 3) -> np.ndarray:
    every = np.array([f"{letter}{i:0{digits}d}" for i in range(int(numbers.max()) + 1)], dtype=object)
    return every[numbers]


def _sites(case: Case, plants: pd.DataFrame, dcs: pd.DataFrame, volume: float,
           random: np.random.Generator) -> pd.DataFrame:
    factories = plants.assign(site=_names("F", np.arange(case.plants)), kind="plant", status="open", handling_out=0.5)
    room = np.round(volume * 3 / case.dcs * random.uniform(0.6, 1.4, case.dcs), 0)
    stores = dcs.assign(site=_names("D", np.arange(case.dcs)), kind="dc", status="candidate", capacity=room,
                        fixed_cost=np.round(room * random.uniform(1.0, 2.0, case.dcs), 0), opening_cost=room,
                        handling_in=np.round(random.uniform(0.3, 0.8, case.dcs), 2),
                        handling_out=np.round(random.uniform(0.5, 1.5, case.dcs), 2))
    sites = pd.concat([factories, stores], ignore_index=True)
    return sites.assign(zone=_zone(sites["latitude"].to_numpy(), sites["longitude"].to_numpy()))


def _making(case: Case, products: list[str], volume: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    plant, product = (codes.ravel() for codes in np.indices((case.plants, case.products)))
    share = random.uniform(0.8, 2.0, len(plant)) / case.plants
    return pd.DataFrame({"site": _names("F", plant), "product": np.array(products, dtype=object)[product],
                         "make_cost": np.round(random.uniform(20, 30, len(plant)), 2),
                         "make_capacity": np.round(volume[product] * share * 1.5, 0)})


def _modes() -> pd.DataFrame:
    """A truck between sites; to customers a quick dear mode with a tariff, and a slow cheap one on rate cards."""
    return pd.DataFrame({
        "mode": ["truck", "parcel", "ltl"], "serves": ["moves", "deliveries", "deliveries"],
        "speed": [450, 700, 400], "fixed_time": [0.5, 0.5, 1.0], "transit_cv": [0.2, 0.3, 0.3],
        "per_distance": [2.2, 0, 0], "per_weight": [0, 0.9, 0], "per_weight_distance": [0, 0.0009, 0],
        "per_shipment": [0, 12, 0], "load_weight": [20000, np.nan, np.nan], "load_factor": [0.85, np.nan, np.nan],
        "fuel_surcharge": [0.2, 0.15, 0.25]})


def _rates(lanes: pd.DataFrame, sites: pd.DataFrame, customers: pd.DataFrame,
           random: np.random.Generator) -> pd.DataFrame:
    """Rate cards of the slow mode: between the zones that lanes join, with weight breaks and a minimum charge."""
    start = lanes["origin"].map(sites.set_index("site")["zone"])
    end = lanes["destination"].map(customers.set_index("customer")["zone"])
    cards = pd.DataFrame({"origin": start, "destination": end}).dropna().drop_duplicates()
    cards = cards.sort_values(["origin", "destination"], ignore_index=True)
    place = [cards[c].str[1:].astype(int).to_numpy() for c in ("origin", "destination")]
    apart = np.hypot(*(np.abs(place[0] // part % 10 - place[1] // part % 10) for part in (1, 10)))
    card, step = (codes.ravel() for codes in np.indices((len(cards), len(WEIGHT_BREAKS))))
    per_weight = (0.20 + 0.05 * apart[card]) * 0.9**step
    return pd.DataFrame({"origin": cards["origin"].to_numpy()[card],
                         "destination": cards["destination"].to_numpy()[card],
                         "mode": "ltl", "from_weight": np.array(WEIGHT_BREAKS)[step],
                         "per_weight": np.round(per_weight, 4),
                         "minimum_charge": np.round(random.uniform(30, 40, len(cards)), 2)[card]})


def _promises(case: Case) -> pd.DataFrame:
    """Shares of the volume on time; in sparse cases every gold order is on time."""
    forms = ["share_expected" if case.dense else "each_order", "share_expected", "share_certain"]
    return pd.DataFrame({
        "tier": TIERS, "product_class": "*", "lead_time": [2.0, 3.0, 5.0], "on_time_form": forms,
        "reliability": [np.nan if form == "share_expected" else 0.9 for form in forms],
        "on_time_share": [np.nan if form == "each_order" else 0.8 for form in forms],
        "served_fraction": [0.98, 0.95, 0.9]})
