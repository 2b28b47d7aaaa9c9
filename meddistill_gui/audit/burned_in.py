"""Burned-in text (M8): places that are sharp and differ from patient to patient, as names and dates in a corner do.

A map points to where a person must look; it finds no single rare note, and no face in a head scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from torch import Tensor

from meddistill_gui.audit.descriptors import low_passed

BLOCKS: Final = 8
_BAND: Final = 1.0
_TIMES_USUAL: Final = 4.0
_CORNER: Final = 4

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A block of the image where annotations may stand.

    Attributes:
        top: Share of the height, 0..1.
        left: Share of the width, 0..1.
        strength: Fine detail there, times the usual amount of a block.
    """

    top: float
    left: float
    strength: float


def annotation_zones(images: Tensor) -> list[Zone]:
    """Blocks at the rim with far more fine detail than blocks usually have, strongest first.

    Only the rim is looked at: inside, anatomy is sharp too. Blocks are an eighth of the side.

    Args:
        images: float32 `[N, C, S, S]`, 0..1.
    """
    return _standing_out(fine_detail(images))


def source_zones(images: Sequence[Float32]) -> list[Zone]:
    """The same for source images at their full size, float32 `[H, W]` or `[H, W, 3]` of any sizes; small text is lost below that.

    Every image is brought to the same 8 x 8 blocks, so images of different sizes can be compared.
    """
    if not images:
        return []
    energy = np.stack([_blocks_of(image) for image in images])
    spread = energy.std(0) if len(energy) > 1 else energy[0]
    return _standing_out(np.sqrt(energy.mean(0) * spread))


def _standing_out(detail: Float64) -> list[Zone]:
    usual = float(np.median(detail))
    found = [
        Zone(top=row / BLOCKS, left=column / BLOCKS, strength=float(detail[row, column]) / usual)
        for row in range(BLOCKS)
        for column in range(BLOCKS)
        if _at_rim(row, column) and usual > 0 and detail[row, column] > _TIMES_USUAL * usual
    ]
    return sorted(found, key=lambda zone: -zone.strength)


def _blocks_of(image: Float32) -> Float64:
    """Energy of pixel-to-pixel steps in each block, float64 `[8, 8]`: what letters are made of."""
    grey = image.mean(2) if image.ndim == 3 else image
    down, right = np.diff(grey, axis=0)[:, :-1], np.diff(grey, axis=1)[:-1]
    steps = np.square(down) + np.square(right)
    rows, columns = (np.linspace(0, size, BLOCKS + 1).astype(int) for size in steps.shape)
    return np.array(
        [
            [
                steps[rows[r] : rows[r + 1], columns[c] : columns[c + 1]].mean(dtype=np.float64)
                for c in range(BLOCKS)
            ]
            for r in range(BLOCKS)
        ]
    )


def fine_detail(images: Tensor) -> Float64:
    """Mean energy, and spread between images, of what a low-pass takes away: their product per block, `[8, 8]`."""
    fine = (images - low_passed(images, _BAND)).square().mean(1)
    side = fine.shape[-1] // BLOCKS * BLOCKS
    blocks = fine[:, :side, :side].reshape(len(fine), BLOCKS, side // BLOCKS, BLOCKS, -1)
    energy = blocks.mean(dim=(2, 4)).double()
    spread = energy.std(0) if len(energy) > 1 else energy[0]
    return np.asarray((energy.mean(0) * spread).sqrt().numpy(), dtype=np.float64)


def corner_montage(images: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    """The four corners of the first `count` images, a row for each: what a person must look at.

    Args:
        images: uint8 `[N, C, S, S]`.
        count: Images shown.

    Returns:
        uint8 `[C, count * S/4, S]`: upper left, upper right, lower left, lower right.
    """
    corner = max(1, images.shape[-1] // _CORNER)
    shown = images[:count]
    corners = (
        shown[..., :corner, :corner],
        shown[..., :corner, -corner:],
        shown[..., -corner:, :corner],
        shown[..., -corner:, -corner:],
    )
    rows = np.concatenate(corners, axis=-1)
    return np.ascontiguousarray(np.concatenate(list(rows), axis=-2))


def sentence(zones: list[Zone], whose: str) -> str:
    """For the report.

    Args:
        zones: From `annotation_zones`.
        whose: "training", "synthetic", or "source, at full size,".
    """
    if not zones:
        return (
            f"No place at the rim of the {whose} images looks like burned-in text at this resolution. "
            "Look at the corners of the source images all the same."
        )
    places = ", ".join(f"{zone.top:.0%} down and {zone.left:.0%} across" for zone in zones[:4])
    return (
        f"{len(zones)} places at the rim of the {whose} images look like burned-in text ({places}). "
        "Look at them, and crop or mask the source images if so."
    )


def _at_rim(row: int, column: int) -> bool:
    return row in {0, BLOCKS - 1} or column in {0, BLOCKS - 1}
