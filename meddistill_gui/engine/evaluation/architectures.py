"""Other networks for students, so that a set is not judged only by the network it was made for.

ResNet18, VGG11 and AlexNet of torchvision, made to fit small images as is usual in this field: a 3 x 3 first convolution
without pooling (ResNet18), one linear layer after average pooling (all), instance norm in place of batch norm (ResNet18,
VGG11), images enlarged to 64 x 64 (AlexNet; the others from 32 x 32 on). Weights are drawn afresh, never downloaded.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

import torch
import torchvision  # type: ignore[import-untyped]  # publishes no types
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from meddistill_gui.core.distilled import Recipe
from meddistill_gui.engine.networks.network import Network


class ModuleNetwork(Network):
    """A torch module without buffers as a pure function of one flat parameter vector.

    Args:
        make: Makes the module with fresh weights from torch's global generator, which is put back afterwards.
        head: Name of the linear layer whose input `features` are.
        smallest: Images of a smaller side are enlarged to this.
    """

    def __init__(self, make: Callable[[], nn.Module], *, head: str, smallest: int) -> None:
        self._make = make
        self._head = head
        self._smallest = smallest
        self._module = _made(make, seed=0).eval()
        if any(True for _ in self._module.buffers()):
            raise ValueError("the module keeps something besides its parameters")
        self._names = [name for name, _ in self._module.named_parameters()]

    @property
    @override
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    @property
    @override
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(value.shape) for value in self._module.parameters())

    @override
    def initial(self, generator: torch.Generator) -> Tensor:
        fresh = _made(self._make, seed=generator.initial_seed())
        return torch.cat([value.detach().flatten() for value in fresh.parameters()])

    @override
    def logits(self, theta: Tensor, images: Tensor) -> Tensor:
        return self._called(theta, images)

    @override
    def features(self, theta: Tensor, images: Tensor) -> Tensor:
        seen: list[Tensor] = []
        head = self._module.get_submodule(self._head)
        handle = head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            self._called(theta, images)
        finally:
            handle.remove()
        return seen[0]

    def _called(self, theta: Tensor, images: Tensor) -> Tensor:
        pieces = torch.split(theta, [math.prod(shape) for shape in self.shapes])
        named = {
            name: piece.view(shape)
            for name, piece, shape in zip(self._names, pieces, self.shapes, strict=True)
        }
        if images.shape[-1] < self._smallest:
            side = (self._smallest, self._smallest)
            images = F.interpolate(images, side, mode="bilinear", align_corners=False)
        scores: Tensor = torch.func.functional_call(self._module, named, (images,))
        return scores


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


def _made(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # torch's layers draw from the global generator only
        torch.random.manual_seed(seed)
        return make()


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
