"""What the project holds, at the left: classes with their balance, the division of the patients."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from meddistill_gui.data.counts import CatalogueSummary, ClassCount, RoleCount
from meddistill_gui.gui.pages.dataset_browser.side.ordering import Ordering
from meddistill_gui.gui.role_names import role_title
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import breakable, label

_MOST_BARS: Final = 24


class Overview(QWidget):
    """Counts only; the buttons are connected by the page.

    Args:
        parent: Owner.

    Attributes:
        again: Button to look through the source folder again.
        classes: Button to set the classes.
        split: Button to divide the patients.
        ordering: What can be done with the whole data set.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.again = button(self.tr("Look through again"), icon="refresh")
        self.classes = button(self.tr("Set classes …"), icon="tag")
        self.split = button(self.tr("Divide patients …"), icon="split")
        self.ordering = Ordering()
        self._source = label("", "small")
        self._outdated = label("", "problem")
        self._outdated.hide()
        self._balance = QWidget()
        self._roles = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 8, 0)
        self._column.setSpacing(8)
        self._column.addWidget(label(self.tr("Source folder"), "heading"))
        for part in (self._source, self._outdated, self.again):
            self._column.addWidget(part)
        self._column.addSpacing(16)
        self._column.addWidget(label(self.tr("Classes"), "heading"))
        self._column.addWidget(self._balance)
        self._column.addWidget(self.classes)
        self._column.addSpacing(16)
        self._column.addWidget(label(self.tr("Division of the patients"), "heading"))
        self._column.addWidget(self._roles)
        self._column.addWidget(self.split)
        self._column.addSpacing(16)
        self._column.addWidget(label(self.tr("Put in order"), "heading"))
        self._column.addWidget(self.ordering)
        self._column.addStretch()

    def show_summary(self, summary: CatalogueSummary) -> None:
        """Show other counts."""
        self._source.setText(breakable(str(summary.source or "")))
        self.again.setEnabled(summary.source is not None)
        self._outdated.setVisible(summary.outdated > 0)
        self._outdated.setText(
            self.tr(
                "An older version looked through {count} files: which of them may show text in their pixels is not known yet."
            ).format(count=f"{summary.outdated:,}")
        )
        self._balance = self._replace(self._balance, self._balance_of(summary))
        self._roles = self._replace(self._roles, self._roles_of(summary.roles))
        self.classes.setEnabled(summary.images > 0)
        self.split.setEnabled(len(summary.classes) > 1)

    def _replace(self, old: QWidget, new: QWidget) -> QWidget:
        self._column.replaceWidget(old, new)
        old.hide()
        old.deleteLater()
        return new

    def _balance_of(self, summary: CatalogueSummary) -> QWidget:
        counts = list(summary.classes)
        if summary.unlabelled:
            nameless = ClassCount(
                name=self.tr("no class"), images=summary.unlabelled, patients=None
            )
            counts.append(nameless)
        if not summary.classes:
            return label(self.tr("No image has a class yet."), "muted")
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(12)
        largest = max(count.images for count in counts)
        shown = sorted(counts, key=lambda count: -count.images)[:_MOST_BARS]
        for count in counts if len(counts) <= _MOST_BARS else shown:
            column.addLayout(self._bar(count, largest))
        if len(counts) > _MOST_BARS:
            more = f"{len(counts) - _MOST_BARS:,}"
            column.addWidget(label(self.tr("and {count} smaller ones").format(count=more), "small"))
        return holder

    def _bar(self, count: ClassCount, largest: int) -> QVBoxLayout:
        said = self.tr("{images} images").format(images=f"{count.images:,}")
        if count.patients is not None:
            said += self.tr(", {patients} patients").format(patients=f"{count.patients:,}")
        bar = QProgressBar()
        bar.setRange(0, largest)
        bar.setValue(count.images)
        bar.setTextVisible(False)
        bar.setAccessibleName(f"{count.name}: {said}")
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(breakable(count.name)))
        column.addWidget(bar)
        column.addWidget(label(said, "small"))
        return column

    def _roles_of(self, roles: tuple[RoleCount, ...]) -> QWidget:
        if not roles:
            return label(self.tr("Not divided yet."), "muted")
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setHorizontalSpacing(16)
        for column, title in enumerate((self.tr("Part"), self.tr("Images"), self.tr("Patients"))):
            grid.addWidget(_cell(title, "small", column), 0, column)
        for line, role in enumerate(roles, start=1):
            patients = "?" if role.patients is None else f"{role.patients:,}"
            texts = (role_title(role.role), f"{role.images:,}", patients)
            for column, text in enumerate(texts):
                grid.addWidget(_cell(text, "", column), line, column)
        grid.setColumnStretch(0, 1)
        return holder


def _cell(text: str, kind: str, column: int) -> QLabel:
    made = label(text, kind, wrap=False)
    if column:
        made.setAlignment(Qt.AlignmentFlag.AlignRight)
    return made
