"""The price list: each price is that of a quote by itself, whatever a network has."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.errors import UsageError
from ctsopt.quoting.lenses import SMALLEST
from ctsopt.quoting.prices import _Options, _options
from ctsopt.testing import random_network
from tests.often import sampled

TWO = Path(__file__).parents[2] / "models" / "two_dcs"


def test_a_list_worked_by_hand():
    """Express for D is 2.5 a unit on 10,000; B is quick enough already; who is gold loses nothing by less."""
    base = cts.solve(cts.read(TWO), gap=0)
    prices = cts.price_list(base)
    assert prices[["customer", "to", "step", "point", "per_unit", "verdict"]].to_numpy().tolist() == [
        ["B", "gold", "up", 0, 0, "kept already"], ["D", "gold", "up", 25_000, 2.5, "cost"],
        ["A", "standard", "down", 0, 0, "kept already"], ["C", "standard", "down", 0, 0, "kept already"]]
    assert cts.price_list(base, customers=["D"], steps=["down"]).empty
    with pytest.raises(UsageError, match="no customer 'E'"):
        cts.price_list(base, customers=["E"])


def test_today_by_the_program_of_all_options_is_today():
    """With nobody moved the program of all options costs what the plan costs: no twin is served, none is in the way."""
    base = cts.solve(cts.read(TWO), gap=0)
    options = _Options(base, _options(base.net, ["A", "B", "C", "D"], ("up", "down")), 0)
    assert options.base.value == pytest.approx(base.cash_cost, abs=1e-3)
    assert not options.whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(60), every=30))
def test_each_price_is_that_of_a_quote(seed):
    """Random networks with whatever features: shares, pools, periods, cross-docks, single sources, unserved demand."""
    try:
        base = cts.solve(cts.network(random_network(seed)), gap=0.01)
    except (cts.InfeasibleError, cts.DataError):
        return
    prices = cts.price_list(base)
    for row in prices.iloc[::max(len(prices) // 4, 1)].to_dict("records"):
        answer = cts.quote(base, cts.Change(row["customer"], tier=row["to"]), lenses="flows").headline
        if not answer.possible:
            assert row["verdict"] == "impossible"
        else:
            slack = 5 * SMALLEST * base.cash_cost
            assert math.isclose(row["point"], answer.point, abs_tol=slack), row
            assert row["low"] == pytest.approx(answer.low, abs=slack)


def test_from_the_shell(tmp_path):
    told = CliRunner().invoke(app, ["prices", str(TWO), "-c", "D", "-o", str(tmp_path / "list.csv"), "--json"])
    assert told.exit_code == 0, told.output
    assert [row["point"] for row in json.loads(told.stdout)["prices"]] == [25_000]
    assert (tmp_path / "list.csv").read_text().startswith("customer,tier,to,step,low,point")
