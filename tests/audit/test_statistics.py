import itertools
import math

import numpy as np
import pytest

from meddistill_gui.audit import statistics


def test_no_miss_in_59_bounds_the_miss_rate_at_5_per_cent():
    assert statistics.upper_bound(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59), abs=1e-9)
    assert statistics.upper_bound(0, 59) == pytest.approx(0.0495, abs=5e-5)
    assert statistics.upper_bound(0, 200) == pytest.approx(0.0149, abs=5e-5)
    assert statistics.upper_bound(5, 5) == 1.0


def test_clopper_pearson_agrees_with_published_values():
    interval = statistics.clopper_pearson(8, 10)
    assert (interval.low, interval.high) == pytest.approx((0.4439, 0.9748), abs=5e-5)
    none = statistics.clopper_pearson(0, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 1 - 0.025**0.1), abs=1e-9)
    assert statistics.clopper_pearson(10, 10).low == pytest.approx(0.025**0.1, abs=1e-9)


def test_nothing_tried_says_nothing():
    interval = statistics.clopper_pearson(0, 0)
    assert math.isnan(interval.value)
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_chance_of_flags_is_the_closed_form():
    assert statistics.chance_of_flags(1, 200, 1000) == pytest.approx(200 / 1200)
    assert statistics.chance_of_flags(2, 200, 1000) == pytest.approx(0.0277, abs=5e-5)
    assert statistics.chance_of_flags(0, 4, 75) == 1.0


def test_conformal_p_counts_ties_and_never_reaches_zero():
    p = statistics.conformal_p(np.array([5.0, 3.0, 0.0]), np.array([1.0, 2.0, 3.0]))
    assert p.tolist() == [1 / 4, 2 / 4, 4 / 4]


def test_conformal_p_is_uniform_for_exchangeable_scores():
    random = np.random.default_rng(0)
    p = np.concatenate(
        [statistics.conformal_p(random.normal(size=1), random.normal(size=99)) for _ in range(4000)]
    )
    ranks = np.sort(p)
    distance = np.abs(ranks - np.arange(1, 4001) / 4000).max()
    assert (
        distance < 1.63 / math.sqrt(4000) + 0.01
    )  # Kolmogorov-Smirnov at 1 %, and the step of 1/100


@pytest.mark.parametrize(
    ("right", "guesses", "shown"),
    [
        (60, 100, 0.05),
        (75, 100, 0.70),
        (100, 100, 3.49),
        (550, 1000, 0.09),
        (600, 1000, 0.30),
        (1000, 1000, 5.81),
    ],
)
def test_the_epsilon_that_guesses_refute(right, guesses, shown):
    """Vector 17, and the closed form where all guesses are right: share^n = 5 %."""
    assert statistics.epsilon_shown(right, guesses) == pytest.approx(shown, abs=0.015)
    if right == guesses:
        share = 0.05 ** (1 / guesses)
        wanted = math.log(share / (1 - share))
        assert statistics.epsilon_shown(right, guesses) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("right", [0, 30, 50])
def test_guessing_refutes_nothing(right):
    assert statistics.epsilon_shown(right, 100) == 0.0


def test_holm_is_the_textbook_example():
    adjusted = statistics.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm(np.array([0.9, 0.8])).max() <= 1.0


def test_auc_is_the_share_of_ordered_pairs():
    random = np.random.default_rng(1)
    members, others = (
        random.integers(0, 6, 30).astype(float),
        random.integers(0, 5, 20).astype(float),
    )
    pairs = list(itertools.product(members, others))
    wanted = sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs)
    assert statistics.auc(members, others) == pytest.approx(wanted)


@pytest.mark.slow
def test_an_interval_over_the_same_members_covers_as_often_as_it_says():
    """The two folds' scores of a member are mostly the same, so they must not count as two members."""
    random = np.random.default_rng(4)
    truth, covered = 0.7602, 0  # P(X + 1 > Y) for standard normals
    for _ in range(600):
        own = random.normal(1, np.sqrt(0.9), 60)
        members = [own + random.normal(0, np.sqrt(0.1), 60) for _ in range(2)]
        others = [random.normal(0, 1, 20), random.normal(0, 1, 20)]
        interval = statistics.crossed_auc_interval(members, others)
        covered += interval.low <= truth <= interval.high
    assert 0.92 < covered / 600 < 0.98


@pytest.mark.slow
def test_auc_interval_covers_as_often_as_it_says():
    random = np.random.default_rng(2)
    truth = 0.7602  # P(X + 1 > Y) for standard normals
    covered = 0
    for _ in range(400):
        folds = [(random.normal(1, 1, 40), random.normal(0, 1, 40)) for _ in range(3)]
        interval = statistics.auc_interval(folds)
        covered += interval.low <= truth <= interval.high
    assert covered / 400 > 0.91
