"""Score D, whitened similarity, against patients who were never used and wear the image's own texture.

Most of what two radiographs share is what all share: where the lungs lie, how wide the chest is. Principal components scaled to equal
size (whitening) take this away and leave what tells patients apart, so that half a patient in a blend still stands out, and
neither noise nor an average resembles anybody. Texture hides the finer components, so a score only means something beside those
of new patients under the same texture (`surrogates.dressed`): this is what it is compared with, for each image anew.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import Scores, joined
from meddistill_gui.audit.descriptors import low_passed, reduced, standardised
from meddistill_gui.audit.statistics import Float64
from meddistill_gui.core.control import Control

_BAND: Final = 1.0
_REFERENCES: Final = 4096
_ROWS: Final = 2048
_FLAT: Final = 1e-6
_IMAGES_PER_COMPONENT: Final = 4
_FEWEST: Final = 8
_DRAWN: Final = 1000  # training images that say how alike patients are
_FAR: Final = 0.99
_TOLD_BY: Final = 64  # components from which a great similarity means the same film

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Against:
    """Score D of some images, and what nobody reaches in their texture.

    Attributes:
        scores: Of the images.
        p: float64 `[Q]`, share of new patients in each image's texture (itself among them) that score at least as high.
        nobody: float64 `[Q, n]`, their scores.
    """

    scores: Scores
    p: Float64
    nobody: Float64

    def __getitem__(self, rows: slice) -> "Against":
        return Against(scores=self.scores[rows], p=self.p[rows], nobody=self.nobody[rows])

    def rarer(self, other: "Against") -> "Against":
        """For each image whichever has the smaller share; where both have the same, the greater score."""
        mine = (self.p < other.p) | (
            (self.p == other.p) & (self.scores.score >= other.scores.score)
        )
        return Against(
            scores=self.scores.where(mine, other.scores),
            p=np.where(mine, self.p, other.p),
            nobody=np.where(mine[:, None], self.nobody, other.nobody),
        )

    @property
    def flags(self) -> npt.NDArray[np.bool_]:
        """Whether nobody scores as high, bool `[Q]`."""
        return np.asarray((self.nobody < self.scores.score[:, None]).all(1), dtype=np.bool_)


@dataclass(frozen=True, kw_only=True)
class _Depth:
    """One number of components.

    Attributes:
        whitening: float32 `[D, k]`.
        mean: float32 `[D]`, the mean training image.
        references: float32 `[N, k]`, unit vectors of the training images.
        usual: Median similarity of a training image to the nearest other patient.
        far: 99th percentile of the same, above the median.
    """

    whitening: Tensor
    mean: Tensor
    references: Tensor
    usual: float
    far: float

    def similarity(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Greatest cosine and its training row, for float32 `[Q, D]` (`flattened`)."""
        wanted = F.normalize((unit(rows) - self.mean) @ self.whitening, dim=1, eps=_FLAT)
        best = torch.full((len(rows),), -1.0)
        source = torch.zeros(len(rows), dtype=torch.int64)
        for start in range(0, len(self.references), _REFERENCES):
            top = (wanted @ self.references[start : start + _REFERENCES].T).max(1)
            better = top.values > best
            best[better] = top.values[better]
            source[better] = top.indices[better] + start
        return best, source


