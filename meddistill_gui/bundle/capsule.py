"""A model capsule: all that a trained network can be rebuilt from, in a few hundredths of its size (paper D, Table 4).

One safetensors file, `NAME.capsule`:
  images, labels, learning_rates   float32, as in a bundle
  answers                          float32 `[M, K]`, what the trained network says to its own images
  statistics                       float16 `[Q]`, only where batch statistics of real patients were asked for
  metadata "capsule"               JSON: recipe (network, start, step list, ...), number of parameters, digest of the trained
                                   parameters, threshold for voting, checksum
The checksum is SHA-256 over everything else, so a step list in another order is refused before anything is trained.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from meddistill_gui.bundle import schema
from meddistill_gui.core.distilled import (
    ANY_START,
    DistilledSet,
    Recipe,
    recipe_from_json,
    recipe_to_json,
)
from meddistill_gui.core.errors import BundleError

EXTENSION: Final = ".capsule"
FORMAT: Final = 1
MAX_BYTES: Final = 2**26
FEWEST_PATIENTS: Final = 1000
"""Batch statistics of fewer patients than these are never put into a capsule: they say too much about each."""

_MAX_HEADER: Final = 2**22
_TENSORS: Final = {"images", "labels", "learning_rates", "answers"}
_FIELDS: Final[dict[str, type | tuple[type, ...]]] = {
    "format": int,
    "recipe": dict,
    "parameters": int,
    "digest": str,
    "delta": (int, float),
    "patients": int,
    "checksum": str,
}
_ASK: Final = "Ask the sender to export the capsule again."


@dataclass(frozen=True, kw_only=True)
class Capsule:
    """What a capsule holds.

    Attributes:
        distilled: Images, labels, rates and the recipe with start and step list.
        parameters: Parameters of the network, batch statistics not counted.
        digest: SHA-256 of the trained parameters, as the sender's CPU rebuilt them.
        answers: float32 `[M, K]`, probabilities that the trained network gives to the images.
        delta: Threshold for voting over patches.
        statistics: Batch statistics of real patients, float16 `[Q]`; None where they come from the synthetic images.
        patients: How many patients those are of; 0 for none.
    """

    distilled: DistilledSet
    parameters: int
    digest: str
    answers: npt.NDArray[np.float32]
    delta: float
    statistics: npt.NDArray[np.float16] | None = None
    patients: int = 0


def to_bytes(capsule: Capsule) -> bytes:
    """The file; the same capsule gives the same bytes.

    Raises:
        BundleError: The set prescribes no start, or the statistics come from too few patients.
    """
    _refuse(capsule)
    tensors, said = _tensors(capsule), _said(capsule)
    said["checksum"] = _checksum(said, tensors)
    return safetensors.numpy.save(tensors, metadata={"capsule": json.dumps(said, sort_keys=True)})


def from_bytes(content: bytes) -> Capsule:
    """Read a capsule of a stranger.

    Raises:
        BundleError: It is damaged, changed (also: its steps in another order), or no capsule.
    """
    said = _header(content)
    try:
        tensors = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"The capsule is damaged: {error}.", _ASK) from error
    if _checksum({k: v for k, v in said.items() if k != "checksum"}, tensors) != said["checksum"]:
        raise BundleError(
            "The capsule was changed: its checksum does not fit its images, rates and step list, whose order counts.",
            _ASK,
        )
    try:
        found = _parsed(said, tensors)
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(f"The capsule is no valid one: {error}.", _ASK) from error
    _refuse(found)
    return found


def read(path: Path) -> tuple[Capsule, int]:
    """Read a capsule; also returns its bytes.

    Raises:
        BundleError: It is missing, too large, damaged or changed.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BundleError(f"{path.name} has {size:,} bytes, too many for a capsule.", _ASK)
        return from_bytes(path.read_bytes()), size
    except OSError as error:
        raise BundleError(f"{path} cannot be read.", "Choose a file that is there.") from error


