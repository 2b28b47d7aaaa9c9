"""One synthetic image beside its nearest real ones, with its score in the hold-out's distribution."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.gui.pages.anonymity_preview.audit_reading import (
    AuditReport,
    ImageFinding,
    Neighbour,
)
from meddistill_gui.gui.pages.anonymity_preview.comparison_view import ComparisonView, Way
from meddistill_gui.gui.pages.anonymity_preview.neighbours_view import NeighboursView
from meddistill_gui.gui.pages.anonymity_preview.overlay import laid_over
from meddistill_gui.gui.pages.anonymity_preview.real_pictures import RealPictures
from meddistill_gui.gui.pages.anonymity_preview.review_row import ReviewRow
from meddistill_gui.gui.pages.anonymity_preview.whom import whose
from meddistill_gui.gui.plots.histogram_plot import HistogramPlot
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.flow import Flow
from meddistill_gui.gui.widgets.labels import label

Key = TypeVar("Key")


class ImageView(QWidget):
    """Comparison, neighbours and the histogram of a score.

    Args:
        pictures: Where real images come from.
        parent: Owner.
    """

    def __init__(self, pictures: RealPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._report: AuditReport | None = None
        self._finding: ImageFinding | None = None
        self._neighbour: Neighbour | None = None
        self.comparison = ComparisonView()
        self.neighbours = NeighboursView()
        self.histogram = HistogramPlot(self.tr("score"), self.tr("hold-out images"))
        self._told = label(kind="muted")
        self.p_words = label(kind="muted")
        self.aligned = button(self.tr("Aligned"), kind="quiet")
        self.aligned.setCheckable(True)
        self._wants_aligned = True
        self.review = ReviewRow()
        self.ways = self._switches(
            {
                Way.SIDE_BY_SIDE: self.tr("Side by side"),
                Way.FLICKER: self.tr("Flicker"),
                Way.DIFFERENCE: self.tr("Difference"),
            }
        )
        self._score_titles = {
            "a": self.tr("A: stands out"),
            "b": self.tr("B: looks alike"),
            "d": self.tr("D: told apart"),
        }
        self.scores = self._switches(self._score_titles)
        self._explain_scores()
        for line in (self._told, self.p_words):
            policy = line.sizePolicy()
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
            line.setSizePolicy(policy)
        self._arrange()
        self.aligned.clicked.connect(self._choose_aligned)
        for made in self.ways.values():
            made.clicked.connect(self._choose_way)
        for made in self.scores.values():
            made.clicked.connect(self._draw_score)
        self.neighbours.chosen.connect(self._compare)
        pictures.ready.connect(self._take_picture)
        pictures.missing.connect(self._take_failure)

    def _explain_scores(self) -> None:
        self.scores["a"].setToolTip(self.tr("How far one patient stands out from the next fifty"))
        self.scores["b"].setToolTip(
            self.tr(
                "Greatest similarity over 34 views: mirrored, scaled, shifted, turned, negative"
            )
        )
        self.scores["d"].setToolTip(
            self.tr(
                "Similarity in what tells patients apart, beside hold-out patients who wear this image's texture"
            )
        )

    def show_finding(
        self, report: AuditReport, finding: ImageFinding, pixels: npt.NDArray[np.uint8]
    ) -> None:
        """Show what was found about one image, uint8 `[H, W]` or `[H, W, 3]`."""
        self._report, self._finding = report, finding
        self.comparison.show_synthetic(pixels)
        self.neighbours.show_neighbours(finding.neighbours, pixels.size)
        for one in finding.neighbours:
            known = self._pictures.picture(one.image)
            if known is not None:
                self.neighbours.show_picture(one.image, known)
        self._pictures.want([one.image for one in finding.neighbours])
        self._draw_score()

    def _choose_way(self) -> None:
        for way, made in self.ways.items():
            if made.isChecked():
                self.comparison.set_way(way)

    def _draw_score(self) -> None:
        report, finding = self._report, self._finding
        if report is None or finding is None:
            return
        self.scores["d"].setVisible("d" in finding.score_of)
        name = self._score_asked(finding)
        value = finding.score_of[name]
        text = self.tr("image {number}: {value}").format(
            number=finding.index + 1, value=f"{value:.3g}"
        )
        others = finding.nobody if name == "d" else report.holdout[name]
        limit = max(others, default=None) if name == "d" else report.thresholds[name]
        self.histogram.show_score(others, value, limit, text)
        whose = (
            self.tr(
                "p = {p} by this score: the share of new patients in this texture that score at least as high."
            )
            if name == "d"
            else self.tr(
                "p = {p} by this score: the share of new patients' images that score at least as high."
            )
        )
        self.p_words.setText(self._p_in_words(whose, finding.p_of.get(name), limit))

    def _score_asked(self, finding: ImageFinding) -> str:
        """The score whose switch is on; an older report has no score D."""
        asked = next(name for name, made in self.scores.items() if made.isChecked())
        if asked in finding.score_of:
            return asked
        self.scores["a"].setChecked(True)
        return "a"

    def _p_in_words(self, text: str, p: float | None, limit: float | None) -> str:
        if p is None:
            return ""
        text = text.format(p=f"{p:.3f}")
        if limit is not None:
            text += " " + self.tr("Above {limit} an image is flagged.").format(limit=f"{limit:.3g}")
        return text

    def _compare(self, neighbour: Neighbour) -> None:
        self._neighbour = neighbour
        self._told.setText(self._in_words(neighbour))
        self.aligned.setEnabled(neighbour.view is not None)
        self.aligned.setChecked(neighbour.view is not None and self._wants_aligned)
        self.aligned.setToolTip(
            self.tr("Lays the real image over the synthetic one as score B did: {way}").format(
                way=neighbour.way
            )
            if neighbour.view is not None
            else self.tr("Only the image that score B names was changed to be compared")
        )
        self._show_pair()

    def _choose_aligned(self) -> None:
        self._wants_aligned = self.aligned.isChecked()
        self._show_pair()

    def _show_pair(self) -> None:
        """The chosen real image beside the synthetic one, laid over it where that is wanted."""
        neighbour = self._neighbour
        if neighbour is None:
            return
        known = self._pictures.picture(neighbour.image)
        if known is None:
            self.comparison.show_why_not(self.tr("Reading …"))
            return
        if neighbour.view is not None and self.aligned.isChecked():
            known = laid_over(known, neighbour.view)
        self.comparison.show_real(known, self._name(neighbour))

    def _in_words(self, neighbour: Neighbour) -> str:
        text = self.neighbours.in_words(neighbour) + "."
        far_off = self._report is not None and self._report.far_off
        if far_off and neighbour.distance is not None:
            text += " " + self.tr(
                "The distance says nothing: these images lie far from every patient."
            )
        return text

    def _take_picture(self, image: int, pixels: npt.NDArray[np.uint8]) -> None:
        self.neighbours.show_picture(image, pixels)
        if self._neighbour is not None and self._neighbour.image == image:
            self._show_pair()

    def _take_failure(self, image: int, error: MedDistillError) -> None:
        if self._neighbour is not None and self._neighbour.image == image:
            self.comparison.show_why_not(str(error))

    def _name(self, neighbour: Neighbour) -> str:
        whom = whose(neighbour.patient, neighbour.image, trained_on=neighbour.trained_on)
        if neighbour.view is not None and self.aligned.isChecked():
            return self.tr("Real, {whom}: {way}").format(whom=whom, way=neighbour.way)
        return self.tr("Real, {whom}").format(whom=whom)

    def _switches(self, titles: dict[Key, str]) -> dict[Key, QPushButton]:
        group = QButtonGroup(self)
        made = {key: button(title, kind="quiet") for key, title in titles.items()}
        for one in made.values():
            one.setCheckable(True)
            group.addButton(one)
        next(iter(made.values())).setChecked(True)
        return made

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(_row([*self.ways.values(), self.aligned]))
        left.addWidget(self.comparison, 1)
        left.addWidget(self._told)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(_row(list(self.scores.values())))
        right.addWidget(self.histogram, 1)
        right.addWidget(self.p_words)
        above = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_text(self):
            above.setDirection(QBoxLayout.Direction.TopToBottom)
        above.setSpacing(16)
        above.addLayout(left, 3)
        above.addLayout(right, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(above, 1)
        column.addWidget(self.neighbours)
        column.addWidget(self.review)


def _row(buttons: list[QPushButton]) -> Flow:
    row = Flow(4)
    for made in buttons:
        row.addWidget(made)
    return row
