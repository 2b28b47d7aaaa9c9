"""Votes over patches: the paper's rule, and what it does not say."""

import math

import numpy as np
import pytest

from meddistill_gui.core.voted import PAPER_D, voted_with
from meddistill_gui.engine.voting import (
    DELTAS,
    best_delta,
    curve,
    drawn_map,
    judged,
    vote,
)

_O, _N, _P = 0, 1, 2


def test_counts_only_what_is_inside():
    ballot = vote([_O, _N, _P, _P, _O, _N], [0, 0, 0, 0, 1, 1], 3)
    assert ballot.positive.tolist() == [2, 0, 0]
    assert ballot.negative.tolist() == [1, 1, 0]
    assert ballot.share.tolist() == pytest.approx([2 / 3, 0, 0])
    assert ballot.silent.tolist() == [False, False, True]


def test_the_threshold_itself_is_positive():
    ballot = vote([_P, _P, _N, _N, _N], [0] * 5, 1)
    assert ballot.share[0] == PAPER_D
    assert ballot.decisions().tolist() == [True]
    assert ballot.decisions(np.nextafter(PAPER_D, 1)).tolist() == [False]


@pytest.mark.parametrize("delta", DELTAS)
def test_an_image_without_a_vote_is_negative_at_every_threshold(delta):
    """Also at 0, where 0 >= 0 would call it positive."""
    assert vote([_O, _O], [0, 0], 1).decisions(delta).tolist() == [False]
    assert vote([], [], 2).decisions(delta).tolist() == [False, False]


def test_only_positive_or_only_negative_votes():
    ballot = vote([_P, _N], [0, 1], 2)
    assert ballot.decisions(1.0).tolist() == [True, False]
    assert ballot.decisions(0.0).tolist() == [True, True]


def test_figures_by_hand():
    ballot = vote([_P, _N, _P, _N, _O], [0, 1, 2, 3, 4], 5)
    found = judged(ballot, [1, 1, 0, 0, 1])
    assert found.sensitivity == pytest.approx(1 / 3)
    assert found.specificity == pytest.approx(1 / 2)
    assert found.harmonic_mean == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))


def test_no_division_by_zero():
    nothing_right = judged(vote([_N, _P], [0, 1], 2), [1, 0])
    assert nothing_right.harmonic_mean == 0.0
    assert math.isnan(judged(vote([_N], [0], 1), [0]).sensitivity)
    assert math.isnan(judged(vote([_N], [0], 1), [1]).specificity)


def test_a_higher_threshold_never_finds_more():
    random = np.random.default_rng(0)
    ballot = vote(random.integers(0, 3, 400), random.integers(0, 20, 400), 20)
    found = curve(ballot, random.integers(0, 2, 20))
    assert [one.delta for one in found] == list(DELTAS)
    assert (np.diff([one.sensitivity for one in found]) <= 0).all()
    assert (np.diff([one.specificity for one in found]) >= 0).all()


def test_a_map_puts_each_patch_where_it_was_cut():
    found = drawn_map([_P, _N, _O], [[0, 50], [50, 0], [0, 0]])
    assert found.tolist() == [[_O, _P], [_N, -1]]
    assert drawn_map([], []).shape == (0, 0)


@pytest.mark.parametrize("wrong", [lambda: vote([_P], [0, 1], 2), lambda: judged(vote([_P], [0], 2), [1])])  # fmt: skip
def test_refuses_arrays_of_other_lengths(wrong):
    with pytest.raises(ValueError, match="for"):
        wrong()


def _ballot(shares):
    """Images whose votes of a hundred patches are positive in these shares."""
    hundredths = np.round(np.array(shares) * 100).astype(int)
    image = np.repeat(np.arange(len(shares)), 100)
    return vote(np.where(np.tile(np.arange(100), len(shares)) < np.repeat(hundredths, 100), _P, _N), image, len(shares))  # fmt: skip


def test_the_threshold_is_chosen_between_the_classes():
    ballot = _ballot([0.2, 0.42, 0.48, 0.71, 0.9])
    # 0.5 to 0.7 divide them without an error, and 0.6 stands in the middle
    assert best_delta([ballot], [0, 0, 0, 1, 1]) == 0.6
    chosen = judged(ballot, [0, 0, 0, 1, 1], 0.6)
    assert chosen.harmonic_mean == 1 > judged(ballot, [0, 0, 0, 1, 1]).harmonic_mean
    # a second student, of whom only 0.5 is right, decides among those that suit the first
    assert best_delta([ballot, _ballot([0.2, 0.3, 0.46, 0.54, 0.52])], [0, 0, 0, 1, 1]) == 0.5


def test_no_threshold_is_chosen_on_one_class_or_no_image():
    assert best_delta([_ballot([0.2, 0.4])], [0, 0]) is None
    assert best_delta([_ballot([0.2, 0.4])], [1, 1]) is None
    assert best_delta([vote([], [], 0)], []) is None


@pytest.mark.parametrize("content", ["", "[]", '{"delta": "x"}', '{"delta": 7}', "{}"])
def test_a_damaged_record_of_votes_gives_paper_ds_threshold(tmp_path, content):
    assert voted_with(tmp_path / "voting.json") == PAPER_D
    (tmp_path / "voting.json").write_text(content)
    assert voted_with(tmp_path / "voting.json") == PAPER_D
    (tmp_path / "voting.json").write_text('{"delta": 0.65}')
    assert voted_with(tmp_path / "voting.json") == 0.65
