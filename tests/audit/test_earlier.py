"""A leak that an earlier audit of the very same set found is not forgotten by one that asks less."""

import pytest

from meddistill_gui.audit.earlier import EARLIER, leaks_of_earlier, with_earlier
from meddistill_gui.core.words import Verdict

SET = "a" * 64
LEAK = "Membership test: AUC 0.9, 412 patients."


def report(verdict, *, leaks=(), reasons=("Because.",)):
    return {
        "set": SET,
        "verdict": verdict,
        "reasons": list(reasons),
        "coarse_reasons": list(reasons),
        "leaks": list(leaks),
    }


def test_only_of_the_same_set():
    before = report(Verdict.LEAK_FOUND, leaks=[LEAK])
    assert leaks_of_earlier(before, SET) == (LEAK,)
    assert leaks_of_earlier(before, "b" * 64) == ()
    assert leaks_of_earlier(None, SET) == ()
    assert leaks_of_earlier({"set": SET}, SET) == ()  # of an older version


@pytest.mark.parametrize("verdict", list(Verdict))
def test_it_stays_a_leak_whatever_the_next_audit_says(verdict):
    after = with_earlier(report(verdict), [LEAK])
    assert after["verdict"] == Verdict.LEAK_FOUND
    assert EARLIER + LEAK in after["reasons"]
    assert not any("412" in reason for reason in after["coarse_reasons"])
    assert ("Because." in after["reasons"]) == (verdict != Verdict.NO_LEAK_FOUND)


def test_it_is_said_once_however_often_the_set_is_audited():
    first = with_earlier(report(Verdict.NO_LEAK_FOUND), [LEAK])
    second = with_earlier(report(Verdict.NO_LEAK_FOUND), leaks_of_earlier(first, SET))
    assert second == first
    again = report(Verdict.LEAK_FOUND, leaks=[LEAK], reasons=[LEAK])
    assert with_earlier(again, leaks_of_earlier(second, SET)) == again
