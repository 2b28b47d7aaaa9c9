"""Overlap mitigation as a part of a method: images that repeat another begin anew, and alone are trained for a while."""

from dataclasses import dataclass

import torch
from torch import Tensor

from meddistill_gui.engine.matching.features import drawn_by_class
from meddistill_gui.engine.method import Setting, State
from meddistill_gui.engine.objectives.features import share_by_class
from meddistill_gui.engine.objectives.overlap import (
    class_cosines,
    mean_overlap,
    real_bounds,
    to_restart,
)
from meddistill_gui.engine.seeding import generator

_REAL_PER_CLASS = 32
_MEMORY = 0.98  # of an image's strength, per iteration
_FROZEN = ("rates", "rates.velocity", "labels", "labels.velocity")


@dataclass(frozen=True, kw_only=True)
class Mitigation:
    """When and how.

    Attributes:
        every: Iterations between two looks; 0 never looks.
        share: Pairs that are more alike than this share of the class's pairs of real images overlap.
        blend: Share of noise in an image that begins anew.
        retrain: Iterations in which only those images move.
    """

    every: int
    share: float
    blend: float
    retrain: int

    def setup(self, state: State) -> State:
        """The state with what is remembered between looks."""
        images = state["images"]
        nought = torch.zeros(len(images), device=images.device)
        return {
            **state,
            "overlap.strength": nought,
            "overlap.restarted": nought,
            "overlap.left": torch.zeros((), device=images.device),
            "overlap.images": images,
        }

    def followed(self, setting: Setting, before: State, after: State, iteration: int) -> State:
        """The state after an iteration, with the mitigation's share in it.

        Args:
            setting: What is given.
            before: The state before the iteration.
            after: The state that the iteration made.
            iteration: Number of the iteration.
        """
        change = (after["images"] - before["images"]).flatten(1).norm(dim=1)
        strength = _MEMORY * before["overlap.strength"] + change
        after = {**after, "overlap.strength": strength}
        if float(before["overlap.left"]) > 0:
            return self._retrained(setting, before, after, iteration)
        if self.every and iteration > 0 and iteration % self.every == 0:
            return self._restarted(setting, after, iteration)
        return after

    def _retrained(self, setting: Setting, before: State, after: State, iteration: int) -> State:
        """Let only the restarted images move; at the end go back if they overlap more than before."""
        moving = before["overlap.restarted"].view(-1, 1, 1, 1)
        state = dict(after)
        for name in ("images", "images.velocity"):
            state[name] = torch.where(moving > 0, after[name], before[name])
        state |= {name: before[name] for name in _FROZEN if name in before}
        left = before["overlap.left"] - 1
        state["overlap.left"] = left
        if float(left) == 0:
            old = overlap_of(setting, before["overlap.images"], iteration)
            if overlap_of(setting, state["images"], iteration) > old:
                state["images"] = before["overlap.images"]
            state["images.velocity"] = state["images.velocity"] * (1 - moving)
        return state

    def _restarted(self, setting: Setting, state: State, iteration: int) -> State:
        images = state["images"]
        features, real = _seen(setting, images, iteration)
        cosines = class_cosines(features, real.mean(dim=1), setting.labels)
        bounds = real_bounds(real, self.share)[setting.labels]
        leaving = to_restart(cosines, state["overlap.strength"], bounds)
        noise = torch.randn(images.shape, generator=generator(setting.seed, "restart", iteration))
        mask = leaving.view(-1, 1, 1, 1)
        blended = (1 - self.blend) * images + self.blend * noise.to(images)
        fresh = torch.where(mask, blended, images)
        if not bool(leaving.any()) or overlap_of(setting, fresh, iteration) > mean_overlap(cosines):
            return state
        return {
            **state,
            "images": fresh,
            "images.velocity": state["images.velocity"] * ~mask,
            "overlap.restarted": leaving.to(images.dtype),
            "overlap.left": torch.full((), float(self.retrain), device=images.device),
            "overlap.images": images,
        }


def overlap_of(setting: Setting, images: Tensor, iteration: int) -> float:
    """Mean overlap of the images in an expert's eyes."""
    features, real = _seen(setting, images, iteration)
    return mean_overlap(class_cosines(features, real.mean(dim=1), setting.labels))


def _seen(setting: Setting, images: Tensor, iteration: int) -> tuple[Tensor, Tensor]:
    """Features `[N, F]` of the images and `[K, M, F]` of some real ones, as an expert after its first epoch sees them."""
    if setting.experts is None:
        raise ValueError("overlap is seen with experts' eyes")
    theta = setting.experts.theta(iteration % setting.experts.count, 1).to(setting.device)
    real = drawn_by_class(setting, _REAL_PER_CLASS, generator(setting.seed, "centres", iteration))
    with torch.no_grad():
        seen = share_by_class(setting.network.features(theta, real), setting.train.classes)
        return setting.network.features(theta, images), seen
