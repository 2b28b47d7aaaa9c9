"""The copy search (M1): is a synthetic image closer to one training patient than a new patient's image ever is?

Score A, aligned margin: how far the nearest patient stands out from the next fifty. Finds a patient hidden under noise or
under the texture that distillation leaves. Score B, searched similarity: the greatest similarity over many views, also
inverted and with ranks for values. Finds mirrored, cropped, shifted, turned, re-windowed and inverted copies.
Neither suffices alone (`docs/anonymity.md` has the table).
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.descriptors import (
    Descriptor,
    averaged,
    equalised,
    fitted,
    reduced,
    standardised,
)
from meddistill_gui.audit.shelf import Arrays, Shelf
from meddistill_gui.audit.views import VIEWS, View
from meddistill_gui.core.control import Control

_ROWS: Final = 2048
_REFERENCES: Final = 1024
_NOTHING: Final = 1e-6
_INVERTED_BAND: Final = 1.0
_MARGIN: Final = "margin"
_VIEWS: Final = "upright views"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One score for each image that was searched for.

    Attributes:
        score: float64 `[Q]`; greater is more suspicious.
        source: int64 `[Q]`, row of the training image that is nearest under this score; -1 where nothing is.
        similarity: float64 `[Q]`, ρ of that pair.
        how: int64 `[Q]`, score A: index into `policy.BANDS`; score B: index into `VIEWS`, plus their number where
            the image was inverted.
    """

    score: npt.NDArray[np.float64]
    source: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    how: npt.NDArray[np.int64]

    def __getitem__(self, rows: slice) -> "Scores":
        return Scores(
            score=self.score[rows],
            source=self.source[rows],
            similarity=self.similarity[rows],
            how=self.how[rows],
        )

    def greater(self, other: "Scores") -> "Scores":
        """For each image whichever of the two scores is greater."""
        return self.where(self.score >= other.score, other)

    def where(self, mine: npt.NDArray[np.bool_], other: "Scores") -> "Scores":
        """For each image this score or the other."""
        return Scores(
            score=np.where(mine, self.score, other.score),
            source=np.where(mine, self.source, other.source),
            similarity=np.where(mine, self.similarity, other.similarity),
            how=np.where(mine, self.how, other.how),
        )


