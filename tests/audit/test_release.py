import pytest

from meddistill_gui.audit.release import release
from meddistill_gui.audit.review_log import Review
from meddistill_gui.core.words import LIMITS, Verdict

SET = "a" * 64


def report(verdict, *, flagged=(), confirmed=()):
    return {
        "verdict": verdict,
        "set": SET,
        "reasons": ["Because."],
        "images": [
            {
                "index": index,
                "flagged": index in flagged,
                "confirmed": index in confirmed,
                "exact": False,
            }
            for index in range(4)
        ],
        "planted": [{"kind": "exact", "marked": True}, {"kind": "blend 50/50", "marked": False}],
    }


def decided(image, decision):
    return Review(
        image=image,
        decision=decision,
        reviewer="A",
        reason="seen",
        time="2026-11-21T05:00:00+00:00",
        content=SET,
    )


def test_an_open_leak_is_refused_whatever_a_reviewer_says():
    found = report(Verdict.LEAK_FOUND, flagged=(1,), confirmed=(1,))
    assert not release(found, [decided(1, "accepted")], SET).allowed


def test_a_flag_waits_for_a_reviewer():
    found = report(Verdict.CANNOT_TELL, flagged=(2,))
    assert "synthetic image 3" in release(found, [], SET).refused[0]
    assert release(found, [decided(2, "accepted")], SET).allowed
    assert not release(found, [decided(2, "accepted")], "b" * 64).allowed
    assert not release(found, [decided(2, "dropped")], SET).allowed


def test_a_leak_that_a_reviewer_saw_is_refused():
    assert not release(report(Verdict.NO_LEAK_FOUND), [decided(0, "leak")], SET).allowed


@pytest.mark.parametrize("verdict", [Verdict.CANNOT_TELL, Verdict.NO_LEAK_FOUND])
def test_a_signature_is_told_what_it_takes_on(verdict):
    answer = release(report(verdict), [], SET)
    assert answer.allowed
    assert answer.signing_for[0] == f"{verdict}."
    assert "blend 50/50" in " ".join(answer.signing_for)
    assert "exact" not in " ".join(answer.signing_for)
    assert answer.signing_for[-1] == LIMITS


def test_no_audit_is_said():
    assert "No audit was made" in release(None, [], SET).signing_for[0]


@pytest.mark.parametrize("decision", ["dropped", "restarted"])
def test_a_set_whose_image_a_reviewer_sent_away_stays_even_where_nothing_was_flagged(decision):
    answer = release(report(Verdict.NO_LEAK_FOUND), [decided(3, decision)], SET)
    assert "synthetic image 4" in answer.refused[0]
    assert "reworked run" in answer.refused[0]


def test_a_reworked_set_must_be_audited():
    assert release(None, [], SET).allowed
    assert not release(None, [], SET, reworked=True).allowed
    assert release(report(Verdict.NO_LEAK_FOUND), [], SET, reworked=True).allowed


def test_a_report_that_names_no_set_or_another_one_is_no_report_of_this_set():
    for other in ({}, {"set": "b" * 64}):
        found = {k: v for k, v in report(Verdict.NO_LEAK_FOUND).items() if k != "set"} | other
        assert "audit it again" in release(found, [], SET).refused[0]
