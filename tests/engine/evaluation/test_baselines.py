"""Baselines: the right images, from the right patients, trained fairly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_set import RECIPE, real_images

from meddistill_gui.core.control import Control
from meddistill_gui.core.real_images import UNKNOWN_PATIENT
from meddistill_gui.engine.evaluation import baselines
from meddistill_gui.engine.evaluation.metrics import figures
from meddistill_gui.engine.evaluation.students import predict

CPU = torch.device("cpu")


@pytest.mark.parametrize("per_class", [1, 4])
def test_random_images_are_real_ones_of_each_class(per_class):
    train = real_images()
    like = replace(RECIPE, images_per_class=per_class)
    drawn, chosen = baselines.random_real(train, like, rate=0.02, seed=5)
    assert np.array_equal(drawn.images * 255, train.images[chosen])
    assert np.array_equal(drawn.labels.argmax(1), train.labels[chosen])
    assert drawn.labels.sum(axis=0).tolist() == [per_class] * 3
    assert drawn.learning_rates.tolist() == pytest.approx([0.02])
    assert drawn.recipe.initialisation == "real"


def test_draws_differ_by_seed_only():
    train = real_images()
    first = baselines.random_real(train, RECIPE, rate=0.02, seed=5)[1]
    assert np.array_equal(first, baselines.random_real(train, RECIPE, rate=0.02, seed=5)[1])
    others = [baselines.random_real(train, RECIPE, rate=0.02, seed=s)[1] for s in range(6, 12)]
    assert not all(np.array_equal(first, other) for other in others)


def test_a_class_that_is_too_small_gives_all_it_has():
    train = real_images(count=8)  # 3, 3 and 2 of each class
    drawn, _ = baselines.random_real(train, replace(RECIPE, images_per_class=3), rate=0.02, seed=0)
    assert drawn.labels.sum(axis=0).tolist() == [3, 3, 2]


def test_judges_of_a_rate_are_other_images_of_other_patients():
    train = real_images()
    _, chosen = baselines.random_real(train, RECIPE, rate=0.02, seed=5)
    judges = baselines.others(train, chosen, seed=5)
    assert len(judges) > 40
    assert not set(judges.ids.tolist()) & set(train.ids[chosen].tolist())
    assert not set(judges.patients.tolist()) & set(train.patients[chosen].tolist())


def test_unknown_patients_do_not_empty_the_judges():
    train = replace(real_images(), patients=np.full(60, UNKNOWN_PATIENT))
    chosen = np.array([0, 1, 2])
    judges = baselines.others(train, chosen, seed=5)
    assert len(judges) == 57


def test_a_baseline_is_not_held_to_a_hopeless_rate():
    train = real_images()
    rate = baselines.choose_rate(train, RECIPE, learned=1e-9, seed=0, device=CPU, control=Control())
    assert rate in baselines.RATES


def test_a_rate_that_blows_up_only_loses():
    rate = baselines.choose_rate(
        real_images(), RECIPE, learned=1e30, seed=0, device=CPU, control=Control()
    )
    assert rate in baselines.RATES


def test_the_whole_training_set_is_learned(monkeypatch):
    monkeypatch.setattr(baselines, "_WHOLE_PASSES", 60)
    train, test = real_images(), real_images(role="test", seed=1)
    theta = baselines.train_on_all(train, RECIPE, seed=0, device=CPU, control=Control())
    again = baselines.train_on_all(train, RECIPE, seed=0, device=CPU, control=Control())
    assert torch.equal(theta, again)
    answers = predict(RECIPE, theta, test, CPU)
    assert figures(answers, test.labels, test.class_names).balanced_accuracy > 0.9
