"""The page's way to a capsule: a button for runs of soft labels, a dialog, and the work of writing it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from meddistill_gui.core.configs.capsule import CapsuleExportConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.pages.export.capsule_dialog import CapsuleDialog
from meddistill_gui.gui.pages.export.capsule_plan import may_be_capsule, planned_capsule
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.gui.widgets.target_row import TargetRow
from meddistill_gui.jobs.job import StartJob


class CapsuleAction(QObject):
    """One button; hidden while the run is of another method.

    Signals:
        changed: Work has begun or ended.
        written: The summary of `capsule-export`.

    Args:
        frame: Of the page.
        target: Where the page writes to.
        start_job: Starts an operation.
        parent: Owner.
    """

    changed = Signal()
    written = Signal(object)

    def __init__(
        self,
        frame: PageFrame,
        target: TargetRow,
        start_job: StartJob,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._frame, self._target = frame, target
        self._run: RunFolder | None = None
        self._work = RunThread(start_job, self)
        self._work.reported.connect(self._take_event)
        self._work.finished.connect(self._end)
        self._work.failed.connect(self._fail)
        frame.progress.cancelled.connect(self._stop)
        self.button = frame.add_action(
            self.tr("Trained network as a file …"),
            self.open,
            icon="export",
            tip=self.tr("Write the network of this run as a file that fits in an e-mail"),
        )
        self.button.hide()

    @property
    def running(self) -> bool:
        """Whether a capsule is being written."""
        return self._work.running

    def show_run(self, run: RunFolder | None) -> None:
        """Offer this run's network, if a capsule can be made of it."""
        self._run = run if run is not None and may_be_capsule(run) else None
        self.button.setVisible(self._run is not None)

    def open(self) -> None:
        """Ask, then write."""
        dialog = self.dialog()
        if dialog is None:
            return
        agreed = dialog.exec() == CapsuleDialog.DialogCode.Accepted
        config = dialog.config() if agreed else None
        dialog.deleteLater()
        if config is not None:
            self.write(config)

    def write(self, config: CapsuleExportConfig) -> None:
        """Write a capsule as the dialog said."""
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Rebuilding the network"))
        self._work.start("capsule-export", config)
        self.changed.emit()

    def dialog(self) -> CapsuleDialog | None:
        """The questions, or None where no capsule can be made of the run; the page says why."""
        if self._run is None or self._work.running:
            return None
        try:
            plan = planned_capsule(self._run)
        except MedDistillError as error:
            self._frame.show_error(error)
            return None
        return CapsuleDialog(self._run, plan, self._target.folder(), self._frame)

    def _stop(self) -> None:
        if self._work.running:
            self._work.stop()

    def _take_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Warned) and event.code == "target-dropped":
            self._frame.notice.show_message("warning", event.message, event.remedy)

    def _end(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        self._target.choose(Path(str(summary["capsule"])).parent)
        self.written.emit(summary)
        self.changed.emit()

    def _fail(self, error: MedDistillError) -> None:
        self._frame.progress.finish()
        self._frame.show_error(error)
        self.changed.emit()
