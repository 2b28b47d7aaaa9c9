"""Dataset browser: open a folder, look at the images, set classes, divide the patients."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import MedDistillError, Stopped
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.core.paths import user_data
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.dataset_browser.arranging import Arranging
from meddistill_gui.gui.pages.dataset_browser.browser import Browser
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import Thumbnails
from meddistill_gui.gui.pages.dataset_browser.hospital import HospitalConfig, start_hospital
from meddistill_gui.gui.pages.dataset_browser.labels.dialogs import label_dialog, split_dialog
from meddistill_gui.gui.pages.dataset_browser.recent import RecentProjects
from meddistill_gui.gui.pages.dataset_browser.region_actions import RegionActions
from meddistill_gui.gui.pages.dataset_browser.steps import (
    Step,
    next_step,
    proposed_project,
)
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class DatasetBrowserPage(QWidget):
    """Decides what is shown and which operation runs; its parts only show.

    Args:
        session: What the window is about.
        start_job: Starts an operation.
        parent: Owner.
    """

    go_to = Signal(str)
    icon_name = "dataset"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = self.tr("Dataset")
        self._session = session
        self._catalogue: Catalogue | None = None
        self._summary: CatalogueSummary | None = None
        self._scanning: ScanConfig | None = None
        self._warnings: list[Warned] = []
        self._work = self._thread(start_job)
        self._inventing = self._thread(start_hospital)
        self.browser = Browser(Thumbnails(parent=self))
        self.empty = self._empty_state()
        self.frame = PageFrame(
            self.title,
            self.tr("Look through a folder of images, name their classes, divide the patients."),
        )
        self._stack = QStackedWidget()
        self.regions = RegionActions(self.frame, self.browser, session, start_job, self)
        self._arrange()
        self.destroyed.connect(self.browser.close_reading)
        session.project_changed.connect(self._open_catalogue)
        session.catalogue_changed.connect(self._refresh)
        self._open_catalogue()

    @property
    def working(self) -> bool:
        """Whether an operation of this page runs."""
        return self._work.running or self._inventing.running or self.regions.working

    @property
    def reading(self) -> bool:
        """Whether something of the catalogue is still to be shown."""
        return self.browser.waiting

    def open_path(self, path: Path) -> None:
        """Propose to scan a folder of images that was chosen or dropped; of a file that is open already, show it."""
        if path.is_file():
            if self.browser.show_file(path):
                return
            path = path.parent
        if self.working:
            self.frame.notice.show_message(
                "warning",
                self.tr("Something is still running."),
                self.tr("Wait until it is done, or stop it first."),
            )
            return
        project = proposed_project(path, _projects())
        dialog = OperationDialog(
            self.tr("Open a folder of images"),
            self.tr(
                "The folder is only read: nothing in it is changed, moved or copied. What is found is written down in "
                "a project folder."
            ),
            ScanConfig(source=path, project=project),
            self.tr("Look through"),
            parent=self,
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.scan(dialog.config())

    def scan(self, config: ScanConfig) -> None:
        """Look through a folder in the background."""
        self._scanning = config
        self._start("scan", config, self.tr("Looking for images"))

    def scan_again(self) -> None:
        """Look through the open source once more: only what is new or has changed is read."""
        project, catalogue = self._session.project, self._catalogue
        if project is not None and catalogue is not None and catalogue.source is not None:
            self.scan(ScanConfig(source=catalogue.source, project=project.root))

    def choose_folder(self) -> None:
        """Ask for a folder of images."""
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Open a folder of images"), self._beside()
        )
        if chosen:
            self.open_path(Path(chosen))

    def choose_project(self) -> None:
        """Ask for a project that was made before."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Open a project"), str(_projects()))
        if chosen:
            self._open_recent(Path(chosen))

    def _open_recent(self, root: Path) -> None:
        try:
            self._session.open_project(root)
        except MedDistillError as error:
            self.frame.show_error(error)

    def invent_hospital(self) -> None:
        """Write the demo's invented hospital and scan it."""
        folder = user_data() / "demo hospital"
        if folder.is_dir():
            self._on_invented({"folder": str(folder)})
        elif not self.working:
            self.frame.progress.begin(self.tr("Inventing a hospital"))
            self._inventing.start("hospital", HospitalConfig(folder=folder))

    def set_classes(self) -> None:
        """Ask where the classes come from, and set them."""
        if self._session.project is None:
            return
        dialog = label_dialog(self._session.project, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.label(dialog.config())

    def label(self, config: LabelConfig) -> None:
        """Set the class of every image in the background."""
        self._start("label", config, self.tr("Setting classes"))

    def divide(self) -> None:
        """Ask how the patients are divided, and divide them."""
        if self._session.project is None or self._catalogue is None:
            return
        dialog = split_dialog(self._session.project, self._catalogue.source, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.split(dialog.config())

    def split(self, config: SplitConfig) -> None:
        """Divide the patients in the background."""
        self._start("split", config, self.tr("Dividing the patients"))

    def stop(self) -> None:
        """Stop what runs; what is done is kept."""
        self._work.stop()
        self._inventing.stop()

    def _beside(self) -> str:
        """Where the search for a folder begins: beside the one that is open, else at home."""
        source = None if self._catalogue is None else self._catalogue.source
        near = None if source is None else source.parent
        return str(near if near is not None and near.is_dir() else Path.home())

    # what runs

    def _thread(self, start_job: StartJob) -> RunThread:
        work = RunThread(start_job, self)
        work.reported.connect(self._on_event)
        work.failed.connect(self._on_failed)
        return work

    def _start(self, name: str, config: object, phase: str) -> None:
        if self.working:
            return
        self._warnings = []
        self.frame.notice.hide()
        self.frame.progress.begin(phase)
        self._work.start(name, config)
        self._show_step()

    def _on_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self.frame.progress.show_progress(event)
        elif isinstance(event, Warned) and event.code != "unreadable-file":
            self._warnings.append(event)

    def _on_failed(self, error: MedDistillError) -> None:
        self.frame.progress.finish()
        name = self._work.name
        if name == "scan" and isinstance(error, Stopped) and self._scanned_project_is_there():
            self._show_scanned()
        self.frame.show_error(error)
        self._refresh()

    def _on_finished(self, summary: dict[str, object]) -> None:
        self.frame.progress.finish()
        followers: dict[str, Callable[[], None]] = {
            "scan": self._after_scan,
            "label": self._after_label,
        }
        followers.get(self._work.name, self._session.say_catalogue_changed)()
        if not self.working:
            self._say_result(str(summary.get("text", "")))

    def _on_invented(self, summary: dict[str, object]) -> None:
        source = Path(str(summary["folder"]))
        project = proposed_project(source, _projects())
        self.scan(ScanConfig(source=source, project=project))

    def _after_scan(self) -> None:
        self._show_scanned()
        project = self._session.project
        if project and next_step(self._catalogue) is Step.CLASSES:
            self.label(LabelConfig(project=project.root))

    def _after_label(self) -> None:
        self._session.say_catalogue_changed()

    def _say_result(self, text: str) -> None:
        if self._warnings:
            first = self._warnings[0]
            self.frame.notice.show_message("warning", first.message, first.remedy)
        elif self._work.name == "label":
            hint = self.tr("Look whether these are the right ones, then divide the patients.")
            self.frame.notice.show_message("good", text, hint)
        elif text:
            self.frame.notice.show_message("good", text)

    def _scanned_project_is_there(self) -> bool:
        return self._scanning is not None and (self._scanning.project / "project.toml").is_file()

    def _show_scanned(self) -> None:
        if self._scanning is None:
            return
        try:
            self._session.open_project(self._scanning.project)
        except MedDistillError as error:
            self.frame.show_error(error)
            return
        self._session.say_catalogue_changed()

    # what is shown

    def _open_catalogue(self) -> None:
        if self._catalogue is not None:
            self._catalogue.close()
            self._catalogue = None
        self._summary = None
        self.recent.show_projects(self._session.recent)
        project = self._session.project
        try:
            if project is not None:
                self._catalogue = open_catalogue(project.catalogue)
        except MedDistillError as error:
            self.frame.show_error(error)
        self._refresh()

    def _refresh(self) -> None:
        """Show what there is at once; the numbers come when they are counted."""
        project = self._session.project
        self.browser.show_catalogue(self._catalogue, None if project is None else project.cache)
        self._show_step()

    def _on_summary(self, summary: CatalogueSummary) -> None:
        self._summary = summary
        self.frame.set_status(self._status())

    def _show_step(self) -> None:
        step = next_step(self._catalogue)
        self._stack.setCurrentWidget(self.empty if step is Step.OPEN else self.browser)
        words = {
            Step.CLASSES: self.tr("Set classes …"),
            Step.SPLIT: self.tr("Divide patients …"),
            Step.DISTIL: self.tr("Set up distillation"),
        }
        self.frame.primary.setVisible(step in words)
        self._another.setVisible(step in words)
        if step in words:
            self.frame.primary.setText(words[step])
            self.frame.primary.setAccessibleName(words[step])
        self.regions.show_state(images=step is not Step.OPEN, working=self.working)
        for control in (self.frame.primary, self._another, self.empty):
            control.setEnabled(not self.working)
        self.browser.overview.setEnabled(not self.working)
        self.browser.hand.setVisible(not self.working)
        self.frame.set_status(self._status())

    def _status(self) -> str:
        summary = self._summary
        if summary is None and self._catalogue is not None and self._catalogue.has_images:
            return self.tr("Reading the catalogue …")
        if summary is None or not summary.files:
            return self.tr("No folder is open.")
        known = (
            self.tr("patients unknown: the division is by image")
            if summary.patients is None
            else self.tr("{count} patients").format(count=f"{summary.patients:,}")
        )
        problems = self.tr("{count} files could not be used").format(count=f"{summary.issues:,}")
        risks = self.tr("{count} may show text").format(count=f"{summary.risks:,}")
        images = self.tr("{images} images in {files} files").format(
            images=f"{summary.images:,}", files=f"{summary.files:,}"
        )
        return " · ".join((images, known, problems, *([risks] if summary.risks else ())))

    def _primary(self) -> None:
        actions: dict[Step, Callable[[], None]] = {
            Step.OPEN: self.choose_folder,
            Step.CLASSES: self.set_classes,
            Step.SPLIT: self.divide,
            Step.DISTIL: self._go_to_wizard,
        }
        actions[next_step(self._catalogue)]()

    def _go_to_wizard(self) -> None:
        self.go_to.emit("distillation_wizard")

    def _empty_state(self) -> EmptyState:
        empty = EmptyState(
            "folder",
            self.tr("Drop a folder of images here"),
            self.tr(
                "DICOM, PNG, JPEG, TIFF, BMP, NIfTI or MedMNIST, also in sub-folders. Nothing in it is changed, moved or copied, and nothing "
                "leaves this computer."
            ),
            self.tr("Open a folder …"),
            drop=True,
        )
        empty.action.clicked.connect(self.choose_folder)
        empty.add_action(self.tr("Open a project …"), self.choose_project)
        empty.add_action(self.tr("Try an invented hospital"), self.invent_hospital)
        self.recent = RecentProjects()
        self.recent.wanted.connect(self._open_recent)
        empty.add_below(self.recent)
        return empty

    def _arrange(self) -> None:
        self.browser.summarised.connect(self._on_summary)
        self.browser.questions.failed.connect(self.frame.show_error)
        self._work.finished.connect(self._on_finished)
        self._inventing.finished.connect(self._on_invented)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.browser)
        self.frame.set_body(self._stack)
        self.frame.set_primary_action(self.tr("Set up distillation"), self._primary)
        self._another = self.frame.add_action(
            self.tr("Open another folder …"), self.choose_folder, icon="folder"
        )
        self.frame.progress.cancelled.connect(self.stop)
        self.browser.overview.again.clicked.connect(self.scan_again)
        self.browser.overview.classes.clicked.connect(self.set_classes)
        self.browser.overview.split.clicked.connect(self.divide)
        self.browser.issues.failed.connect(self.frame.show_error)
        self.arranging = Arranging(self._session, self.browser, self.frame, self._start, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)


def _projects() -> Path:
    """Where projects are kept that the user did not place elsewhere."""
    return user_data() / "projects"
