"""Working days and cut-offs: dates worked out by hand, chances against simulated orders, words."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.networks import clock
from ctsopt.networks.calendars import hours, weekdays
from tests.oracle_tables import read
from tests.oracle_times import Days
from tests.small import table

SHARED = {"customers": table({"customer": "A"}), "demand": table({"customer": "A", "quantity": 10}),
          "lanes": table({"origin": "Works", "destination": "A"})}


def tables(calendar: str = "", cutoff: str = "", processing: float = 0.0, mode: str = "", transit: float = 1.0,
           **more: Any) -> dict[str, Any]:
    """A plant and a customer; holidays of Germany, Bavaria and the United States; days that differ in `own`."""
    site = {"site": "Works", "kind": "plant", "calendar": calendar, "cutoff": cutoff, "processing_time": processing}
    listed = {"de": "DE", "by": "DE-BY", "us": "US", "own": "DE"}
    used = {name: code for name, code in listed.items() if name in (calendar, mode)}
    own = table({"calendar": "own", "day": "2026-11-30", "working": "no"},
                {"calendar": "own", "day": "2026-12-19", "working": "yes"})
    van = {"mode": "van", "fixed_time": transit, "calendar": mode, "per_weight": 1}
    return {**SHARED, "sites": table(site), "modes": table(van),
            **({"calendars": table(*({"calendar": n, "days": "mo-fr", "holidays": c} for n, c in used.items()))}
               if used else {}), **({"calendar_days": own} if "own" in used else {}), **more}


# calendar, cut-off and processing of the site, calendar and transit of the mode, ordered, day of arrival, days of the
# calendar, working days of the site
DATES = [
    ("mo-fr", "14:00", 0, "", 2, "2026-11-27 16:00", "2026-12-02", 5, 2),  # a Friday counts as Monday
    ("mo-fr", "14:00", 0, "", 2, "2026-11-27 13:59", "2026-11-29", 2, 0),  # comes on a Sunday
    ("mo-fr", "14:00", 0, "mo-fr", 2, "2026-11-27 14:00", "2026-12-01", 4, 2),
    ("mo-fr", "14:00", 0, "mo-fr", 2, "2026-11-27 16:00", "2026-12-02", 5, 2),
    ("mo-fr", "", 0, "mo-fr", 2, "2026-11-28 09:00", "2026-12-02", 4, 2),  # a Saturday
    ("de", "14:00", 0, "de", 1, "2026-12-24 10:00", "2026-12-28", 4, 1),  # Christmas, a Friday and a Saturday
    ("de", "14:00", 0, "de", 1, "2026-12-24 15:00", "2026-12-29", 5, 1),
    ("de", "14:00", 0, "de", 2, "2026-12-31 10:00", "2027-01-05", 5, 2),  # New Year, a Friday
    ("de", "14:00", 0, "de", 2, "2026-12-31 15:00", "2027-01-06", 6, 2),
    ("by", "14:00", 0, "by", 2, "2026-12-31 15:00", "2027-01-07", 7, 2),  # Epiphany in Bavaria
    ("de", "", 0, "de", 1, "2027-03-25 12:00", "2027-03-30", 5, 1),  # Good Friday to Easter Monday
    ("mo-fr", "", 0, "mo-fr", 2, "2028-02-28 10:00", "2028-03-01", 2, 2),  # over the 29th of February
    ("mo-fr", "", 0, "mo-sa", 1, "2026-11-27 10:00", "2026-11-28", 1, 0),
    ("mo-sa", "", 0, "mo-fr", 1, "2026-11-28 10:00", "2026-12-01", 3, 2),  # handed over on Monday
    ("mo-fr", "", 1, "", 1, "2026-11-27 10:00", "2026-12-01", 4, 2),
    ("mo-fr", "", 0.5, "mo-fr", 0.5, "2026-11-27 10:00", "2026-11-30", 3, 1),  # two halves of a working day
    ("own", "14:00", 0, "", 2, "2026-11-27 16:00", "2026-12-03", 6, 2),  # the 30th is not worked
    ("own", "14:00", 0, "own", 1, "2026-12-18 16:00", "2026-12-21", 3, 1),  # Saturday the 19th is
    ("tu,th", "", 0, "", 1, "2026-11-25 08:00", "2026-11-27", 2, 0),
    ("", "", 0, "", 1.5, "2026-11-29 23:00", "2026-12-01", 2, 2),  # part of a day counts as a day
    ("us", "", 0, "us", 1, "2026-11-25 12:00", "2026-11-27", 2, 1),  # Thanksgiving
    ("de", "12:00", 0, "mo-sa", 3, "2026-12-23 12:01", "2026-12-28", 5, 1),  # the carrier runs on Christmas Day
]


@pytest.mark.parametrize(("calendar", "cutoff", "processing", "mode", "transit", "ordered", "comes", "days", "worked"),
                         DATES)
def test_dates_by_hand(calendar: str, cutoff: str, processing: float, mode: str, transit: float, ordered: str,
                       comes: str, days: float, worked: float) -> None:
    net = cts.network(tables(calendar, cutoff, processing, mode, transit))
    found = cts.arrival(net, ordered, "A")
    row = found.ways.iloc[0]
    assert (found.date.isoformat(), row["calendar_days"], row["working_days"]) == (comes, days, worked)


def test_over_a_cross_dock_every_step_has_its_own_calendar() -> None:
    """Thursday, a day to the dock by Friday; the dock works a day from Monday on, and is done on Monday (2 days of its
    own, of which Saturday is none); the last mode runs on Tuesdays and Thursdays."""
    net = cts.network({
        **SHARED, "sites": table({"site": "Works", "kind": "plant", "calendar": "mo-fr"},
                                 {"site": "Dock", "kind": "crossdock", "calendar": "mo-fr", "processing_time": 1}),
        "lanes": table({"origin": "Works", "destination": "Dock", "mode": "truck"},
                       {"origin": "Dock", "destination": "A", "mode": "van"}),
        "modes": table({"mode": "truck", "fixed_time": 1, "calendar": "mo-fr", "per_weight": 1},
                       {"mode": "van", "fixed_time": 1, "calendar": "tu,th", "per_weight": 1})})
    found = cts.arrival(net, "2026-11-26 10:00", "A")
    assert (str(found.ways["sent"].iloc[0].date()), found.date) == ("2026-11-30", dt.date(2026, 12, 3))
    assert str(found).startswith("ordered Thursday 2026-11-26 10:00, counts for Thursday 2026-11-26, arrives Thursday "
                                 "2026-12-03 from Works over Dock by van: 7 calendar days, 5 working days")


def promised(days: float, calendar: str, **more: Any) -> dict[str, Any]:
    return {"tiers": table({"tier": "gold"}), "promises": table({"tier": "gold", "lead_time": days,
                                                                 "calendar": calendar, **more})}


def test_two_working_days_are_kept_and_two_calendar_days_are_not() -> None:
    net = cts.network({**tables("mo-fr", "14:00", transit=2, mode="mo-fr"), **promised(2, "working")})
    assert cts.solve(net).flows["on_time"].tolist() == [1.0]
    with pytest.raises(cts.DataError) as caught:
        cts.network({**tables("mo-fr", "14:00", transit=2, mode="mo-fr"), **promised(2, "calendar")})
    # Of an ordinary week Monday to Wednesday until 14:00: 3/7 x 14/24. A late order of Wednesday comes on Monday.
    assert "on time 25.0%; ordered on a Wednesday after the cut-off, it takes 5 calendar days" in str(
        caught.value.findings.errors[0].values[0])
    cts.network({**tables("mo-fr", "14:00", transit=2, mode="mo-fr"), **promised(5, "calendar", reliability=1)})


@pytest.mark.parametrize(("times", "share"), [
    ([("mo-fr", "10:00", 1.0)], 0.6),  # Monday to Wednesday
    ([("mo-fr", "15:00", 1.0)], 0.0),  # counts for the next day: three days at least
    ([("mo,tu", "14:00", 0.5), ("sa", "09:00", 0.5)], 0.5),
])
def test_the_chance_follows_the_times_of_orders(times: list[tuple[str, str, float]], share: float) -> None:
    sources = {**tables("mo-fr", "14:00", transit=2, mode="mo-fr"),
               **promised(2, "calendar", on_time_form="share_expected", on_time_share=0),
               "order_times": table(*({"days": d, "at": at, "share": part} for d, at, part in times))}
    assert cts.solve(cts.network(sources)).flows["on_time"].tolist() == pytest.approx([share])


def test_a_horizon_with_dates_has_its_holidays() -> None:
    """A day's transit by working days, promised in a calendar day, in the four weeks from 21 December 2026 on.

    Of the 20 Mondays to Fridays, orders of 25 December and 1 January count for the Monday after, and do not come in a
    day; nor do those of Fridays, nor those of 24 and 31 December (a Thursday): 4 Fridays + 2 Thursdays of 20.
    """
    sources = {**tables("de", mode="de", transit=1), **promised(1, "calendar", on_time_form="share_expected",
                                                                on_time_share=0),
               "periods": table({"period": "winter", "days": 28}), "settings": {"first_day": "2026-12-21"},
               "order_times": table({"days": "mo-fr", "at": "10:00", "share": 1})}
    assert cts.solve(cts.network(sources)).flows["on_time"].tolist() == pytest.approx([14 / 20])


@pytest.mark.parametrize("distribution", ["lognormal", "gamma"])
def test_the_chance_is_that_of_simulated_orders(distribution: str) -> None:
    """20,000 orders, each walked from day to day by the oracle: within four standard errors."""
    sources = {**tables("mo-fr", "13:00", 0.5, "mo-sa", 1.5), **promised(3, "calendar", on_time_form="share_expected",
                                                                       on_time_share=0)}
    sources["modes"] = sources["modes"].assign(transit_cv=0.4, transit_distribution=distribution)
    told = cts.solve(cts.network(sources)).flows["on_time"].iloc[0]
    net = read(sources, {})
    site, van = Days(net, "mo-fr"), Days(net, "mo-sa")
    rng, cv = np.random.default_rng(11), 0.4
    spread = np.sqrt(np.log(1 + cv**2))
    days = (rng.lognormal(np.log(1.5) - spread**2 / 2, spread, 20_000) if distribution == "lognormal"
            else rng.gamma(1 / cv**2, 1.5 * cv**2, 20_000))
    kept = 0
    for day, hour, transit in zip(rng.integers(0, 7, 20_000), rng.uniform(0, 24, 20_000), days, strict=True):
        begin = site.wait(float(day + 1 if hour > 13 and site.works(day) else day))
        kept += van.walk(site.walk(begin, 0.5), float(transit)) <= day + 3
    assert told == pytest.approx(kept / 20_000, abs=4 * np.sqrt(told * (1 - told) / 20_000))


def test_arrival_from_the_shell(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cts.network(tables("mo-fr", "14:00", transit=2, mode="mo-fr")).write(tmp_path / "net")
    with pytest.raises(SystemExit) as left:
        app(["arrival", str(tmp_path / "net"), "A", "2026-11-27 16:00", "--json"])
    found = json.loads(capfd.readouterr().out)
    assert (left.value.code, found["arrives"], len(found["ways"])) == (0, "2026-12-02", 1)
    assert found["ways"][0]["calendar_days"] == 5


def test_patterns_and_times() -> None:
    def shown(text: str) -> str:
        days = weekdays(text)
        return "" if days is None else "".join("x" if day else "-" for day in days)

    assert [shown(text) for text in ("mo-fr", "Mon-Fri", "sa-mo", "mo,we|fr", "Sunday", "mo-", "x", "m-fr", "")] == [
        "xxxxx--", "xxxxx--", "x----xx", "x-x-x--", "------x", "", "", "", ""]
    assert [hours(text) for text in ("14:00", "9:30", "14:00:36", "24:00")] == [14, 9.5, 14.01, 24]
    assert np.isnan([hours(text) for text in ("24:01", "14", "14:60", "2 pm", "-1:00")]).all()


def test_words_of_arrival() -> None:
    net = cts.network({**tables("mo-fr", "14:00", transit=2, mode="mo-fr"), **promised(2, "working")})
    assert str(cts.arrival(net, "2026-11-27 16:00", "A")) == (
        "ordered Friday 2026-11-27 16:00, counts for Monday 2026-11-30, arrives Wednesday 2026-12-02 from Works by "
        "van: 5 calendar days, 2 working days; promised in 2 working days: kept")
    with pytest.raises(cts.UsageError, match="'soon' is no time: write it as 2026-11-27 16:00"):
        cts.arrival(net, "soon", "A")
    with pytest.raises(cts.UsageError, match="customer"):
        cts.arrival(net, "2026-11-27", "B")
    sol = cts.solve(net)
    assert cts.arrival(sol, "2026-11-27 16:00", "A").date == cts.arrival(net, "2026-11-27 16:00", "A").date


def test_rows_that_are_alike_are_found_whatever_their_numbers_are_mixed_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows 0 and 2 are alike, and 1 and 4; the same where all rows have one mixed number, so that it tells nothing."""
    columns = np.array([1, 1, 1, 2, 1]), np.array([0.5, np.inf, 0.5, 0.5, np.inf]), np.zeros(5)
    expected = [0, 1, 0, 2, 1], [0, 1, 3]
    assert tuple(part.tolist() for part in clock._numbered(5, *columns)) == expected
    plain = clock._first_of
    monkeypatch.setattr(clock, "_first_of", lambda v: plain(np.zeros(len(v)) if v.dtype == np.uint64 else v))
    assert tuple(part.tolist() for part in clock._numbered(5, *columns)) == expected
