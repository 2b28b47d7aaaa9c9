"""How much memory a student's training and the way back through it need, counted from shapes before anything runs."""

import functools
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine import devices
from meddistill_gui.engine.memory import budget
from meddistill_gui.engine.method import Setting
from meddistill_gui.engine.networks.network import Network

_VECTORS: Final = 8
"""Copies of the parameters at the worst moment: start, leaf, gradient and its parts, adjoint and what it carries."""

_FLOAT: Final = 4  # bytes


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What a run needs.

    Attributes:
        parameters: Bytes of one set of parameters.
        path: Bytes of the student's parameters after each step, and of working copies.
        graphs: Bytes of the graphs held at a time.
    """

    parameters: int
    path: int
    graphs: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.path + self.graphs


def footprint(
    network: Network,
    shape: tuple[int, ...],
    *,
    steps: int,
    batch: int,
    memory: str = "auto",
    device: torch.device | None = None,
) -> Footprint:
    """What learning through a student's whole training needs.

    Args:
        network: The student's network.
        shape: `[C, S, S]` of an image.
        steps: Steps of the student.
        batch: Images per step.
        memory: As `memory.graphs_to_keep`.
        device: Decides how much "auto" keeps; None is the CPU.
    """
    parameters = network.parameter_count * _FLOAT
    kept = graphs_kept(network, shape, steps=steps, batch=batch, memory=memory, device=device)
    return Footprint(
        parameters=parameters,
        path=(steps + 1 + _VECTORS) * parameters,
        graphs=max(1, kept) * graph_bytes(network, batch, shape),
    )


def graphs_kept(
    network: Network,
    shape: tuple[int, ...],
    *,
    steps: int,
    batch: int,
    memory: str,
    device: torch.device | None = None,
) -> int:
    """Graphs of how many of the last steps `unroll` shall keep; arguments as of `footprint`."""
    if memory in {"stored", "replay"}:
        return steps if memory == "stored" else 0
    one = graph_bytes(network, batch, shape)
    return min(steps, budget(device or torch.device("cpu")) // max(1, one))


def graph_bytes(network: Network, count: int, shape: tuple[int, ...]) -> int:
    """What autograd holds of one student step with its differentiable gradient, without computing anything."""
    return _counted(network, count, shape)  # type: ignore[arg-type]  # every object can be hashed


@functools.lru_cache(maxsize=16)
def _counted(network: Network, count: int, shape: tuple[int, ...]) -> int:
    held: dict[int, Tensor] = {}

    def hold(tensor: Tensor) -> Tensor:
        held[tensor.untyped_storage()._cdata] = tensor  # noqa: SLF001 - torch names a storage in no other way
        return tensor

    theta = torch.empty(network.parameter_count, device="meta", requires_grad=True)
    images = torch.empty(count, *shape, device="meta", requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        scores = network.twice_differentiable_logits(theta, images)
        loss = -F.log_softmax(scores, dim=1).sum()
        (gradient,) = torch.autograd.grad(loss, theta, create_graph=True)
    own = theta.untyped_storage()._cdata  # noqa: SLF001 - as above
    found = sum(tensor.untyped_storage().nbytes() for name, tensor in held.items() if name != own)
    return found + gradient.numel() * _FLOAT


def refuse_too_large(setting: Setting, *, steps: int, batch: int, memory: str) -> None:
    """Stop before a run that the device has no memory for.

    Raises:
        ConfigError: Saying how much is needed and how much there is.
    """
    shape = (setting.train.images.shape[1], setting.size, setting.size)
    there = devices.memory_bytes(setting.device)
    if there is None:
        return
    most = "replay" if memory == "auto" else memory
    need = footprint(setting.network, shape, steps=steps, batch=batch, memory=most, device=setting.device).total  # fmt: skip
    if need > there:
        raise ConfigError(
            [
                f"This network needs about {need / 1e9:.1f} GB for {steps} steps on {batch} images of {shape[1]} x {shape[2]} "
                f"pixels; this machine has {there / 1e9:.1f} GB."
            ],
            "Take a smaller network (network.family), fewer pixels (images.size), fewer images per step (options.batch), "
            "options.memory 'replay', or smaller pieces of a step (options.micro_batch, where the method has it).",
        )
