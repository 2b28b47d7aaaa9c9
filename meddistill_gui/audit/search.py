"""Runs the scores over the synthetic images, the hold-out and the planted leaks, and the matched null after them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import MarginSearch, Scores, ViewSearch
from meddistill_gui.audit.material import Material
from meddistill_gui.audit.planted import Planted
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.surrogates import dressed, scrambled
from meddistill_gui.audit.whitened import Against
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Progress

MARGIN: Final = "looking for patients who stand out"
VIEWING: Final = "looking for turned and changed copies"
NULL: Final = "comparing with nobody in the same texture"
WHITENING: Final = "looking for what tells patients apart"
_AT_ONCE: Final = 25  # synthetic images whose surrogates are scored together

_Result = TypeVar("_Result")
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One score over everything that was searched for.

    Attributes:
        synthetic: Of the synthetic images, `[m]`: the reading that scores higher.
        holdout: Of the hold-out images, `[H]`.
        planted: Of the planted leaks, one per kind.
    """

    synthetic: Scores
    holdout: Scores
    planted: tuple[Scores, ...]


@dataclass(frozen=True, kw_only=True)
class Dressed:
    """Score D of everything, each image beside calibration patients in its own texture.

    Attributes:
        synthetic: Of the synthetic images: the reading that has the smaller share.
        planted: Of the planted leaks, one per kind.
        measuring: Of measuring patients (Ht), at most `policy.DRESSED`.
    """

    synthetic: Against
    planted: tuple[Against, ...]
    measuring: Against


@dataclass(frozen=True, kw_only=True)
class CopySearch:
    """What the copy search measured.

    Attributes:
        a: Score A, aligned margin.
        b: Score B, searched similarity.
        d: Score D, whitened similarity.
        null_a: float64 `[m, 2 k]`, score A of k hold-out patients wearing each image's texture, and of k times noise with
            its spectrum.
        null_b: The same for score B; NaN rows where an image is not flagged by it.
    """

    a: Found
    b: Found
    d: Dressed
    null_a: npt.NDArray[np.float64]
    null_b: npt.NDArray[np.float64]

    def threshold(self, score: str, calibration: npt.NDArray[np.int64]) -> float:
        """The greatest value that a calibration patient reaches."""
        return float(getattr(self, score).holdout.score[calibration].max())


def searched(
    material: Material,
    leaks: Sequence[Planted],
    exact: npt.NDArray[np.bool_],
    seed: int,
    control: Control,
    shelf: Shelf | None = None,
) -> Generator[Event, None, CopySearch]:
    """Score everything; yields progress.

    Args:
        material: The images.
        leaks: Planted leaks.
        exact: bool `[m]`, which synthetic images are training images; they need no surrogates under the costly score B.
        seed: Of the surrogates.
        control: Asked between blocks.
        shelf: Where an interrupted search goes on from.

    Raises:
        Stopped: The user asked to stop.
    """
    queries = torch.cat([*material.readings, material.holdout, *(one.images for one in leaks)])
    margin = MarginSearch(material.training, material.patients)
    views = ViewSearch(material.training)
    scores_a = yield from counted(margin.run(queries, control, shelf), MARGIN, "images")
    scores_b = yield from counted(views.run(queries, control, shelf), VIEWING, "views")
    a, b = (_apart(scores, material, leaks) for scores in (scores_a, scores_b))
    everyone = np.arange(len(material.exported))
    null_a = yield from _null(margin, material, everyone, seed, control, shelf)
    beyond = b.synthetic.score > b.holdout.score[material.calibration].max()
    suspects = np.flatnonzero(beyond & ~exact)
    null_b = yield from _null(views, material, suspects, seed, control, shelf)
    d = yield from _dressed(material, leaks, seed, control)
    return CopySearch(a=a, b=b, d=d, null_a=null_a, null_b=null_b)


def counted(
    steps: Generator[tuple[int, int], None, _Result], phase: str, unit: str
) -> Generator[Event, None, _Result]:
    """Progress of steps that count themselves; what they return."""
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            found: _Result = end.value
            return found
        yield Progress(phase=phase, done=done, total=total, unit=unit)


def _dressed(
    material: Material, leaks: Sequence[Planted], seed: int, control: Control
) -> Generator[Event, None, Dressed]:
    """Score D, cheap enough to give each image, planted ones too, a comparison of its own."""
    random = np.random.default_rng([seed, 5])
    chosen, measured = (
        random.permutation(rows)[: policy.DRESSED]
        for rows in (material.calibration, material.measuring)
    )
    people = material.holdout[torch.from_numpy(chosen)]
    queries = [
        *material.readings,
        *(one.images for one in leaks),
        material.holdout[torch.from_numpy(measured)],
    ]
    steps = material.whitened.against(torch.cat(queries), people, control)
    found = yield from counted(steps, WHITENING, "images")
    ends = np.cumsum([len(part) for part in queries])
    parts = [found[end - len(part) : end] for end, part in zip(ends, queries, strict=True)]
    count = len(material.readings)
    synthetic = parts[0] if count == 1 else parts[0].rarer(parts[1])
    return Dressed(synthetic=synthetic, planted=tuple(parts[count:-1]), measuring=parts[-1])


def _apart(scores: Scores, material: Material, leaks: Sequence[Planted]) -> Found:
    """Cut the scores of one long search into those of its parts."""
    count = len(material.exported)
    first = scores[:count]
    start = count
    for _ in material.readings[1:]:
        first = first.greater(scores[start : start + count])
        start += count
    held = scores[start : start + len(material.holdout)]
    start += len(material.holdout)
    parts = []
    for one in leaks:
        parts.append(scores[start : start + len(one.images)])
        start += len(one.images)
    return Found(synthetic=first, holdout=held, planted=tuple(parts))


def _null(
    search: MarginSearch | ViewSearch,
    material: Material,
    images: Int64,
    seed: int,
    control: Control,
    shelf: Shelf | None,
) -> Generator[Event, None, npt.NDArray[np.float64]]:
    """Scores of the surrogates of these images (`surrogates`), `[m, 2 k]`; NaN rows for the others."""
    random = np.random.default_rng([seed, 2])
    count = min(policy.SURROGATES, len(material.calibration))
    patients = material.holdout[torch.from_numpy(random.permutation(material.calibration)[:count])]
    seeds = random.integers(2**62, size=len(material.exported))
    name = f"null of {type(search).__name__}"
    begun = (shelf.get(name) if shelf else None) or {}
    scores = begun.get("scores", np.full((len(material.exported), 2 * count), np.nan))
    for start in range(0, len(images), _AT_ONCE):
        chosen = images[start : start + _AT_ONCE]
        if not np.isnan(scores[chosen]).any():
            continue
        yield Progress(phase=NULL, done=start, total=len(images), unit="images")
        nobody = [
            _nobody(material.readings[-1][index], patients, int(seeds[index])) for index in chosen
        ]
        found = _silent(search.run(torch.cat(nobody), control))
        scores[chosen] = found.score.reshape(len(chosen), 2 * count)
        if shelf:
            shelf.offer(name, lambda: {"scores": scores})
    return scores


def _nobody(synthetic: Tensor, patients: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    worn = dressed(synthetic, patients)
    return torch.cat([worn, scrambled(synthetic, len(patients), generator)])


def _silent(steps: Generator[tuple[int, int], None, Scores]) -> Scores:
    """The scores of steps that are too small to be counted for the user; they ask for a stop themselves."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            scores: Scores = end.value
            return scores
