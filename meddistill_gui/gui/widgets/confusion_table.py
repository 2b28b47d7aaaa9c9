"""What each class was taken for: rows are the true classes, columns the students' answers."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from meddistill_gui.gui.theme import colours

_STRONGEST = 120  # of 255, so that the number stays readable


class ConfusionTable(QTableWidget):
    """Means over the students; the number says it, its ground only helps the eye."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(self.tr("What each class was taken for"))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_counts(self, class_names: Sequence[str], counts: Sequence[Sequence[float]]) -> None:
        """Show how many images of each class got each answer."""
        self.setRowCount(len(class_names))
        self.setColumnCount(len(class_names))
        self.setVerticalHeaderLabels([self.tr("is {name}").format(name=one) for one in class_names])
        self.setHorizontalHeaderLabels(list(class_names))
        ground = QColor(colours.current().accent)
        for row, line in enumerate(counts):
            total = sum(line) or 1.0
            for column, count in enumerate(line):
                text = f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"
                item = QTableWidgetItem(f"{text}  ({count / total:.0%})")
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                tint = QColor(ground)
                tint.setAlpha(round(_STRONGEST * count / total))
                item.setBackground(QBrush(tint))
                item.setToolTip(
                    self.tr("{count} images of {true} were taken for {answer}").format(
                        count=text, true=class_names[row], answer=class_names[column]
                    )
                )
                self.setItem(row, column, item)
