"""Figures against values worked out by hand, and properties that any right figure has."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.engine.evaluation.metrics import (
    auroc,
    calibration_error,
    figures,
    harmonic_mean,
    interval,
    t_quantile,
)

NAMES = ("normal", "opacity", "rare")


def answers(*classes):
    """Probabilities whose largest is at the given class."""
    rows = np.full((len(classes), 3), 0.2)
    rows[np.arange(len(classes)), classes] = 0.6
    return rows


def judged():
    """Truth 0 0 0 0 1 1 1 2, answers 0 0 0 1 1 1 2 2."""
    return figures(answers(0, 0, 0, 1, 1, 1, 2, 2), np.array([0, 0, 0, 0, 1, 1, 1, 2]), NAMES)


def test_figures_by_hand():
    found = judged()
    assert found.confusion.tolist() == [[3, 1, 0], [0, 2, 1], [0, 0, 1]]
    assert found.accuracy == pytest.approx(6 / 8)
    assert found.balanced_accuracy == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)
    assert found.macro_f1 == pytest.approx((6 / 7 + 4 / 6 + 2 / 3) / 3)
    assert [one.sensitivity for one in found.per_class] == pytest.approx([3 / 4, 2 / 3, 1])
    assert [one.specificity for one in found.per_class] == pytest.approx([1, 4 / 5, 6 / 7])
    assert found.per_class[1].harmonic_mean == pytest.approx(2 * (2 / 3 * 4 / 5) / (2 / 3 + 4 / 5))


def test_a_class_without_test_images_is_left_out_of_means():
    found = figures(answers(0, 0, 1, 1), np.array([0, 0, 1, 0]), NAMES)
    assert math.isnan(found.per_class[2].sensitivity)
    assert math.isnan(found.per_class[2].auroc)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.per_class[2].specificity == 1


def test_as_json_keeps_every_figure():
    written = judged().as_json()
    assert written["accuracy"] == judged().accuracy
    assert written["per_class"][2]["class"] == "rare"
    assert written["confusion"][0] == [3, 1, 0]


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),  # 3 of 4 pairs in order
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # (1 + 1 + 0.5 + 1) / 4
    ],
)
def test_auroc_by_hand(scores, positive, area):
    assert auroc(np.array(scores, float), np.array(positive, bool)) == pytest.approx(area)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_share_of_ordered_pairs(pairs):
    scores = np.array([score for score, _ in pairs], float)
    positive = np.array([kind for _, kind in pairs])
    wins = [float(a > b) + 0.5 * float(a == b) for a in scores[positive] for b in scores[~positive]]
    found = auroc(scores, positive)
    if wins:
        assert found == pytest.approx(sum(wins) / len(wins))
    else:
        assert math.isnan(found)


def test_calibration_error_by_hand():
    # two answers at 0.9 (one right), two at 0.6 (both right): (2 |0.5 - 0.9| + 2 |1 - 0.6|) / 4
    sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    assert calibration_error(sure, np.array([0, 1, 0, 0])) == pytest.approx(0.4)


def test_calibration_error_of_a_certain_and_right_student_is_zero():
    assert calibration_error(np.eye(3), np.arange(3)) == 0.0


def test_harmonic_mean():
    assert harmonic_mean(0.5, 1.0) == pytest.approx(2 / 3)
    assert harmonic_mean(0.0, 0.0) == 0.0


@given(st.integers(0, 2**32 - 1))
def test_order_of_images_and_of_classes_does_not_matter(seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, 40)
    rows = random.dirichlet(np.ones(3), 40)
    found = figures(rows, labels, NAMES)
    images, classes = random.permutation(40), random.permutation(3)
    renamed = np.argsort(classes)[labels]
    other = figures(rows[images][:, classes], renamed[images], [NAMES[k] for k in classes])
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "calibration_error"):
        assert getattr(other, name) == pytest.approx(getattr(found, name))
    assert (other.confusion == found.confusion[np.ix_(classes, classes)]).all()


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_repeating_a_class_changes_accuracy_but_not_balanced_accuracy(seed, times):
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(3), random.integers(0, 3, 20)])
    rows = random.dirichlet(np.ones(3), len(labels))
    repeated = np.concatenate([np.arange(len(labels)), *[np.flatnonzero(labels == 2)] * times])
    before = figures(rows, labels, NAMES)
    after = figures(rows[repeated], labels[repeated], NAMES)
    assert after.balanced_accuracy == pytest.approx(before.balanced_accuracy)
    # one class against the rest: only the repeated class keeps its rest
    assert after.per_class[2].auroc == pytest.approx(before.per_class[2].auroc)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.30265), (3, 3.18245), (4, 2.77645), (9, 2.26216), (30, 2.04227), (120, 1.97993)],
)  # fmt: skip
def test_t_quantile_as_in_printed_tables(freedom, quantile):
    assert t_quantile(0.95, freedom) == pytest.approx(quantile, rel=1e-5)


def test_interval_by_hand():
    found = interval([0.6, 0.7, 0.8])
    assert found.mean == pytest.approx(0.7)
    assert found.sd == pytest.approx(0.1)
    assert found.high - found.mean == pytest.approx(4.30265 * 0.1 / math.sqrt(3), rel=1e-5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        found = interval(list(random.normal(0.7, 0.05, 3)))
        covered += found.low <= 0.7 <= found.high
    assert 0.935 < covered / 2000 < 0.965


def test_one_value_has_no_spread():
    found = interval([0.6])
    assert found.mean == 0.6
    assert math.isnan(found.sd)
    assert math.isnan(found.low)


@pytest.mark.parametrize(
    ("rows", "labels", "sentence"),
    [
        (np.empty((0, 3)), np.empty(0, int), "no images"),
        (np.ones((2, 2)), np.zeros(2, int), "probabilities are"),
        (np.full((1, 3), math.nan), np.zeros(1, int), "not finite"),
        (np.ones((1, 3)), np.array([3]), "outside"),
        (np.ones((1, 3)), np.array([-1]), "outside"),
    ],
)
def test_what_cannot_be_judged_is_refused(rows, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        figures(rows, labels, NAMES)


def test_interval_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no values"):
        interval([])
