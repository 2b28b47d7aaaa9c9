"""Opening a capsule: it is checked and its network rebuilt and compared before anything is shown, then written on request."""

import functools
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core.configs.capsule import CapsuleOpenConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.receive.capsule_view import CapsuleView
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class CapsuleOpening(QObject):
    """The work behind a `CapsuleView`.

    Signals:
        changed: Work has begun or ended.
        shown: There is a capsule to look at.

    Args:
        frame: Of the page.
        start_job: Starts an operation.
        parent: Owner.

    Attributes:
        file: The capsule that is shown, or None.
    """

    changed = Signal()
    shown = Signal()

    def __init__(
        self, frame: PageFrame, start_job: StartJob, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._frame = frame
        self.view = CapsuleView()
        self.file: Path | None = None
        self._path = Path()
        self._summary: dict[str, object] = {}
        self._written: Path | None = None
        self._work = RunThread(start_job, self)
        self._reading = Background(1, self)
        self._work.reported.connect(self._take_event)
        self._work.finished.connect(self._end)
        self._work.failed.connect(self._fail)
        self._reading.done.connect(self._take_capsule)
        self._reading.failed.connect(self._refuse)
        frame.progress.cancelled.connect(self._stop)
        self.view.write.clicked.connect(self.write)

    @property
    def running(self) -> bool:
        """Whether a network is being rebuilt."""
        return self._work.running

    def open_path(self, path: Path) -> None:
        """Check a capsule and rebuild its network; show it if it is the sender's."""
        self.forget()
        self._path = path
        self._begin(CapsuleOpenConfig(capsule=path))

    def write(self) -> None:
        """Rebuild the network again and write it where the user says."""
        folder = self.view.target.folder()
        if self.file is None or folder is None or self._work.running:
            return
        self._begin(CapsuleOpenConfig(capsule=self.file, out=folder))

    def forget(self) -> None:
        """Another file is looked at."""
        self.file = None
        self._path = Path()

    def close_reading(self) -> None:
        """Drop what is still being read; for the end of the program."""
        self._reading.close()

    def _begin(self, config: CapsuleOpenConfig) -> None:
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Checking {name}").format(name=config.capsule.name))
        self._work.start("capsule-open", config)
        self.changed.emit()

    def _stop(self) -> None:
        if self._work.running:
            self._work.stop()

    def _take_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Warned) and event.code != "other-bits":  # the page says that itself
            self._frame.notice.show_message("warning", event.message, event.remedy)

    def _end(self, summary: dict[str, object]) -> None:
        if self.file is None:
            self._summary = summary
            # it passed in the other process; now its images are read here, by the same checks
            self._reading.ask([(self._path, functools.partial(_looked_at, self._path))])
            return
        self._frame.progress.finish()
        self._written = Path(str(summary["parameters_file"]))
        self._frame.notice.show_message(
            "good",
            self.tr("The trained network is written to {file}.").format(file=self._written),
            self.tr(
                "It holds the network's parameters by name; every program that reads safetensors can open it."
            ),
            action=self.tr("Open the folder"),
            receiver=self._open_folder,
        )
        self.changed.emit()

    def _take_capsule(self, path: Path, found: Capsule) -> None:
        if path != self._path:
            return
        self.file = path
        self._frame.progress.finish()
        self.view.show_capsule(path, found, self._summary)
        self._frame.notice.show_message(
            "good",
            self.tr("{name} is whole, and its network is the sender's.").format(name=path.name),
            self.tr("Every step was taken again and the result compared. Nothing in it was run."),
        )
        self.shown.emit()
        self.changed.emit()

    def _refuse(self, _key: object, error: MedDistillError) -> None:
        self._fail(error)

    def _fail(self, error: MedDistillError) -> None:
        self._frame.progress.finish()
        self._frame.show_error(error)
        self.changed.emit()

    def _open_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))


def _looked_at(path: Path) -> Capsule:
    return capsules.read(path)[0]
