"""The fine-grained report of an audit as plain values. It holds figures of single patients and must stay in the house."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import Scores, pair_similarities
from meddistill_gui.audit.findings import DressedReading, ScoreReading
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.nearest import Nearest
from meddistill_gui.audit.preconditions import Precondition
from meddistill_gui.audit.reason import Reason
from meddistill_gui.audit.search import CopySearch
from meddistill_gui.audit.statistics import Interval, chance_of_flags, holm
from meddistill_gui.audit.verdict import Evidence, PlantedFinding, concluded, leaks_of
from meddistill_gui.audit.views import VIEWS
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, LIMITS

FORMAT: Final = 1
NEAREST: Final = 3
_DIGITS: Final = 4
_BAND_WORDS: Final = tuple(
    "sharp" if band == 0 else f"smoothed by {band:g} of 32 pixels" for band in policy.BANDS
)
_DEPTHS: Final = tuple({"way": "by what tells patients apart"} for _ in policy.COMPONENTS)
_BANDS: Final = tuple({"way": words} for words in _BAND_WORDS)
_VIEWS: Final = tuple(
    {
        "way": f"negative, {view.words()}" if inverted else view.words(),
        "view": {**asdict(view), "shift": list(view.shift), "inverted": inverted},
    }
    for inverted in (False, True)
    for view in VIEWS
)

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The raw measurements of the copy search.

    Attributes:
        search: The scores.
        a: Score A, read against the hold-out.
        b: Score B, read against the hold-out.
        d: Score D, read against hold-out patients in each image's texture.
        to_train: Nearest training patients of each synthetic image by exact distance.
        to_holdout: The same for the hold-out.
    """

    search: CopySearch
    a: ScoreReading
    b: ScoreReading
    d: DressedReading
    to_train: Nearest
    to_holdout: Nearest


def without_search(
    case: Case, checks: Sequence[Precondition], leaks: Sequence[Reason] = ()
) -> Record:
    """The report of an audit that could not compare anything: CANNOT TELL, and why, unless a leak showed without comparing."""
    evidence = Evidence(
        preconditions=checks, initialisation=case.distilled.recipe.initialisation, leaks=leaks
    )
    return _head(case, evidence) | {
        "images": [],
        "holdout_scores": {"a": [], "b": []},
        "thresholds": {"a": None, "b": None},
        "planted": [],
    }


def with_search(case: Case, material: Material, evidence: Evidence, measured: Measured) -> Record:
    """The report of a whole audit."""
    a, b = measured.search.a.holdout.score, measured.search.b.holdout.score
    return _head(case, evidence) | {
        "images": _images(case, material, evidence, measured),
        "holdout_scores": {"a": _rounded(a), "b": _rounded(b)},
        "thresholds": {"a": _number(measured.a.threshold), "b": _number(measured.b.threshold)},
        "planted": [_planted(one) for one in evidence.planted],
        "calibration": {
            "images": len(material.calibration),
            "smallest_p": _number(1 / (len(material.calibration) + 1)),
            "false_flags": {
                "a": _interval(measured.a.false_flags),
                "b": _interval(measured.b.false_flags),
                "d": _interval(measured.d.false_flags),
            },
            "chance_of_so_many_flags": _chance(evidence, len(material.calibration)),
        },
        "off_manifold": evidence.off_manifold,
    }


def _head(case: Case, evidence: Evidence) -> Record:
    verdict, reasons = concluded(evidence)
    return {
        "format": FORMAT,
        "verdict": str(verdict),
        "reasons": [reason.sentence for reason in reasons],
        "coarse_reasons": list(dict.fromkeys(reason.coarse for reason in reasons)),
        "leaks": [reason.sentence for reason in leaks_of(evidence)],
        "formal": FORMAL_GUARANTEE_NONE,
        "initialisation": evidence.initialisation,
        "audits_on_this_holdout": case.audits,
        "preconditions": [
            asdict(check) | {"pairs": [list(pair) for pair in check.pairs]}
            for check in evidence.preconditions
        ],
        "counts": {
            "synthetic": len(case.distilled.images),
            "train_images": len(case.train),
            "train_patients": case.train.patient_count,
            "holdout_images": len(case.holdout),
            "holdout_patients": case.holdout.patient_count,
        },
        "policy": [list(row) for row in policy.shown()],
        "limits": LIMITS,
    }


