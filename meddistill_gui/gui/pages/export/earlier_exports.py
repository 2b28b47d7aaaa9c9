"""What was exported before, where to and when; read from the log that stays in the project."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QDateTime, QLocale
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.bundle.export_log import Export
from meddistill_gui.gui.places import in_bytes
from meddistill_gui.gui.widgets.columns import line_up


class EarlierExports(QTableWidget):
    """One row per export, newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self.setHorizontalHeaderLabels(
            [
                self.tr("When"),
                self.tr("File"),
                self.tr("Size"),
                self.tr("Audit"),
                self.tr("SHA-256"),
            ]
        )
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        line_up(self, ())
        self.setAccessibleName(self.tr("Earlier exports of this project"))

    def show_exports(self, exports: Sequence[Export]) -> None:
        """Show these, given oldest first."""
        self.setRowCount(len(exports))
        for row, one in enumerate(reversed(exports)):
            texts = (
                _moment(one.when),
                one.path,
                in_bytes(one.size),
                one.verdict or self.tr("not audited"),
                one.sha256,
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)


def _moment(when: str) -> str:
    """ISO 8601 in the user's own way of writing dates, in local time; as it stands where it is no date."""
    try:
        seconds = datetime.fromisoformat(when).timestamp()
    except ValueError:
        return when
    moment = QDateTime.fromSecsSinceEpoch(int(seconds))
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
