"""Mutation tests: each way to break the audit that we could think of must make a check fail.

A check that still passes on a broken audit proves nothing; here each is seen to fail.
"""

import numpy as np
import pytest
import torch

from meddistill_gui.audit import copy_search, findings, material, search, verdict
from meddistill_gui.audit import views as all_views
from meddistill_gui.core.words import Verdict

pytestmark = pytest.mark.slow


@pytest.fixture
def leaky(train, holdout, strangers, audited):
    """Audits two strangers, a copy, and a mirrored copy."""
    pixels = train.images.astype(np.float32) / 255
    images = np.concatenate([strangers[:2], pixels[4:5], pixels[9:10, :, :, ::-1]])
    return lambda: audited(images, train, holdout, planted=10)


def check(report):
    assert report["verdict"] == Verdict.LEAK_FOUND
    assert [image["confirmed"] for image in report["images"]] == [False, False, True, True]
    assert report["images"][2]["found_a"]["patient"] == 4
    assert report["images"][3]["found_b"]["patient"] == 9
    for row in report["planted"]:
        if row["kind"] in {"exact", "flip", "rotate 5 degrees", "inversion"}:
            assert row["found"] == row["right_patient"] == 10, row["kind"]


def test_the_check_passes_as_built(leaky):
    check(leaky())


def compare_with_itself(monkeypatch):
    """Score against the hold-out instead of the training images."""
    usual = material.gathered

    def swapped(case, control):
        made = usual(case, control)
        others = torch.cat([made.holdout, made.holdout])[: len(made.training)]
        return material.Material(**{**vars(made), "training": others})

    monkeypatch.setattr("meddistill_gui.audit.examination.gathered", swapped)


def calibrate_on_training(monkeypatch):
    """Use the training images as the hold-out: every threshold becomes that of a copy."""
    usual = material.gathered

    def swapped(case, control):
        made = usual(case, control)
        return material.Material(**{**vars(made), "holdout": made.training[: len(made.holdout)]})

    monkeypatch.setattr("meddistill_gui.audit.examination.gathered", swapped)


def drop_the_flip(monkeypatch):
    kept = tuple(view for view in all_views.VIEWS if not view.mirrored)
    monkeypatch.setattr(copy_search, "VIEWS", kept)


def turn_the_score_round(monkeypatch):
    usual = search._apart

    def negative(scores, *rest):
        return usual(copy_search.Scores(**{**vars(scores), "score": -scores.score}), *rest)

    monkeypatch.setattr(search, "_apart", negative)


def forget_the_inverted(monkeypatch):
    monkeypatch.setattr(copy_search, "_INVERTED_BAND", -1.0)


def name_the_wrong_patient(monkeypatch):
    """Shuffle which training image a score points to."""
    usual = search._apart

    def shuffled(scores, *rest):
        return usual(
            copy_search.Scores(**{**vars(scores), "source": np.roll(scores.source, 1)}), *rest
        )

    monkeypatch.setattr(search, "_apart", shuffled)


def flag_nothing(monkeypatch):
    usual = findings.read

    def blind(*arguments):
        return findings.ScoreReading(
            **{**vars(usual(*arguments)), "flags": np.zeros(4, dtype=bool)}
        )

    monkeypatch.setattr("meddistill_gui.audit.examination.read", blind)


def swallow_the_leaks(monkeypatch):
    monkeypatch.setattr(verdict, "_leaks", lambda _: iter(()))


@pytest.mark.parametrize(
    "mutate",
    [
        compare_with_itself,
        calibrate_on_training,
        drop_the_flip,
        turn_the_score_round,
        forget_the_inverted,
        name_the_wrong_patient,
        flag_nothing,
        swallow_the_leaks,
    ],
)
def test_the_check_fails_on_a_broken_audit(mutate, leaky, monkeypatch):
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check(leaky())
