"""Copies: images that show the same picture, byte for byte or nearly, wherever they stand.

A copy in another patient's name means that the patients are not told apart; one in another part of the split makes figures too good;
one with another class teaches nothing. Near copies are re-encoded, re-scaled or re-windowed ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.recording import record_copies

PHASE: Final = "comparing images"

SIMILAR: Final = 0.99
"""Correlation of two squares from which they count as near copies.

On 15,103 public radiographs at 32 x 32 the nearest other image correlates at most 0.96 for nine in ten; every pair looked at from 0.99 on was the
same radiograph twice (`python -m benchmarks.copies SOURCE`).
"""

_SIEVE: Final = 0.98  # at a quarter of the pixels; what passes is compared in full
_SIEVE_SIDE: Final = 16
_BLOCK: Final = 512

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class CopyPair:
    """Two images of one picture.

    Attributes:
        image: Catalogue id, the smaller one.
        other: Catalogue id.
        similarity: Correlation of the two squares; 1 for equal pixels.
        compared: Whether the decoded images were compared; else only a sample of the stored pixels was, by the scan.
        exact: Whether the decoded pixels (or the samples) are equal, at full size.
        same_class: Whether both have one class.
        same_patient: Whether both are one patient's; None where a patient is unknown.
        same_role: Whether both stand in one part of the split.
    """

    image: int
    other: int
    similarity: float
    compared: bool
    exact: bool
    same_class: bool
    same_patient: bool | None
    same_role: bool


def find_copies(
    catalogue: Catalogue, ids: Sequence[int], stored: npt.NDArray[np.uint8], control: Control
) -> Iterator[Event]:
    """Compare every image with every other one and write down the copies.

    Args:
        catalogue: Where the pairs are kept.
        ids: Catalogue ids of the images.
        stored: uint8 `[N, C, S, S]`.
        control: Asked to stop between blocks.

    Yields:
        `Progress` of the phase "comparing images"; `Warned` for copies in two parts of the split and for copies with two classes.
    """
    found: list[tuple[int, int, float]] = []
    for done, pairs in _similar_pairs(stored):
        control.safe_point()
        found += [(min(ids[i], ids[j]), max(ids[i], ids[j]), value) for i, j, value in pairs]
        yield Progress(phase=PHASE, done=done, total=len(ids), unit="images")
    record_copies(catalogue, found)
    yield from _warnings(list_copies(catalogue))


_COLUMNS: Final = """
    a.pixels = b.pixels, la.class = lb.class, a.patient = b.patient, ifnull(ra.role, '') = ifnull(rb.role, '')
"""
_BESIDE: Final = """
LEFT JOIN label la ON la.image = a.id LEFT JOIN label lb ON lb.image = b.id
LEFT JOIN role ra ON ra.image = a.id LEFT JOIN role rb ON rb.image = b.id
"""
_PAIRS: Final = f"""
SELECT copy.image, copy.other, copy.similarity, 1, {_COLUMNS}
FROM copy JOIN image a ON a.id = copy.image JOIN image b ON b.id = copy.other {_BESIDE}
UNION ALL
SELECT a.id, b.id, 1.0, 0, {_COLUMNS}
FROM (SELECT min(id) AS first, fingerprint, frame FROM image GROUP BY fingerprint, frame HAVING count(*) > 1) AS same
JOIN image a ON a.id = same.first
JOIN image b ON b.fingerprint = same.fingerprint AND b.frame = same.frame AND b.id != a.id {_BESIDE}
WHERE NOT EXISTS (SELECT 1 FROM copy WHERE copy.image = a.id AND copy.other = b.id)
ORDER BY 8, 6, 7, 3 DESC, 1, 2
"""  # noqa: S608 - constants of ours


def list_copies(catalogue: Catalogue) -> list[CopyPair]:
    """The copies that are known, most telling first.

    Those that were found when the images were last read, and images whose stored pixels agree in size and in the sample that the scan
    looked at (each with the first of its kind).
    """
    return [
        CopyPair(
            image=image,
            other=other,
            similarity=similarity,
            compared=bool(compared),
            exact=bool(exact) if compared else True,
            same_class=bool(same_class),
            same_patient=None if same_patient is None else bool(same_patient),
            same_role=bool(same_role),
        )
        for image, other, similarity, compared, exact, same_class, same_patient, same_role in catalogue.connection.execute(
            _PAIRS
        )
    ]


def _similar_pairs(
    stored: npt.NDArray[np.uint8],
) -> Iterator[tuple[int, list[tuple[int, int, float]]]]:
    """Pairs of rows that are near copies, block by block, with the number of rows done."""
    small = _unit_rows(_reduced(stored))
    for start in range(0, len(small), _BLOCK):
        block = small[start : start + _BLOCK] @ small[start:].T
        near, far = np.nonzero(np.triu(block >= _SIEVE, k=1))
        pairs = [(start + int(i), start + int(j)) for i, j in zip(near, far, strict=True)]
        exact = [(i, j, _correlation(stored[i], stored[j])) for i, j in pairs]
        yield min(start + _BLOCK, len(small)), [pair for pair in exact if pair[2] >= SIMILAR]


def _reduced(stored: npt.NDArray[np.uint8]) -> Rows:
    """Grey, averaged down to about 16 x 16: `[N, P]`."""
    side = stored.shape[-1]
    step = max(1, side // _SIEVE_SIDE)
    kept = side // step * step
    rows = np.empty((len(stored), (kept // step) ** 2), dtype=np.float32)
    for start in range(0, len(stored), _BLOCK):
        grey = stored[start : start + _BLOCK, :, :kept, :kept].mean(axis=1, dtype=np.float32)
        pooled = grey.reshape(len(grey), kept // step, step, kept // step, step).mean((2, 4))
        rows[start : start + _BLOCK] = pooled.reshape(len(grey), -1)
    return rows


def _unit_rows(rows: Rows) -> Rows:
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6), dtype=np.float32)


def _correlation(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> float:
    """Correlation in float64; equal images give exactly 1."""
    if np.array_equal(first, second):
        return 1.0
    a, b = (one.astype(np.float64).ravel() - one.mean() for one in (first, second))
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-12))


def _warnings(pairs: Sequence[CopyPair]) -> Iterator[Warned]:
    if torn := sum(not pair.same_role for pair in pairs):
        yield Warned(
            code="copies-across-parts",
            message=f"Pairs of almost equal images that stand in two parts of the split: {torn:,}. Where both show one picture, figures are too good.",
            remedy="Look at the list of copies; remove one of each pair, or name the patients.",
        )
    if wrong := sum(pair.exact and not pair.same_class for pair in pairs):
        yield Warned(
            code="contradicting-labels",
            message=f"Pairs of equal images with two different classes: {wrong:,}.",
            remedy="Look at the list of copies and correct the classes.",
        )
