"""What the tests on request count for: a leak, a doubt, or, where the two sides differ by themselves, nothing but a doubt."""

from meddistill_gui.audit.membership import Membership
from meddistill_gui.audit.membership_figures import Utility
from meddistill_gui.audit.on_request import OnRequest
from meddistill_gui.audit.one_run import OneRun
from meddistill_gui.audit.statistics import Interval
from meddistill_gui.core.words import Verdict

SURE = Interval(value=0.9, low=0.85, high=0.95)
FOUND = Membership(
    verdict=Verdict.LEAK_FOUND,
    sentence="Membership test: AUC 0.900, 412 training patients against 101 others.",
    auc={"confidence": SURE},
    initialisers={"confidence": SURE},
    positive=0.97,
    negative=Interval(value=0.5, low=0.4, high=0.6),
    guessed=OneRun(guesses=10, right=9, epsilon=0.4),
    utility=Utility(distilled=0.7, real=0.6, images=30),
    rates={},
    members=412,
    others=101,
    planted=30,
    students=4,
    reduced=True,
)


def test_a_leak_is_told_in_figures_and_travels_without_counts_of_patients():
    (reason,) = OnRequest(attacked=FOUND).leaks()
    assert "412" in reason.sentence
    assert "412" not in reason.coarse
    assert "AUC 0.90 (0.85-0.95)" in reason.coarse
    assert not list(OnRequest(attacked=FOUND).doubts())


def test_where_the_sides_differ_by_themselves_it_is_a_doubt():
    asked = OnRequest(attacked=FOUND)
    assert not list(asked.leaks(comparable=False))
    (doubt,) = asked.doubts(comparable=False)
    assert "differ by themselves" in doubt.sentence


def test_a_test_that_was_asked_for_and_could_not_be_made_is_a_doubt():
    asked = OnRequest(known="Not assessable.", attacked="Not made.", deep="Not made either.")
    assert len(list(asked.doubts())) == 3
    assert not list(asked.leaks())
    assert asked.membership is None
    assert not list(OnRequest().doubts())
