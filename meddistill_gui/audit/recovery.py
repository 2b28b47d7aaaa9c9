"""Initialisation recovery (M4): from the released image alone, is the patient it was started from ranked first?

Only the program that made a set knows what each image was started from; the ledger stays in the house.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import Scores
from meddistill_gui.audit.statistics import Interval, clopper_pearson
from meddistill_gui.core.real_images import RealImages

Starts = Sequence[int | None]
"""For each synthetic image the catalogue id of the real image it was started from; None for noise (`core.ledger`)."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How often the starting patient is picked out.

    Attributes:
        started: Synthetic images that were started from a training image.
        recovered: bool `[m]`, whether score A or B ranks the starting patient first.
        rate: Share of the started ones, with its interval.
        chance: The same by guessing.
        patients: Number of training patients.
    """

    started: int
    recovered: npt.NDArray[np.bool_]
    rate: Interval
    chance: float
    patients: int

    @property
    def leaks(self) -> bool:
        """Whether the lower bound lies beyond what chance explains."""
        return self.rate.low > policy.RECOVERY_FACTOR * self.chance

    def sentence(self) -> str:
        """For the report."""
        hits = int(self.recovered.sum())
        return (
            f"From the released image alone the starting patient is picked out of {self.patients:,} patients in {hits} of "
            f"{self.started} cases ({self.rate.low:.0%} to {self.rate.high:.0%}). Chance: {self.chance:.2%}."
        )


def started_rows(ledger: Starts, train: RealImages) -> npt.NDArray[np.int64]:
    """Row of the training image that each synthetic image was started from, -1 for noise; int64 `[m]`.

    Raises:
        ValueError: The ledger names an image that is no training image.
    """
    rows = {int(number): row for row, number in enumerate(train.ids)}
    if unknown := [number for number in ledger if number is not None and number not in rows]:
        raise ValueError(f"images {unknown} of the ledger are no training images")
    return np.array([-1 if number is None else rows[number] for number in ledger], dtype=np.int64)


def recovery(
    ledger: Starts, a: Scores, b: Scores, train: RealImages, patients: npt.NDArray[np.int64]
) -> Recovery | None:
    """Compare what the scores point to with the ledger.

    Args:
        ledger: One entry per synthetic image.
        a: Score A of the synthetic images.
        b: Score B of the synthetic images.
        train: The training images.
        patients: Their patients, numbered from 0.

    Returns:
        None where no image was started from a training image.

    Raises:
        ValueError: The ledger is of another set, or names an image that is no training image.
    """
    if len(ledger) != len(a.score):
        raise ValueError(f"a ledger of {len(ledger)} entries for {len(a.score)} images")
    started = started_rows(ledger, train)
    if (started < 0).all():
        return None
    truth = np.where(started >= 0, patients[started], -1)
    named = [np.where(one.source >= 0, patients[one.source], -2) for one in (a, b)]
    recovered = (named[0] == truth) | (named[1] == truth)
    count = int((started >= 0).sum())
    total = int(patients.max()) + 1
    return Recovery(
        started=count,
        recovered=recovered,
        rate=clopper_pearson(int(recovered.sum()), count, policy.CONFIDENCE),
        chance=min(1.0, 2 / total),  # two scores, two guesses
        patients=total,
    )
