"""Last step: the name of the run, and everything that will be frozen with it."""

import contextlib
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QCheckBox, QTreeWidget, QTreeWidgetItem, QWidget
from typing_extensions import override

from meddistill_gui.core.config import options_of, value_at
from meddistill_gui.core.configs.distill import REAL_START
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.specs import METHODS
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.forms.wording import label_of
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.step import WizardStep
from meddistill_gui.gui.widgets.labels import label


class SummaryStep(WizardStep):
    """Shows every option with its value; a start from real images is confirmed here.

    Args:
        draft: The config.
        parent: Owner.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(
            4,
            QCoreApplication.translate("Wizard", "Summary"),
            QCoreApplication.translate(
                "Wizard",
                "These options are frozen into the run folder; the same ones give the same result.",
            ),
            parent,
        )
        self._draft = draft
        self._taken: tuple[str, ...] = ()
        self.form = ConfigForm(draft.config, only={"name"})
        self.form.changed.connect(self._on_change)
        self._taken_said = label(self.tr("A run of this name exists already."), "problem")
        self._taken_said.hide()
        self._real_said = label(REAL_START, "problem")
        self.confirmed = QCheckBox(self.tr("I want that, and know that such a set shows patients"))
        self.confirmed.toggled.connect(self.completeChanged)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([self.tr("Option"), self.tr("Value")])
        self.tree.setAccessibleName(self.tr("All options of the run"))
        self.tree.setMinimumHeight(240)
        self.column.addWidget(self.form)
        for part in (self._taken_said, self._real_said, self.confirmed):
            self.column.addWidget(part)
        self.column.addWidget(self.tree, 1)

    def set_taken(self, names: tuple[str, ...]) -> None:
        """Names that runs of the project have already."""
        self._taken = names

    @override
    def initializePage(self) -> None:
        self.form.show_config(self._draft.config)
        real = self._draft.config.initialisation != "noise"
        self.confirmed.setChecked(False)
        for part in (self._real_said, self.confirmed):
            part.setVisible(real)
        self._fill()

    @override
    def isComplete(self) -> bool:
        free = self._draft.config.name not in self._taken
        self._taken_said.setVisible(not free)
        confirmed = self._draft.config.initialisation == "noise" or self.confirmed.isChecked()
        return free and confirmed and not self.form.problems()

    def _on_change(self) -> None:
        with contextlib.suppress(
            ConfigError
        ):  # the form says it beside the field, and the step is not complete
            self._draft.replace(self.form.config())
        self.completeChanged.emit()

    def _fill(self) -> None:
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for one in options_of(self._draft.config):
            if one.path in {"project", "name"}:
                continue
            heading = one.group or self.tr("Run")
            if heading not in groups:
                groups[heading] = QTreeWidgetItem(self.tree, [heading])
                groups[heading].setFlags(Qt.ItemFlag.ItemIsEnabled)
            value = value_at(self._draft.config, one.path)
            row = QTreeWidgetItem(groups[heading], [label_of(one), _shown(value, one.about.unit)])
            row.setToolTip(0, one.about.text)
        self.tree.expandAll()
        self.tree.resizeColumnToContents(0)


def _shown(value: Any, unit: str) -> str:
    if isinstance(value, str) and value in METHODS:
        return METHODS[value].title
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{text} {unit}".strip()
