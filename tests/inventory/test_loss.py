"""Loss functions of the standard normal: published figures, far tails, and their inverse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from ctsopt.errors import UsageError
from ctsopt.inventory.loss import second_order_loss, unit_normal_loss, unit_normal_loss_inverse


@pytest.mark.parametrize(("z", "first", "second"), [
    (-1, 1.0833154705876864, 0.9623301083281146), (0, 0.3989422804014327, 0.25),
    (0.5, 0.1977965574013061, 0.1048196300126669), (1, 0.0833154705876863, 0.0376698916718854),
    (2, 0.0084907026168296, 0.0028843633572600), (3, 3.821543170477234e-4, 1.0171754024345e-4),
    (6, 1.56356979597e-10, 2.4222883727e-11),
])
def test_published(z, first, second):
    assert float(unit_normal_loss(z)) == pytest.approx(first, rel=1e-11)
    assert float(second_order_loss(z)) == pytest.approx(second, rel=1e-10)


@pytest.mark.parametrize(("z", "loss"), [(8, 7.5503e-17), (10, 7.4746e-25)])
def test_far_tail_keeps_its_digits(z, loss):
    """Trap: φ(z) − z(1 − Φ(z)) gives −2.8e-16 at 8, and 7.7e-23 at 10."""
    assert float(unit_normal_loss(z)) == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("z", [0.1, 4.0, 9.0, 11.9999, 12.0001, 15.0, 25.0])
def test_against_quadrature(z):
    """E[(Z − z)+] / φ(z) = ∫ u exp(−u²/2 − zu) du, and the same with u²/2."""
    first, _ = integrate.quad(lambda u: u * math.exp(-u * u / 2 - z * u), 0, math.inf, epsabs=0, epsrel=1e-12)
    second, _ = integrate.quad(lambda u: u * u / 2 * math.exp(-u * u / 2 - z * u), 0, math.inf, epsabs=0, epsrel=1e-12)
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    assert float(unit_normal_loss(z)) == pytest.approx(first * density, rel=1e-10)
    assert float(second_order_loss(z)) == pytest.approx(second * density, rel=1e-10)


def test_identities():
    z = np.linspace(-9, 9, 181)
    assert unit_normal_loss(-z) == pytest.approx(unit_normal_loss(z) + z, abs=1e-14)
    assert second_order_loss(z) + second_order_loss(-z) == pytest.approx((z**2 + 1) / 2, rel=1e-14)
    slope = (unit_normal_loss(z + 1e-6) - unit_normal_loss(z - 1e-6)) / 2e-6
    assert slope == pytest.approx(-special.ndtr(-z), abs=1e-8)
    assert (np.diff(unit_normal_loss(np.linspace(-40, 38, 4000))) < 0).all()


def test_extremes():
    assert unit_normal_loss([-1e10, 40.0, 1e200]).tolist() == [1e10, 0.0, 0.0]
    assert second_order_loss([40.0, 1e200]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("loss", "z"), [
    (2.0, -1.9913095375545793), (0.5, -0.1880492599881), (0.2, 0.4928873272068), (0.08, 1.0212388775430126),
    (0.01, 1.9383563072901), (1e-4, 3.3630153259271), (1e-9, 5.6990733588355),
])
def test_inverse_published(loss, z):
    assert float(unit_normal_loss_inverse(loss)) == pytest.approx(z, abs=5e-13)


def test_inverse_undoes_the_loss():
    loss = np.concatenate([10.0 ** np.arange(-300, 6, 3), 0.3989422804014327 * np.array([0.999, 1.0, 1.001])])
    level = unit_normal_loss_inverse(loss)
    assert unit_normal_loss(level) == pytest.approx(loss, rel=2e-13)
    assert unit_normal_loss_inverse([0.0, -1.0, math.inf]).tolist() == [math.inf, math.inf, -math.inf]
    with pytest.raises(UsageError, match="not a number"):
        unit_normal_loss_inverse([0.1, math.nan])
