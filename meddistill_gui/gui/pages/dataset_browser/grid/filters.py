"""Which images the grid shows: search with fields, class, part of the division, branch of the patients, order."""

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.data.labels.class_names import MOST_CLASSES
from meddistill_gui.data.search import Search
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.theme import icons
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.flow import Flow

_PATIENCE_MS = 200


class Filters(QWidget):
    """Says `changed` when the typing has paused.

    Args:
        parent: Owner.
    """

    changed = Signal()
    branch_left = Signal()
    """The images of all patients are wanted again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._branch: tuple[int | None, ...] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(
            self.tr("Search: a word, or class:… patient:… part:… issue:…")
        )
        self.search.setAccessibleName(self.tr("Search images"))
        self.search.setToolTip(self._fields())
        self.search.setAccessibleDescription(self._fields())
        self.search.setClearButtonEnabled(True)
        self.class_names = self._box(self.tr("Class"))
        self.roles = self._box(self.tr("Part of the division"))
        self.order = self._box(self.tr("Order"))
        self.turned = button("", kind="quiet", icon="sort-up", tip=self.tr("Last first"))
        self.turned.setCheckable(True)
        self.turned.toggled.connect(self._on_turned)
        self.branch = button("", tip=self.tr("Show the images of all patients again"))
        self.branch.clicked.connect(self.branch_left)
        self.branch.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PATIENCE_MS)
        self._pause.timeout.connect(self.changed)
        self.search.textChanged.connect(self._on_typing)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        shortcut.activated.connect(self._focus_search)
        for text, key in self._orders():
            self.order.addItem(text, key)
        self._arrange()

    def show_summary(self, summary: CatalogueSummary) -> None:
        """Offer the classes and parts that there are; a choice that still exists stays."""
        classes: list[tuple[str, str | None]] = [(self.tr("All classes"), None)]
        classes += [(count.name, count.name) for count in summary.classes[:MOST_CLASSES]]
        if summary.unlabelled and summary.classes:
            classes.append((self.tr("No class"), ""))
        roles: list[tuple[str, str | None]] = [(self.tr("All parts"), None)]
        roles += [(role_title(role.role), role.role) for role in summary.roles]
        _offer(self.class_names, classes)
        _offer(self.roles, roles)

    def forget(self) -> None:
        """Other images are shown from now on: no search, no branch; the order stays."""
        self._pause.stop()
        self._branch = ()
        self.branch.hide()
        with QSignalBlocker(self.search):
            self.search.clear()
        for box in (self.class_names, self.roles):
            box.setCurrentIndex(0)

    def wanted(self) -> Search:
        """What is chosen now."""
        return Search(
            class_name=_text(self.class_names),
            role=_text(self.roles),
            text=self.search.text().strip(),
            branch=self._branch,
            order=str(self.order.currentData()),
            descending=self.turned.isChecked(),
        )

    def show_branch(self, branch: tuple[int | None, ...], name: str) -> None:
        """Only the images of this branch of the patients are wanted; the empty one means all."""
        self._branch = branch
        self.branch.setVisible(bool(branch))
        shown = self.branch.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 160)
        self.branch.setText(shown.replace("&", "&&"))
        icons.give(self.branch, "close")
        self.branch.setAccessibleName(self.tr("Only {name}: show all again").format(name=name))
        self.changed.emit()

    def order_by(self, key: str, *, descending: bool) -> None:
        """Choose an order as if by hand."""
        with QSignalBlocker(self.turned):
            self.turned.setChecked(descending)
        self._say_turned()
        self.order.setCurrentIndex(self.order.findData(key))
        self.changed.emit()

    def add_tool(self, tool: QWidget) -> None:
        """Put one more control at the right."""
        self._row.addWidget(tool)

    def _arrange(self) -> None:
        tools = QWidget()
        self._row = Flow(8, tools)
        for tool in (self.branch, self.class_names, self.roles, self.order, self.turned):
            self._row.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(tools)

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(7)
        box.activated.connect(self._on_choice)
        return box

    def _orders(self) -> tuple[tuple[str, str], ...]:
        return (
            (self.tr("By file"), "path"),
            (self.tr("By class"), "class"),
            (self.tr("By patient"), "patient"),
            (self.tr("By modality"), "modality"),
            (self.tr("By size"), "size"),
            (self.tr("By part"), "part"),
        )

    def _fields(self) -> str:
        return self.tr(
            "A word is looked for in file, patient and class; all words must fit.\n"
            "Fields: class: patient: modality: part: file: study: series: issue: copy: width: height: frame:\n"
            "class=normal  the whole word\n"
            "-modality:US  not this\n"
            "class:none, issue:any  none, any\n"
            "width:>1000  more than\n"
            'series:"chest ap"  several words'
        )

    def _on_turned(self) -> None:
        self._say_turned()
        self.changed.emit()

    def _say_turned(self) -> None:
        turned = self.turned.isChecked()
        icons.give(self.turned, "sort-down" if turned else "sort-up")

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
