"""The distilled set: what a run makes, an audit examines, a bundle carries and a student trains on."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole

SET_FORMAT: Final = 1
ANY_START: Final = -1
Float32 = npt.NDArray[np.float32]
_OPEN_STEPS: Final = 500
_ROUNDING: Final = 1e-3  # of a sum of probabilities
_LATER: Final = {"norm": "own", "start": ANY_START, "order": ()}
"""Fields that a recipe leaves out where they say nothing: sets of earlier versions are read, and written, as they were."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a student is trained on the images; values only, no names of people, places, files or seeds.

    Attributes:
        class_names: Class of each label column.
        size: Side of the images in pixels.
        channels: 1 or 3.
        mean: Per channel, over the training images, in units of full range; the network sees (image - mean) / deviation.
        deviation: Per channel standard deviation, as `mean`.
        network: "convnet" with instance norm, ReLU and average pooling.
        depth: Blocks of the network.
        width: Channels of each block.
        augmentation: Name of the augmentation preset students are trained with.
        steps: Training steps of a student.
        batch: Synthetic images per step; 0 for all.
        momentum: Momentum of the student's SGD.
        weight_decay: Weight decay of the student's SGD.
        method: Name of the distillation method.
        images_per_class: Synthetic images of each class.
        initialisation: What the images started from: "noise" or "real".
        program: Name and version of the program that made the set.
        fit: How source images became square: "pad", "crop" or "stretch".
        window: Grey window of the source images: "file" or "percentile".
        norm: Normalisation of the network; "own" is its family's.
        start: Seed of the parameters that every student must start from; `ANY_START` where any will do.
        order: Images that each step takes, in this order; empty where `batch` says it all.
    """

    class_names: tuple[str, ...]
    size: int
    channels: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    network: str
    depth: int
    width: int
    augmentation: str
    steps: int
    batch: int
    momentum: float
    weight_decay: float
    method: str
    images_per_class: int
    initialisation: str
    program: str
    fit: str = "pad"
    window: str = "file"
    norm: str = "own"
    start: int = ANY_START
    order: tuple[tuple[int, ...], ...] = ()

    @property
    def is_prescribed(self) -> bool:
        """Whether students must follow it to the letter; then it serves no other images."""
        return bool(self.order)

    def open(self) -> "Recipe":
        """The recipe for students of other images: without a prescribed start and order."""
        if not self.is_prescribed:
            return self
        return replace(
            self, start=ANY_START, order=(), steps=_OPEN_STEPS, momentum=0.9, weight_decay=5e-4
        )


@dataclass(frozen=True, kw_only=True)
class DistilledSet:
    """A few synthetic images and how to train on them.

    Attributes:
        images: float32 `[N, C, H, W]`; 0 is black and 1 white in the source's full range. Values may lie outside 0..1:
            they are clipped for display only, never for training.
        labels: float32 `[N, K]`, rows of probabilities (one-hot where labels are hard); where the recipe prescribes the
            steps they may be any weights of the classes, and a step then goes down sum_k y_k * -log p_k all the same.
        learning_rates: float32 `[S]`, positive; one number, or one per step.
        recipe: How a student is trained on them.
    """

    images: Float32
    labels: Float32
    learning_rates: Float32
    recipe: Recipe

    def __post_init__(self) -> None:
        recipe = self.recipe
        shape = (len(self.images), recipe.channels, recipe.size, recipe.size)
        if self.images.shape != shape:
            raise ValueError(f"images are {self.images.shape}, the recipe says {shape}")
        if self.labels.shape != (len(self.images), len(recipe.class_names)):
            raise ValueError(f"labels are {self.labels.shape} for {len(self.images)} images")
        for name in ("images", "labels", "learning_rates"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} are not finite")
        if not (self.learning_rates > 0).all():
            raise ValueError("learning rates are not positive")
        if recipe.order:
            _check_order(recipe, len(self.images), len(self.learning_rates))


def _check_order(recipe: Recipe, images: int, rates: int) -> None:
    if not len(recipe.order) == recipe.steps == rates:
        raise ValueError(
            f"{len(recipe.order)} steps, {rates} rates, the recipe says {recipe.steps}"
        )
    if len({len(step) for step in recipe.order}) != 1:
        raise ValueError("steps take different numbers of images")
    if not all(0 <= image < images for step in recipe.order for image in step):
        raise ValueError("a step takes an image that is not there")


def are_hard(labels: Float32) -> bool:
    """Whether every label `[N, K]` is wholly one class."""
    return bool(np.isin(labels, (0.0, 1.0)).all() and (labels.sum(axis=1) == 1).all())


def are_probabilities(labels: Float32) -> bool:
    """Whether every label `[N, K]` divides 1 among the classes, to within rounding."""
    return bool(labels.min() >= 0 and abs(labels.sum(axis=1) - 1).max() <= _ROUNDING)


def displayed(images: Float32) -> npt.NDArray[np.uint8]:
    """The images as they are shown and exported as PNG: uint8 `[N, H, W]`, or `[N, H, W, 3]` for colour."""
    bytes_ = np.clip(np.rint(images * 255.0), 0, 255).astype(np.uint8)
    return (
        bytes_[:, 0] if images.shape[1] == 1 else np.ascontiguousarray(bytes_.transpose(0, 2, 3, 1))
    )


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as a JSON object."""
    said = {name: value for name, value in asdict(recipe).items() if _LATER.get(name) != value}
    return {"format": SET_FORMAT, **said}


