"""Network families by name, one line each."""

from collections.abc import Callable, Mapping
from typing import Final

from meddistill_gui.core.configs.network import TORCHVISION
from meddistill_gui.engine.networks.convnet import ConvNet
from meddistill_gui.engine.networks.network import Network


def _convnet(
    *, depth: int, width: int, channels: int, size: int, classes: int, norm: str
) -> Network:
    if norm not in {"own", "instance"}:
        raise ValueError(f"ConvNet has instance normalisation, not {norm!r}")
    return ConvNet(depth=depth, width=width, channels=channels, size=size, classes=classes)


def _published(family: str) -> Callable[..., Network]:
    def made(*, channels: int, classes: int, norm: str, **_of_convnet: int) -> Network:
        # torchvision takes seconds to import, and most runs do without it
        from meddistill_gui.engine.networks.torchvision_families import (  # noqa: PLC0415
            torchvision_network,
        )

        return torchvision_network(family, channels=channels, classes=classes, norm=norm)

    return made


FAMILIES: Final[Mapping[str, Callable[..., Network]]] = {
    "convnet": _convnet,
    **{family: _published(family) for family in TORCHVISION},
}


def make_network(
    family: str,
    *,
    depth: int,
    width: int,
    channels: int,
    size: int,
    classes: int,
    norm: str = "own",
) -> Network:
    """Make a network of a family.

    Args:
        family: A name in `FAMILIES`.
        depth: Blocks of a ConvNet.
        width: Channels of each block of a ConvNet.
        channels: Channels of the images.
        size: Side of the images in pixels.
        classes: Number of classes.
        norm: "own" (as the family is published), "batch", "instance" or "none".

    Raises:
        ValueError: The family is unknown or has no such normalisation, or the images are too small for the depth.
    """
    if family not in FAMILIES:
        raise ValueError(f"no network family {family!r}; known: {', '.join(FAMILIES)}")
    return FAMILIES[family](
        depth=depth, width=width, channels=channels, size=size, classes=classes, norm=norm
    )
