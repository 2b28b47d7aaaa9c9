"""Distillation wizard: from a divided data set to a run that is under way."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.gui.pages.distillation_wizard.patch_offer import PatchOffer, patch_offer
from meddistill_gui.gui.pages.distillation_wizard.presets import beginning
from meddistill_gui.gui.pages.distillation_wizard.wizard import DistillationWizard
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class DistillationWizardPage(QWidget):
    """Shows the wizard once patients are divided, and starts what it yields.

    Args:
        session: What the window is about; it holds the run that is started.
        start_job: Starts an operation.
        parent: Owner.
    """

    go_to = Signal(str)
    icon_name = "distil"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = self.tr("Distil")
        self._session = session
        self._start_job = start_job
        self._started: DistillConfig | None = None
        self._offer = PatchOffer()
        self.wizard: DistillationWizard | None = None
        self.frame = PageFrame(
            self.title,
            self.tr("Four steps to a few synthetic images; nothing starts before the last."),
        )
        self.empty = EmptyState(
            "distil",
            self.tr("Nothing to distil yet"),
            self.tr("Open a folder of images, set their classes and divide the patients first."),
            self.tr("Go to the data set"),
        )
        self.empty.action.clicked.connect(self._go_to_data)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self.frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        session.project_changed.connect(self.refresh)
        session.catalogue_changed.connect(self.refresh)
        session.work.started.connect(self._on_started)
        session.work.failed.connect(self._on_over)
        session.work.finished.connect(self._on_over)
        self.refresh()

    def refresh(self) -> None:
        """Begin anew with the project as it is."""
        project = self._session.project
        summary = self._summary()
        if project is None or summary is None or not summary.roles:
            self._stack.setCurrentWidget(self.empty)
            self.frame.set_status(self.tr("No divided data set is open."))
            return
        taken = project.run_names()
        config = beginning(project.root, taken, summary.modality)
        wizard = self._made(config)
        wizard.begin(config, summary, taken)
        wizard.method.show_offer(self._offer)
        self._stack.setCurrentWidget(wizard)
        train = next((role for role in summary.roles if role.role == "train"), None)
        self.frame.set_status(
            self.tr("{count} training images in {classes} classes.").format(
                count=f"{train.images if train else 0:,}", classes=len(summary.classes)
            )
        )

    def start(self, config: DistillConfig) -> None:
        """Start the run that was confirmed, unless another one is under way."""
        if self._session.work.running:
            self.frame.notice.show_message(
                "warning",
                self.tr("Another run is under way in this window."),
                self.tr("Stop it in the live view first, or wait until it is done."),
            )
            return
        self.frame.notice.hide()
        self._started = config
        self.frame.progress.begin(self.tr("Starting"))
        self.frame.progress.cancel.hide()
        self._session.work.start("distill", config)

    def _made(self, config: DistillConfig) -> DistillationWizard:
        if self.wizard is None:
            self.wizard = DistillationWizard(config, self._start_job)
            self.wizard.ready.connect(self.start)
            self._stack.addWidget(self.wizard)
        return self.wizard

    def _summary(self) -> CatalogueSummary | None:
        project = self._session.project
        if project is None or not project.catalogue.is_file():
            return None
        try:
            with open_catalogue(project.catalogue) as catalogue:
                self._offer = patch_offer(catalogue)
                return catalogue.summary()
        except MedDistillError as error:
            self.frame.show_error(error)
            return None

    def _on_started(self) -> None:
        """The run folder exists from now on: watch it in the live view."""
        if self._started is None:
            return
        root = self._started.project / "runs" / self._started.name
        self._started = None
        self.frame.progress.finish()
        try:
            self._session.choose_run(root)
        except MedDistillError as error:
            self.frame.show_error(error)
            return
        self.refresh()
        self.go_to.emit("live_view")

    def _on_over(self, outcome: object) -> None:
        """A run that ended before it had a folder is this page's to explain; all others are the live view's."""
        if self._started is not None and isinstance(outcome, MedDistillError):
            self._started = None
            self.frame.progress.finish()
            self.frame.show_error(outcome)
        self.refresh_names()

    def refresh_names(self) -> None:
        """Names of runs that are taken by now."""
        if self.wizard is not None and self._session.project is not None:
            self.wizard.summary.set_taken(self._session.project.run_names())

    def _go_to_data(self) -> None:
        self.go_to.emit("dataset_browser")
