"""M5 on invented patients with several images: anatomy stays, noise and position change."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.audit import policy, reidentification
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.words import Verdict
from tests.audit.conftest import CLASSES, anatomy, fields, hospital, set_of

PATIENTS = 220
pytestmark = pytest.mark.slow


def visited(
    patients: int, *, seed: int, first: int, own: float = 0.12, visits: int = 2
) -> RealImages:
    """Each patient's own field, and on each day another one upon it."""
    stays = np.repeat(fields(patients, 16, seed), visits, axis=0)
    changes = fields(patients * visits, 16, seed + 100)
    pixels = anatomy(16) + own * stays + 0.08 * changes
    numbers = np.repeat(np.arange(first, first + patients), visits)
    return RealImages(
        images=np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)[:, None],
        labels=np.arange(patients * visits) // visits % 2,
        patients=numbers,
        ids=np.arange(len(numbers)) + 10_000 * first,
        class_names=CLASSES,
        role="train" if first == 0 else "holdout",
    )


@pytest.fixture(scope="module")
def train():
    return visited(PATIENTS, seed=1, first=0, visits=3)


@pytest.fixture(scope="module")
def holdout():
    return visited(150, seed=2, first=1000)


def asked(images, train, holdout):
    case = Case(distilled=set_of(images, train), train=train, holdout=holdout, seed=0)
    return reidentification.reidentified(case, gathered(case, Control()), Control())


def third_day(train):
    """Ten training patients on a day that the hospital has no image of, and the training images without it."""
    away = np.flatnonzero(np.arange(len(train)) % 3 == 2)[:10]
    kept = np.setdiff1d(np.arange(len(train)), away)
    left = replace(train, images=train.images[kept], labels=train.labels[kept], patients=train.patients[kept], ids=train.ids[kept])  # fmt: skip
    return train.images[away].astype(np.float32) / 255, left


def test_training_patients_on_another_day_are_found_and_named(train, holdout):
    images, left = third_day(train)
    found = asked(images, left, holdout)
    assert found.auc > policy.RECOGNISER_AUC
    assert found.found > found.planted / 2
    assert found.right_patient == found.found
    assert found.flags.sum() > 4
    assert (found.patients[found.flags] == np.arange(10)[found.flags]).all()
    assert found.verdict == Verdict.LEAK_FOUND


def test_new_patients_are_not(train, holdout):
    new = visited(20, seed=3, first=2000).images[::2].astype(np.float32) / 255
    found = asked(new, train, holdout)
    assert found.flags.sum() <= 1
    assert found.verdict != Verdict.LEAK_FOUND
    assert found.false_flags.value < 0.05


def test_where_days_differ_as_people_do_it_says_that_it_cannot_recognise_anybody(holdout):
    strangers = visited(PATIENTS, seed=5, first=0, own=0.0)
    found = asked(strangers.images[:4].astype(np.float32) / 255, strangers, visited(150, seed=6, first=1000, own=0.0))  # fmt: skip
    assert found.auc < policy.RECOGNISER_AUC
    assert found.verdict == Verdict.CANNOT_TELL
    assert "cannot recognise patients" in found.sentence()


def test_where_too_few_known_patients_are_found_silence_says_nothing(train, holdout, monkeypatch):
    new = visited(20, seed=3, first=2000).images[::2].astype(np.float32) / 255
    images, left = third_day(train)
    monkeypatch.setattr(policy, "REIDENTIFIED_FOUND", 1.1)
    found = asked(new, train, holdout)
    assert found.verdict == Verdict.CANNOT_TELL
    assert "too few for silence" in found.sentence()
    assert asked(images, left, holdout).verdict == Verdict.LEAK_FOUND


def test_what_could_not_be_asked_is_a_doubt(holdout):
    single = hospital(150, seed=7)
    told = asked(single.images[:4].astype(np.float32) / 255, single, holdout)
    (reason,) = reidentification.reasons(told, Verdict.CANNOT_TELL)
    assert "cannot say whether an attacker could" in reason.coarse
    assert not any(letter.isdigit() for letter in reason.coarse)


def test_single_images_are_not_assessable(holdout):
    single = hospital(150, seed=7)
    told = asked(single.images[:4].astype(np.float32) / 255, single, holdout)
    assert isinstance(told, str)
    assert "0 training" in told


def test_the_report_holds_it_and_the_verdict_follows(train, holdout, run_to_end):
    images, left = third_day(train)
    config = AuditConfig(run=Path(), planted=2, reidentification=True)
    report = run_to_end(examine(set_of(images, left), left, holdout, config, Control()))
    assert report["verdict"] == Verdict.LEAK_FOUND
    assert report["reidentification"]["sentence"] in report["reasons"]
