"""The case of the 23 pallets, and small tables for others."""

from __future__ import annotations

from typing import Any

import pandas as pd

import ctsopt as cts

NAMES = ["G1", "G2", "S1", "S2", "B1", "B2"]
TIERS = ["gold", "gold", "silver", "silver", "bronze", "bronze"]
ASKED = [7.0, 3.0, 8.0, 6.0, 10.0, 5.0]
PENALTIES = [9.0, 7.0, 5.0, 5.0, 2.0, 2.0]
RANKS = pd.DataFrame({"tier": ["gold", "silver", "bronze"], "rank": [1, 2, 3]})


def orders(asked: list[float], **columns: Any) -> pd.DataFrame:
    """Orders A, B, C, ... of customers of the same names."""
    names = [chr(ord("A") + i) for i in range(len(asked))]
    return pd.DataFrame({"order": names, "customer": names, "quantity": asked} | columns)


def pallet_orders(**columns: Any) -> pd.DataFrame:
    """Six customers ask for 39 pallets."""
    return pd.DataFrame({"order": NAMES, "customer": NAMES, "quantity": ASKED, "penalty": PENALTIES} | columns)


def pallets(rule: str, supply: float = 23, policy: pd.DataFrame = RANKS, **columns: Any) -> cts.Allocation:
    """The pallets shared by a rule; 23 unless said otherwise."""
    tiers = pd.DataFrame({"customer": NAMES, "tier": TIERS})
    return cts.allocate(pd.DataFrame({"quantity": [supply]}), pallet_orders(**columns), rule, policy=policy,
                        customers=tiers)
