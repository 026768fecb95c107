"""Working days and cut-offs of a random network, and when its orders come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctsopt._random.draw import Draw, some

_PATTERNS = ("mo-fr", "mo-sa", "mo-th,sa", "tu,th", "plain", "dated")


def settings(draw: Draw, rng: np.random.Generator) -> dict[str, Any]:
    """The first day, at times: with it every day of the horizon counts, holidays too."""
    if not draw.on["calendars"] or rng.random() < 0.5:
        return {}
    return {"first_day": str(rng.choice(["2026-12-21", "2027-04-01", "2024-02-26"]))}


def _some_calendar(rng: np.random.Generator, count: int) -> list[str]:
    return [str(rng.choice(_PATTERNS)) if there else "" for there in some(rng, count, 0.7, first=True)]


def modes(draw: Draw, rng: np.random.Generator) -> None:
    """Some modes do not run every day."""
    if draw.on["calendars"]:
        frame = draw.tables["modes"]
        frame["calendar"] = _some_calendar(rng, len(frame))


def sites(draw: Draw, rng: np.random.Generator) -> None:
    """Some sites do not work every day, some have a cut-off."""
    if draw.on["calendars"]:
        frame = draw.tables["sites"]
        frame["calendar"] = _some_calendar(rng, len(frame))
        frame["cutoff"] = [str(rng.choice(["11:00", "14:30", "16:00:00"])) if there else ""
                           for there in some(rng, len(frame), 0.6, first=True)]


def promises(draw: Draw, rng: np.random.Generator) -> None:
    """Days are counted in one way or the other; those of the calendar are given more of them."""
    if draw.on["calendars"] and "promises" in draw.tables:
        frame = draw.tables["promises"]
        frame["calendar"] = rng.choice(["working", "calendar"], len(frame))
        if "lead_time" in frame:
            most = np.where(frame["calendar"] == "calendar", 6, 2)
            frame["lead_time"] = np.round(frame["lead_time"] + rng.integers(0, most), 2)


def calendars(draw: Draw, _: np.random.Generator) -> pd.DataFrame | None:
    """One calendar with a pattern alone, and one with holidays and days of its own."""
    if not draw.on["calendars"]:
        return None
    return pd.DataFrame({"calendar": ["plain", "dated"], "days": ["mo-fr", "mo-sa"], "holidays": ["", "DE"]})


def calendar_days(draw: Draw, _: np.random.Generator) -> pd.DataFrame | None:
    """A bridge day, and a Sunday that is worked."""
    if not draw.on["calendars"]:
        return None
    return pd.DataFrame({"calendar": "dated", "day": ["2026-12-24", "2027-01-03", "2024-02-29"],
                         "working": ["no", "yes", "no"]})


def order_times(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """When orders come, at times: of all tiers alike, and of the best one in another way."""
    if not draw.on["calendars"] or rng.random() < 0.3:
        return None
    share = np.round(rng.uniform(0.2, 0.8), 2)
    rows = [("*", "mo-fr", "09:00", share), ("*", "mo-su", "15:00", 1 - share)]
    if rng.random() < 0.5:
        rows += [(draw.names("tiers")[0], "fr", "16:30", 1.0)]
    return pd.DataFrame(rows, columns=["tier", "days", "at", "share"])
