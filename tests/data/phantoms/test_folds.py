"""Folds are told apart by their pattern and by nothing cheaper; the hospital of them is real DICOM with masks that fit."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from PIL import Image

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.data.phantoms.dicom import INVENTED
from meddistill_gui.data.phantoms.fold_hospital import write_fold_hospital
from meddistill_gui.data.phantoms.folds import FOLDS, draw_folds
from tests.data.conftest import digest_of

_SIDE = 384
_PATCH = 56


def _patches(folds: str, number: int) -> npt.NDArray[np.float32]:
    """Patches that lie in the stomach altogether, `[N, P, P]`."""
    drawn = draw_folds(_SIDE, folds, np.random.default_rng([number, folds == "coarse"]))
    found = [
        drawn.picture[top : top + _PATCH, left : left + _PATCH]
        for top in range(0, _SIDE - _PATCH, 28)
        for left in range(0, _SIDE - _PATCH, 28)
        if drawn.region[top : top + _PATCH, left : left + _PATCH].all()
    ]
    return np.stack(found)


def _features(patches: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], ...]:
    """Mean, standard deviation, and the share of the spectrum's energy at the width of coarse folds."""
    flat = patches.reshape(len(patches), -1).astype(np.float64)
    centred = patches - patches.mean(axis=(1, 2), keepdims=True)
    energy = np.abs(np.fft.rfft2(centred * np.hanning(_PATCH)[:, None] * np.hanning(_PATCH))) ** 2
    rows = np.minimum(np.arange(_PATCH), _PATCH - np.arange(_PATCH))
    away = np.hypot(rows[:, None], np.arange(_PATCH // 2 + 1)[None, :])
    coarse = energy[:, (away > 2) & (away < 4.4)].sum(axis=1)
    fine = energy[:, (away >= 4.4) & (away < 8)].sum(axis=1)
    return flat.mean(axis=1), flat.std(axis=1), np.log(coarse / fine)


def _best_cut(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Accuracy of the best threshold, each class weighing a half, in either direction."""
    cuts = np.quantile(np.concatenate([first, second]), np.linspace(0.02, 0.98, 49))
    right = [((first < cut).mean() + (second >= cut).mean()) / 2 for cut in cuts]
    return max(*right, *(1 - one for one in right))


@pytest.mark.slow
def test_only_the_pattern_tells_the_classes_apart() -> None:
    straight, coarse = (
        [np.concatenate(one) for one in zip(*(_features(_patches(f, n)) for n in range(40)), strict=True)]
        for f in FOLDS
    )  # fmt: skip
    mean, spread, pattern = (_best_cut(a, b) for a, b in zip(straight, coarse, strict=True))
    assert mean < 0.62, "grey level must not give the class away"
    assert spread < 0.66, "nor must contrast"
    assert pattern > 0.8, "but even one crude figure of the pattern does"


def test_the_region_is_what_its_outline_encloses() -> None:
    drawn = draw_folds(256, "coarse", np.random.default_rng(3))
    x, y = drawn.vertices.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert drawn.region.sum() == pytest.approx(area, rel=0.03)
    assert 0.15 < drawn.region.mean() < 0.45
    assert drawn.picture.min() >= 0
    assert drawn.picture.max() <= 1


@pytest.mark.slow
def test_the_hospital_is_the_same_for_a_seed_and_its_masks_fit(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        for _ in write_fold_hospital(
            tmp_path / name, patients=9, side=128, seed=seed, control=Control()
        ):
            pass
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")
    assert digest_of(tmp_path / "a") != digest_of(tmp_path / "c")
    images = sorted((tmp_path / "a/images").rglob("*.dcm"))
    headers = [pydicom.dcmread(file) for file in images]
    assert len(headers) == 10, "one of nine patients is seen twice"
    assert len({h.PatientID for h in headers}) == 9
    assert len({h.SOPInstanceUID for h in headers}) == 10
    assert all(h.ImageComments == INVENTED and h.BodyPartExamined == "STOMACH" for h in headers)
    assert {h.PhotometricInterpretation for h in headers} == {"MONOCHROME1", "MONOCHROME2"}
    assert {file.parent.name for file in images} == set(FOLDS)
    for file in images:
        with Image.open(tmp_path / "a/masks" / file.parent.name / f"{file.stem}.png") as mask:
            assert mask.size == (128, 128)
            assert mask.mode == "1"


def test_inventing_stops_when_asked(tmp_path: Path) -> None:
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        next(write_fold_hospital(tmp_path / "new", patients=4, side=128, control=control))
