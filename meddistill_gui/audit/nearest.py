"""The nearest real images of each synthetic one, exactly: integer distances on the bytes that are exported (score C).

Distances in float32 of two identical images are not zero; these are. Bytes less 128 have products of at most 2**14, so 1,024 of them
add up in float32 without any rounding, in any order: a product of matrices in slices of that length is exact, at the speed of
float32, and the slices are added in float64.

Not every pair is compared pixel by pixel. Cut into blocks, x = its block means + the detail within the blocks, level by level; the parts are
orthogonal, so |x - s|^2 >= |difference of means|^2 + sum over levels (|detail of x| - |detail of s|)^2. What this bound, less all that float32 can have
rounded away, puts beyond the nearest ones that are known already is left out; the answer is that of the search through all pairs.
"""

import itertools
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.shelf import Arrays, Shelf
from meddistill_gui.core.control import Control

UINT8 = npt.NDArray[np.uint8]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_ROWS: Final = 256
_VALUES: Final = (
    2**22
)  # of a block: larger arrays are given back to the system each time, which takes longer than filling them
_GRID: Final = 56
_MIDDLE: Final = 128
_EXACT: Final = 1024  # products of bytes less 128 whose sum float32 still holds
_TOGETHER: Final = 25  # synthetic images that are compared with the same rows
_COPIED: Final = (
    14  # comparisons that take as long as copying a row out of its block (measured at 224 x 224)
)
_SLACK: Final = 0.5  # roots are rounded; distances are whole numbers
_BEYOND: Final = np.iinfo(np.int64).max


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
        images: uint8 `[N, C, S, S]`, may be a memory map; read once, in order.
        patients: int64 `[N]`, a number per patient, unknown ones with a number of their own.
        ids: int64 `[N]`, which settle ties and so make the result independent of the order of rows.
    """

    images: UINT8
    patients: Int64
    ids: Int64


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Images as exact products want them.

    Attributes:
        values: float32 `[n, D]`, bytes less 128.
        squares: float64 `[n]`, sum of their squares, a whole number.
    """

    values: Float32
    squares: Float64

    def __getitem__(self, rows: npt.NDArray[np.generic]) -> "Pixels":
        return Pixels(values=self.values[rows], squares=self.squares[rows])


