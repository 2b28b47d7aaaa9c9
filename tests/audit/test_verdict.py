import numpy as np
import pytest

from meddistill_gui.audit.findings import DressedReading, ScoreReading, image_findings
from meddistill_gui.audit.preconditions import Precondition
from meddistill_gui.audit.reason import same
from meddistill_gui.audit.statistics import Interval
from meddistill_gui.audit.verdict import Evidence, ImageFinding, PlantedFinding, concluded
from meddistill_gui.core.words import Verdict

MET = Precondition(name="blind baseline", passed=True, sentence="Met.")
NOBODY = np.zeros(20, dtype=bool)


def reading(flags, beyond, like):
    return ScoreReading(
        threshold=1.0,
        p=np.ones(20),
        flags=np.isin(np.arange(20), flags),
        beyond_null=np.isin(np.arange(20), beyond),
        surrogates=99,
        like_planted=np.isin(np.arange(20), like),
        false_flags=Interval(value=0.0, low=0.0, high=0.1),
    )


QUIET = reading([], [], [])


def dressed(flags, like_planted):
    rows = np.arange(20)
    return DressedReading(
        p=np.ones(20),
        flags=np.isin(rows, flags),
        people=250,
        like_planted=np.isin(rows, like_planted),
        false_flags=Interval(value=0.0, low=0.0, high=1.0),
    )


UNMOVED = dressed([], [])


def finding(*, exact=False, flagged=False, confirmed=False):
    return ImageFinding(index=0, exact=exact, flagged=flagged, confirmed=confirmed)


def test_a_flag_needs_its_surrogates_and_a_confirmation_needs_the_planted_copies():
    found = image_findings(QUIET, reading([1, 2, 3], [2, 3], [1, 3]), UNMOVED, NOBODY, NOBODY)
    assert [one.index for one in found if one.flagged] == [2, 3]
    assert [one.index for one in found if one.explained] == [1]
    assert [one.index for one in found if one.confirmed] == [3]


def test_both_halves_of_a_confirmation_come_from_one_score():
    found = image_findings(reading([5], [5], []), reading([], [], [5]), UNMOVED, NOBODY, NOBODY)
    assert found[5].flagged
    assert not found[5].confirmed


def test_standing_out_alone_confirms_nothing():
    found = image_findings(reading([7], [7], [7]), QUIET, UNMOVED, NOBODY, NOBODY)
    assert found[7].flagged
    assert not found[7].confirmed


def test_more_flags_than_chance_makes_confirm_each_other():
    few = image_findings(reading([0, 1], [0, 1], []), QUIET, UNMOVED, NOBODY, NOBODY)
    many = image_findings(reading(range(6), range(6), []), QUIET, UNMOVED, NOBODY, NOBODY)
    assert not any(one.confirmed for one in few)
    assert sum(one.confirmed for one in many) == 6


def test_nobody_in_its_texture_flags_and_planted_copies_confirm():
    found = image_findings(QUIET, QUIET, dressed([3, 4], [4, 5]), NOBODY, NOBODY)
    assert [one.index for one in found if one.flagged] == [3, 4]
    assert [one.index for one in found if one.confirmed] == [4]


def test_a_training_image_itself_counts_whatever_the_scores_say():
    exact = np.isin(np.arange(20), [6])
    found = image_findings(QUIET, QUIET, UNMOVED, exact, NOBODY)
    assert [one.index for one in found if one.flagged and one.confirmed and one.exact] == [6]


def test_many_traced_images_are_told_in_one_sentence_of_bounded_length():
    images = [ImageFinding(index=i, exact=False, flagged=True, confirmed=True) for i in range(200)]
    verdict, words = said(images=images)
    assert verdict == Verdict.LEAK_FOUND
    assert "1, 2, 3, 4, 5 and 195 more (listed below)" in words
    assert len(words) < 200
    assert "Each of synthetic images 1 and 2 is traceable" in said(images=images[:2])[1]
    assert "Synthetic image 8 is traceable" in said(images=images[7:8])[1]


def test_a_start_from_a_patient_confirms_a_flag():
    found = image_findings(
        reading([4], [4], []), QUIET, UNMOVED, NOBODY, np.isin(np.arange(20), [4])
    )
    assert found[4].confirmed


def said(**evidence):
    verdict, reasons = concluded(
        Evidence(**{"preconditions": [MET], "images": [finding()]} | evidence)
    )
    return verdict, " ".join(reason.sentence for reason in reasons)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        ({}, Verdict.NO_LEAK_FOUND),
        ({"images": [finding(exact=True, flagged=True)]}, Verdict.LEAK_FOUND),
        ({"images": [finding(flagged=True, confirmed=True)]}, Verdict.LEAK_FOUND),
        ({"images": [finding(flagged=True)]}, Verdict.CANNOT_TELL),
        ({"initialisation": "real"}, Verdict.CANNOT_TELL),
        ({"off_manifold": True}, Verdict.CANNOT_TELL),
        ({"off_manifold": True, "membership": Verdict.NO_LEAK_FOUND}, Verdict.NO_LEAK_FOUND),
        ({"doubts": [same("Too weak.")]}, Verdict.CANNOT_TELL),
        ({"leaks": [same("AUC 0.9.")], "doubts": [same("Too weak.")]}, Verdict.LEAK_FOUND),
    ],
)
def test_the_verdict_is_never_better_than_what_could_be_seen(evidence, verdict):
    assert said(**evidence)[0] == verdict


@pytest.mark.parametrize("found", [0, 55, 56, 57, 59])
def test_missing_known_copies_is_told(found):
    row = PlantedFinding(kind="flip", planted=59, found=found, right_patient=0)
    verdict, words = said(planted=[row])
    assert (verdict == Verdict.CANNOT_TELL) == (found < 0.95 * 59)
    assert ("misses known copies" in words) == (found < 0.95 * 59)


def test_where_the_sides_differ_by_source_only_an_exact_copy_is_a_leak():
    failed = Precondition(name="blind baseline", passed=False, sentence="They differ.")
    assert (
        said(preconditions=[failed], images=[finding(flagged=True, confirmed=True)])[0]
        == Verdict.CANNOT_TELL
    )
    assert (
        said(preconditions=[failed], images=[finding(exact=True, flagged=True)])[0]
        == Verdict.LEAK_FOUND
    )


def test_coarse_reasons_name_no_image():
    _, reasons = concluded(
        Evidence(preconditions=[MET], images=[finding(exact=True, flagged=True)])
    )
    assert "image 1" in reasons[0].sentence
    assert "1" not in reasons[0].coarse
