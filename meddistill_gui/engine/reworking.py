"""Images of a finished run begin again from noise, or go; the others stay as they are, value for value.

A reworked run is an ordinary one whose first checkpoint is made here: the runner goes on from it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.engine.checkpoint import Best, Checkpoint
from meddistill_gui.engine.method import Learned, Method, Setting, State
from meddistill_gui.engine.seeding import generator

KEPT: Final = "kept"
"""Name in the state of the mask of images that must not move: float32 `[N]`, 1 where one stays."""

_OF_EACH_IMAGE: Final = ("images", "labels")
_GOES_ON: Final = ("rates", "labels", "image.rate")


def restarted(method: Method, setting: Setting, at: Checkpoint, rows: Sequence[int]) -> Checkpoint:
    """Go on from the set that was kept, with noise in place of some of its images.

    Args:
        method: Of the run.
        setting: Of the run, with its experts where the method needs them.
        at: Where the run ended.
        rows: Indices of the images that begin again.

    Raises:
        ProjectError: The run has no set to go on from, or images were left out of it before.
    """
    best = _kept_set(at)
    if len(best.learned.images) != len(setting.labels):
        raise ProjectError(
            "Images were left out of this set before, so none can begin again in it.",
            "Let the images begin again in the run that this one was made from.",
        )
    images = best.learned.images.clone()
    random = generator(setting.seed, "images that begin again", at.iteration, *rows)
    images[list(rows)] = torch.randn((len(rows), *images.shape[1:]), generator=random).to(images)
    state = dict(method.restarted(setting, at.state, images))
    for name, value in at.state.items():
        if name.startswith(_GOES_ON) and not name.endswith("velocity") and name in state:
            state[name] = value
    kept = torch.ones(len(images), device=images.device)
    kept[list(rows)] = 0
    return Checkpoint(
        digest=at.digest,
        iteration=at.iteration,
        state={**state, KEPT: kept},
        evaluated=at.iteration,
    )


def without(at: Checkpoint, rows: Sequence[int]) -> Checkpoint:
    """The set that was kept less some of its images; nothing is left to do in a run that begins with it.

    Raises:
        ProjectError: The run has no set, or a class would be left without an image.
    """
    best = _kept_set(at)
    staying = [row for row in range(len(best.learned.images)) if row not in set(rows)]
    learned = Learned(
        images=best.learned.images[staying],
        labels=best.learned.labels[staying],
        rates=best.learned.rates,
    )
    classes = torch.unique(best.learned.labels.argmax(1))
    if len(learned.labels) == 0 or len(torch.unique(learned.labels.argmax(1))) < len(classes):
        raise ProjectError(
            "A class would be left without an image.", "Let the image begin again from noise."
        )
    return replace(
        at,
        best=Best(learned=learned, score=best.score, iteration=best.iteration),
        evaluated=at.iteration,
    )


def holding(before: State, after: State) -> State:
    """The state after a step, with the images that must not move as they were before it."""
    kept = before.get(KEPT)
    if kept is None:
        return after
    held = {name: _held(name, before, value, kept) for name, value in after.items()}
    return {**held, KEPT: kept}


def _held(name: str, before: State, value: Tensor, kept: Tensor) -> Tensor:
    """One tensor with the rows of the images that stay as they were, where it has rows for images."""
    old = before.get(name)
    if not name.startswith(_OF_EACH_IMAGE) or old is None or value.shape != old.shape:
        return value
    if value.ndim == 0 or len(value) != len(kept):
        return value
    return torch.where(kept.bool().view(-1, *[1] * (value.ndim - 1)), old, value)


def _kept_set(at: Checkpoint) -> Best:
    if at.best is None:
        raise ProjectError(
            "The run has not kept a set yet.", "Let it reach its first evaluation, then try again."
        )
    return at.best
