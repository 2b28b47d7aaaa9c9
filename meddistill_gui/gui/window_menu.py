"""The window's menu: projects, size of text, colours, shortcuts, log folder."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu, QMessageBox

from meddistill_gui.core.paths import APP_NAME, user_logs
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.theme.style import TEXT_SIZES, Theme


class WindowMenu(QMenu):
    """Emits the project that was asked for; changes the theme itself.

    Args:
        session: What the window is about.
        theme: Colours and size of text.
        window: The window.
    """

    project_wanted = Signal(Path)

    def __init__(self, session: Session, theme: Theme, window: QMainWindow) -> None:
        super().__init__(window)
        self._session = session
        self._theme = theme
        self._window = window
        self._add(self.tr("Open project …"), "Ctrl+O").triggered.connect(self._choose_project)
        self._recent = self.addMenu(self.tr("Recent projects"))
        self._recent.triggered.connect(self._on_recent)
        self.addSeparator()
        self._sizes = self._choices(
            self.tr("Size of text"), [(f"{size} %", size) for size in TEXT_SIZES]
        )
        self._sizes.triggered.connect(self._on_size)
        self._larger = self._add(self.tr("Larger text"), QKeySequence.StandardKey.ZoomIn)
        self._larger.triggered.connect(self._on_larger)
        self._smaller = self._add(self.tr("Smaller text"), QKeySequence.StandardKey.ZoomOut)
        self._smaller.triggered.connect(self._on_smaller)
        self._schemes = self._choices(
            self.tr("Colours"),
            [
                (self.tr("As the system"), "system"),
                (self.tr("Light"), "light"),
                (self.tr("Dark"), "dark"),
            ],
        )
        self._schemes.triggered.connect(self._on_scheme)
        self.addSeparator()
        self._add(self.tr("Keyboard shortcuts"), "F1").triggered.connect(self._show_shortcuts)
        self._add(self.tr("Open the folder of logs")).triggered.connect(self._open_logs)
        self._add(self.tr("About MedDistill")).triggered.connect(self._show_about)
        self._add(self.tr("Quit"), QKeySequence.StandardKey.Quit).triggered.connect(window.close)
        theme.changed.connect(self._mark)
        self._mark()

    def shortcut_actions(self) -> list[QAction]:
        """The actions whose keys work everywhere in the window."""
        return [action for action in self.actions() if not action.shortcut().isEmpty()]

    def show_recent(self, roots: Sequence[str]) -> None:
        """List the recent projects; those that are gone cannot be chosen."""
        self._recent.clear()
        for root in roots:
            here = Path(root).is_dir()
            text = root if here else self.tr("{folder} (not there)").format(folder=root)
            action = self._recent.addAction(text.replace("&", "&&"))
            action.setData(root)
            action.setEnabled(here)
        self._recent.setEnabled(bool(roots))

    def _add(self, text: str, keys: str | QKeySequence.StandardKey | None = None) -> QAction:
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        self.addAction(action)
        return action

    def _choices(self, title: str, choices: Sequence[tuple[str, object]]) -> QActionGroup:
        menu = self.addMenu(title)
        group = QActionGroup(menu)
        for text, value in choices:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(value)
            group.addAction(action)
        return group

    def _mark(self) -> None:
        for action in self._sizes.actions():
            action.setChecked(action.data() == self._theme.text_percent)
        for action in self._schemes.actions():
            action.setChecked(action.data() == self._theme.wanted)

    def _choose_project(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Open a project folder"))
        if chosen:
            self.project_wanted.emit(Path(chosen))

    def _on_recent(self, action: QAction) -> None:
        self.project_wanted.emit(Path(action.data()))

    def _on_size(self, action: QAction) -> None:
        self._theme.set_text_percent(action.data())

    def _on_larger(self) -> None:
        self._theme.set_text_percent(self._theme.text_percent + 25)

    def _on_smaller(self) -> None:
        self._theme.set_text_percent(self._theme.text_percent - 25)

    def _on_scheme(self, action: QAction) -> None:
        self._theme.set_scheme(action.data())

    def _open_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(user_logs())))

    def _show_shortcuts(self) -> None:
        rows = [
            (action.text(), action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            for action in self.shortcut_actions()
        ]
        rows += [
            (self.tr("Go to a page"), "Ctrl+1, Ctrl+2 …"),
            (self.tr("Search images"), "Ctrl+F"),
            (self.tr("Next or previous image"), self.tr("Right, Left")),
            (self.tr("Class of the selected images"), "C, 1 … 9"),
            (self.tr("Take their class away"), self.tr("Backspace")),
            (self.tr("Take a class back, set it again"), "Ctrl+Z, Ctrl+Shift+Z"),
        ]
        text = "\n".join(f"{keys}\t{what}" for what, keys in rows)
        QMessageBox.information(self._window, self.tr("Keyboard shortcuts"), text)

    def _show_about(self) -> None:
        QMessageBox.about(
            self._window,
            self.tr("About MedDistill"),
            f"{APP_NAME} {importlib.metadata.version(APP_NAME.lower())}\n\n{NOT_FOR_CLINICAL_USE}\nApache-2.0",
        )
