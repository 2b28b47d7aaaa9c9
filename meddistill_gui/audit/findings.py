"""What the scores mean: p-values, flags, planted leaks found, and which flags are confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import Scores
from meddistill_gui.audit.planted import Planted
from meddistill_gui.audit.search import CopySearch, Dressed, Found
from meddistill_gui.audit.statistics import (
    Float64,
    Interval,
    binomial_at_least,
    clopper_pearson,
    conformal_p,
)
from meddistill_gui.audit.verdict import ImageFinding, PlantedFinding

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ScoreReading:
    """One score, read against the calibration patients.

    Attributes:
        threshold: The greatest value a calibration patient reaches.
        p: float64 `[m]`, conformal p-value of each synthetic image.
        flags: bool `[m]`, whether it exceeds the threshold.
        beyond_null: bool `[m]`, whether it exceeds every surrogate: patients wearing its texture, noise with its spectrum.
        surrogates: How many there are of each kind.
        like_planted: bool `[m]`, whether it reaches what planted copies reach.
        false_flags: Share of measuring patients (Ht) that exceed the threshold.
    """

    threshold: float
    p: Float64
    flags: Bools
    beyond_null: Bools
    surrogates: int
    like_planted: Bools
    false_flags: Interval


def read(
    found: Found, null: Float64, kinds: Sequence[str], calibration: Int64, measuring: Int64
) -> ScoreReading:
    """Read one score against the hold-out."""
    scores, held = found.synthetic.score, found.holdout.score
    threshold = float(held[calibration].max())
    # NaN rows (not asked for) compare as False and so never confirm anything
    beyond = np.asarray((null < scores[:, None]).all(1) & (null.shape[1] > 0), dtype=np.bool_)
    return ScoreReading(
        threshold=threshold,
        p=conformal_p(scores, held[calibration]),
        flags=scores > threshold,
        beyond_null=beyond,
        surrogates=null.shape[1] // 2,
        like_planted=scores >= _usual_for_copies(found.planted, kinds, threshold),
        false_flags=clopper_pearson(
            int((held[measuring] > threshold).sum()), len(measuring), policy.CONFIDENCE
        ),
    )


@dataclass(frozen=True, kw_only=True)
class DressedReading:
    """Score D, read against calibration patients who wear each image's texture.

    Attributes:
        p: float64 `[m]`, conformal p-value of each synthetic image.
        flags: bool `[m]`, whether it exceeds them all.
        people: How many they are.
        like_planted: bool `[m]`, whether it reaches what planted copies reach.
        false_flags: Share of measuring patients (Ht) that exceed all of theirs.
    """

    p: Float64
    flags: Bools
    people: int
    like_planted: Bools
    false_flags: Interval


def read_dressed(found: Dressed, kinds: Sequence[str]) -> DressedReading:
    """Read score D."""
    false = found.measuring.flags
    copies = [
        one.scores.score[one.flags]
        for one, kind in zip(found.planted, kinds, strict=True)
        if kind in policy.REQUIRED_KINDS
    ]
    return DressedReading(
        p=found.synthetic.p,
        flags=found.synthetic.flags,
        people=found.synthetic.nobody.shape[1],
        like_planted=found.synthetic.scores.score >= _usual(copies),
        false_flags=clopper_pearson(int(false.sum()), len(false), policy.CONFIDENCE),
    )


def image_findings(
    a: ScoreReading, b: ScoreReading, d: DressedReading, exact: Bools, started: Bools
) -> list[ImageFinding]:
    """One finding per synthetic image.

    Where surrogates in an image's own texture or spectrum score as high as it does, these explain its score. What is left is
    flagged. A flag is confirmed where score B or D is that of planted copies, or was started from a patient's image, or
    where there are so many flags that chance does not make them.

    Args:
        a: Score A.
        b: Score B.
        d: Score D, which is compared with nobody else.
        exact: bool `[m]`, whether it is a training image.
        started: bool `[m]`, whether it may have been started from one.
    """
    by_a, by_b = a.flags & a.beyond_null, b.flags & b.beyond_null
    flags = by_a | by_b | d.flags
    chance = min(1.0, 2 / (1 + a.surrogates) + 1 / (1 + d.people))
    many = binomial_at_least(int(flags.sum()), len(flags), chance) < policy.CHANCE_OF_FLAGS
    # score A alone never confirms: noise stands out as far as copies do where patients are much alike
    like_planted = (by_b & b.like_planted) | (d.flags & d.like_planted)
    confirmed = like_planted | (flags & (started | many))
    explained = (a.flags | b.flags) & ~flags
    return [
        ImageFinding(
            index=index,
            exact=bool(exact[index]),
            flagged=bool(flags[index] or exact[index]),
            confirmed=bool(confirmed[index] or exact[index]),
            explained=bool(explained[index] and not exact[index]),
        )
        for index in range(len(flags))
    ]


def planted_findings(
    search: CopySearch, leaks: Sequence[Planted], patients: Int64, a: float, b: float
) -> list[PlantedFinding]:
    """How many planted leaks of each kind exceed the limits, and with the right patient first."""
    found = []
    for number, leak in enumerate(leaks):
        under_a, under_b = search.a.planted[number], search.b.planted[number]
        under_d = search.d.planted[number]
        looks = (
            (under_a.score > a, under_a),
            (under_b.score > b, under_b),
            (under_d.flags, under_d.scores),
        )
        right = [flags & names(scores, leak.sources, patients) for flags, scores in looks]
        found.append(
            PlantedFinding(
                kind=leak.kind,
                planted=len(leak.sources),
                found=int(np.any([flags for flags, _ in looks], axis=0).sum()),
                right_patient=int(np.any(right, axis=0).sum()),
            )
        )
    return found


def names(scores: Scores, sources: Int64, patients: Int64) -> Bools:
    """Whether the patient ranked first is the one that each leak was made from."""
    right = patients[scores.source] == patients[sources]
    return np.asarray(right & (scores.source >= 0), dtype=np.bool_)


def _usual_for_copies(planted: Sequence[Scores], kinds: Sequence[str], threshold: float) -> float:
    """A low quantile of the scores of found copies of the required kinds; infinite where none was found."""
    scores = [
        one.score[one.score > threshold]
        for one, kind in zip(planted, kinds, strict=True)
        if kind in policy.REQUIRED_KINDS
    ]
    return _usual(scores)


def _usual(scores: Sequence[Float64]) -> float:
    together = np.concatenate(scores) if scores else np.empty(0)
    return float(np.quantile(together, policy.LIKE_PLANTED)) if len(together) else np.inf