def refuse_open(recipe: Recipe) -> None:
    """Stop where no single network is meant.

    Raises:
        BundleError: The recipe prescribes no start, or no order of steps.
    """
    if recipe.start == ANY_START or not recipe.is_prescribed:
        raise BundleError(
            "This set prescribes no start and no order of steps, so no network can be rebuilt from it.",
            "Distil with method 'soft_label' and options.start 'fixed', or export a bundle.",
        )


def _refuse(capsule: Capsule) -> None:
    refuse_open(capsule.distilled.recipe)
    if capsule.statistics is not None and capsule.patients < FEWEST_PATIENTS:
        raise BundleError(
            f"Batch statistics of {capsule.patients} patients would say too much about each; {FEWEST_PATIENTS:,} are needed.",
            "Leave them out: they are then computed from the synthetic images.",
        )


def _tensors(capsule: Capsule) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {
        "images": np.ascontiguousarray(capsule.distilled.images),
        "labels": np.ascontiguousarray(capsule.distilled.labels),
        "learning_rates": np.ascontiguousarray(capsule.distilled.learning_rates),
        "answers": np.ascontiguousarray(capsule.answers),
    }
    if capsule.statistics is not None:
        found["statistics"] = np.ascontiguousarray(capsule.statistics)
    return found


def _said(capsule: Capsule) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "recipe": json.loads(json.dumps(recipe_to_json(capsule.distilled.recipe))),
        "parameters": capsule.parameters,
        "digest": capsule.digest,
        "delta": capsule.delta,
        "patients": capsule.patients,
    }


def _checksum(said: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> str:
    found = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        found.update(np.ascontiguousarray(tensor).tobytes())
    return found.hexdigest()


def _header(content: bytes) -> dict[str, Any]:
    if len(content) < 8:
        raise BundleError("The capsule is cut off.", _ASK)
    (length,) = struct.unpack_from("<Q", content)
    if not 2 <= length <= min(_MAX_HEADER, len(content) - 8):
        raise BundleError("This is no capsule.", "Choose a file that ends in .capsule.")
    try:
        header = json.loads(content[8 : 8 + length].decode())
        said = json.loads(header["__metadata__"]["capsule"])
    # RecursionError: thousands of nested brackets
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError("This is no capsule.", "Choose a file that ends in .capsule.") from error
    if not isinstance(said, dict) or said.keys() != _FIELDS.keys():
        raise BundleError("The capsule is of another version, or damaged.", _ASK)
    for name, kind in _FIELDS.items():
        if not isinstance(said[name], kind) or isinstance(said[name], bool):
            raise BundleError(f"The capsule is damaged: {name} is {str(said[name])[:60]}.", _ASK)
    if said["format"] != FORMAT:
        raise BundleError(f"The capsule has format {said['format']}; this version reads {FORMAT}.", _ASK)  # fmt: skip
    schema.check("recipe", said["recipe"])
    return said


def _parsed(said: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> Capsule:
    statistics = tensors.pop("statistics", None)
    if tensors.keys() != _TENSORS or any(t.dtype != np.float32 for t in tensors.values()):
        raise ValueError(f"it holds {sorted(tensors)}")
    if statistics is not None and (statistics.dtype != np.float16 or statistics.ndim != 1):
        raise ValueError("its batch statistics have another form")
    answers = tensors.pop("answers")
    distilled = DistilledSet(recipe=recipe_from_json(said["recipe"]), **tensors)
    if answers.shape != distilled.labels.shape:
        raise ValueError(f"{answers.shape} answers for {distilled.labels.shape} labels")
    if not 0 <= said["delta"] <= 1:
        raise ValueError(f"a threshold of {said['delta']}")
    return Capsule(
        distilled=distilled,
        parameters=said["parameters"],
        digest=said["digest"],
        answers=answers,
        delta=float(said["delta"]),
        statistics=statistics,
        patients=said["patients"],
    )


def shuffled(capsule: Capsule, order: tuple[int, ...]) -> Capsule:
    """The same capsule with its steps in another order: another network, for tests and for the curious."""
    found = capsule.distilled
    recipe = replace(found.recipe, order=tuple(found.recipe.order[step] for step in order))
    rates = found.learning_rates[list(order)]
    return replace(capsule, distilled=replace(found, learning_rates=rates, recipe=recipe))
