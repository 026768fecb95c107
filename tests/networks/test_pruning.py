"""Dominance, way by way; that the optimum stays the same is shown on random networks in tests/property."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.keys import Axis, Coded, Keys
from ctsopt.networks.pruning import dominated

SITE = Axis("site", ["D", "E", "X", "Y"])
FAST = {"via": "", "cost": 5.0, "on_time": 0.9, "certain": 1.0, "days": 2.0, "site": "D", "request": 0, "co2": 0.0,
        "wait": 0, "shares": 0, "minimum": False}


def beaten(*ways: dict, counts: bool = True) -> list[bool]:
    """Which of some ways are dominated; each is written as it differs from a direct way of 5 money and P = 0.9."""
    full = [FAST | way for way in ways]
    keys = Keys.make({"site": SITE, "via": SITE}, site=SITE.codes([w["site"] for w in full]),
                     via=SITE.codes([w["via"] for w in full]))
    columns = {name: np.array([w[key] for w in full]) for name, key in (
        ("on_time", "on_time"), ("certain", "certain"), ("lead_time", "days"), ("request", "request"))}
    emitted, wait = (np.array([w[key] for w in full], dtype=float) for key in ("co2", "wait"))
    result = dominated(Coded(keys, columns), np.array([w["cost"] for w in full]), np.full(len(full), counts),
                       emitted, wait,
                       np.array([w["shares"] for w in full], dtype=np.int64),
                       np.array([w["minimum"] for w in full], dtype=bool))
    return result.tolist()


@pytest.mark.parametrize(("first", "second", "expected"), [
    ({}, {"cost": 6}, [False, True]),
    ({"cost": 6}, {}, [True, False]),
    ({}, {"cost": 6, "on_time": 0.95}, [False, False]),  # dearer, but more often on time
    ({}, {"cost": 6, "certain": 0}, [False, True]),
    ({"certain": 0}, {"cost": 6, "on_time": 0.9}, [False, False]),  # only the dearer one counts as certain
    ({"on_time": 0.8}, {}, [True, False]),  # equal cost, more often on time
    ({}, {}, [False, True]),  # equal in all: the first
    ({"days": 3}, {}, [True, False]),  # equal in all but days: the faster
    ({}, {"site": "E", "cost": 6}, [False, False]),  # another stock site
    ({}, {"request": 1, "cost": 6}, [False, False]),  # another request
    ({}, {"via": "X", "cost": 6}, [False, True]),  # needs X on top
    ({"via": "X"}, {"cost": 6}, [False, False]),  # the cheap one needs X, which may be closed or full
    ({"via": "X"}, {"via": "X", "cost": 6}, [False, True]),
    ({"via": "X"}, {"via": "Y", "cost": 6}, [False, False]),
    ({"via": "X"}, {}, [True, False]),  # equal cost: the one without X
    ({}, {"cost": 6, "co2": 1}, [False, True]),  # dearer, and emits more under a cap
    ({"co2": 2}, {"cost": 6, "co2": 1}, [False, False]),  # dearer, but the cap may need it
    ({"co2": 1}, {"cost": 6, "co2": 1}, [False, True]),
    ({"co2": 1}, {}, [True, False]),  # equal cost, emits nothing
    ({}, {"cost": 6, "wait": 1}, [False, False]),  # dearer, but it leaves a day to wait for stock
    ({"wait": 1}, {"cost": 6, "wait": 1}, [False, True]),
    ({"wait": 2}, {"cost": 6, "wait": 1}, [False, True]),
    ({"wait": 1}, {}, [False, True]),  # equal cost: the one that leaves more time
    ({"shares": 1}, {"cost": 6}, [False, False]),  # the cheap one takes a limited lane, which may be full
    ({}, {"cost": 6, "shares": 1}, [False, True]),  # only the dearer one takes a limited lane
    ({"shares": 1}, {"cost": 6, "shares": 1}, [False, True]),  # both take the same lane
    ({"shares": 1}, {"cost": 6, "shares": 2}, [False, False]),  # either lane may be full
    ({}, {"cost": 6, "shares": 1, "minimum": True}, [False, False]),  # dearer, but its lane has to be used
    ({"shares": 1, "minimum": True}, {"cost": 6, "shares": 1, "minimum": True}, [False, True]),  # the same lane
    ({"shares": 1, "minimum": True}, {"cost": 6}, [False, False]),  # the cheap one's lane may be full
])
def test_two_ways(first, second, expected):
    assert beaten(first, second) == expected


def test_time_does_not_count_without_a_share_on_time():
    assert beaten({}, {"cost": 6, "on_time": 0.99}, counts=False) == [False, True]
    assert beaten({"certain": 0}, {"cost": 6}, counts=False) == [False, True]


def test_one_of_many_is_enough():
    """Sorted by cost 1, 2, 3, 4: the second beats the fourth though the third lies between them."""
    assert beaten({"cost": 1, "on_time": 0.5}, {"cost": 2, "on_time": 0.9}, {"cost": 3, "on_time": 0.95},
                  {"cost": 4, "on_time": 0.7}) == [False, False, False, True]


def test_no_two_ways_beat_each_other():
    """Among many equal ways exactly one stays, so that nothing gets lost."""
    assert beaten(*[{}] * 7).count(False) == 1


def test_no_ways():
    assert beaten() == []
