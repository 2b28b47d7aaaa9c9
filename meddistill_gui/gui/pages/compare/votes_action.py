"""The page's way to votes over patches: shows those of the first chosen run that was made from patches, or votes first."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from meddistill_gui.core.configs.capsule import VoteConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Progress
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.pages.compare.votes_dialog import VotesDialog
from meddistill_gui.gui.pages.compare.votes_record import has_votes, is_of_patches, read_votes
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class VotesAction(QObject):
    """One button; hidden while no chosen run was made from patches.

    Args:
        frame: Of the page.
        session: Which project is open.
        start_job: Starts an operation.
        chosen: Names of the runs that are compared.
        parent: Owner.
    """

    def __init__(
        self,
        frame: PageFrame,
        session: Session,
        start_job: StartJob,
        chosen: Callable[[], Sequence[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._frame, self._session, self._chosen = frame, session, chosen
        self._run: RunFolder | None = None
        self._work = RunThread(start_job, self)
        self._work.reported.connect(self._on_event)
        self._work.finished.connect(self._on_finished)
        self._work.failed.connect(self._on_failed)
        frame.progress.cancelled.connect(self._stop)
        self.button = frame.add_action(self.tr("Votes over patches …"), self.open, icon="report")
        self.refresh()

    def refresh(self) -> None:
        """Look which run there is to show."""
        project = self._session.project
        runs = [RunFolder(project.runs / name) for name in self._chosen()] if project else []
        self._run = next((run for run in runs if is_of_patches(run)), None)
        self.button.setVisible(self._run is not None)
        self.button.setEnabled(not self._work.running)
        if self._run is not None:
            words = (
                self.tr("Show how the test images of {run} were decided")
                if has_votes(self._run)
                else self.tr("Decide about the test images by voting over the patches of {run}")
            )
            self.button.setToolTip(words.format(run=self._run.name))

    def open(self) -> None:
        """Show the votes; where nobody has voted yet, vote."""
        if self._run is None:
            return
        if not has_votes(self._run):
            self._frame.progress.begin(self.tr("Voting"))
            self._work.start("vote", VoteConfig(run=self._run.root))
            self.refresh()
            return
        dialog = self.dialog()
        if dialog is not None:
            dialog.exec()
            dialog.deleteLater()

    def dialog(self) -> VotesDialog | None:
        """The votes of the run, or None where they cannot be read; the page says why."""
        if self._run is None:
            return None
        try:
            return VotesDialog(self._run, read_votes(self._run), self._frame)
        except MedDistillError as error:
            self._frame.show_error(error)
            return None

    def _stop(self) -> None:
        if self._work.running:
            self._work.stop()

    def _on_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)

    def _on_finished(self, summary: dict[str, object]) -> None:
        self._frame.progress.finish()
        self._frame.notice.show_message("good", str(summary.get("text", "")))
        self.refresh()

    def _on_failed(self, error: MedDistillError) -> None:
        self._frame.progress.finish()
        self._frame.show_error(error)
        self.refresh()
