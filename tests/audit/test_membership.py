"""Classes of the procedural patients have nothing to do with their pixels: whatever a student knows, it has learned by heart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.audit import membership, policy
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.audit.report import render_detailed
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.words import Verdict

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(policy, "STUDENTS_ON_CPU", 2)
    monkeypatch.setattr(policy, "MEMBERSHIP_PLANTED", 30)
    monkeypatch.setattr(policy, "MEMBERSHIP_STEPS", 80)
    monkeypatch.setattr(membership, "choose", lambda _: __import__("torch").device("cpu"))


@pytest.fixture
def attack(train, holdout, make_set, run_to_end):
    def run(images, *, labels=None, control=None, people=train):
        made = make_set(images, train)
        recipe = replace(made.recipe, steps=80, momentum=0.9)
        hard = np.eye(2, dtype=np.float32)[labels] if labels is not None else made.labels
        made = replace(
            made, recipe=recipe, labels=hard, learning_rates=np.array([0.02], np.float32)
        )
        case = Case(distilled=made, train=people, holdout=holdout, seed=0)
        return run_to_end(
            membership.membership(case, gathered(case, Control()), control or Control())
        )

    return run


def test_a_bundle_of_real_images_is_found(train, attack):
    """A "bundle" that is simply every training image."""
    found = attack(train.images.astype(np.float32) / 255, labels=train.labels)
    assert found.positive >= policy.MEMBERSHIP_POSITIVE
    assert found.verdict == Verdict.LEAK_FOUND
    assert max(interval.value for interval in found.auc.values()) > 0.6
    assert set(found.rates.values()) == {f"not measurable with {found.others} non-members"}


def test_noise_reveals_nobody(attack):
    noise = np.random.default_rng(0).normal(0.5, 0.3, (8, 1, 16, 16))
    found = attack(noise)
    assert found.verdict == Verdict.NO_LEAK_FOUND
    assert found.negative.low <= 0.5 <= found.negative.high
    assert "proved able to find planted members" in found.sentence
    assert found.reduced


def test_patients_that_started_an_image_are_no_members(train, holdout, make_set):
    made = make_set(np.zeros((4, 1, 16, 16)), train)
    members = []
    started = Ledger(started_from=tuple(map(int, train.ids[:4])), training=(), validation=())
    for ledger in (started, None):
        case = Case(distilled=made, train=train, holdout=holdout, seed=0, ledger=ledger)
        groups = membership._grouped(case, gathered(case, Control()))
        members.append({*groups.members, *groups.planted})
    assert members[1] - members[0] == {0, 1, 2, 3}


def test_a_whole_audit_may_ask_for_it(train, holdout, make_set, run_to_end):
    """Noise lies far from every patient, so only this test can say anything about it."""
    made = make_set(np.random.default_rng(0).normal(0.5, 0.4, (4, 1, 16, 16)), train)
    config = AuditConfig(run=Path(), planted=5, membership=True)
    report = run_to_end(examine(made, train, holdout, config, Control()))
    assert report["off_manifold"]
    assert report["membership"]["verdict"] == Verdict.NO_LEAK_FOUND
    assert report["verdict"] == Verdict.NO_LEAK_FOUND, report["reasons"]
    assert report["membership"]["sentence"] in render_detailed(report, {}).replace("&#39;", "'")


def test_too_few_patients_are_not_attacked(attack, make_hospital):
    assert attack(np.zeros((4, 1, 16, 16)), people=make_hospital(12, seed=1)) is None
    assert membership.plain(None) is None


def test_a_weak_attack_cannot_tell(attack, monkeypatch):
    monkeypatch.setattr(policy, "MEMBERSHIP_STEPS", 1)
    found = attack(np.random.default_rng(0).normal(0.5, 0.3, (4, 1, 16, 16)))
    assert found.verdict == Verdict.CANNOT_TELL
    assert "too weak" in found.sentence


def test_a_wish_to_stop_is_heard(attack):
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        attack(np.zeros((4, 1, 16, 16)), control=control)
