"""Draws regions on the images of the browser, one after the other, and shows what a sliding window makes of them."""

import functools
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.data.patches.patch_grid import lay_grid
from meddistill_gui.data.patches.regions import Region
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.dataset_browser import region_work as work
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import image_of
from meddistill_gui.gui.pages.dataset_browser.patch_preview import PatchPreview
from meddistill_gui.gui.pages.dataset_browser.region_canvas import RegionCanvas, Tool
from meddistill_gui.gui.pages.dataset_browser.region_drawing import RegionDrawing
from meddistill_gui.gui.pages.dataset_browser.region_list import RegionList
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.flow import Flow
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.notice import Notice
from meddistill_gui.gui.widgets.scrolling import scrolling


class RegionDialog(QDialog):
    """Every change is written into the catalogue at once; undo writes what was there before.

    Args:
        catalogue: The project's catalogue file.
        images: Ids to go through.
        place: Which of them to begin with.
        parent: Owner.
    """

    def __init__(
        self, catalogue: Path, images: Sequence[int], place: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Regions and patches"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._catalogue = catalogue
        self._images = [int(image) for image in images]
        self._place = place
        self._row: ImageRow | None = None
        self._unsaved: dict[int, tuple[Region, ...]] = {}
        self._loading = False
        self._control = Control()
        self._reading, self._writing, self._counting = (Background(1, self) for _ in range(3))
        self.drawing = RegionDrawing(_user(), self)
        self.canvas = RegionCanvas(self.drawing)
        self.regions = RegionList()
        self.patches = PatchPreview()
        self.notice = Notice()
        self._name = label("", "heading")
        self._name.setMinimumWidth(120)
        self._status = label("", "small")
        self._arrange()
        self._connect()
        self._counting.ask([("options", functools.partial(work.stored_options, catalogue))])
        self._open()

    @property
    def working(self) -> bool:
        """Whether something is still being read or written."""
        return self._loading or bool(self._unsaved)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self._shut()
        super().closeEvent(event)

    @override
    def reject(self) -> None:
        self._shut()
        super().reject()

    def step(self, by: int) -> None:
        """Go to another image of the list."""
        place = self._place + by
        if 0 <= place < len(self._images):
            self._place = place
            self._open()

    def _open(self) -> None:
        image = self._images[self._place]
        self._loading, self._row = True, None
        self.canvas.show_image(None)
        self.drawing.begin((), 1, 1)
        self.canvas.setEnabled(False)
        self._reading.ask(
            [(("image", image), functools.partial(work.open_image, self._catalogue, image))]
        )

    def _on_read(self, key: tuple[str, int], opened: work.Opened | None) -> None:
        if key[1] != self._images[self._place]:
            return
        self._loading = False
        if opened is None:
            self._status.setText(self.tr("This image is no longer in the catalogue."))
            return
        self._row = opened.row
        height, width = opened.pixels.shape[:2]
        known = self._unsaved.get(opened.row.id, opened.regions)
        self.canvas.setEnabled(True)
        self.canvas.show_image(image_of(opened.pixels))
        self.drawing.begin(known, width, height)
        self._name.setText(self._title(opened.row))
        self._name.setToolTip(str(opened.row.path))
        self._status.setText(self._hint())
        self.canvas.setFocus()

    def _title(self, row: ImageRow) -> str:
        metrics = self._name.fontMetrics()
        name = metrics.elidedText(row.path.name, Qt.TextElideMode.ElideMiddle, 360)
        return self.tr("{name} · {class_name} · {number} of {count}").format(
            name=name,
            class_name=row.class_name or self.tr("no class"),
            number=f"{self._place + 1:,}",
            count=f"{len(self._images):,}",
        )

    def _on_edited(self) -> None:
        self.regions.show_regions(self.drawing.history.regions, self.drawing.chosen)
        self._show_grid()

    def _on_step(self) -> None:
        if self._row is not None:
            self._unsaved[self._row.id] = self.drawing.history.regions
            self._save()

    def _on_drawn(self) -> None:
        self.regions.show_regions(self.drawing.history.regions, self.drawing.chosen)
        self._remove.setEnabled(self.drawing.chosen is not None)

    def _save(self) -> None:
        self._writing.ask(
            [
                (
                    (image, regions),
                    functools.partial(work.save_regions, self._catalogue, image, regions),
                )
                for image, regions in self._unsaved.items()
            ]
        )

    def _on_written(self, key: tuple[int, tuple[Region, ...]], _: object) -> None:
        image, regions = key
        if self._unsaved.get(image) == regions:
            del self._unsaved[image]
        if self._unsaved:
            self._save()
        else:
            self._status.setText(self.tr("Saved in the project. The image itself is not changed."))

    def _on_failed(self, _: object, error: MedDistillError) -> None:
        self._loading = False
        self.notice.show_message("error", error.message, error.remedy)

    def _show_grid(self) -> None:
        config = self.patches.config()
        if config is None or self._row is None or not self.patches.shown.isChecked():
            self.canvas.show_grid(None)
            self.patches.say_here(None)
            return
        grid = lay_grid(
            config,
            self.drawing.width,
            self.drawing.height,
            self.drawing.history.regions,
            positive=self._row.class_name == config.positive,
        )
        self.canvas.show_grid(grid, config.size, config.stride)
        self.patches.say_here(grid)

    def _on_counted(self, key: str, result: Any) -> None:
        if key == "options":
            self.patches.show_options(*result)
            return
        self.patches.say_counts(result)
        if key == "keep":
            self._status.setText(
                self.tr("Runs of the method soft-label distillation use these patches.")
            )

    def _ask_counts(self, key: str) -> None:
        config = self.patches.config()
        if config is None:
            return
        self.patches.everywhere.setText(self.tr("Counting …"))
        counting = work.keep_options if key == "keep" else work.count_places
        self._counting.ask(
            [(key, functools.partial(counting, self._catalogue, config, self._control))]
        )

    def _on_count_failed(self, _: object, error: MedDistillError) -> None:
        self.patches.everywhere.setText(str(error))

    def _count(self) -> None:
        self._ask_counts("count")

    def _keep(self) -> None:
        self._ask_counts("keep")

    def _shut(self) -> None:
        """Write what is still unwritten, then let go of the threads."""
        self._control.request_stop()
        self._reading.close()
        self._counting.close()
        self._writing.close()
        for image, regions in self._unsaved.items():
            work.save_regions(self._catalogue, image, regions)
        self._unsaved.clear()

    def _hint(self) -> str:
        return self.tr(
            "Click, or move the cross with the arrow keys and press Space, for each corner; Enter closes the region. "
            "N chooses a corner, arrows move it, Insert adds one, Delete removes it."
        )

    def _say(self, sentence: str) -> None:
        self._status.setText(sentence)

    def _connect(self) -> None:
        self._reading.done.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._writing.done.connect(self._on_written)
        self._writing.failed.connect(self._on_failed)
        self._counting.done.connect(self._on_counted)
        self._counting.failed.connect(self._on_count_failed)
        self.drawing.edited.connect(self._on_edited)
        self.drawing.history.stepped.connect(self._on_step)
        self.drawing.changed.connect(self._on_drawn)
        self.canvas.said.connect(self._say)
        self.regions.chosen.connect(self.drawing.choose)
        self.patches.changed.connect(self._show_grid)
        self.patches.count_wanted.connect(self._count)
        self.patches.keep_wanted.connect(self._keep)
        steps = self.drawing.history.steps
        for key, does in (
            (QKeySequence.StandardKey.Undo, steps.undo),
            (QKeySequence.StandardKey.Redo, steps.redo),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(does)

    def _arrange(self) -> None:
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        sides.setHandleWidth(16)
        sides.addWidget(self._left())
        sides.addWidget(scrolling(self._right(), sideways=True))
        sides.setStretchFactor(0, 1)
        sides.setSizes([480, 760] if large_text(self) else [720, 340])
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addWidget(self.notice)
        column.addWidget(sides, 1)
        column.addWidget(self._status)
        self.resize(1280 if large_text(self) else 1120, 760)

    def _left(self) -> QWidget:
        before = button("", kind="quiet", icon="previous", tip=self.tr("Previous image"))
        before.clicked.connect(self._previous)
        after = button("", kind="quiet", icon="next", tip=self.tr("Next image"))
        after.clicked.connect(self._next)
        title = QHBoxLayout()
        title.addWidget(before)
        title.addWidget(after)
        title.addWidget(self._name, 1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(title)
        column.addWidget(self.canvas, 1)
        column.addLayout(self._tools())
        return holder

    def _tools(self) -> Flow:
        row = Flow(4)
        group = QButtonGroup(self)
        self.tools: dict[Tool, QPushButton] = {}
        for tool, word, tip in (
            (Tool.POLYGON, self.tr("Polygon"), self.tr("Click corner by corner; a click on the first one closes it")),
            (Tool.FREEHAND, self.tr("Freehand"), self.tr("Draw with the button held down")),
            (Tool.CHOOSE, self.tr("Edit"), self.tr("Choose and drag corners")),
        ):  # fmt: skip
            made = button(word, tip=tip)
            made.setCheckable(True)
            made.setChecked(tool is Tool.POLYGON)
            group.addButton(made)
            made.clicked.connect(functools.partial(self._use, tool))
            self.tools[tool] = made
            row.addWidget(made)
        steps = self.drawing.history.steps
        self.undo = button("", kind="quiet", icon="undo", tip=self.tr("Undo (Ctrl+Z)"))
        self.undo.clicked.connect(steps.undo)
        self.redo = button(self.tr("Redo"), kind="quiet", tip=self.tr("Do again what was undone"))
        self.redo.clicked.connect(steps.redo)
        for made, signal in ((self.undo, steps.canUndoChanged), (self.redo, steps.canRedoChanged)):
            made.setEnabled(False)
            signal.connect(made.setEnabled)
            row.addWidget(made)
        for icon, tip, does in (
            ("zoom-out", self.tr("Zoom out (-)"), self.canvas.zoom_out),
            ("zoom-in", self.tr("Zoom in (+)"), self.canvas.zoom_in),
            ("fit", self.tr("Whole image (0)"), self.canvas.fit),
        ):
            made = button("", kind="quiet", icon=icon, tip=tip)
            made.clicked.connect(does)
            row.addWidget(made)
        return row

    def _right(self) -> QWidget:
        self._remove = button(
            self.tr("Remove region"), tip=self.tr("Remove the chosen region (Delete)")
        )
        self._remove.setEnabled(False)
        self._remove.clicked.connect(self._remove_region)
        close = button(self.tr("Done"))
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(close)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Regions"), "heading"))
        column.addWidget(self.regions)
        column.addWidget(self._remove)
        column.addWidget(self.patches)
        column.addStretch()
        column.addLayout(row)
        return holder

    def _use(self, tool: Tool) -> None:
        self.canvas.tool = tool
        self.drawing.give_up()
        self.canvas.setFocus()

    def _remove_region(self) -> None:
        self.drawing.choose(self.drawing.chosen)
        self.drawing.remove_chosen()

    def _next(self) -> None:
        self.step(1)

    def _previous(self) -> None:
        self.step(-1)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return ""
