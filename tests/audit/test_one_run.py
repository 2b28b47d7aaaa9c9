"""The one-run audit against an independent computation of its bound, with a method that learns by heart and one that does not."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from meddistill_gui.audit import policy
from meddistill_gui.audit.one_run import one_run, pooled


def bound(right, guesses):
    """The epsilon at which so many right guesses become as rare as one in twenty, by scipy."""

    def rarer(epsilon):
        share = 1 / (1 + math.exp(-epsilon))
        return stats.binom.sf(right - 1, guesses, share) - 0.05

    return optimize.brentq(rarer, 0, 50) if rarer(0) < 0 else 0.0


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0, 20.0])
def test_the_bound_is_that_of_the_binomial_tail(shift):
    random = np.random.default_rng(1)
    found = one_run(random.normal(shift, size=300), random.normal(size=400), 0)
    assert found.guesses == 2 * int(policy.GUESSED * 300)
    assert found.epsilon == pytest.approx(bound(found.right, found.guesses), abs=1e-9)


def test_a_method_that_learns_by_heart_refutes_a_small_epsilon():
    random = np.random.default_rng(2)
    found = one_run(random.normal(3.0, size=500), random.normal(size=500), 0)
    assert found.right == found.guesses == 100
    assert found.epsilon > 3.4
    assert "is refuted" in found.sentence()


def test_an_innocent_one_refutes_nothing_in_nearly_all_runs():
    random = np.random.default_rng(3)
    shown = [
        one_run(random.normal(size=200), random.normal(size=200), seed).epsilon
        for seed in range(300)
    ]
    assert np.mean(np.array(shown) > 0) < 0.09  # 5 % and three standard errors


def test_randomised_response_of_known_epsilon_is_seldom_refuted():
    """Each patient's score tells his lot with e^1 / (1 + e^1): the mechanism has epsilon 1, and refuting 1 is an error."""
    random = np.random.default_rng(4)
    truth = 1 / (1 + math.exp(-1))
    shown = [
        one_run(
            (random.random(400) < truth) + 0.0, (random.random(400) >= truth) + 0.0, seed
        ).epsilon
        for seed in range(200)
    ]
    assert np.mean(np.array(shown) > 1.0) < 0.10
    assert np.mean(shown) > 0.4


def test_ties_are_broken_by_lot():
    found = one_run(np.zeros(500), np.zeros(500), 0)
    assert abs(found.right - 50) < 16
    assert found.epsilon == 0.0


def test_too_few_guess_nothing():
    found = one_run(np.zeros(3), np.zeros(3), 0)
    assert (found.guesses, found.right, found.epsilon) == (0, 0, 0.0)


def test_guesses_about_different_patients_are_counted_together():
    """Forty right guesses of forty refute more than twenty of twenty."""
    random = np.random.default_rng(5)
    runs = [one_run(random.normal(9, 1, 100), random.normal(0, 1, 100), seed) for seed in range(2)]
    both = pooled(runs)
    assert (both.guesses, both.right) == (40, 40)
    assert both.epsilon > max(one.epsilon for one in runs)
    assert pooled([one_run(np.zeros(3), np.zeros(3), 0)]).epsilon == 0.0
