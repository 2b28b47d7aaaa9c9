"""The first rate takes a student about as far as its expert went, whatever the scale."""

import pytest
import torch

from meddistill_gui.engine import augment
from meddistill_gui.engine.matching.calibration import first_rate
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task, unroll

NETWORK = make_network("convnet", depth=1, width=4, channels=1, size=8, classes=2)


def task(rate: float) -> Task:
    images = torch.randn(2, 1, 8, 8, generator=generator(0, "x"))
    step = Step(images=torch.arange(2), draw=augment.draw("none", 2, 8, generator(0, "d")))
    return Task(network=NETWORK, images=images, labels=torch.eye(2), rates=torch.tensor([rate]), steps=(step,) * 5)  # fmt: skip


@pytest.mark.parametrize("rate", [1e-4, 1e-3, 1e-2])
def test_finds_the_rate_of_an_expert_that_trained_on_the_same_images(rate: float) -> None:
    start = NETWORK.initial(generator(1, "t"))
    target = unroll(task(rate), start).final
    assert first_rate(task(0.5), [(start, target)]) == pytest.approx(rate, rel=0.1)


def test_images_that_point_elsewhere_begin_slowly_but_begin() -> None:
    start = NETWORK.initial(generator(1, "t"))
    opposite = 2 * start - unroll(task(0.01), start).final
    assert first_rate(task(0.5), [(start, opposite)]) == pytest.approx(0.2 * 0.01, rel=0.1)


def test_an_expert_that_did_not_move_says_nothing() -> None:
    start = NETWORK.initial(generator(1, "t"))
    assert first_rate(task(0.5), [(start, start)]) == 0.01
