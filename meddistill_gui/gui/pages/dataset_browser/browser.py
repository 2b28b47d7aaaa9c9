"""The page's body once there are images: overview, grid, inspector, problems."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.data.catalogue import Catalogue, CatalogueSummary, ImageRow
from meddistill_gui.gui.pages.dataset_browser.filters import Filters
from meddistill_gui.gui.pages.dataset_browser.grid_model import GridModel
from meddistill_gui.gui.pages.dataset_browser.grid_view import GridView
from meddistill_gui.gui.pages.dataset_browser.inspector import Inspector
from meddistill_gui.gui.pages.dataset_browser.issues import IssueList
from meddistill_gui.gui.pages.dataset_browser.overview import Overview
from meddistill_gui.gui.pages.dataset_browser.thumbnails import Thumbnails
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.scrolling import scrolling

_NARROW: Final = 760


class Browser(QSplitter):
    """Shows one open catalogue.

    Args:
        thumbnails: Reads the pictures.
        parent: Owner.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._catalogue: Catalogue | None = None
        self._narrow: bool | None = None
        self._later = QTimer(
            self
        )  # Qt walks over all widgets while it restyles or resizes them: move none meanwhile
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._place)
        self.thumbnails = thumbnails
        self.overview = Overview()
        self.filters = Filters()
        self.filters.changed.connect(self._show_ids)
        self.model = GridModel(self._read, self)
        self.grid = GridView(self.model, thumbnails)
        self.grid.shown.connect(self._on_shown)
        self.grid.opened.connect(self._on_opened)
        self.inspector = Inspector()
        self.inspector.step_wanted.connect(self._step)
        self.issues = IssueList()
        self.tabs = QTabWidget()
        self._nothing = EmptyState(
            "search", self.tr("No image fits"), self.tr("Clear the search or choose all classes.")
        )
        self._arrange()

    def show_catalogue(self, catalogue: Catalogue | None, summary: CatalogueSummary | None) -> None:
        """Show another catalogue, or the same one after it changed."""
        self.thumbnails.forget()
        self._catalogue = catalogue
        if catalogue is None or summary is None:
            self.model.show_ids(np.empty(0, np.int64))
            self.issues.model.show_rows(())
            self.inspector.show_row(None)
            return
        self.overview.show_summary(summary)
        self.filters.show_summary(summary)
        self.issues.model.show_rows(catalogue.issues())
        self.tabs.setTabText(1, self.tr("Problems ({count})").format(count=f"{summary.issues:,}"))
        self.tabs.setTabEnabled(1, summary.issues > 0)
        self._show_ids()

    def close_reading(self) -> None:
        """Wait for what is being read."""
        self.thumbnails.close()
        self.inspector.close_reading()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._later.start()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._later.start()

    def _read(self, ids: npt.NDArray[np.int64]) -> list[ImageRow]:
        return [] if self._catalogue is None else self._catalogue.images(ids)

    def _show_ids(self) -> None:
        if self._catalogue is None:
            return
        ids = self._catalogue.image_ids(
            class_name=self.filters.class_name(),
            role=self.filters.role(),
            search=self.filters.search.text().strip(),
            order=str(self.filters.order.currentData()),
        )
        self.model.show_ids(ids)
        self._stack.setCurrentWidget(self.grid if len(ids) else self._nothing)
        self.tabs.setTabText(0, self.tr("Images ({count})").format(count=f"{len(ids):,}"))
        if len(ids):
            self.grid.show_place(0)
        else:
            self.inspector.show_row(None)

    def _on_shown(self, place: int) -> None:
        self.inspector.show_row(self.model.row_at(place))

    def _on_opened(self, place: int) -> None:
        self._on_shown(place)
        if self._narrow:
            self.tabs.setCurrentWidget(self._viewer)
        self.inspector.canvas.setFocus()

    def _step(self, step: int) -> None:
        self.grid.show_place(self.grid.place() + step)

    def _arrange(self) -> None:
        images = QWidget()
        column = QVBoxLayout(images)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.filters)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._nothing)
        column.addWidget(holder, 1)
        self.tabs.addTab(images, self.tr("Images"))
        self.tabs.addTab(self.issues, self.tr("Problems"))
        self._side = scrolling(self.overview)
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
            self.tabs.addTab(self._side, self.tr("Classes"))
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
        self.setSizes([228, 480, 320])