def recipe_from_json(record: dict[str, Any]) -> Recipe:
    """The recipe from a JSON object; every field must be there, but those that say nothing, and nothing else.

    Raises:
        ValueError: Unknown format, a field too many, too few or of the wrong type.
    """
    values = {**_LATER, **record}
    if values.pop("format", None) != SET_FORMAT:
        raise ValueError(
            f"recipe of format {record.get('format')!r}, this version reads {SET_FORMAT}"
        )
    known = {field.name: field.type for field in fields(Recipe)}
    if values.keys() != known.keys():
        raise ValueError(f"recipe fields differ: {sorted(values.keys() ^ known.keys())}")
    for name in ("class_names", "mean", "deviation"):
        values[name] = tuple(values[name])
    values["order"] = tuple(tuple(step) for step in values["order"])
    return Recipe(**values)


def to_bytes(distilled: DistilledSet) -> bytes:
    """The set as a safetensors file; the same set always gives the same bytes."""
    tensors = {
        "images": np.ascontiguousarray(distilled.images),
        "labels": np.ascontiguousarray(distilled.labels),
        "learning_rates": np.ascontiguousarray(distilled.learning_rates),
    }
    recipe = json.dumps(recipe_to_json(distilled.recipe), sort_keys=True)
    return safetensors.numpy.save(tensors, metadata={"recipe": recipe})


def from_bytes(content: bytes) -> DistilledSet:
    """The set from a safetensors file.

    Raises:
        ValueError: It is no distilled set of this format.
    """
    try:
        tensors = safetensors.numpy.load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        recipe = recipe_from_json(json.loads(header["__metadata__"]["recipe"]))
        return DistilledSet(recipe=recipe, **tensors)
    except (safetensors.SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"not a distilled set: {error}") from error


def save(path: Path, distilled: DistilledSet) -> None:
    """Write the set, whole or not at all."""
    write_whole(path, to_bytes(distilled))


def load(path: Path) -> DistilledSet:
    """Read a set that `save` wrote.

    Raises:
        ProjectError: It is missing or damaged.
    """
    try:
        return from_bytes(path.read_bytes())
    except FileNotFoundError as error:
        raise ProjectError(
            f"{path} is missing.", "Let the run finish first, or choose another run."
        ) from error
    except ValueError as error:
        raise ProjectError(
            f"{path} is damaged: {error}.", "Resume the run to make it again."
        ) from error
