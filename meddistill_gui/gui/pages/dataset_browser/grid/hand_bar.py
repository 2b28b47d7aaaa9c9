"""The row over the images that sets the class of the selected ones, and takes it back."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from meddistill_gui.core.project import held
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.labels import hand_labels
from meddistill_gui.data.labels.hand_labels import HandReport
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.flow import Flow
from meddistill_gui.gui.widgets.labels import label

_DIGITS: Final = 9
_Ids = npt.NDArray[np.int64]
Done = tuple[HandReport | None, tuple[int, int]]


class HandBar(QWidget):
    """Says how many images are selected, and lets a person name their class: chosen from those there are, or typed anew.

    Shortcuts: C goes to the class, 1 to 9 set one of the first nine classes at once, Backspace takes the class away, Ctrl+Z and Ctrl+Shift+Z.

    Signals:
        done: `HandReport` of what was done.
        failed: `MedDistillError`.

    Args:
        selected: Tells the ids of the selected images.
        parent: Owner; the shortcuts work wherever the focus is in it.
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, selected: Callable[[], _Ids], parent: QWidget) -> None:
        super().__init__(parent)
        self._selected = selected
        self._project: Path | None = None
        self._background = Background(1, self)
        self._background.done.connect(self._on_done)
        self._background.failed.connect(self._on_failed)
        self._count = label("", "small", wrap=False, mouse=False)
        self.names = QComboBox()
        self._typed = QLineEdit()
        self._typed.setAccessibleName(self.tr("Class for the selected images"))
        self.names.setLineEdit(self._typed)
        self.names.setAccessibleName(self.tr("Class for the selected images"))
        self.names.setToolTip(
            self.tr(
                "Choose a class or type a new one (C); 1 to 9 set one of the first nine at once."
            )
        )
        self.names.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.names.setMinimumContentsLength(12)
        self._typed.setPlaceholderText(self.tr("Class"))
        self._typed.returnPressed.connect(self.set_class)
        self.set = button(self.tr("Set class"), icon="tag")
        self.take = button(
            "",
            kind="quiet",
            icon="close",
            tip=self.tr("Take the class of the selected images away (Backspace)"),
        )
        self.undo = button("", kind="quiet", icon="undo", tip=self.tr("Take back (Ctrl+Z)"))
        self.redo = button("", kind="quiet", icon="refresh", tip=self.tr("Do again (Ctrl+Shift+Z)"))
        self._arrange()
        self._give_shortcuts(parent)
        self.show_selected(0)

    def show_project(self, project: Path | None, classes: Sequence[str]) -> None:
        """Work on this project from now on, with these classes to choose from."""
        self._project = project
        typed = self.names.currentText()
        if [self.names.itemText(i) for i in range(self.names.count())] != list(classes):
            self.names.clear()
            self.names.addItems(list(classes))
            self.names.setCurrentText(typed)
        if project is not None:
            self._ask(hand_labels.steps)

    def show_selected(self, count: int) -> None:
        """Say how many images are selected."""
        self._count.setText(
            self.tr("{count} selected").format(count=f"{count:,}")
            if count
            else self.tr("None selected")
        )
        for control in (self.set, self.take):
            control.setEnabled(count > 0)

    def set_class(self) -> None:
        """Give the selected images the class that is chosen or typed."""
        name = self.names.currentText().strip()
        if name and self.set.isEnabled():
            self._change(functools.partial(_set, ids=self._selected().tolist(), name=name))

    def take_class(self) -> None:
        """Take the class of the selected images away."""
        if self.take.isEnabled():
            self._change(functools.partial(_set, ids=self._selected().tolist(), name=None))

    def close_writing(self) -> None:
        """Wait for what is being written."""
        self._background.close()

    @property
    def waiting(self) -> bool:
        """Whether something is being written."""
        return not self.isEnabled()

    def _take_back(self) -> None:
        if self.undo.isEnabled():
            self._change(hand_labels.undo)

    def _do_again(self) -> None:
        if self.redo.isEnabled():
            self._change(hand_labels.redo)

    def _set_numbered(self, number: int) -> None:
        if number < self.names.count():
            self.names.setCurrentIndex(number)
            self.set_class()

    def _change(self, change: Callable[..., HandReport | None]) -> None:
        if self._project is not None and self.isEnabled():
            self.setEnabled(False)
            self._background.ask([("change", functools.partial(_written, self._project, change))])

    def _ask(self, question: Callable[..., tuple[int, int]]) -> None:
        if self._project is not None and self.isEnabled():
            self._background.ask([("steps", functools.partial(_read, self._project, question))])

    def _on_done(self, what: str, answer: Done | tuple[int, int]) -> None:
        if what == "steps":
            self._show_steps(answer)  # type: ignore[arg-type]
            return
        report, after = answer
        self.setEnabled(True)
        self._show_steps(after)  # type: ignore[arg-type]
        if isinstance(report, HandReport):
            self.done.emit(report)

    def _on_failed(self, what: str, error: object) -> None:
        self.setEnabled(True)
        if what == "change":
            self.failed.emit(error)

    def _show_steps(self, steps: tuple[int, int]) -> None:
        self.undo.setEnabled(steps[0] > 0)
        self.redo.setEnabled(steps[1] > 0)

    def _arrange(self) -> None:
        self.set.clicked.connect(self.set_class)
        self.take.clicked.connect(self.take_class)
        self.undo.clicked.connect(self._take_back)
        self.redo.clicked.connect(self._do_again)
        row = Flow(8, self)
        row.addWidget(self._count)
        row.addWidget(self.names)
        for control in (self.set, self.take, self.undo, self.redo):
            row.addWidget(control)
        for control in (self.undo, self.redo):
            control.setEnabled(False)

    def _give_shortcuts(self, owner: QWidget) -> None:
        keys: dict[str, Callable[[], object]] = {
            "C": self._go_to_names,
            "Backspace": self.take_class,
            "Ctrl+Z": self._take_back,
            "Ctrl+Shift+Z": self._do_again,
            "Ctrl+Y": self._do_again,
        }
        keys |= {
            str(number + 1): functools.partial(self._set_numbered, number)
            for number in range(_DIGITS)
        }
        for key, receiver in keys.items():
            shortcut = QShortcut(QKeySequence(key), owner)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(receiver)

    def _go_to_names(self) -> None:
        self.names.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._typed.selectAll()


def _set(catalogue: object, *, ids: Sequence[int], name: str | None) -> HandReport:
    return hand_labels.set_classes(catalogue, ids, name)  # type: ignore[arg-type]


def _written(project: Path, change: Callable[..., HandReport | None]) -> Done:
    with held(project, "project"), open_catalogue(project / "catalogue.sqlite") as catalogue:
        return change(catalogue), hand_labels.steps(catalogue)


def _read(project: Path, question: Callable[..., tuple[int, int]]) -> tuple[int, int]:
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        return question(catalogue)
