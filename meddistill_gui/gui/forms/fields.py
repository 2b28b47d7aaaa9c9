"""One editor per kind of option: it shows a value, gives it back, and says when it was changed."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.core.config import Option
from meddistill_gui.gui.forms.wording import label_of
from meddistill_gui.gui.widgets.buttons import button

_LARGEST: Final = 2**31 - 1


class Field(Protocol):
    """What a form knows of an editor. `changed` is a signal without arguments."""

    changed: Any

    def value(self) -> Any:
        """The value as it stands; None for "not set"; text where it is no number."""
        ...

    def show_value(self, value: Any) -> None:
        """Show a value."""
        ...

    def focus_target(self) -> QWidget:
        """The widget that takes the keyboard: it carries the accessible name."""
        ...


class _Editor(QWidget):
    """Base of the editors: one widget in a row, quiet under the mouse wheel unless it has the focus."""

    changed = Signal()

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self._inner = inner
        inner.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        inner.installEventFilter(self)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)
        self.row.addWidget(inner)

    def focus_target(self) -> QWidget:
        """See `Field`."""
        return self._inner

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self._inner.hasFocus():
            event.ignore()
            return True
        return False

    def _say_changed(self, *_: object) -> None:
        self.changed.emit()


class IntegerField(_Editor):
    """A whole number."""

    def __init__(self, one: Option) -> None:
        self._box = QSpinBox()
        super().__init__(self._box)
        about = one.about
        low = -_LARGEST if about.minimum is None else int(about.minimum)
        high = _LARGEST if about.maximum is None else int(about.maximum)
        self._box.setRange(low, high)
        self._box.setGroupSeparatorShown(True)
        self._box.setSuffix(f" {about.unit}" if about.unit else "")
        self._box.setMinimumWidth(160)
        self.row.addStretch()
        self._box.valueChanged.connect(self._say_changed)

    def value(self) -> int:
        """See `Field`."""
        return self._box.value()

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._box.setValue(int(value))


class ShareField(_Editor):
    """A share of 0 to 1, shown in percent."""

    def __init__(self, one: Option) -> None:
        self._box = QDoubleSpinBox()
        super().__init__(self._box)
        self._box.setRange(100 * (one.about.minimum or 0.0), 100 * (one.about.maximum or 1.0))
        self._box.setDecimals(1)
        self._box.setSingleStep(5.0)
        self._box.setSuffix(" %")
        self._box.setMinimumWidth(160)
        self.row.addStretch()
        self._box.valueChanged.connect(self._say_changed)

    def value(self) -> float:
        """See `Field`."""
        return round(self._box.value() / 100, 6)

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._box.setValue(100 * float(value))


class NumberField(_Editor):
    """Any number, also 1e-05; text that is no number is given back as text, and the config's check names it."""

    def __init__(self, one: Option) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        self._line.setMaximumWidth(200)
        self._line.setToolTip(one.range_text())
        self.row.addStretch()
        self._line.textEdited.connect(self._say_changed)

    def value(self) -> float | str:
        """See `Field`."""
        text = self._line.text().strip().replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            return text
        return number if math.isfinite(number) else text

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._line.setText(f"{value:g}" if isinstance(value, float) else str(value))


class SwitchField(_Editor):
    """Yes or no."""

    def __init__(self, one: Option) -> None:
        self._box = QCheckBox(label_of(one))
        super().__init__(self._box)
        self.row.addStretch()
        self._box.toggled.connect(self._say_changed)

    def value(self) -> bool:
        """See `Field`."""
        return self._box.isChecked()

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._box.setChecked(bool(value))


class ChoiceField(_Editor):
    """One of a few words.

    Args:
        one: The option.
        titles: What is shown for a word, where it is not the word itself.
    """

    def __init__(self, one: Option, titles: Mapping[str, str] | None = None) -> None:
        self._box = QComboBox()
        super().__init__(self._box)
        for word in one.about.choices:
            self._box.addItem((titles or {}).get(word, word), word)
        self._box.setMinimumWidth(160)
        self.row.addStretch()
        self._box.currentIndexChanged.connect(self._say_changed)

    def value(self) -> str:
        """See `Field`."""
        return str(self._box.currentData())

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._box.setCurrentIndex(self._box.findData(value))


