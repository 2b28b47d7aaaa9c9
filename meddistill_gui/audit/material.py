"""What an audit works on: the set's pixels as they are exported, and the real images, all as small float arrays."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import aligned
from meddistill_gui.audit.descriptors import reduced
from meddistill_gui.audit.patients import halves, numbered
from meddistill_gui.audit.whitened import WhitenedSearch
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet, displayed
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.real_images import RealImages

_ROWS: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is brought before the audit.

    Attributes:
        distilled: The set, as it would be exported.
        train: The images it was made from.
        holdout: Images of patients that nothing was made from or chosen with.
        seed: Of every draw in the audit.
        ledger: What the run was made and started from; None where nobody wrote it down.
        audits: How many different audits this hold-out has served, this one among them.
    """

    distilled: DistilledSet
    train: RealImages
    holdout: RealImages
    seed: int
    ledger: Ledger | None = None
    audits: int = 1


@dataclass(frozen=True, kw_only=True)
class Material:
    """The images of one audit.

    Attributes:
        exported: uint8 `[m, C, S, S]`, the pixels of the exported pictures.
        readings: float32 `[m, C, s, s]` each: the exported pictures, and, where values lie outside 0..1, also the
            numbers that are exported beside them. A leak in either is a leak.
        training: float32 `[N, C, s, s]`, 0..1, s at most `policy.MARGIN_SIDE`.
        holdout: float32 `[H, C, s, s]`, 0..1.
        patients: int64 `[N]`, 0, 1, ...
        whitened: Score D against the training images.
        same_picture: Rows (hold-out, training) of pictures that stand on both sides; they are left out below, because
            a threshold set by them would hide any leak.
        calibration: Rows of the hold-out half that sets thresholds (Hc).
        measuring: Rows of the half that measures them (Ht).
    """

    exported: npt.NDArray[np.uint8]
    readings: tuple[Tensor, ...]
    training: Tensor
    holdout: Tensor
    patients: npt.NDArray[np.int64]
    whitened: WhitenedSearch
    same_picture: tuple[tuple[int, int], ...]
    calibration: npt.NDArray[np.int64]
    measuring: npt.NDArray[np.int64]


def gathered(case: Case, control: Control) -> Material:
    """Bring everything to the size that the searches work at.

    Raises:
        Stopped: The user asked to stop.
    """
    values = case.distilled.images
    exported = exported_pixels(case.distilled)
    readings = [_small(exported, control)]
    if (values < 0).any() or (values > 1).any():
        readings.append(reduced(torch.from_numpy(values.copy()), policy.MARGIN_SIDE))
    training, holdout = _small(case.train.images, control), _small(case.holdout.images, control)
    patients = numbered(case.train.patients)
    whitened = WhitenedSearch(training, patients)
    pairs = _same_picture(holdout, training, whitened, control)
    calibration, measuring = (
        np.setdiff1d(half, [held for held, _ in pairs])
        for half in halves(case.holdout.patients, case.seed)
    )
    return Material(
        exported=exported,
        readings=tuple(readings),
        training=training,
        holdout=holdout,
        patients=patients,
        whitened=whitened,
        same_picture=pairs,
        calibration=calibration,
        measuring=measuring,
    )


def _same_picture(
    holdout: Tensor, training: Tensor, whitened: WhitenedSearch, control: Control
) -> tuple[tuple[int, int], ...]:
    similarity, rows = aligned(holdout, training, control)
    same = similarity >= policy.NEAR_DUPLICATE
    film, source = whitened.same_film(holdout, control)
    rows = np.where(same, rows, source)
    return tuple((int(held), int(rows[held])) for held in np.flatnonzero(same | film))


def exported_pixels(distilled: DistilledSet) -> npt.NDArray[np.uint8]:
    """The bytes of the exported pictures, uint8 `[m, C, S, S]`."""
    shown = displayed(distilled.images)
    return shown[:, None] if shown.ndim == 3 else np.ascontiguousarray(shown.transpose(0, 3, 1, 2))


def _small(images: npt.NDArray[np.uint8], control: Control) -> Tensor:
    parts = []
    for start in range(0, len(images), _ROWS):
        control.safe_point()
        block = torch.from_numpy(np.array(images[start : start + _ROWS])).float().div_(255.0)
        parts.append(reduced(block, policy.MARGIN_SIDE))
    return torch.cat(parts)
