"""Every synthetic image with its p-value, flagged first."""

from collections.abc import Sequence

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

_SIDE = 40


class FindingsList(QTableWidget):
    """One row per synthetic image.

    Signals:
        chosen: The `ImageFinding` of the row that is chosen.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self._findings: tuple[ImageFinding, ...] = ()
        self.setHorizontalHeaderLabels(
            [self.tr("Image"), self.tr("Class"), self.tr("p"), self.tr("Finding")]
        )
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_SIDE + 8)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
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
        self._findings = tuple(findings)
        self.setRowCount(len(findings))
        for row, finding in enumerate(findings):
            self._fill(row, finding, images)
        if findings:
            self.selectRow(0)

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
        for column, item in enumerate((number, name, p, state)):
            self.setItem(row, column, item)

    def _choose(self) -> None:
        rows = {index.row() for index in self.selectedIndexes()}
        if rows:
            self.chosen.emit(self._findings[min(rows)])
