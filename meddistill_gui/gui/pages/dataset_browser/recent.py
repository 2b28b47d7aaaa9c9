"""The projects that were open last, on the empty page: one step back to work."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label

SHOWN: Final = 5
_WIDEST: Final = 480


class RecentProjects(QWidget):
    """A button for each; one whose folder is gone says so and cannot be pressed.

    Args:
        parent: Owner.
    """

    wanted = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QPushButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 0)
        self._column.setSpacing(4)
        title = label(self.tr("Recent projects"), "heading", wrap=False)
        self._column.addWidget(title, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    def show_projects(self, roots: Sequence[str]) -> None:
        """Offer these, newest first."""
        for old in self.buttons:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = [self._button(Path(root)) for root in roots[:SHOWN]]
        for made in self.buttons:
            self._column.addWidget(made, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.setVisible(bool(self.buttons))

    def _button(self, root: Path) -> QPushButton:
        here = root.is_dir()
        said = root.name if here else self.tr("{name} (not there)").format(name=root.name)
        made = button("", kind="quiet", tip=str(root), parent=self)
        shown = made.fontMetrics().elidedText(said, Qt.TextElideMode.ElideMiddle, _WIDEST)
        made.setText(shown.replace("&", "&&"))
        made.setAccessibleName(self.tr("Open the project {name}").format(name=said))
        made.setEnabled(here)
        made.setProperty("root", str(root))
        made.clicked.connect(self._on_clicked)
        return made

    def _on_clicked(self) -> None:
        pressed = self.sender()
        if isinstance(pressed, QPushButton):
            self.wanted.emit(Path(str(pressed.property("root"))))
