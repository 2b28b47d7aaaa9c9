import numpy as np
import pytest

from meddistill_gui.audit.copy_search import Scores
from meddistill_gui.audit.recovery import recovery, started_rows


def pointing_to(rows):
    count = len(rows)
    return Scores(
        score=np.ones(count),
        source=np.asarray(rows),
        similarity=np.ones(count),
        how=np.zeros(count, dtype=int),
    )


@pytest.fixture
def ledger(train):
    return [int(train.ids[row]) for row in range(20)]


def test_images_left_as_they_started_are_all_recovered(train, ledger):
    found = recovery(ledger, pointing_to(range(20)), pointing_to([-1] * 20), train, train.patients)
    assert found.recovered.all()
    assert found.leaks
    assert "20 of 20 cases" in found.sentence()


def test_a_shuffled_ledger_recovers_nothing(train, ledger):
    """Mutation test: the ledger must matter."""
    moved = ledger[1:] + ledger[:1]
    found = recovery(moved, pointing_to(range(20)), pointing_to(range(20)), train, train.patients)
    assert not found.recovered.any()
    assert not found.leaks


def test_either_score_will_do(train, ledger):
    found = recovery(ledger, pointing_to([-1] * 20), pointing_to(range(20)), train, train.patients)
    assert found.recovered.all()


def test_noise_is_not_applicable(train):
    assert (
        recovery([None] * 3, pointing_to([1, 2, 3]), pointing_to([1, 2, 3]), train, train.patients)
        is None
    )


def test_a_nearest_nobody_is_not_a_recovery_of_noise(train, ledger):
    mixed = [None, *ledger[1:]]
    found = recovery(mixed, pointing_to([-1] * 20), pointing_to([-1] * 20), train, train.patients)
    assert found.started == 19
    assert not found.recovered.any()


def test_a_ledger_of_another_set_is_refused(train, ledger):
    with pytest.raises(ValueError, match="19 entries for 20 images"):
        recovery(ledger[1:], pointing_to(range(20)), pointing_to(range(20)), train, train.patients)
    with pytest.raises(ValueError, match="no training images"):
        started_rows([999999], train)
