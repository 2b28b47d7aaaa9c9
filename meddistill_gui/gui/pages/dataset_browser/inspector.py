"""The chosen image at the right: picture with window and zoom, what is known of it, its tags."""

import functools
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.dataset_browser.canvas import Canvas
from meddistill_gui.gui.pages.dataset_browser.tags import TagModel
from meddistill_gui.gui.pages.dataset_browser.windowing import Window
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class Inspector(QWidget):
    """Reads the image and its header in the background; only the last one asked for is shown.

    Args:
        parent: Owner.
    """

    step_wanted = Signal(int)
    """+1 for the next image, -1 for the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = 0
        self._row: ImageRow | None = None
        self._background = Background(1, self)
        self._background.done.connect(self._on_read)
        self._background.failed.connect(self._on_failed)
        self.canvas = Canvas()
        self.canvas.window_changed.connect(self._say_window)
        self.canvas.step_wanted.connect(self.step_wanted)
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
        self.tags = TagModel(self)
        self._legend = label("", "small")
        self._arrange()

    def show_row(self, row: ImageRow | None) -> None:
        """Show another image of the catalogue."""
        self._row = row
        self._wanted += 1
        self._problem.hide()
        if row is None:
            self._name.setText("")
            self._about.setText("")
            self.canvas.show_values(None, None, inverted=False)
            self.tags.show_tags(())
            self._background.ask([])
            return
        self._name.setText(self._elided(row.path.name))
        self._name.setToolTip(str(row.path))
        self._about.setText(self._described(row))
        self._background.ask(
            [
                (("image", self._wanted), functools.partial(_read_display, row.path, row.frame)),
                (("tags", self._wanted), functools.partial(_read_tags, row.path)),
            ]
        )

    def close_reading(self) -> None:
        """Wait for what is being read."""
        self._background.close()

    def _on_read(self, key: tuple[str, int], result: Any) -> None:
        what, wanted = key
        if wanted != self._wanted:
            return
        if what == "tags":
            self.tags.show_tags(result)
            said = self.tr("● can identify a person: {count} of {all} tags")
            count, every = self.tags.identifying(), self.tags.rowCount()
            self._legend.setText(said.format(count=count, all=every))
            return
        window = Window(result.window_center, result.window_width)
        self._fill_presets(result)
        self.invert.setChecked(result.inverted)
        self.canvas.show_values(result.values, window, inverted=result.inverted)

    def _on_failed(self, key: tuple[str, int], error: MedDistillError) -> None:
        what, wanted = key
        if wanted == self._wanted and what == "image":
            self.canvas.show_values(None, None, inverted=False)
            self._problem.setText(str(error))
            self._problem.show()

    def _fill_presets(self, image: Any) -> None:
        names = {"percentiles": self.tr("From the grey levels")}
        self.presets.clear()
        for preset in image.presets:
            window = Window(preset.center, preset.width)
            name = names.get(preset.name, preset.name) or self.tr("From the file")
            self.presets.addItem(name, window)
        self.presets.addItem(self.tr("Full range"), None)

    def _on_preset(self, number: int) -> None:
        window = self.presets.itemData(number)
        if window is None:
            self.canvas.show_everything()
        else:
            self.canvas.set_window(window)

    def _say_window(self) -> None:
        window = self.canvas.window_shown
        self._window_said.setText(
            self.tr("Centre {centre} · width {width}").format(
                centre=f"{window.centre:,.5g}", width=f"{window.width:,.5g}"
            )
        )

    def _described(self, row: ImageRow) -> str:
        parts = [
            row.class_name or self.tr("no class"),
            self.tr("patient {name}").format(name=row.patient)
            if row.patient
            else self.tr("patient unknown"),
            f"{row.width} × {row.height}",
            row.modality,
            role_title(row.role) if row.role else "",
            self.tr("frame {number}").format(number=row.frame + 1) if row.frame else "",
        ]
        return " · ".join(part for part in parts if part)

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
        parts.addWidget(self._tag_table())
        parts.setSizes([440, 240])
        column.addWidget(parts, 1)
        column.addWidget(self._legend)

    def _picture(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.canvas, 1)
        column.addLayout(self._tools())
        column.addWidget(self.presets)
        column.addWidget(self._window_said)
        return holder

    def _tools(self) -> QHBoxLayout:
        self.invert = self._tool("contrast", self.tr("Invert"))
        self.invert.setCheckable(True)
        self.invert.toggled.connect(self.canvas.set_inverted)
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
        row = QHBoxLayout()
        row.setSpacing(4)
        for tool in (before, after):
            row.addWidget(tool)
        row.addStretch()
        for tool in (further, closer, whole, self.invert):
            row.addWidget(tool)
        return row

    def _tool(self, icon: str, tip: str) -> QPushButton:
        return button("", kind="quiet", icon=icon, tip=tip, parent=self)

    def _tag_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.tags)
        table.setAccessibleName(self.tr("Tags of the file"))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setMinimumHeight(72)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultSectionSize(160)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        return table

    def _next(self) -> None:
        self.step_wanted.emit(1)

    def _previous(self) -> None:
        self.step_wanted.emit(-1)


def _read_display(path: Path, frame: int) -> Any:
    from meddistill_gui.data.reading import read_display  # noqa: PLC0415 - brings pydicom

    return read_display(path, frame)


def _read_tags(path: Path) -> Any:
    from meddistill_gui.data.reading import read_header  # noqa: PLC0415 - brings pydicom

    return read_header(path)
