"""The statistics of evidence: exact where a textbook has an exact form, with its name.

Written here and not taken from a library, because each number stands in a report that somebody signs; the tests compare
them with closed forms.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

_HALVINGS: Final = 200


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its confidence interval."""

    value: float
    low: float
    high: float

    def words(self, digits: int = 2) -> str:
        """E.g. "0.52 (0.43-0.61)"."""
        return f"{self.value:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def conformal_p(scores: Float64, calibration: Float64) -> Float64:
    """Share of calibration scores (the tested one among them) that are at least as great (Vovk et al. 2005).

    Args:
        scores: float64 `[m]`.
        calibration: float64 `[n]`, scores of images that were never used.

    Returns:
        float64 `[m]`, at least 1 / (n + 1); uniform or greater if scores and calibration are exchangeable.
    """
    ordered = np.sort(calibration)
    at_least = len(ordered) - np.searchsorted(ordered, scores, side="left")
    return np.asarray((1 + at_least) / (len(ordered) + 1), dtype=np.float64)


def holm(p_values: Float64) -> Float64:
    """Holm's step-down adjusted p-values (Holm 1979), in the order given."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def chance_of_flags(flags: int, images: int, calibration: int) -> float:
    """P(at least `flags` of `images` exceed all of `calibration`) if all are exchangeable: C(m, k) / C(m + n, k)."""
    return math.comb(images, flags) / math.comb(images + calibration, flags)


def clopper_pearson(found: int, of: int, confidence: float = 0.95) -> Interval:
    """Exact binomial interval (Clopper & Pearson 1934); (0, 1) where nothing was tried."""
    if of == 0:
        return Interval(value=math.nan, low=0.0, high=1.0)
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if found > 0:
        low = _root(lambda share: binomial_at_least(found, of, share) - tail)
    if found < of:
        high = _root(lambda share: tail - binomial_at_most(found, of, share))
    return Interval(value=found / of, low=low, high=high)


def upper_bound(found: int, of: int, confidence: float = 0.95) -> float:
    """Exact one-sided upper bound of a share."""
    if found >= of:
        return 1.0
    return _root(lambda share: (1 - confidence) - binomial_at_most(found, of, share))


def binomial_at_most(found: int, of: int, share: float) -> float:
    """P(X <= found) for X ~ Binomial(of, share)."""
    return min(1.0, math.fsum(_binomial(k, of, share) for k in range(found + 1)))


def binomial_at_least(found: int, of: int, share: float) -> float:
    """P(X >= found) for X ~ Binomial(of, share)."""
    return min(1.0, math.fsum(_binomial(k, of, share) for k in range(found, of + 1)))


def epsilon_shown(right: int, guesses: int, confidence: float = 0.95) -> float:
    """The greatest epsilon that correct guesses refute (one-run audit of pure differential privacy, Steinke et al. 2023).

    Under epsilon each guess about a fair coin is right with probability e^epsilon / (1 + e^epsilon) at most, so the number of right
    ones is at most binomial. A small value proves nothing: it is a lower bound.

    Args:
        right: Correct guesses.
        guesses: Guesses made.
        confidence: Of the bound.

    Returns:
        The lower bound, 0 where nothing is shown.
    """
    if right == 0:
        return 0.0
    share = _root(lambda share: binomial_at_least(right, guesses, share) - (1 - confidence))
    return max(0.0, math.log(share / (1 - share)))


def auc(members: Float64, others: Float64) -> float:
    """P(member scores higher than other), ties counting one half (Mann-Whitney)."""
    return float(_placements(members, others).mean())


def auc_interval(folds: Sequence[tuple[Float64, Float64]], confidence: float = 0.95) -> Interval:
    """Mean AUC of independent folds with its interval (DeLong et al. 1988).

    Args:
        folds: (members' scores, others' scores) of each fold; each side needs two or more.
        confidence: Of the interval.
    """
    means, variances = [], []
    for members, others in folds:
        above, below = _placements(members, others), _placements(others, members)
        means.append(float(above.mean()))
        variances.append(float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))
    value = sum(means) / len(means)
    return _around(value, sum(variances) / len(means) ** 2, confidence)


def crossed_auc_interval(
    members: Sequence[Float64], others: Sequence[Float64], confidence: float = 0.95
) -> Interval:
    """Mean AUC of folds in which the same members face different others, with its interval (DeLong et al. 1988).

    A member has one score in each fold, so the folds are not independent: his placements are averaged before their variance is taken.

    Args:
        members: Scores of the same members `[n]` in each fold.
        others: Scores of each fold's others; nobody is in two folds.
        confidence: Of the interval.
    """
    folds = list(zip(members, others, strict=True))
    above = np.mean([_placements(one, other) for one, other in folds], axis=0)
    below = [_placements(other, one) for one, other in folds]
    variance = float(above.var(ddof=1) / len(above))
    variance += sum(float(one.var(ddof=1) / len(one)) for one in below) / len(folds) ** 2
    return _around(float(above.mean()), variance, confidence)


def _around(value: float, variance: float, confidence: float) -> Interval:
    """The normal interval of a share."""
    half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    return Interval(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def _placements(of: Float64, among: Float64) -> Float64:
    """For each score of `of` the share of `among` below it, ties one half."""
    ordered = np.sort(among)
    below = np.searchsorted(ordered, of, side="left")
    up_to = np.searchsorted(ordered, of, side="right")
    return np.asarray((below + up_to) / (2 * len(ordered)), dtype=np.float64)


def _binomial(found: int, of: int, share: float) -> float:
    if share <= 0.0 or share >= 1.0:
        return float(found == (0 if share <= 0.0 else of))
    log = math.lgamma(of + 1) - math.lgamma(found + 1) - math.lgamma(of - found + 1)
    return math.exp(log + found * math.log(share) + (of - found) * math.log1p(-share))


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises over 0..1 becomes zero, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
