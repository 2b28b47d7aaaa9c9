"""The deep membership test on made-up answers: a method that learns by heart, one that does not, one that exposes a few."""

import numpy as np
import pytest

from meddistill_gui.audit.deep_membership import HARDEST, included, judged, likelihood_ratios
from meddistill_gui.core.words import Verdict

RUNS, PATIENTS = 8, 300


def answers(effect, seed=0):
    """φ: each patient's own difficulty, noise, and `effect` (one number, or one for each patient) where he is in."""
    random = np.random.default_rng(seed)
    inside = np.stack([included(PATIENTS, run, seed) for run in range(RUNS)])
    difficulty = random.normal(0, 2, PATIENTS)
    return difficulty + random.normal(size=(RUNS, PATIENTS)) + effect * inside, inside


LABELS = np.arange(PATIENTS) % 3 // 2


def test_learning_by_heart_is_found():
    found = judged(*answers(2.0), LABELS, 0)
    assert found.verdict == Verdict.LEAK_FOUND
    assert found.groups["all"].auc > 0.8
    assert found.guessed.epsilon > 1


def test_an_innocent_method_is_not_in_nearly_all_seeds(monkeypatch):
    monkeypatch.setattr("meddistill_gui.audit.deep_membership._REDRAWN", 99)
    verdicts = [judged(*answers(0.0, seed), LABELS, seed).verdict for seed in range(20)]
    assert verdicts.count(Verdict.LEAK_FOUND) <= 4  # 5 % of 20 and three standard errors


def test_a_few_exposed_patients_stand_in_their_own_row():
    random = np.random.default_rng(5)
    difficulty = random.normal(0, 2, PATIENTS)
    hard = difficulty < np.quantile(difficulty, 0.05)
    inside = np.stack([included(PATIENTS, run, 5) for run in range(RUNS)])
    phi = difficulty + 0.3 * random.normal(size=(RUNS, PATIENTS)) + 3.0 * hard * inside
    found = judged(phi, inside, LABELS, 0)
    assert found.groups[HARDEST].p < 0.01
    assert found.verdict == Verdict.LEAK_FOUND
    assert found.groups["all"].auc < 0.6


def test_the_coins_are_fair_and_repeatable():
    drawn = np.stack([included(1000, run, 3) for run in range(20)])
    assert abs(drawn.mean() - 0.5) < 0.02
    assert (included(1000, 0, 3) == drawn[0]).all()
    assert not (drawn[0] == drawn[1]).all()


def test_a_ratio_is_that_of_two_gaussians_and_never_uses_its_own_run():
    phi, inside = answers(1.0)
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
    phi, inside = answers(1.0)
    inside[:, 0] = True
    assert np.isnan(likelihood_ratios(phi, inside)[:, 0]).all()
    judged(phi, inside, LABELS, 0)