@dataclass(frozen=True, kw_only=True)
class _Outline:
    """What the bound needs of some images.

    Attributes:
        means: float32 `[n, C * G * G]`, block means, times the block's side: their squares are the image's share.
        coarse: float64 `[n]`, sum of the squares of `means`.
        detail: float64 `[n, L]`, length of what each level adds to the one above it.
    """

    means: Float32
    coarse: Float64
    detail: Float64


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
    ours = centred(synthetic)
    shape = synthetic.shape[1:]
    outline = _outlined(ours, shape)
    groups = _alike(outline)
    found = _Found(len(synthetic), count, real, shelf.get("nearest") if shelf else None)
    step = max(1, min(_ROWS, _VALUES // max(1, math.prod(shape))))
    blocks = range(0, len(real.images), step)
    for number, start in enumerate(blocks):
        if start < found.searched:
            continue
        control.safe_point()
        block = np.asarray(real.images[start : start + step])
        theirs = centred(block)
        near = _bounds(outline, _outlined(theirs, shape)) <= found.enough[:, None]
        for group in groups:
            for images, rows, apart in _within(ours, theirs, group, near[group]):
                found.take(images, rows, apart, start)
        found.searched = start + len(block)
        if shelf:
            shelf.offer("nearest", found.arrays)
        yield number + 1, len(blocks)
    return found.nearest()


def distances(synthetic: UINT8, real: UINT8) -> Int64:
    """Squared distances between all pairs, exact: int64 `[m, N]` of uint8 `[m, C, S, S]` and `[N, C, S, S]`."""
    return exact_distances(centred(synthetic), centred(real))


class _Found:
    """The nearest patients met so far, for each of `images` images, nearest first; of equal distances the smaller id.

    Attributes:
        searched: Real images that were looked at.
    """

    def __init__(self, images: int, count: int, real: Gallery, kept: Arrays | None) -> None:
        self._real = real
        self._rows = np.full((images, count), -1, dtype=np.int64)
        self._distances = np.full((images, count), _BEYOND, dtype=np.int64)
        self.searched = 0
        if kept:
            self._rows = kept["rows"].astype(np.int64)
            self._distances = kept["distances"].astype(np.int64)
            self.searched = int(kept["searched"].sum())

    @property
    def enough(self) -> Int64:
        """Distance of the last one that still counts, int64 `[images]`; the greatest number while there are too few."""
        return self._distances[:, -1]

    def take(self, group: Int64, rows: Int64, apart: Int64, start: int) -> None:
        """Take in the distances `[group, rows]` between some images and rows of the block that begins at `start`."""
        hit, row = np.nonzero(apart <= self.enough[group][:, None])
        if not len(hit):
            return
        changed, image = np.unique(group[hit], return_inverse=True)
        old = np.nonzero(self._rows[changed] >= 0)
        self._merge(
            changed,
            np.concatenate([old[0], image]),
            np.concatenate([self._rows[changed][old], rows[row] + start]),
            np.concatenate([self._distances[changed][old], apart[hit, row]]),
        )

    def _merge(self, changed: Int64, image: Int64, row: Int64, distance: Int64) -> None:
        """Keep the first ones of parallel lists in which `image` counts within `changed`."""
        order = np.lexsort((self._real.ids[row], distance, image))
        image, row, distance = image[order], row[order], distance[order]
        patient = self._real.patients[row]
        person = np.unique(patient, return_inverse=True)[1]
        first = np.unique(image * (person.max() + 1) + person, return_index=True)[1]
        first.sort()
        image, row, distance = image[first], row[first], distance[first]
        place = np.arange(len(image)) - np.searchsorted(image, image)
        kept = place < self._rows.shape[1]
        at = changed[image[kept]], place[kept]
        self._rows[at], self._distances[at] = row[kept], distance[kept]

    def arrays(self) -> Arrays:
        searched = np.array([self.searched])
        return {"rows": self._rows, "distances": self._distances, "searched": searched}

    def nearest(self) -> Nearest:
        return Nearest(rows=self._rows, distances=self._distances)


def _alike(outline: _Outline) -> list[Int64]:
    """Images in groups that have about as much detail, which will have about the same rows near them."""
    order = np.argsort(outline.detail.sum(1), kind="stable")
    return [order[start : start + _TOGETHER] for start in range(0, len(order), _TOGETHER)]


def _within(
    ours: Pixels, theirs: Pixels, group: Int64, near: npt.NDArray[np.bool_]
) -> Iterator[tuple[Int64, Int64, Int64]]:
    """Distances of a group's images to the rows that are near them: images, rows, int64 `[images, rows]`; in the cheapest way.

    One large product with every row, one with the rows that are near to any of the group, or one for each image with its own: the fewer
    pairs, the more rows must be copied out of the block.
    """
    any_image, any_row = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
    everything = len(any_image) * near.shape[1]
    shared = len(any_row) * (len(any_image) + _COPIED)
    apart = int(near.sum()) * (1 + _COPIED)
    if apart < min(everything, shared):
        for one in any_image:
            rows = np.flatnonzero(near[one])
            yield group[[one]], rows, exact_distances(ours[group[[one]]], theirs[rows])
    elif shared < everything:
        yield group[any_image], any_row, exact_distances(ours[group[any_image]], theirs[any_row])
    elif everything:
        rows = np.arange(near.shape[1])
        yield group[any_image], rows, exact_distances(ours[group[any_image]], theirs)


def exact_distances(ours: Pixels, theirs: Pixels) -> Int64:
    """Squared distances of all pairs, exact."""
    products = np.zeros((len(ours.values), len(theirs.values)))
    for start in range(0, ours.values.shape[1], _EXACT):
        part = slice(start, start + _EXACT)
        products += ours.values[:, part] @ theirs.values[:, part].T
    apart = ours.squares[:, None] + theirs.squares[None] - 2.0 * products
    return np.asarray(apart, dtype=np.int64)


def centred(images: UINT8) -> Pixels:
    """Bring uint8 `[n, C, S, S]` to the form in which products are exact."""
    values = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    values -= np.float32(_MIDDLE)
    whole = values.shape[1] // _EXACT * _EXACT
    sliced = values[:, :whole].reshape(len(values), -1, _EXACT)
    squares = np.einsum("nsk,nsk->ns", sliced, sliced).sum(1, dtype=np.float64)
    rest = values[:, whole:]
    return Pixels(values=values, squares=squares + np.einsum("nk,nk->n", rest, rest))


def _bounds(ours: _Outline, theirs: _Outline) -> Float64:
    """A number that the squared distance never falls below, float64 `[m, n]`."""
    coarse = ours.coarse[:, None] + theirs.coarse[None] - 2.0 * (ours.means @ theirs.means.T)
    # the rounding of an inner product of n terms, in any order (Higham, Accuracy and Stability, 3.1), and that of the means
    terms = 2.0**-24 * (ours.means.shape[1] + 4)
    rounded = 2 * terms / (1 - terms) * np.sqrt(ours.coarse[:, None] * theirs.coarse[None])
    for own, other in zip(ours.detail.T, theirs.detail.T, strict=True):
        coarse += np.square(own[:, None] - other[None])
    return np.asarray(coarse - rounded - _SLACK, dtype=np.float64)


def _outlined(pixels: Pixels, shape: tuple[int, ...]) -> _Outline:
    """Sums over blocks are whole numbers below 2**24, so every level is exact; only lengths and `means` are rounded."""
    sides = _levels(shape[-1])
    over = -shape[-1] % sides[-1]
    sums = pixels.values.reshape(len(pixels.values), *shape)
    if over:  # with what is no difference between any two images
        sums = np.pad(sums, ((0, 0), (0, 0), (0, over), (0, over)))
    energy = [pixels.squares]
    for smaller, side in itertools.pairwise(sides):
        sums = _summed(sums, side // smaller)
        exact = sums.reshape(len(sums), -1).astype(np.float64)
        energy.append(np.einsum("nk,nk->n", exact, exact) / side**2)
    lost = -np.diff(np.stack(energy, 1), axis=1)
    return _Outline(
        means=sums.reshape(len(sums), -1) / np.float32(sides[-1]),
        coarse=energy[-1],
        detail=np.sqrt(np.maximum(lost, 0.0)),
    )


def _summed(images: Float32, side: int) -> Float32:
    """Sums over blocks of `side` x `side`."""
    for _ in range(2):  # rows first, then columns: slices of whole rows are the quick ones
        total = images[..., ::side, :]
        for start in range(1, side):
            total = total + images[..., start::side, :]
        images = np.ascontiguousarray(total.swapaxes(-1, -2))
    return images


def _levels(size: int) -> list[int]:
    """Sides of nested blocks, from single pixels up to about `_GRID` blocks across, e.g. 1, 2, 4."""
    side = max(1, size // _GRID)
    sides = [side]
    while side > 1:
        side = side // 2 if side % 2 == 0 else 1
        sides.append(side)
    return sides[::-1]
