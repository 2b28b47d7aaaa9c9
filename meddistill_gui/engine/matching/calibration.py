"""The student's first learning rate, from how far experts go in a segment and how far a student would.

Experts of a small data set take few steps per epoch and go a short way; a student at a rate that suits a large one then
shoots past by a factor of ten and the first losses are in the hundreds. To first order in the rate b, the student ends at
start + b d; |start + b d - target|^2 is least for b = d . (target - start) / |d|^2.
"""

import dataclasses
import statistics
from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.engine.unroll import Task, unroll
from meddistill_gui.engine.ways import PLAIN

_TRIAL: Final = 1e-3
_LEAST_COSINE: Final = 0.2  # images that point nowhere yet must not begin at no rate at all


def first_rate(task: Task, segments: Iterable[tuple[Tensor, Tensor]]) -> float:
    """A rate with which students of this task go about as far as the experts do.

    Args:
        task: What the student learns from; its rates are not used.
        segments: Where each segment begins and ends, `[P]` and `[P]`; one or more.

    Returns:
        A positive number, the median over the segments; 0.01 where nothing moves.
    """
    rates = torch.full_like(task.rates, _TRIAL)
    slow = dataclasses.replace(task, rates=rates, way=PLAIN)
    found = []
    for start, target in segments:
        moved = (unroll(slow, start).final - start) / _TRIAL
        way = target - start
        length = float(moved.norm())
        if length > 0 and float(way.norm()) > 0:
            cosine = float(moved @ way) / (length * float(way.norm()))
            found.append(max(cosine, _LEAST_COSINE) * float(way.norm()) / length)
    return statistics.median(found) if found else 0.01
