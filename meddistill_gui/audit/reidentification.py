"""Re-identification (M5): does a synthetic image look like a training patient on another day?

A copy search does not find that. First the program must prove that it can recognise patients at all: on pairs of images of hold-out
patients, whom it has not learned from, and on second images of training patients, which it looks for among the first ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.descriptors import low_passed
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.reason import Reason
from meddistill_gui.audit.recogniser import Recogniser
from meddistill_gui.audit.statistics import (
    Float64,
    Interval,
    auc,
    binomial_at_least,
    clopper_pearson,
    conformal_p,
)
from meddistill_gui.audit.surrogates import dressed
from meddistill_gui.core.control import Control
from meddistill_gui.core.words import Verdict

PHASE: Final = "recognising patients on another day"
_BAND: Final = 1.0
_ROWS: Final = 1024
_FEWEST_PAIRS: Final = 10

UNRECOGNISED: Final = "Same person again: not assessable. The program cannot recognise patients in this data set, so it cannot say whether an attacker could."
_COARSE: Final = {
    Verdict.LEAK_FOUND: "Same person again: synthetic images look more like one training patient than any new patient does.",
    Verdict.CANNOT_TELL: "Same person again: some synthetic images need a look by a person, or too few known patients were found on another day.",
}

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Reidentification:
    """What the test found.

    Attributes:
        verdict: Of this test alone.
        auc: Of pairs of one hold-out patient against pairs of two.
        planted: Second images of training patients that were looked for.
        found: How many of them go beyond every new patient.
        right_patient: How many of these with the right patient named.
        p: float64 `[m]`, conformal p-value of each synthetic image.
        flags: bool `[m]`.
        patients: int64 `[m]`, number of the training patient whom each is most like.
        false_flags: Share of measuring patients that are flagged.
    """

    verdict: Verdict
    auc: float
    planted: int
    found: int
    right_patient: int
    p: Float64
    flags: Bools
    patients: Int64
    false_flags: Interval

    @property
    def able(self) -> bool:
        """Whether new patients are recognised on another day; otherwise nothing can be said."""
        return self.auc >= policy.RECOGNISER_AUC

    def sentence(self) -> str:
        """With figures."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if not self.able:
            yield (
                "Same person again: not assessable. The program cannot recognise patients in this data set "
                f"(AUC {self.auc:.2f} where {policy.RECOGNISER_AUC} is asked), so it cannot say whether an attacker could."
            )
            return
        flagged = int(self.flags.sum())
        yield (
            f"Same person again: {flagged} of {len(self.flags)} synthetic images look more like one training patient than any "
            "new patient does."
        )
        yield (
            f"Pairs of images of one new patient were told from those of two with AUC {self.auc:.2f}; of {self.planted} "
            f"training patients' images from another day {self.found} were found, {self.right_patient} with the right patient."
        )
        if self.found < policy.REIDENTIFIED_FOUND * self.planted:
            yield "These are too few for silence to mean anything."


