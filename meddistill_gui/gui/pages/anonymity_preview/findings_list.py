"""Every synthetic image with its p-value, flagged first."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.gui.pages.anonymity_preview.audit_reading import ImageFinding
from meddistill_gui.gui.pages.anonymity_preview.pictures import untinted
from meddistill_gui.gui.theme import colours, icons
from meddistill_gui.gui.widgets.columns import line_up

_SIDE = 40


class FindingsList(QTableWidget):
    """One row per synthetic image; several may be chosen, to begin again or be left out together.

    Signals:
        chosen: The `ImageFinding` of the row that is looked at.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self._findings: tuple[ImageFinding, ...] = ()
        self._decided: Mapping[int, str] = {}
        self.setHorizontalHeaderLabels(
            [self.tr("Image"), self.tr("Class"), self.tr("p"), self.tr("Finding")]
        )
        p_heading = QTableWidgetItem(self.tr("p"))
        p_heading.setToolTip(
            self.tr(
                "Of all scores together: the smallest of their p-values times three, because three were looked at. "
                "That of each score stands below its histogram."
            )
        )
        self.setHorizontalHeaderItem(2, p_heading)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_SIDE + 8)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        line_up(self, (2,))
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("m") * 18)
        self.setAccessibleName(self.tr("Synthetic images, flagged first"))
        self.itemSelectionChanged.connect(self._choose)

    def show_findings(
        self, findings: Sequence[ImageFinding], images: npt.NDArray[np.uint8]
    ) -> None:
        """Fill the list.

        Args:
            findings: In the order they shall stand.
            images: uint8 `[N, H, W]` or `[N, H, W, 3]`, by index.
        """
        self._findings, self._decided = tuple(findings), {}
        self.setRowCount(len(findings))
        for row, finding in enumerate(findings):
            self._fill(row, finding, images)
        self.clearSelection()  # a row that was chosen before is another image's now
        if findings:
            self.selectRow(0)

    def show_decisions(self, decided: Mapping[int, str]) -> None:
        """Say in the rows what was decided about images, by index."""
        self._decided = decided
        for row, finding in enumerate(self._findings):
            self.setItem(row, 3, self._state(finding))

    def selected(self) -> list[ImageFinding]:
        """What is chosen, in the order of the rows."""
        rows = sorted({index.row() for index in self.selectedIndexes()})
        return [self._findings[row] for row in rows]

    def _state(self, finding: ImageFinding) -> QTableWidgetItem:
        scheme = colours.current()
        decided = {
            "accepted": self.tr("No patient"),
            "leak": self.tr("A patient"),
            "restarted": self.tr("Began again"),
            "dropped": self.tr("Left out"),
        }.get(self._decided.get(finding.index, ""))
        sign, colour = "warning", scheme.danger
        if finding.exact:
            text = self.tr("A copy")
        elif finding.confirmed:
            text = self.tr("Traceable")
        elif decided is not None:
            text = decided
            sign, colour = ("error", scheme.danger) if text == self.tr("A patient") else ("good", scheme.text)  # fmt: skip
        elif finding.flagged:
            text, colour = self.tr("To review"), scheme.warning
        else:
            text, sign = "–", ""
        state = QTableWidgetItem(text)
        state.setData(Qt.ItemDataRole.AccessibleTextRole, text if sign else self.tr("Not flagged"))
        if sign:
            state.setIcon(QIcon(icons.pixmap(sign, 20, QColor(colour))))
        return state

    def _fill(self, row: int, finding: ImageFinding, images: npt.NDArray[np.uint8]) -> None:
        number = QTableWidgetItem(f"{finding.index + 1}")
        if finding.index < len(images):
            number.setIcon(untinted(images[finding.index], _SIDE))
        state = QTableWidgetItem(self.tr("Flagged") if finding.flagged else "–")
        state.setData(
            Qt.ItemDataRole.AccessibleTextRole,
            self.tr("Flagged") if finding.flagged else self.tr("Not flagged"),
        )
        if finding.flagged:
            colour = colours.current().danger
            state.setIcon(QIcon(icons.pixmap("warning", 20, QColor(colour))))
        p = QTableWidgetItem(f"{finding.p:.3f}")
        p.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name = QTableWidgetItem(finding.class_name)
        name.setToolTip(finding.class_name)
        for column, item in enumerate((number, name, p, self._state(finding))):
            self.setItem(row, column, item)

    def _choose(self) -> None:
        rows = {index.row() for index in self.selectedIndexes()}
        if rows:
            looked_at = self.currentRow()
            self.chosen.emit(self._findings[looked_at if looked_at in rows else min(rows)])
