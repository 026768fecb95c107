"""Segments of declared curves: where they begin, where they are refined, what their lines say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build, stock_of
from ctsopt.formulation.stock.decisions import own_segments
from ctsopt.formulation.stock.declared import Declared, declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.formulation.stock.starts import starting
from ctsopt.programs.highs import Highs
from tests.stock_networks import one_dc, random_stock


def made(sharing: str = "pooled") -> tuple[cts.Network, Declared]:
    net = cts.network(one_dc(sharing))
    return net, declared(net)


def test_one_segment_a_layer_where_the_chord_is_no_higher_than_the_curve() -> None:
    """Square roots are above their chords: from 0 to the variance of all demand, 400; rationed gold has 100."""
    for sharing, most in (("pooled", {400.0}), ("separate", {100.0, 300.0}), ("rationed", {100.0, 400.0})):
        _, stock = made(sharing)
        segments = Breakpoints.first(stock).segments(stock)
        variance = stock.layers.volumes.index["measure"][stock.layers.volume[segments.layer]] == 1
        assert set(np.round(segments.high[variance], 4)) == most
        assert (segments.low == 0).all()
        assert not segments.several.any()


def test_chords_of_the_first_segments() -> None:
    """Pooled at gold: 2.5 sqrt(V) from 0 to 400 has the chord V / 8."""
    _, stock = made()
    segments = Breakpoints.first(stock).segments(stock)
    of = stock.stocking.configurations.measures["service_class"][stock.layers.configuration[segments.layer]]
    variance = stock.layers.volumes.index["measure"][stock.layers.volume[segments.layer]] == 1
    slope = segments.lines["safety_stock"].slope[variance]
    assert dict(zip(of[variance].tolist(), slope.tolist(), strict=True)) == pytest.approx({0: 1 / 8, 1: 1 / 20})
    assert segments.lines["safety_stock"].intercept == pytest.approx(0.0)


def test_points_that_are_there_are_not_put_in_again() -> None:
    points = Breakpoints(np.array([0, 0, 2, 2]), np.array([0.0, 8.0, 0.0, 4.0]))
    more = points.with_points(np.array([0, 2, 2, 0, 2]), np.array([3.0, 4.0, 4.0 * (1 - 1e-12), 8.0, 0.0]))
    assert more.layer.tolist() == [0, 0, 0, 2, 2]
    assert more.volume.tolist() == [0.0, 3.0, 8.0, 0.0, 4.0]


def test_a_point_where_the_plan_lies_puts_the_line_on_the_curve() -> None:
    """At V = 100 the chord V/8 is 12.5 below 2.5 x 10; with a point there it is not below at all."""
    _, stock = made()
    points = Breakpoints.first(stock)
    volume = np.where(stock.layers.volumes.index["measure"] == 1, 100.0, 10.0)
    assert len(points.near(stock, volume, tolerance=100.0).layer) == len(points.layer)
    finer = points.near(stock, volume, tolerance=1.0)
    segments = finer.segments(stock)
    assert len(finer.layer) > len(points.layer)
    ends = segments.lines["safety_stock"].intercept + segments.lines["safety_stock"].slope * segments.high
    assert ends == pytest.approx(stock.money["safety_stock"].value(segments.layer, segments.high), rel=1e-9)
    assert len(finer.near(stock, volume, tolerance=1e-9).layer) == len(finer.layer)


@pytest.mark.parametrize(("seed", "sharing"), [(97, "rationed"), (11, "pooled"), (38, "separate")])
@pytest.mark.parametrize("beside", [-1e-8, 0.0, 1e-8])
def test_next_to_the_end_of_a_segment_the_lines_on_both_sides_are_on_the_curve(
        seed: int, sharing: str, beside: float) -> None:
    """A tolerance of 1e-7 lets a solver take either line there, and it takes the cheaper one."""
    stock = declared(cts.network(random_stock(seed, sharing)))
    volume = 0.37 * stock.most
    points = Breakpoints.first(stock).near(stock, volume, tolerance=1e-6)
    for _ in range(3):
        points = points.near(stock, volume * (1 + beside), tolerance=1e-6)
    segments, here = points.segments(stock), volume[stock.layers.volume]
    end = np.isclose(segments.low, here[segments.layer], rtol=1e-7) | np.isclose(segments.high, here[segments.layer],
                                                                                 rtol=1e-7)
    x = np.clip(here[segments.layer], segments.low, segments.high)
    below = sum(stock.money[line].value(segments.layer, x) - segments.lines[line].intercept
                - segments.lines[line].slope * x for line in stock.money)
    assert end.sum() >= 2 * (stock.most > 0).sum()
    assert below[end] == pytest.approx(0.0, abs=1e-4)


def test_a_decision_of_its_own_where_the_configuration_does_not_say_it() -> None:
    """One layer with one segment: the configuration says it. Two segments: each has a decision."""
    _, stock = made()
    points = Breakpoints.first(stock)
    assert not own_segments(stock, points.segments(stock)).any()
    volume = np.where(stock.layers.volumes.index["measure"] == 1, 100.0, 10.0)
    finer = points.near(stock, volume, tolerance=1.0).segments(stock)
    assert own_segments(stock, finer)[finer.several].all()
    assert finer.several.any()


@pytest.mark.parametrize(("seed", "sharing", "rule"), [
    (1, "pooled", "curve"), (3, "separate", "curve"), (4, "rationed", "curve"), (5, "rationed", "square_root"),
    (6, "pooled", "square_root")])
def test_lines_are_below_the_curves_everywhere_and_on_them_at_their_points(seed: int, sharing: str, rule: str) -> None:
    """Random networks; every layer at 200 volumes of each of its segments.

    A new chord may lie above its curve and have to be lowered: then a second refinement puts the corners in.
    """
    net = cts.network(random_stock(seed, sharing, rule))
    stock = declared(net)
    rng = np.random.default_rng(seed)
    volume = stock.most * rng.uniform(0.05, 0.9, len(stock.most))
    first = Breakpoints.first(stock)
    for points in (first, first.near(stock, volume, 0.0).near(stock, volume, 0.0)):
        segments = points.segments(stock)
        share = np.linspace(0, 1, 200)[:, None]
        x = segments.low + (segments.high - segments.low) * share
        for line, curve in stock.money.items():
            for at in x:
                below = segments.lines[line].intercept + segments.lines[line].slope * at
                value = curve.above(segments.layer, at)
                assert (below <= value + 1e-9 * np.maximum(1.0, np.abs(value))).all()
                assert (value - below <= segments.lines[line].error + 1e-9 * np.maximum(1.0, value)).all()
    at = segments.layer, volume[stock.layers.volume[segments.layer]]
    here = (segments.low < at[1]) & (at[1] <= segments.high)
    for line, curve in stock.money.items():
        below = segments.lines[line].intercept + segments.lines[line].slope * at[1]
        value = curve.value(*at)
        assert below[here] == pytest.approx(value[here], rel=1e-9, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing", "rule"), [
    (0, "pooled", "curve"), (2, "rationed", "curve"), (7, "separate", "square_root"), (8, "rationed", "square_root")])
def test_each_line_of_a_plan_is_at_least_what_the_program_says(seed: int, sharing: str, rule: str) -> None:
    """The optimum's flows, with the whole stock of the plan filled in: expression <= amount, line by line."""
    net = cts.network(random_stock(seed, sharing, rule))
    solution = cts.solve(net, gap=0.01)
    plan = solution.tables["values"]["value"].to_numpy(dtype=float)
    stock = stock_of(build(net), net)
    assert stock is not None
    for points in (Breakpoints.first(stock.declared),
                   Breakpoints.first(stock.declared).near(stock.declared, stock.of(plan).volume, 0.0)):
        program = build(net, (), points)
        columns, whole = starting(program, stock, points.segments(stock.declared), plan)
        lower, upper = program.arrays.lower.copy(), program.arrays.upper.copy()
        lower[columns] = upper[columns] = whole
        lower[:len(plan)] = upper[:len(plan)] = plan
        end = Highs(replace(program.arrays, lower=lower, upper=upper), relax=True).run()
        assert end.stopped_by == "gap"
        for name in ("cycle_stock", "safety_stock", "stock_fixed", "pipeline_stock"):
            total = 0.0
            for part in program.costs[name].parts if name in program.costs else ():
                amount = part.amount(end.plan)
                assert (part.value(end.plan) <= amount + 1e-6 * max(1.0, amount.max(initial=0.0))).all()
                total += amount.sum()
            assert total == pytest.approx(solution.stock[name].sum(), rel=1e-9)
    total = sum(float(part.value(end.plan).sum()) for line in program.costs.values() for part in line.parts)
    assert total == pytest.approx(solution.total_cost, rel=1e-6)  # the last lines are on the curves at this plan
