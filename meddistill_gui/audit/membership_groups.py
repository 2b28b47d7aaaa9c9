"""Who is asked about in the membership test, one image per patient, and the small sets of real images that it trains on."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.recovery import started_rows
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.real_images import RealImages

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One half of the hold-out is measured; the attacker's own patients are in the other. Then the halves change places.

    Attributes:
        others: The half that is measured.
        members: The training patients that face it where each patient may be asked about only once; a half of them.
        unused: A quarter of the hold-out, of the attacker's half, that nothing is trained on (negative control).
        references: Small sets of the rest of that half.
        drawn_from: That rest.
    """

    others: Int64
    members: Int64
    unused: Int64
    references: tuple[Int64, ...]
    drawn_from: Int64


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Rows of one pool of images.

    Attributes:
        pool: Every image that is asked about.
        members: Training patients that no image was started from and that are not planted.
        initialisers: Images that a synthetic image was started from. An average over all members would hide them.
        planted: Small sets of training patients: bundles that are known to leak (positive control).
        folds: Who they are compared with, and by what the attacker knows.
    """

    pool: RealImages
    members: Int64
    initialisers: Int64
    planted: tuple[Int64, ...]
    folds: tuple[Fold, Fold]

    @property
    def references(self) -> tuple[Int64, ...]:
        """The reference sets of both folds."""
        return tuple(rows for fold in self.folds for rows in fold.references)

    @property
    def held_out(self) -> int:
        """Hold-out patients who are measured, over both folds."""
        return sum(len(fold.others) for fold in self.folds)

    @property
    def too_few(self) -> bool:
        """Whether a group is too small to say anything."""
        sides = (side for fold in self.folds for side in (fold.members, fold.others, fold.unused))
        sets = (*self.planted, *self.references)
        return (
            min(map(len, sides)) < policy.MEMBERSHIP_FEWEST
            or min(len(fold.references) for fold in self.folds) < 2
            or not self.planted
            or min(map(len, sets)) < 2
        )


def grouped(case: Case, material: Material) -> Groups:
    """Draw one image per patient and deal the patients out."""
    random = np.random.default_rng([case.seed, 4])
    started = started_rows(case.ledger.started_from if case.ledger else (), case.train)
    initialisers = np.unique(started[started >= 0])
    away = np.isin(material.patients, material.patients[initialisers])
    train = _one_each(np.flatnonzero(~away), material.patients, random)
    held = numbered(case.holdout.patients)
    halves = [_one_each(rows, held, random) for rows in (material.calibration, material.measuring)]
    wanted = _of_each_class(case.distilled)
    rounds = int(np.clip(-(-policy.MEMBERSHIP_PLANTED // wanted.sum()), 1, policy.MEMBERSHIP_SETS))
    planted = _apart(train, case.train.labels, wanted, rounds)
    members = np.setdiff1d(train, np.concatenate([np.empty(0, np.int64), *planted]))
    members = random.permutation(members)[: policy.MEMBERSHIP_MOST]
    taken = np.concatenate([members, initialisers, *planted])
    held_rows = np.concatenate(halves)
    place = {int(row): number for number, row in enumerate(taken)}
    held_place = {int(row): len(taken) + number for number, row in enumerate(held_rows)}

    def fold(own: Int64, measured: Int64, asked: Int64) -> Fold:
        drawn_from, unused = own[: len(own) // 2], own[len(own) // 2 :]
        drawn = [
            _drawn(drawn_from, case.holdout.labels, wanted, random)
            for _ in range(policy.MEMBERSHIP_REFERENCES)
        ]
        return Fold(
            others=_placed(measured, held_place),
            members=_placed(asked, place),
            unused=_placed(unused, held_place),
            references=tuple(_placed(rows, held_place) for rows in drawn if len(rows)),
            drawn_from=_placed(drawn_from, held_place),
        )

    return Groups(
        pool=_pool(case.train, taken, case.holdout, held_rows),
        members=_placed(members, place),
        initialisers=_placed(initialisers, place),
        planted=tuple(_placed(rows, place) for rows in planted),
        folds=(fold(halves[0], halves[1], members[::2]), fold(halves[1], halves[0], members[1::2])),
    )


def real_set(distilled: DistilledSet, pool: RealImages, rows: Int64) -> DistilledSet:
    """Real images as a set to train on: references, and the members planted for the positive control."""
    recipe = replace(
        distilled.recipe,
        steps=policy.MEMBERSHIP_STEPS,
        batch=0,
        momentum=policy.MEMBERSHIP_MOMENTUM,
        weight_decay=0.0,
        augmentation="none",
    )
    return DistilledSet(
        images=pool.images[rows].astype(np.float32) / 255.0,
        labels=np.eye(len(recipe.class_names), dtype=np.float32)[pool.labels[rows]],
        learning_rates=np.array([policy.MEMBERSHIP_RATE], dtype=np.float32),
        recipe=recipe,
    )


def _of_each_class(distilled: DistilledSet) -> Int64:
    """How many images of each class a set of real ones shall have: as many as the distilled one, within bounds."""
    counts = np.bincount(distilled.labels.argmax(1), minlength=distilled.labels.shape[1])
    share = min(1.0, policy.MEMBERSHIP_SET / counts.sum())
    return np.where(counts > 0, np.maximum(1, np.rint(counts * share)), 0).astype(np.int64)


def _apart(rows: Int64, labels: Int64, wanted: Int64, rounds: int) -> tuple[Int64, ...]:
    """Up to `rounds` sets that share no patient and together take at most half of each class."""
    by_class = [rows[labels[rows] == label] for label in range(len(wanted))]
    most = [len(own) // 2 // each for own, each in zip(by_class, wanted, strict=True) if each]
    return tuple(
        np.concatenate(
            [
                own[number * each : (number + 1) * each]
                for own, each in zip(by_class, wanted, strict=True)
            ]
        )
        for number in range(min([rounds, *most]))
    )


def _drawn(rows: Int64, labels: Int64, wanted: Int64, random: np.random.Generator) -> Int64:
    """A set drawn anew: at most half of each class, so that some are left which it did not see."""
    parts = []
    for label, each in enumerate(wanted):
        own = random.permutation(rows[labels[rows] == label])
        parts.append(own[: min(int(each), len(own) // 2)])
    return np.concatenate(parts)


def _one_each(rows: Int64, patients: Int64, random: np.random.Generator) -> Int64:
    """One of these rows for each patient, patients in random order."""
    shuffled = random.permutation(rows)
    _, first = np.unique(patients[shuffled], return_index=True)
    return np.asarray(random.permutation(shuffled[first]), dtype=np.int64)


def _placed(rows: Int64, place: dict[int, int]) -> Int64:
    return np.array([place[int(row)] for row in rows], dtype=np.int64)


def _pool(train: RealImages, taken: Int64, holdout: RealImages, held: Int64) -> RealImages:
    return replace(
        train,
        images=np.concatenate([train.images[taken], holdout.images[held]]),
        labels=np.concatenate([train.labels[taken], holdout.labels[held]]),
        patients=np.concatenate([train.patients[taken], holdout.patients[held]]),
        ids=np.concatenate([train.ids[taken], holdout.ids[held]]),
    )
