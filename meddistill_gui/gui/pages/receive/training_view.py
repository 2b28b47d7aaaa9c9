"""Training students on a bundle: where to, how many, how it goes, how they did."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir, QStandardPaths, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QVBoxLayout, QWidget

from meddistill_gui.core.configs.bundle import ReceiveConfig
from meddistill_gui.core.events import Metric
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.plots.curve_plot import CurvePlot, Panel
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.result_tabs import ResultTabs

STUDENT_LOSS = "student loss"


class TrainingView(QFrame):
    """The form of `ReceiveConfig` with a live curve beside it; the figures, which need the width, below both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.form = ConfigForm(
            ReceiveConfig(bundle=Path(), out=Path()),
            only=("out", "project", "students", "own_images", "device"),
            titles={
                "device": {
                    "auto": self.tr("A GPU if there is one"),
                    "cpu": self.tr("Processor"),
                    "cuda": self.tr("GPU"),
                }
            },
        )
        self.curve = CurvePlot(
            [Panel(title=self.tr("Loss of the student"), curves=(STUDENT_LOSS,), logarithmic=True)],
            self.tr("step"),
        )
        self.results = ResultTabs()
        self._sentence = label()
        self.join = button(self.tr("Add another hospital's bundle …"), icon="bundle")
        self._joined = label(kind="muted")
        self._joined.hide()
        self._step = 0
        self.curve.hide()
        self.results.hide()
        self._sentence.hide()
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(label(self.tr("Train students on it"), "heading"))
        left.addWidget(self.form)
        left.addWidget(self._joined)
        left.addWidget(self.join, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch()
        halves = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_text(self):
            halves.setDirection(QBoxLayout.Direction.TopToBottom)
        halves.setSpacing(24)
        halves.addLayout(left, 1)
        halves.addWidget(self.curve, 1)
        below = QVBoxLayout(self)
        below.setContentsMargins(16, 16, 16, 16)
        below.setSpacing(8)
        below.addLayout(halves)
        below.addWidget(self._sentence)
        below.addWidget(self.results)

    def offer(self, bundle: Path, project: Path | None, images_per_class: int) -> None:
        """Suggest values for this bundle; with a project, to compare with as many own images as the bundle has."""
        stem = bundle.name.removesuffix(".age").removesuffix(".zip").removesuffix(".distilled")
        self.form.show_config(
            ReceiveConfig(
                bundle=bundle,
                out=_documents() / f"{stem}-received",
                project=project,
                own_images=images_per_class if project else 0,
            )
        )
        self.show_joined(())
        self._sentence.hide()
        self.curve.hide()
        self.results.hide()

    def show_joined(self, others: Sequence[Path]) -> None:
        """Say which bundles are trained on together with this one."""
        names = ", ".join(path.name for path in others)
        self._joined.setText(self.tr("Together with {names}.").format(names=names))
        self._joined.setVisible(bool(others))

    def begin(self) -> None:
        """Training begins."""
        self._step = 0
        self.curve.clear()
        self.results.hide()
        self._sentence.hide()

    def take(self, metric: Metric) -> None:
        """A point of the curve."""
        if metric.name == STUDENT_LOSS:
            if metric.step <= self._step:
                self.curve.clear()  # the next student begins
            self._step = metric.step
            self.curve.show()
            self.curve.add(metric.name, metric.step, metric.value)

    def show_summary(self, summary: Mapping[str, Any]) -> None:
        """Training is done."""
        self._sentence.setText(str(summary["text"]))
        self._sentence.show()
        tests = summary.get("tests")
        self.results.setVisible(bool(tests))
        if tests:
            self.curve.hide()
            self.results.show_summary(summary)


def _documents() -> Path:
    kind = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(kind) or QDir.homePath())
