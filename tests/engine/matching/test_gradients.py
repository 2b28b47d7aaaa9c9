"""Gradient matching moves images so that their pull comes closer to that of the real ones."""

import dataclasses

import torch

from meddistill_gui.engine import starting
from meddistill_gui.engine.matching.gradients import GradientMatching
from meddistill_gui.engine.tensors import normaliser_of

MACHINE = GradientMatching(iterations=9, image_rate=0.5, momentum=0.0, batch=8, outer_steps=2, network_steps=1, network_rate=0.01)  # fmt: skip


def setting_of(small_config, real):
    train = real(24)
    config = small_config("gradient", images_per_class=2, augmentation="none")
    return config, starting.make_setting(config, train, normaliser_of(train))


def test_small_steps_go_downhill(small_config, real) -> None:
    config, setting = setting_of(small_config, real)
    state = MACHINE.setup(setting, starting.first_images(config, setting))
    first, gradient = MACHINE._loss_and_gradient(setting, state["theta"], state["images"], 0)
    lower, _ = MACHINE._loss_and_gradient(setting, state["theta"], state["images"] - 0.01 * gradient / gradient.norm(), 0)  # fmt: skip
    assert lower < first


def test_draws_a_new_network_after_its_steps_and_trains_it_between(small_config, real) -> None:
    config, setting = setting_of(small_config, real)
    state = MACHINE.setup(setting, starting.first_images(config, setting))
    thetas = []
    for iteration in range(4):
        state = MACHINE.step(setting, state, iteration).state
        thetas.append(state["theta"])
    near = float((thetas[1] - thetas[0]).norm())
    far = float((thetas[2] - thetas[1]).norm())
    assert 0 < near < 0.2 * far
    untrained = dataclasses.replace(MACHINE, network_steps=0)
    kept = untrained.step(setting, {**state, "theta": thetas[0]}, 1).state["theta"]
    assert torch.equal(kept, thetas[0])
