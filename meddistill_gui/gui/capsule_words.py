"""A capsule in words: what whoever sends it reads, the receiver reads too."""

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QCoreApplication

_KB: Final = 1024
"""As paper D's Table 4 and `docs/results.md` count."""

_PUBLISHED: Final = {
    "convnet": "ConvNet",
    "googlenet": "GoogLeNet",
    "resnet18": "ResNet18",
    "resnet34": "ResNet34",
    "alexnet": "AlexNet",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
}


def in_kilobytes(count: int) -> str:
    """A number of bytes as the paper's Table 4 prints it: "201.29 KB"."""
    return f"{count / _KB:,.2f} KB"


def size_in_words(summary: Mapping[str, Any]) -> str:
    """How large a capsule is, and how much of the network that it stands for.

    Args:
        summary: What `capsule-export` or `capsule-open` said at its end.
    """
    return _tr("{size} ({bytes} bytes): {share} of the network's {network}").format(
        size=in_kilobytes(summary["bytes"]),
        bytes=f"{summary['bytes']:,}",
        share=f"{summary['share']:.2%}",
        network=in_kilobytes(summary["network_bytes"]),
    )


def network_in_words(summary: Mapping[str, Any]) -> str:
    """Which network a capsule stands for, and how it comes out of it; `summary` as above."""
    images = summary["images"]
    return _tr("{name} with {count} parameters, from {images} in {steps} steps").format(
        name=network_name(summary["network"]),
        count=f"{summary['parameters']:,}",
        images=_tr("one image") if images == 1 else _tr("{count} images").format(count=images),
        steps=f"{summary['steps']:,}",
    )


def network_name(family: str) -> str:
    """A family of networks as its authors write it."""
    return _PUBLISHED.get(family, family)


def vote_in_words(delta: float) -> str:
    """What the threshold that travels along means."""
    return _tr("positive from {share} of the votes of an image's patches").format(
        share=f"{delta:.1%}"
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Capsule", text)
