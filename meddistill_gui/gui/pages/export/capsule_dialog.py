"""Asks where a capsule goes and what travels in it, and says what follows from that."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from meddistill_gui.core.configs.capsule import CapsuleExportConfig
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.gui.capsule_words import in_kilobytes
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.export.capsule_plan import CapsulePlan
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.notice import Notice
from meddistill_gui.gui.widgets.target_row import TargetRow


class CapsuleDialog(OperationDialog):
    """The form of `CapsuleExportConfig`, with the places of the page above it.

    Args:
        run: Whose network it is.
        plan: What the capsule would hold.
        folder: Where to, at first.
        parent: Owner.
    """

    def __init__(
        self, run: RunFolder, plan: CapsulePlan, folder: Path | None, parent: QWidget | None = None
    ) -> None:
        self._run = run
        self._plan = plan
        self.target = TargetRow()
        self.consequence = Notice()
        hidden = ("run", "to") if plan.has_statistics else ("run", "to", "statistics")
        super().__init__(
            _tr("The trained network as a small file"),
            _sentence(plan),
            CapsuleExportConfig(run=run.root, to=Path(), name=run.name, delta=plan.delta),
            _tr("Write the file"),
            leave_out=hidden,
            titles={
                "statistics": {
                    "synthetic": _tr("Of the synthetic images"),
                    "patients": _tr("Estimated from training patients"),
                }
            },
            parent=parent,
        )
        if folder is not None:
            self.target.choose(folder)
        self.inside.insertWidget(0, label(_tr("Where to"), "heading"))
        self.inside.insertWidget(1, self.target)
        self.inside.addWidget(self.consequence)
        self._fit()

    @override
    def config(self) -> CapsuleExportConfig:
        """See `OperationDialog`."""
        made: CapsuleExportConfig = self.form.config()
        return replace(made, run=self._run.root, to=self.target.folder() or Path())

    @override
    def _check(self) -> None:
        super()._check()
        if not self._plan.has_statistics:
            return
        if self.form.field("statistics").value() == "synthetic":
            self.consequence.hide()
            return
        self.consequence.show_message(
            "warning",
            _tr("Means and variances of real images of your patients then travel with the file."),
            _tr(
                "The audit does not look at these numbers. Take those of the synthetic images, unless the receiver cannot do "
                "without; fewer than 1,000 known training patients are refused."
            ),
        )
        QTimer.singleShot(0, self, self._show_consequence)  # once it has its place

    def _show_consequence(self) -> None:
        self.area.ensureWidgetVisible(self.consequence)


def _sentence(plan: CapsulePlan) -> str:
    images = (
        _tr("one synthetic image")
        if plan.images == 1
        else _tr("{count} synthetic images").format(count=plan.images)
    )
    return _tr(
        "It fits in an e-mail: about {size}, for {images} of {side} x {side} pixels with soft labels, and {steps} steps. Whoever "
        "opens it takes the same steps from the same start, and the program compares the network that comes out bit for bit. "
        "No weight of it is sent."
    ).format(size=in_kilobytes(plan.size), images=images, side=plan.side, steps=f"{plan.steps:,}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Capsule", text)
