"""Feature matching against a plain computation, class by class, with each class's own change."""

import pytest
import torch

from meddistill_gui.engine import augment, starting
from meddistill_gui.engine.matching.features import FeatureMatching, drawn_by_class
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import normaliser_of

MACHINE = FeatureMatching(iterations=3, image_rate=0.1, momentum=0.5, batch=4, student_rate=0.01)


@pytest.fixture
def setting(small_config, real):
    train = real(24)
    return starting.make_setting(small_config(images_per_class=2), train, normaliser_of(train))


def test_a_step_is_gradient_descent_on_the_published_loss(setting) -> None:
    images = torch.randn(4, 1, 8, 8, generator=generator(0, "x"))
    report = MACHINE.step(setting, MACHINE.setup(setting, images), 5)
    random = generator(setting.seed, "random network", 5)
    theta = setting.network.initial(random)
    draws = augment.draw(setting.augmentation, 2, 8, random)
    real_images = drawn_by_class(setting, 4, random)
    leaf = images.clone().requires_grad_()
    loss = torch.zeros(())
    for label in (0, 1):
        changed = []
        for some in (real_images[4 * label : 4 * label + 4], leaf[2 * label : 2 * label + 2]):
            alike = [augment.apply(one[None], draws.part(label, label + 1)) for one in some]
            changed.append(setting.network.features(theta, torch.cat(alike)).mean(0))
        loss = loss + (changed[0] - changed[1]).square().sum()
    (slope,) = torch.autograd.grad(loss, leaf)
    assert report.loss == pytest.approx(float(loss.detach()), rel=1e-4)
    assert torch.allclose(report.state["images"], images - 0.1 * slope, atol=1e-4)


def test_real_images_are_drawn_from_each_class_in_turn(setting) -> None:
    drawn = drawn_by_class(setting, 5, generator(0, "r"))
    for number, image in enumerate(drawn):
        same = (setting.train.images == image).flatten(1).all(1)
        assert setting.train.labels[same].tolist() == [number // 5]
