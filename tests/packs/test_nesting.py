"""Menus: a looser promise costs no more than a stricter one, and a stricter one is proven to cost no less."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.packs.nesting import Nest, nests
from ctsopt.results.store import load
from ctsopt.running import worker
from ctsopt.running.job import Job, in_order
from tests.packs.pack_files import HEAD, pack_file
from tests.small import rates, table


def network(quantity: float = 100, fixed: float = 400, **promise: float) -> cts.Network:
    """100 units: straight from the plant at 2 each, in 1.5 days; or by the dc at 1 each, in half a day, and 400."""
    return cts.network({
        "sites": table({"site": "P", "kind": "plant"},
                       {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": fixed}),
        "customers": table({"customer": "C", "tier": "gold"}),
        "tiers": table({"tier": "gold", "rank": 1, "shortage_cost": 0.5}),
        "promises": table({"tier": "gold", "lead_time": 3, **promise}),
        "demand": table({"customer": "C", "quantity": quantity, "variance_to_mean": 1}),
        "modes": table({"mode": "standard", "speed": 100}),
        "lanes": table(*({"origin": o, "destination": d, "mode": "standard", "distance": km}
                         for o, d, km in (("P", "D", 50), ("P", "C", 150), ("D", "C", 50)))),
        "rates": rates(P_C=2, P_D=0, D_C=1)})


def menu(days: str = "[2, 1, 0.6]", share: str = "[0.9, 1]", more: str = "") -> str:
    """The loosest first: cases are solved in another order than they stand in."""
    return HEAD + f"""solve: {{gap: 0}}
sweeps:
  menu:
    axes:
      days: {{table: promises, where: {{tier: gold}}, op: set, column: lead_time, values: {days}}}
      share: {{table: promises, where: {{tier: gold}}, op: set, column: served_fraction, values: {share}}}
    name: "{{days}} {{share}}"
{more}"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> cts.Pack:
    home = tmp_path_factory.mktemp("menu")
    network().write(home / "model")
    return cts.read_pack(pack_file(home, menu()))


COSTS = {"2 0.9": 185, "2 1": 200, "1 0.9": 495, "1 1": 500, "0.6 0.9": 495, "0.6 1": 500}
"""Straight, 2 a unit; by the dc, 400 and 1 a unit; a tenth need not be served, and costs 0.5 a unit then."""


