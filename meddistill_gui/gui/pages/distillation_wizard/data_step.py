"""First step: what will be distilled, and at which size."""

import contextlib

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QWidget
from typing_extensions import override

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.step import WizardStep
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.labels import label


class DataStep(WizardStep):
    """Counts of the training images, and how pixels become the network's input.

    Args:
        draft: The config.
        parent: Owner.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(
            1,
            QCoreApplication.translate("Wizard", "Data"),
            QCoreApplication.translate(
                "Wizard",
                "Only training patients are distilled. The others choose, test and compare.",
            ),
            parent,
        )
        self._draft = draft
        self._counts = QWidget()
        self.form = ConfigForm(
            draft.config,
            only={"images.size", "images.channels", "images.fit", "images.window"},
            titles={
                "images.fit": {
                    "pad": self.tr("Pad with black"),
                    "crop": self.tr("Crop the middle"),
                    "stretch": self.tr("Stretch"),
                },
                "images.window": {
                    "file": self.tr("As the file says"),
                    "percentile": self.tr("From each image's grey levels"),
                },
            },
        )
        self.form.changed.connect(self._on_change)
        self.column.addWidget(self._counts)
        self.column.addWidget(self.form)
        self.column.addStretch()

    def show_summary(self, summary: CatalogueSummary) -> None:
        """Show the counts of the project."""
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setHorizontalSpacing(24)
        names = [count.name for count in summary.classes]
        heads = [self.tr("Part"), self.tr("Patients"), self.tr("Images"), *names]
        for column, head in enumerate(heads):
            grid.addWidget(label(head, "small"), 0, column, _side(column))
        for line, role in enumerate(summary.roles, start=1):
            patients = self.tr("unknown") if role.patients is None else f"{role.patients:,}"
            cells = [role_title(role.role), patients, f"{role.images:,}"]
            cells += [f"{role.per_class.get(name, 0):,}" for name in names]
            for column, text in enumerate(cells):
                grid.addWidget(label(text, wrap=False), line, column, _side(column))
        grid.setColumnStretch(len(heads), 1)
        self.column.replaceWidget(self._counts, table)
        self._counts.hide()
        self._counts.deleteLater()
        self._counts = table

    @override
    def initializePage(self) -> None:
        self.form.show_config(self._draft.config)

    @override
    def isComplete(self) -> bool:
        return not self.form.problems()

    def _on_change(self) -> None:
        with contextlib.suppress(
            ConfigError
        ):  # the form says it beside the field, and the step is not complete
            self._draft.replace(self.form.config())
        self.completeChanged.emit()


def _side(column: int) -> Qt.AlignmentFlag:
    """Words stand left, numbers right: so they are compared digit by digit."""
    return Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
