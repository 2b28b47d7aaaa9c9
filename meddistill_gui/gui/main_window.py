"""The one window: the rail at the left, the chosen page beside it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMessageBox, QStackedWidget, QWidget
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.paths import APP_NAME
from meddistill_gui.gui import settings as remembered
from meddistill_gui.gui.page_list import PageEntry
from meddistill_gui.gui.rail import Rail
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.theme.style import Theme
from meddistill_gui.gui.widgets.page_holder import PageHolder
from meddistill_gui.gui.widgets.scrolling import scrolling
from meddistill_gui.gui.window_menu import WindowMenu
from meddistill_gui.jobs.job import StartJob

RECEIVED_ENDINGS = (".distilled.zip", ".distilled.zip.age", ".capsule")
PROJECT_FILE = "project.toml"
IMAGE_ENDINGS = frozenset(
    (
        "",
        ".dcm",
        ".dicom",
        ".ima",
        ".png",
        ".jpg",
        ".jpeg",
        ".tif",
        ".tiff",
        ".bmp",
        ".npz",
        ".nii",
        ".gz",
    )
)


class MainWindow(QMainWindow):
    """Builds pages when they are first shown, remembers the user's choices, asks before work is lost.

    Args:
        start_job: Starts an operation.
        entries: The pages.
        theme: Colours and size of text.
        settings_path: Where the user's choices are kept.
    """

    def __init__(
        self,
        start_job: StartJob,
        entries: Sequence[PageEntry],
        theme: Theme,
        settings_path: Path,
    ) -> None:
        super().__init__()
        self.session = Session(start_job, self)
        self._start_job = start_job
        self._entries = {entry.name: entry for entry in entries}
        self._pages: dict[str, QWidget] = {}
        self._theme = theme
        self._settings_path = settings_path
        self.settings = remembered.load(settings_path)
        self.rail = Rail(entries)
        self.rail.chosen.connect(self.go_to)
        self._stack = QStackedWidget()
        self.menu = WindowMenu(self.session, theme, self)
        self.menu.setAccessibleName(self.tr("Menu"))
        self.menu.project_wanted.connect(self.open_project)
        self.rail.menu_wanted.connect(self._show_menu)
        self.session.project_changed.connect(self._on_project)
        theme.changed.connect(self._on_theme)
        self._arrange()
        self._on_project()
        first = next(iter(self._entries))
        self.go_to(first)
        self.rail.page_button(first).setFocus()

    @property
    def page_name(self) -> str:
        """Name of the page that is shown."""
        shown = self._stack.currentWidget()
        return next(name for name, page in self._pages.items() if page is shown)

    def page(self, name: str) -> QWidget:
        """The page of this name; made if it was never shown."""
        if name not in self._pages:
            cls = self._entries[name].load()
            page = cls(self.session, self._start_job, self)  # type: ignore[arg-type, call-arg]  # pages take these
            page.go_to.connect(self.go_to)  # type: ignore[attr-defined]  # every page has this signal
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def go_to(self, name: str) -> None:
        """Show a page."""
        self._stack.setCurrentWidget(self.page(name))
        self.rail.show_page(name)

    def open_project(self, root: Path) -> None:
        """Open a project folder; what is wrong with it is said on the dataset page."""
        try:
            self.session.open_project(root)
        except MedDistillError as error:
            kept = tuple(known for known in self.settings.recent if known != str(root))
            self._remember(replace(self.settings, recent=kept))
            QMessageBox.warning(self, APP_NAME, f"{error.message}\n\n{error.remedy}")
            return
        self.go_to("dataset_browser")

    def open_path(self, path: Path) -> None:
        """Take in what was dropped on the window: a folder of images or a file of it, a project, a bundle or a capsule."""
        if not _droppable(path):
            return
        folder = path.parent if path.name == PROJECT_FILE else path
        if (folder / PROJECT_FILE).is_file():
            self.open_project(folder)
            return
        name = "receive" if _was_sent(path) else "dataset_browser"
        self.go_to(name)
        self.page(name).open_path(path)  # type: ignore[attr-defined]  # these two pages have it

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(_droppable(path) for path in _paths(event)):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        for path in _paths(event):
            if _droppable(path):
                event.acceptProposedAction()
                self.open_path(path)
                return

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.work.running and not self._may_stop():
            event.ignore()
            return
        self._remember(replace(self.settings, width=self.width(), height=self.height()))
        for work in self.findChildren(RunThread):
            work.close()
        event.accept()

    def _may_stop(self) -> bool:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(APP_NAME)
        box.setText(self.tr("A run is still working."))
        box.setInformativeText(
            self.tr("If you close now it stops where nothing is lost. It can be resumed later.")
        )
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(
            box.addButton(self.tr("Keep working"), QMessageBox.ButtonRole.RejectRole)
        )
        box.exec()
        return box.clickedButton() is stop

    def _arrange(self) -> None:
        self.setAcceptDrops(True)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(scrolling(PageHolder(self._stack), sideways=True), 1)
        self.setCentralWidget(centre)
        self.addActions(self.menu.shortcut_actions())
        self.resize(self.settings.width, self.settings.height)

    def _show_menu(self, above: QPoint) -> None:
        self.menu.popup(above - QPoint(0, self.menu.sizeHint().height()))

    def _on_project(self) -> None:
        project = self.session.project
        self.setWindowTitle(f"{project.root.name} – {APP_NAME}" if project else APP_NAME)
        if project is not None:
            self._remember(self.settings.with_recent(project.root))
        self.session.recent = self.settings.recent
        self.menu.show_recent(self.settings.recent)

    def _on_theme(self) -> None:
        self._remember(
            replace(self.settings, scheme=self._theme.wanted, text_percent=self._theme.text_percent)
        )

    def _remember(self, settings: remembered.Settings) -> None:
        if settings != self.settings:
            self.settings = settings
            remembered.save(self._settings_path, settings)


def _paths(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def _droppable(path: Path) -> bool:
    """A folder, what another hospital sent, a project's file, or a file that may hold images; scanners often give theirs no ending."""
    if path.is_dir() or path.name == PROJECT_FILE or _was_sent(path):
        return True
    return path.is_file() and path.suffix.lower() in IMAGE_ENDINGS


def _was_sent(path: Path) -> bool:
    return path.name.lower().endswith(RECEIVED_ENDINGS)
