"""The deep membership test on made-up answers: a method that learns by heart, one that does not, one that exposes a few."""

from dataclasses import replace

import numpy as np
import pytest

from meddistill_gui.audit import deep_membership
from meddistill_gui.audit.deep_attack import STARTED, Answers, likelihood_ratios, redrawn
from meddistill_gui.audit.deep_membership import (
    ALL,
    HARDEST,
    Planted,
    included,
    judged,
    plain,
    reasons,
)
from meddistill_gui.audit.statistics import Interval
from meddistill_gui.core.words import Verdict

RUNS, PATIENTS = 8, 300
LABELS = np.arange(PATIENTS) % 3 // 2


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(deep_membership, "_REDRAWN", 199)


def answers(effect, seed=0, *, patients=PATIENTS, starts=0, of_start=0.0):
    """φ: each patient's own difficulty, noise, `effect` where he is in, and `of_start` where the run was started from him."""
    random = np.random.default_rng(seed)
    coins = np.stack([included(patients, run, seed) for run in range(RUNS)])
    started = np.zeros_like(coins)
    for run in range(RUNS):
        started[run, random.permutation(np.flatnonzero(coins[run]))[:starts]] = True
    difficulty = random.normal(0, 2, patients)
    noise = random.normal(size=(RUNS, patients))
    return Answers(
        phi=difficulty + noise + effect * coins + of_start * started,
        coins=coins,
        started=started,
        patients=np.arange(patients),
        labels=np.arange(patients) % 3 // 2,
    )


