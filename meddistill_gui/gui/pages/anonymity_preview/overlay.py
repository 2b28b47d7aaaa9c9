"""Laying a real image over a synthetic one as the copy search did: mirrored, scaled, shifted, turned, negative. Pure numpy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The change that brings a real image over the synthetic one (`audit.views.View`, and the negative).

    Attributes:
        mirrored: Whether left and right change places.
        scale: Above 1 enlarges.
        shift: To the right and down, share of the side.
        degrees: Turned by this much.
        inverted: Whether black and white change places.
    """

    mirrored: bool = False
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    degrees: float = 0.0
    inverted: bool = False


def overlay_from(record: Mapping[str, Any]) -> Overlay:
    """The change as an audit's report writes it down.

    Raises:
        KeyError: Something is missing.
    """
    right, down = record["shift"]
    return Overlay(
        mirrored=bool(record["mirrored"]),
        scale=float(record["scale"]),
        shift=(float(right), float(down)),
        degrees=float(record["degrees"]),
        inverted=bool(record["inverted"]),
    )


def laid_over(pixels: UInt8, overlay: Overlay) -> UInt8:
    """The image after the change, bilinear; what comes in from outside repeats the border.

    Args:
        pixels: uint8 `[H, W]` or `[H, W, 3]`.
        overlay: What to do.
    """
    if overlay == Overlay():
        return pixels
    rows, columns = _read_from(pixels.shape[0], pixels.shape[1], overlay)
    moved = np.clip(np.rint(_between(pixels.astype(np.float64), rows, columns)), 0, 255)
    changed: UInt8 = (255 - moved if overlay.inverted else moved).astype(np.uint8)
    return changed


def _read_from(
    height: int, width: int, overlay: Overlay
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Row and column that each pixel of the result is read from; pixel centres lie at -1 + (2 i + 1) / side."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    y, x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
    angle = math.radians(overlay.degrees)
    cos, sin = math.cos(angle) / overlay.scale, math.sin(angle) / overlay.scale
    sign = -1.0 if overlay.mirrored else 1.0
    right, down = 2 * overlay.shift[0], 2 * overlay.shift[1]
    across = sign * cos * x + sin * y - sign * right
    along = -sign * sin * x + cos * y - down
    return ((along + 1) * height - 1) / 2, ((across + 1) * width - 1) / 2


def _between(
    values: npt.NDArray[np.float64],
    rows: npt.NDArray[np.float64],
    columns: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Bilinear values at these places."""
    rows = np.clip(rows, 0, values.shape[0] - 1)
    columns = np.clip(columns, 0, values.shape[1] - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom = np.minimum(top + 1, values.shape[0] - 1)
    right = np.minimum(left + 1, values.shape[1] - 1)
    extra = (1,) * (values.ndim - 2)
    down, over = (part.reshape(*part.shape, *extra) for part in (rows - top, columns - left))
    upper = values[top, left] * (1 - over) + values[top, right] * over
    lower = values[bottom, left] * (1 - over) + values[bottom, right] * over
    blended: npt.NDArray[np.float64] = upper * (1 - down) + lower * down
    return blended
