"""The threshold that a run's images were voted with, as `result/voting.json` tells it."""

import json
from pathlib import Path
from typing import Final

PAPER_D: Final = 0.4
"""Share of positive votes from which paper D calls an image positive; it was found on its test patients."""


def voted_with(votes: Path) -> float:
    """The threshold in a record of votes, 0..1; paper D's where nobody has voted, or the record is damaged.

    Args:
        votes: `RunFolder.votes`.
    """
    try:
        delta = float(json.loads(votes.read_text(encoding="utf-8"))["delta"])
    except (OSError, ValueError, KeyError, TypeError):
        return PAPER_D  # what is wrong with a record, the page that shows it says
    return delta if 0 <= delta <= 1 else PAPER_D
