import math

import numpy as np

from meddistill_gui.audit.three_sample import z_of_copying


def test_copies_lie_far_below_zero_and_distant_sets_far_above():
    held = np.linspace(1, 2, 100)
    classes = (np.zeros(50, dtype=int), np.zeros(100, dtype=int))
    assert z_of_copying(np.zeros(50), held, classes) < -9
    assert z_of_copying(np.full(50, 9.0), held, classes) > 9


def test_one_copy_among_many_does_not_move_it():
    """The blindness that keeps this test from being the verdict."""
    random = np.random.default_rng(0)
    ours, held = random.normal(5, 1, 200), random.normal(5, 1, 300)
    classes = (np.zeros(200, dtype=int), np.zeros(300, dtype=int))
    before = z_of_copying(ours, held, classes)
    ours[0] = 0.0
    assert abs(z_of_copying(ours, held, classes) - before) < 0.5


def test_no_class_with_both_kinds_says_nothing():
    assert math.isnan(z_of_copying(np.ones(2), np.ones(3), (np.zeros(2), np.ones(3))))
