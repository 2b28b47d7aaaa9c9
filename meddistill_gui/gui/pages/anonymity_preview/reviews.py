"""The reviewers' log of one run's result. No Qt."""

import hashlib
from datetime import UTC, datetime

from meddistill_gui.audit.review_log import Review, add_review, latest, read_reviews
from meddistill_gui.core.run_folder import RunFolder


def decisions(run: RunFolder) -> dict[int, Review]:
    """The last decision about each image of the result as it is now.

    Raises:
        ProjectError: The log was changed or is damaged.
    """
    return latest(read_reviews(run.reviews), _content(run))


def decide(run: RunFolder, image: int, decision: str, reviewer: str, reason: str) -> None:
    """Add a decision about an image.

    Raises:
        ProjectError: The log was changed; nothing is added.
        TargetError: The log cannot be written to.
    """
    review = Review(
        image=image,
        decision=decision,
        reviewer=reviewer,
        reason=reason,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        content=_content(run),
    )
    add_review(run.reviews, review)


def _content(run: RunFolder) -> str:
    return hashlib.sha256(run.result.read_bytes()).hexdigest()
