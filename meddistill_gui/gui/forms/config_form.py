"""A form made from a config dataclass: labels, units, ranges, help, groups; the rare options folded away."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from meddistill_gui.core.config import Option, options_of, problems, value_at, with_values
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.gui.forms.fields import Field, field_for, stacked
from meddistill_gui.gui.forms.wording import label_of, problem_in_words
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label


@dataclass(frozen=True)
class _Row:
    option: Option
    field: Field
    problem: QLabel


class ConfigForm(QWidget):
    """Edits one config.

    The values shown are always those of a config of the same class; a choice that brings other options with it
    (the method of a run) makes the form anew.

    Args:
        config: What to show first; the class of the config decides which options there are.
        leave_out: Dotted paths that are decided elsewhere.
        only: If given, only these dotted paths.
        titles: What is shown for choices, by dotted path.
        only_if: Options that only matter for some value of another: dotted path to (that other's path, the value).
        parent: Owner.
    """

    changed = Signal()

    def __init__(
        self,
        config: object,
        *,
        leave_out: Collection[str] = (),
        only: Collection[str] | None = None,
        titles: Mapping[str, Mapping[str, str]] | None = None,
        only_if: Mapping[str, tuple[str, object]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._config = config
        self._leave_out = frozenset(leave_out)
        self._only = None if only is None else frozenset(only)
        self._titles = titles or {}
        self._only_if = only_if or {}
        self._rows: dict[str, _Row] = {}
        self._places: dict[str, tuple[QFormLayout, int]] = {}
        self._filling = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._body = QWidget()
        self._general = label(kind="problem")
        self._build()

    def config(self) -> Any:
        """The config as the form shows it.

        Raises:
            ConfigError: Naming every value that is not allowed.
        """
        made = with_values(self._config, self._values())
        if found := problems(made):
            raise ConfigError(found)
        return made

    def show_config(self, config: object) -> None:
        """Show other values."""
        self._config = config
        self._build()
        self.changed.emit()

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the values, one sentence each; also shown beside the fields."""
        try:
            self.config()
        except ConfigError as error:
            found = error.problems
        else:
            found = ()
        self._show_problems(found)
        return found

    def field(self, path: str) -> Field:
        """The editor of an option."""
        return self._rows[path].field

    def _values(self) -> dict[str, Any]:
        return {path: row.field.value() for path, row in self._rows.items()}

    def _build(self) -> None:
        self._filling = True
        self._rows = {}
        self._column.removeWidget(self._body)
        self._column.removeWidget(self._general)
        self._column.takeAt(0)  # the stretch
        self._body.hide()
        self._body.deleteLater()
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for heading, shown in self._groups().items():
            self._add_group(column, heading, shown)
        self._column.addWidget(self._body)
        self._column.addWidget(self._general)
        self._column.addStretch()
        self._filling = False
        self.problems()
        self._show_relevant()

    def _groups(self) -> dict[str, list[Option]]:
        groups: dict[str, list[Option]] = {}
        for one in options_of(self._config):
            wanted = self._only is None or one.path in self._only
            if wanted and one.path not in self._leave_out:
                groups.setdefault(one.group, []).append(one)
        return groups

    def _add_group(self, column: QVBoxLayout, heading: str, shown: list[Option]) -> None:
        if heading:
            title = label(heading, "heading")
            title.setContentsMargins(0, 16, 0, 0)
            column.addWidget(title)
        column.addWidget(self._rows_of([one for one in shown if not one.about.expert]))
        rare = [one for one in shown if one.about.expert]
        if rare:
            column.addWidget(Fold(self.tr("More options"), self._rows_of(rare)))

    def _rows_of(self, shown: list[Option]) -> QWidget:
        holder = QWidget()
        form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for one in shown:
            self._add_row(form, one)
        return holder

    def _add_row(self, form: QFormLayout, one: Option) -> None:
        field = field_for(one, self._titles.get(one.path))
        field.show_value(value_at(self._config, one.path))
        help_text = label(one.about.text, "small")
        problem = label(kind="problem")
        problem.hide()
        words = "" if one.kind is bool else label_of(one)  # a check box says its name itself
        name = label(words, wrap=False, mouse=False)
        target = field.focus_target()
        target.setAccessibleName(label_of(one))
        target.setAccessibleDescription(f"{one.about.text} {one.range_text()}".strip())
        target.setToolTip(_tip(one, self.tr))
        name.setBuddy(target)
        self._rows[one.path] = _Row(one, field, problem)
        field.changed.connect(self._on_change)
        if not isinstance(field, QWidget):  # pragma: no cover - every editor is one
            raise TypeError(one.path)
        form.addRow(name, stacked(field, help_text, problem))
        self._places[one.path] = (form, form.rowCount() - 1)

    def _on_change(self) -> None:
        if self._filling:
            return
        if self._brings_others():
            self._build()
        else:
            self.problems()
            self._show_relevant()
        self.changed.emit()

    def _show_relevant(self) -> None:
        """Hide what does not matter for the values as they are; it keeps its value."""
        for path, (other, wanted) in self._only_if.items():
            if path in self._places:
                form, row = self._places[path]
                form.setRowVisible(row, self._rows[other].field.value() == wanted)

    def _brings_others(self) -> bool:
        """Whether the change makes other options appear; the config is then already the new one."""
        try:
            made = with_values(self._config, self._values())
        except ConfigError:
            try:  # values of options that the new choice does not have
                selectors = {p: v for p, v in self._values().items() if "." not in p}
                made = with_values(self._config, selectors)
            except ConfigError:
                return False
        before = [one.path for one in options_of(self._config)]
        if [one.path for one in options_of(made)] == before:
            return False
        self._config = made
        return True

    def _show_problems(self, found: tuple[str, ...]) -> None:
        rest = list(found)
        for path, row in self._rows.items():
            mine = [sentence for sentence in found if sentence.split(" ")[0] == path]
            row.problem.setText(" ".join(problem_in_words(s, self._options()) for s in mine))
            row.problem.setVisible(bool(mine))
            rest = [sentence for sentence in rest if sentence not in mine]
        self._general.setText(" ".join(problem_in_words(s, self._options()) for s in rest))
        self._general.setVisible(bool(rest))

    def _options(self) -> tuple[Option, ...]:
        return options_of(self._config)


class Fold(QWidget):
    """A button that shows and hides what is under it.

    Args:
        title: Word on the button.
        content: What is folded away at first.
        parent: Owner.
    """

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self.toggle = button(title, kind="quiet", icon="next")
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._on_toggle)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.toggle, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(content)
        content.hide()

    def _on_toggle(self, shown: bool) -> None:
        self._content.setVisible(shown)


def _tip(one: Option, say: Callable[[str], str]) -> str:
    parts = [one.range_text()]
    if one.about.source:
        parts.append(say("Source: {source}").format(source=one.about.source))
    return "\n".join(part for part in parts if part)
