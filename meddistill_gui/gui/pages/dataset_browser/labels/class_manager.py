"""What becomes of each class: renamed, merged with another by the same name, or left out. Nothing is lost: the first names stay known."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.files import write_whole
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.labels.class_names import questions_about
from meddistill_gui.data.labels.layers import SourceClass, labels_by_path
from meddistill_gui.data.recording import patient_identities
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label
from meddistill_gui.gui.widgets.scrolling import scrolling

_FEWEST: Final = 2


class ClassManager(QDialog):
    """One line for each class that the source, a table or a person named.

    Signals:
        failed: `MedDistillError`, where the table could not be written.

    Args:
        catalogue: Of the window's thread; only read.
        classes: What there is.
        parent: Owner.
    """

    failed = Signal(object)

    def __init__(
        self,
        catalogue: Catalogue,
        classes: Sequence[SourceClass],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Classes"))
        self._catalogue = catalogue
        self._classes = classes
        self._identities = patient_identities(catalogue)
        self.names: list[QLineEdit] = []
        self.kept: list[QCheckBox] = []
        self.said = label("", "muted")
        self.problem = label("", "problem")
        self.go = button(self.tr("Set classes"), kind="primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        self._arrange()
        self._check()
        self.resize(720, 560)

    def config(self, project: Path) -> LabelConfig:
        """The renamings and what is left out, for the operation "label"."""
        rows = list(zip(self._classes, self.names, self.kept, strict=True))
        return LabelConfig(
            project=project,
            rule="keep",
            rename=tuple(
                f"{one.name}={name.text().strip()}"
                for one, name, kept in rows
                if kept.isChecked() and name.text().strip() != one.name
            ),
            ignore=tuple(one.name for one, _, kept in rows if not kept.isChecked()),
        )

    def save_table(self) -> None:
        """Ask where to, and write down path and class of every image that has one."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the classes"), "classes.csv", "CSV (*.csv)"
        )
        if chosen:
            try:
                write_whole(Path(chosen), as_table(self._catalogue))
            except MedDistillError as error:
                self.failed.emit(error)

    def _after(self) -> dict[str, int]:
        """Images of each class as it would be."""
        counts: dict[str, int] = {}
        for one, name, kept in zip(self._classes, self.names, self.kept, strict=True):
            if kept.isChecked():
                title = name.text().strip()
                counts[title] = counts.get(title, 0) + one.images
        return dict(sorted(counts.items()))

    def _check(self) -> None:
        for name, kept in zip(self.names, self.kept, strict=True):
            name.setEnabled(kept.isChecked())
        after = self._after()
        counts = ", ".join(f"{name} {count:,}" for name, count in after.items())
        self.said.setText(self.tr("Afterwards: {classes}").format(classes=counts or "–"))
        wrong = ""
        if "" in after:
            wrong = self.tr("Give each class a name, or leave it out.")
        elif any("=" in name for name in after):
            wrong = self.tr("A class name must not hold the sign =.")
        elif len(after) < _FEWEST:
            wrong = self.tr("A model needs at least two classes.")
        asked = () if wrong else questions_about(list(after), self._identities)
        self.problem.setText("\n".join([wrong] if wrong else asked))
        self.problem.setVisible(bool(wrong or asked))
        self.go.setEnabled(not wrong)

    def _arrange(self) -> None:
        save = button(self.tr("Save as table …"))
        save.setToolTip(
            self.tr("Path and class of every image, to label the same images in another project")
        )
        save.clicked.connect(self.save_table)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(save)
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(label(self.tr("Classes"), "title"))
        column.addWidget(
            label(
                self.tr(
                    "Two classes with the same name become one. Images of a class that is left out are not used. Class names are "
                    "sent along with the set: none may tell who a person is."
                ),
                "muted",
            )
        )
        column.addWidget(scrolling(self._lines(), sideways=True), 1)
        column.addWidget(self.said)
        column.addWidget(self.problem)
        column.addLayout(row)

    def _lines(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        titles = (self.tr("Use"), self.tr("Class"), self.tr("Images"), self.tr("Becomes"))
        for place, title in enumerate(titles):
            grid.addWidget(label(title, "small", wrap=False), 0, place)
        for line, one in enumerate(self._classes, start=1):
            self._add_line(grid, line, one)
        grid.setColumnStretch(3, 1)
        grid.setRowStretch(len(self._classes) + 1, 1)
        return holder

    def _add_line(self, grid: QGridLayout, line: int, one: SourceClass) -> None:
        kept = QCheckBox()
        kept.setChecked(bool(one.becomes))
        kept.setAccessibleName(self.tr("Use the class {name}").format(name=one.name))
        kept.toggled.connect(self._check)
        name = QLineEdit(one.becomes or one.name)
        name.setAccessibleName(self.tr("New name of the class {name}").format(name=one.name))
        name.setMinimumWidth(180)
        name.textChanged.connect(self._check)
        images = f"{one.images:,}"
        if one.by_hand:
            images = self.tr("{images}, {hand} by hand").format(
                images=images, hand=f"{one.by_hand:,}"
            )
        first = label(one.name)
        first.setMinimumWidth(120)
        widgets = (kept, first, label(images, "muted", wrap=False), name)
        for place, widget in enumerate(widgets):
            grid.addWidget(
                widget,
                line,
                place,
                alignment=Qt.AlignmentFlag.AlignVCenter if place < 3 else Qt.AlignmentFlag(0),
            )
        self.kept.append(kept)
        self.names.append(name)


def as_table(catalogue: Catalogue) -> bytes:
    """Path and class of every image that has one, as the rule "table" reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "class"))
    writer.writerows(labels_by_path(catalogue))
    return text.getvalue().encode("utf-8", "surrogateescape")
