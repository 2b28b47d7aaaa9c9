"""Soft-label distillation: as many images as wanted, labels that are learned or not, and a course that is replayed to the letter."""

import dataclasses

import numpy as np
import pytest
import torch

from meddistill_gui.core import distilled as sets
from meddistill_gui.core.config import problems
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import ANY_START
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import devices, runner, starting
from meddistill_gui.engine.evaluation.students import train_student
from meddistill_gui.engine.matching.whole_training import fixed_order
from meddistill_gui.engine.registry import make_method
from meddistill_gui.engine.tensors import normaliser_of
from meddistill_gui.engine.unroll import unroll

CPU = torch.device("cpu")


@pytest.fixture
def begun(real, small_config):
    """Setting, method and first state for some options."""

    def begin(classes: int = 3, **options: object):
        config = small_config("soft_label", options__real_batch=12, **options)
        train = real(24, classes=classes)
        setting = starting.make_setting(config, train, normaliser_of(train))
        method = make_method(config)
        return setting, method, method.setup(setting, starting.first_images(config, setting))

    return begin


@pytest.mark.parametrize(
    ("images", "classes"), [(1, [1]), (2, [1, 2]), (3, [0, 1, 2]), (5, [0, 0, 1, 1, 2])]
)
def test_the_number_of_images_does_not_depend_on_the_classes(begun, images, classes):
    setting, method, state = begun(options__images=images, options__batch=1, options__labels="soft")
    assert setting.labels.tolist() == classes
    learned = method.result(setting, state)
    assert learned.images.shape == (images, 1, 8, 8)
    assert learned.labels.argmax(1).tolist() == classes
    after = method.result(setting, method.step(setting, state, 0).state)
    assert not torch.equal(after.labels, learned.labels)
    torch.testing.assert_close(after.labels.sum(1), torch.ones(images))


def test_raw_labels_leave_the_probabilities(begun):
    setting, method, state = begun(options__labels="raw", options__label_rate=0.5)
    first = method.result(setting, state).labels
    torch.testing.assert_close(first, 0.2 + 0.4 * torch.eye(3))
    for iteration in range(4):
        state = method.step(setting, state, iteration).state
    said = method.result(setting, state).labels
    assert torch.equal(said, state["labels"])
    assert not sets.are_probabilities(said.numpy())


def test_hard_labels_stay(begun):
    setting, method, state = begun(options__labels="hard")
    for iteration in range(3):
        state = method.step(setting, state, iteration).state
    assert torch.equal(method.result(setting, state).labels, torch.eye(3))
    assert "labels" not in state


def test_every_step_learns_a_rate_of_its_own_and_all_stay_positive(begun):
    setting, method, state = begun(options__inner_steps=2, options__inner_epochs=3)
    for iteration in range(4):
        state = method.step(setting, state, iteration).state
    rates = method.result(setting, state).rates
    assert rates.shape == (6,)
    assert len(set(rates.tolist())) == 6
    assert (rates > 0).all()


def test_the_order_goes_through_the_images_in_turn():
    assert fixed_order(3, 1, 3, 2) == ((0,), (1,), (2,), (0,), (1,), (2,))
    assert fixed_order(3, 2, 2, 1) == ((0, 1), (2, 0))
    assert fixed_order(4, 1, 2, 2) == ((0,), (1,), (2,), (3,))
    assert fixed_order(2, 0, 1, 2) == ((0, 1), (0, 1))


def test_a_student_that_follows_the_recipe_is_the_one_that_was_trained(real, small_config, tmp_path):  # fmt: skip
    """The published set, its images in other units, gives the student of the method's own way forward."""
    config = small_config("soft_label", options__real_batch=12, options__batch=1, options__start_seed=5)  # fmt: skip
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    train = real(24, classes=3)
    list(runner.distill(config, folder, train, real(9, classes=3, seed=1), Control()))
    found = sets.load(folder.result)
    assert found.recipe.start == 5
    assert found.recipe.order == fixed_order(3, 1, 3, 3)
    assert found.recipe.steps == len(found.learning_rates) == 9
    setting = starting.make_setting(config, train, normaliser_of(train))
    method = make_method(config)
    normalised = normaliser_of(train)(torch.from_numpy(found.images))
    state = dict(method.setup(setting, normalised))
    rates = torch.from_numpy(found.learning_rates)
    state["rates"] = torch.log(torch.expm1(rates))
    state["labels"] = torch.from_numpy(found.labels)
    theta = unroll(method._task(setting, state), method._theta0(setting, 0)).final
    student = train_student(found, seed=99, device=CPU, control=Control())
    torch.testing.assert_close(student, theta, rtol=1e-4, atol=1e-5)
    other = dataclasses.replace(found.recipe, order=found.recipe.order[::-1])
    reversed_ = dataclasses.replace(found, recipe=other)
    assert not torch.allclose(train_student(reversed_, seed=99, device=CPU, control=Control()), student, atol=1e-4)  # fmt: skip


def test_a_random_start_serves_any_student(begun):
    setting, method, _ = begun(options__start="random")
    assert method.recipe(setting)["start"] == ANY_START
    assert not torch.equal(method._theta0(setting, 0), method._theta0(setting, 1))
    fixed = begun(options__start="fixed")
    assert torch.equal(fixed[1]._theta0(fixed[0], 0), fixed[1]._theta0(fixed[0], 1))


def test_real_batches_hold_every_class_equally_often(begun):
    setting, method, _ = begun()
    images, labels = method._real(setting, 0)
    assert images.shape == (12, 1, 8, 8)
    assert torch.bincount(labels).tolist() == [4, 4, 4]
    assert not torch.equal(images, method._real(setting, 1)[0])


def test_real_images_stay_where_they_are(begun):
    """A memory map of more patches than memory holds must not be turned into one tensor."""
    setting, _, _ = begun()
    assert setting.train.images.shape == (0, 1, 8, 8)
    assert setting.train.streamed is not None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"options__images": 0}, "options.images"),
        ({"options__batch": 4}, "only 3 synthetic images"),
        ({"options__images": 10}, "the student's steps take only 9"),
        ({"options__student_rate": 1.0, "options__rate_high": 0.5}, "options.student_rate"),
        ({"network__family": "lenet"}, "network.family"),
        ({"network__family": "alexnet", "network__norm": "batch"}, "network.norm"),
    ],
)
def test_wrong_options_are_named(small_config, options, sentence):
    found = problems(small_config("soft_label", **options))
    assert len(found) == 1
    assert sentence in found[0]


def test_a_network_that_does_not_fit_is_refused_before_anything_runs(begun, monkeypatch):
    monkeypatch.setattr(devices, "memory_bytes", lambda _: 10**8)
    with pytest.raises(ConfigError, match=r"needs about \d+\.\d GB for 9 steps.*this machine has 0\.1 GB"):  # fmt: skip
        begun(network__family="vgg16")


@pytest.mark.slow
def test_batch_normalisation_of_a_single_value_is_refused(begun):
    with pytest.raises(ConfigError, match="last batch normalisation sees a single value"):
        begun(network__family="resnet18", options__images=1)


@pytest.mark.slow
def test_a_resnet_with_batch_normalisation_learns_and_answers(begun):
    setting, method, state = begun(
        network__family="resnet18", options__inner_steps=1, options__inner_epochs=1, options__batch=0
    )  # fmt: skip
    report = method.step(setting, state, 0)
    assert np.isfinite(report.loss)
    assert not torch.equal(report.state["images"], state["images"])
