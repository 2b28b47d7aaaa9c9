"""Decides what the live view shows and offers, from the state of the run folder it watches."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.core import distilled
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.errors import MedDistillError, Stopped
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.pace import in_words
from meddistill_gui.core.run_folder import ask, open_run, read_evaluation
from meddistill_gui.gui.pages.live_view.evaluation_dialog import evaluation_dialog
from meddistill_gui.gui.pages.live_view.layout import make_parts
from meddistill_gui.gui.pages.live_view.row_names import class_names, mosaic_rows
from meddistill_gui.gui.pages.live_view.run_record import RunRecord, RunState
from meddistill_gui.gui.pages.live_view.run_watcher import RunNews, RunWatcher
from meddistill_gui.gui.pages.live_view.run_words import (
    Done,
    icon_of,
    iterations_in_words,
    name_of,
    notice_for,
    speed_in_words,
    steps_in_words,
)
from meddistill_gui.gui.pages.live_view.snapshot_labels import labels_beside
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.theme.icons import give
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.gui.widgets.scrolling import bring_into_view
from meddistill_gui.jobs.job import StartJob

_GOES_ON: Final = (RunState.RUNNING, RunState.PAUSED)
_MAY_RESUME: Final = (RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED, RunState.NEW)


class LiveViewPage(QWidget):
    """Watches one run of the project: images, curves, how far, how long.

    Signals:
        go_to: Name of another page to show.
    """

    go_to = Signal(str)
    title = "Live view"
    icon_name = "live"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._record = RunRecord()
        self._state: RunState | None = None
        self._has_result = False
        self._label_names: tuple[str, ...] = ()
        self._watcher = RunWatcher(self)
        self._testing = RunThread(start_job, self)
        self._parts = make_parts()
        self._build()
        self._connect()
        self._watch()

    @property
    def state(self) -> RunState | None:
        """How the watched run stands; None while none is watched."""
        return self._state

    @property
    def record(self) -> RunRecord:
        """What the watched run has said so far."""
        return self._record

    @property
    def running(self) -> bool:
        """Whether this page's own work (an evaluation) is under way."""
        return self._testing.running

    def refresh_runs(self) -> None:
        """Read again which runs the project has."""
        project = self._session.project
        names = project.run_names() if project else ()
        chooser = self._parts.chooser
        with QSignalBlocker(chooser):
            chooser.clear()
            chooser.addItems(list(names))
            if self._session.run is not None:
                chooser.setCurrentText(self._session.run.name)
        self._stack.setCurrentWidget(self._parts.body if names else self._empty)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watcher.begin()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watcher.close()

    def pause(self) -> None:
        """Ask the run to wait, or to go on if it waits."""
        self._ask("" if self._state is RunState.PAUSED else "pause")

    def stop(self) -> None:
        """Ask the run to stop and keep what it has."""
        self._ask("stop")

    def resume(self) -> None:
        """Go on with a run that is not under way, from its last checkpoint."""
        run, notice = self._session.run, self._frame.notice
        if run is None:
            return
        if self._session.work.running:
            notice.show_message(
                "warning",
                self.tr("Another run is under way in this window."),
                self.tr("Stop it first, or wait until it is done."),
            )
            return
        try:
            _, config = open_run(run.root)
        except MedDistillError as error:
            self._frame.show_error(error)
            return
        notice.hide()
        self._session.work.start("distill", config)

    def show_test(self) -> None:
        """Show the figures on the test patients, if there are some."""
        self._parts.curves.as_test.click()
        QTimer.singleShot(0, self, self._go_to_test)  # once it has its place

    def _go_to_test(self) -> None:
        bring_into_view(self._parts.curves)

    def evaluate(self) -> None:
        """Test the result on the test patients, beside baselines."""
        if self._session.run is not None and not self._testing.running:
            self._test(EvaluateConfig(run=self._session.run.root))

    def evaluate_beside(self) -> None:
        """The same, beside rows of one's choice."""
        if self._session.run is not None and not self._testing.running:
            dialog = evaluation_dialog(self._session.run.root, self)
            if dialog.exec() == QDialog.DialogCode.Accepted:
                self._test(dialog.config())

    def _test(self, config: EvaluateConfig) -> None:
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Starting"))
        self._testing.start("evaluate", config)
        self._offer()

    def _ask(self, wish: str) -> None:
        if self._session.run is None:
            return
        try:
            ask(self._session.run, wish)
        except MedDistillError as error:
            self._frame.show_error(error)

    def _watch(self) -> None:
        """Begin to watch the session's run, from the beginning of its log."""
        run = self._session.run
        self._record, self._state, self._has_result = RunRecord(), None, False
        self._parts.curves.clear()
        self._parts.frames.set_frames([])
        self._parts.frames.set_classes(*mosaic_rows(run))
        self._label_names = class_names(run)
        self._parts.labels.show_labels(None, ())
        self._frame.notice.hide()
        self._frame.progress.finish()
        for key in ("phase", "done", "speed", "left", "best"):
            self._parts.figures.show_value(key, "")
        self._show_evaluation()
        self.refresh_runs()
        self._offer()
        self._watcher.watch(run.root if run else None)

    def _choose(self, name: str) -> None:
        project = self._session.project
        if project is None or not name:
            return
        try:
            self._session.choose_run(project.runs / name)
        except MedDistillError as error:
            self._frame.show_error(error)

    def _take_news(self) -> None:
        news, run = self._watcher.take(), self._session.run
        if news is None or run is None or news.root != run.root:
            return
        self._record.take(news.events, news.read_at, paused=news.wish == "pause")
        self._parts.curves.matching.set_step_name(steps_in_words(self._record))
        if news.events:
            self._parts.curves.take(news.events)
            self._parts.frames.set_frames(self._record.frames)
        if news.pixels is not None and news.frame is not None:
            self._parts.frames.show_pixels(news.frame, news.pixels)
            self._show_labels(labels_beside(run.root / news.frame.path))
        self._show_state(news)

    def _show_state(self, news: RunNews) -> None:
        state = self._record.state(alive=news.alive, wish=news.wish)
        changed = (state, news.has_result) != (self._state, self._has_result)
        self._state, self._has_result = state, news.has_result
        self._show_figures()
        if not self._testing.running:
            self._show_progress()
        if changed:
            self._say_state()
            self._offer()
            if state is RunState.FINISHED and news.has_result:
                self._show_kept()

    def _show_kept(self) -> None:
        """Show the images that the run keeps instead of its last ones."""
        run, best = self._session.run, self._record.best
        if run is None:
            return
        try:
            kept = distilled.load(run.result)
        except MedDistillError as error:
            self._frame.show_error(error)
            return
        images = distilled.displayed(kept.images)
        self._parts.frames.show_kept(images, best.step if best else None)
        self._show_labels(None if distilled.are_hard(kept.labels) else kept.labels)

    def _show_labels(self, labels: npt.NDArray[np.float32] | None) -> None:
        """Soft labels as bars; hard ones are the mosaic's rows."""
        self._parts.labels.show_labels(labels, self._label_names)

    def _show_progress(self) -> None:
        progress = self._record.progress
        if self._state not in _GOES_ON:
            self._frame.progress.finish()
        elif progress is not None:
            self._frame.progress.show_progress(progress)

    def _show_figures(self) -> None:
        show, record, progress = self._parts.figures.show_value, self._record, self._record.progress
        going = self._state is RunState.RUNNING
        if self._state is RunState.FINISHED:
            self._show_end()
        elif progress is not None:
            of = f" / {progress.total:,}" if progress.total else ""
            show("phase", progress.phase.capitalize())
            show("done", f"{progress.done:,}{of} {progress.unit}".strip())
            speed = speed_in_words(record.pace.rate, progress.unit)
            show("speed", speed if going else "")
            show("left", in_words(record.pace.seconds_left(progress.total)) if going else "")
        if record.best is not None:
            text = self.tr("{value} at {step}")
            show(
                "best", text.format(value=f"{record.best.value:.3f}", step=f"{record.best.step:,}")
            )

    def _show_end(self) -> None:
        iterations = iterations_in_words(self._record)
        for key, text in (
            ("phase", self.tr("Complete")),
            ("done", iterations),
            ("speed", ""),
            ("left", ""),
        ):
            self._parts.figures.show_value(key, text)

    def _say_state(self) -> None:
        if self._state is None:
            return
        self._parts.state_icon.show_icon(icon_of(self._state))
        self._parts.state_word.setText(name_of(self._state))
        said = notice_for(self._state, self._record, self._done())
        if said is None:
            self._frame.notice.hide()
        else:
            self._frame.notice.show_message(*said)

    def _done(self) -> Done:
        """What has been done with the result so far."""
        run = self._session.run
        return Done(
            result=self._has_result,
            tested=run is not None and run.evaluation.is_file(),
            audited=run is not None and (run.audit / "public.json").is_file(),
        )

    def _offer(self) -> None:
        """Only the actions that make sense now."""
        state, free = self._state, not self._testing.running
        self._pause.setVisible(state in _GOES_ON)
        self._stop.setVisible(state in _GOES_ON)
        waits = state is RunState.PAUSED
        pausing = self.tr("Go on") if waits else self.tr("Pause")
        self._pause.setText(pausing)
        give(self._pause, "play" if waits else "pause")
        self._pause.setAccessibleName(pausing)
        self._frame.primary.setVisible(state in _MAY_RESUME and free)
        for step in (self._evaluate, self._beside, self._audit, self._export):
            step.setVisible(self._has_result and state not in _GOES_ON and free)
        self._parts.frames.kept.setVisible(self._has_result)
        self._frame.progress.cancel.setVisible(self._testing.running)

    def _show_evaluation(self) -> None:
        run = self._session.run
        try:
            evaluation = read_evaluation(run) if run else None
        except (OSError, ValueError):
            evaluation = (
                None  # a file that is being replaced or damaged; evaluating again makes it anew
            )
        self._parts.curves.show_test(evaluation)

    def _take_test_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)

    def _end_test(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        self._show_evaluation()
        self.show_test()
        self._frame.notice.show_message("good", str(summary.get("text", "")))
        self._offer()

    def _fail(self, error: MedDistillError) -> None:
        if not self._testing.running:
            self._frame.progress.finish()
        if not isinstance(error, Stopped):
            self._frame.show_error(error)
        self._offer()

    def _ask_for_data(self) -> None:
        self.go_to.emit("distillation_wizard")

    def _ask_for_audit(self) -> None:
        self.go_to.emit("anonymity_preview")

    def _ask_for_export(self) -> None:
        self.go_to.emit("export")

    def _build(self) -> None:
        self._frame = PageFrame(
            self.tr("Live view"), self.tr("Watch a run, wherever it was started.")
        )
        self._frame.set_primary_action(
            self.tr("Resume"), self.resume, tip=self.tr("Go on from the last checkpoint")
        )
        add = self._frame.add_action
        self._pause = add(self.tr("Pause"), self.pause, icon="pause")
        self._stop = add(self.tr("Stop and keep"), self.stop, icon="stop")
        self._evaluate = add(self.tr("Evaluate"), self.evaluate, icon="report")
        self._beside = add(self.tr("Evaluate beside …"), self.evaluate_beside, icon="settings")
        self._audit = add(self.tr("Audit"), self._ask_for_audit, icon="anonymity")
        self._export = add(self.tr("Export"), self._ask_for_export, icon="export")
        self._empty = EmptyState(
            "live",
            self.tr("No run yet"),
            self.tr("A run turns the training patients' images into a few synthetic ones."),
            self.tr("Set up a run"),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._parts.body)
        self._frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)

    def _connect(self) -> None:
        self._empty.action.clicked.connect(self._ask_for_data)
        self._parts.chooser.currentTextChanged.connect(self._choose)
        self._parts.frames.kept_wanted.connect(self._show_kept)
        self._parts.frames.wanted.connect(self._watcher.show_frame)
        self._watcher.arrived.connect(self._take_news)
        self._frame.progress.cancelled.connect(self._testing.stop)
        self._testing.reported.connect(self._take_test_event)
        self._testing.finished.connect(self._end_test)
        self._testing.failed.connect(self._fail)
        self._session.project_changed.connect(self.refresh_runs)
        self._session.run_changed.connect(self._watch)
        self._session.work.started.connect(self.refresh_runs)
        self._session.work.failed.connect(self._fail)
