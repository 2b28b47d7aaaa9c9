"""Options of the network that experts and students have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.config import option

OWN_NORM: Final = {
    "googlenet": "batch",
    "resnet18": "batch",
    "resnet34": "batch",
    "alexnet": "none",
    "vgg16": "none",
    "vgg19": "none",
}
"""The normalisation that torchvision publishes each family with."""

TORCHVISION: Final = tuple(OWN_NORM)


def has_batch_norm(family: str, norm: str) -> bool:
    """Whether a network keeps batch statistics, the means and variances of the images it has seen."""
    return (OWN_NORM.get(family) if norm == "own" else norm) == "batch"


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The network of experts and students."""

    family: str = option(
        "convnet",
        text="Kind of network. All but convnet are large: they are meant for soft-label distillation on a GPU.",
        choices=("convnet", *TORCHVISION),
        source="convnet in papers A to C, the others in paper D",
    )
    depth: int = option(
        3, text="Convolution blocks of a convnet; each halves the image.", minimum=1, maximum=6
    )
    width: int = option(
        32,
        text="Channels of each block of a convnet.",
        minimum=4,
        maximum=512,
        source="128 in papers A to C",
    )
    norm: str = option(
        "own",
        text="Normalisation: the family's own (convnet: instance; GoogLeNet and ResNet: batch; AlexNet and VGG: none), or another.",
        choices=("own", "batch", "instance", "none"),
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        fixed = {"convnet": ("own", "instance"), "alexnet": ("own", "none")}.get(self.family)
        if fixed and self.norm not in fixed:
            yield f"network.norm {self.norm!r} does not exist for network.family {self.family!r}: take {' or '.join(fixed)}."
