"""Options of `review`: what a person decided about one synthetic image that the audit flagged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class ReviewConfig:
    """Write down what a person decided about one synthetic image. The log cannot be changed unseen."""

    run: Path = option(text="Run folder.", positional=True)
    image: int = option(
        text="Number of the synthetic image, as the audit counts: from 1.", minimum=1
    )
    decision: str = option(
        text="accepted: it shows no patient; leak: it shows one, and the set is not packed.",
        choices=("accepted", "leak"),
    )
    reviewer: str = option(text="Who decided.")
    reason: str = option(text="Why, in the reviewer's words.")

    def check(self) -> Iterator[str]:
        """What a range cannot say."""
        if not self.reviewer.strip():
            yield "reviewer is empty; a decision needs a name."
        if not self.reason.strip():
            yield "reason is empty; a decision needs a reason."
