"""Students: the protocol as by an independent loop, deterministic, and indifferent to other students."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_set import RECIPE, distilled_set, real_images
from torch import nn

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import DivergedError, Stopped
from meddistill_gui.engine.evaluation import students
from meddistill_gui.engine.evaluation.metrics import figures

CPU = torch.device("cpu")


def trained(distilled, seed=0):
    return students.train_student(distilled, seed=seed, device=CPU, control=Control())


def test_a_student_is_sgd_with_momentum_and_one_step_decay():
    """Against torch.nn layers and torch.optim.SGD from the same start."""
    distilled = distilled_set()
    layers = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.GroupNorm(4, 4),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 3),
    )
    start = trained(replace(distilled, learning_rates=np.array([1e-30], np.float32)))
    nn.utils.vector_to_parameters(start, layers.parameters())
    optimiser = torch.optim.SGD(layers.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    images = (torch.from_numpy(distilled.images) - 0.4) / 0.25
    for step in range(40):
        if step == 20:
            optimiser.param_groups[0]["lr"] = 0.005
        optimiser.zero_grad()
        nn.functional.cross_entropy(layers(images), torch.from_numpy(distilled.labels)).backward()
        optimiser.step()
    expected = nn.utils.parameters_to_vector(layers.parameters()).detach()
    torch.testing.assert_close(trained(distilled), expected, rtol=1e-3, atol=1e-4)


def test_a_student_of_clean_patterns_recognises_real_images():
    test = real_images(role="test", seed=1)
    answers = students.predict(RECIPE, trained(distilled_set()), test, CPU)
    assert answers.shape == (60, 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-5)
    assert figures(answers, test.labels, test.class_names).balanced_accuracy > 0.8


@pytest.mark.parametrize("augmentation", ["none", "radiograph", "microscopy", "natural"])
@pytest.mark.parametrize("batch", [0, 2])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_student(augmentation, batch):
    distilled = distilled_set(augmentation=augmentation, batch=batch)
    first = trained(distilled)
    torch.manual_seed(99)
    assert torch.equal(first, trained(distilled))
    assert not torch.equal(first, trained(distilled, seed=1))


def test_students_do_not_depend_on_each_other():
    distilled = distilled_set()
    together = students.train_students(distilled, seeds=[3, 1], device=CPU, control=Control())
    assert torch.equal(together[0], trained(distilled, 3))
    assert torch.equal(together[1], trained(distilled, 1))


def test_rates_fall_once_unless_the_set_says_otherwise():
    assert students.step_rates(distilled_set(rate=0.5, steps=5)) == pytest.approx(
        [0.5, 0.5, 0.5, 0.05, 0.05]
    )
    said = np.linspace(0.1, 0.2, 5).astype(np.float32)
    own = replace(distilled_set(steps=5), learning_rates=said)
    assert students.step_rates(own) == pytest.approx(said.tolist())


def test_batches_visit_every_image_equally_often():
    distilled = distilled_set(per_class=3, batch=4, steps=9)  # 36 places, 9 images
    order = students._order(9, distilled.recipe, seed=0)
    assert order.shape == (9, 4)
    assert torch.bincount(order.flatten()).tolist() == [4] * 9


def test_batches_as_large_as_the_set_take_all_of_it():
    recipe = distilled_set(per_class=2, batch=6, steps=3).recipe
    assert students._order(6, recipe, seed=0).tolist() == [list(range(6))] * 3


def test_answers_do_not_depend_on_the_company(monkeypatch):
    test, theta = real_images(role="test", seed=1), trained(distilled_set())
    whole = students.predict(RECIPE, theta, test, CPU)
    monkeypatch.setattr(students, "part_size", lambda _: 7)
    np.testing.assert_allclose(students.predict(RECIPE, theta, test, CPU), whole, atol=1e-6)


def test_no_images_no_answers():
    none = real_images(count=0, role="test")
    assert students.predict(RECIPE, trained(distilled_set()), none, CPU).shape == (0, 3)


def test_too_large_a_rate_is_a_sentence():
    with pytest.raises(DivergedError, match="learned rate is too large"):
        trained(distilled_set(rate=1e30))


def test_a_stop_is_heard():
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        students.train_student(distilled_set(), seed=0, device=CPU, control=control)


def test_the_curve_is_told_while_a_student_trains_and_changes_nothing():
    ended = []

    def followed():
        ended.append(
            (yield from students.training(distilled_set(), seed=0, device=CPU, control=Control()))
        )

    told = list(followed())
    assert torch.equal(ended[0], trained(distilled_set()))
    assert told[-1][0] == RECIPE.steps
    assert 1 < len(told) <= 2 * 100
    assert all(loss > 0 for _, loss in told)
