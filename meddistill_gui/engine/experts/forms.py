"""The forms in which an expert's snapshots lie in a file: every epoch, every epoch in half precision, or a few waypoints.

Files of all forms may stand in one store; each is known by the tensors that it holds.
"""

import bisect
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import torch
from torch import Tensor
from typing_extensions import override

from meddistill_gui.core.configs.distill import ExpertsConfig
from meddistill_gui.engine.experts.precision import Shortened, shortened
from meddistill_gui.engine.experts.waypoints import between, thinned, waypoint_epochs

_FLOAT, _HALF, _WHOLE = 4, 2, 8  # bytes

Layout = Mapping[str, tuple[str, tuple[int, ...]]]
"""What a file holds: type (as safetensors names it) and shape of each tensor."""

Part = Callable[[str], Any]
"""Gives a tensor of a file, or something that gives rows of it, by its name."""


class Form(Protocol):
    """How new experts are stored."""

    def tensors(self, snapshots: Tensor) -> dict[str, Tensor]:
        """What is written of snapshots float32 `[E + 1, P]`."""
        ...

    def size(self, epochs: int, parameters: int) -> int:
        """Bytes of one expert's tensors."""
        ...


@dataclass(frozen=True)
class EveryEpoch(Form):
    """Exactly as they are."""

    @override
    def tensors(self, snapshots: Tensor) -> dict[str, Tensor]:
        return {"snapshots": snapshots}

    @override
    def size(self, epochs: int, parameters: int) -> int:
        return _FLOAT * (epochs + 1) * parameters


@dataclass(frozen=True)
class HalfPrecision(Form):
    """Each epoch's step in half precision (`precision`)."""

    @override
    def tensors(self, snapshots: Tensor) -> dict[str, Tensor]:
        short = shortened(snapshots)
        return {"first": short.first, "steps": short.steps, "scales": short.scales}

    @override
    def size(self, epochs: int, parameters: int) -> int:
        return _FLOAT * (parameters + epochs) + _HALF * epochs * parameters


@dataclass(frozen=True)
class AtWaypoints(Form):
    """A few waypoints (`waypoints`).

    Attributes:
        number: How many.
        lengths: Parameters of each layer.
    """

    number: int
    lengths: tuple[int, ...]

    @override
    def tensors(self, snapshots: Tensor) -> dict[str, Tensor]:
        few = thinned(snapshots, self.number, torch.tensor(self.lengths))
        return {
            "points": few.points,
            "epochs": few.epochs,
            "shares": few.shares,
            "lengths": few.lengths,
        }

    @override
    def size(self, epochs: int, parameters: int) -> int:
        points, layers = len(waypoint_epochs(epochs, self.number)), len(self.lengths)
        return _FLOAT * (points * parameters + (epochs + 1) * layers) + _WHOLE * (points + layers)


EVERY_EPOCH: Final = EveryEpoch()


def form_of(config: ExpertsConfig, shapes: Sequence[tuple[int, ...]]) -> Form:
    """The form that the options ask for.

    Args:
        config: Options of the experts.
        shapes: `Network.shapes`.
    """
    if config.waypoints:
        return AtWaypoints(config.waypoints, tuple(math.prod(shape) for shape in shapes))
    return HalfPrecision() if config.half else EVERY_EPOCH


def fits(layout: Layout, epochs: int, parameters: int) -> bool:
    """Whether a file with these tensors holds an expert of E epochs and P parameters, in any form."""
    if "points" in layout and "lengths" in layout:
        points, layers = layout["points"][1][0], layout["lengths"][1][0]
        return 2 <= points <= epochs + 1 and layout == {
            "points": ("F32", (points, parameters)),
            "epochs": ("I64", (points,)),
            "shares": ("F32", (epochs + 1, layers)),
            "lengths": ("I64", (layers,)),
        }
    return layout in (
        {"snapshots": ("F32", (epochs + 1, parameters))},
        {
            "first": ("F32", (parameters,)),
            "steps": ("F16", (epochs, parameters)),
            "scales": ("F32", (epochs,)),
        },
    )


def restored(names: Collection[str], part: Part, epoch: int) -> Tensor:
    """Parameters after `epoch` epochs, `[P]`, the caller's own.

    Args:
        names: Of the tensors that there are.
        part: Gives it.
        epoch: Not after the expert's last.
    """
    if "snapshots" in names:
        theta: Tensor = part("snapshots")[epoch]
        return theta.clone()
    if "points" in names:
        return _restored_between(part, epoch)
    return Shortened(part("first")[:], part("steps")[:epoch], part("scales")[:]).restored(epoch)


def _restored_between(part: Part, epoch: int) -> Tensor:
    epochs = part("epochs")[:].tolist()
    after = bisect.bisect_left(epochs, epoch)
    point: Tensor = part("points")[after]
    if epochs[after] == epoch:
        return point.clone()
    return between(part("points")[after - 1], point, part("shares")[epoch], part("lengths")[:])


@dataclass(frozen=True)
class Fidelity:
    """What a form loses, at worst over all segments of some length of one expert.

    Attributes:
        ends: Distance of a segment's end points from the true ones, in lengths of the true segment; the farther of the two.
        length: By what share the segment's length is off.
    """

    ends: float
    length: float


def fidelity(snapshots: Tensor, form: Form, span: int) -> Fidelity:
    """What a form loses of snapshots float32 `[E + 1, P]`, over segments of `span` epochs.

    Raises:
        ValueError: There is no such segment.
    """
    if not 1 <= span < len(snapshots):
        raise ValueError(f"no segments of {span} epochs in {len(snapshots) - 1}")
    tensors = form.tensors(snapshots)
    found = [restored(tensors, tensors.__getitem__, epoch) for epoch in range(len(snapshots))]
    off = [float((one - true).double().norm()) for one, true in zip(found, snapshots, strict=True)]
    ends = length = 0.0
    for start in range(len(snapshots) - span):
        true = float((snapshots[start + span] - snapshots[start]).double().norm())
        if true == 0:
            continue
        stored = float((found[start + span] - found[start]).double().norm())
        ends = max(ends, off[start] / true, off[start + span] / true)
        length = max(length, abs(stored / true - 1))
    return Fidelity(ends=ends, length=length)
