"""The same steps from the same start give the same network; in another order they give another one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.bundle.capsule import FEWEST_PATIENTS
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import InputError, SplitError
from meddistill_gui.core.real_images import UNKNOWN_PATIENT, RealImages
from meddistill_gui.engine.capsules import estimated_statistics, rebuild
from meddistill_gui.engine.evaluation.students import student_network
from meddistill_gui.engine.tensors import Normaliser

CPU = torch.device("cpu")


def prescribed(network: str = "convnet", size: int = 8) -> DistilledSet:
    return prescribed_set(order=((0,), (1,), (1,), (0,)), network=network, size=size)


def people(count: int, size: int = 64) -> RealImages:
    random = np.random.default_rng(1)
    return RealImages(
        images=random.integers(0, 256, (2 * count, 1, size, size), dtype=np.uint8),
        labels=np.zeros(2 * count, np.int64),
        patients=np.arange(2 * count) // 2,
        ids=np.arange(2 * count),
        class_names=("a", "b", "c"),
        role="train",
    )


def test_is_rebuilt_bit_for_bit_whatever_the_threads_and_leaves_them_alone():
    before = torch.get_num_threads()
    first = rebuild(prescribed(), CPU, Control())
    torch.set_num_threads(2)
    try:
        second = rebuild(prescribed(), CPU, Control())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert first.digest == second.digest
    assert np.array_equal(first.answers, second.answers)
    assert not torch.are_deterministic_algorithms_enabled()


def test_raw_labels_are_rebuilt_bit_for_bit_and_teach_something_else():
    found = prescribed()
    raw = replace(found, labels=np.array([[1.9, -0.6, -0.5], [-0.7, 1.8, 1.1]], np.float32))
    first, second = (rebuild(raw, CPU, Control()) for _ in range(2))
    assert first.digest == second.digest
    assert np.array_equal(first.answers, second.answers)
    assert first.digest != rebuild(found, CPU, Control()).digest


def test_another_order_of_the_steps_is_another_network():
    found = prescribed()
    order = tuple(reversed(found.recipe.order[:2])) + found.recipe.order[2:]
    other = replace(found, recipe=replace(found.recipe, order=order))
    one, two = rebuild(found, CPU, Control()), rebuild(other, CPU, Control())
    assert one.digest != two.digest
    assert np.abs(one.answers - two.answers).max() > 1e-6


def test_another_start_is_another_network():
    found = prescribed()
    other = replace(found, recipe=replace(found.recipe, start=8))
    assert rebuild(found, CPU, Control()).digest != rebuild(other, CPU, Control()).digest


@pytest.mark.slow
def test_batch_statistics_are_part_of_the_network_and_come_from_the_synthetic_images():
    found = prescribed("resnet18", size=64)
    first = rebuild(found, CPU, Control())
    count = len(first.theta) - first.parameters
    assert count == 9600  # two for each of 4800 channels, as paper D's table has it
    zeros = np.zeros(count, np.float16)
    zeros[:] = first.theta[first.parameters :].numpy()
    again = rebuild(found, CPU, Control(), statistics=zeros)
    assert again.digest != first.digest
    assert np.abs(again.answers - first.answers).max() < 0.05
    with pytest.raises(InputError, match="do not fit"):
        rebuild(found, CPU, Control(), statistics=zeros[1:])


@pytest.mark.slow
def test_batch_statistics_of_real_images_take_one_image_of_each_patient():
    found = prescribed("resnet18", size=64)
    first = rebuild(found, CPU, Control())
    once = people(10)
    some = replace(once, patients=np.arange(20))  # each image a patient of its own
    again = np.r_[np.repeat(0, 5), np.arange(1, 20)]  # the first one comes five times
    more = replace(some, **{name: getattr(some, name)[again] for name in ("images", "labels", "patients", "ids")})  # fmt: skip
    statistics, patients = estimated_statistics(found.recipe, first.theta, more, 20, Control())
    assert patients == 20
    assert statistics.dtype == np.float16
    pixels = torch.from_numpy(once.images)
    network = student_network(found.recipe)
    seen = Normaliser(found.recipe.mean, found.recipe.deviation)(pixels)
    expected = network.statistics(first.theta[: first.parameters], seen)
    np.testing.assert_allclose(statistics, expected.numpy(), rtol=5e-3, atol=5e-3)
    assert rebuild(found, CPU, Control(), statistics=statistics).answers.shape == (2, 3)


def test_too_few_or_unknown_patients_are_refused():
    theta = torch.zeros(1)
    with pytest.raises(SplitError, match="1,000 known training patients; there are 3"):
        estimated_statistics(prescribed().recipe, theta, people(3), FEWEST_PATIENTS, Control())
    strangers = replace(people(3), patients=np.full(6, UNKNOWN_PATIENT))
    with pytest.raises(SplitError, match="there are 0"):
        estimated_statistics(prescribed().recipe, theta, strangers, 2, Control())