class ChoicesField(QWidget):
    """Any number of a few words, in the order in which they are offered.

    Args:
        one: The option.
        titles: What is shown for a word, where it is not the word itself.
    """

    changed = Signal()

    def __init__(self, one: Option, titles: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._boxes = {
            word: QCheckBox((titles or {}).get(word, word)) for word in one.about.choices
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for box in self._boxes.values():
            box.toggled.connect(self._say_changed)
            column.addWidget(box)

    def focus_target(self) -> QWidget:
        """See `Field`: all of them together."""
        return self

    def value(self) -> tuple[str, ...]:
        """See `Field`."""
        return tuple(word for word, box in self._boxes.items() if box.isChecked())

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        for word, box in self._boxes.items():
            box.setChecked(word in value)

    def _say_changed(self) -> None:
        self.changed.emit()


class TextField(_Editor):
    """One line of text."""

    def __init__(self, one: Option) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        self._line.setPlaceholderText(one.about.unit)
        self._line.textEdited.connect(self._say_changed)

    def value(self) -> str:
        """See `Field`."""
        return self._line.text()

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._line.setText("" if value is None else str(value))


class ListField(TextField):
    """Several words, with commas between them."""

    @override
    def value(self) -> tuple[str, ...]:  # type: ignore[override]  # the same line, another meaning
        parts = (part.strip() for part in self._line.text().split(","))
        return tuple(part for part in parts if part)

    @override
    def show_value(self, value: Any) -> None:
        self._line.setText(", ".join(map(str, value)))


class PathField(_Editor):
    """A folder or file, typed or chosen.

    Args:
        one: The option; an optional one may stay empty. The text says "table" or "file" where a file is meant.
    """

    def __init__(self, one: Option) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        words = one.about.text.lower()
        self._file = "folder" not in words and ("table" in words or "file" in words)
        self._title = one.about.text
        choose = button(self.tr("Choose …"), icon="folder")
        choose.setAccessibleName(self.tr("Choose: {what}").format(what=one.about.text))
        choose.clicked.connect(self.choose)
        self.row.addWidget(choose)
        self._line.textEdited.connect(self._say_changed)

    def value(self) -> Path | None:
        """See `Field`."""
        text = self._line.text().strip()
        return Path(text) if text else None

    def show_value(self, value: Any) -> None:
        """See `Field`."""
        self._line.setText("" if value is None else str(value))
        self._line.setToolTip(self._line.text())  # a long path does not fit

    def choose(self) -> None:
        """Ask for it in a dialog."""
        before = self._line.text()
        if self._file:
            chosen, _ = QFileDialog.getOpenFileName(self, self._title, before)
        else:
            chosen = QFileDialog.getExistingDirectory(self, self._title, before)
        if chosen:
            self._line.setText(chosen)
            self.changed.emit()


def field_for(one: Option, titles: Mapping[str, str] | None = None) -> Field:
    """The editor of an option.

    Args:
        one: The option.
        titles: What is shown for its choices.
    """
    if one.about.choices:
        several = one.kind is tuple
        return ChoicesField(one, titles) if several else ChoiceField(one, titles)
    kinds: dict[type, Callable[[Option], Field]] = {
        bool: SwitchField,
        int: IntegerField,
        float: ShareField if _is_share(one) else NumberField,
        Path: PathField,
        tuple: ListField,
    }
    return kinds.get(one.kind, TextField)(one)


def _is_share(one: Option) -> bool:
    return one.about.text.lower().startswith("share ")


def stacked(*widgets: QWidget) -> QWidget:
    """Widgets under each other, close together."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 8)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return holder
