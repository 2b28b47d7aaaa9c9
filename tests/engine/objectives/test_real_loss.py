"""The gradient of the whole chain: images to student to batch statistics to answers for real images."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from meddistill_gui.engine import augment
from meddistill_gui.engine.networks.batch_norm import ExplicitBatchNorm
from meddistill_gui.engine.networks.convnet import ConvNet
from meddistill_gui.engine.networks.module_network import ModuleNetwork
from meddistill_gui.engine.objectives.real_loss import real_loss
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task, pullback, unroll


class Normalised(nn.Module):
    """A small network with batch normalisation and no kinks."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(1, 3, 3), ExplicitBatchNorm(3)
        self.head = nn.Linear(3, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(F.softplus(self.norm(self.first(images))).square().mean(dim=(2, 3)))


NETWORKS = {
    "batch": ModuleNetwork(Normalised, head="head", smallest=1),
    "instance": ConvNet(depth=1, width=3, channels=1, size=6, classes=2),
}


def random(shape, *role):
    return torch.randn(shape, generator=generator(0, *role), dtype=torch.float64)


@pytest.mark.parametrize("norm", NETWORKS)
def test_learning_through_the_whole_training_is_exact(norm):
    """unroll, real_loss and pullback together against finite differences, in float64: images, labels, every rate."""
    network = NETWORKS[norm]
    theta0 = network.initial(generator(0, "test")).double()
    real, labels = random((4, 1, 6, 6), "real"), torch.tensor([0, 1, 1, 0])
    begun = {
        "images": random((2, 1, 6, 6), "images"),
        "labels": random((2, 2), "labels").softmax(1),
        "rates": torch.tensor([0.3, 0.1, 0.2], dtype=torch.float64),
    }
    unused = torch.Generator()
    steps = tuple(
        Step(images=torch.tensor(chosen), draw=augment.draw("none", len(chosen), 6, unused), rate=t)
        for t, chosen in enumerate([(0, 1), (1, 0), (0, 1)])
    )

    def judged(values):
        task = Task(network=network, steps=steps, **values)
        tape = unroll(task, theta0)
        return tape, real_loss(network, tape.final, values["images"], real, labels)

    tape, found = judged(begun)
    gradients = pullback(tape, {3: found.theta})
    total = {
        "images": gradients.images + found.images,
        "labels": gradients.labels,
        "rates": gradients.rates,
    }
    for name, gradient in total.items():
        direction = random(begun[name].shape, "direction", name)
        ends = [
            judged({**begun, name: begun[name] + sign * 1e-5 * direction})[1].loss
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / 2e-5
        assert float((gradient * direction).sum()) == pytest.approx(expected, rel=2e-4, abs=1e-9)


def test_only_batch_normalisation_looks_at_the_images_again():
    values = {}
    for name, network in NETWORKS.items():
        theta = network.initial(generator(0, "test")).double()
        images, real = random((2, 1, 6, 6), "images"), random((3, 1, 6, 6), "real")
        values[name] = real_loss(network, theta, images, real, torch.tensor([0, 1, 0]))
        assert values[name].theta.shape == theta.shape
    assert values["batch"].images.any()
    assert not values["instance"].images.any()
