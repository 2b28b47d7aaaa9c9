"""The nearest real images of a synthetic one, as a row of pictures to choose from."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from meddistill_gui.gui.pages.anonymity_preview.audit_reading import Neighbour
from meddistill_gui.gui.pages.anonymity_preview.pictures import untinted
from meddistill_gui.gui.pages.anonymity_preview.whom import whose
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label

_SIDE = 52


class NeighboursView(QWidget):
    """Three groups: whom the scores name, the nearest training patients, the nearest hold-out patients; one image is chosen.

    Signals:
        chosen: The `Neighbour` that is compared.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._neighbours: tuple[Neighbour, ...] = ()
        self._values = 1
        self._buttons: list[QToolButton] = []
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.choose)
        self._rows: dict[str, QHBoxLayout] = {}
        down = large_text(self)
        row = QVBoxLayout(self) if down else QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8 if down else 12)
        for group, title, tip in (
            (
                "found",
                self.tr("Found by the scores"),
                self.tr("The patient whom each score names first, and how similar in that view"),
            ),
            ("train", self.tr("Nearest training patients"), self._levels()),
            ("holdout", self.tr("Nearest hold-out patients"), self._levels()),
        ):
            column = QVBoxLayout()
            column.setSpacing(4)
            heading = label(title, "small", wrap=False)
            heading.setToolTip(tip)
            column.addWidget(heading)
            self._rows[group] = QHBoxLayout()
            self._rows[group].setSpacing(4)
            self._rows[group].setAlignment(Qt.AlignmentFlag.AlignLeft)
            column.addLayout(self._rows[group])
            row.addLayout(column)
        row.addStretch()

    def show_neighbours(self, neighbours: Sequence[Neighbour], values: int) -> None:
        """Offer these and choose the first.

        Args:
            neighbours: In the order they shall stand.
            values: Numbers in one image, to tell a distance per number.
        """
        self._values = max(1, values)
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
        made.setText(self._short(one))
        told = self.in_words(one)
        made.setToolTip(told)
        made.setAccessibleName(told)
        self._group.addButton(made, place)
        group = "found" if one.found_by else "train" if one.trained_on else "holdout"
        self._rows[group].addWidget(made)
        return made

    def in_words(self, one: Neighbour) -> str:
        """Who it is, and how near."""
        whom = whose(one.patient, one.image, trained_on=one.trained_on)
        whom = whom[:1].upper() + whom[1:]
        if one.distance is None:
            return self.tr(
                "{whom}: named by score {score}, similarity {similarity} ({way})"
            ).format(
                whom=whom,
                score=one.found_by.upper(),
                similarity=f"{one.similarity:.2f}",
                way=one.way,
            )
        return self.tr(
            "{whom}: {levels} grey levels apart per pixel, similarity {similarity}"
        ).format(whom=whom, levels=self._apart(one.distance), similarity=f"{one.similarity:.2f}")

    def _short(self, one: Neighbour) -> str:
        """What is written under the picture: what the pictures are ordered by."""
        if one.distance is None:
            return f"{one.found_by.upper()}  {one.similarity:.2f}"
        return f"Δ {self._apart(one.distance)}"

    def _apart(self, distance: int) -> str:
        return f"{math.sqrt(distance / self._values):.0f}"

    def _levels(self) -> str:
        return self.tr(
            "Ordered by distance Δ: by how many of 255 grey levels a pixel differs (root mean square)"
        )


def _blank() -> QPixmap:
    blank = QPixmap(_SIDE, _SIDE)
    blank.fill(Qt.GlobalColor.transparent)
    return blank
