"""Window centre and width: from stored values to grey levels on the screen."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_LEVELS: Final = 255.0


@dataclass(frozen=True)
class Window:
    """A grey window (DICOM PS3.3 C.11.2.1.2).

    Attributes:
        centre: Value shown as middle grey.
        width: Range of values between black and white; above 0.
    """

    centre: float
    width: float

    def dragged(self, right: float, down: float, span: float) -> "Window":
        """The window after a drag with the mouse: right widens it, down makes the image brighter.

        Args:
            right: Share of the view's width, e.g. 0.1.
            down: Share of the view's height.
            span: Range of the image's values, so that a drag does the same for 8 and for 16 bits.
        """
        smallest = max(span / 1000, 1e-6)
        return Window(self.centre - down * span, max(smallest, self.width + right * span))


CT_PRESETS: Final = {
    "Brain": Window(40, 80),
    "Soft tissue": Window(40, 400),
    "Lung": Window(-600, 1500),
    "Bone": Window(400, 1800),
}
"""Usual windows of computed tomography, in Hounsfield units."""


def full_range(values: npt.NDArray[np.float32]) -> Window:
    """The window that shows every finite value."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Window(0.5, 1.0)
    low, high = float(finite.min()), float(finite.max())
    return Window((low + high) / 2, max(high - low, 1e-6))


def grey(
    values: npt.NDArray[np.float32], window: Window, *, inverted: bool
) -> npt.NDArray[np.uint8]:
    """Grey levels of values seen through a window.

    Args:
        values: float32 `[H, W]` or `[H, W, 3]`, after the modality LUT; NaN is black.
        window: What lies between black and white.
        inverted: Whether low values are white.

    Returns:
        uint8, same shape.
    """
    low = window.centre - window.width / 2
    scaled = np.nan_to_num((values - np.float32(low)) * np.float32(_LEVELS / window.width))
    np.clip(scaled, 0.0, _LEVELS, out=scaled)
    if inverted:
        np.subtract(np.float32(_LEVELS), scaled, out=scaled)
    levels: npt.NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return levels
