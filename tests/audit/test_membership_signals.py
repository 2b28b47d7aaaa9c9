import numpy as np
import pytest

from meddistill_gui.audit.membership_signals import (
    SIGNALS,
    likelihood,
    log_odds,
    signals,
    stacked,
)
from meddistill_gui.audit.statistics import auc


def test_log_odds_are_those_of_the_own_class():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], dtype=np.float32)
    assert log_odds(probabilities, np.array([0, 0])) == pytest.approx(
        [0.0, np.log(0.1 / 0.9)], rel=1e-5
    )


def test_the_surest_answers_are_told_apart():
    """float32 cannot hold 1 - 1e-9, but it holds 1e-9."""
    probabilities = np.array([[1.0, 1e-9], [1.0, 1e-12], [1.0, 0.0]], dtype=np.float32)
    found = log_odds(probabilities, np.zeros(3, dtype=int))
    assert found[0] < found[1] < found[2] < np.inf


@pytest.fixture
def shadows():
    """Images of differing difficulty; a student that saw one is surer by two, whatever its difficulty."""
    random = np.random.default_rng(0)
    difficulty = random.normal(0, 3, 400)
    members = [random.permutation(200)[:60] for _ in range(4)]
    sets = []
    for chosen in members:
        phi = difficulty + random.normal(0, 1, 400)
        phi[chosen] += 2
        sets.append(phi)
    target = difficulty + random.normal(0, 1, 400)
    target[200:300] += 2
    return target, stacked(sets, members, np.arange(200))


def test_references_answer_for_images_that_they_did_not_see(shadows):
    _, references = shadows
    row = int(np.flatnonzero(references.seen[:, :200].sum(0) == 1)[0])
    wanted = references.phi[~references.seen[:, row], row].mean()
    assert references.unseen()[row] == pytest.approx(wanted)


def test_difficulty_is_taken_away(shadows):
    """In closed form: raw AUC is that of a shift of 2 in sqrt(10), the calibrated one of 2 in sqrt(1.25)."""
    target, references = shadows
    found = {
        name: auc(one[200:300], one[300:]) for name, one in signals(target, references).items()
    }
    raw, calibrated, ratio = (found[name] for name in SIGNALS)
    assert raw < 0.75
    assert calibrated > 0.85
    assert ratio > calibrated - 0.03


def test_the_likelihood_ratio_points_to_what_was_seen(shadows):
    _, references = shadows
    fitted = likelihood(references)
    seen, unseen = references.examples()
    assert auc(fitted.ratio(seen), fitted.ratio(unseen)) > 0.85
    assert fitted.seen[0][0] - fitted.unseen[0][0] == pytest.approx(2, abs=0.5)


def test_two_references_are_enough(shadows):
    """Images that neither saw are examples of unseen ones."""
    _, whole = shadows
    few = stacked(whole.phi[:2], [np.flatnonzero(row) for row in whole.seen[:2]], np.arange(200))
    seen, unseen = few.examples()
    assert len(seen) > 10
    assert len(unseen) > 10
    assert np.isfinite(likelihood(few).ratio(unseen)).all()
