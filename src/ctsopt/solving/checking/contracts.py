"""Contracts on flows, added up from the tables of a plan, each unit once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.networks.schema import ALL

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

_SCOPE = ["customer", "group", "site", "origin", "destination", "mode", "product"]
_EACH = ["customer", "site", "product"]
_WHENCE = ["site", "origin", "mode"]
_COLUMNS = ["contract", "limit", *_EACH, "period", "used", "agreed"]


def contract_figures(solution: Solution) -> pd.DataFrame:
    """Every contract on flows by its rows: contract, limit, names told apart, period; used and agreed (units).

    A name that a contract tells apart has a row where it has goods in scope.
    """
    agreed = solution.net.derived.agreements
    contracts = agreed.frame.assign(measure=agreed.measure)
    limit = contracts["kind"].map({"min_volume": "at_least", "max_volume": "at_most"})
    contracts["limit"] = limit.fillna(contracts["limit"])
    found = [_figures(solution, alike) for alike in _alike(contracts)]
    return pd.concat(found, ignore_index=True)[_COLUMNS] if found else pd.DataFrame(columns=_COLUMNS)


def _alike(contracts: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Contracts that count the same goods and name the same columns."""
    marks = pd.DataFrame({"measure": contracts["measure"], "share": contracts["kind"] == "share",
                          "per": contracts["per"], "each": contracts["each_or_total"],
                          **{c: contracts[c].where(contracts[c].isin(["", ALL]), "named") for c in _SCOPE}})
    for positions in marks.groupby(list(marks), sort=False).indices.values():
        yield contracts.iloc[positions]


def _figures(solution: Solution, contracts: pd.DataFrame) -> pd.DataFrame:
    """The figures of contracts that are alike."""
    first = contracts.iloc[0]
    named = [c for c in _SCOPE if first[c] not in ("", ALL)]
    apart = [c for c in _EACH if first[c] == ALL and first["each_or_total"] == "each"]
    timed = ["period"] if first["per"] == "period" else []
    periods = solution.net.tables["periods"][["period", "days"]]
    spans = periods if timed else pd.DataFrame({"period": [""], "days": [solution.net.horizon]})
    looks = _looks(solution, str(first["measure"]), to_named="destination" in named)
    used = _units(contracts, looks, named, [*apart, *timed]).rename(columns={"units": "used"})
    rows = used[["contract", *apart]].drop_duplicates() if apart else contracts[["contract"]]
    rows = rows.merge(spans, how="cross").merge(contracts[["contract", "limit", "quantity"]], on="contract")
    rows = rows.merge(used, how="left", on=["contract", *apart, *timed]).fillna({"used": 0.0})
    if first["kind"] == "share":
        of_whole = [c for c in named if c not in _WHENCE and (c != "destination" or (first[_WHENCE] != "").any())]
        kept = [*(c for c in apart if c != "site"), *timed]
        whole = _units(contracts, looks, of_whole, kept)
        rows = rows.merge(whole, how="left", on=["contract", *kept])
        rows["agreed"] = rows["quantity"] * rows["units"].fillna(0.0)
    else:
        rows["agreed"] = rows["quantity"] * rows["days"] / 365
    return rows.assign(**{c: "" for c in _EACH if c not in rows})


def _units(contracts: pd.DataFrame, looks: pd.DataFrame, named: list[str], apart: list[str]) -> pd.DataFrame:
    """Units in scope of each contract by what it tells apart: contract, ..., units. A flow counts once."""
    names = contracts[["contract", *named]]
    pairs = names.merge(looks, on=named) if named else names.merge(looks.drop_duplicates("flow"), how="cross")
    pairs = pairs.drop_duplicates(["contract", "flow"])
    pairs["site"] = pairs["own"]
    return pairs.groupby(["contract", *apart], observed=True)["quantity"].sum().reset_index(name="units")


def _looks(solution: Solution, measure: str, *, to_named: bool) -> pd.DataFrame:
    """Goods as a contract may look at them: a row for each leg of a flow and each site that it counts for.

    `own` is the site that it counts for where every site counts by itself.
    """
    if measure == "made":
        made = solution.production.reset_index(names="flow")
        return made.assign(own=made["site"], origin=made["site"], customer="", group="", destination="", mode="")
    flow = solution.flows.reset_index(names="flow")
    groups = solution.net.tables["customers"].set_index("customer")["group"]
    flow["group"] = flow["customer"].map(groups).fillna("")
    flow = flow.rename(columns={"origin": "start", "destination": "end"})
    if measure != "over docks":
        flow = flow[flow["kind"] == ("delivery" if measure == "delivered" else "move")]
    over = flow["via"] != ""
    first = flow[over].assign(origin=flow["start"], destination=flow["via"], mode=flow["mode_in"])
    last = flow.assign(origin=flow["via"].where(over, flow["start"]), destination=flow["end"], mode=flow["mode_out"])
    if measure == "over docks":
        return first.assign(site=first["start"], own=first["start"]) if to_named else first.assign(
            site=first["via"], own=first["via"])
    legs = pd.concat([last, first], ignore_index=True)
    if measure == "received" and not to_named:
        return legs.assign(site=legs["end"], own=legs["end"])
    legs["own"] = legs["via"].where((measure == "delivered") & (legs["via"] != ""), legs["start"])
    docks = legs[legs["via"] != ""]
    return pd.concat([legs.assign(site=legs["start"]), docks.assign(site=docks["via"])], ignore_index=True)
