"""What stands beside the copy search: closeness index, three-sample test, and whether starting patients are recovered."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit.burned_in import annotation_zones, sentence
from meddistill_gui.audit.closeness import Closeness, closeness, pull
from meddistill_gui.audit.manifold import Distances, nearest_distances
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.reason import Reason
from meddistill_gui.audit.recovery import Recovery, recovery
from meddistill_gui.audit.search import CopySearch
from meddistill_gui.audit.side_channels import side_channels
from meddistill_gui.audit.three_sample import z_of_copying
from meddistill_gui.core.control import Control

_RECOVERED: Final = "From the released images alone the patients that they were started from are picked out far more often than by guessing."  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Context:
    """Measures that speak of the set as a whole.

    Attributes:
        distances: To the nearest training image.
        closeness: The closeness index (M2).
        z_copying: Z of the three-sample test (M3).
        recovery: Initialisation recovery (M4); None without a ledger, or where all started from noise.
        beside: Sentences about what travels beside the pixels (M6, M7).
        burned_in: Sentences about burned-in text (M8).
        started: bool `[m]`, whether an image was, or may have been, started from a patient's image.
    """

    distances: Distances
    closeness: Closeness
    z_copying: float
    recovery: Recovery | None
    beside: tuple[str, ...]
    burned_in: tuple[str, ...]
    started: npt.NDArray[np.bool_]

    def leaks(self) -> Iterator[Reason]:
        """What is a leak by itself."""
        if self.recovery is not None and self.recovery.leaks:
            yield Reason(sentence=self.recovery.sentence(), coarse=_RECOVERED)

    def plain(self) -> dict[str, Any]:
        """For the fine-grained report."""
        index = self.closeness.index
        pulled = "an overall pull" if self.closeness.p < 0.05 else "no overall pull"
        return {
            "closeness": {
                **{name: round(value, 4) for name, value in asdict(index).items()},
                "p": round(self.closeness.p, 4),
                "sentence": f"{index.words()}, p = {self.closeness.p:.2f}: {pulled} towards training patients. "
                "It cannot see a single copy.",
            },
            "three_sample": {
                "z": None if math.isnan(self.z_copying) else round(self.z_copying, 2),
                "sentence": self._three_sample(),
            },
            "recovery": self._recovery(),
            "side_channels": list(self.beside),
            "burned_in": list(self.burned_in),
        }

    def _three_sample(self) -> str:
        if math.isnan(self.z_copying):
            return "Not measured: no class has both synthetic and hold-out images."
        meaning = (
            "uninformative, because the synthetic images lie far from every patient"
            if self.distances.off_manifold
            else "far below zero would mean copying; it cannot see a single copy"
        )
        return f"Z = {self.z_copying:+.1f}: {meaning}."

    def _recovery(self) -> dict[str, Any]:
        if self.recovery is None:
            return {
                "sentence": "Not assessed: nobody wrote down what the images were started from."
                if self.started.any()
                else "Not applicable: no patient's image was used as a start.",
            }
        return {
            "started": self.recovery.started,
            "recovered": int(self.recovery.recovered.sum()),
            "chance": self.recovery.chance,
            "sentence": self.recovery.sentence(),
        }


def context(case: Case, material: Material, search: CopySearch, control: Control) -> Context:
    """Measure all of it.

    Raises:
        Stopped: The user asked to stop.
        ValueError: The ledger is of another set.
    """
    synthetic = material.readings[-1]
    held = numbered(case.holdout.patients)
    distances = nearest_distances(synthetic, material.training, material.holdout, control)
    found = pull(
        synthetic, (material.training, material.patients), (material.holdout, held), control
    )
    classes = (case.distilled.labels.argmax(1), case.holdout.labels)
    return Context(
        distances=distances,
        closeness=closeness(
            found, int(material.patients.max()) + 1, int(held.max()) + 1, case.seed
        ),
        z_copying=z_of_copying(distances.synthetic, distances.holdout, classes),
        recovery=None
        if case.ledger is None
        else recovery(
            case.ledger.started_from,
            search.a.synthetic,
            search.b.synthetic,
            case.train,
            material.patients,
        ),
        beside=tuple(side_channels(case.distilled)),
        burned_in=(
            sentence(annotation_zones(material.training), "training"),
            sentence(annotation_zones(material.readings[0]), "synthetic"),
        ),
        started=_started(case),
    )


def _started(case: Case) -> npt.NDArray[np.bool_]:
    if case.ledger is not None:
        return np.array([number is not None for number in case.ledger.started_from])
    return np.full(len(case.distilled.images), case.distilled.recipe.initialisation != "noise")
