"""Second step: which method, and how much work."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QDialog, QWidget
from typing_extensions import override

from meddistill_gui.core.config import problems
from meddistill_gui.core.specs import METHODS
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.distillation_wizard.choice_card import ChoiceCard
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.patch_offer import METHOD, PatchOffer
from meddistill_gui.gui.pages.distillation_wizard.presets import PRESETS, applied, matching
from meddistill_gui.gui.pages.distillation_wizard.step import WizardStep
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class MethodStep(WizardStep):
    """Cards for methods and presets, and all options for those who want them.

    Args:
        draft: The config.
        parent: Owner.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(
            2,
            QCoreApplication.translate("Wizard", "Method"),
            QCoreApplication.translate(
                "Wizard", "How the synthetic images are found, and how much work that may be."
            ),
            parent,
        )
        self._draft = draft
        self._offered = PatchOffer()
        self._methods = QButtonGroup(self)
        self.cards: dict[str, ChoiceCard] = {}
        self._presets = QButtonGroup(self)
        self.offer = label("")
        self.column.addWidget(self.offer)
        # what fits only some images is shown only then, and must be seen at once
        for spec in sorted(METHODS.values(), key=lambda one: one.name != METHOD):
            card = ChoiceCard(spec.title, spec.sentence, f"{spec.paper}. {spec.standing}")
            self._add(self._methods, card, spec.name)
            self.cards[spec.name] = card
        self.column.addSpacing(8)
        self.column.addWidget(label(self.tr("Amount of work"), "heading"))
        texts = {
            "quick": (self.tr("Quick look"), self.tr("Minutes: to see whether it works at all.")),
            "balanced": (self.tr("Balanced"), self.tr("For a first result to look at closely.")),
            "thorough": (
                self.tr("Thorough"),
                self.tr("More and longer experts, wider network: hours, better with a GPU."),
            ),
        }
        for preset in PRESETS:
            self._add(self._presets, ChoiceCard(*texts[preset.name]), preset.name)
        more = button(self.tr("All options …"), icon="settings")
        more.clicked.connect(self.show_all_options)
        self._own = label(self.tr("Own values are set: none of the three amounts."), "muted")
        self.column.addWidget(self._own)
        self.column.addWidget(more, alignment=Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch()
        self._methods.buttonClicked.connect(self._on_method)
        self._presets.buttonClicked.connect(self._on_preset)
        draft.changed.connect(self._mark)
        self._mark()

    def show_offer(self, offer: PatchOffer) -> None:
        """Offer the method for patches where they would help, and say why."""
        self._offered = offer
        self._mark()

    @override
    def initializePage(self) -> None:
        self._mark()

    @override
    def isComplete(self) -> bool:
        return not problems(self._draft.config)

    def show_all_options(self) -> None:
        """Edit every option of the run in one form."""
        dialog = OperationDialog(
            self.tr("All options of the run"),
            self.tr("Each option says what it does and where its value comes from."),
            self._draft.config,
            self.tr("Use these"),
            leave_out={"project", "name"},
            titles={"method": {name: spec.title for name, spec in METHODS.items()}},
            parent=self,
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._draft.replace(dialog.config())

    def _add(self, group: QButtonGroup, card: ChoiceCard, name: str) -> None:
        card.radio.setObjectName(name)
        group.addButton(card.radio)
        self.column.addWidget(card)

    def _on_method(self, chosen: QAbstractButton) -> None:
        preset = matching(self._draft.config)
        self._draft.set({"method": chosen.objectName()})
        for known in PRESETS:
            if known.name == preset:
                self._draft.replace(applied(self._draft.config, known))

    def _on_preset(self, chosen: QAbstractButton) -> None:
        preset = next(preset for preset in PRESETS if preset.name == chosen.objectName())
        self._draft.replace(applied(self._draft.config, preset))

    def _mark(self) -> None:
        chosen = self._draft.config.method
        _check(self._methods, chosen)
        self.cards[METHOD].setVisible(self._offered.fits or chosen == METHOD)
        self.offer.setText(self._offered.sentence())
        self.offer.setVisible(self._offered.fits)
        preset = matching(self._draft.config)
        _check(self._presets, preset)
        self._own.setVisible(not preset)
        self.completeChanged.emit()


def _check(group: QButtonGroup, name: str) -> None:
    """Check the button of this name, or none."""
    group.setExclusive(False)
    for one in group.buttons():
        one.setChecked(one.objectName() == name)
    group.setExclusive(True)
