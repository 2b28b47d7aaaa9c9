"""Reading `distilled.safetensors` of a stranger: its header is checked by hand before the library sees it."""

import json
import struct
from typing import Any, Final

from meddistill_gui.bundle import schema
from meddistill_gui.bundle.archive import ASK_AGAIN
from meddistill_gui.bundle.format import MAX_CLASSES, MAX_IMAGES, MAX_RATES, MAX_SIDE, TENSORS
from meddistill_gui.core import distilled as sets
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import BundleError

_MAX_HEADER: Final = 64 * 2**10
_RANKS: Final = {"images": 4, "labels": 2, "learning_rates": 1}
_LIMITS: Final = {
    "images": (MAX_IMAGES, 3, MAX_SIDE, MAX_SIDE),
    "labels": (MAX_IMAGES, MAX_CLASSES),
    "learning_rates": (MAX_RATES,),
}
_LARGEST_VALUE: Final = 1e4
"""Images are in units of full range; anything near this is no image."""

_LARGEST_WEIGHT: Final = 1e3
"""Weights of a class that were learned are of the order of 1."""


def read_set(content: memoryview) -> DistilledSet:
    """The set, with shapes, types, recipe and values checked.

    Raises:
        BundleError: Naming what is wrong.
    """
    header = _header(content)
    recipe = _recipe(header.pop("__metadata__", None))
    if header.keys() != _RANKS.keys():
        raise _refused(f"holds {sorted(header)} instead of {sorted(_RANKS)}")
    for name in _RANKS:
        _check_tensor(name, header[name])
    try:
        found = sets.from_bytes(bytes(content))
    except (ValueError, TypeError) as error:
        raise _refused(str(error)) from error
    _check_values(found, recipe)
    return found


def _header(content: memoryview) -> dict[str, Any]:
    if len(content) < 8:
        raise _refused("is cut off")
    (length,) = struct.unpack_from("<Q", content)
    if not 2 <= length <= min(_MAX_HEADER, len(content) - 8):
        raise _refused(f"says that its header has {length:,} bytes")
    try:
        header = json.loads(bytes(content[8 : 8 + length]).decode())
    # RecursionError: thousands of nested brackets
    except (ValueError, RecursionError) as error:
        raise _refused(f"has a damaged header ({error})") from error
    if not isinstance(header, dict):
        raise _refused("has a damaged header")
    return header


def _recipe(metadata: object) -> schema.Json:
    if not isinstance(metadata, dict) or metadata.keys() != {"recipe"}:
        raise _refused("carries other notes than the recipe")
    return schema.parse("recipe", str(metadata["recipe"]).encode(errors="replace"))


def _check_tensor(name: str, entry: object) -> None:
    if not isinstance(entry, dict) or entry.get("dtype") != "F32":
        raise _refused(f"has {name} of another type than float32")
    shape = entry.get("shape")
    limits = _LIMITS[name]
    if not isinstance(shape, list) or len(shape) != _RANKS[name]:
        raise _refused(f"has {name} of the shape {str(shape)[:60]}")
    for length, limit in zip(shape, limits, strict=True):
        if type(length) is not int or not 1 <= length <= limit:
            raise _refused(f"has {name} of the shape {str(shape)[:60]}; at most {limits}")


def _check_values(found: DistilledSet, recipe: schema.Json) -> None:
    if len(recipe["mean"]) != recipe["channels"] or len(recipe["deviation"]) != recipe["channels"]:
        raise _refused("has a mean or deviation for another number of channels")
    if len(set(recipe["class_names"])) != len(recipe["class_names"]):
        raise _refused("has two classes of the same name")
    if max(found.images.max(), -found.images.min()) > _LARGEST_VALUE:
        raise _refused("has images with values that no image has")
    if not found.recipe.is_prescribed and not sets.are_probabilities(found.labels):
        raise _refused("has labels that are no probabilities")
    if abs(found.labels).max() > _LARGEST_WEIGHT:
        raise _refused("has labels with weights that nothing is taught with")


def _refused(what: str) -> BundleError:
    return BundleError(f"{TENSORS} {what}.", ASK_AGAIN)
