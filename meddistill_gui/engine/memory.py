"""How many of the student's graphs fit into memory.

Decided from the options alone, never from what happens to be free, because a kept graph takes other rounding than a
replayed one and a run that goes on tomorrow must give the bytes of one that was not interrupted.
"""

from typing import Final

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import TrajectoryOptions

_BYTES_PER_ACTIVATION: Final = (
    36  # saved by one step and its differentiable gradient; measured, benchmarks/inner_loop
)
_BUDGET: Final = 1 << 30


def graphs_to_keep(config: DistillConfig, options: TrajectoryOptions) -> int:
    """Graphs of how many of the last student steps are kept (`unroll`), by the option `memory`."""
    if options.memory == "stored":
        return options.inner_steps
    if options.memory == "replay":
        return 0
    return min(options.inner_steps, _BUDGET // graph_bytes(config, options))


def graph_bytes(config: DistillConfig, options: TrajectoryOptions) -> int:
    """About how many bytes one student step's graph takes."""
    images = options.batch or config.images_per_class * _UNKNOWN_CLASSES
    activations = sum(
        config.network.width * (config.images.size >> block) ** 2
        for block in range(config.network.depth)
    )
    return max(1, images * activations * _BYTES_PER_ACTIVATION)


_UNKNOWN_CLASSES: Final = (
    16  # the options do not say how many classes there are; few data sets have more
)
