"""The only words in which evidence may be put (`docs/anonymity.md`). Tests search every other string for the rest."""

import enum
from typing import Final


class Verdict(enum.StrEnum):
    """What an audit may conclude."""

    LEAK_FOUND = "LEAK FOUND"
    CANNOT_TELL = "CANNOT TELL"
    NO_LEAK_FOUND = "NO LEAK FOUND BY THESE TESTS"


FORMAL_GUARANTEE_NONE: Final = "FORMAL GUARANTEE: none"

LIMITS: Final = (
    "These tests can show a leak. They cannot show that there is none. Attacks published after this version, attackers "
    "who know more than assumed, and patients unlike those tested are not covered. Whether this set is anonymous in law "
    "is a decision of the data controller."
)
"""Stands beside every verdict, word for word; the one place where the word "anonymous" may stand."""

FORBIDDEN: Final = (
    "anonymous",
    "anonymised",
    "anonymized",
    "safe",
    "private",
    "compliant",
    "guaranteed",
    "100 %",
)
"""Claims that no string of the interface, a report or a bundle may make about a set."""

NOT_FOR_CLINICAL_USE: Final = "Research software. Not for clinical use."
