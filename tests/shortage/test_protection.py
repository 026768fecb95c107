"""Protection levels from the literature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ctsopt.errors import UsageError
from ctsopt.shortage.protection import littlewood, protection_levels

FARES = ([1050, 567, 534, 520], [17.3, 45.1, 39.6, 34], [5.8, 15, 13.2, 11.3])


def test_littlewood_of_a_poisson_demand():
    """P(D >= 10) = .5421, P(D >= 11) = .4170, P(D >= 12) = .3032: 11 is the last above .4."""
    assert stats.poisson.sf([9, 10, 11], 10) == pytest.approx([.5421, .4170, .3032], abs=5e-5)
    assert littlewood(0.4, 10) == 11


def test_littlewood_of_a_normal_demand():
    assert littlewood(0.4, 10, np.sqrt(10)) == pytest.approx(10.8012, abs=5e-5)


@pytest.mark.parametrize("ratio", np.linspace(0.02, 0.98, 25))
def test_littlewood_by_its_definition(ratio):
    kept = littlewood(ratio, 7.3)
    assert stats.poisson.sf(kept - 1, 7.3) > ratio
    assert stats.poisson.sf(kept, 7.3) <= ratio


def test_four_fares():
    """Talluri and van Ryzin (2004), the four-fare example."""
    assert protection_levels(*FARES) == pytest.approx([16.7175, 50.9442, 83.1548], abs=5e-5)
    assert protection_levels(*FARES, method="summed") == pytest.approx([16.7175, 38.7245, 55.6790], abs=5e-5)


@pytest.mark.parametrize("call", [
    lambda: littlewood(1.2, 10), lambda: protection_levels([1, 2], [5, 5], [1, 1]),
    lambda: protection_levels(*FARES, method="best")])
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(UsageError):
        call()
