"""Preconditions (M0): what must hold, or no test that follows means anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from meddistill_gui.audit import policy
from meddistill_gui.audit.blind_baseline import blind_baseline
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.ledger import Ledger, pixels_of
from meddistill_gui.core.real_images import RealImages

WITHOUT_BRIGHTNESS: Final = "noisy_distribution"
"""The method whose recipe says nothing of the training images."""


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """One thing that must hold.

    Attributes:
        name: A few words.
        passed: Whether it holds.
        sentence: What was found, in numbers.
        pairs: Catalogue ids (training, hold-out) to look at; they stay in the house.
    """

    name: str
    passed: bool
    sentence: str
    pairs: tuple[tuple[int, int], ...] = ()


def comparable(case: Case) -> Iterator[Precondition]:
    """Whether there is anything to compare at all; without these no score can be computed."""
    yield _enough_images(case.train, case.holdout)
    yield _same_make(case.distilled, case.train, case.holdout)
    if case.ledger is not None:
        yield _made_from(case.ledger, case.distilled, case.train)
        yield _starts_agree(case.ledger, case.distilled)


def statistical(case: Case) -> Iterator[Precondition]:
    """Everything else that can be told before the search."""
    train, holdout = case.train, case.holdout
    yield _same_source(case.distilled, train)
    yield _patients_known(train, holdout)
    yield _patients_apart(train, holdout)
    yield _holdout_size(holdout)
    yield _holdout_fresh(case.audits)
    if case.ledger is not None:
        yield _holdout_unused(case.ledger, holdout)
    yield _classes(train)
    yield _class_sizes(train)
    yield _exact_duplicates(train, holdout)
    yield _blind(train, holdout, case.seed)


def near_duplicates(case: Case, material: Material) -> Precondition:
    """Whether a hold-out image shows the same picture as a training image."""
    pairs = tuple(
        (int(case.train.ids[trained]), int(case.holdout.ids[held]))
        for held, trained in material.same_picture
    )
    look, left = ("image looks", "it was") if len(pairs) == 1 else ("images look", "they were")
    return Precondition(
        name="no near duplicates",
        passed=not pairs,
        sentence=f"{len(pairs)} hold-out {look} the same as a training image (similarity of at least "
        f"{policy.NEAR_DUPLICATE}, or {policy.SAME_FILM} in what tells patients apart); {left} left out of the comparison.",
        pairs=pairs,
    )


def enough_left(material: Material) -> Precondition:
    """Whether both halves of the hold-out still have images."""
    fewest = min(len(material.calibration), len(material.measuring))
    return Precondition(
        name="hold-out halves",
        passed=fewest > 0,
        sentence="Both halves of the hold-out have images of their own."
        if fewest
        else "No hold-out image is left that is not also a training image.",
    )


def _enough_images(train: RealImages, holdout: RealImages) -> Precondition:
    return Precondition(
        name="images to compare with",
        passed=len(train) >= 2 and len(holdout) >= 2,
        sentence=f"{len(train)} training and {len(holdout)} hold-out images.",
    )


def _same_make(distilled: DistilledSet, train: RealImages, holdout: RealImages) -> Precondition:
    shape = distilled.images.shape[1:]
    fits = train.images.shape[1:] == shape == holdout.images.shape[1:]
    classes = distilled.recipe.class_names
    fits = fits and train.class_names == classes == holdout.class_names
    return Precondition(
        name="same size and classes",
        passed=fits,
        sentence="Synthetic, training and hold-out images have the same size, channels and classes."
        if fits
        else "The images differ in size, channels or classes from the synthetic ones: they are not those of the run.",
    )


def _made_from(ledger: Ledger, distilled: DistilledSet, train: RealImages) -> Precondition:
    """Whether the run's own list of training images is the present one, and one entry stands for each synthetic image."""
    other = len(set(ledger.training) ^ set(map(int, train.ids)))
    if other:
        why = (
            f"{other} images are not the same as when the run was made: the patients were divided anew, or the folder "
            "was scanned anew. Distil again, or audit with the division that the run had."
        )
    elif len(ledger.started_from) != len(distilled.images):
        why = (
            f"The run's own list is of {len(ledger.started_from)} synthetic images, the set has {len(distilled.images)}: "
            "it is the list of another run."
        )
    elif ledger.pixels and ledger.pixels != pixels_of(train):
        why = (
            "The training images have the numbers of those that the run was made from, and other pixels or classes: they are of another "
            "source, or were changed."
        )
    else:
        why = ""
    return Precondition(
        name="training images of this run",
        passed=not why,
        sentence=why or "The training images are those that the run was made from.",
    )


def _starts_agree(ledger: Ledger, distilled: DistilledSet) -> Precondition:
    """A list of another run would hide whose images were the start, or name the wrong ones."""
    started = sum(one is not None for one in ledger.started_from)
    agree = started == 0 or distilled.recipe.initialisation == "real"
    return Precondition(
        name="starts as the set says",
        passed=agree,
        sentence="The run's own list and the set say the same of what the images were started from."
        if agree
        else f"The set says that its images were started from noise, the run's own list names patients' images for {started} "
        "of them: it is the list of another run.",
    )


