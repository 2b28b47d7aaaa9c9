"""The fine-grained audit report of a run, read from its folder. No Qt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.gui.pages.anonymity_preview.overlay import Overlay, overlay_from

SCORES: Final = "abd"
_CONTEXT: Final = {
    "closeness": "Closeness index: ",
    "three_sample": "Three-sample test: ",
    "recovery": "Starting patients: ",
    "reidentification": "Patients on another day: ",
    "membership": "",
    "deep_membership": "",
}
"""Measures that need more than a sentence of the verdict, and what goes before theirs; the last two name themselves."""


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A real image beside a synthetic one: one that a score names, or one that is near by plain distance.

    Attributes:
        image: Its id in the project's catalogue.
        patient: Number of its patient.
        similarity: Cosine of the normalised images, 1 for a copy; in the view that found it where a score names it.
        distance: Squared distance of the bytes, summed over pixels; 0 is a copy. None where a score names it.
        trained_on: Whether it is a training image (else hold-out).
        found_by: "a", "b" or "d", the score that names it; "" for a near one.
        way: In words, how the score looked ("turned by -5 degrees", "smoothed by 1 of 32 pixels").
        view: What lays the real image over the synthetic one; None where it is compared as it is.
    """

    image: int
    patient: int
    similarity: float
    trained_on: bool
    distance: int | None = None
    found_by: str = ""
    way: str = ""
    view: Overlay | None = None


@dataclass(frozen=True, kw_only=True)
class ImageFinding:
    """What was found about one synthetic image.

    Attributes:
        index: Which image, from 0.
        class_name: Its class.
        p: The smallest p of all scores, times their number because all were looked at.
        p_of: For each score ("a", "b", "d") the share of calibration images that score at least as high.
        score_of: Aligned margin, searched similarity, whitened similarity; older reports lack the last.
        nobody: The last score of calibration patients who wear the image's texture; empty in older reports.
        flagged: Whether a score exceeds that of every hold-out patient it is compared with.
        confirmed: Whether it is traceable to one patient.
        exact: Whether it is a training image, byte by byte.
        neighbours: Whom the scores name, the less usual score first; then nearest training and nearest hold-out images.
    """

    index: int
    class_name: str
    p: float
    flagged: bool
    neighbours: tuple[Neighbour, ...]
    confirmed: bool = False
    exact: bool = False
    p_of: Mapping[str, float] = field(default_factory=dict)
    score_of: Mapping[str, float] = field(default_factory=dict)
    nobody: tuple[float, ...] = ()

    @property
    def traceable(self) -> bool:
        """Whether nobody can accept it."""
        return self.confirmed or self.exact


@dataclass(frozen=True, kw_only=True)
class PlantedKind:
    """How many planted copies of one kind the tests found.

    Attributes:
        kind: Which kind.
        planted: How many were planted.
        found: How many of them were flagged.
        right_patient: How many with the right patient named first.
        missed_at_most: Share of further copies of this kind that would be missed, at most (95 % confidence); None if
            the report does not say.
    """

    kind: str
    planted: int
    found: int
    right_patient: int
    missed_at_most: float | None


@dataclass(frozen=True, kw_only=True)
class Check:
    """A precondition of the audit."""

    name: str
    passed: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The whole report.

    Attributes:
        verdict: One of the three.
        reasons: Why, in sentences.
        formal: What is formally guaranteed.
        limits: What these tests cannot show.
        checks: Preconditions.
        images: Findings, flagged first, then the least usual.
        holdout: Scores of hold-out images, by "a" and "b".
        thresholds: From which score on an image is flagged, by "a" and "b".
        planted: Planted copies by kind.
        counts: Numbers of images and patients.
        context: Measures that are no verdict, each with its name.
        far_off: Whether the images lie so far from every patient that distances say nothing.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    formal: str
    limits: str
    checks: tuple[Check, ...]
    images: tuple[ImageFinding, ...]
    holdout: Mapping[str, tuple[float, ...]]
    thresholds: Mapping[str, float | None]
    planted: tuple[PlantedKind, ...]
    counts: Mapping[str, Any]
    context: tuple[str, ...]
    far_off: bool


def read_audit(run: RunFolder) -> AuditReport | None:
    """The run's report, or None before an audit.

    Raises:
        ProjectError: It is damaged.
    """
    path = run.audit / "detailed.json"
    try:
        return _report(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ProjectError(
            f"The audit report of {run.name} cannot be read: {error}.", "Run the audit again."
        ) from error


def outdated(run: RunFolder) -> bool:
    """Whether the images are newer than the audit: they were distilled further."""
    report, result = run.audit / "detailed.json", run.result
    return (
        report.is_file()
        and result.is_file()
        and report.stat().st_mtime_ns < result.stat().st_mtime_ns
    )


def _report(record: Mapping[str, Any]) -> AuditReport:
    findings = [_finding(one) for one in record["images"]]
    return AuditReport(
        verdict=Verdict(record["verdict"]),
        reasons=tuple(record["reasons"]),
        formal=record["formal"],
        limits=record.get("limits", LIMITS),
        checks=tuple(
            Check(name=one["name"], passed=one["passed"], sentence=one["sentence"])
            for one in record["preconditions"]
        ),
        images=tuple(sorted(findings, key=lambda one: (not one.flagged, one.p, one.index))),
        holdout={name: tuple(record["holdout_scores"].get(name) or ()) for name in "ab"},
        thresholds={name: record["thresholds"].get(name) for name in "ab"},
        planted=tuple(
            PlantedKind(
                kind=one["kind"],
                planted=one["planted"],
                found=one["found"],
                right_patient=one["right_patient"],
                missed_at_most=one.get("missed_at_most"),
            )
            for one in record["planted"]
        ),
        counts=record["counts"],
        context=tuple(
            f"{title}{record[name]['sentence']}"
            for name, title in _CONTEXT.items()
            if "sentence" in (record.get(name) or {})
        ),
        far_off=bool(record.get("off_manifold", False)),
    )


def _finding(record: Mapping[str, Any]) -> ImageFinding:
    near = sorted(_named(record), key=lambda one: record.get(f"p_{one.found_by}", 1.0))
    near += [_neighbour(one, trained_on=True) for one in record["nearest_train"]]
    near += [_neighbour(one, trained_on=False) for one in record["nearest_holdout"]]
    return ImageFinding(
        index=record["index"],
        class_name=record["class"],
        p=record["p"],
        flagged=record["flagged"],
        neighbours=tuple(near),
        confirmed=record.get("confirmed", False),
        exact=record.get("exact", False),
        p_of=_of_scores("p", record),
        score_of=_of_scores("score", record),
        nobody=tuple(record.get("nobody_d", ())),
    )


def _of_scores(what: str, record: Mapping[str, Any]) -> dict[str, float]:
    return {name: record[f"{what}_{name}"] for name in SCORES if f"{what}_{name}" in record}


def _named(record: Mapping[str, Any]) -> list[Neighbour]:
    return [
        Neighbour(
            image=found["id"],
            patient=found["patient"],
            similarity=found["similarity"],
            trained_on=True,
            found_by=name,
            way=found["way"],
            view=overlay_from(found["view"]) if "view" in found else None,
        )
        for name in SCORES
        if (found := record.get(f"found_{name}"))
    ]


def _neighbour(record: Mapping[str, Any], *, trained_on: bool) -> Neighbour:
    return Neighbour(
        image=record["id"],
        patient=record["patient"],
        similarity=record["similarity"],
        distance=record["distance"],
        trained_on=trained_on,
    )
