"""Whether a set may be exported after its audit, and what whoever signs for it takes on himself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from meddistill_gui.audit.review_log import Review, latest
from meddistill_gui.core.words import LIMITS, Verdict

SETTLED: Final = "accepted"
_GONE: Final = {"dropped": "left out", "restarted": "begin again from noise"}
REWORKED: Final = "Images began again or were left out after a review: audit this set first."


@dataclass(frozen=True, kw_only=True)
class Release:
    """The answer to "may this leave the house?".

    Attributes:
        refused: Why not, one sentence each; empty where it may.
        signing_for: What a signature takes on itself, one sentence each.
    """

    refused: tuple[str, ...]
    signing_for: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether the program packs it."""
        return not self.refused


def release(
    report: Mapping[str, Any] | None,
    reviews: Sequence[Review],
    content: str,
    *,
    reworked: bool = False,
) -> Release:
    """Decide from the fine-grained report and the reviewers' decisions.

    A leak cannot be argued away: an open LEAK FOUND is refused until the image is dropped or restarted, which makes another
    set and needs another audit. A flag without a confirmed leak needs a reviewer's word.

    Args:
        report: The fine-grained report; None before an audit.
        reviews: The review log.
        content: SHA-256 of the distilled set as it would be exported.
        reworked: Whether images of it began again or were left out after a review; then an audit is not left to the user.
    """
    decided = latest(reviews, content)
    if report is None:
        return Release(
            refused=(*((REWORKED,) if reworked else ()), *_by_reviewers(decided)),
            signing_for=("No audit was made: nothing is known about leaks.",),
        )
    return Release(
        refused=tuple(_refusals(report, decided, content)),
        signing_for=tuple(_burden(report, decided)),
    )


def _by_reviewers(decided: Mapping[int, Review]) -> list[str]:
    """What reviewers saw holds back a set whether it was audited or not."""
    found = [
        f"A reviewer found that synthetic image {number + 1} shows a patient."
        for number, review in sorted(decided.items())
        if review.decision == "leak"
    ]
    found += [
        f"A reviewer had synthetic image {number + 1} {_GONE[review.decision]}: pack the reworked run instead."
        for number, review in sorted(decided.items())
        if review.decision in _GONE
    ]
    return found


def _refusals(report: Mapping[str, Any], decided: Mapping[int, Review], content: str) -> list[str]:
    found = []
    if report.get("set") != content:
        found.append("The set was changed after its audit: audit it again.")
    if report["verdict"] == Verdict.LEAK_FOUND:
        found.append(
            "The audit says LEAK FOUND: distil again from noise, without the images it names."
        )
    found += _by_reviewers(decided)
    waiting = [
        str(image["index"] + 1)
        for image in report["images"]
        if image["flagged"]
        and not image["confirmed"]
        and not image["exact"]
        and (image["index"] not in decided or decided[image["index"]].decision != SETTLED)
    ]
    if waiting:
        found.append(
            f"A reviewer must look at synthetic {'image' if len(waiting) == 1 else 'images'} {', '.join(waiting)} first."
        )
    return found


def _burden(report: Mapping[str, Any], decided: Mapping[int, Review]) -> list[str]:
    burden = [f"{report['verdict']}.", *report["reasons"]]
    burden += [
        f"Synthetic image {number + 1} was accepted by {review.reviewer}: {review.reason}"
        for number, review in sorted(decided.items())
        if review.decision == SETTLED
    ]
    missed = [row["kind"] for row in report["planted"] if not row["marked"]]
    if missed:
        burden.append(f"A leak of these kinds could have been missed: {', '.join(missed)}.")
    return [*burden, LIMITS]
