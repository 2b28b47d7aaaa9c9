"""Network families by name, one line each."""

from collections.abc import Callable, Mapping
from typing import Final

from meddistill_gui.engine.networks.convnet import ConvNet
from meddistill_gui.engine.networks.network import Network

FAMILIES: Final[Mapping[str, Callable[..., Network]]] = {"convnet": ConvNet}


def make_network(
    family: str, *, depth: int, width: int, channels: int, size: int, classes: int
) -> Network:
    """Make a network of a family.

    Args:
        family: A name in `FAMILIES`.
        depth: Blocks.
        width: Channels of each block.
        channels: Channels of the images.
        size: Side of the images in pixels.
        classes: Number of classes.

    Raises:
        ValueError: The family is unknown, or the images are too small for the depth.
    """
    if family not in FAMILIES:
        raise ValueError(f"no network family {family!r}; known: {', '.join(FAMILIES)}")
    return FAMILIES[family](depth=depth, width=width, channels=channels, size=size, classes=classes)
