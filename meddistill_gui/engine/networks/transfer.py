"""Published networks that begin from weights trained elsewhere: transfer learning, from a file that the user has.

The file holds torchvision's names (`conv1.weight`, `layer1.0.bn1.weight`, ...) as safetensors. Whose images the weights saw
(ImageNet's, usually) is the user's to know; nothing is ever downloaded. The last layer is drawn afresh for the classes at
hand. For grey images the first kernel is summed over its colours: what three equal channels would give. Running batch
statistics are not taken: students normalise by their batch and settle on their images at the end (`batch_norm`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import safetensors
import safetensors.torch
from torch import Tensor

from meddistill_gui.core.configs.network import TORCHVISION
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine.networks.module_network import ModuleNetwork
from meddistill_gui.engine.networks.torchvision_families import FIRST, HEADS, torchvision_network

_REMEDY: Final = (
    f"Give a file with the weights of one of torchvision's networks ({', '.join(TORCHVISION)}), "
    "written by safetensors.torch.save_file(network.state_dict(), FILE), or leave transfer_weights out."
)
_NO_PARAMETERS: Final = ("running_mean", "running_var", "num_batches_tracked")
_GREY, _COLOUR = 1, 3


def transfer_network(weights: Path, *, channels: int, classes: int) -> tuple[str, ModuleNetwork]:
    """The network whose weights a file holds, beginning from them; its family's name beside it.

    Args:
        weights: A safetensors file.
        channels: Channels of the images.
        classes: Number of classes.

    Raises:
        ConfigError: The file is missing or damaged, or holds something else.
    """
    found = _read(weights)
    for family in TORCHVISION:
        plain = torchvision_network(family, channels=channels, classes=classes, norm="own")
        begun = _body(found, family, channels)
        wanted = {n: s for n, s in plain.named_shapes.items() if not _in_head(n, family)}
        if {name: tuple(value.shape) for name, value in begun.items()} == wanted:
            network = torchvision_network(
                family, channels=channels, classes=classes, norm="own", weights=begun
            )
            return family, network
    raise ConfigError(
        [f"{weights.name} does not hold the weights of a network that is known."], _REMEDY
    )


def _read(weights: Path) -> dict[str, Tensor]:
    try:
        found = safetensors.torch.load_file(weights)
    except FileNotFoundError as error:
        raise ConfigError([f"There is no file {weights}."], _REMEDY) from error
    except (safetensors.SafetensorError, OSError) as error:
        raise ConfigError([f"{weights.name} cannot be read as safetensors: {error}."], _REMEDY) from error  # fmt: skip
    if not all(bool(value.isfinite().all()) for value in found.values()):
        raise ConfigError([f"{weights.name} holds values that are no numbers."], _REMEDY)
    return found


def _body(found: Mapping[str, Tensor], family: str, channels: int) -> dict[str, Tensor]:
    """The parameters below the last layer as float32, the first kernel for these channels."""
    kept = {
        name: value.float()
        for name, value in found.items()
        if not name.endswith(_NO_PARAMETERS)
        and not name.startswith("aux")  # GoogLeNet's side branches serve its own training only
        and not _in_head(name, family)
    }
    first = f"{FIRST.get(family, 'conv1')}.weight"
    if first in kept and kept[first].dim() > 1 and (kept[first].shape[1], channels) == (_COLOUR, _GREY):  # fmt: skip
        kept[first] = kept[first].sum(dim=1, keepdim=True)
    return kept


def _in_head(name: str, family: str) -> bool:
    return name.startswith(f"{HEADS.get(family, 'fc')}.")
