"""The labels that a run writes beside a snapshot of its images. No Qt."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

LABELS_ENDING: Final = ".labels"
"""Ending of the file beside a snapshot that holds its labels; the engine's runner writes it."""


def labels_beside(snapshot: Path) -> npt.NDArray[np.float32] | None:
    """The labels that the run wrote beside a snapshot; None where they are hard, or not whole yet."""
    try:
        found = np.load(snapshot.with_suffix(LABELS_ENDING), allow_pickle=False)
    except (OSError, ValueError):
        return None
    return found if found.ndim == 2 else None
