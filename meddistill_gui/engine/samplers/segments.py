"""Segments drawn from windows of the experts' ways."""

from dataclasses import dataclass

import torch

from meddistill_gui.engine.seeding import generator


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A piece of an expert's way.

    Attributes:
        expert: Which expert.
        start: Epoch at which it begins; whole, or between two.
        end: Epoch at which it ends.
    """

    expert: int
    start: float
    end: float

    @property
    def middle(self) -> float:
        """The epoch halfway, a whole one where the segment begins at a whole one."""
        return self.start + round(self.end - self.start) // 2


def uniform(
    *, seed: int, iteration: int, experts: int, max_start: int, length: int, min_start: int = 0
) -> Segment:
    """A segment that starts anywhere in `min_start` .. `max_start` - 1 (paper A); experts take turns in random order.

    Args:
        seed: Seed of the run.
        iteration: Iteration of the run; it alone decides, so nothing needs to be remembered.
        experts: Number of experts.
        max_start: Segments start before this epoch.
        length: Epochs of a segment (K).
        min_start: First epoch at which a segment may start.
    """
    turn, place = divmod(iteration, experts)
    order = torch.randperm(experts, generator=generator(seed, "experts' turn", turn))
    random = generator(seed, "segment", iteration)
    start = int(torch.randint(min_start, max(min_start + 1, max_start), (), generator=random))
    return Segment(expert=int(order[place]), start=start, end=start + length)


def begun_earlier(segment: Segment, *, seed: int, iteration: int) -> Segment:
    """The segment begun by less than an epoch earlier, so that starts lie anywhere on the way and not only at whole epochs.

    Continuous sampling as in arXiv 2406.19827 (MCT). A segment that begins at the untrained network stays as it is, and so no
    segment leaves its window.

    Args:
        segment: Begins at a whole epoch.
        seed: Seed of the run.
        iteration: Iteration of the run; it alone decides by how much.
    """
    random = generator(seed, "between epochs", iteration)
    earlier = min(float(torch.rand((), generator=random)), segment.start)
    return Segment(expert=segment.expert, start=segment.start - earlier, end=segment.end - earlier)


def growing_window(*, iteration: int, grown_at: int, first: int, max_start: int) -> int:
    """Upper bound of the starts, growing evenly from `first` to `max_start` (sequential generation of DATM, arXiv 2310.05773).

    Args:
        iteration: Iteration of the matching.
        grown_at: Iteration from which the window is `max_start`; 0 is at once.
        first: The bound at iteration 0.
        max_start: The bound at the end.
    """
    if grown_at <= 0 or first >= max_start:
        return max_start
    return min(max_start, first + (max_start - first) * iteration // grown_at)


def experts_of(experts: object) -> int:
    """How many experts there are to draw from.

    Raises:
        ValueError: None.
    """
    count = int(getattr(experts, "count", 0))
    if count < 1:
        raise ValueError("matching segments needs at least one expert")
    return count