@pytest.fixture(scope="module")
def cache(pack: cts.Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cache")
    cts.run(pack, workers=1, cache=place)
    return place


def test_cases_that_lie_within_each_other(pack: cts.Pack) -> None:
    found = nests(pack)
    assert found["0.6 1"] == Nest((), ("2 0.9", "2 1", "1 0.9", "1 1", "0.6 0.9"))
    assert found["1 1"] == Nest(("0.6 1",), ("2 0.9", "2 1", "1 0.9"), ("0.6 1",))
    assert found["2 0.9"] == Nest(("2 1", "1 0.9"), (), ("2 1", "1 0.9"))
    assert set(found) == set(COSTS)


def test_a_looser_case_starts_from_the_cheapest_stricter_plan(pack: cts.Pack, cache: Path) -> None:
    rows = cts.run(pack, workers=1, cache=cache).rows.set_index("scenario")
    assert rows["cost"].drop("today").to_dict() == pytest.approx(COSTS)
    assert rows.index.tolist() == ["today", *COSTS]
    assert rows["start"].drop("today").to_dict() == {
        "2 0.9": "2 1", "2 1": "1 1", "1 0.9": "0.6 0.9", "1 1": "0.6 1", "0.6 0.9": "0.6 1", "0.6 1": "today"}


def test_what_is_proven_of_a_looser_case_is_so_of_a_stricter_one(tmp_path: Path, monkeypatch) -> None:
    """The search of the stricter case has proven 10: 500 is the least for the looser one, and so for it."""
    network().write(tmp_path / "model")
    pack = cts.read_pack(pack_file(tmp_path, menu("[1, 0.6]", "[1]")))
    real = worker.solve_case

    def weak(net, *rest, **named):
        answer = real(net, *rest, **named)
        poor = net.tables["promises"]["lead_time"].iloc[0] == 0.6
        return replace(answer, outcome="gap", bound=10.0) if poor else answer

    monkeypatch.setattr(worker, "solve_case", weak)
    result = cts.run(pack, workers=1, cache=tmp_path)
    row = result.rows.set_index("scenario").loc["0.6 1"]
    assert (row["cost"], row["bound"], row["gap_money"]) == pytest.approx((500, 500, 0))
    assert row["outcome"] == "proven"
    plan = result.solutions["0.6 1"]
    assert (plan.bound, plan.record["bound_from"], plan.status.solution) == (pytest.approx(500), "1 1", "optimal")
    result.solutions.save("0.6 1", tmp_path / "saved")
    assert load(tmp_path / "saved").bound == pytest.approx(500)
    kept = result.solutions.kpis("0.6 1").set_index("kpi")["value"]
    assert kept["bound"] == pytest.approx(500)
    assert load(tmp_path / "cases" / row["key"] / "solution").bound == 10  # its own answer stays as it was


def test_only_one_of_a_menu_needs_those_it_starts_from(pack: cts.Pack, cache: Path) -> None:
    rows = cts.run(pack, workers=1, cache=cache, only="1 1").rows
    assert rows["scenario"].tolist() == ["today", "1 1", "0.6 1"]


def test_where_more_than_promises_differs_nothing_is_proven(tmp_path: Path) -> None:
    network().write(tmp_path / "model")
    text = menu().replace("table: promises, where: {tier: gold}, op: set, column: served_fraction, values: [0.9, 1]",
                          "table: sites, where: {site: D}, op: set, column: fixed_cost, values: [300, 400]")
    found = nests(cts.read_pack(pack_file(tmp_path, text)))
    assert found["2 300"].stricter == ("1 300",)  # the same dc; never the one that costs otherwise
    assert found["0.6 400"].looser == ("2 400", "1 400")
    network(fill_rate=0.9).write(tmp_path / "model")
    stocked = nests(cts.read_pack(pack_file(tmp_path, menu())))
    assert stocked["1 1"] == Nest(("0.6 1",))  # a site that serves more may have to keep more


@pytest.mark.parametrize(("sharing", "surely"), [("pooled", ("2 0.95",)), ("separate", ())])
def test_along_fill_rates_less_never_costs_more_where_stock_is_pooled(tmp_path: Path, sharing: str,
                                                                      surely: tuple[str, ...]) -> None:
    base = network(fill_rate=0.9)
    cts.network({**base.tables, "settings": {"stock_sharing": sharing}}).write(tmp_path / "model")
    text = menu("[2, 1]").replace("column: served_fraction, values: [0.9, 1]", "column: fill_rate, values: [0.9, 0.95]")
    found = nests(cts.read_pack(pack_file(tmp_path, text)))
    assert found["2 0.9"] == Nest(("2 0.95", "1 0.9"), (), surely)


@pytest.mark.slow
def test_an_answer_that_was_there_and_costs_more_than_a_stricter_one_is_looked_for_again(
        tmp_path: Path, monkeypatch) -> None:
    """A poor plan of the looser case is in the cache: the dc is open, 495. The stricter one costs 200."""
    network().write(tmp_path / "model")
    alone = cts.read_pack(pack_file(tmp_path, menu("[2]", "[0.9]")))
    real, asked = worker.solve_case, []

    def poor(net, options, *rest, **named):
        return real(net, {**options, "fix": cts.Fix("open", {"D": 1})}, *rest, **named)

    monkeypatch.setattr(worker, "solve_case", poor)
    before = cts.run(alone, workers=1, cache=tmp_path / "cache")
    assert before.rows.set_index("scenario")["cost"]["2 0.9"] == pytest.approx(495)

    def counted(net, *rest, **named):
        asked.append(net.hash)
        return real(net, *rest, **named)

    monkeypatch.setattr(worker, "solve_case", counted)
    pack = cts.read_pack(pack_file(tmp_path, menu("[2]", "[0.9, 1]")))
    rows = cts.run(pack, workers=1, cache=tmp_path / "cache").rows.set_index("scenario")
    assert rows["cost"][["2 0.9", "2 1"]].tolist() == pytest.approx([185, 200])
    assert (rows["start"]["2 0.9"], rows["from_cache"]["2 0.9"]) == ("2 1", False)
    assert before.solutions["2 0.9"].total_cost == pytest.approx(495)  # what was handed out stays what it is
    solved = len(asked)
    again = cts.run(pack, workers=1, cache=tmp_path / "cache").rows.set_index("scenario")
    assert again["cost"].equals(rows["cost"])
    assert again["from_cache"].all()
    assert len(asked) == solved


def test_jobs_that_wait_for_each_other_are_refused() -> None:
    net = network()
    one, two = Job("one", net, {}, stricter=("two",)), Job("two", net, {}, stricter=("one",))
    with pytest.raises(cts.UsageError, match="one, two: they wait for each other"):
        in_order([one, two])
    assert [job.name for job in in_order([one, Job("two", net, {})])] == ["two", "one"]


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(st.lists(st.sampled_from([0.4, 0.5, 0.9, 1.5, 2, 4]), min_size=2, max_size=3, unique=True),
       st.lists(st.sampled_from([0.5, 0.8, 1]), min_size=1, max_size=2, unique=True), st.integers(10, 900))
def test_of_any_menu_costs_and_bounds_fall_as_less_is_asked(days: list[float], share: list[float], fixed: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        network(fixed=fixed).write(home / "model")
        drawn = cts.read_pack(pack_file(home, menu(str(days), str(share)).replace("gap: 0", "gap: 0.9")))
        rows = cts.run(drawn, workers=1, cache=home / "cache").rows.set_index("scenario")
    points = {f"{d:g} {s:g}": (d, -s) for d, s in itertools.product(days, share)}
    for (one, asks), (other, less) in itertools.permutations(points.items(), 2):
        if asks[0] <= less[0] and asks[1] <= less[1] and {one, other} <= set(rows.index[rows["cost"].notna()]):
            assert rows.loc[one, "cost"] >= rows.loc[other, "cost"] * (1 - 1e-9)
            assert rows.loc[one, "bound"] >= rows.loc[other, "bound"] * (1 - 1e-9)
