"""How many of the student's graphs fit into memory.

Decided from shapes and from the size of the device, never from what happens to be free: a kept graph rounds otherwise
than a replayed one, and a run that goes on tomorrow must give the bytes of one that was not interrupted.
"""

import functools
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.engine import augment
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step, Task, unroll

MODES: Final = ("auto", "stored", "replay")
_CPU_BUDGET: Final = 1 << 30  # bytes; the machine has other work too
_GPU_SHARE: Final = 0.4


def graphs_to_keep(mode: str, task: Task) -> int:
    """Graphs of how many of the last student steps `unroll` shall keep.

    Args:
        mode: "stored" keeps all, "replay" none, "auto" as many as the device has room for.
        task: What the student learns from.
    """
    if mode == "stored":
        return len(task.steps)
    if mode == "replay" or not task.steps:
        return 0
    one = bytes_per_image(task.network, task.images.shape[1:])  # type: ignore[arg-type]  # every object can be hashed
    largest = max(len(step.images) for step in task.steps)
    return min(len(task.steps), budget(task.images.device) // max(1, one * largest))


@functools.lru_cache(maxsize=16)
def bytes_per_image(network: Network, shape: torch.Size) -> int:
    """What autograd holds of one image in one student step with its differentiable gradient; measured, in float32.

    Args:
        network: The student's network.
        shape: `[C, S, S]`.
    """
    return _saved_bytes(network, shape, 2) - _saved_bytes(network, shape, 1)


def budget(device: torch.device) -> int:
    """Bytes that kept graphs may take on a device."""
    if device.type != "cuda":
        return _CPU_BUDGET
    return int(_GPU_SHARE * torch.cuda.get_device_properties(device).total_memory)


def _saved_bytes(network: Network, shape: torch.Size, count: int) -> int:
    """Bytes of the distinct tensors that autograd saves for one kept step on `count` images."""
    held: dict[tuple[int, int], int] = {}

    def hold(tensor: Tensor) -> Tensor:
        size = tensor.numel() * tensor.element_size()
        held[tensor.data_ptr(), size] = size
        return tensor

    random = generator(0, "measuring memory")
    theta = network.initial(random)
    images = torch.randn(count, *shape, generator=random)
    classes = network.logits(theta, images).shape[1]
    step = Step(
        images=torch.arange(count), draw=augment.draw("none", count, int(shape[-1]), random)
    )
    task = Task(
        network=network,
        images=images,
        labels=torch.full((count, classes), 1.0 / classes),
        rates=torch.ones(1),
        steps=(step,),
    )
    with torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        kept = unroll(
            task, theta, keep_graphs=1
        )  # held until counted: freed memory would be used twice
    return sum(held.values()) if kept.graphs else 0
