"""Our own combination, the one to begin with: distribution matching, then trajectories of smoothed experts, for matched students.

Published parts: mean features in random networks bring noise close to each class within seconds (arXiv 2110.04181);
matching experts' trajectories with the exact gradient does the rest (paper A, arXiv 2209.14603; arXiv 2203.11932).

Ours, each measured on radiographs (docs/results.md has the ablation):

- experts take larger steps and keep the mean of the parameters over the second half of each epoch, from which they go on:
  about as good after three epochs as plain ones after five, and without the noise of a single step;
- student and recipe agree: a student of the result is trained by plain SGD for about as long as the run's own students go
  from an expert's beginning to its end. The papers' students take 500 to 1000 steps with momentum, ten times as far as
  anything that was matched, and come back worse;
- twenty student steps where a step is cheap, ten where there are many images: about a hundred images of each class in all;
- the images' step size grows with the root of their number, because the mean loss gives each of them less.

Left out because they did not help there: learned soft labels (arXiv 2310.05773), the automatic step size, real-data loss
through the student's steps instead of trajectories.
"""

import math
from dataclasses import replace
from typing import Final, cast

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import RecommendedOptions
from meddistill_gui.engine.matching.composing import (
    prepared,
    segment_matching,
    uniform_segments,
)
from meddistill_gui.engine.method import Method

_MOST_STEPS: Final = 20
_FEWEST_STEPS: Final = 10
_SEEN: Final = 100  # images of each class that a student sees in an iteration, between the two


def recommended(config: DistillConfig) -> Method:
    """Make the method from its options."""
    given, count = cast(RecommendedOptions, config.options), config.images_per_class
    options = replace(
        given,
        image_rate=given.image_rate * math.sqrt(count),
        inner_steps=given.inner_steps or student_steps(count),
    )
    return prepared(options, segment_matching(config, options, uniform_segments(options)))


def student_steps(images_per_class: int) -> int:
    """Steps of the run's own students: as many as see about as many images, whatever their number."""
    return max(_FEWEST_STEPS, min(_MOST_STEPS, _SEEN // images_per_class))
