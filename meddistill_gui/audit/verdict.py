"""From what was measured to one of the three verdicts. A verdict is never better than what could have been seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from meddistill_gui.audit import policy
from meddistill_gui.audit.preconditions import Precondition
from meddistill_gui.audit.reason import Reason, same
from meddistill_gui.audit.statistics import upper_bound
from meddistill_gui.core.words import Verdict

BLIND = "blind baseline"
_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class ImageFinding:
    """What the copy search says about one synthetic image.

    Attributes:
        index: From 0.
        exact: Whether it is, byte by byte, a training image.
        flagged: Whether a score exceeds every calibration patient's and every patient's who wears its texture.
        confirmed: Whether the score also reaches what planted copies reach, or a patient's image was its start.
        explained: Whether a score exceeds every calibration patient's, but not those who wear its texture.
    """

    index: int
    exact: bool
    flagged: bool
    confirmed: bool
    explained: bool = False


@dataclass(frozen=True, kw_only=True)
class PlantedFinding:
    """How many planted leaks of one kind were found.

    Attributes:
        kind: Name of the kind.
        planted: How many were planted.
        found: How many were flagged.
        right_patient: How many were flagged with the right patient ranked first.
    """

    kind: str
    planted: int
    found: int
    right_patient: int

    @property
    def missed_at_most(self) -> float:
        """Upper bound (95 %) of the chance to miss a copy of this kind."""
        return upper_bound(self.planted - self.found, self.planted, policy.CONFIDENCE)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a verdict rests on.

    Attributes:
        preconditions: Every one that was looked at.
        images: One per synthetic image; empty where nothing could be compared.
        planted: One per kind.
        off_manifold: Whether the synthetic images lie farther from all patients than patients lie from each other.
        initialisation: "noise" or "real", as the recipe says.
        membership: Verdict of the membership test; None where it was not made.
        leaks: Of other tests that found a leak.
        doubts: Of other tests that could not tell.
    """

    preconditions: Sequence[Precondition]
    images: Sequence[ImageFinding] = ()
    planted: Sequence[PlantedFinding] = ()
    off_manifold: bool = False
    initialisation: str = "noise"
    membership: Verdict | None = None
    leaks: Sequence[Reason] = field(default=())
    doubts: Sequence[Reason] = field(default=())


def sides_alike(checks: Sequence[Precondition]) -> bool:
    """Whether the blind baseline could not tell training patients from hold-out patients; so too where it was not asked."""
    return all(check.passed for check in checks if check.name == BLIND)


def concluded(evidence: Evidence) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict and its reasons, gravest first."""
    leaks = leaks_of(evidence)
    doubts = (*_doubts(evidence), *evidence.doubts)
    if leaks:
        return Verdict.LEAK_FOUND, (*leaks, *doubts)
    if doubts:
        return Verdict.CANNOT_TELL, doubts
    return Verdict.NO_LEAK_FOUND, (same(_nothing_found(evidence)),)


def leaks_of(evidence: Evidence) -> tuple[Reason, ...]:
    """Every leak that was found, gravest first."""
    return (*_leaks(evidence), *evidence.leaks)


def _leaks(evidence: Evidence) -> Iterator[Reason]:
    exact = [image.index + 1 for image in evidence.images if image.exact]
    if exact:
        yield Reason(
            sentence=f"{_numbered(exact)}, pixel by pixel, a training patient's image.",
            coarse="A synthetic image is, pixel by pixel, a training patient's image.",
        )
    traced = [image.index + 1 for image in evidence.images if image.confirmed and not image.exact]
    if traced and sides_alike(evidence.preconditions):
        yield Reason(
            sentence=f"{_numbered(traced)} traceable to one training patient.",
            coarse="A synthetic image is traceable to one training patient.",
        )


def _numbered(numbers: Sequence[int]) -> str:
    """E.g. "Each of synthetic images 1, 4, 7 and 33 more is": a banner holds no two hundred sentences."""
    if len(numbers) == 1:
        return f"Synthetic image {numbers[0]} is"
    shown = ", ".join(map(str, numbers[:_NAMED]))
    more = len(numbers) - _NAMED
    if more > 0:
        return f"Each of synthetic images {shown} and {more} more (listed below) is"
    first, _, last = shown.rpartition(", ")
    return f"Each of synthetic images {first} and {last} is"


def _doubts(evidence: Evidence) -> Iterator[Reason]:
    if evidence.initialisation != "noise":
        yield same(
            "The images were started from real patients' images. That is the one leak that everybody confirms; "
            "start from noise instead."
        )
    for check in evidence.preconditions:
        if not check.passed:
            yield Reason(
                sentence=check.sentence, coarse=f"This precondition is not met: {check.name}."
            )
    yield from _blunt(evidence.planted)
    yield from _review(evidence.images)
    if evidence.off_manifold and evidence.membership is None and evidence.images:
        yield same(
            "The synthetic images look so unlike patients' images that distances say nothing, and no membership test "
            "of this set was made. Audit again with the membership test."
        )


def _blunt(planted: Sequence[PlantedFinding]) -> Iterator[Reason]:
    """Required kinds that the detector misses in this data set."""
    missed = [
        f"{one.kind} ({one.found} of {one.planted})"
        for one in planted
        if one.kind in policy.REQUIRED_KINDS and one.found < policy.REQUIRED_FOUND * one.planted
    ]
    if missed:
        yield same(
            f"The detector misses known copies in this data set: {', '.join(missed)}. A hold-out whose patients are known "
            "not to be among the training patients makes it sharper."
        )


def _review(images: Sequence[ImageFinding]) -> Iterator[Reason]:
    unexplained = [one for one in images if one.flagged and not one.exact and not one.confirmed]
    if unexplained:
        count = len(unexplained)
        yield Reason(
            sentence=f"REVIEW {count} {'image' if count == 1 else 'images'}: closer to one training patient than any "
            "new patient's image is. Look at them beside their nearest patients.",
            coarse="Some images need a review by a person.",
        )


def _nothing_found(evidence: Evidence) -> str:
    planted = sum(one.planted for one in evidence.planted)
    found = sum(one.found for one in evidence.planted)
    return (
        f"No copy found among {len(evidence.images)} images. Planted copies were found in {found} of {planted} cases "
        "(table); one copy of a kind marked ✓ would have been missed with probability at most 5 %."
    )
