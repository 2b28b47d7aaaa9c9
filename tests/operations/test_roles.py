"""Who sees which patients: a run its training and validation patients, and no others."""

from dataclasses import replace

import numpy as np
import pytest

from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.control import Control
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.operations.distill import distill
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


def images_of(project, *roles):
    with open_catalogue(Project(project).catalogue) as catalogue:
        rows = catalogue.connection.execute("SELECT image, role FROM role").fetchall()
    return {image for image, role in rows if role in roles}


def distilled(project, name):
    finished(distill(replace(small_run(project), name=name), Control()))
    return RunFolder(project / "runs" / name)


def test_a_run_learns_from_the_training_patients_and_chooses_by_the_validation_patients(project):
    ledger = ledgers.load(distilled(project, "first").ledger)
    assert set(ledger.training) == images_of(project, "train")
    assert set(ledger.validation) == images_of(project, "validation")


def test_what_test_and_hold_out_patients_look_like_changes_no_byte(project):
    before = distilled(project, "first")
    others = images_of(project, "test", "holdout")
    (stored,) = (project / "cache").rglob("images.npy")
    pixels = np.load(stored, mmap_mode="r+", allow_pickle=False)
    rows = np.isin(np.load(stored.with_name("ids.npy"), allow_pickle=False), list(others))
    assert 0 < rows.sum() < len(rows)
    pixels[rows] = np.random.default_rng(0).integers(0, 256, pixels[rows].shape, dtype=np.uint8)
    pixels.flush()
    after = distilled(project, "second")
    assert after.result.read_bytes() == before.result.read_bytes()
    scores = [line for line in before.events.read_text().splitlines() if "balanced accuracy" in line]  # fmt: skip
    assert scores
    assert scores == [line for line in after.events.read_text().splitlines() if "balanced accuracy" in line]  # fmt: skip
