"""The nearest real images of a synthetic one, as a row of pictures to choose from."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from meddistill_gui.gui.pages.anonymity_preview.audit_reading import Neighbour
from meddistill_gui.gui.pages.anonymity_preview.pictures import untinted
from meddistill_gui.gui.pages.anonymity_preview.whom import whose
from meddistill_gui.gui.widgets.labels import label

_SIDE = 72


class NeighboursView(QWidget):
    """Two groups: training patients, hold-out patients; one image is chosen.

    Signals:
        chosen: The `Neighbour` that is compared.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._neighbours: tuple[Neighbour, ...] = ()
        self._buttons: list[QToolButton] = []
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.choose)
        self._rows: dict[bool, QHBoxLayout] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        for trained_on, title in (
            (True, self.tr("Nearest training patients")),
            (False, self.tr("Nearest hold-out patients")),
        ):
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(label(title, "small", wrap=False))
            self._rows[trained_on] = QHBoxLayout()
            self._rows[trained_on].setSpacing(8)
            column.addLayout(self._rows[trained_on])
            row.addLayout(column)
        row.addStretch()

    def show_neighbours(self, neighbours: Sequence[Neighbour]) -> None:
        """Offer these and choose the first."""
        for made in self._buttons:
            self._group.removeButton(made)
            made.hide()
            made.deleteLater()
        self._neighbours = tuple(neighbours)
        self._buttons = [self._button(place, one) for place, one in enumerate(neighbours)]
        if neighbours:
            self.choose(0)

    def show_picture(self, image: int, pixels: npt.NDArray[np.uint8]) -> None:
        """Put the picture of a catalogue id on its button."""
        for one, made in zip(self._neighbours, self._buttons, strict=True):
            if one.image == image:
                made.setIcon(untinted(pixels, _SIDE))

    def choose(self, place: int) -> None:
        """Compare with the neighbour at this place."""
        self._buttons[place].setChecked(True)
        self.chosen.emit(self._neighbours[place])

    def _button(self, place: int, one: Neighbour) -> QToolButton:
        made = QToolButton()
        made.setProperty("kind", "tile")
        made.setCheckable(True)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setIconSize(QSize(_SIDE, _SIDE))
        made.setIcon(QIcon(_blank()))
        made.setText(f"{one.similarity:.3f}")
        told = self.tr("{whom}, similarity {similarity}, squared distance {distance}").format(
            whom=whose(one.patient, one.image, trained_on=one.trained_on).capitalize(),
            similarity=f"{one.similarity:.3f}",
            distance=f"{one.distance:,}",
        )
        made.setToolTip(told)
        made.setAccessibleName(told)
        self._group.addButton(made, place)
        self._rows[one.trained_on].addWidget(made)
        return made


def _blank() -> QPixmap:
    blank = QPixmap(_SIDE, _SIDE)
    blank.fill(Qt.GlobalColor.transparent)
    return blank
