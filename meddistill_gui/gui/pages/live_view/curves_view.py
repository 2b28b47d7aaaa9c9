"""The numbers of a run: as curves, as a table, and the figures on the test patients."""

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.core.events import Event, Metric
from meddistill_gui.gui.pages.live_view.run_record import JUDGED_BY
from meddistill_gui.gui.plots.curve_plot import CurvePlot, Panel
from meddistill_gui.gui.plots.numbers_table import NumbersTable
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.result_tabs import ResultTabs


class CurvesView(QWidget):
    """Curves of the experts while they are trained, of the images afterwards; the same numbers as a table; the test figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matching = self._matching_plot()
        self.experts = self._experts_plot()
        self._plot = self.matching
        self._table = NumbersTable()
        self.test = ResultTabs()
        self._views = QStackedWidget()
        self._nothing = label(self.tr("Curves appear here with the first numbers."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._group = QButtonGroup(self)
        self.as_curves = self._switch(self.tr("Curves"), "live")
        self.as_table = self._switch(self.tr("Table"), "list")
        self.as_test = self._switch(self.tr("Test"), "report")
        self.as_test.setToolTip(self.tr("What students learn, on the test patients"))
        self.as_curves.setChecked(True)
        self._group.buttonClicked.connect(self._choose_view)
        self.logarithmic = button(
            self.tr("Logarithmic"), kind="quiet", tip=self.tr("Draw losses on a logarithmic axis")
        )
        self.logarithmic.setCheckable(True)
        self.logarithmic.toggled.connect(self.matching.set_logarithmic)
        self.logarithmic.toggled.connect(self.experts.set_logarithmic)
        self.logarithmic.setChecked(True)
        self._arrange()
        self.show_test(None)

    def _matching_plot(self) -> CurvePlot:
        return CurvePlot(
            [
                Panel(
                    title=self.tr("Loss (each phase measures its own)"),
                    curves=("loss",),
                    logarithmic=True,
                ),
                Panel(
                    title=self.tr("Balanced accuracy on the validation patients"),
                    curves=(JUDGED_BY,),
                    low=0.0,
                    high=1.0,
                ),
            ],
            self.tr("iteration"),
        )

    def _experts_plot(self) -> CurvePlot:
        return CurvePlot(
            [
                Panel(
                    title=self.tr("Loss of the experts, one after another"),
                    curves=("expert loss",),
                    logarithmic=True,
                )
            ],
            self.tr("epoch of all experts"),
        )

    def clear(self) -> None:
        """Forget every point."""
        self.matching.clear()
        self.experts.clear()
        self._choose_view()

    def take(self, events: Iterable[Event]) -> None:
        """Add the points among these events."""
        for event in events:
            if isinstance(event, Metric):
                self.matching.add(event.name, event.step, event.value)
                self.experts.add(event.name, event.step, event.value)
        self._choose_view()

    def show_test(self, evaluation: Mapping[str, Any] | None) -> None:
        """Offer the figures on the test patients, or take them away."""
        self.as_test.setVisible(evaluation is not None)
        if evaluation is not None:
            self.test.show_evaluation(evaluation)
        elif self.as_test.isChecked():
            self.as_curves.click()

    def _choose_view(self) -> None:
        no_images_yet = not len(self.matching.series["loss"])
        early = no_images_yet and len(self.experts.series["expert loss"]) > 0
        self._plot = self.experts if early else self.matching
        if self.as_table.isChecked():
            self._table.show_series(self._plot.step_name, self._plot.series)
            self._views.setCurrentWidget(self._table)
        elif self.as_test.isChecked():
            self._views.setCurrentWidget(self.test)
        else:
            drawn = any(len(one) for one in self._plot.series.values())
            self._views.setCurrentWidget(self._plot if drawn else self._nothing)
        self.logarithmic.setVisible(self._views.currentWidget() is self._plot)

    def _switch(self, text: str, icon: str) -> QPushButton:
        made = button(text, kind="quiet", icon=icon)
        made.setCheckable(True)
        self._group.addButton(made)
        return made

    def _arrange(self) -> None:
        for view in (self.matching, self.experts, self._table, self.test, self._nothing):
            self._views.addWidget(view)
        head = QHBoxLayout()
        head.setSpacing(4)
        for switch in (self.as_curves, self.as_table, self.as_test):
            head.addWidget(switch)
        head.addStretch()
        head.addWidget(self.logarithmic)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._views, 1)
