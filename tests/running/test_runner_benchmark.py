"""The benchmark of packs: its cases differ, and the pack and hand-written Pyomo prove the same."""

from __future__ import annotations

import pytest

import ctsopt as cts
from benchmarks.cases import CASES
from benchmarks.compare import Disagreement
from benchmarks.packs import _pyomo_loop, _require_agreement, pack_of
from ctsopt.comparing.outcome import run


@pytest.mark.slow
def test_the_pack_and_pyomo_agree(tmp_path):
    pack = pack_of(cts.network(CASES["sparse-10k"].tables()), 2, 0.02)
    split, costs = _pyomo_loop(pack)
    assert set(split) == {"build", "hand-over", "search"}
    result = run(pack, workers=1, cache=tmp_path)
    _require_agreement(result, costs)
    assert len(set(result.rows["key"])) == 2
    name = pack.names[1]
    cost, bound = costs[name]
    with pytest.raises(Disagreement, match=name):
        _require_agreement(result, {**costs, name: (cost, 2 * cost)})
    with pytest.raises(Disagreement, match=name):
        _require_agreement(result, {**costs, name: (bound / 2, bound / 2)})
