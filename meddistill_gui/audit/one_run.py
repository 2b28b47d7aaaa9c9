"""A one-run audit: what the guesses of the membership test say about epsilon, without distilling again (Steinke et al. 2023).

Which patients trained and which were held out was decided by lot before anything else. Under a formal bound with a given epsilon no
attacker can guess these lots much better than a coin; so whoever guesses better refutes that epsilon. The lots are drawn in groups
of fixed size and not coin by coin; as many of one side as of the other are asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meddistill_gui.audit import policy
from meddistill_gui.audit.statistics import Float64, epsilon_shown


@dataclass(frozen=True, kw_only=True)
class OneRun:
    """What was guessed.

    Attributes:
        guesses: Patients guessed about, the surest ones.
        right: How many of the guesses were right.
        epsilon: Every smaller epsilon is refuted; 0 where nothing is.
    """

    guesses: int
    right: int
    epsilon: float

    def sentence(self) -> str:
        """For the report."""
        told = (
            f"an epsilon below {self.epsilon:.2f} is refuted"
            if self.epsilon > 0
            else "that refutes no epsilon, and proves none"
        )
        return f"Of the {self.guesses} surest guesses about who trained {self.right} were right: {told}."


def one_run(members: Float64, others: Float64, seed: int) -> OneRun:
    """Guess that the highest scores trained and the lowest did not.

    How many guesses are made is fixed before anything is seen (`policy.GUESSED`): whoever chooses the number by the result
    finds what he seeks.

    Args:
        members: float64 `[n]`, scores of training patients.
        others: float64 `[k]`, scores of hold-out patients.
        seed: Draws as many of the larger group as the smaller one has, and breaks ties.
    """
    random = np.random.default_rng([seed, 7])
    each = min(len(members), len(others))
    scores = np.concatenate([random.permutation(members)[:each], random.permutation(others)[:each]])
    trained = np.arange(2 * each) < each
    tie = random.permutation(2 * each)
    order = np.lexsort([tie, scores])
    count = int(policy.GUESSED * each)
    right = int(trained[order[2 * each - count :]].sum() + (~trained[order[:count]]).sum())
    return OneRun(
        guesses=2 * count,
        right=right,
        epsilon=epsilon_shown(right, 2 * count, policy.CONFIDENCE) if count else 0.0,
    )


def pooled(runs: Sequence[OneRun]) -> OneRun:
    """Guesses about different patients, counted together."""
    guesses, right = sum(one.guesses for one in runs), sum(one.right for one in runs)
    epsilon = epsilon_shown(right, guesses, policy.CONFIDENCE) if guesses else 0.0
    return OneRun(guesses=guesses, right=right, epsilon=epsilon)
