"""GoogLeNet, ResNet18 and 34, AlexNet, VGG16 and 19 as torchvision publishes them, for one or three channels (paper D).

Three things differ from torchvision: the first convolution takes the images' channels, dropout is off (steps must be
replayed) and batch normalisation has explicit statistics (`batch_norm`). Weights are drawn afresh, never downloaded. With
one channel and three classes AlexNet has 57,000,643 parameters and VGG16 134,271,683, the numbers of paper D.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
import torchvision  # type: ignore[import-untyped]  # publishes no types
from torch import Tensor, nn

from meddistill_gui.core.configs.network import OWN_NORM
from meddistill_gui.engine.networks.batch_norm import ExplicitBatchNorm
from meddistill_gui.engine.networks.module_network import ModuleNetwork

_SMALLEST: Final = {"alexnet": 64}
_SMALLEST_ELSE: Final = 32
HEADS: Final = {"alexnet": "classifier.6", "vgg16": "classifier.6", "vgg19": "classifier.6"}
FIRST: Final = {"googlenet": "conv1.conv", "alexnet": "features.0", "vgg16": "features.0", "vgg19": "features.0"}  # fmt: skip


def torchvision_network(
    family: str,
    *,
    channels: int,
    classes: int,
    norm: str,
    weights: Mapping[str, Tensor] | None = None,
) -> ModuleNetwork:
    """A network of torchvision.

    Args:
        family: A name in `core.configs.network.TORCHVISION`.
        channels: Channels of the images.
        classes: Number of classes.
        norm: "own" (as published), "batch", "instance" or "none".
        weights: Parameters to begin from by name; the others are drawn afresh.

    Raises:
        ValueError: The family is unknown, or has no such normalisation.
    """
    if family not in OWN_NORM:
        raise ValueError(f"no network family {family!r}; known: {', '.join(OWN_NORM)}")
    norm = OWN_NORM[family] if norm == "own" else norm
    if family == "alexnet" and norm != "none":
        raise ValueError("AlexNet has no normalisation")
    return ModuleNetwork(
        lambda: _begun(_module(family, channels, classes, norm), weights or {}),
        head=HEADS.get(family, "fc"),
        smallest=_SMALLEST.get(family, _SMALLEST_ELSE),
    )


def _begun(module: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    with torch.no_grad():
        for name, value in weights.items():
            module.get_parameter(name).copy_(value)
    return module


def _module(family: str, channels: int, classes: int, norm: str) -> nn.Module:
    module = _published(family, classes, normalised=norm != "none")
    _replace(module, FIRST.get(family, "conv1"), lambda layer: _first(layer, channels))
    for name, layer in list(module.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            _replace(module, name, _NORMS[norm])
    return module


def _published(family: str, classes: int, *, normalised: bool) -> nn.Module:
    models = torchvision.models
    if family == "googlenet":
        found: nn.Module = models.googlenet(
            num_classes=classes, aux_logits=False, init_weights=True
        )
        return found
    wanted = f"{family}_bn" if family.startswith("vgg") and normalised else family
    made: nn.Module = getattr(models, wanted)(num_classes=classes)
    return made


def _replace(module: nn.Module, name: str, by: Callable[[nn.Module], nn.Module]) -> None:
    parent, _, last = name.rpartition(".")
    owner = module.get_submodule(parent)
    setattr(owner, last, by(owner.get_submodule(last)))


def _first(layer: nn.Module, channels: int) -> nn.Module:
    """The first convolution for another number of channels, drawn as torch draws convolutions."""
    if not isinstance(layer, nn.Conv2d) or layer.in_channels == channels:
        return layer
    fresh = nn.Conv2d(
        channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]  # a pair, as the layer has it
        stride=layer.stride,  # type: ignore[arg-type]  # so are these
        padding=layer.padding,  # type: ignore[arg-type]  # so are these
        bias=layer.bias is not None,
    )
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    if fresh.bias is not None:
        nn.init.zeros_(fresh.bias)
    return fresh


def _batch(layer: nn.Module) -> nn.Module:
    return ExplicitBatchNorm(layer.num_features, layer.eps)  # type: ignore[arg-type]  # torch gives Tensor | Module


def _instance(layer: nn.Module) -> nn.Module:
    channels = int(layer.num_features)  # type: ignore[arg-type]  # torch gives Tensor | Module
    return nn.GroupNorm(channels, channels, eps=layer.eps)  # type: ignore[arg-type]  # so here


_NORMS: Final[Mapping[str, Callable[[nn.Module], nn.Module]]] = {
    "batch": _batch,
    "instance": _instance,
    "none": lambda _: nn.Identity(),
}