def _holdout_unused(ledger: Ledger, holdout: RealImages) -> Precondition:
    used = len({*ledger.training, *ledger.validation} & set(map(int, holdout.ids)))
    return Precondition(
        name="hold-out not used before",
        passed=used == 0,
        sentence=f"{used} hold-out images were used when the run was made or chosen.",
    )


def _holdout_fresh(audits: int) -> Precondition:
    return Precondition(
        name="hold-out not worn out",
        passed=audits <= policy.AUDITS_PER_HOLDOUT,
        sentence=f"This is audit {audits} on this hold-out; after {policy.AUDITS_PER_HOLDOUT} different ones its patients "
        "are no strangers to the choice of sets any more: divide the patients anew, and distil again.",
    )


def _same_source(distilled: DistilledSet, train: RealImages) -> Precondition:
    if distilled.recipe.method == WITHOUT_BRIGHTNESS:
        return Precondition(
            name="images of this run",
            passed=True,
            sentence="Not looked at: with a formal bound the recipe holds fixed numbers, not the training images' brightness.",
        )
    values = train.images.reshape(len(train), train.images.shape[1], -1)
    mean = values.mean(axis=(0, 2), dtype=np.float64) / 255.0
    difference = float(np.abs(mean - np.asarray(distilled.recipe.mean)).max())
    return Precondition(
        name="images of this run",
        passed=difference <= policy.SAME_SOURCE,
        sentence=f"Their brightness differs from the recipe's by {difference:.3f} of the full range "
        f"(at most {policy.SAME_SOURCE}).",
    )


def _patients_known(train: RealImages, holdout: RealImages) -> Precondition:
    known = train.patients_known and holdout.patients_known
    return Precondition(
        name="patients known",
        passed=known,
        sentence="Every image's patient is known."
        if known
        else "The patients are not known, so images of one patient may stand on both sides.",
    )


def _patients_apart(train: RealImages, holdout: RealImages) -> Precondition:
    shared = np.intersect1d(train.patients[train.patients >= 0], holdout.patients)
    return Precondition(
        name="hold-out of other patients",
        passed=len(shared) == 0,
        sentence=f"{len(shared)} patients stand both in the training images and in the hold-out.",
    )


def _holdout_size(holdout: RealImages) -> Precondition:
    return Precondition(
        name="hold-out large enough",
        passed=holdout.patient_count >= policy.HOLDOUT_PATIENTS,
        sentence=f"The hold-out has {holdout.patient_count} patients; a verdict needs {policy.HOLDOUT_PATIENTS}.",
    )


def _classes(train: RealImages) -> Precondition:
    count = len(np.unique(train.labels))
    return Precondition(
        name="more than one class",
        passed=count > 1,
        sentence=f"The training images are of {count} {'class' if count == 1 else 'classes'}.",
    )


def _class_sizes(train: RealImages) -> Precondition:
    sizes = [_patients_of_class(train, label) for label in np.unique(train.labels)]
    smallest = min(sizes, default=0)
    return Precondition(
        name="patients in each class",
        passed=smallest >= policy.PATIENTS_PER_CLASS,
        sentence=f"The smallest class has {smallest} patients; {policy.PATIENTS_PER_CLASS} are needed, "
        "because an image of fewer may be any one of them.",
    )


def _patients_of_class(images: RealImages, label: int) -> int:
    patients = images.patients[images.labels == label]
    return len(np.unique(patients[patients >= 0])) + int((patients < 0).sum())


def _exact_duplicates(train: RealImages, holdout: RealImages) -> Precondition:
    """By the pixels themselves, held in memory only: a stored digest of an image would be a membership test."""
    seen = {
        image.tobytes(): int(number) for image, number in zip(train.images, train.ids, strict=True)
    }
    pairs = tuple(
        (seen[content], int(number))
        for image, number in zip(holdout.images, holdout.ids, strict=True)
        if (content := image.tobytes()) in seen
    )
    return Precondition(
        name="no duplicates",
        passed=not pairs,
        sentence=f"{len(pairs)} hold-out images are the same as a training image, pixel by pixel.",
        pairs=pairs,
    )


def _blind(train: RealImages, holdout: RealImages, seed: int) -> Precondition:
    interval = blind_baseline(train, holdout, seed)
    if interval is None:
        return Precondition(
            name="blind baseline",
            passed=False,
            sentence="There are too few patients to see whether training and hold-out patients differ in general.",
        )
    return Precondition(
        name="blind baseline",
        passed=interval.low <= 0.5,
        sentence=f"From thumbnails alone, without the synthetic images, training patients are told from hold-out "
        f"patients with AUC {interval.words()}; it must not be above 0.50.",
    )
