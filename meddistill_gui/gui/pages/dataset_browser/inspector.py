"""The chosen image at the right: picture with window and zoom, what is known of it, its tags."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QSplitter, QVBoxLayout, QWidget

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.data.patches.regions import Region
from meddistill_gui.gui.background import Background, Task
from meddistill_gui.gui.pages.dataset_browser.canvas import Canvas
from meddistill_gui.gui.pages.dataset_browser.frame_bar import FrameBar
from meddistill_gui.gui.pages.dataset_browser.tags import TagList
from meddistill_gui.gui.pages.dataset_browser.windowing import CT_PRESETS, Window
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.flow import Flow
from meddistill_gui.gui.widgets.labels import breakable, label


class Inspector(QWidget):
    """Reads the image and its header in the background; only the last one asked for is shown.

    Args:
        parent: Owner.
    """

    step_wanted = Signal(int)
    """+1 for the next image, -1 for the one before."""
    frame_wanted = Signal(int)
    """Place of a frame among the images of the file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = 0
        self._row: ImageRow | None = None
        self._drawn: Path | None = None
        self._overlay: Any = None
        self._regions: tuple[Region, ...] = ()
        self._arrived = False
        self._background = Background(1, self)
        self._background.done.connect(self._on_read)
        self._background.failed.connect(self._on_failed)
        self.canvas = Canvas()
        self.canvas.window_changed.connect(self._say_window)
        self.canvas.step_wanted.connect(self.step_wanted)
        self.frames = FrameBar()
        self.frames.wanted.connect(self.frame_wanted)
        self.canvas.frame_wanted.connect(self.frames.step)
        self.canvas.preset_wanted.connect(self._on_preset_key)
        self._name = label("", "heading", wrap=False)
        self._about = label("", "muted")
        self._window_said = label("", "small", mouse=False)
        self._problem = label("", "problem")
        self._problem.hide()
        self.presets = QComboBox()
        self.presets.setAccessibleName(self.tr("Grey window"))
        self.presets.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.presets.setMinimumContentsLength(10)
        self.presets.activated.connect(self._on_preset)
        self.tags = TagList()
        self._arrange()

    def show_row(
        self,
        row: ImageRow | None,
        *,
        frames: int = 1,
        place: int = 0,
        regions: Sequence[Region] = (),
    ) -> None:
        """Show another image of the catalogue, or the same one with what is known of it now.

        Args:
            row: The image; None for none.
            frames: How many images its file holds.
            place: Which of them it is, from 0.
            regions: Drawn on it.
        """
        before, self._row = self._row, row
        self._regions = tuple(regions)
        self.regions.setEnabled(bool(regions))
        self.frames.show_frames(frames if row else 1, place)
        self._name.setText("" if row is None else self._elided(row.path.name))
        self._name.setToolTip("" if row is None else str(row.path))
        self._about.setText("" if row is None else self._described(row))
        if before is not None and row is not None and _content(before) == _content(row):
            self._draw_regions()
            return
        self._arrived = False
        self._wanted += 1
        self._problem.hide()
        if row is None:
            self._drawn = None
            self._show_overlay(None)
            self.canvas.show_values(None, None, inverted=False)
            self.tags.show_tags(())
            self._background.ask([])
            return
        tasks: list[Task] = [
            (("image", self._wanted), functools.partial(_read_display, row.path, row.frame)),
            (("overlay", self._wanted), functools.partial(_read_overlay, row.path, row.frame)),
        ]
        if before is None or before.path != row.path:
            tasks.append((("tags", row.path), functools.partial(_read_tags, row.path)))
        self._background.ask(tasks)

    def close_reading(self) -> None:
        """Wait for what is being read."""
        self._background.close()

    def _on_read(self, key: tuple[str, Any], result: Any) -> None:
        what, wanted = key
        if what == "tags":
            if self._row is not None and wanted == self._row.path:
                self.tags.show_tags(result)
        elif wanted != self._wanted:
            return
        elif what == "overlay":
            self._show_overlay(result)
        else:
            self._show_image(result)

    def _on_failed(self, key: tuple[str, Any], error: MedDistillError) -> None:
        what, wanted = key
        if wanted == self._wanted and what == "image":
            self._drawn = None
            self.canvas.show_values(None, None, inverted=False)
            self._problem.setText(str(error))
            self._problem.show()

    def _show_image(self, image: Any) -> None:
        """The next frame of the same file is seen through the window that was set for the one before."""
        path = None if self._row is None else self._row.path
        if path == self._drawn:
            self.canvas.show_next_frame(image.values)
        else:
            window = Window(image.window_center, image.window_width)
            self._fill_presets(image)
            self.invert.setChecked(image.inverted)
            self.canvas.show_values(image.values, window, inverted=image.inverted)
        self._drawn = path
        self._arrived = True
        self._draw_overlay()
        self._draw_regions()

    def _show_overlay(self, drawn: Any) -> None:
        self._overlay = drawn
        self.overlay.setEnabled(drawn is not None)
        self._draw_overlay()

    def _draw_overlay(self) -> None:
        self.canvas.show_overlay(self._overlay if self.overlay.isChecked() else None)

    def _draw_regions(self) -> None:
        """Over their own image only: the one before stays until that one is read."""
        shown = self._arrived and self._row is not None and self.regions.isChecked()
        if self._row is not None and shown:
            self.canvas.show_regions(self._regions, self._row.width, self._row.height)
        else:
            self.canvas.show_regions(())

    def _fill_presets(self, image: Any) -> None:
        names = {"percentiles": self.tr("From the grey levels")}
        self.presets.clear()
        for preset in image.presets:
            window = Window(preset.center, preset.width)
            name = names.get(preset.name, preset.name) or self.tr("From the file")
            self.presets.addItem(name, window)
        if self._row is not None and self._row.modality == "CT":
            for name, window in CT_PRESETS.items():
                self.presets.addItem(name, window)
        self.presets.addItem(self.tr("Full range"), None)

    def _on_preset(self, number: int) -> None:
        window = self.presets.itemData(number)
        if window is None:
            self.canvas.show_everything()
        else:
            self.canvas.set_window(window)

    def _on_preset_key(self, number: int) -> None:
        if number < self.presets.count():
            self.presets.setCurrentIndex(number)
            self._on_preset(number)

    def _say_window(self) -> None:
        window = self.canvas.window_shown
        self._window_said.setText(
            self.tr("Centre {centre} · width {width}").format(
                centre=f"{window.centre:,.5g}", width=f"{window.width:,.5g}"
            )
        )

    def _described(self, row: ImageRow) -> str:
        parts = [
            breakable(row.class_name or self.tr("no class")),
            self.tr("patient {name}").format(name=breakable(row.patient))
            if row.patient
            else self.tr("patient unknown"),
            f"{row.width} × {row.height}",
            row.modality,
            role_title(row.role) if row.role else "",
            self.tr("may show text") if row.text_risk else "",
            self._counted(),
        ]
        return " · ".join(part for part in parts if part)

    def _counted(self) -> str:
        count = len(self._regions)
        if count == 1:
            return self.tr("one region")
        return self.tr("{count} regions").format(count=count) if count else ""

    def _elided(self, text: str) -> str:
        room = max(200, self.width() - 48)
        metrics = self._name.fontMetrics()
        return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._name)
        column.addWidget(self._about)
        column.addWidget(self._problem)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self._picture())
        parts.addWidget(self.tags)
        parts.setSizes([440, 260])
        column.addWidget(parts, 1)

    def _picture(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.frames)
        column.addLayout(self._tools())
        column.addWidget(self.presets)
        column.addWidget(self._window_said)
        return holder

    def _tools(self) -> Flow:
        self.invert = self._tool("contrast", self.tr("Invert (I)"))
        self.invert.setCheckable(True)
        self.invert.toggled.connect(self.canvas.set_inverted)
        self.canvas.invert_wanted.connect(self.invert.toggle)
        self.overlay = self._tool("layers", self.tr("Show the overlay of the file (O)"))
        self.overlay.setCheckable(True)
        self.overlay.setChecked(True)
        self.overlay.setEnabled(False)
        self.overlay.toggled.connect(self._draw_overlay)
        self.canvas.overlay_wanted.connect(self.overlay.click)
        self.regions = self._tool("region", self.tr("Show the regions (R)"))
        self.regions.setCheckable(True)
        self.regions.setChecked(True)
        self.regions.setEnabled(False)
        self.regions.toggled.connect(self._draw_regions)
        self.canvas.regions_wanted.connect(self.regions.click)
        before = self._tool("previous", self.tr("Previous image (Left)"))
        before.clicked.connect(self._previous)
        after = self._tool("next", self.tr("Next image (Right)"))
        after.clicked.connect(self._next)
        closer = self._tool("zoom-in", self.tr("Zoom in (+)"))
        closer.clicked.connect(self.canvas.zoom_in)
        further = self._tool("zoom-out", self.tr("Zoom out (-)"))
        further.clicked.connect(self.canvas.zoom_out)
        whole = self._tool("fit", self.tr("Whole image (0)"))
        whole.clicked.connect(self.canvas.fit)
        row = Flow(4)
        for tool in (
            before,
            after,
            further,
            closer,
            whole,
            self.regions,
            self.overlay,
            self.invert,
        ):
            row.addWidget(tool)
        return row

    def _tool(self, icon: str, tip: str) -> QPushButton:
        return button("", kind="quiet", icon=icon, tip=tip, parent=self)

    def _next(self) -> None:
        self.step_wanted.emit(1)

    def _previous(self) -> None:
        self.step_wanted.emit(-1)


def _read_display(path: Path, frame: int) -> Any:
    from meddistill_gui.data.formats.reading import read_display

    return read_display(path, frame)


def _read_tags(path: Path) -> Any:
    from meddistill_gui.data.formats.reading import read_header

    return read_header(path)


def _read_overlay(path: Path, frame: int) -> Any:
    from meddistill_gui.data.formats.overlays import read_overlay

    return read_overlay(path, frame)


def _content(row: ImageRow) -> tuple[object, ...]:
    """What is seen of an image; its class may change meanwhile."""
    return row.id, row.path, row.frame, row.stamp
