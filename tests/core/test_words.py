import re

from meddistill_gui.core.words import FORBIDDEN, LIMITS, Verdict


def test_a_verdict_makes_no_forbidden_claim():
    for verdict in Verdict:
        assert not any(
            re.search(rf"\b{re.escape(word)}\b", verdict, re.IGNORECASE) for word in FORBIDDEN
        )


def test_the_limits_say_that_nothing_is_proved():
    assert "cannot show that there is none" in LIMITS
