"""Which synthetic images each of the student's steps sees, and how they are augmented."""

import torch

from meddistill_gui.engine import augment
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.unroll import Step


def student_steps(
    *,
    seed: int,
    iteration: int,
    count: int,
    batch: int,
    steps: int,
    preset: str,
    size: int,
    device: torch.device,
    rates: int = 1,
) -> tuple[Step, ...]:
    """The plan of one student: chunks of random orders of the images, as a student's epochs are (arXiv 2203.11932).

    Args:
        seed: Seed of the run.
        iteration: Iteration of the run.
        count: Number of synthetic images.
        batch: Images per step; 0 or more than there are takes all.
        steps: Number of steps.
        preset: Augmentation preset.
        size: Side of the images.
        device: Where the student trains.
        rates: Number of learning rates: 1 (shared), or one per step.
    """
    random = generator(seed, "student", iteration)
    batch = min(batch or count, count)
    order = torch.empty(0, dtype=torch.int64)
    plan = []
    for number in range(steps):
        if len(order) == 0:
            order = torch.randperm(count, generator=random)
        chosen, order = order[:batch], order[batch:]
        draw = augment.draw(preset, len(chosen), size, random)
        plan.append(
            Step(
                images=chosen.to(device),
                draw=draw.to(device),
                rate=number if rates > 1 else 0,
            )
        )
    return tuple(plan)
