"""Puts the data set in order on the user's wish: classes by hand and by name, patients, copies, the cache."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from meddistill_gui.core.configs.purge import PurgeConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.labels.class_names import MOST_CLASSES, questions_about
from meddistill_gui.data.labels.hand_labels import HandReport
from meddistill_gui.data.labels.layers import source_classes
from meddistill_gui.gui.pages.dataset_browser.browser import Browser
from meddistill_gui.gui.pages.dataset_browser.labels.class_manager import ClassManager
from meddistill_gui.gui.pages.dataset_browser.labels.dialogs import patients_dialog
from meddistill_gui.gui.pages.dataset_browser.lists.copies_dialog import CopiesDialog
from meddistill_gui.gui.pages.dataset_browser.square_dialog import SquareDialog
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.page_frame import PageFrame

Start = Callable[[str, object, str], None]


class Arranging(QObject):
    """Opens the dialogs and begins what they ask for.

    Args:
        session: What the window is about.
        browser: Its images.
        frame: Where results and errors are said.
        start: Begins an operation with a sentence of what is going on.
        parent: The page.
    """

    def __init__(
        self, session: Session, browser: Browser, frame: PageFrame, start: Start, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._browser = browser
        self._frame = frame
        self._start = start
        self._page = parent
        ordering, hand = browser.overview.ordering, browser.hand
        ordering.classes.clicked.connect(self.manage_classes)
        ordering.patients.clicked.connect(self.name_patients)
        ordering.copies.clicked.connect(self.show_copies)
        ordering.square.clicked.connect(self.show_square)
        ordering.purge_wanted.connect(self.purge)
        hand.done.connect(self._on_hand)
        hand.failed.connect(frame.show_error)

    def manage_classes(self) -> None:
        """Ask what becomes of each class."""
        if (project := self._project) is None:
            return
        try:
            with open_catalogue(project.catalogue) as catalogue:
                classes = source_classes(catalogue)
                if len(classes) > MOST_CLASSES:
                    self._frame.notice.show_message(
                        "warning", *questions_about([one.name for one in classes], ())
                    )
                    return
                dialog = ClassManager(catalogue, classes, self._page)
                dialog.failed.connect(self._frame.show_error)
                if dialog.exec() == QDialog.DialogCode.Accepted:
                    self._start("label", dialog.config(project.root), self.tr("Setting classes"))
        except MedDistillError as error:
            self._frame.show_error(error)

    def name_patients(self) -> None:
        """Ask who is shown where no header says it."""
        if (project := self._project) is None:
            return
        dialog = patients_dialog(project, self._page)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._start("patients", dialog.config(), self.tr("Naming the patients"))

    def show_copies(self) -> None:
        """List pictures that are there twice."""
        if (project := self._project) is not None:
            dialog = CopiesDialog(project.catalogue, self._page)
            dialog.failed.connect(self._frame.show_error)
            dialog.image_wanted.connect(self._browser.show_image)
            dialog.exec()

    def show_square(self) -> None:
        """Show what a network would see of the current image."""
        row = self._browser.current()
        if row is not None:
            SquareDialog(row, self._page).exec()

    def purge(self) -> None:
        """Delete the cache of real images."""
        if (project := self._project) is not None:
            self._browser.thumbnails.show_cache(project.cache)  # forgets what it shows
            self._start("purge", PurgeConfig(project=project.root), self.tr("Deleting the cache"))

    @property
    def _project(self) -> Project | None:
        return self._session.project

    def _on_hand(self, report: HandReport) -> None:
        self._session.say_catalogue_changed()
        count = f"{report.images:,}"
        said = self.tr("{count} images were changed.").format(count=count)
        if report.class_name:
            said = self.tr("{count} images are now {name}.").format(
                count=count, name=report.class_name
            )
        dropped = self.tr("The classes changed, so the patients must be divided again.")
        remedy = dropped if report.split_dropped else self.tr("Ctrl+Z takes it back.")
        kind = "warning" if report.questions or report.split_dropped else "good"
        self._frame.notice.show_message(kind, " ".join((*report.questions, said)), remedy)
