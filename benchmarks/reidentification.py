"""Does the program recognise patients on another day (M5), and does it say so where it cannot?

python -m benchmarks.reidentification [--patients 400] [--others 300]

Invented patients with two radiographs each; some more have a third one, on a day that the hospital has no image of. The test learns from the first ones, proves
itself on the others (pairs of one patient against pairs of two), and then looks at three sets: third days of training patients (a leak), new
patients, white noise. The same with patients of pure noise, who have nothing that stays from day to day: there nobody can be recognised, and the
answer must be that it is not assessable.
"""

import argparse
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.anonymity_data import SIDE, Data, floats, set_of
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.audit.recogniser import Recogniser
from meddistill_gui.audit.reidentification import Reidentification, reidentified
from meddistill_gui.core.control import Control
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.engine.devices import prepare_threads

_DAYS: Final = 2
_LEAKED: Final = 20
UInt8 = npt.NDArray[np.uint8]
Day = Callable[[int], list[UInt8]]


def radiographs(number: int) -> list[UInt8]:
    """Three days of one invented patient: anatomy stays; position, sign and noise change."""
    random = np.random.default_rng([8, number])
    anatomy = draw_anatomy(2 * SIDE, random)
    drawn = [draw_radiograph(anatomy, CLASSES[number % len(CLASSES)], random.random(), random) for _ in range(_DAYS + 1)]  # fmt: skip
    return [_bytes(day.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))) for day in drawn]


def noise(number: int) -> list[UInt8]:
    """Three days of nothing: every image is drawn by itself."""
    random = np.random.default_rng([9, number])
    return [_bytes(random.normal(0.5, 0.2, (SIDE, SIDE))) for _ in range(_DAYS + 1)]


def main() -> None:
    """Print a table for each kind of patients."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--patients", type=int, default=400, help="to learn from")
    parser.add_argument("--others", type=int, default=300, help="to be told from each other")
    given = parser.parse_args()
    prepare_threads()
    for name, days in {"invented radiographs": radiographs, "pure noise": noise}.items():
        print(f"\n{name}: {given.patients} patients to learn from, {given.others} others")
        _table(days, given.patients, given.others)


def _table(days: Day, patients: int, others: int) -> None:
    drawn = [days(number) for number in range(patients + 2 * others)]
    train, holdout = _images(drawn[:patients], 0), _images(drawn[patients:][: 2 * others], patients)
    first, auc_of = _partner_first(train, _images(drawn[patients : patients + others], patients))
    print(
        f"  right partner first among {others}: {first:.0%}, in {auc_of:.1f} s of learning and asking"
    )
    data = Data("visits", train, holdout, holdout)
    new = [days(number)[0] for number in range(10**6, 10**6 + _LEAKED)]
    white = np.random.default_rng(1).normal(0.5, 0.3, (_LEAKED, 1, SIDE, SIDE))
    sets = {
        "third days of training patients": _stacked([one[_DAYS] for one in drawn[:_LEAKED]]),
        "new patients": _stacked(new),
        "white noise": white.astype(np.float32),
    }
    for name, images in sets.items():
        _asked(name, data, images)


def _asked(name: str, data: Data, images: npt.NDArray[np.float32]) -> None:
    case = Case(
        distilled=set_of(data, images, "noise").distilled,
        train=data.train,
        holdout=data.holdout,
        seed=0,
    )
    found = reidentified(case, gathered(case, Control()), Control())
    if not isinstance(found, Reidentification):
        print(f"  {name}: {found}")
        return
    print(
        f"  {name:<34}AUC {found.auc:.3f}; control {found.found} of {found.planted} found, {found.right_patient} right; "
        f"flagged {int(found.flags.sum())} of {len(found.flags)}; {found.verdict}\n    {found.sentence()}"
    )


def _partner_first(train: RealImages, others: RealImages) -> tuple[float, float]:
    """Share of the others whose image of the second day is the most like that of the first, and the seconds it took."""
    began = time.process_time()
    pairs = [np.arange(_DAYS) + _DAYS * row for row in range(len(train) // _DAYS)]
    vectors = Recogniser(floats(train), pairs)(floats(others))
    likeness = vectors[::_DAYS] @ vectors[1::_DAYS].T
    right = likeness.argmax(1) == torch.arange(len(likeness))
    return float(right.float().mean()), time.process_time() - began


def _images(drawn: list[list[UInt8]], first: int) -> RealImages:
    """The first two days of each."""
    numbers = np.repeat(np.arange(first, first + len(drawn)), _DAYS)
    return RealImages(
        images=np.stack([day for own in drawn for day in own[:_DAYS]])[:, None],
        labels=numbers % len(CLASSES),
        patients=numbers,
        ids=np.arange(len(numbers)) + _DAYS * first,
        class_names=tuple(CLASSES),
        role="train" if first == 0 else "holdout",
    )


def _stacked(images: list[UInt8]) -> npt.NDArray[np.float32]:
    return np.stack(images)[:, None].astype(np.float32) / 255


def _bytes(values: npt.NDArray[np.floating]) -> UInt8:
    return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
