"""Other networks for students, so that a set is not judged only by the network it was made for.

ResNet18, VGG11 and AlexNet of torchvision, made to fit small images as is usual in this field: a 3 x 3 first convolution
without pooling (ResNet18), one linear layer after average pooling (all), instance norm in place of batch norm (ResNet18,
VGG11), images enlarged to 64 x 64 (AlexNet; the others from 32 x 32 on). Weights are drawn afresh, never downloaded.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torchvision  # type: ignore[import-untyped]  # publishes no types
from torch import nn

from meddistill_gui.core.distilled import Recipe
from meddistill_gui.engine.networks.module_network import ModuleNetwork
from meddistill_gui.engine.networks.network import Network


def make_architecture(name: str, recipe: Recipe) -> Network:
    """A network of another family for a recipe's images.

    Args:
        name: A name in `ARCHITECTURES`.
        recipe: Says channels and classes.

    Raises:
        ValueError: The name is unknown.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"no architecture {name!r}; known: {', '.join(ARCHITECTURES)}")
    make, head, smallest = ARCHITECTURES[name]
    channels, classes = recipe.channels, len(recipe.class_names)
    return ModuleNetwork(lambda: make(channels, classes), head=head, smallest=smallest)


def _instance_norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels, channels)


def _resnet18(channels: int, classes: int) -> nn.Module:
    layers: nn.Module = torchvision.models.resnet18(num_classes=classes, norm_layer=_instance_norm)
    layers.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    layers.maxpool = nn.Identity()
    return layers


def _vgg11(channels: int, classes: int) -> nn.Module:
    blocks: list[nn.Module] = []
    for block in torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["A"], True):  # noqa: FBT003 - with norms
        is_norm = isinstance(block, nn.BatchNorm2d)
        blocks.append(_instance_norm(block.num_features) if is_norm else block)
    blocks[0] = nn.Conv2d(channels, 64, 3, padding=1)
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def _alexnet(channels: int, classes: int) -> nn.Module:
    blocks = list(torchvision.models.AlexNet(num_classes=classes).features)
    blocks[0] = nn.Conv2d(channels, 64, 11, stride=4, padding=2)
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes))


ARCHITECTURES: Final[Mapping[str, tuple[Callable[[int, int], nn.Module], str, int]]] = {
    "resnet18": (_resnet18, "fc", 32),
    "vgg11": (_vgg11, "31", 32),
    "alexnet": (_alexnet, "15", 64),
}