def _images(case: Case, material: Material, evidence: Evidence, measured: Measured) -> list[Record]:
    a, b, d = measured.a, measured.b, measured.d
    under_d = measured.search.d.synthetic
    p = np.minimum(1.0, 3 * np.minimum(np.minimum(a.p, b.p), d.p))
    columns: dict[str, Sequence[Any]] = {
        "class": _classes(case),
        "p": _rounded(p),
        "p_a": _rounded(a.p),
        "p_b": _rounded(b.p),
        "p_d": _rounded(d.p),
        "p_holm": _rounded(holm(p)),
        "p_matched": _matched(measured.search),
        "score_a": _rounded(measured.search.a.synthetic.score),
        "score_b": _rounded(measured.search.b.synthetic.score),
        "score_d": _rounded(under_d.scores.score),
        "nobody_d": [_rounded(row) for row in under_d.nobody],
        "flagged": [finding.flagged for finding in evidence.images],
        "confirmed": [finding.confirmed for finding in evidence.images],
        "explained": [finding.explained for finding in evidence.images],
        "exact": [finding.exact for finding in evidence.images],
        "found_a": _sources(measured.search.a.synthetic, case.train, _BANDS),
        "found_b": _sources(measured.search.b.synthetic, case.train, _VIEWS),
        "found_d": _sources(under_d.scores, case.train, _DEPTHS),
        "nearest_train": _nearest(case.train, material.training, measured.to_train, material),
        "nearest_holdout": _nearest(case.holdout, material.holdout, measured.to_holdout, material),
    }
    return [
        {"index": index} | {name: values[index] for name, values in columns.items()}
        for index in range(len(evidence.images))
    ]


def _classes(case: Case) -> list[str]:
    return [case.distilled.recipe.class_names[label] for label in case.distilled.labels.argmax(1)]


def _nearest(
    real: RealImages, pixels: Tensor, near: Nearest, material: Material
) -> list[list[Record]]:
    """The nearest patients of each synthetic image by exact distance, and how similar they are."""
    shown, apart = near.rows[:, :NEAREST], near.distances[:, :NEAREST]
    others = pixels[torch.from_numpy(shown)]
    similarity = pair_similarities(material.readings[-1], others, material.training)
    return [
        [
            {
                "id": int(real.ids[row]),
                "patient": int(real.patients[row]),
                "similarity": _number(alike),
                "distance": int(distance),
            }
            for row, distance, alike in zip(rows, distances, values, strict=True)
        ]
        for rows, distances, values in zip(shown, apart, similarity, strict=True)
    ]


def _sources(scores: Scores, train: RealImages, ways: Sequence[Record]) -> list[Record | None]:
    """The training image that each score points to, and the band or view of it that found it.

    A view is what must be done to the training image to lay it over the synthetic one; `inverted` is done to the synthetic one.
    """
    return [
        {
            "id": int(train.ids[source]),
            "patient": int(train.patients[source]),
            "similarity": _number(similarity),
            **ways[how],
        }
        if source >= 0
        else None
        for source, similarity, how in zip(
            scores.source, scores.similarity, scores.how, strict=True
        )
    ]


def _matched(search: CopySearch) -> list[Record]:
    """For each image the share of patients wearing its texture that score at least as high; None: not asked."""
    shares = {
        "a": _null_share(search.a.synthetic.score, search.null_a),
        "b": _null_share(search.b.synthetic.score, search.null_b),
    }
    return [
        {name: values[index] for name, values in shares.items()}
        for index in range(len(search.null_a))
    ]


def _null_share(
    scores: npt.NDArray[np.float64], null: npt.NDArray[np.float64]
) -> list[float | None]:
    shares = (1 + (null >= scores[:, None]).sum(1)) / (1 + null.shape[1])
    return [
        None if np.isnan(row).any() else _number(share)
        for share, row in zip(shares, null, strict=True)
    ]


def _planted(one: PlantedFinding) -> Record:
    return asdict(one) | {
        "missed_at_most": _number(one.missed_at_most),
        "marked": one.missed_at_most <= 1 - policy.CONFIDENCE,
    }


def _chance(evidence: Evidence, calibration: int) -> float:
    flags = sum(finding.flagged for finding in evidence.images)
    return _number(chance_of_flags(flags, len(evidence.images), calibration))


def _interval(interval: Interval) -> Record:
    return {name: _number(value) for name, value in asdict(interval).items()}


def _rounded(values: npt.NDArray[np.float64]) -> list[float]:
    return [_number(value) for value in values]


def _number(value: float) -> float:
    return round(float(value), _DIGITS)
