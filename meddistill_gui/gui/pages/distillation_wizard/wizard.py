"""The four steps, inside the page instead of in a window of their own."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget, QWizard
from typing_extensions import override

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.gui.pages.distillation_wizard.budget_step import BudgetStep
from meddistill_gui.gui.pages.distillation_wizard.data_step import DataStep
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.method_step import MethodStep
from meddistill_gui.gui.pages.distillation_wizard.summary_step import SummaryStep
from meddistill_gui.jobs.job import StartJob


class DistillationWizard(QWizard):
    """Yields a frozen config.

    Args:
        config: What to begin with.
        start_job: For the measurement.
        parent: Owner.
    """

    ready = Signal(object)
    """The `DistillConfig` that the user confirmed."""

    def __init__(
        self, config: DistillConfig, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.draft = Draft(config, self)
        self.data = DataStep(self.draft)
        self.method = MethodStep(self.draft)
        self.budget = BudgetStep(self.draft, start_job)
        self.summary = SummaryStep(self.draft)
        for step in (self.data, self.method, self.budget, self.summary):
            self.addPage(step)
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        options = QWizard.WizardOption
        self.setOption(options.NoCancelButton)
        self.setOption(options.NoDefaultButton)
        self.setOption(options.NoBackButtonOnStartPage)
        self.setButtonText(QWizard.WizardButton.NextButton, self.tr("Next"))
        self.setButtonText(QWizard.WizardButton.BackButton, self.tr("Back"))
        self.setButtonText(QWizard.WizardButton.FinishButton, self.tr("Start distilling"))
        for which in (QWizard.WizardButton.NextButton, QWizard.WizardButton.FinishButton):
            self.button(which).setProperty("kind", "primary")
        self.currentIdChanged.connect(self._keep_focus_later)

    def begin(
        self, config: DistillConfig, summary: CatalogueSummary, taken: tuple[str, ...]
    ) -> None:
        """Start again at the first step.

        Args:
            config: What to begin with.
            summary: The project in numbers.
            taken: Names that runs of the project have already.
        """
        self.draft.replace(config)
        self.data.show_summary(summary)
        self.summary.set_taken(taken)
        self.restart()

    @override
    def accept(self) -> None:
        """The last step's button: stays on the page, and says what was confirmed."""
        if self.summary.isComplete():
            self.ready.emit(self.draft.config)

    def _keep_focus_later(self) -> None:
        """Qt disables the button for a moment while it turns the page, and the focus leaves the wizard."""
        if self.isVisible():
            QTimer.singleShot(0, self._keep_focus)

    def _keep_focus(self) -> None:
        last = self.nextId() < 0
        which = QWizard.WizardButton.FinishButton if last else QWizard.WizardButton.NextButton
        self.button(which).setFocus()

    @override
    def reject(self) -> None:
        """Escape does nothing: a wizard inside a page cannot be dismissed."""
