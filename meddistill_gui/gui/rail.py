"""The list of pages at the left: icon and word, Ctrl+1 to Ctrl+9, arrows inside."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.core.paths import APP_NAME
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE
from meddistill_gui.gui.page_list import PageEntry
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class Rail(QFrame):
    """Emits the name of the page that was chosen.

    Args:
        entries: The pages.
        parent: Owner.

    Attributes:
        more: Button below, for the window's menu.
    """

    chosen = Signal(str)
    menu_wanted = Signal(QPoint)

    def __init__(self, entries: Sequence[PageEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self._names = [entry.name for entry in entries]
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._on_click)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 24, 12, 16)
        self._column.setSpacing(4)
        name = label(APP_NAME, "heading", wrap=False, mouse=False)
        name.setContentsMargins(12, 0, 0, 16)
        self._column.addWidget(name)
        for number, entry in enumerate(entries):
            self._column.addWidget(self._page_button(number, entry))
        self._column.addStretch()
        self.more = button(
            self.tr("Menu"), icon="settings", parent=self
        )  # after the pages: Tab goes by age
        self.more.clicked.connect(self._ask_for_menu)
        self._column.addWidget(self.more)
        small = label(NOT_FOR_CLINICAL_USE, "small", mouse=False)
        small.setContentsMargins(12, 8, 0, 0)
        self._column.addWidget(small)
        self._room_for_bold()

    def show_page(self, name: str) -> None:
        """Mark the page that is shown."""
        self._group.button(self._names.index(name)).setChecked(True)

    def page_button(self, name: str) -> QPushButton:
        """The button of a page."""
        found = self._group.button(self._names.index(name))
        if not isinstance(found, QPushButton):  # pragma: no cover - only push buttons are added
            raise TypeError(name)
        return found

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._room_for_bold()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        at = self._focused()
        if step is None or at < 0:
            super().keyPressEvent(event)
            return
        self._group.button((at + step) % len(self._names)).setFocus()

    def _focused(self) -> int:
        """Number of the page button that has the focus; -1 for none."""
        held = [number for number, made in enumerate(self._group.buttons()) if made.hasFocus()]
        return held[0] if held else -1

    def _page_button(self, number: int, entry: PageEntry) -> QPushButton:
        made = button(entry.title, icon=entry.icon, parent=self)
        made.setCheckable(True)
        made.setShortcut(f"Ctrl+{number + 1}")
        made.setToolTip(f"{entry.title} (Ctrl+{number + 1})")
        self._group.addButton(made, number)
        return made

    def _room_for_bold(self) -> None:
        """The chosen page's word is bold and must fit too; the rail does not change its width with the choice."""
        bold = QFont(self.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        for made in self.findChildren(QPushButton):
            made.setMinimumWidth(
                made.iconSize().width() + metrics.horizontalAdvance(made.text()) + 48
            )

    def _ask_for_menu(self) -> None:
        """Above the button: it stands at the lower edge of the window."""
        self.menu_wanted.emit(self.more.mapToGlobal(QPoint(0, 0)))

    def _on_click(self, number: int) -> None:
        self.chosen.emit(self._names[number])
