"""What is formally bounded about a set: read from the options of its run, not from any test."""

from typing import Final

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import NoisyDistributionOptions
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE

COVERAGE: Final = (
    "The bound covers the images, labels and step sizes of this one set against one training patient more or less. Every further "
    "set made from the same patients adds to it. It does not cover the figures of the tests, of evaluation and of the audit, which were "
    "measured without noise, nor a choice of options by their results; and noise is drawn in floating-point numbers."
)
"""What must be said beside a bound."""


def claimed(config: DistillConfig, *, reworked: bool = False) -> str:
    """The one sentence that may be said of a run's result: "FORMAL GUARANTEE: none", or the bound in numbers.

    Args:
        config: Options of the run.
        reworked: Whether a person chose images of it to go or begin again: who saw the patients when choosing undid the bound.
    """
    options = config.options
    if reworked or not isinstance(options, NoisyDistributionOptions) or config.initialisation != "noise":  # fmt: skip
        return FORMAL_GUARANTEE_NONE
    return f"FORMAL GUARANTEE: ({options.epsilon:g}, {options.delta:g})-DP per patient"
