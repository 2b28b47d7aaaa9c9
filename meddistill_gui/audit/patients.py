"""Patients as numbers from zero, and the two halves of the hold-out."""

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.real_images import UNKNOWN_PATIENT

Int64 = npt.NDArray[np.int64]


def numbered(patients: Int64) -> Int64:
    """The same patients as 0, 1, ...; each image of an unknown patient becomes a patient of its own.

    Args:
        patients: int64 `[N]`, `UNKNOWN_PATIENT` where the source does not say.
    """
    apart = patients.astype(np.int64, copy=True)
    unknown = np.flatnonzero(patients == UNKNOWN_PATIENT)
    apart[unknown] = patients.max(initial=0) + 1 + np.arange(len(unknown))
    return np.unique(apart, return_inverse=True)[1].astype(np.int64)


def halves(patients: Int64, seed: int) -> tuple[Int64, Int64]:
    """Rows of the half of the patients that sets thresholds (Hc), and of the half that measures them (Ht)."""
    patient = numbered(patients)
    order = np.random.default_rng([seed, 0]).permutation(patient.max(initial=-1) + 1)
    first = np.isin(patient, order[: (len(order) + 1) // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)
