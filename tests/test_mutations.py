"""A sample of the mutations of shipped tables and packs: each ends in findings, a plan, or a refusal in words."""

from __future__ import annotations

import pytest

from tests.mutations import mutate
from tests.often import of_the_day, sampled


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(1000, 1200), every=40), *of_the_day(200)])
def test_a_mutation_ends_in_words(seed, tmp_path):
    outcome = mutate(seed, tmp_path / "net")
    assert not outcome.kind.isupper(), f"{outcome.what}\n{outcome.said}"
