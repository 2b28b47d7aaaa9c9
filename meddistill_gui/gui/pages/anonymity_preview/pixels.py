"""Comparing two pictures pixel by pixel. Pure numpy."""

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]


def difference(one: UInt8, other: UInt8) -> UInt8:
    """Half the signed difference around middle grey: 128 means equal, brighter means `one` is brighter.

    Args:
        one: uint8 `[H, W]` or `[H, W, 3]`.
        other: The same shape.
    """
    halves = (one.astype(np.int16) - other.astype(np.int16)) // 2 + 128
    return np.clip(halves, 0, 255).astype(np.uint8)


def alike(pixels: UInt8, like: UInt8) -> UInt8:
    """`pixels` with as many channels as `like` has."""
    if pixels.ndim == like.ndim:
        return pixels
    if like.ndim == 3:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    grey: UInt8 = np.rint(pixels.mean(axis=2)).astype(np.uint8)
    return grey
