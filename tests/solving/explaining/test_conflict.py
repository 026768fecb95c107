"""Smallest conflicts against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ctsopt.solving.explaining.conflict import smallest


def drawn(seed: int) -> tuple[list[int], list[set[int]]]:
    """Some members and the sets of them that conflict."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    conflicts = [set(rng.choice(count, int(rng.integers(1, count + 1)), replace=False).tolist())
                 for _ in range(int(rng.integers(1, 4)))]
    return list(range(count)), conflicts


@pytest.mark.parametrize("seed", range(50))
def test_a_conflict_is_one_of_the_smallest_by_brute_force(seed):
    members, conflicts = drawn(seed)
    found, proven = smallest(members, lambda some: any(c <= set(some) for c in conflicts))
    every = [set(some) for size in range(len(members) + 1) for some in itertools.combinations(members, size)
             if any(c <= set(some) for c in conflicts)]
    assert proven
    assert set(found) in [some for some in every if not any(other < some for other in every)]


def test_what_comes_first_is_left_out_first():
    """Both {1, 4} and {2, 3} conflict."""
    assert smallest([1, 2, 3, 4], lambda some: {1, 4} <= set(some) or {2, 3} <= set(some)) == ([2, 3], True)


def test_few_questions_for_few_of_many():
    """Two of a thousand."""
    asked = []

    def fails(some):
        asked.append(len(some))
        return {17, 801} <= set(some)

    assert smallest(list(range(1000)), fails) == ([17, 801], True)
    assert len(asked) < 60


def test_what_is_not_known_is_kept_and_said():
    """Whether 1 is needed is not known."""
    assert smallest([1, 2, 3], lambda some: None if 1 not in some else 2 in some) == ([1, 2], False)
