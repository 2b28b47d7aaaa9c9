"""The Gaussian mechanism: how much noise a formal bound per patient takes, and whether it leaves anything to learn from.

One query of sensitivity 1 (what one patient can change in it, as a Euclidean length), noised once, is (ε, δ)-differentially
private; whatever is computed from it afterwards is too. Neighbouring data sets differ by one patient added or removed.
"""

import math
from dataclasses import dataclass
from typing import Final

LARGEST_RATIO: Final = 0.3
"""Length of the noise on a class mean, in units of a patient's longest possible feature, beyond which it is refused."""

_HALVINGS: Final = 200
_LARGEST_SIGMA: Final = 1e6


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a formal bound would cost.

    Attributes:
        sigma: Standard deviation of the noise on each number of a query that one patient changes by at most 1.
        ratio: Length of the noise on the mean of the smallest class.
        allowed: Whether it is worth trying.
        sentence: For the user.
    """

    sigma: float
    ratio: float
    allowed: bool
    sentence: str


def planned(
    *, epsilon: float, delta: float, features: int, patients: int, length: float = 1.0
) -> Plan:
    """Whether the noise leaves anything of the class means.

    Args:
        epsilon: Bound on the log-likelihood ratio that one patient can cause, above 0.
        delta: Probability with which it may fail, between 0 and 1; should be well below 1 / patients.
        features: Numbers per patient, over all networks (D).
        patients: Training patients of the smallest class.
        length: What of a patient's length of 1 is left for the features; the rest is needed to count the patients.

    Raises:
        ValueError: A number outside its range.
    """
    if patients < 1 or features < 1:
        raise ValueError("patients and features must be positive")
    sigma = gaussian_sigma(epsilon, delta)
    ratio = math.sqrt(features) * sigma / (length * patients)
    allowed = ratio <= LARGEST_RATIO and delta * patients < 1
    return Plan(
        sigma=sigma,
        ratio=ratio,
        allowed=allowed,
        sentence=_sentence(epsilon, delta, patients, ratio, allowed=allowed),
    )


def gaussian_sigma(epsilon: float, delta: float) -> float:
    """Smallest noise for a query of sensitivity 1 (analytic Gaussian mechanism, Balle & Wang 2018, theorem 8).

    Raises:
        ValueError: ε is not positive or δ not between 0 and 1.
    """
    if not epsilon > 0 or not 0 < delta < 1:
        raise ValueError(f"epsilon {epsilon} and delta {delta} must be positive, delta below 1")
    low, high = 0.0, _LARGEST_SIGMA
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle == 0.0 or gaussian_delta(epsilon, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def gaussian_delta(epsilon: float, sigma: float) -> float:
    """δ that Gaussian noise of this standard deviation reaches at ε, for sensitivity 1 (the same theorem)."""
    inner, outer = 1 / (2 * sigma) - epsilon * sigma, -1 / (2 * sigma) - epsilon * sigma
    return _normal(inner) - math.exp(min(epsilon + _log_normal(outer), 0.0))


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


def _log_normal(value: float) -> float:
    """Log Φ, also where Φ itself is too small for a number (asymptotic series below -30)."""
    if value > -30:
        return math.log(_normal(value))
    return -value * value / 2 - math.log(-value * math.sqrt(2 * math.pi)) - 1 / (value * value)


def _sentence(epsilon: float, delta: float, patients: int, ratio: float, *, allowed: bool) -> str:
    bound = f"({epsilon:g}, {delta:g})-DP per patient"
    if allowed:
        return f"{bound}: the noise on the smallest class is {ratio:.2f} of a patient's longest feature. It costs accuracy."
    if delta * patients >= 1:
        return f"{bound} means nothing for {patients} patients: delta must be well below one in {patients}."
    needed = math.ceil(patients * ratio / LARGEST_RATIO)
    return (
        f"{bound} is refused: the noise on the smallest class would be {ratio:.2f} of a patient's longest feature (at most "
        f"{LARGEST_RATIO}). It needs about {needed:,} patients in each class, fewer networks, or a larger epsilon."
    )
