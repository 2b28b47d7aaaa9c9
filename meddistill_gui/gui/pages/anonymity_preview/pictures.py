"""Small pictures for lists and buttons."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPixmap

from meddistill_gui.gui.plots.mosaic import to_qimage


def untinted(pixels: npt.NDArray[np.uint8], side: int) -> QIcon:
    """An icon of uint8 `[H, W]` or `[H, W, 3]` that looks the same while its row is selected."""
    picture = to_qimage(pixels).scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    )
    made = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        made.addPixmap(QPixmap.fromImage(picture), mode)
    return made
