"""What the steps have in common: a column that scrolls, so that large text never clips."""

from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget, QWizardPage

from meddistill_gui.gui.widgets.fitting import fitted
from meddistill_gui.gui.widgets.labels import label

STEPS: Final = 4


class WizardStep(QWizardPage):
    """A page of the wizard.

    Args:
        number: Which step, from 1.
        title: Its name.
        sentence: What it decides.
        parent: Owner.

    Attributes:
        column: Where a step puts its parts.
    """

    def __init__(
        self, number: int, title: str, sentence: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        place = self.tr("Step {number} of {all}").format(number=number, all=STEPS)
        content = QWidget()
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(0, 8, 16, 8)
        self.column.setSpacing(12)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        outer.addWidget(label(f"{place}: {title}", "heading"))
        outer.addWidget(label(sentence, "muted"))
        outer.addSpacing(8)
        outer.addWidget(fitted(content), 1)
