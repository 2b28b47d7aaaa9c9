import math

import numpy as np
import pytest

from meddistill_gui.core.gaussian_mechanism import gaussian_delta, gaussian_sigma, planned


@pytest.mark.parametrize(
    ("epsilon", "sigma"), [(1.0, 3.73), (2.0, 1.99), (3.0, 1.39), (8.0, 0.60), (10.0, 0.50)]
)
def test_sigma_is_the_published_one(epsilon, sigma):
    assert gaussian_sigma(epsilon, 1e-5) == pytest.approx(sigma, abs=0.006)


@pytest.mark.parametrize("epsilon", [0.01, 0.5, 1.0, 4.0, 30.0])
def test_sigma_reaches_delta_and_not_less(epsilon):
    sigma = gaussian_sigma(epsilon, 1e-5)
    assert gaussian_delta(epsilon, sigma) == pytest.approx(1e-5, rel=1e-3)
    assert gaussian_delta(epsilon, sigma * 0.99) > 1e-5


def test_delta_is_the_integral_that_defines_it():
    """δ(ε) = ∫ max(0, p - e^ε q) for two normal densities one apart, by plain summation."""
    sigma, epsilon = 1.3, 0.7
    x = np.linspace(-20, 20, 400_001)
    p, q = (np.exp(-((x - at) ** 2) / (2 * sigma**2)) for at in (1.0, 0.0))
    scale = sigma * math.sqrt(2 * math.pi)
    wanted = np.maximum(0, p - math.exp(epsilon) * q).sum() * (x[1] - x[0]) / scale
    assert gaussian_delta(epsilon, sigma) == pytest.approx(wanted, rel=1e-5)


def test_noise_ratios_are_those_of_the_table():
    assert planned(epsilon=8, delta=1e-5, features=2048, patients=100).ratio == pytest.approx(
        0.27, abs=0.006
    )
    assert planned(epsilon=1, delta=1e-5, features=204_800, patients=1000).ratio == pytest.approx(
        1.7, abs=0.02
    )


def test_too_few_patients_are_refused_with_what_would_do():
    plan = planned(epsilon=1, delta=1e-5, features=20_480, patients=300)
    assert not plan.allowed
    assert "refused" in plan.sentence
    assert planned(epsilon=1, delta=1e-5, features=20_480, patients=1800).allowed


def test_a_delta_of_one_patient_means_nothing():
    assert not planned(epsilon=8, delta=0.01, features=10, patients=200).allowed


@pytest.mark.parametrize(
    "wrong", [{"epsilon": 0}, {"delta": 0}, {"delta": 1}, {"patients": 0}, {"features": 0}]
)
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        planned(**({"epsilon": 1, "delta": 1e-5, "features": 10, "patients": 100} | wrong))
