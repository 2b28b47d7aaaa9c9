"""What a run with a formal bound may not do: take numbers from its patients outside the one noised release."""

from typing import Final

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import NoisyDistributionOptions
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.tensors import Normaliser, normaliser_of

FIXED: Final = (0.5, 0.25)
"""Mean and deviation, in units of full range, in place of the training images' own."""


def is_bounded(config: DistillConfig) -> bool:
    """Whether the run promises a formal bound. Then no patient chooses its iteration either: the last set is kept."""
    return isinstance(config.options, NoisyDistributionOptions)


def normaliser_for(config: DistillConfig, train: RealImages) -> Normaliser:
    """Of the training images, or fixed numbers where these must not show."""
    if not is_bounded(config):
        return normaliser_of(train)
    mean, deviation = FIXED
    channels = train.images.shape[1]
    return Normaliser(mean=(mean,) * channels, deviation=(deviation,) * channels)