def control(effect=4.0, seed=0, group=24):
    """Planted patients whom the attack finds, or not."""
    random = np.random.default_rng([seed, 1])
    planted = np.stack([random.permutation(group) < group // 2 for _ in range(RUNS)])
    return Planted(phi=random.normal(size=(RUNS, group)) + effect * planted, planted=planted)


def test_learning_by_heart_is_found():
    found = judged(answers(2.0), control(), 0)
    assert found.verdict == Verdict.LEAK_FOUND
    assert found.groups[ALL].value > 0.8
    assert found.guessed.epsilon > 1
    assert found.positive > 0.9
    (reason,) = reasons(found, Verdict.LEAK_FOUND)
    assert "about half of 300 patients" in reason.sentence
    assert "300" not in reason.coarse


def test_an_innocent_method_is_not_in_nearly_all_seeds(monkeypatch):
    monkeypatch.setattr(deep_membership, "_REDRAWN", 99)
    verdicts = [judged(answers(0.0, seed), control(), seed).verdict for seed in range(10)]
    assert verdicts.count(Verdict.LEAK_FOUND) <= 3  # 5 % of 10: more in one of a thousand
    assert Verdict.CANNOT_TELL not in verdicts


def test_a_few_exposed_patients_stand_in_their_own_row():
    made = answers(0.0, 5)
    usual = made.phi.mean(0)
    hard = usual <= np.quantile(usual, 0.05)
    found = judged(replace(made, phi=made.phi + 6.0 * hard * made.coins - 3.0 * hard), control(), 0)
    assert found.groups[HARDEST].p < 0.01
    assert found.verdict == Verdict.LEAK_FOUND
    assert found.groups[ALL].value < 0.6


def test_starting_patients_stand_in_their_own_row():
    """Ten of three hundred: an average over everybody hides them."""
    found = judged(answers(0.0, 3, starts=10, of_start=4.0), control(), 0)
    assert found.groups[STARTED].value > 0.9
    assert found.groups[ALL].value < 0.6
    assert found.verdict == Verdict.LEAK_FOUND
    assert STARTED not in judged(answers(0.0, 3), control(), 0).groups


def test_harmless_starts_are_no_leak_in_nearly_all_seeds(monkeypatch):
    monkeypatch.setattr(deep_membership, "_REDRAWN", 99)
    told = [judged(answers(0.0, seed, starts=10), control(), seed).verdict for seed in range(10)]
    assert told.count(Verdict.LEAK_FOUND) <= 3


def test_without_its_positive_control_silence_says_nothing():
    found = judged(answers(0.0), control(effect=0.3), 0)
    assert found.verdict == Verdict.CANNOT_TELL
    assert "too weak" in found.sentence()
    assert judged(answers(2.0), control(effect=0.3), 0).verdict == Verdict.LEAK_FOUND


def test_after_few_runs_a_leak_counts_and_silence_does_not():
    silent, loud = (replace(judged(answers(effect), control(), 0), runs=7) for effect in (0.0, 2.0))
    assert silent.verdict == Verdict.CANNOT_TELL
    assert "Silence counts from 8 further runs on." in silent.sentence()
    assert loud.verdict == Verdict.LEAK_FOUND


def test_a_control_that_could_not_be_asked_counts_as_not_found():
    missing = replace(control(), phi=np.full((RUNS, 24), np.nan))
    assert judged(answers(0.0), missing, 0).verdict == Verdict.CANNOT_TELL


def test_a_test_that_calls_chance_a_leak_cannot_tell():
    found = replace(judged(answers(2.0), control(), 0), negative=Interval(value=0.3, low=0.2, high=0.4))  # fmt: skip
    assert found.verdict == Verdict.CANNOT_TELL
    assert "takes chance for a leak" in found.sentence()


def test_the_negative_control_notices_coins_that_are_known_to_the_runs():
    """As if the coins "drawn anew" were not: a few draws that the answers follow, among innocent ones."""
    chance = np.random.default_rng(0).normal(0.5, 0.02, (999, 3))
    quiet = deep_membership._called_a_leak(chance)
    assert quiet.low <= 0.05 <= quiet.high
    chance[::5, 0] += 0.05
    assert deep_membership._called_a_leak(chance).low > 0.05


def test_rates_of_few_false_alarms_need_enough_patients(monkeypatch):
    monkeypatch.setattr(deep_membership, "_REDRAWN", 39)
    few = judged(answers(0.0), control(), 0)
    assert all("not measurable with" in why for why in few.not_measurable.values())
    assert len(few.not_measurable) == 2
    many = judged(answers(2.0, patients=2400), control(), 0)
    assert set(many.not_measurable) == {"picked out at 0.1% false alarms"}
    assert many.groups["picked out at 1.0% false alarms"].value > 0.05


def test_the_coins_are_fair_and_repeatable():
    drawn = np.stack([included(1000, run, 3) for run in range(20)])
    assert abs(drawn.mean() - 0.5) < 0.02
    assert (included(1000, 0, 3) == drawn[0]).all()
    assert not (drawn[0] == drawn[1]).all()


def test_starts_are_drawn_anew_as_a_run_draws_them():
    """As many of each class, and only of images that the new coins let in."""
    made = answers(0.0, starts=20)
    fresh = redrawn(made, np.random.default_rng(0))
    assert not (fresh.started & ~fresh.inside).any()
    for label in (0, 1):
        own = made.labels == label
        assert (fresh.started[:, own].sum(1) == made.started[:, own].sum(1)).all()
    assert (fresh.started != made.started).any()


def test_images_of_one_patient_share_his_coin():
    made = replace(answers(0.0), patients=np.arange(PATIENTS) // 2, coins=answers(0.0).coins[:, ::2])  # fmt: skip
    fresh = redrawn(made, np.random.default_rng(0))
    assert (fresh.inside[:, ::2] == fresh.inside[:, 1::2]).all()


def test_a_ratio_is_that_of_two_gaussians_and_never_uses_its_own_run():
    made = answers(1.0)
    phi, inside = made.phi, made.inside
    changed = phi.copy()
    changed[2] += 7.0
    before, after = likelihood_ratios(phi, inside), likelihood_ratios(changed, inside)
    rest = np.delete(np.arange(RUNS), 2)
    patient = 4
    own_in = phi[rest, patient][inside[rest, patient]].mean()
    own_out = phi[rest, patient][~inside[rest, patient]].mean()
    slope = (after[2, patient] - before[2, patient]) / 7.0
    assert slope == pytest.approx(2 * (own_in - own_out))


def test_a_patient_who_was_always_in_is_not_judged():
    made = answers(1.0)
    made.coins[:, 0] = True
    assert np.isnan(likelihood_ratios(made.phi, made.inside)[:, 0]).all()
    judged(made, control(), 0)


def test_what_could_not_be_made_is_a_doubt():
    assert [one.sentence for one in reasons("Not made.", Verdict.CANNOT_TELL)] == ["Not made."]
    assert not list(reasons("Not made.", Verdict.LEAK_FOUND))
    assert plain("Not made.") == {"sentence": "Not made."}
    assert plain(None) is None
