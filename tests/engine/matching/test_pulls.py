"""Too little memory: smaller pieces, the same gradient; and the mean over an iteration's segments."""

from dataclasses import replace

import pytest
import torch

from meddistill_gui.core.errors import OutOfMemoryError
from meddistill_gui.engine import augment
from meddistill_gui.engine.matching.pulls import Mean, Pull, pull_along
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task

IMAGES = 6


class Cramped(Network):
    """A network on a device that has room for so many images at a time."""

    def __init__(self, room: int) -> None:
        self._network = make_network("convnet", depth=1, width=4, channels=1, size=8, classes=2)
        self._room = room

    def initial(self, random):
        return self._network.initial(random)

    def logits(self, theta, images):
        if len(images) > self._room:
            raise torch.OutOfMemoryError("out of memory")
        return self._network.logits(theta, images)


def task_on(network) -> Task:
    random = generator(3, "pulls")
    steps = tuple(
        Step(images=torch.arange(IMAGES), draw=augment.draw("none", IMAGES, 8, random))
        for _ in range(3)
    )
    return Task(
        network=network,
        images=torch.randn(IMAGES, 1, 8, 8, generator=random, dtype=torch.float64),
        labels=torch.eye(2, dtype=torch.float64).repeat(IMAGES // 2, 1),
        rates=torch.tensor([0.1], dtype=torch.float64),
        steps=steps,
    )


def pulled(network, *, room: int = 0, skip_above: float = 0.0) -> tuple[Pull | None, int]:
    task = task_on(network)
    start = network.initial(generator(4, "start")).double()
    target = start + 0.01 * torch.randn(len(start), generator=generator(5, "end")).double()
    return pull_along(
        task,
        start,
        target,
        weights=torch.ones_like,
        memory="stored",
        room=room,
        skip_above=skip_above,
    )


@pytest.mark.parametrize(("images_at_once", "expected"), [(6, 0), (3, 2), (2, 3), (1, 3)])
def test_short_memory_halves_the_pieces_and_keeps_the_gradient(images_at_once, expected):
    whole, none = pulled(Cramped(IMAGES))
    found, room = pulled(Cramped(images_at_once))
    assert (none, room) == (0, expected)
    assert torch.allclose(found.gradients.images, whole.gradients.images, rtol=1e-10, atol=1e-14)
    assert torch.allclose(found.gradients.rates, whole.gradients.rates, rtol=1e-10, atol=1e-14)


def test_room_that_was_found_is_not_looked_for_again():
    found, room = pulled(Cramped(3), room=2)
    assert room == 2
    assert found is not None


def test_not_even_one_image_is_a_sentence():
    with pytest.raises(OutOfMemoryError, match="one image at a time"):
        pulled(Cramped(0))


def test_the_mean_counts_what_was_matched_and_follows_what_was_small():
    task = task_on(Cramped(IMAGES))
    state = {"images": task.images, "rates": task.rates}
    followed, _ = pulled(Cramped(IMAGES))
    ignored, _ = pulled(Cramped(IMAGES), skip_above=1e-9)
    mean = Mean(state, remember_weights=False)
    for pull in (followed, None, ignored, followed):
        mean.add(pull)
    found = mean.over_all_processes()
    assert (found.matched, found.pulled) == (3, 2)
    assert found.loss == pytest.approx(followed.match.loss)
    assert torch.allclose(found.gradients.images, followed.gradients.images)


def test_remembered_weights_are_averaged():
    task = task_on(Cramped(IMAGES))
    pull, _ = pulled(Cramped(IMAGES))
    length = len(pull.weights)
    state = {
        "images": task.images,
        "rates": task.rates,
        "weights": torch.zeros(length, dtype=torch.float64),
    }
    mean = Mean(state, remember_weights=True)
    mean.add(pull)
    mean.add(replace(pull, weights=torch.zeros_like(pull.weights)))
    assert torch.allclose(mean.over_all_processes().weights, torch.full((length,), 0.5).double())
