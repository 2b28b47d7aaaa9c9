"""Real patients' images as the engine and the audit see them: pixels, classes, patients; no names, no paths."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

ROLES: Final = ("train", "validation", "test", "holdout")
UNKNOWN_PATIENT: Final = -1


@dataclass(frozen=True, kw_only=True)
class RealImages:
    """The images of one role of the split. They never leave the house.

    Attributes:
        images: uint8 `[N, C, S, S]`, 255 is white; may be a read-only memory map.
        labels: int64 `[N]`, index into `class_names`.
        patients: int64 `[N]`, a number per patient (the same patient has the same number in every role);
            `UNKNOWN_PATIENT` where the source does not say.
        ids: int64 `[N]`, the catalogue's image ids.
        class_names: Class of each label.
        role: "train", "validation", "test" or "holdout".
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    patients: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    role: str

    def __len__(self) -> int:
        return len(self.images)

    @property
    def patients_known(self) -> bool:
        """Whether every image's patient is known."""
        return bool((self.patients != UNKNOWN_PATIENT).all())

    @property
    def patient_count(self) -> int:
        """Number of patients; unknown ones count as one each."""
        known = self.patients[self.patients != UNKNOWN_PATIENT]
        return len(np.unique(known)) + int((self.patients == UNKNOWN_PATIENT).sum())
