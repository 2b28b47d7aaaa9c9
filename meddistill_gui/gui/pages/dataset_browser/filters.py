"""Which images the grid shows: search, class, part of the division, order."""

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from meddistill_gui.data.catalogue import CatalogueSummary
from meddistill_gui.gui.role_names import role_title

_PATIENCE_MS = 200


class Filters(QWidget):
    """Says `changed` when the typing has paused.

    Args:
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search by file, patient or class"))
        self.search.setAccessibleName(self.tr("Search images"))
        self.search.setClearButtonEnabled(True)
        self.class_names = QComboBox()
        self.class_names.setAccessibleName(self.tr("Class"))
        self.roles = QComboBox()
        self.roles.setAccessibleName(self.tr("Part of the division"))
        self.order = QComboBox()
        self.order.setAccessibleName(self.tr("Order"))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PATIENCE_MS)
        self._pause.timeout.connect(self.changed)
        self.search.textChanged.connect(self._on_typing)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        shortcut.activated.connect(self._focus_search)
        row = QHBoxLayout()
        row.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addLayout(row)
        for box in (self.class_names, self.roles, self.order):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(6)
            box.activated.connect(self._on_choice)
            row.addWidget(box, 1)
        for text, key in (
            (self.tr("By file"), "path"),
            (self.tr("By class"), "class"),
            (self.tr("By patient"), "patient"),
            (self.tr("By modality"), "modality"),
            (self.tr("By size"), "size"),
        ):
            self.order.addItem(text, key)

    def show_summary(self, summary: CatalogueSummary) -> None:
        """Offer the classes and parts that there are; a choice that still exists stays."""
        classes: list[tuple[str, str | None]] = [(self.tr("All classes"), None)]
        classes += [(count.name, count.name) for count in summary.classes]
        if summary.unlabelled and summary.classes:
            classes.append((self.tr("No class"), ""))
        roles: list[tuple[str, str | None]] = [(self.tr("All parts"), None)]
        roles += [(role_title(role.role), role.role) for role in summary.roles]
        _offer(self.class_names, classes)
        _offer(self.roles, roles)

    def class_name(self) -> str | None:
        """Only this class; "" for images without one; None for all."""
        return _text(self.class_names)

    def role(self) -> str | None:
        """Only this part of the division; None for all."""
        return _text(self.roles)

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_typing(self) -> None:
        self._pause.start()

    def _on_choice(self, _number: int) -> None:
        self.changed.emit()


def _offer(box: QComboBox, choices: list[tuple[str, str | None]]) -> None:
    before = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for text, value in choices:
            box.addItem(text, value)
        kept = [number for number, (_, value) in enumerate(choices) if value == before]
        box.setCurrentIndex(kept[0] if kept else 0)
    box.setEnabled(len(choices) > 1)


def _text(box: QComboBox) -> str | None:
    data = box.currentData()
    return data if isinstance(data, str) else None
