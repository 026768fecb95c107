"""Rules over several sites and dates: worked cases, enumeration, and linear programs written elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from ctsopt.shortage.levels import positions
from ctsopt.shortage.rules import EVEN, Lines, rise_of
from ctsopt.shortage.settling import Sources, cheapest_flow, settle
from tests.often import sampled


def case(asked, supply, ways, rank=None, penalty=None, cost=None):
    """Lines of one kind each, and the (line, source) pairs that may serve them."""
    count, (line, source) = len(asked), zip(*ways, strict=True)
    sources = Sources(np.asarray(supply, dtype=float), np.arange(count), count, positions(line), positions(source),
                      np.zeros(len(ways)) if cost is None else np.asarray(cost, dtype=float))
    amounts = np.asarray(asked, dtype=float)
    lines = Lines(amounts, np.zeros(count), amounts, sources.components(),
                  np.zeros(count, dtype=np.int64) if rank is None else positions(rank), amounts, np.ones(count),
                  np.zeros(count) if penalty is None else np.asarray(penalty, dtype=float), np.arange(count))
    return lines, sources


def test_the_worst_share_first_over_two_sites():
    """S1 30 for A or B, S2 60 for B or C: A is the first bottleneck (30 of 60), then B and C (60 of 70)."""
    lines, sources = case([60, 50, 20], [30, 60], [(0, 0), (1, 0), (1, 1), (2, 1)])
    settled = settle(rise_of(lines, "max_min"), sources)
    assert settled.share == pytest.approx([30, 300 / 7, 120 / 7])
    assert sorted(settled.level) == pytest.approx([.5, 6 / 7])
    assert settled.pool[1] == settled.pool[2] != settled.pool[0]


def test_priority_over_two_sites_takes_what_only_it_can_reach_first():
    """Gold A may be served from S1 alone, silver B from both: B gets what A leaves and S2."""
    lines, sources = case([40, 50], [30, 25], [(0, 0), (1, 0), (1, 1)], rank=[0, 1])
    assert settle(rise_of(lines, "priority"), sources).share == pytest.approx([30, 25])


def test_the_cheapest_way_to_send_what_was_shared():
    lines, sources = case([10, 10], [10, 10], [(0, 0), (0, 1), (1, 0), (1, 1)], cost=[5, 1, 2, 3])
    flow = cheapest_flow(sources, settle(rise_of(lines, "uniform"), sources))
    assert flow == pytest.approx([0, 10, 10, 0], abs=1e-6)


def program(lines, sources):
    """Sides of a linear program over the ways: supply of each source; and which ways end at which line."""
    supply = (sources.way_source == np.arange(len(sources.supply))[:, None]).astype(float)
    ends = (sources.way_kind == np.arange(len(lines))[:, None]).astype(float)
    return supply, ends


def worst_first(lines, sources, scale):
    """Lexicographic max-min of share / scale, one linear program for each level and for each line that may be fixed."""
    supply, ends = program(lines, sources)
    count, ways = len(lines), len(sources.way_kind)
    fixed = np.full(count, np.nan)
    while np.isnan(fixed).any():
        open_ = np.isnan(fixed)
        rows = [np.hstack([supply, np.zeros((len(supply), 1))]),
                np.hstack([-ends[open_], scale[open_, None]]), np.hstack([ends, np.zeros((count, 1))])]
        sides = [sources.supply, np.zeros(open_.sum()), lines.asked]
        equal = np.hstack([ends[~open_], np.zeros(((~open_).sum(), 1))])
        found = linprog(np.append(np.zeros(ways), -1.0), np.vstack(rows), np.concatenate(sides), equal, fixed[~open_])
        level = -found.fun
        for i in np.flatnonzero(open_):
            low = np.where(open_, scale * level - 1e-9, fixed - 1e-9)
            more = linprog(-ends[i], np.vstack([supply, -ends, ends]),
                           np.concatenate([sources.supply, -low, lines.asked]))
            if -more.fun <= scale[i] * level + 1e-6:
                fixed[i] = scale[i] * level
    return fixed


def drawn(seed, whole=False):
    draw = np.random.default_rng(seed)
    count, sites = int(draw.integers(2, 7)), int(draw.integers(1, 5))
    reach = draw.random((count, sites)) < 0.5
    reach[np.arange(count), draw.integers(0, sites, count)] = True
    asked, supply = draw.integers(1, 20, count), draw.integers(0, 25, sites)
    lines, sources = case(asked, supply, np.argwhere(reach).tolist(), rank=draw.integers(0, 3, count),
                          penalty=draw.permutation(20)[:count] + 1)
    return lines, sources


@pytest.mark.parametrize("seed", sampled(range(200), 10))
def test_every_even_rule_against_sequences_of_linear_programs(seed):
    lines, sources = drawn(seed)
    for rule, scale in (("max_min", lines.asked), ("uniform", np.ones(len(lines)))):
        share = settle(rise_of(lines, rule), sources).share
        assert share == pytest.approx(worst_first(lines, sources, scale), abs=1e-5), rule


@pytest.mark.parametrize("seed", sampled(range(300), 10))
def test_value_and_tiers_against_linear_programs(seed):
    """The greatest total of penalties; and rank by rank the most that it can get beside those before."""
    lines, sources = drawn(seed)
    supply, ends = program(lines, sources)
    rows, sides = np.vstack([supply, ends]), np.concatenate([sources.supply, lines.asked])
    share = settle(rise_of(lines, "value"), sources).share
    assert lines.penalty @ share == pytest.approx(-linprog(-lines.penalty @ ends, rows, sides).fun)
    share = settle(rise_of(lines, "priority"), sources).share
    for rank in np.unique(lines.rank):
        own = (lines.rank == rank) @ ends
        most = -linprog(-own, rows, sides).fun
        rows, sides = np.vstack([rows, -own]), np.append(sides, -most + 1e-7 * max(most, 1))
        assert share[lines.rank == rank].sum() == pytest.approx(most, abs=1e-5)


@pytest.mark.parametrize("seed", sampled(range(200), 10))
def test_what_is_shared_can_be_sent_and_nothing_useful_stays(seed):
    lines, sources = drawn(seed)
    supply, ends = program(lines, sources)
    most = -linprog(-ends.sum(axis=0), np.vstack([supply, ends]), np.concatenate([sources.supply, lines.asked])).fun
    for rule in ("priority", *EVEN):
        settled = settle(rise_of(lines, rule), sources)
        assert settled.share.sum() == pytest.approx(most), rule
        flow = cheapest_flow(sources, settled)
        assert np.bincount(sources.way_kind, flow, len(lines)) == pytest.approx(settled.share, abs=1e-6)
        assert (np.bincount(sources.way_source, flow, len(sources.supply)) <= sources.supply + 1e-6).all()


def test_the_worst_share_first_by_enumeration():
    """Whole units on a grid of three lines and three sites: no feasible grid point has a better sorted list."""
    for seed in range(15):
        draw = np.random.default_rng(seed)
        reach = draw.random((3, 3)) < 0.6
        reach[np.arange(3), draw.permutation(3)] = True
        asked, supply = draw.integers(1, 6, 3), draw.integers(0, 5, 3)
        lines, sources = case(asked, supply, np.argwhere(reach).tolist())
        share = settle(rise_of(lines, "max_min"), sources).share
        least = np.sort(share / asked)
        grid = np.stack(np.meshgrid(*(np.linspace(0, a, 4 * a + 1) for a in asked)), -1).reshape(-1, 3)
        subsets = [np.array([i >> j & 1 for j in range(3)], dtype=bool) for i in range(1, 8)]
        fits = np.all([grid[:, s].sum(axis=1) <= supply[reach[s].any(axis=0)].sum() + 1e-9 for s in subsets], axis=0)
        ratios = np.sort(grid[fits] / asked, axis=1)
        better = ratios > least + 1e-9
        equal = np.abs(ratios - least) <= 1e-9
        ahead = better[:, 0] | (equal[:, 0] & (better[:, 1] | (equal[:, 1] & better[:, 2])))
        assert not ahead.any()
