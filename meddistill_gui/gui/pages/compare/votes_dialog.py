"""Votes over the patches of the test images: each image's decision and map, and the figures at every threshold."""

import functools
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QListWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.compare.votes_map import OpenedImage, VotesMap, read_opened
from meddistill_gui.gui.pages.compare.votes_record import VotedImage, Votes
from meddistill_gui.gui.plots.delta_curve import DeltaCurve
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.scrolling import scrolling


class VotesDialog(QDialog):
    """Shows one record. Moving the threshold shows other decisions; the figures in the record stay those of its own.

    Args:
        run: Whose votes.
        votes: The record.
        parent: Owner.
    """

    def __init__(self, run: RunFolder, votes: Votes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Votes over patches: {run}").format(run=run.name))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._catalogue = run.project / "catalogue.sqlite"
        self._votes = votes
        self._reading = Background(1, self)
        self._reading.done.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self.map = VotesMap()
        self.curve = DeltaCurve()
        self.images = QListWidget()
        self.images.setAccessibleName(self.tr("Test images"))
        self.images.currentRowChanged.connect(self._choose)
        self.delta = QDoubleSpinBox()
        self.delta.setRange(0.0, 1.0)
        self.delta.setSingleStep(0.05)
        self.delta.setValue(votes.delta)
        self.delta.valueChanged.connect(self._decide)
        self.places = QCheckBox(self.tr("Show the patches"))
        self.places.setChecked(True)
        self.places.toggled.connect(self.map.set_shown)
        self.regions = QCheckBox(self.tr("Show the regions"))
        self.regions.toggled.connect(self._draw_regions)
        self._read: OpenedImage | None = None
        self._name = label("", "heading")
        self._figures = label("")
        self._arrange()
        self._decide()
        self.images.setCurrentRow(0)

    @property
    def reading(self) -> bool:
        """Whether an image is still to come."""
        return self._name.text() == ""

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self._reading.close()
        super().closeEvent(event)

    @override
    def reject(self) -> None:
        self._reading.close()
        super().reject()

    def _decide(self) -> None:
        """Each image's decision at the chosen threshold, and the figures there."""
        delta, row = self.delta.value(), self.images.currentRow()
        lines = [self._line(image, delta) for image in self._votes.images]
        if self.images.count() != len(lines):
            self.images.addItems(lines)
            bar = self.images.verticalScrollBar().sizeHint().width()
            self.images.setMinimumWidth(self.images.sizeHintForColumn(0) + bar + 8)
        for number, line in enumerate(lines):
            self.images.item(number).setText(line)
        self.images.setCurrentRow(row)
        self.curve.show_curve(self._votes.curve, delta)
        figures = self._votes.figures
        right = sum(image.called(delta) == image.positive for image in self._votes.images)
        self._figures.setText(
            self.tr(
                "Written down at threshold {delta}{origin}: sensitivity {sensitivity}, specificity {specificity}, harmonic mean "
                "{mean}. At threshold {chosen} {right} of {count} images are right. A threshold that is chosen on these images "
                "flatters itself on them."
            ).format(
                delta=f"{self._votes.delta:g}",
                origin=self._origin(),
                sensitivity=f"{figures['sensitivity']:.3f}",
                specificity=f"{figures['specificity']:.3f}",
                mean=f"{figures['harmonic_mean']:.3f}",
                chosen=f"{delta:g}",
                right=right,
                count=len(lines),
            )
        )

    def _origin(self) -> str:
        if not self._votes.chosen_on:
            return ""
        return self.tr(" (the best on {count} validation images)").format(
            count=self._votes.chosen_on
        )

    def _line(self, image: VotedImage, delta: float) -> str:
        words = {True: self.tr("positive"), False: self.tr("negative")}
        called = image.called(delta)
        mark = "✓" if called == image.positive else "✗"
        share = self.tr("no vote") if image.silent else f"{image.share:.0%}"
        return self.tr("{mark} {number}: is {truth}, called {called} ({share})").format(
            mark=mark,
            number=image.id,
            truth=words[image.positive],
            called=words[called],
            share=share,
        )

    def _choose(self, row: int) -> None:
        if not 0 <= row < len(self._votes.images):
            return
        image = self._votes.images[row]
        self._name.setText("")
        self.map.show_image(None)
        self._read = None
        self._draw_regions()
        self.map.show_places(image, self._votes)
        self._reading.ask([(image.id, functools.partial(read_opened, self._catalogue, image.id))])

    def _on_read(self, key: int, result: OpenedImage) -> None:
        row = self.images.currentRow()
        if 0 <= row < len(self._votes.images) and self._votes.images[row].id == key:
            self._name.setText(result.name)
            self.map.show_image(result.pixels)
            self._read = result
            self._draw_regions()

    def _draw_regions(self) -> None:
        regions = () if self._read is None else self._read.regions
        self.regions.setEnabled(bool(regions))
        self.map.show_regions(regions if self.regions.isChecked() else ())

    def _on_failed(self, _: object, error: MedDistillError) -> None:
        self._name.setText(str(error))

    def _arrange(self) -> None:
        form = QFormLayout()
        form.addRow(self.tr("Threshold"), self.delta)
        close = button(self.tr("Close"))
        close.clicked.connect(self.close)
        left = _column(self._name, self.map, self.places, self.regions)
        middle = _column(label(self.tr("Test images"), "heading"), self.images)
        right = _column(label(self.tr("Figures over the threshold"), "heading"), self.curve)
        right.insertLayout(2, form)
        right.addWidget(self._figures)
        right.addStretch()
        right.addWidget(close, alignment=Qt.AlignmentFlag.AlignRight)
        body = QWidget()
        down = large_text(self)
        row = QBoxLayout(
            QBoxLayout.Direction.TopToBottom if down else QBoxLayout.Direction.LeftToRight, body
        )
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        for part, share in ((left, 3), (middle, 2), (right, 3)):
            row.addLayout(part, share)
        if down:
            self.map.setMinimumHeight(480)
            self.images.setMinimumHeight(240)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolling(body))
        self.resize(1180, 680)


def _column(*parts: Any) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    for part in parts:
        column.addWidget(part, 1 if isinstance(part, VotesMap | QListWidget | DeltaCurve) else 0)
    return column
