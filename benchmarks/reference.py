"""The public implementation of trajectory matching as a yardstick, from a checkout that the caller names; none of its code is here.

The checkout's script cannot be called in pieces (it wants a data set, a GPU and an account of a tracking service), so the
loop around one outer iteration is stated here in its terms: its network, its flat parameters (`ReparamModule`), its
augmentation, one autograd graph through all student steps (MTT, arXiv 2203.11932), or the sums of gradients with a second
pass per step (TESLA, arXiv 2211.10586, algorithm 1).
"""

import argparse
import importlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

MODES: Final = ("reference MTT", "reference TESLA")
_STRATEGY: Final = "color_crop_cutout_flip_scale_rotate"
# what the checkout imports for parts that are not used here
_ABSENT: Final = ("kornia", "wandb", "scipy.ndimage.interpolation", "tqdm")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A checkout's parts.

    Attributes:
        network: Its ConvNet behind its flat parameters.
        augment: Its augmentation of a batch; the identity where none is wanted.
    """

    network: Any
    augment: Any


@dataclass(frozen=True, kw_only=True)
class Expert:
    """An expert in the making.

    Attributes:
        network: The checkout's module.
        a_pass: Takes it once over the images.
    """

    network: torch.nn.Module
    a_pass: Callable[[], object]


def load(
    folder: Path, *, depth: int, width: int, channels: int, size: int, classes: int, augmented: bool
) -> Reference:
    """Build the checkout's network.

    Args:
        folder: A checkout of the public code (with networks.py, reparam_module.py and utils.py).
        depth: Blocks.
        width: Channels of a block.
        channels: Of an image.
        size: Side of an image.
        classes: Outputs.
        augmented: Whether batches are augmented.
    """
    sys.path.insert(0, str(folder))
    for name in _ABSENT:
        _stand_in(name)
    networks, parameters = (importlib.import_module(n) for n in ("networks", "reparam_module"))
    plain = networks.ConvNet(
        channels, classes, width, depth, "relu", "instancenorm", "avgpooling", (size, size)
    )
    plain.register_forward_pre_hook(_laid_out)
    return Reference(
        network=parameters.ReparamModule(plain),
        augment=_augmentation() if augmented else lambda images: images,
    )


def gradient(
    mode: str, reference: Reference, images: Tensor, labels: Tensor, target: Tensor, steps: int
) -> Tensor:
    """One outer iteration: the images' gradient.

    Args:
        mode: One of `MODES`.
        reference: From `load`.
        images: `[N, C, S, S]`.
        labels: int64 `[N]`.
        target: Where the student should end, `[P]`.
        steps: Student steps.
    """
    images = images.detach().requires_grad_()
    rate = torch.tensor(0.05, requires_grad=True)
    start = reference.network.flat_param.detach().clone()
    if mode == "reference TESLA":
        return _two_passes(reference, images, labels, start, target, rate, steps)
    return matched(reference, images, labels, start, target, rate, steps)[0]


def matched(
    reference: Reference,
    images: Tensor,
    labels: Tensor,
    start: Tensor,
    target: Tensor,
    rate: Tensor,
    steps: int,
) -> tuple[Tensor, ...]:
    """Gradients of the matching loss by images and rate, one autograd graph through all steps."""
    theta = start.clone().requires_grad_()
    for _ in range(steps):
        theta = theta - rate * _slope(reference, images, labels, theta)
    loss = F.mse_loss(theta, target, reduction="sum") / F.mse_loss(start, target, reduction="sum")
    return torch.autograd.grad(loss, (images, rate))


def _two_passes(
    reference: Reference,
    images: Tensor,
    labels: Tensor,
    start: Tensor,
    target: Tensor,
    rate: Tensor,
    steps: int,
) -> Tensor:
    thetas, slopes = [start], torch.zeros_like(start)
    step_size = float(rate)
    for _ in range(steps):
        slope = _slope(reference, images, labels, thetas[-1].requires_grad_()).detach()
        slopes += slope
        thetas.append(thetas[-1].detach() - step_size * slope)
    away = 2 * step_size * (target - start + step_size * slopes)
    length = F.mse_loss(start, target, reduction="sum")
    found = torch.zeros_like(images)
    for theta in thetas[:-1]:
        slope = _slope(reference, images, labels, theta.detach().requires_grad_())
        found += torch.autograd.grad(away @ slope / length, images)[0]
    return found


def _slope(reference: Reference, images: Tensor, labels: Tensor, theta: Tensor) -> Tensor:
    scores = reference.network(reference.augment(images), flat_param=theta)
    loss = F.cross_entropy(scores, labels)
    return torch.autograd.grad(loss, theta, create_graph=True)[0]


def expert(
    folder: Path,
    images: Tensor,
    labels: Tensor,
    *,
    depth: int,
    width: int,
    classes: int,
    batch: int,
    device: torch.device,
) -> Expert:
    """A fresh expert of the checkout: its network, loader, augmentation and function `epoch`, at the rate of paper A's code.

    Args:
        folder: A checkout of the public code.
        images: `[N, C, S, S]`, on the CPU.
        labels: int64 `[N]`, on the CPU.
        depth: Blocks.
        width: Channels of a block.
        classes: Outputs.
        batch: Images of a step.
        device: Where to compute.
    """
    load(
        folder,
        depth=depth,
        width=width,
        channels=images.shape[1],
        size=images.shape[2],
        classes=classes,
        augmented=False,
    )
    networks, tools = importlib.import_module("networks"), importlib.import_module("utils")
    network = networks.ConvNet(
        images.shape[1],
        classes,
        width,
        depth,
        "relu",
        "instancenorm",
        "avgpooling",
        (images.shape[2], images.shape[3]),
    ).to(device)
    network.register_forward_pre_hook(_laid_out)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    loader = DataLoader(TensorDataset(images, labels), batch_size=batch, shuffle=True)
    said = argparse.Namespace(
        device=device,
        dataset="",
        dsa=True,
        dsa_strategy=_STRATEGY,
        dsa_param=tools.ParamDiffAug(),
    )
    loss = torch.nn.CrossEntropyLoss()
    return Expert(
        network=network,
        a_pass=lambda: tools.epoch("train", loader, network, optimiser, loss, said, aug=True),
    )


def _laid_out(_: object, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Grey batches leave its augmentation with strides that make today's convolution answer in an order its `view` cannot take."""
    return tuple(images.clone(memory_format=torch.contiguous_format) for images in given)


def _augmentation() -> Any:
    tools = importlib.import_module("utils")
    parameters = tools.ParamDiffAug()
    return lambda images: tools.DiffAugment(images, _STRATEGY, param=parameters)


def _stand_in(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__dict__["rotate"] = None
        sys.modules[name] = module
