"""What reviewers decided about a run's images. No Qt; `operations.review` writes the decisions down."""

import hashlib

from meddistill_gui.audit.review_log import Review, latest, read_reviews
from meddistill_gui.core.run_folder import RunFolder


def decisions(run: RunFolder) -> dict[int, Review]:
    """The last decision about each image of the result as it is now.

    Raises:
        ProjectError: The log was changed or is damaged.
    """
    content = hashlib.sha256(run.result.read_bytes()).hexdigest()
    return latest(read_reviews(run.reviews), content)
