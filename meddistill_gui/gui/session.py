"""What the window is about right now: one project, one run, and the long work that outlives its page."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from meddistill_gui.core.project import Project, create_project, open_project
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.jobs.job import StartJob


class Session(QObject):
    """The project and run that every page shows.

    Args:
        start_job: Starts an operation.
        parent: Owner.

    Attributes:
        project: The open project, or None.
        run: The chosen run of it, or None.
        recent: Folders of the projects that were open last, newest first.
        work: The distillation that runs in this window; leaving a page does not stop it.
    """

    project_changed = Signal()
    run_changed = Signal()
    catalogue_changed = Signal()

    def __init__(self, start_job: StartJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.run: RunFolder | None = None
        self.recent: tuple[str, ...] = ()
        self.work = RunThread(start_job, self)

    def open_project(self, root: Path) -> None:
        """Show the project in `root`; its newest run is chosen.

        Raises:
            ProjectError: It is none, is damaged, or was made by a newer version.
        """
        self._show(open_project(root.resolve()))

    def create_project(self, root: Path) -> None:
        """Make a project in `root`, or open the one that is there.

        Raises:
            ProjectError: The folder holds other things.
            TargetError: It cannot be written to.
        """
        self._show(create_project(root.resolve()))

    def choose_run(self, root: Path) -> None:
        """Show the run in `root`; its project is opened if it is another one.

        Raises:
            ProjectError: It is no run folder, or a damaged one.
        """
        run, _ = open_run(root)
        if self.project is None or self.project.root != run.project:
            self.project = open_project(run.project)
            self.project_changed.emit()
        self.run = run
        self.run_changed.emit()

    def say_catalogue_changed(self) -> None:
        """Tell every page that images, classes or the split of the project are other ones now."""
        self.catalogue_changed.emit()

    def _show(self, project: Project) -> None:
        self.project = project
        names = project.run_names()
        self.run = RunFolder(project.runs / names[0]) if names else None
        self.project_changed.emit()
        self.run_changed.emit()
