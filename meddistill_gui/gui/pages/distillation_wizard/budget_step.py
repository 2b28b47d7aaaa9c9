"""Third step: how many images, how many steps, and what that costs on this machine: measured, not guessed."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QBoxLayout, QFormLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ConfigError, MedDistillError
from meddistill_gui.core.events import Metric, Progress
from meddistill_gui.core.pace import in_words
from meddistill_gui.core.specs import EXPERTS_ON_DISK, NETWORK_MEMORY
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.patch_offer import METHOD
from meddistill_gui.gui.pages.distillation_wizard.step import WizardStep
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.notice import Notice
from meddistill_gui.gui.widgets.progress_line import ProgressLine
from meddistill_gui.jobs.job import StartJob

_COUNTED: Final = {NETWORK_MEMORY: "network_bytes", EXPERTS_ON_DISK: "experts_bytes"}
_A_TENTH: Final = 2**30 / 10
_OF_CLASSES: Final = frozenset({"images_per_class", "iterations", "device"})
_OF_PATCHES: Final = frozenset(
    {"options.images", "options.inner_steps", "options.inner_epochs", "network.family", "iterations", "device"}
)  # fmt: skip


class BudgetStep(WizardStep):
    """Measures by a short dry run; one may go on without waiting for it.

    Args:
        draft: The config.
        start_job: Starts an operation.
        parent: Owner.
    """

    def __init__(self, draft: Draft, start_job: StartJob, parent: QWidget | None = None) -> None:
        super().__init__(
            3,
            QCoreApplication.translate("Wizard", "Budget"),
            QCoreApplication.translate(
                "Wizard", "What it costs on this computer, measured by a short dry run."
            ),
            parent,
        )
        self._draft = draft
        self._measured: DistillConfig | None = None
        self._summary: Mapping[str, Any] = {}
        self._counted: dict[str, float] = {}
        self._asked: DistillConfig | None = None
        self.work = RunThread(start_job, self)
        self.work.reported.connect(self._on_event)
        self.work.finished.connect(self._on_measured)
        self.work.failed.connect(self._on_failed)
        self.form = self._form()
        self.notice = Notice()
        self.progress = ProgressLine()
        self.progress.cancelled.connect(self.work.stop)
        self.measure_again = button(self.tr("Measure"), icon="clock")
        self.measure_again.clicked.connect(self.measure)
        self._rows = {
            "total": label(wrap=False),
            "seconds_experts": label(wrap=False),
            "seconds_iterations": label(wrap=False),
            "seconds_evaluation": label(wrap=False),
            "memory_bytes": label(wrap=False),
            "network_bytes": label(wrap=False),
            "experts_bytes": label(wrap=False),
            "experts_off": label(wrap=False),
            "device": label(wrap=False),
        }
        self._arrange()
        draft.changed.connect(self._say)

    def _form(self) -> ConfigForm:
        """What the budget of this method is counted in: images of each class, or images in all and the network they teach."""
        patches = self._draft.config.method == METHOD
        form = ConfigForm(
            self._draft.config,
            only=_OF_PATCHES if patches else _OF_CLASSES,
            titles={
                "device": {
                    "auto": self.tr("A GPU if there is one"),
                    "cpu": self.tr("Processor"),
                    "cuda": self.tr("GPU"),
                }
            },
        )
        form.changed.connect(self._on_change)
        self._method = self._draft.config.method
        return form

    def _renew_form(self) -> None:
        if self._method == self._draft.config.method:
            self.form.show_config(self._draft.config)
            return
        old, self.form = self.form, self._form()
        self.column.replaceWidget(old, self.form)
        old.hide()
        old.deleteLater()

    def measure(self) -> None:
        """Do the dry run for the config as it stands."""
        if self.work.running or not self.isComplete():
            return
        self.notice.hide()
        self.progress.begin(self.tr("Measuring"))
        self._asked, self._counted = self._draft.config, {}
        self.work.start("estimate", self._asked)
        self._say()

    @override
    def initializePage(self) -> None:
        self._renew_form()
        if self._measured != self._draft.config:
            self.measure()

    @override
    def isComplete(self) -> bool:
        return not self.form.problems()

    def _on_change(self) -> None:
        with contextlib.suppress(
            ConfigError
        ):  # the form says it beside the field, and the step is not complete
            self._draft.replace(self.form.config())
        self.completeChanged.emit()

    def _on_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self.progress.show_progress(event)
        elif isinstance(event, Metric) and event.name in _COUNTED:
            # counted before anything runs: a large network's dry run takes long
            self._counted[_COUNTED[event.name]] = event.value * 1e9
            self._summary = dict(self._counted)
            self._say()

    def _on_measured(self, summary: dict[str, Any]) -> None:
        self.progress.finish()
        self._measured, self._summary = self._asked, summary
        self._say()

    def _on_failed(self, error: MedDistillError) -> None:
        self.progress.finish()
        self.notice.show_error(error)
        self._say()

    def _say(self) -> None:
        current = self._measured == self._draft.config and self._measured is not None
        self.measure_again.setEnabled(not self.work.running)
        self._stale.setVisible(self._measured is not None and not current)
        for name, row in self._rows.items():
            row.setText(_words(name, self._summary) if self._summary else "–")
            row.setEnabled(current)

    def _arrange(self) -> None:
        titles = {
            "total": self.tr("In all"),
            "seconds_experts": self.tr("Experts"),
            "seconds_iterations": self.tr("Synthetic images"),
            "seconds_evaluation": self.tr("Evaluation on the way"),
            "memory_bytes": self.tr("Memory"),
            "network_bytes": self.tr("Of which the network's training"),
            "experts_bytes": self.tr("Experts on the disk"),
            "experts_off": self.tr("Lost by storing them so, about"),
            "device": self.tr("Computed on"),
        }
        card = QFrame()
        card.setProperty("kind", "card")
        form = QFormLayout(card)
        form.setContentsMargins(16, 16, 16, 16)
        form.setHorizontalSpacing(24)
        for name, row in self._rows.items():
            form.addRow(label(titles[name], "muted", wrap=False), row)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("What it will cost"), "heading"), 1)
        head.addWidget(self.measure_again)
        self._stale = label(self.tr("Something was changed since: measure again."), "muted")
        self._stale.hide()
        cost = QVBoxLayout()
        cost.addLayout(head)
        for part in (self.notice, self.progress, card, self._stale):
            cost.addWidget(part)
        cost.addStretch()
        beside = QBoxLayout.Direction.LeftToRight
        halves = QBoxLayout(QBoxLayout.Direction.TopToBottom if large_text(self) else beside)
        halves.setSpacing(24)
        halves.addWidget(self.form, 1, Qt.AlignmentFlag.AlignTop)
        halves.addLayout(cost, 1)
        self.column.addLayout(halves)
        self.column.addStretch()
        self._say()


def total_seconds(summary: Mapping[str, Any]) -> float:
    """Seconds of the whole run as measured; NaN where nothing was."""
    parts = [value for name, value in summary.items() if name.startswith("seconds_")]
    return float(summary.get("seconds", sum(parts) if parts else math.nan))


def _words(name: str, summary: Mapping[str, Any]) -> str:
    if name == "total":
        return in_words(total_seconds(summary)) or "–"
    value = summary.get(name)
    if value is None:
        return "–"
    if name == "experts_off":
        return f"{value:.2%}"
    if name.endswith("_bytes"):
        return f"{value / 2**30:.1f} GiB" if value > _A_TENTH else f"{value / 2**20:,.0f} MiB"
    if name == "device":
        return QCoreApplication.translate("Wizard", "Processor") if value == "cpu" else str(value)
    return in_words(float(value))
