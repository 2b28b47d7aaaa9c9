"""The nearest real images of each synthetic one, exactly: integer distances on the bytes that are exported (score C).

Distances in float32 of two identical images are not zero; these are. Every product of two bytes and every sum of them
stays below 2**53, so a float64 matrix product of whole numbers is exact in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.control import Control

_ROWS = 4096


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest images of different patients, for each synthetic image.

    Attributes:
        rows: int64 `[m, k]`, rows of the real images, nearest first.
        distances: int64 `[m, k]`, squared distance, summed over pixels; 0 is a copy.
    """

    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.int64]


def distances(
    synthetic: npt.NDArray[np.uint8], real: npt.NDArray[np.uint8], control: Control
) -> npt.NDArray[np.int64]:
    """Squared distances between all pairs, exact.

    Args:
        synthetic: uint8 `[m, C, S, S]`.
        real: uint8 `[N, C, S, S]`, may be a memory map; it is read once, in order.
        control: Asked after each block.

    Returns:
        int64 `[m, N]`.

    Raises:
        Stopped: The user asked to stop.
    """
    ours = synthetic.reshape(len(synthetic), -1).astype(np.float64)
    own = np.square(ours).sum(1)[:, None]
    found = np.empty((len(ours), len(real)), dtype=np.int64)
    for start in range(0, len(real), _ROWS):
        control.safe_point()
        block = real[start : start + _ROWS].reshape(-1, ours.shape[1]).astype(np.float64)
        squared = own + np.square(block).sum(1)[None] - 2.0 * (ours @ block.T)
        found[:, start : start + len(block)] = squared.astype(np.int64)
    return found


def nearest_patients(
    found: npt.NDArray[np.int64],
    patients: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int64],
    count: int,
) -> Nearest:
    """The nearest image of each of the `count` nearest patients; of equally near ones the one with the smaller id.

    Args:
        found: int64 `[m, N]`, squared distances.
        patients: int64 `[N]`, a number per patient, unknown ones with a number of their own.
        ids: int64 `[N]`, which make the result independent of the order of rows.
        count: Patients wanted; fewer come back where there are fewer.
    """
    count = min(count, len(np.unique(patients)))
    rows = [_first_of_patients(np.lexsort((ids, row)), patients, count) for row in found]
    chosen = np.asarray(rows, dtype=np.int64).reshape(len(found), count)
    return Nearest(rows=chosen, distances=np.take_along_axis(found, chosen, axis=1))


def _first_of_patients(
    order: npt.NDArray[np.int64], patients: npt.NDArray[np.int64], count: int
) -> Sequence[int]:
    chosen: list[int] = []
    met: set[int] = set()
    for row in order:
        if len(chosen) == count:
            break
        if int(patients[row]) not in met:
            met.add(int(patients[row]))
            chosen.append(int(row))
    return chosen
