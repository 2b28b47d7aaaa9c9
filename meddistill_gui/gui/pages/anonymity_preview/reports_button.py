"""Opens the reports that the audit wrote: in detail for the house, coarse for everybody."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.theme import icons


class ReportsButton(QPushButton):
    """A button with a menu; what a report does not have yet cannot be chosen.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        self.setText(self.tr("Reports"))
        icons.give(self, "report")
        self.setToolTip(self.tr("Open what the audit wrote down"))
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self._section(
            menu,
            self.tr("In detail: shows real patients and stays in the house"),
            {
                "detailed.html": self.tr("Page, in detail"),
                "detailed.pdf": self.tr("PDF, in detail"),
            },
        )
        self._section(
            menu,
            self.tr("Coarse: may travel with the set"),
            {"public.html": self.tr("Page, coarse"), "public.pdf": self.tr("PDF, coarse")},
        )
        menu.addSeparator()
        self._entry(menu, "", self.tr("Show the folder"))
        self.setMenu(menu)

    def show_run(self, run: RunFolder) -> None:
        """Offer the reports of this run."""
        self._folder = run.audit
        for action in self.menu().actions():
            if not action.isSeparator() and action.data() is not None:
                action.setEnabled((self._folder / str(action.data())).exists())

    def _section(self, menu: QMenu, heading: str, files: dict[str, str]) -> None:
        said = QAction(heading, menu)
        said.setEnabled(False)
        menu.addAction(said)
        for name, text in files.items():
            self._entry(menu, name, text)

    def _entry(self, menu: QMenu, name: str, text: str) -> None:
        action = QAction(text, menu)
        action.setData(name)
        action.triggered.connect(self._open)
        menu.addAction(action)

    def _open(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder / str(action.data()))))
