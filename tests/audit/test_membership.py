"""Classes of the procedural patients have nothing to do with their pixels: whatever a student knows, it has learned by heart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.audit import membership, policy
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.audit.membership_figures import Answers, utility
from meddistill_gui.audit.membership_groups import grouped
from meddistill_gui.audit.report import render_detailed
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.statistics import auc_interval, crossed_auc_interval
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.words import Verdict

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(policy, "STUDENTS_ON_CPU", 2)
    monkeypatch.setattr(policy, "MEMBERSHIP_PLANTED", 24)
    monkeypatch.setattr(policy, "MEMBERSHIP_REFERENCES", 3)
    monkeypatch.setattr(policy, "MEMBERSHIP_STEPS", 80)
    monkeypatch.setattr(membership, "choose", lambda _: __import__("torch").device("cpu"))


@pytest.fixture
def attack(train, holdout, make_set, run_to_end):
    def run(
        images,
        *,
        labels=None,
        control=None,
        people=train,
        held=holdout,
        seed=0,
        ledger=None,
        shelf=None,
    ):
        made = make_set(images, train)
        recipe = replace(made.recipe, steps=80, momentum=0.9)
        hard = np.eye(2, dtype=np.float32)[labels] if labels is not None else made.labels
        made = replace(
            made, recipe=recipe, labels=hard, learning_rates=np.array([0.02], np.float32)
        )
        case = Case(distilled=made, train=people, holdout=held, seed=seed, ledger=ledger)
        return run_to_end(
            membership.membership(case, gathered(case, Control()), control or Control(), shelf)
        )

    return run


def floats(images):
    return images.astype(np.float32) / 255


def started_from(train, rows):
    return Ledger(
        started_from=tuple(map(int, train.ids[rows])),
        training=tuple(map(int, train.ids)),
        validation=(),
    )


def test_a_bundle_of_real_images_is_found(train, attack):
    """A "bundle" that is simply the first hundred training images: half of the patients asked about are in it."""
    found = attack(floats(train.images[:100]), labels=train.labels[:100])
    assert found.positive >= policy.MEMBERSHIP_POSITIVE
    assert found.verdict == Verdict.LEAK_FOUND
    assert max(interval.value for interval in found.auc.values()) > 0.6
    assert all(str(rate).startswith("not measurable: ") for rate in found.rates.values())


def test_few_exposed_patients_vanish_in_the_average_and_stand_in_their_own_row(
    make_hospital, attack
):
    """Vector 9: thirty real images as a bundle, 1,000 training patients."""
    crowd = make_hospital(1000, seed=31)
    pixels, labels = floats(crowd.images[:30]), crowd.labels[:30]
    hidden = attack(pixels, labels=labels, people=crowd)
    told = attack(pixels, labels=labels, people=crowd, ledger=started_from(crowd, np.arange(30)))
    assert all(interval.value < 0.6 for interval in hidden.auc.values())
    assert max(interval.value for interval in told.initialisers.values()) >= 0.8
    assert told.verdict == Verdict.LEAK_FOUND
    assert "Patients whose images started synthetic ones: AUC" in told.sentence


def test_noise_reveals_nobody(attack):
    noise = np.random.default_rng(0).normal(0.5, 0.3, (8, 1, 16, 16))
    found = attack(noise)
    assert found.verdict == Verdict.NO_LEAK_FOUND
    assert found.negative.low <= 0.5 <= found.negative.high
    assert "proved able to find planted members" in found.sentence
    assert found.reduced
    assert found.initialisers == {}
    assert found.utility.sentence() in found.sentence


def test_noise_with_random_labels_reveals_nobody_in_nearly_all_seeds(
    attack, make_hospital, monkeypatch
):
    """Vector 8: 20 seeds, all intervals contain 0.5 but in two of them at most."""
    small = {
        "STUDENTS_ON_CPU": 1,
        "MEMBERSHIP_PLANTED": 6,
        "MEMBERSHIP_REFERENCES": 2,
        "MEMBERSHIP_STEPS": 5,
    }
    for name, value in small.items():  # the controls are not what is looked at
        monkeypatch.setattr(policy, name, value)
    outside = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        noise = random.normal(0.5, 0.3, (6, 1, 16, 16))
        sides = {
            "people": make_hospital(150, seed=500 + seed),
            "held": make_hospital(150, seed=600 + seed, first=9000),
        }
        found = attack(noise, labels=random.permutation([0, 0, 0, 1, 1, 1]), seed=seed, **sides)
        outside += not all(one.low <= 0.5 <= one.high for one in found.auc.values())
    assert outside <= 2


def test_patients_that_started_an_image_are_no_members(train, holdout, make_set):
    made = make_set(np.zeros((4, 1, 16, 16)), train)
    members = []
    for ledger in (started_from(train, np.arange(4)), None):
        case = Case(distilled=made, train=train, holdout=holdout, seed=0, ledger=ledger)
        groups = grouped(case, gathered(case, Control()))
        asked = np.concatenate([groups.members, *groups.planted])
        members.append(set(groups.pool.ids[asked]))
        started = groups.pool.ids[groups.initialisers].tolist()
        assert started == ([1000, 1001, 1002, 1003] if ledger else [])
    assert members[1] - members[0] == {1000, 1001, 1002, 1003}


def test_no_patient_is_in_two_groups(train, holdout, make_set):
    case = Case(
        distilled=make_set(np.zeros((6, 1, 16, 16)), train), train=train, holdout=holdout, seed=0
    )
    groups = grouped(case, gathered(case, Control()))
    for fold in groups.folds:
        together = np.concatenate([groups.members, fold.others, fold.unused, *groups.planted])
        assert len(np.unique(together)) == len(together)
        references = np.unique(np.concatenate(fold.references))
        assert not set(references) & set(together)
        assert set(references) <= set(fold.drawn_from)
        assert {row in fold.references[0] for row in references} == {True, False}
    assert all((groups.pool.labels[rows] == 0).sum() == 3 for rows in groups.planted)


def test_everybody_held_out_is_measured_once_and_each_half_by_the_other(train, holdout, make_set):
    case = Case(
        distilled=make_set(np.zeros((6, 1, 16, 16)), train), train=train, holdout=holdout, seed=0
    )
    groups = grouped(case, gathered(case, Control()))
    first, second = groups.folds
    assert not set(first.others) & set(second.others)
    assert groups.held_out == len(
        set(groups.pool.patients[first.others]) | set(groups.pool.patients[second.others])
    )
    for fold, other in ((first, second), (second, first)):
        assert {*fold.drawn_from, *fold.unused} == set(other.others)
    assert not set(first.members) & set(second.members)
    assert {*first.members, *second.members} == set(groups.members)


def test_the_figures_are_those_of_both_folds():
    """Against the definition, pair by pair, with scores made up."""
    random = np.random.default_rng(3)
    members, others = (
        random.normal(0.4, 1, (2, 30)),
        [random.normal(0, 1, 20), random.normal(0, 1, 25)],
    )
    found = crossed_auc_interval(members, others, 0.9)
    pairs = [np.mean(one[:, None] > other) for one, other in zip(members, others, strict=True)]
    assert found.value == pytest.approx(np.mean(pairs))
    twice = crossed_auc_interval([members[0], members[0]], [others[0], others[0]], 0.9)
    once = auc_interval([(members[0], others[0])], 0.9)
    assert twice.value == pytest.approx(once.value)
    assert twice.high - twice.low < once.high - once.low


def test_what_the_set_is_worth_stands_beside_random_real_images(train, holdout, make_set):
    """Students that know one class only, and planted ones that know everybody held out: means over classes."""
    case = Case(
        distilled=make_set(np.zeros((6, 1, 16, 16)), train), train=train, holdout=holdout, seed=0
    )
    groups = grouped(case, gathered(case, Control()))
    first_class = (groups.pool.labels == 0).astype(float)
    nothing = np.zeros_like(first_class)
    known = [Answers(phi=nothing, right=nothing + 1) for _ in groups.planted]
    worth = utility(groups, [Answers(phi=nothing, right=first_class), *known])
    assert (worth.distilled, worth.real, worth.images) == (0.5, 1.0, 6)
    assert "classify 50% of the hold-out right" in worth.sentence()
    assert "on 6 random training images 100%." in worth.sentence()


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
    found = attack(np.zeros((4, 1, 16, 16)), people=make_hospital(12, seed=1))
    assert "too few patients" in found
    assert membership.plain(found) == {"sentence": found}
    assert membership.plain(None) is None


def test_a_student_that_leaves_the_finite_numbers_is_said(attack, monkeypatch):
    monkeypatch.setattr(policy, "MEMBERSHIP_RATE", 1e30)
    assert "finite numbers" in attack(np.random.default_rng(0).normal(0.5, 0.3, (4, 1, 16, 16)))


def test_a_weak_attack_cannot_tell(attack, monkeypatch):
    monkeypatch.setattr(policy, "MEMBERSHIP_STEPS", 1)
    found = attack(np.random.default_rng(0).normal(0.5, 0.3, (4, 1, 16, 16)))
    assert found.verdict == Verdict.CANNOT_TELL
    assert "too weak" in found.sentence


def test_an_interrupted_test_trains_no_student_twice(attack, tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "MEMBERSHIP_STEPS", 5)
    noise = np.random.default_rng(0).normal(0.5, 0.3, (4, 1, 16, 16))
    usual = attack(noise)
    trained = []
    train = membership.train_student
    monkeypatch.setattr(
        membership, "train_student", lambda *a, **k: trained.append(k["seed"]) or train(*a, **k)
    )
    shelf = Shelf(tmp_path / "shelf", "key")
    assert attack(noise, shelf=shelf) == usual
    first = len(trained)
    assert attack(noise, shelf=shelf) == usual
    assert len(trained) == first == len(set(trained))


def test_a_wish_to_stop_is_heard(attack):
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        attack(np.zeros((4, 1, 16, 16)), control=control)
