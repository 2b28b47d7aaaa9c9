"""What goes into the bundle, with every size, and what does not."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.bundle.export_log import Export
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.gui.pages.export.contents import Contents
from meddistill_gui.gui.pages.export.earlier_exports import EarlierExports
from meddistill_gui.gui.places import in_bytes
from meddistill_gui.gui.widgets.columns import line_up
from meddistill_gui.gui.widgets.fitting import fitted
from meddistill_gui.gui.widgets.labels import label


class ContentsView(QTabWidget):
    """Tabs: the files, what stays in the house, what was exported before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([self.tr("File"), self.tr("Size")])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.setAccessibleName(self.tr("Files of the bundle"))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        line_up(self.table, (1,))
        self._total = label(kind="muted")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addWidget(self._total)
        self.addTab(inside, self.tr("Goes in"))
        self.addTab(self._outside(), self.tr("Stays here"))
        self._burden = label()
        self._burden_tab = self._what_you_sign()
        self.addTab(self._burden_tab, self.tr("You answer for"))
        self.earlier = EarlierExports()
        self.addTab(self.earlier, self.tr("Earlier"))
        self.show_earlier(())

    def show_contents(self, contents: Contents) -> None:
        """Show the files."""
        self.table.setRowCount(len(contents.members))
        for row, (name, size) in enumerate(contents.members):
            file = QTableWidgetItem(name)
            file.setToolTip(name)
            amount = QTableWidgetItem(in_bytes(size))
            amount.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 0, file)
            self.table.setItem(row, 1, amount)
        self._total.setText(
            self.tr("{count} files in one file of {size}, with a checksum of each.").format(
                count=len(contents.members), size=in_bytes(contents.size)
            )
        )

    def show_burden(self, sentences: Sequence[str]) -> None:
        """Show what whoever sends this takes on himself."""
        self._burden.setText("\n\n".join(sentences))

    def show_earlier(self, exports: Sequence[Export]) -> None:
        """Show what was exported before; the tab is there if there was something."""
        self.earlier.show_exports(exports)
        self.setTabVisible(self.indexOf(self.earlier), bool(exports))

    def show_problem(self, error: MedDistillError) -> None:
        """Say why there is nothing to show."""
        self.table.setRowCount(0)
        self._total.setText(str(error))

    def _what_you_sign(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 16, 0, 0)
        column.addWidget(self._burden)
        column.addStretch()
        return fitted(holder)

    def _outside(self) -> QWidget:
        lines = (
            self.tr("No image of a patient, nor a smaller copy of one."),
            self.tr("No name, number, date or UID of a patient, a study or a device."),
            self.tr("No name of a file, a folder, a computer or a user."),
            self.tr("No expert network: those were trained on patients."),
            self.tr("No split, seed, log or checkpoint."),
            self.tr("No distance or score of a single image to a patient."),
        )
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(8)
        for line in lines:
            column.addWidget(label(f"–  {line}"))
        column.addWidget(
            label(
                self.tr(
                    "What you type as title, contact and terms goes in as you type it; so do the names of the classes."
                ),
                "muted",
            )
        )
        column.addStretch()
        return fitted(holder)
