"""What voting over patches wrote down about a run (`result/voting.json`). No Qt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meddistill_gui.core.config import load_toml
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class VotedImage:
    """One test image.

    Attributes:
        id: Its id in the catalogue.
        positive: Whether it is.
        share: Share of positive votes, 0..1.
        silent: Whether no patch voted.
        places: Row, column and class of each place of the window that was looked at.
    """

    id: int
    positive: bool
    share: float
    silent: bool
    places: tuple[tuple[int, int, int], ...]

    def called(self, delta: float) -> bool:
        """Whether it is called positive at this threshold."""
        return not self.silent and self.share >= delta


@dataclass(frozen=True, kw_only=True)
class Votes:
    """The whole record.

    Attributes:
        delta: Threshold of the figures.
        chosen_on: Validation images that it was chosen on; 0 where it was given.
        size: Side of the window in pixels.
        stride: Distance of its places.
        figures: sensitivity, specificity, harmonic_mean.
        curve: The same at every threshold ("delta").
        images: The test images.
    """

    delta: float
    chosen_on: int
    size: int
    stride: int
    figures: Mapping[str, float]
    curve: tuple[Mapping[str, float], ...]
    images: tuple[VotedImage, ...]


def has_votes(run: RunFolder) -> bool:
    """Whether a run was voted with."""
    return run.votes.is_file()


def is_of_patches(run: RunFolder) -> bool:
    """Whether a run was made from patches and has a result to vote with."""
    return run.config_of_patches.is_file() and run.result.is_file()


def read_votes(run: RunFolder) -> Votes:
    """Read the record.

    Raises:
        ProjectError: It is missing or damaged.
    """
    try:
        record = json.loads(run.votes.read_bytes())
        plan = load_toml(PatchesConfig, run.config_of_patches)
        return Votes(
            delta=float(record["delta"]),
            chosen_on=int(record.get("chosen_on", 0)),  # older records do not say
            size=plan.size,
            stride=plan.stride,
            figures={
                name: float(record[name])
                for name in ("sensitivity", "specificity", "harmonic_mean")
            },
            curve=tuple(record["curve"]),
            images=tuple(_image(one) for one in record["images"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"The votes of {run.name} are missing or damaged.", "Vote again with this run."
        ) from error


def _image(record: Mapping[str, Any]) -> VotedImage:
    places = tuple(
        (int(row), int(column), int(kind))
        for row, kinds in zip(record["rows"], record["map"], strict=True)
        for column, kind in zip(record["columns"], kinds, strict=True)
        if kind >= 0
    )
    return VotedImage(
        id=int(record["id"]),
        positive=bool(record["label"]),
        share=float(record["share"]),
        silent=not any(kind > 0 for _, _, kind in places),
        places=places,
    )
