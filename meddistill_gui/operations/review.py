"""Write down what a person decided about one synthetic image."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from meddistill_gui.audit.review_log import Review, add_review
from meddistill_gui.core import distilled
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.review import ReviewConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.operations.release import released


def review(config: ReviewConfig, control: Control) -> Iterator[Event]:
    """Add the decision to the run's log; it holds for the set as it lies there now, and for no other.

    Raises:
        ConfigError: The set has no such image.
        ProjectError: The run has no result, or its log was changed.
    """
    yield Started(operation="review")
    control.safe_point()
    run, _ = open_run(validate(config).run)
    count = len(distilled.load(run.result).images)
    if config.image > count:
        raise ConfigError([f"image is {config.image}, but the set has {count} images."])
    decide(run, config.image - 1, config.decision, config.reviewer, config.reason)
    answer = released(run)
    after = "The set may be packed." if answer.allowed else " ".join(answer.refused)
    yield Finished(
        summary={
            "text": f"Written down: image {config.image} is {config.decision}. {after}",
            "image": config.image,
            "decision": config.decision,
            "may_be_packed": answer.allowed,
            "open": list(answer.refused),
        }
    )


def decide(run: RunFolder, image: int, decision: str, reviewer: str, reason: str) -> None:
    """Add a decision about the image of this index (from 0) to the run's log.

    Raises:
        ProjectError: The log was changed; nothing is added.
        TargetError: The log cannot be written to.
    """
    entry = Review(
        image=image,
        decision=decision,
        reviewer=reviewer.strip(),
        reason=reason.strip(),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        content=hashlib.sha256(run.result.read_bytes()).hexdigest(),
    )
    add_review(run.reviews, entry)
