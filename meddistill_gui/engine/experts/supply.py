"""Experts as a run needs them: all at the beginning, or the first few, and the others while it already distils.

How many experts an iteration draws from is a function of the options and the iteration, never of how many happen to be
there: a run that finds the experts of an earlier one gives the same bytes.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor
from typing_extensions import override

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event
from meddistill_gui.engine.experts.forms import form_of
from meddistill_gui.engine.experts.store import open_store
from meddistill_gui.engine.experts.training import epochs_needed, experts_digest, train_experts
from meddistill_gui.engine.method import Experts, Setting


@dataclass(frozen=True, kw_only=True)
class FirstExperts(Experts):
    """The first of a store's experts.

    Attributes:
        store: All of them.
        number: How many of them count.
    """

    store: Experts
    number: int

    @property
    @override
    def count(self) -> int:
        """Number of experts to draw from."""
        return self.number

    @override
    def theta(self, expert: int, epoch: float) -> Tensor:
        """Parameters of an expert after an epoch, float32 `[P]` on the CPU."""
        return self.store.theta(expert, epoch)


def wanted_at(config: DistillConfig, iteration: int, total: int) -> int:
    """How many experts an iteration draws from.

    Args:
        config: `experts.count` in the end, `experts.first` at the beginning; one more at a time, all from halfway on.
        iteration: Of the run.
        total: Iterations of the run.
    """
    every, first = config.experts.count, config.experts.first
    if not 0 < first < every:
        return every
    return min(every, first + math.floor((every - first) * 2 * iteration / max(1, total)))


def supplied(
    config: DistillConfig, folder: Path, setting: Setting, number: int, control: Control
) -> Generator[Event, None, Setting]:
    """Train what is missing of the first `number` experts.

    Args:
        config: The run's options.
        folder: Where experts lie.
        setting: What the method is given.
        number: How many are wanted.
        control: A stop keeps what is complete.

    Returns:
        The setting with these experts.

    Raises:
        Stopped: A stop was requested.
    """
    store = open_store(
        folder,
        parameter_count=setting.network.parameter_count,
        epochs=epochs_needed(config),
        digest=experts_digest(config, setting.train),
        form=form_of(config.experts, setting.network.shapes),
    )
    these = replace(config, experts=replace(config.experts, count=number))
    yield from train_experts(these, setting.network, setting.train, store, control)
    return replace(setting, experts=FirstExperts(store=store, number=number))
