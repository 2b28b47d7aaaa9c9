import torch

from meddistill_gui.engine import augment, memory
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task

NETWORK = make_network("convnet", depth=2, width=8, channels=1, size=16, classes=3)


def task(count: int, steps: int) -> Task:
    step = Step(images=torch.arange(count), draw=augment.draw("none", count, 16, generator(0, "d")))
    return Task(network=NETWORK, images=torch.zeros(count, 1, 16, 16), labels=torch.zeros(count, 3), rates=torch.ones(1), steps=(step,) * steps)  # fmt: skip


def test_words_mean_what_they_say() -> None:
    assert memory.graphs_to_keep("stored", task(2, 5)) == 5
    assert memory.graphs_to_keep("replay", task(2, 5)) == 0
    assert memory.graphs_to_keep("auto", task(2, 5)) == 5
    assert memory.graphs_to_keep("auto", task(2, 0)) == 0


def test_keeps_what_fits(monkeypatch) -> None:
    one = 2 * memory.bytes_per_image(NETWORK, torch.Size((1, 16, 16)))
    monkeypatch.setattr(memory, "_CPU_BUDGET", 3 * one + one // 2)
    assert memory.graphs_to_keep("auto", task(2, 5)) == 3
    monkeypatch.setattr(memory, "_CPU_BUDGET", one - 1)
    assert memory.graphs_to_keep("auto", task(2, 5)) == 0


def test_an_image_takes_a_few_times_its_activations() -> None:
    activations = 4 * 8 * (16 * 16 + 8 * 8)
    assert 3 * activations < memory.bytes_per_image(NETWORK, torch.Size((1, 16, 16))) < 12 * activations  # fmt: skip
