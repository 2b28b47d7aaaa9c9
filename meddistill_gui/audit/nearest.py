"""The nearest real images of each synthetic one, exactly: integer distances on the bytes that are exported (score C).

Distances in float32 of two identical images are not zero; these are. Every product of two bytes and every sum of them
stays below 2**53, so a float64 matrix product of whole numbers is exact in any order.

Most pairs are never compared pixel by pixel. With the image cut into blocks, x = its block means + the rest, the two parts
are orthogonal, so |x - s|^2 >= |means|^2 + (|rest of x| - |rest of s|)^2. What this bound puts beyond the nearest ones that are
known already is left out; the answer is that of the search through all pairs.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.shelf import Arrays, Shelf
from meddistill_gui.core.control import Control

UINT8 = npt.NDArray[np.uint8]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_ROWS: Final = 1024
_GRID: Final = 28
_NONE: Final = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
_SLACK: Final = 0.5  # roots are rounded; distances are whole numbers


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest images of different patients, for each synthetic image.

    Attributes:
        rows: int64 `[m, k]`, rows of the real images, nearest first.
        distances: int64 `[m, k]`, squared distance, summed over pixels; 0 is a copy.
    """

    rows: Int64
    distances: Int64


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Real images that are searched.

    Attributes:
        images: uint8 `[N, C, S, S]`, may be a memory map; read twice, in order.
        patients: int64 `[N]`, a number per patient, unknown ones with a number of their own.
        ids: int64 `[N]`, which settle ties and so make the result independent of the order of rows.
    """

    images: UINT8
    patients: Int64
    ids: Int64


@dataclass(frozen=True, kw_only=True)
class _Outline:
    """What the bound needs of some images: sums over blocks, and the length of what these leave out.

    Attributes:
        sums: float64 `[n, C * G * G]`, whole numbers.
        rest: float64 `[n]`, times the block's side.
    """

    sums: Float64
    rest: Float64


def nearest_patients(
    synthetic: UINT8, real: Gallery, count: int, control: Control, shelf: Shelf | None = None
) -> Generator[tuple[int, int], None, Nearest]:
    """The nearest image of each of the `count` nearest patients, exact; yields (done, total) in blocks of rows.

    Args:
        synthetic: uint8 `[m, C, S, S]`.
        real: The images to search.
        count: Patients wanted; fewer come back where there are fewer.
        control: Asked before each block.
        shelf: Where an interrupted search goes on from; its key must name both sides.

    Raises:
        Stopped: The user asked to stop.
    """
    count = min(count, len(np.unique(real.patients)))
    blocks = range(0, len(real.images), _ROWS)
    outlines = []
    for number, start in enumerate(blocks):
        control.safe_point()
        outlines.append(_outlined(real.images[start : start + _ROWS]))
        yield number + 1, 2 * len(blocks)
    bounds = _bounds(_outlined(synthetic), outlines, _block_side(synthetic) ** 2)
    enough = _enough(synthetic, real, bounds, count)
    found = _Found(shelf.get("nearest") if shelf else None)
    for number, start in enumerate(blocks):
        if number < found.blocks:
            continue
        control.safe_point()
        near = bounds[:, start : start + _ROWS] <= enough[:, None]
        found.add(_within(synthetic, real.images[start : start + _ROWS], near, enough), start)
        if shelf:
            shelf.offer("nearest", found.arrays)
        yield len(blocks) + number + 1, 2 * len(blocks)
    return found.nearest(len(synthetic), real, count)


def distances(synthetic: UINT8, real: UINT8) -> Int64:
    """Squared distances between all pairs, exact: int64 `[m, N]` of uint8 `[m, C, S, S]` and `[N, C, S, S]`."""
    ours, theirs = _flat(synthetic), _flat(real)
    own, others = np.square(ours).sum(1)[:, None], np.square(theirs).sum(1)[None]
    return np.asarray(own + others - 2.0 * (ours @ theirs.T), dtype=np.int64)


class _Found:
    """Pairs that are near enough, as parallel lists; `blocks` says how far the search came."""

    def __init__(self, kept: Arrays | None) -> None:
        self._parts = [_NONE]
        self.blocks = 0
        if kept:
            image, row, distance = (
                kept[name].astype(np.int64) for name in ("image", "row", "distance")
            )
            self._parts.append((image, row, distance))
            self.blocks = int(kept["blocks"].sum())

    def add(self, near: tuple[Int64, Int64, Int64], start: int) -> None:
        image, row, distance = near
        self._parts.append((image, row + start, distance))
        self.blocks += 1

    def arrays(self) -> Arrays:
        image, row, distance = _together(self._parts)
        blocks = np.array([self.blocks])
        return {"image": image, "row": row, "distance": distance, "blocks": blocks}

    def nearest(self, images: int, real: Gallery, count: int) -> Nearest:
        """For each image the nearest row of each of the nearest patients; of equal distances the smaller id."""
        image, row, distance = _together(self._parts)
        order = np.lexsort((real.ids[row], distance, image))
        image, row, distance = image[order], row[order], distance[order]
        rows = np.empty((images, count), dtype=np.int64)
        apart = np.empty((images, count), dtype=np.int64)
        for index in range(images):
            first, last = np.searchsorted(image, [index, index + 1])
            _, met = np.unique(real.patients[row[first:last]], return_index=True)
            chosen = first + np.sort(met)[:count]
            rows[index], apart[index] = row[chosen], distance[chosen]
        return Nearest(rows=rows, distances=apart)


def _within(
    synthetic: UINT8, block: UINT8, near: npt.NDArray[np.bool_], enough: Int64
) -> tuple[Int64, Int64, Int64]:
    """Pairs (image, row, distance) of a block that are at most `enough` apart, of those that may be."""
    ours, theirs = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
    groups = [(ours, theirs)]
    if 2 * near.sum() < len(ours) * len(theirs):  # few of many: one large product would be waste
        groups = [(np.array([index]), np.flatnonzero(near[index])) for index in ours]
    parts = [_NONE]
    for images, rows in groups:
        apart = distances(synthetic[images], block[rows])
        image, row = np.nonzero(apart <= enough[images][:, None])
        parts.append((images[image], rows[row], apart[image, row]))
    return _together(parts)


def _together(parts: Sequence[tuple[Int64, Int64, Int64]]) -> tuple[Int64, Int64, Int64]:
    image, row, distance = (np.concatenate(one) for one in zip(*parts, strict=True))
    return image, row, distance


def _enough(synthetic: UINT8, real: Gallery, bounds: Float64, count: int) -> Int64:
    """A distance that certainly reaches `count` patients, int64 `[m]`: that of those whose bounds are smallest."""
    enough = np.empty(len(synthetic), dtype=np.int64)
    for index, row in enumerate(bounds):
        chosen = _first_of_patients(row, real.patients, count)
        enough[index] = distances(synthetic[index : index + 1], real.images[chosen]).max()
    return enough


def _first_of_patients(bounds: Float64, patients: Int64, count: int) -> Int64:
    """Rows of the smallest bounds, one for each of `count` patients, in the order of rows."""
    taken = min(4 * count, len(bounds))
    while True:
        few = np.argpartition(bounds, taken - 1)[:taken]
        few = few[np.argsort(bounds[few], kind="stable")]
        _, met = np.unique(patients[few], return_index=True)
        if len(met) >= count or taken == len(bounds):
            return np.sort(few[np.sort(met)[:count]])
        taken = min(4 * taken, len(bounds))


def _bounds(ours: _Outline, theirs: list[_Outline], area: int) -> Float64:
    """A number that the squared distance never falls below, float64 `[m, N]`."""
    return np.concatenate(list(_blocks_of_bounds(ours, theirs, area)), axis=1)


def _blocks_of_bounds(ours: _Outline, theirs: list[_Outline], area: int) -> Iterator[Float64]:
    own = np.square(ours.sums).sum(1)[:, None]
    for other in theirs:
        coarse = own + np.square(other.sums).sum(1)[None] - 2.0 * (ours.sums @ other.sums.T)
        fine = np.square(ours.rest[:, None] - other.rest[None])
        yield (coarse + fine) / area - _SLACK


def _outlined(images: UINT8) -> _Outline:
    side = _block_side(images)
    size = images.shape[-1]
    over = -size % side
    padded = np.pad(images, ((0, 0), (0, 0), (0, over), (0, over)))
    grid = padded.shape[-1] // side
    cut = padded.reshape(len(images), images.shape[1], grid, side, grid, side)
    sums = cut.sum(axis=(3, 5), dtype=np.int64).reshape(len(images), -1).astype(np.float64)
    whole = np.square(_flat(images)).sum(1) * side**2
    return _Outline(sums=sums, rest=np.sqrt(whole - np.square(sums).sum(1)))


def _block_side(images: UINT8) -> int:
    return max(1, int(images.shape[-1]) // _GRID)


def _flat(images: UINT8) -> Float64:
    return np.asarray(images, dtype=np.float64).reshape(len(images), math.prod(images.shape[1:]))
