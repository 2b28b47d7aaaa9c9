"""Asks what a result is tested beside: other real images, other networks, few images, the papers' protocol."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.gui.forms.operation_dialog import OperationDialog


def evaluation_dialog(run: Path, parent: QWidget) -> OperationDialog:
    """The dialog for a run's result.

    Args:
        run: Run folder.
        parent: Owner.
    """
    return OperationDialog(
        QCoreApplication.translate("LiveView", "Evaluate beside other rows"),
        QCoreApplication.translate(
            "LiveView",
            "Every row is trained and tested in the same way, on the test patients. Each look at them should be the last.",
        ),
        EvaluateConfig(run=run),
        QCoreApplication.translate("LiveView", "Evaluate"),
        leave_out={"run"},
        parent=parent,
    )
