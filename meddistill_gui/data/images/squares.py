"""From an image of any size to the square that a network sees. The aspect ratio is kept unless the user says otherwise."""

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Values = npt.NDArray[np.float32]

_GREY: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Luminance of red, green and blue, ITU-R BT.601."""


def to_square(values: Values, size: int, fit: str, channels: int) -> Values:
    """Bring one image to the network's size.

    Args:
        values: float32 `[H, W]` or `[H, W, 3]` in 0..1.
        size: Side of the square (S).
        fit: "pad" with black, "crop" the middle, or "stretch".
        channels: 1 (colour becomes luminance) or 3 (grey is repeated).

    Returns:
        float32 `[C, S, S]` in 0..1.
    """
    planes = to_planes(values, channels)
    if fit == "crop":
        planes = _middle(planes)
    height, width = planes.shape[1:]
    scale = size / max(height, width)
    inner = (size, size) if fit != "pad" else (_side(height, scale), _side(width, scale))
    square = np.zeros((channels, size, size), dtype=np.float32)
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    for plane, target in zip(planes, square, strict=True):
        target[top : top + inner[0], left : left + inner[1]] = _resized(plane, inner)
    return square


def to_stored(square: Values) -> npt.NDArray[np.uint8]:
    """0..1 as uint8, 255 is white."""
    return np.rint(np.clip(square, 0, 1) * 255).astype(np.uint8)


def content_digest(values: Values) -> bytes:
    """Digest of what an image shows, at full size and 16 bits: equal for copies, however they are stored."""
    digest = hashlib.blake2b(repr(values.shape).encode(), digest_size=16)
    digest.update(np.rint(values * 65535).astype(np.uint16).tobytes())
    return digest.digest()


def to_planes(values: Values, channels: int) -> Values:
    """An image `[H, W]` or `[H, W, 3]` as `[C, H, W]`: colour becomes luminance, grey is repeated, as the channels ask."""
    if values.ndim == 3 and channels == 1:
        values = values @ _GREY
    if values.ndim == 2:
        return np.repeat(values[None], channels, axis=0)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _middle(planes: Values) -> Values:
    height, width = planes.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return planes[:, top : top + side, left : left + side]


def _side(length: int, scale: float) -> int:
    return max(1, round(length * scale))


def _resized(plane: Values, shape: tuple[int, int]) -> Values:
    """Bilinear with a filter as wide as the shrinking asks for: no aliasing, and no overshoot at edges."""
    if plane.shape == shape:
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane))
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)