class WhitenedSearch:
    """Score D against fixed training images.

    Args:
        training: float32 `[N, C, S, S]`; fewer than 32 images cannot be whitened, and every score is 0.
        patients: int64 `[N]`, a number per patient.
    """

    def __init__(self, training: Tensor, patients: Int64) -> None:
        rows = unit(flattened(standardised(training)))
        mean = rows.mean(0)
        centred = (rows - mean).double()
        sizes, components = torch.linalg.eigh(centred.T @ centred / len(rows))
        most = len(rows) // _IMAGES_PER_COMPONENT
        counts = {min(count, most) for count in policy.COMPONENTS} if most >= _FEWEST else set()
        self._depths = [
            _depth(
                rows,
                mean,
                (components[:, -count:] * sizes[-count:].clamp_min(_FLAT).rsqrt()).float(),
                patients,
            )
            for count in sorted(counts)
        ]

    def run(self, queries: Tensor, control: Control) -> Scores:
        """Score D of each image; `how` is the depth, from 0.

        Args:
            queries: float32 `[Q, C, S, S]`.
            control: Asked between blocks.

        Raises:
            Stopped: The user asked to stop.
        """
        parts = []
        for start in range(0, len(queries), _ROWS):
            control.safe_point()
            parts.append(self._scores(flattened(standardised(queries[start : start + _ROWS]))))
        return joined(parts)

    def against(
        self, queries: Tensor, holdout: Tensor, control: Control
    ) -> Generator[tuple[int, int], None, Against]:
        """Score D, and that of every hold-out image in the texture of each query; yields (done, total).

        Everything before the whitening is linear but for one number, the contrast, so no surrogate is ever drawn: two vectors are added.

        Args:
            queries: float32 `[Q, C, S, S]`.
            holdout: float32 `[n, C, S, S]`.
            control: Asked between blocks.

        Raises:
            Stopped: The user asked to stop.
        """
        scores = self.run(queries, control)
        people = flattened(low_passed(holdout, _BAND))
        texture = flattened(queries - low_passed(queries, _BAND))
        nobody = np.zeros((len(queries), len(holdout)))
        step = max(1, _ROWS // max(1, len(holdout)))
        for start in range(0, len(queries), step):
            worn = texture[start : start + step]
            control.safe_point()
            found = self._scores((worn[:, None] + people[None]).flatten(0, 1))
            nobody[start : start + len(worn)] = found.score.reshape(len(worn), -1)
            yield min(start + step, len(queries)), len(queries)
        at_least = (nobody >= scores.score[:, None]).sum(1)
        return Against(scores=scores, p=(1 + at_least) / (1 + len(holdout)), nobody=nobody)

    def same_film(self, images: Tensor, control: Control) -> tuple[npt.NDArray[np.bool_], Int64]:
        """Which images are so like a training image, in many components, that it must be the same film; and its row.

        Args:
            images: float32 `[Q, C, S, S]`.
            control: Asked between blocks.

        Raises:
            Stopped: The user asked to stop.
        """
        deep = [depth for depth in self._depths if depth.whitening.shape[1] >= _TOLD_BY]
        if not deep:
            return np.zeros(len(images), dtype=np.bool_), np.zeros(len(images), dtype=np.int64)
        control.safe_point()
        best, source = deep[-1].similarity(flattened(standardised(images)))
        return np.asarray(best.numpy() >= policy.SAME_FILM, dtype=np.bool_), source.numpy()

    def _scores(self, rows: Tensor) -> Scores:
        """Of float32 `[Q, D]` rows whose contrast is not taken away yet."""
        best = Scores(
            score=np.zeros(len(rows)),
            source=np.full(len(rows), -1, dtype=np.int64),
            similarity=np.zeros(len(rows)),
            how=np.zeros(len(rows), dtype=np.int64),
        )
        told = (rows.abs().amax(1) > _FLAT).numpy()
        for number, depth in enumerate(self._depths):
            similarity, source = depth.similarity(rows)
            score = (similarity.double().numpy() - depth.usual) / depth.far
            better = told & ((best.source < 0) | (score > best.score))
            best.score[better] = score[better]
            best.source[better] = source.numpy()[better]
            best.similarity[better] = similarity.double().numpy()[better]
            best.how[better] = number
        return best


def flattened(images: Tensor) -> Tensor:
    """Low-passed, of the side that is compared, without their mean: float32 `[N, D]`, linear in the images."""
    rows = reduced(low_passed(images, _BAND), policy.SEARCH_SIDES[0]).flatten(1)
    return rows - rows.mean(1, keepdim=True)


def unit(rows: Tensor) -> Tensor:
    """Rows of `flattened` with a standard deviation of 1; a flat one stays as it is."""
    deviation = rows.square().mean(1, keepdim=True).sqrt()
    return rows / deviation.masked_fill(deviation <= _FLAT, 1.0)


def _depth(rows: Tensor, mean: Tensor, whitening: Tensor, patients: Int64) -> _Depth:
    """What a number of components makes of the training images, and how alike two of their patients are."""
    depth = _Depth(
        whitening=whitening,
        mean=mean,
        references=F.normalize((rows - mean) @ whitening, dim=1, eps=_FLAT),
        usual=0.0,
        far=1.0,
    )
    drawn = np.random.default_rng(0).permutation(len(rows))[:_DRAWN]
    among = depth.references[torch.from_numpy(drawn)] @ depth.references.T
    among[torch.from_numpy(patients[drawn, None] == patients[None])] = -1.0
    nearest = among.amax(1).double().numpy()
    usual = float(np.median(nearest))
    far = float(np.quantile(nearest, _FAR)) - usual
    return replace(depth, usual=usual, far=max(far, _FLAT))
