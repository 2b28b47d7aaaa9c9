"""Options of the sliding window beside the image, and how many patches of each class they give."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from meddistill_gui.core.config import problems, with_values
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.patch_set import PATCH_CLASSES, UNDECIDED
from meddistill_gui.core.real_images import ROLES
from meddistill_gui.data.patches import patch_plan
from meddistill_gui.data.patches.patch_grid import Grid
from meddistill_gui.data.patches.patch_plan import PatchCounts
from meddistill_gui.gui.forms.config_form import ConfigForm
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


class PatchPreview(QWidget):
    """Asks for the window and says what it gives; the dialog counts.

    Signals:
        changed: The places on the image are others, or are shown or hidden.
        count_wanted: Count all images.
        keep_wanted: Count all images, and keep the options for the runs to come.

    Args:
        parent: Owner.
    """

    changed = Signal()
    count_wanted = Signal()
    keep_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = PatchesConfig(project=Path())
        self.shown = QCheckBox(self.tr("Show the places of the window"))
        self.shown.toggled.connect(self.changed)
        self.positive = QComboBox()
        self.positive.setAccessibleName(self.tr("Positive class"))
        self.positive.currentIndexChanged.connect(self.changed)
        self.form = ConfigForm(self._config, only=("size", "stride"))
        self.form.changed.connect(self.changed)
        self.here = label("", "small")
        self.everywhere = label("", "small")
        self.count = button(self.tr("Count all images"))
        self.count.clicked.connect(self.count_wanted)
        self.keep = button(self.tr("Use for runs"), kind="primary")
        self.keep.clicked.connect(self.keep_wanted)
        self._arrange()

    def show_options(self, config: PatchesConfig, names: tuple[str, ...]) -> None:
        """Show the division that the project keeps, and the classes to choose from."""
        self._config = config
        with QSignalBlocker(self):
            self.positive.clear()
            self.positive.addItems(list(names))
            self.positive.setCurrentText(config.positive)
            self.form.show_config(config)
        for control in (self.count, self.keep):
            control.setEnabled(bool(names))
        if not names:
            self.everywhere.setText(self.tr("Set the classes first: they say what is positive."))
        self.changed.emit()

    def config(self) -> PatchesConfig | None:
        """What is chosen, or None while something is wrong."""
        if self.form.problems():
            return None
        chosen = self.form.config()
        made = with_values(
            self._config,
            {"size": chosen.size, "stride": chosen.stride, "positive": self.positive.currentText()},
        )
        return None if problems(made) else made

    def say_here(self, grid: Grid | None) -> None:
        """Say how many places of each class this image has."""
        if grid is None:
            self.here.setText("")
            return
        if not len(grid):
            self.here.setText(self.tr("The window is larger than this image."))
            return
        counts = [
            (name, int((grid.classes == number).sum())) for number, name in enumerate(PATCH_CLASSES)
        ]
        counts.append((patch_plan.DISCARDED, int((grid.classes == UNDECIDED).sum())))
        said = ", ".join(f"{name} {count:,}" for name, count in counts)
        self.here.setText(self.tr("This image: {counts}").format(counts=said))

    def say_counts(self, counts: PatchCounts) -> None:
        """Say how many there are in all."""
        parts = [
            self.tr("{part}: {images} images, {patches} patches with a class").format(
                part=self._part(role),
                images=f"{counts.images[role]:,}",
                patches=f"{sum(found[name] for name in PATCH_CLASSES):,}",
            )
            for role in (*ROLES, patch_plan.NOT_DIVIDED)
            if (found := counts.per_role.get(role)) is not None
        ]
        self.everywhere.setText("\n".join((patch_plan.described(counts), *parts)))

    def _part(self, role: str) -> str:
        return self.tr("not divided yet") if role == patch_plan.NOT_DIVIDED else role_title(role)

    def _arrange(self) -> None:
        positive = QFormLayout()
        positive.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        positive.addRow(self.tr("Positive class"), self.positive)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.count)
        row.addWidget(self.keep)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Patches"), "heading"))
        column.addWidget(self.shown)
        column.addLayout(positive)
        column.addWidget(self.form)
        column.addWidget(self.here)
        column.addLayout(row)
        column.addWidget(self.everywhere)
