"""The user's own key, and the people whose keys are known: added, listed with their words, forgotten."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.bundle import keys, senders
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.notice import Notice
from meddistill_gui.gui.widgets.own_key_row import OwnKeyRow


class SendersDialog(QDialog):
    """Every change is written at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        self.notice = Notice()
        self.own = OwnKeyRow()
        self.own.failed.connect(self.notice.show_error)
        self._known: list[PublicKey] = []
        self.table = self._made_table()
        self.forget = button(self.tr("Forget"), icon="close")
        self.forget.clicked.connect(self._forget)
        self.name = QLineEdit()
        self.line = QLineEdit()
        self.line.setPlaceholderText("ssh-ed25519 …")
        self.add = button(self.tr("Add"), icon="patient")
        self.add.clicked.connect(self._add)
        done = button(self.tr("Close"), kind="primary")
        done.clicked.connect(self.accept)
        self._arrange(done)
        self.resize(720, 560)
        self.refresh()

    def refresh(self) -> None:
        """Read the list again."""
        try:
            people = sorted(senders.known().items(), key=lambda item: item[1])
        except MedDistillError as error:
            self.notice.show_error(error)
            people = []
        self._known = [key for key, _ in people]
        self.table.setRowCount(len(people))
        for row, (key, name) in enumerate(people):
            for column, text in enumerate((name, key.words)):
                item = QTableWidgetItem(text)
                item.setToolTip(key.fingerprint if column else text)
                self.table.setItem(row, column, item)
        self.forget.setEnabled(bool(people))

    def _add(self) -> None:
        self.notice.hide()
        try:
            senders.remember(self.name.text(), keys.public_key_of_line(self.line.text()))
        except MedDistillError as error:
            self.notice.show_error(error)
            return
        self.name.clear()
        self.line.clear()
        self.refresh()

    def _forget(self) -> None:
        row = self.table.currentRow()
        if 0 <= row < len(self._known):
            try:
                senders.forget(self._known[row])
            except MedDistillError as error:
                self.notice.show_error(error)
            self.refresh()

    def _made_table(self) -> QTableWidget:
        table = QTableWidget(0, 2)
        table.setHorizontalHeaderLabels([self.tr("Name"), self.tr("Words of the key")])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.setAccessibleName(self.tr("People whose keys you know"))
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return table

    def _arrange(self, done: QWidget) -> None:
        fields = QGridLayout()
        fields.setHorizontalSpacing(8)
        fields.setVerticalSpacing(8)
        for place, (text, line) in enumerate(
            ((self.tr("Name"), self.name), (self.tr("Public key"), self.line))
        ):
            caption = label(text, wrap=False)
            caption.setBuddy(line)
            line.setAccessibleName(text)
            fields.addWidget(caption, place, 0)
            fields.addWidget(line, place, 1)
        fields.addWidget(self.add, 1, 2)
        row = QHBoxLayout()
        row.addWidget(self.forget)
        row.addStretch()
        row.addWidget(done)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addWidget(self.notice)
        column.addWidget(label(self.tr("Your key"), "heading"))
        column.addWidget(self.own)
        column.addWidget(label(self.tr("People whose keys you know"), "heading"))
        column.addWidget(
            label(
                self.tr(
                    "Compare the words on the telephone before you trust a key that came by mail or on a stick."
                ),
                "muted",
            )
        )
        column.addWidget(self.table, 1)
        column.addLayout(fields)
        column.addLayout(row)
