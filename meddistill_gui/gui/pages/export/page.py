"""Decides whether a run may be exported, shows what would go, writes it and says what was read back."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.bundle import drives, export_log, passphrases
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import ConfigError, MedDistillError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.project import Project
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import Verdict
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.pages.export.capsule_action import CapsuleAction
from meddistill_gui.gui.pages.export.contents import (
    Contents,
    planned,
    read_public_audit,
)
from meddistill_gui.gui.pages.export.contents_view import ContentsView
from meddistill_gui.gui.pages.export.result_card import ResultCard
from meddistill_gui.gui.pages.export.sealing_section import SealingSection
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import fitted, large_text
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.gui.widgets.target_row import TargetRow
from meddistill_gui.gui.widgets.verdict_banner import VerdictBanner
from meddistill_gui.jobs.job import StartJob
from meddistill_gui.operations.release import released


class ExportPage(QWidget):
    """Packs a run's result as one file for another hospital.

    Signals:
        go_to: Name of another page to show.

    Attributes:
        capsule: The way to a capsule, for runs that can be one.
    """

    go_to = Signal(str)
    title = "Export"
    icon_name = "export"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._work = RunThread(start_job, self)
        self._reading = Background(1, self)
        self._refused: tuple[str, ...] = ()
        self._written: Path | None = None
        self._form = ConfigForm(
            ExportConfig(run=Path(), to=Path()), only=("title", "contact", "licence", "name")
        )
        self._build()
        self.capsule = CapsuleAction(self._frame, self._target, start_job, self)
        self._connect()
        self.refresh()

    @property
    def written(self) -> Path | None:
        """The bundle that was written last, while the page shows it."""
        return self._written

    def choose_target(self, folder: Path) -> None:
        """Write to this folder."""
        self._target.choose(folder)

    def refresh(self) -> None:
        """Look again at the run, its audit and the drives."""
        run = self._session.run
        self._frame.notice.hide()
        self._result.hide()
        self._target.refresh()
        self._sealing.refresh()
        if run is None or not run.result.is_file():
            self._stack.setCurrentWidget(self._empty)
            self.capsule.show_run(None)
            self._offer()
            return
        self.capsule.show_run(run)
        self._stack.setCurrentWidget(self._body)
        self._show_audit(run)
        self._contents.show_earlier(export_log.read(Project(run.project).exports))
        self._plan()
        self._offer()

    def export(self) -> None:
        """Write the bundle and read it back."""
        config = self._config()
        if config is None or self._working:
            return
        try:
            config = replace(config, **self._sealing.options())
            passphrases.hold(self._sealing.passphrases())
        except ConfigError as error:
            self._frame.show_error(error)
            return
        self._frame.notice.hide()
        self._result.hide()
        self._frame.progress.begin(self.tr("Starting"))
        self._work.start("export", config)
        self._offer()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._working and self._written is None:
            self.refresh()

    @property
    def _working(self) -> bool:
        return self._work.running or self.capsule.running

    def _config(self) -> ExportConfig | None:
        """What the page says, or None where something is missing (it is said then)."""
        run, folder = self._session.run, self._target.folder()
        if run is None or folder is None:
            return None
        try:
            made: ExportConfig = self._form.config()
        except ConfigError as error:
            self._frame.show_error(error)
            return None
        return replace(made, run=run.root, to=folder)

    def _show_audit(self, run: RunFolder) -> None:
        self._refused = ()
        try:
            audit = read_public_audit(run)
            answer = released(run)
            self._refused = answer.refused
            self._contents.show_burden(answer.signing_for)
        except MedDistillError as error:
            self._frame.show_error(error)
            audit = None
        self._banner.setVisible(audit is not None)
        if audit is not None:
            self._banner.show_verdict(audit.verdict, audit.reasons, audit.formal)
            if audit.verdict is Verdict.LEAK_FOUND and not self._refused:
                self._refused = (self.tr("Its audit found a leak."),)
        refusal = self.tr("This set is not packed.")
        if self._refused and audit is not None:
            self._banner.show_consequence(
                " ".join((refusal, *self._refused)), self.tr("Look at it")
            )
        elif self._refused:
            self._frame.notice.show_message(
                "error",
                refusal,
                " ".join(self._refused),
                action=self.tr("Look at it"),
                receiver=self._ask_for_audit,
            )
        elif audit is None:
            self._frame.notice.show_message(
                "warning",
                self.tr("No audit has looked for real patients in these images."),
                self.tr("Run it first, so that you and the receiver can see what was tested."),
                action=self.tr("Go to the audit"),
                receiver=self._ask_for_audit,
            )

    def _plan(self) -> None:
        """Pack in memory in the background, to show every file with its size."""
        run, config = self._session.run, self._config()
        if run is not None and config is not None:
            self._reading.ask([((run.root, config), _Plan(run, config))])

    def _take_plan(self, _key: object, contents: Contents) -> None:
        self._contents.show_contents(contents)

    def _take_plan_failure(self, _key: object, error: MedDistillError) -> None:
        self._contents.show_problem(error)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Warned) and event.code == "target-dropped":
            self._frame.notice.show_message("warning", event.message, event.remedy)

    def _end(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        passphrases.hold({})
        self._sealing.forget_passphrases()
        self._written = Path(str(summary["bundle"]))
        self._say_written(
            self.tr("The bundle is written, and every byte was read back without a difference.")
        )
        self._result.show_result(self._written, int(str(summary["bytes"])), str(summary["sha256"]))
        self._offer()

    def _take_capsule_work(self) -> None:
        """A capsule begins to be written, or no longer is."""
        if self.capsule.running:
            self._result.hide()
        self._offer()

    def _take_capsule(self, summary: dict[str, object]) -> None:
        self._written = Path(str(summary["capsule"]))
        self._say_written(
            self.tr(
                "The trained network is written, and every byte was read back without a difference."
            )
        )
        self._result.show_capsule(self._written, summary)
        self._offer()

    def _say_written(self, sentence: str) -> None:
        """Say what was written, what to do with a stick, and add it to what went before."""
        if self._written is None or self._session.project is None:
            return
        removable = drives.is_removable(self._written)
        remedy = self.tr("Eject the drive before you unplug it.") if removable else ""
        self._frame.notice.show_message("good", sentence, remedy)
        self._contents.show_earlier(export_log.read(self._session.project.exports))

    def _fail(self, error: MedDistillError) -> None:
        passphrases.hold({})
        self._frame.progress.finish()
        self._frame.show_error(error)
        self._target.refresh()
        self._offer()

    def _offer(self) -> None:
        shown = self._stack.currentWidget() is self._body
        self._frame.primary.setVisible(shown)
        free = not self._working
        self._frame.primary.setEnabled(shown and not self._refused and free)
        self.capsule.button.setEnabled(not self._refused and free)
        self._form.setEnabled(free)
        self._sealing.setEnabled(free)
        self._target.setEnabled(free)

    def _take_change(self) -> None:
        self._written = None
        self._plan()

    def _take_run(self) -> None:
        self._written = None
        self.refresh()

    def _open_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))

    def _copy_checksum(self) -> None:
        QGuiApplication.clipboard().setText(self._result.checksum())

    def _ask_for_run(self) -> None:
        self.go_to.emit("live_view")

    def _ask_for_audit(self) -> None:
        self.go_to.emit("anonymity_preview")

    def _connect(self) -> None:
        self._empty.action.clicked.connect(self._ask_for_run)
        self._reading.done.connect(self._take_plan)
        self._reading.failed.connect(self._take_plan_failure)
        self._work.reported.connect(self._take_event)
        self._work.finished.connect(self._end)
        self._work.failed.connect(self._fail)
        self._frame.progress.cancelled.connect(self._work.stop)
        self._banner.action.clicked.connect(self._ask_for_audit)
        self.capsule.changed.connect(self._take_capsule_work)
        self.capsule.written.connect(self._take_capsule)
        self._form.changed.connect(self._take_change)
        self._sealing.failed.connect(self._frame.show_error)
        self._result.folder_wanted.connect(self._open_folder)
        self._result.copy_wanted.connect(self._copy_checksum)
        self._session.run_changed.connect(self._take_run)
        self._session.work.finished.connect(self._take_run)

    def _build(self) -> None:
        self._frame = PageFrame(
            self.tr("Export"), self.tr("One file that another hospital can check and train on.")
        )
        self._frame.set_primary_action(self.tr("Write the bundle"), self.export)
        self._empty = EmptyState(
            "export",
            self.tr("Nothing to export yet"),
            self.tr("Choose a run that has finished, or let one finish first."),
            self.tr("Go to the live view"),
        )
        self._banner = VerdictBanner()
        self._target = TargetRow()
        self._sealing = SealingSection()
        self._contents = ContentsView()
        self._result = ResultCard()
        self._body = self._arranged()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._body)
        self._frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)

    def _arranged(self) -> QWidget:
        papers = QFrame()
        papers.setProperty("kind", "card")
        left = QVBoxLayout(papers)
        left.setContentsMargins(16, 16, 16, 16)
        left.setSpacing(8)
        left.addWidget(label(self.tr("Where to"), "heading"))
        left.addWidget(self._target)
        left.addSpacing(8)
        left.addWidget(label(self.tr("What the receiver reads"), "heading"))
        left.addWidget(self._form)
        left.addSpacing(8)
        left.addWidget(label(self.tr("How it travels"), "heading"))
        left.addWidget(self._sealing)
        left.addStretch()
        halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_text(self):
            halves.setDirection(QBoxLayout.Direction.TopToBottom)
        halves.setSpacing(16)
        halves.addWidget(papers, 1)
        halves.addWidget(self._contents, 1)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._result)
        column.addWidget(self._banner)
        column.addLayout(halves, 1)
        return fitted(content)


class _Plan:
    """A task for the background."""

    def __init__(self, run: RunFolder, config: ExportConfig) -> None:
        self._run = run
        self._config = config

    def __call__(self) -> Contents:
        return planned(self._run, self._config)
