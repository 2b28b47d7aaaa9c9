"""What reviewers decided about flagged images: a log that can be added to and not changed unseen.

Each line carries the SHA-256 of its entry, and each entry that of the one before it, so a changed, removed or exchanged
entry breaks the chain. Whoever can write the file can also make a whole new chain, or cut off its end; only a digest that is kept elsewhere
shows that (a reworked run keeps the one it was made after).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole

DECISIONS: Final = ("leak", "accepted", "dropped", "restarted")
"""What may be decided: it is a patient, it is none, leave the image out, distil it again from noise."""

BEGINNING: Final = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Review:
    """One decision.

    Attributes:
        image: Index of the synthetic image, from 0.
        decision: One of `DECISIONS`.
        reviewer: Who decided.
        reason: Why, in the reviewer's words.
        time: When, ISO 8601 with zone.
        content: SHA-256 of the distilled set that was looked at; a decision holds for no other.
        previous: Digest of the entry before, `BEGINNING` for the first.
    """

    image: int
    decision: str
    reviewer: str
    reason: str
    time: str
    content: str
    previous: str = BEGINNING

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ValueError(f"{self.decision!r} is none of {', '.join(DECISIONS)}")
        if not self.reviewer.strip() or not self.reason.strip():
            raise ValueError("a decision needs a reviewer and a reason")

    @property
    def digest(self) -> str:
        """SHA-256 of the whole entry, and through `previous` of all before it."""
        return hashlib.sha256(_text(asdict(self)).encode()).hexdigest()


def read_reviews(path: Path) -> tuple[Review, ...]:
    """All decisions, oldest first; none where there is no log yet.

    Raises:
        ProjectError: The log was changed or is damaged.
    """
    if not path.is_file():
        return ()
    reviews: list[Review] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        review = _parsed(line, path, number)
        if review.previous != (reviews[-1].digest if reviews else BEGINNING):
            raise _broken(path, number)
        reviews.append(review)
    return tuple(reviews)


def add_review(path: Path, review: Review) -> tuple[Review, ...]:
    """Add a decision at the end; its `previous` is set here.

    Returns:
        All decisions, this one last.

    Raises:
        ProjectError: The log was changed; nothing is added.
        TargetError: The log cannot be written to.
    """
    before = read_reviews(path)
    values = asdict(review) | {"previous": before[-1].digest if before else BEGINNING}
    reviews = (*before, Review(**values))
    write_whole(path, "".join(_line(one) + "\n" for one in reviews).encode())
    return reviews


def latest(reviews: Sequence[Review], content: str) -> dict[int, Review]:
    """The last decision about each image of the set with this digest."""
    return {review.image: review for review in reviews if review.content == content}


def _line(review: Review) -> str:
    return _text(asdict(review) | {"digest": review.digest})


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _parsed(raw: bytes, path: Path, number: int) -> Review:
    try:
        line = raw.decode()
        values: dict[str, Any] = json.loads(line)
        values.pop("digest")
        review = Review(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _broken(path, number) from error
    if _line(review) != line:
        raise _broken(path, number)
    return review


def _broken(path: Path, number: int) -> ProjectError:
    return ProjectError(
        f"Line {number} of {path} is not as it was written: the log of reviews was changed or damaged.",
        "Restore it from a copy, or move it away and review the images again.",
    )