def reidentified(case: Case, material: Material, control: Control) -> Reidentification | str:
    """Look for training patients on another day.

    Args:
        case: The set and whose the real images are.
        material: Their pixels.
        control: Asked between blocks.

    Returns:
        What was found, or why it could not be asked.

    Raises:
        Stopped: The user asked to stop.
    """
    several = _several(np.arange(len(material.patients)), material.patients)
    held = numbered(case.holdout.patients)
    pairs = _several(material.measuring, held)
    if len(several) < policy.REIDENTIFIED_PATIENTS or len(pairs) < _FEWEST_PAIRS:
        return (
            f"Same person again: not assessable. {len(several)} training and {len(pairs)} hold-out patients have several images; "
            f"{policy.REIDENTIFIED_PATIENTS} and {_FEWEST_PAIRS} are needed, so it cannot say whether an attacker could recognise them."
        )
    order = np.random.default_rng([case.seed, 6]).permutation(len(several))
    planted = [several[row] for row in order[: min(59, len(several) // 4)]]
    learned = [several[row] for row in order[len(planted) :]]
    recogniser = Recogniser(material.training, learned)
    told = _auc(recogniser(material.holdout), pairs)
    search = _Search(recogniser, material, np.array([rows[1] for rows in planted]), control)
    return _judged(material, search, told, planted)


class _Search:
    """Looks images up among the training patients' images, without those that are planted."""

    def __init__(
        self, recogniser: Recogniser, material: Material, planted: Int64, control: Control
    ) -> None:
        self._recogniser, self._control = recogniser, control
        self._rows = np.setdiff1d(np.arange(len(material.training)), planted)
        self._gallery = recogniser(material.training[torch.from_numpy(self._rows)])

    def __call__(self, images: Tensor) -> tuple[Float64, Int64]:
        """Greatest cosine, of the image as it is or smoothed, and the training row."""
        score = np.full(len(images), -1.0)
        source = np.zeros(len(images), dtype=np.int64)
        for start in range(0, len(images), _ROWS):
            block = images[start : start + _ROWS]
            for look in (block, low_passed(block, _BAND)):
                self._control.safe_point()
                top = (self._recogniser(look) @ self._gallery.T).max(1)
                values = top.values.double().numpy()
                part = slice(start, start + len(block))
                better = values > score[part]
                score[part] = np.where(better, values, score[part])
                source[part] = np.where(better, self._rows[top.indices.numpy()], source[part])
        return score, source


def _judged(
    material: Material, search: _Search, told: float, planted: list[Int64]
) -> Reidentification:
    held, _ = search(material.holdout)
    limit = held[material.calibration].max()
    seconds = np.array([rows[1] for rows in planted])
    copies, named = search(material.training[torch.from_numpy(seconds)])
    right = material.patients[named] == material.patients[seconds]
    own, source = search(material.readings[-1])
    flags = (own > limit) & _beyond_nobody(own, material, search)
    measured = held[material.measuring] > limit
    found = int((copies > limit).sum())
    enough = found >= policy.REIDENTIFIED_FOUND * len(planted)
    return Reidentification(
        verdict=_verdict(flags, len(material.calibration), told, enough=enough),
        auc=told,
        planted=len(planted),
        found=found,
        right_patient=int(((copies > limit) & right).sum()),
        p=conformal_p(own, held[material.calibration]),
        flags=flags,
        patients=material.patients[source],
        false_flags=clopper_pearson(int(measured.sum()), len(measured), policy.CONFIDENCE),
    )


def _beyond_nobody(own: Float64, material: Material, search: _Search) -> Bools:
    """Whether each synthetic image is more like a patient than new patients who wear its texture."""
    people = material.holdout[torch.from_numpy(material.calibration[: policy.SURROGATES])]
    return np.array(
        [
            score > search(dressed(image, people))[0].max()
            for score, image in zip(own, material.readings[-1], strict=True)
        ],
        dtype=np.bool_,
    )


def _verdict(flags: Bools, people: int, told: float, *, enough: bool) -> Verdict:
    """Silence counts only where known patients were found on another day; a leak does not wait for that."""
    if told < policy.RECOGNISER_AUC:
        return Verdict.CANNOT_TELL
    count = int(flags.sum())
    if count and binomial_at_least(count, len(flags), 1 / (1 + people)) < policy.CHANCE_OF_FLAGS:
        return Verdict.LEAK_FOUND
    return Verdict.CANNOT_TELL if count or not enough else Verdict.NO_LEAK_FOUND


def _several(rows: Int64, patients: Int64) -> list[Int64]:
    """For each patient with two images or more among these rows: those rows."""
    ordered = rows[np.argsort(patients[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(patients[ordered], prepend=-1))
    return [own for own in np.split(ordered, starts[1:]) if len(own) > 1]


def _auc(vectors: Tensor, pairs: list[Int64]) -> float:
    """One pair of each patient, against all pairs of two patients."""
    first = vectors[torch.tensor([int(rows[0]) for rows in pairs])]
    second = vectors[torch.tensor([int(rows[1]) for rows in pairs])]
    likeness = (first @ second.T).double().numpy()
    same = np.eye(len(pairs), dtype=np.bool_)
    return auc(likeness[same], likeness[~same])


def reasons(found: Reidentification | str | None, verdict: Verdict) -> Iterator[Reason]:
    """What the test says, if it came to this verdict; that it could not be made is a doubt."""
    if isinstance(found, str) and verdict == Verdict.CANNOT_TELL:
        yield Reason(sentence=found, coarse=UNRECOGNISED)
    if isinstance(found, Reidentification) and found.verdict == verdict:
        yield Reason(
            sentence=found.sentence(), coarse=_COARSE[verdict] if found.able else UNRECOGNISED
        )


def plain(found: Reidentification | str | None) -> dict[str, Any] | None:
    """For the fine-grained report."""
    if found is None:
        return None
    if isinstance(found, str):
        return {"sentence": found}
    return {
        "verdict": str(found.verdict),
        "sentence": found.sentence(),
        "auc": round(found.auc, 4),
        "planted": found.planted,
        "found": found.found,
        "right_patient": found.right_patient,
        "false_flags": round(found.false_flags.value, 4),
        "p": [round(float(p), 4) for p in found.p],
        "flagged": [bool(flag) for flag in found.flags],
        "like_patient": [int(patient) for patient in found.patients],
    }
