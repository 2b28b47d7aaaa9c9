"""What a classifier is worth: figures from probabilities, and the spread of several students. NumPy only.

Figures that a class cannot have (the sensitivity of a class without test images) are NaN, and are left out of means.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

SCALARS: Final = ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "calibration_error")
"""The figures of `Figures` that are one number."""

_BINS: Final = 15

Probabilities = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One class against the rest.

    Attributes:
        name: The class.
        sensitivity: Share of its images that were recognised.
        specificity: Share of the other classes' images that were not taken for it.
        harmonic_mean: Of sensitivity and specificity ("HM" of the gastric papers).
        auroc: Area under the receiver operating characteristic of its probability.
    """

    name: str
    sensitivity: float
    specificity: float
    harmonic_mean: float
    auroc: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One student on one set of images.

    Attributes:
        accuracy: Share of right answers.
        balanced_accuracy: Mean sensitivity: every class counts the same, however rare.
        macro_f1: Mean over classes of the F1 score.
        auroc: Mean one-versus-rest area under the receiver operating characteristic.
        calibration_error: Expected calibration error, 15 bins of equal width (Guo et al. 2017, arXiv 1706.04599, eq. 3).
        per_class: Each class against the rest.
        confusion: int64 `[K, K]`; row: true class, column: answer.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    auroc: float
    calibration_error: float
    per_class: tuple[ClassFigures, ...]
    confusion: npt.NDArray[np.int64]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            **{name: getattr(self, name) for name in SCALARS},
            "per_class": [
                {
                    "class": one.name,
                    "sensitivity": one.sensitivity,
                    "specificity": one.specificity,
                    "harmonic_mean": one.harmonic_mean,
                    "auroc": one.auroc,
                }
                for one in self.per_class
            ],
            "confusion": self.confusion.tolist(),
        }


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Several students' values of one figure.

    Attributes:
        mean: Their mean.
        sd: Their standard deviation (n - 1 in the denominator); NaN for one value.
        low: Lower end of the 95 % t-interval of the mean; NaN for one value.
        high: Upper end.
    """

    mean: float
    sd: float
    low: float
    high: float


def figures(probabilities: Probabilities, labels: Labels, class_names: Sequence[str]) -> Figures:
    """Everything that is said of one student.

    Args:
        probabilities: `[N, K]`, rows sum to 1; the answer is the first largest.
        labels: int64 `[N]`, true classes.
        class_names: K names.

    Raises:
        ValueError: There are no images, the shapes disagree, or a probability is no number.
    """
    _check(probabilities, labels, len(class_names))
    answers = probabilities.argmax(axis=1)
    table = confusion(answers, labels, len(class_names))
    sensitivities, specificities = _rates(table)
    areas = np.array([auroc(probabilities[:, k], labels == k) for k in range(len(class_names))])
    per_class = tuple(
        ClassFigures(
            name=name,
            sensitivity=float(sensitivities[k]),
            specificity=float(specificities[k]),
            harmonic_mean=harmonic_mean(float(sensitivities[k]), float(specificities[k])),
            auroc=float(areas[k]),
        )
        for k, name in enumerate(class_names)
    )
    return Figures(
        accuracy=float(np.mean(answers == labels)),
        balanced_accuracy=_mean(sensitivities),
        macro_f1=_mean(_f1(table)),
        auroc=_mean(areas),
        calibration_error=calibration_error(probabilities, labels),
        per_class=per_class,
        confusion=table,
    )


def confusion(answers: Labels, labels: Labels, classes: int) -> npt.NDArray[np.int64]:
    """int64 `[K, K]`: how many images of each true class (row) got each answer (column)."""
    counts = np.bincount(labels * classes + answers, minlength=classes * classes)
    return counts.astype(np.int64).reshape(classes, classes)


def auroc(scores: Probabilities, positive: npt.NDArray[np.bool_]) -> float:
    """Chance that a positive scores higher than a negative; ties count half (Mann-Whitney). NaN without both kinds."""
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return math.nan
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2.0
    wins = middle_ranks[where][positive].sum() - positives * (positives + 1) / 2.0
    return float(wins / (positives * negatives))


def calibration_error(probabilities: Probabilities, labels: Labels, bins: int = _BINS) -> float:
    """Mean distance between how sure the answers are and how often they are right, over bins of equal width."""
    sure = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    # (0, 1/M], (1/M, 2/M], ... as in the paper
    bin_of = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=right - sure, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def harmonic_mean(first: float, second: float) -> float:
    """2ab / (a + b); 0 where both are 0."""
    return 2.0 * first * second / (first + second) if first + second else 0.0


def interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean, spread and t-interval of several students' values.

    Raises:
        ValueError: There are no values.
    """
    if len(values) == 0:
        raise ValueError("no values to average")
    given = np.asarray(values, dtype=np.float64)
    mean, count = float(given.mean()), len(given)
    if count == 1:
        return Interval(mean=mean, sd=math.nan, low=math.nan, high=math.nan)
    sd = float(given.std(ddof=1))
    reach = t_quantile(confidence, count - 1) * sd / math.sqrt(count)
    return Interval(mean=mean, sd=sd, low=mean - reach, high=mean + reach)


def t_quantile(confidence: float, freedom: int) -> float:
    """The t with P(|T| < t) = `confidence` for Student's T with `freedom` degrees of freedom.

    The chance is a finite sum for whole degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4); it is inverted by halving.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(200):
        middle = (low + high) / 2
        if _t_chance(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return math.tan((low + high) / 2) * math.sqrt(freedom)


def _t_chance(angle: float, freedom: int) -> float:
    """P(|T| < tan(angle) * sqrt(freedom))."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= k / (k + 1) * cosine * cosine
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _check(probabilities: Probabilities, labels: Labels, classes: int) -> None:
    if not len(labels):
        raise ValueError("no images to judge by")
    if probabilities.shape != (len(labels), classes):
        raise ValueError(
            f"probabilities are {probabilities.shape} for {len(labels)} images and {classes} classes"
        )
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities are not finite")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels are outside 0 to {classes - 1}")


def _rates(table: npt.NDArray[np.int64]) -> tuple[Float64, Float64]:
    """Sensitivity and specificity of each class; NaN where there is nothing to divide by."""
    hits = np.diag(table)
    truths, answers, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    return _ratio(hits, truths), _ratio(total - truths - answers + hits, total - truths)


def _f1(table: npt.NDArray[np.int64]) -> Float64:
    """2 TP / (2 TP + FP + FN); NaN for a class that is neither there nor ever answered."""
    return _ratio(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1))


def _ratio(over: npt.NDArray[np.int64], under: npt.NDArray[np.int64]) -> Float64:
    result = np.full(len(under), math.nan)
    np.divide(over, under, out=result, where=under > 0)
    return result


def _mean(values: Float64) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
