"""When an order comes that is placed at a certain time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, unknown_name
from ctsopt.networks.calendars import WEEKDAYS
from ctsopt.networks.clock import Clock
from ctsopt.networks.network import Network
from ctsopt.networks.requests import promises, requests
from ctsopt.networks.ways import before_pruning
from ctsopt.notebook import shown_in_notebook
from ctsopt.results.solution import Solution

_KEYS = ["customer", "tier", "product", "site", "via", "mode_in", "mode_out"]


@dataclass(frozen=True, eq=False)
class Arrival:
    """When an order comes.

    Attributes
    ----------
    ordered : datetime
        When it is placed.
    ways : DataFrame
        One row per product and way, the first to arrive first: customer, tier, product, site, via, mode_in, mode_out;
        counts_from (day for which the site counts the order), sent (day on which the last mode takes it), arrives
        (day), calendar_days (from the day of the order), working_days (of the site, from the day for which the order
        counts), promised (days), counted (how the promise counts them) and kept (at the mean transit time).
    """

    ordered: dt.datetime
    ways: pd.DataFrame

    @property
    def date(self) -> dt.date:
        """Day on which it comes by the first way to arrive; of several products, by the last of these."""
        return pd.Timestamp(self._first["arrives"].max()).date()

    @property
    def _first(self) -> pd.DataFrame:
        return self.ways.groupby("product", sort=False).head(1)

    def __str__(self) -> str:
        row = self._first.sort_values("arrives", kind="stable").iloc[-1]
        over = f" over {row['via']}" if row["via"] else ""
        promised = (f"; promised in {row['promised']:g} {row['counted']} days: {'kept' if row['kept'] else 'not kept'}"
                    if np.isfinite(row["promised"]) else "")
        return (f"ordered {_day(self.ordered)} {self.ordered:%H:%M}, counts for {_day(row['counts_from'])}, arrives "
                f"{_day(self.date)} from {row['site']}{over} by {row['mode_out']}: {row['calendar_days']:g} calendar "
                f"days, {row['working_days']:g} working days{promised}")

    def _repr_html_(self) -> str:
        return shown_in_notebook("Arrival", [str(self)])


def arrival(of: Network | Solution, order_time: dt.datetime | str, customer: str, *, product: str = "") -> Arrival:
    """When an order of a customer comes, by each way.

    The cut-off of the site, its working days and those of the modes and of a cross-dock are counted day by day, with
    the holidays of these very days; transit takes its mean. Part of a day counts as a day.

    Parameters
    ----------
    of : Network or Solution
        Of a network every way counts, those that are too slow for the promise too; of a plan the ways that it uses.
    order_time : datetime or str
        When the order is placed, as `2026-11-27 16:00`, in the time of the site.
    customer : str
    product : str, optional
        Without it every product that the customer demands.

    Returns
    -------
    Arrival

    Raises
    ------
    UsageError
        If there is no such customer, product or time, the customer demands nothing, or no way leads there.

    Examples
    --------
    >>> import ctsopt as cts, pandas as pd
    >>> net = cts.network({
    ...     "sites": pd.DataFrame([{"site": "Works", "kind": "plant", "calendar": "mo-fr", "cutoff": "14:00"}]),
    ...     "customers": pd.DataFrame([{"customer": "A"}]), "demand": pd.DataFrame([{"customer": "A", "quantity": 10}]),
    ...     "lanes": pd.DataFrame([{"origin": "Works", "destination": "A"}]),
    ...     "rates": pd.DataFrame([{"origin": "Works", "destination": "A", "per_unit": 1, "transit_time": 2}])})
    >>> cts.arrival(net, "2026-11-27 16:00", "A").date
    datetime.date(2026, 12, 2)
    """
    net = of.net if isinstance(of, Solution) else of
    when = _time(order_time)
    t = net.content
    for kind, name in (("customer", customer), ("product", product)):
        if name and name not in set(t.axes[kind].labels):
            raise UsageError(unknown_name(kind, name, t.axes[kind].labels.tolist()))
    promised = promises(t)
    wanted = requests(t, promised)
    mine = wanted.index["customer"] == t.axes["customer"].codes([customer])[0]
    if product:
        mine &= wanted.index["product"] == t.axes["product"].codes([product])[0]
    ways, timed = before_pruning(t, wanted.take(np.flatnonzero(mine)), promised)
    frame = ways.index.frame()
    hour = when.hour + when.minute / 60 + when.second / 3600
    found = Clock(t).arrivals(timed.trips, np.datetime64(when.date(), "D"), hour)
    found["counted"] = np.where(timed.trips.working, "working", "calendar")
    frame = pd.concat([frame[_KEYS], found], axis=1)
    if isinstance(of, Solution):
        used = of.flows[of.flows["kind"] == "delivery"].rename(columns={"origin": "site"})
        frame = frame.merge(used[_KEYS].drop_duplicates(), on=_KEYS)
    frame = frame.drop_duplicates(_KEYS).sort_values(["arrives", *_KEYS], kind="stable").reset_index(drop=True)
    if frame.empty:
        raise UsageError(f"no way {'of the plan ' if isinstance(of, Solution) else ''}leads to {customer}"
                         + (f" with {product}" if product else ""))
    return Arrival(when, frame)


def _day(day: dt.date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day:%Y-%m-%d}"


def _time(order_time: dt.datetime | str) -> dt.datetime:
    stamp = pd.to_datetime(pd.Series([order_time]), errors="coerce").iloc[0]
    if pd.isna(stamp):
        raise UsageError(f"{order_time!r} is no time: write it as 2026-11-27 16:00")
    return pd.Timestamp(stamp).to_pydatetime().replace(tzinfo=None)
