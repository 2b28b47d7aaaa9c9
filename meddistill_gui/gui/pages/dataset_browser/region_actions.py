"""The page's way to regions: draw them on the images that are listed, or take over masks."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu

from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.dataset_browser.browser import Browser
from meddistill_gui.gui.pages.dataset_browser.region_dialog import RegionDialog
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class RegionActions(QObject):
    """A button with two ways behind it.

    Args:
        frame: Of the page.
        browser: Whose list of images is gone through.
        session: Which project is open.
        start_job: Starts an operation.
        parent: Owner.
    """

    def __init__(
        self,
        frame: PageFrame,
        browser: Browser,
        session: Session,
        start_job: StartJob,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._frame, self._browser, self._session = frame, browser, session
        self._refused: list[Warned] = []
        self._work = RunThread(start_job, self)
        self._work.reported.connect(self._on_event)
        self._work.failed.connect(self._on_failed)
        self._work.finished.connect(self._on_finished)
        frame.progress.cancelled.connect(self.stop)
        self.button = frame.add_action(self.tr("Regions …"), self._open_menu, icon="image")
        self.button.setToolTip(self.tr("Draw regions on the images, or take over masks"))
        self.menu = QMenu(self.button)
        self._add(self.tr("Draw regions and see patches …"), self.draw)
        self._add(self.tr("Take over a folder of masks …"), self.take_folder)
        self._add(self.tr("Take over one mask or segmentation …"), self.take_file)

    @property
    def working(self) -> bool:
        """Whether masks are being taken over."""
        return self._work.running

    def show_state(self, *, images: bool, working: bool) -> None:
        """Offer the button where there are images and nothing else runs."""
        self.button.setVisible(images)
        self.button.setEnabled(not working)

    def stop(self) -> None:
        """Stop taking over masks; nothing is changed then."""
        if self._work.running:
            self._work.stop()

    def dialog(self) -> RegionDialog | None:
        """The drawing of the images that are listed, beginning with the chosen one; None where there are none."""
        project, ids = self._session.project, self._browser.model.ids
        if project is None or not len(ids):
            return None
        place = self._browser.view().place()
        return RegionDialog(
            project.catalogue, ids.tolist(), max(0, min(place, len(ids) - 1)), self._frame
        )

    def draw(self) -> None:
        """Draw on the images that are listed."""
        dialog = self.dialog()
        if dialog is not None:
            dialog.exec()
            dialog.deleteLater()
            self._session.say_catalogue_changed()

    def take_folder(self) -> None:
        """Ask for a folder of masks."""
        self._ask(QFileDialog.getExistingDirectory(self._frame, self.tr("Folder of masks")))

    def take_file(self) -> None:
        """Ask for one mask."""
        title = self.tr("Mask or DICOM segmentation")
        self._ask(QFileDialog.getOpenFileName(self._frame, title)[0])

    def take(self, config: RegionsConfig) -> None:
        """Take over masks in the background."""
        self._refused = []
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Taking over masks"))
        self._work.start("regions", config)

    def _ask(self, chosen: str) -> None:
        project = self._session.project
        if not chosen or project is None:
            return
        dialog = OperationDialog(
            self.tr("Take over masks"),
            self.tr(
                "Each PNG goes to the image of the same name and must have its size, a NIfTI mask to its volume; a DICOM segmentation goes to the "
                "images it was drawn on. Neither images nor masks are changed."
            ),
            RegionsConfig(masks=Path(chosen), project=project.root),
            self.tr("Take over"),
            leave_out=("project",),
            parent=self._frame,
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.take(dialog.config())

    def _on_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Warned):
            self._refused.append(event)

    def _on_failed(self, error: MedDistillError) -> None:
        self._frame.progress.finish()
        self._frame.show_error(error)

    def _on_finished(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        said = str(summary.get("text", ""))
        if self._refused:
            first = self._refused[0]
            self._frame.notice.show_message("warning", f"{said} {first.message}", first.remedy)
        else:
            self._frame.notice.show_message("good", said)
        self._session.say_catalogue_changed()

    def _add(self, words: str, does: Callable[[], None]) -> None:
        self.menu.addAction(words).triggered.connect(does)

    def _open_menu(self) -> None:
        self.menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height())))
