"""The page's body once there are images: overview and patients, grid or list, inspector, problems."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.data.issues import IssueRow, issue_rows
from meddistill_gui.data.labels.class_names import MOST_CLASSES
from meddistill_gui.data.patches.regions import regions_of
from meddistill_gui.gui.pages.dataset_browser.grid.filters import Filters
from meddistill_gui.gui.pages.dataset_browser.grid.hand_bar import HandBar
from meddistill_gui.gui.pages.dataset_browser.grid.image_table import ImageTable
from meddistill_gui.gui.pages.dataset_browser.grid.model import GridModel
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import Thumbnails
from meddistill_gui.gui.pages.dataset_browser.grid.view import GridView
from meddistill_gui.gui.pages.dataset_browser.inspector import Inspector
from meddistill_gui.gui.pages.dataset_browser.lists.issues import IssueList
from meddistill_gui.gui.pages.dataset_browser.questions import Questions
from meddistill_gui.gui.pages.dataset_browser.side.overview import Overview
from meddistill_gui.gui.pages.dataset_browser.side.patients import Patients
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.scrolling import scrolling

_NARROW: Final = 760


class Browser(QSplitter):
    """Shows one open catalogue: what is asked of all its images is answered in the background, a page of rows at once.

    Signals:
        summarised: `CatalogueSummary`, whenever it was read.

    Args:
        thumbnails: Reads the pictures.
        parent: Owner.
    """

    summarised = Signal(object)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._catalogue: Catalogue | None = None
        self._narrow: bool | None = None
        self._frames = np.empty(0, np.int64)
        self._later = QTimer(
            self
        )  # Qt walks over all widgets while it restyles or resizes them: move none meanwhile
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._place)
        self.thumbnails = thumbnails
        self.questions = Questions(self)
        self.overview = Overview()
        self.patients = Patients()
        self.filters = Filters()
        self.model = GridModel(self._read, self)
        self.grid = GridView(self.model, thumbnails)
        self.table = ImageTable(self.model)
        self._images = QWidget()
        self.hand = HandBar(self.selected_ids, self._images)
        self.inspector = Inspector()
        self.issues = IssueList(self._read_issues)
        self.tabs = QTabWidget()
        self._nothing = EmptyState(
            "search", self.tr("No image fits"), self.tr("Clear the search or choose all classes.")
        )
        self._arrange()
        self._connect()

    @property
    def waiting(self) -> bool:
        """Whether something of the catalogue is still being read."""
        return self.questions.waiting or self.hand.waiting

    def show_catalogue(self, catalogue: Catalogue | None, cache: Path | None) -> None:
        """Show another catalogue, or the same one after it changed; it fills as the answers come.

        Args:
            catalogue: Open, of this thread; None for none.
            cache: Where its project keeps thumbnails.
        """
        another = catalogue is None or self._catalogue is not catalogue
        self._catalogue = catalogue
        self.questions.show_catalogue(None if catalogue is None else catalogue.path)
        if another:
            self._forget(catalogue, cache)
        if catalogue is not None:
            self.questions.ask_summary()
            self.questions.ask_patients(self.patients.search.text().strip())
            self._ask_ids()

    def close_reading(self) -> None:
        """Wait for what is being read."""
        self.questions.close()
        self.thumbnails.close()
        self.inspector.close_reading()
        self.hand.close_writing()
        self.overview.ordering.close_reading()
        self.issues.close_reading()

    def view(self) -> GridView | ImageTable:
        """The grid or the list, whichever is chosen."""
        return self.table if self.as_list.isChecked() else self.grid

    def selected_ids(self) -> npt.NDArray[np.int64]:
        """Ids of the images that are selected in the view, in its order, int64 `[N]`."""
        return self.model.ids[self.view().selected()]

    def current(self) -> ImageRow | None:
        """The image that is shown at the right."""
        place = self.view().place()
        return self.model.row_at(place) if 0 <= place < len(self.model.ids) else None

    def show_image(self, image: int) -> None:
        """Make the image with this id current, if it is in view."""
        here = np.flatnonzero(self.model.ids == image)
        if here.size:
            self.view().show_place(int(here[0]))

    def show_file(self, path: Path) -> bool:
        """Show the images of a file of the open source alone; whether it is one."""
        source = None if self._catalogue is None else self._catalogue.source
        if source is None:
            return False
        if not path.is_relative_to(source):
            path, source = path.resolve(), source.resolve()
        if not path.is_relative_to(source):
            return False
        self.tabs.setCurrentIndex(0)
        self.filters.search.setText(f'"file={path.relative_to(source).as_posix()}"')
        return True

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._later.start()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._later.start()

    def _forget(self, catalogue: Catalogue | None, cache: Path | None) -> None:
        """Nothing of the last catalogue may be seen beside the name of the next."""
        self.thumbnails.show_cache(cache)
        self.model.show_ids(np.empty(0, np.int64))
        self.issues.show_catalogue(None)
        self.inspector.show_row(None)
        self.patients.show_catalogue(catalogue)
        self.filters.forget()

    def _read(self, ids: npt.NDArray[np.int64]) -> list[ImageRow]:
        return [] if self._catalogue is None else self._catalogue.images(ids)

    def _read_issues(self, ids: npt.NDArray[np.int64]) -> list[IssueRow]:
        if self._catalogue is None:
            return []
        return issue_rows(self._catalogue.connection, self._catalogue.source or Path(), ids)

    def _ask_ids(self) -> None:
        wanted = self.filters.wanted()
        self.table.show_order(wanted.order, descending=wanted.descending)
        self.questions.ask_ids(wanted)

    def _on_summary(self, summary: CatalogueSummary) -> None:
        self.overview.show_summary(summary)
        self.filters.show_summary(summary)
        self.issues.show_catalogue(None if self._catalogue is None else self._catalogue.path)
        listed = summary.issues + summary.risks
        self.tabs.setTabText(1, self.tr("Problems ({count})").format(count=f"{listed:,}"))
        self.tabs.setTabEnabled(1, listed > 0)
        self._show_arranging(summary)
        self.summarised.emit(summary)

    def _show_arranging(self, summary: CatalogueSummary) -> None:
        if self._catalogue is not None:
            project = self._catalogue.path.parent
            classes = [one.name for one in summary.classes[:MOST_CLASSES]]
            self.hand.show_project(project, classes)
            self.overview.ordering.show_cache(Project(project).cache)

    def _on_selected(self) -> None:
        self.hand.show_selected(len(self.view().selected()))

    def _on_found(self, ids: npt.NDArray[np.int64]) -> None:
        """Show these; the image that was current stays it, if it is among them."""
        place = self.view().place()
        before = self.model.ids[place] if 0 <= place < len(self.model.ids) else -1
        again = np.flatnonzero(ids == before)
        self.model.show_ids(ids)
        self._show_view()
        self.tabs.setTabText(0, self.tr("Images ({count})").format(count=f"{len(ids):,}"))
        if len(ids):
            self.view().show_place(int(again[0]) if again.size else 0)
        else:
            self.inspector.show_row(None)
        self._on_selected()

    def _show_view(self) -> None:
        self._stack.setCurrentWidget(self.view() if len(self.model.ids) else self._nothing)

    def _on_as_list(self) -> None:
        place = (self.grid if self.as_list.isChecked() else self.table).place()
        self._show_view()
        self.view().show_place(place)

    def _on_shown(self, place: int) -> None:
        self._inspect(self.model.row_at(place))

    def _inspect(self, row: ImageRow | None) -> None:
        if row is None or self._catalogue is None:
            self.inspector.show_row(None)
            return
        self._frames = self._catalogue.frames(row.id)
        place = np.flatnonzero(self._frames == row.id)
        self.inspector.show_row(
            row,
            frames=len(self._frames),
            place=int(place[0]) if place.size else 0,
            regions=regions_of(self._catalogue, row.id),
        )

    def _on_frame(self, place: int) -> None:
        """Another frame of the file: the view follows, if that frame is in it."""
        wanted = self._frames[place]
        here = np.flatnonzero(self.model.ids == wanted)
        if here.size:
            self.view().show_place(int(here[0]))
        else:
            self._inspect(next(iter(self._read(self._frames[place : place + 1])), None))

    def _on_opened(self, place: int) -> None:
        self._on_shown(place)
        if self._narrow:
            self.tabs.setCurrentWidget(self._viewer)
        self.inspector.canvas.setFocus()

    def _step(self, step: int) -> None:
        self.view().show_place(self.view().place() + step)

    def _on_issues_wanted(self, text: str, order: str, descending: bool) -> None:
        self.questions.ask_issues(text, order, descending=descending)

    def _on_order(self, key: str, descending: bool) -> None:
        self.filters.order_by(key, descending=descending)

    def _connect(self) -> None:
        self.questions.found.connect(self._on_found)
        self.questions.summarised.connect(self._on_summary)
        self.questions.planted.connect(self.patients.show_branches)
        self.questions.listed.connect(self.issues.model.show_ids)
        self.issues.wanted.connect(self._on_issues_wanted)
        self.issues.file_wanted.connect(self.show_file)
        self.filters.changed.connect(self._ask_ids)
        self.filters.branch_left.connect(self.patients.clear)
        self.patients.wanted.connect(self.questions.ask_patients)
        self.patients.chosen.connect(self.filters.show_branch)
        for view in (self.grid, self.table):
            view.shown.connect(self._on_shown)
            view.opened.connect(self._on_opened)
            view.selectionModel().selectionChanged.connect(self._on_selected)
        self.table.order_wanted.connect(self._on_order)
        self.as_list.toggled.connect(self._on_as_list)
        self.inspector.step_wanted.connect(self._step)
        self.inspector.frame_wanted.connect(self._on_frame)

    def _arrange(self) -> None:
        self.as_list: QPushButton = button(
            "", kind="quiet", icon="list", tip=self.tr("Show as a list with columns")
        )
        self.as_list.setCheckable(True)
        self.filters.add_tool(self.as_list)
        column = QVBoxLayout(self._images)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.filters)
        column.addWidget(self.hand)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        for part in (self.grid, self.table, self._nothing):
            self._stack.addWidget(part)
        column.addWidget(holder, 1)
        self.tabs.addTab(self._images, self.tr("Images"))
        self.tabs.addTab(self.issues, self.tr("Problems"))
        self._side = QTabWidget()
        self._side.addTab(scrolling(self.overview), self.tr("Overview"))
        self._side.addTab(self.patients, self.tr("Patients"))
        self._side.setMinimumWidth(224)
        self._viewer = scrolling(QWidget())
        self._viewer.setParent(self)
        self._viewer.hide()
        self.setHandleWidth(16)
        self.setChildrenCollapsible(False)
        self.addWidget(self.tabs)
        self._place()

    def _place(self) -> None:
        """Side by side where there is room; else overview and viewer become tabs, so that large text is never cut."""
        narrow = large_text(self) or self.width() < _NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        if narrow:
            self._viewer.setWidget(self.inspector)
            self.tabs.addTab(self._side, self.tr("Overview"))
            self.tabs.addTab(self._viewer, self.tr("Viewer"))
            return
        self._viewer.takeWidget()
        self.tabs.setCurrentIndex(0)
        for number in range(self.tabs.count() - 1, 1, -1):
            self.tabs.removeTab(number)
        self.insertWidget(0, self._side)
        self.addWidget(self.inspector)
        for part in (self._side, self.inspector):
            part.show()
        self.setStretchFactor(1, 1)
        # three columns of tiles in the smallest window that is usual
        self.setSizes([224, 440, 280])
