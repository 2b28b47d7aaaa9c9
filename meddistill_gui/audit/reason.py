"""Why a verdict is what it is, once for the house and once for the report that travels."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One sentence of a verdict.

    Attributes:
        sentence: With figures; stays in the house.
        coarse: The same without figures of single images or patients, and with counts rounded; may travel.
    """

    sentence: str
    coarse: str


def same(sentence: str) -> Reason:
    """A reason that may travel as it is."""
    return Reason(sentence=sentence, coarse=sentence)
