"""Chosen real images: against brute force, and without repeats whatever the images."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_set import RECIPE, real_images

from meddistill_gui.engine.evaluation import coresets
from meddistill_gui.engine.evaluation.students import student_network
from meddistill_gui.engine.seeding import generator


def cloud(seed, count=20, size=3):
    return np.random.default_rng(seed).normal(size=(count, size))


def test_herding_by_hand():
    line = np.array([[0.0], [1.0], [2.0], [10.0]])  # mean 3.25
    # 2 is nearest; then (2 + 1) / 2 = 1.5, (2 + 0) / 2 = 1, (2 + 10) / 2 = 6: 1 is nearest; then (3 + 10) / 3
    assert coresets.herding(line, 3).tolist() == [2, 1, 3]


def test_k_center_by_hand():
    line = np.array([[0.0], [1.0], [2.0], [10.0]])
    assert coresets.k_center(line, 3).tolist() == [2, 3, 0]


@pytest.mark.parametrize("rule", coresets.RULES)
@given(seed=st.integers(0, 1000), count=st.integers(0, 25), same=st.booleans())
def test_no_image_is_chosen_twice(rule, seed, count, same):
    features = np.ones((20, 3)) if same else cloud(seed)
    chosen = coresets.RULES[rule](features, count).tolist()
    assert len(chosen) == len(set(chosen)) == min(count, 20)


@given(st.integers(0, 1000))
def test_the_first_herded_image_is_the_one_nearest_the_mean(seed):
    features = cloud(seed)
    gaps = np.linalg.norm(features - features.mean(axis=0), axis=1)
    assert coresets.herding(features, 1).tolist() == [gaps.argmin()]


@given(st.integers(0, 1000), st.integers(2, 6))
def test_greedy_centres_are_at_most_twice_as_far_as_the_best(seed, count):
    """Gonzalez' bound, against every choice of centres."""
    features = cloud(seed, count=9)
    distances = np.linalg.norm(features[:, None] - features[None], axis=2)

    def radius(chosen):
        return distances[:, list(chosen)].min(axis=1).max()

    best = min(radius(chosen) for chosen in itertools.combinations(range(9), count))
    assert radius(coresets.k_center(features, count)) <= 2 * best + 1e-9


def test_herding_keeps_the_mean_better_than_random_choices():
    features = cloud(1, count=200, size=5)
    random = np.random.default_rng(0)

    def gap(chosen):
        return np.linalg.norm(features[chosen].mean(axis=0) - features.mean(axis=0))

    randoms = [gap(random.permutation(200)[:10]) for _ in range(50)]
    assert gap(coresets.herding(features, 10)) < min(randoms)


@pytest.mark.parametrize("rule", coresets.RULES)
def test_each_class_gives_its_share(rule):
    train = real_images()
    chosen = coresets.chosen_by(rule, train, coresets.pixel_features(train), 4)
    assert np.bincount(train.labels[chosen]).tolist() == [4, 4, 4]


def test_network_features_are_what_the_last_layer_sees():
    train, network = real_images(), student_network(RECIPE)
    theta = network.initial(generator(0, "test"))
    features = coresets.network_features(train, RECIPE, theta, torch.device("cpu"))
    images = (torch.from_numpy(train.images).float() / 255 - 0.4) / 0.25
    weights, bias = theta[-195:-3].view(3, 64), theta[-3:]
    scores = torch.from_numpy(features) @ weights.T + bias
    torch.testing.assert_close(scores, network.logits(theta, images), rtol=1e-4, atol=1e-4)
