"""Random numbers: one independent generator per purpose, made from the run's seed; the global generator is never touched.

A generator that is made afresh for (seed, purpose, iteration) has no state to save, so a run that goes on after a crash
draws the same numbers as one that was never interrupted.
"""

import hashlib

import torch


def generator(seed: int, *role: str | int) -> torch.Generator:
    """A generator on the CPU for one purpose.

    Args:
        seed: Seed of the run.
        role: What it is for, e.g. ("augmentation", iteration); different roles give independent numbers.
    """
    made = torch.Generator()
    made.manual_seed(derived_seed(seed, *role))
    return made


def derived_seed(seed: int, *role: str | int) -> int:
    """The 63-bit seed of one purpose, e.g. for numpy's generators."""
    name = repr((seed, *role)).encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "little") >> 1
