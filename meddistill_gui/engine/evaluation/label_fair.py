"""DD-Ranking's two numbers (arXiv 2505.13300): what a set is worth apart from soft labels and a luckier protocol.

HLR, hard-label recovery, is what is still missing to all real images: accuracy of all real images minus that of the
distilled ones, both with hard labels. IOR, improvement over random, is what the distilled images are better than random
real ones under one and the same protocol. Small HLR and large IOR are good; the score puts them together.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WEIGHT = 0.5


@dataclass(frozen=True, kw_only=True)
class LabelFair:
    """The numbers of one table.

    Attributes:
        hlr: Hard-label recovery; smaller is better.
        ior: Improvement over random; larger is better.
        score: 0 to 1: 0.5 is worth nothing in particular: it only ranks sets of one kind of data.
    """

    hlr: float
    ior: float
    score: float


def label_fair(table: Mapping[str, Any], figure: str = "balanced_accuracy") -> LabelFair | None:
    """HLR, IOR and their score from an evaluation.json.

    Args:
        table: With the rows "distilled", "random" and "whole", and "distilled-hard" where the set's labels are soft: recovery
            compares hard labels with hard labels. Real images always have theirs.
        figure: Which figure to compare; the published numbers are plain accuracy.

    Returns:
        None where a row is missing.
    """
    means = {row["name"]: float(row[figure]["mean"]) for row in table["rows"]}
    if not {"distilled", "random", "whole"} <= means.keys():
        return None
    hlr = means["whole"] - means.get("distilled-hard", means["distilled"])
    ior = means["distilled"] - means["random"]
    return LabelFair(hlr=hlr, ior=ior, score=combined(hlr, ior))


def combined(hlr: float, ior: float) -> float:
    """The ranking score: with a = w IOR - (1 - w) HLR and w = 0.5, (e^a - e^-1) / (e - e^-1)."""
    alpha = _WEIGHT * ior - (1 - _WEIGHT) * hlr
    return (math.exp(alpha) - math.exp(-1)) / (math.e - math.exp(-1))