def aligned(
    queries: Tensor, training: Tensor, control: Control
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Greatest similarity ρ at full sharpness, nothing moved, and the training image it is reached with.

    Args:
        queries: float32 `[Q, C, S, S]`.
        training: float32 `[N, C, S, S]`.
        control: Asked after each block.

    Returns:
        float64 `[Q]`, int64 `[Q]`.
    """
    descriptor, references = fitted(
        reduced(training, policy.MARGIN_SIDE), 0.0, policy.MARGIN_SIDE, ranked=False
    )
    similarity = np.empty(len(queries))
    rows = np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), _ROWS):
        control.safe_point()
        block = descriptor(reduced(queries[start : start + _ROWS], policy.MARGIN_SIDE))
        top = (block @ references.T).max(1)
        similarity[start : start + len(block)] = top.values.numpy()
        rows[start : start + len(block)] = top.indices.numpy()
    return similarity, rows


def pair_similarities(queries: Tensor, others: Tensor, training: Tensor) -> npt.NDArray[np.float64]:
    """Similarity ρ of given pairs, the greatest over the bands, nothing moved.

    Args:
        queries: float32 `[m, C, S, S]`.
        others: float32 `[m, k, C, S, S]`.
        training: float32 `[N, C, S, S]`, whose mean is taken away.

    Returns:
        float64 `[m, k]`.
    """
    count, each = others.shape[:2]
    best = np.full((count, each), -1.0)
    for band in policy.BANDS:
        descriptor, _ = fitted(training, band, policy.MARGIN_SIDE, ranked=False)
        ours = descriptor(queries)[:, None]
        theirs = descriptor(others.flatten(0, 1)).view(count, each, -1)
        best = np.maximum(best, (ours * theirs).sum(2).double().numpy())
    return best


class MarginSearch:
    """Score A against fixed training images, which are looked at in blocks of whole patients.

    Args:
        training: float32 `[N, C, S, S]`.
        patients: int64 `[N]`, a number per patient, each image of an unknown patient with one of its own.
    """

    def __init__(self, training: Tensor, patients: npt.NDArray[np.int64]) -> None:
        self._training = reduced(training, policy.MARGIN_SIDE)
        self._order = np.argsort(patients, kind="stable")
        numbers = patients[self._order]
        self._starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
        self._descriptors = [
            averaged(self._training, band, policy.MARGIN_SIDE, ranked=False)
            for band in policy.BANDS
        ]

    def run(
        self, queries: Tensor, control: Control, shelf: Shelf | None = None
    ) -> Generator[tuple[int, int], None, Scores]:
        """Score every query; yields (done, total) after each block of training images and returns `Scores`.

        Args:
            queries: float32 `[Q, C, S, S]`.
            control: Asked after each block.
            shelf: Where an interrupted search goes on from.

        Raises:
            Stopped: The user asked to stop.
        """
        begun = shelf.get(_MARGIN) if shelf else None
        parts = [Scores(**begun)] if begun else []  # type: ignore[arg-type]  # as `arrays` wrote them
        total = len(queries)
        blocks = list(self._blocks())
        for start in range(len(parts[0].score) if parts else 0, total, _ROWS):
            wanted = queries[start : start + _ROWS]
            nearest = self._nobody_yet(wanted)
            for number, block in enumerate(blocks):
                control.safe_point()
                self._look(nearest, block)
                yield start + len(wanted) * (number + 1) // len(blocks), total
            parts.append(_best_band(nearest))
            if shelf:
                shelf.offer(_MARGIN, lambda: vars(joined(parts)))
        return joined(parts)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """First and last patient of each block, counted in the order of patients."""
        first = 0
        ends = np.r_[self._starts[1:], len(self._order)]
        while first < len(ends):
            last = int(np.searchsorted(ends, self._starts[first] + _REFERENCES, side="right"))
            last = max(first + 1, last)
            yield first, last
            first = last

    def _nobody_yet(self, queries: Tensor) -> list["_Nearest"]:
        prepared = standardised(reduced(queries, policy.MARGIN_SIDE))
        count = min(policy.MARGIN_NEIGHBOURS + 1, len(self._starts))
        return [_Nearest(descriptor.of(prepared), count) for descriptor in self._descriptors]

    def _look(self, nearest: list["_Nearest"], block: tuple[int, int]) -> None:
        """Take in the patients of one block."""
        starts = self._starts[block[0] : block[1]]
        end = self._starts[block[1]] if block[1] < len(self._starts) else len(self._order)
        rows = torch.from_numpy(self._order[starts[0] : end])
        prepared = standardised(self._training[rows])
        for band, descriptor in zip(nearest, self._descriptors, strict=True):
            band.take(descriptor.of(prepared), rows, starts - starts[0])


class _Nearest:
    """The patients most alike each query in one band, among those that were looked at.

    Attributes:
        top: float32 `[Q, k]`, the greatest similarities, of different patients, in order.
        source: int64 `[Q]`, the training image of the first one.
    """

    def __init__(self, wanted: Tensor, count: int) -> None:
        self._wanted = wanted
        self.top = wanted.new_full((len(wanted), count), -torch.inf)
        self.source = torch.full((len(wanted),), -1, dtype=torch.int64, device=wanted.device)

    def take(self, references: Tensor, rows: Tensor, starts: npt.NDArray[np.int64]) -> None:
        """Take in training images `rows` with these unit vectors, a patient's together; `starts` says where each begins."""
        similarity = self._wanted @ references.T
        first = similarity.max(1)
        better = first.values > self.top[:, 0]
        self.source[better] = rows.to(self.source.device)[first.indices[better]]
        if len(starts) < len(rows):
            people = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
            at = torch.from_numpy(people).to(similarity.device).expand_as(similarity)
            similarity = similarity.new_full((len(similarity), len(starts)), -torch.inf).scatter_reduce(
                1, at, similarity, "amax"
            )  # fmt: skip
        count = self.top.shape[1]
        few = similarity.topk(min(count, similarity.shape[1]), dim=1).values
        self.top = torch.cat([self.top, few], 1).topk(count, dim=1).values

    def margins(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """A of each query, and the training image that is nearest; 0 and -1 where nothing stands out."""
        top = self.top.double().cpu().numpy()
        rest = top[:, 1:]
        if rest.shape[1] < 2:
            return np.zeros(len(top)), np.full(len(top), -1, dtype=np.int64)
        spread = rest.std(1, ddof=1)
        told = spread > 1e-7
        margin = np.where(told, (top[:, 0] - rest.mean(1)) / np.where(told, spread, 1.0), 0.0)
        return margin, np.where(told, self.source.cpu().numpy(), -1)


def _best_band(nearest: list[_Nearest]) -> Scores:
    """Of each query the band in which its patient stands out most."""
    scores = []
    for index, band in enumerate(nearest):
        margin, source = band.margins()
        similarity = band.top[:, 0].double().cpu().numpy()
        how = np.full(len(margin), index, dtype=np.int64)
        scores.append(Scores(score=margin, source=source, similarity=similarity, how=how))
    best = scores[0]
    for other in scores[1:]:
        best = best.greater(other)
    return best


class ViewSearch:
    """Score B against fixed training images.

    Args:
        training: float32 `[N, C, S, S]`.
    """

    def __init__(self, training: Tensor) -> None:
        self._training = reduced(training, policy.SEARCH_SIDES[0])
        self._channels = [
            averaged(self._training, band, side, ranked=ranked)
            for ranked in (False, True)
            for band, side in zip(policy.BANDS, policy.SEARCH_SIDES, strict=True)
        ]

    def run(
        self, queries: Tensor, control: Control, shelf: Shelf | None = None
    ) -> Generator[tuple[int, int], None, Scores]:
        """Score every query; yields (done, total) after each view of each block and returns `Scores`.

        The views are those of the training images: enlarging one of them invents nothing, where shrinking a cropped
        query would have to invent its border. Only mirroring, which invents nothing either, is done to the queries: each other
        view of the archive is made once and serves twice.

        Args:
            queries: float32 `[Q, C, S, S]`.
            control: Asked after each view of each block.
            shelf: Where an interrupted search goes on from.

        Raises:
            Stopped: The user asked to stop.
        """
        best = _Best(len(queries), queries.device, shelf.get(_VIEWS) if shelf else None)
        rows = self._query_rows(reduced(queries, policy.SEARCH_SIDES[0]))
        steps = list(product(range(0, len(self._training), _REFERENCES), _uprights().items()))
        for start, (view, both) in steps[best.steps :]:
            control.safe_point()
            seen = view.apply(self._training[start : start + _REFERENCES])
            prepared = {False: standardised(seen), True: equalised(seen)}
            for channel, wanted in zip(self._channels, rows, strict=True):
                made = channel.rows(prepared[channel.ranked])
                for index in both:
                    turn = _mirrored(channel, seen) if VIEWS[index].mirrored else slice(None)
                    references = channel.beside(made, channel.mean[turn])
                    best.raise_by(wanted[:, turn] @ references.T, start, index)
            best.steps += 1
            if shelf:
                shelf.offer(_VIEWS, best.arrays)
            yield best.steps, len(steps)
        return best.scores()

    def _query_rows(self, queries: Tensor) -> list[Tensor]:
        """Rows of each channel; in the middle band those of the inverted queries follow, `[2 Q, D]`."""
        return [
            torch.cat([channel(queries), channel(-queries)])
            if channel.band == _INVERTED_BAND
            else channel(queries)
            for channel in self._channels
        ]


def _uprights() -> dict[View, list[int]]:
    """The views without their mirror images, each with the places in `VIEWS` of both."""
    found: dict[View, list[int]] = {}
    for index, view in enumerate(VIEWS):
        found.setdefault(view.upright(), []).append(index)
    return found


def _mirrored(channel: Descriptor, images: Tensor) -> Tensor:
    """Places in a row of the channel, in the order in which they stand when left and right have changed places."""
    side = min(channel.side, images.shape[-1])
    places = torch.arange(len(channel.mean), device=images.device)
    return places.view(-1, side).flip(1).flatten()


class _Best:
    """The greatest similarity met so far by each of `count` queries, and where; `steps` says how far the search came."""

    def __init__(self, count: int, device: torch.device, begun: Arrays | None) -> None:
        self._count = count
        self._score = torch.full((count,), _NOTHING, device=device)
        self._source = torch.full((count,), -1, dtype=torch.int64, device=device)
        self._how = torch.zeros(count, dtype=torch.int64, device=device)
        self.steps = 0
        if begun:
            self._score, self._source, self._how = (
                torch.from_numpy(begun[name]).to(device) for name in ("score", "source", "how")
            )
            self.steps = int(begun["steps"][0])

    def arrays(self) -> Arrays:
        """All that is needed to go on."""
        return {
            "score": self._score.cpu().numpy(),
            "source": self._source.cpu().numpy(),
            "how": self._how.cpu().numpy(),
            "steps": np.array([self.steps]),
        }

    def raise_by(self, similarity: Tensor, start: int, how: int) -> None:
        """Take in similarities `[Q or 2 Q, references from start on]` that were met in view `how`."""
        for inverted, half in enumerate(torch.split(similarity, self._count)):
            top = half.amax(1)
            better = top > self._score
            if better.any():
                self._score[better] = top[better]
                self._source[better] = half[better].argmax(1) + start
                self._how[better] = how + inverted * len(VIEWS)

    def scores(self) -> Scores:
        score = self._score.double().cpu().numpy()
        return Scores(
            score=score,
            source=self._source.cpu().numpy(),
            similarity=score,
            how=self._how.cpu().numpy(),
        )


def joined(parts: list[Scores]) -> Scores:
    """Scores of blocks of images, one after the other."""
    return Scores(
        score=np.concatenate([part.score for part in parts]),
        source=np.concatenate([part.source for part in parts]),
        similarity=np.concatenate([part.similarity for part in parts]),
        how=np.concatenate([part.how for part in parts]),
    )
