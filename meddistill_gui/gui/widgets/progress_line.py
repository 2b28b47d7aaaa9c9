"""How far work is, in words and as a bar, with the time left and a way to stop it."""

import time
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from meddistill_gui.core.events import Progress
from meddistill_gui.core.pace import Pace, in_words
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label

_PARTS = 1000


class ProgressLine(QWidget):
    """Hidden while nothing runs.

    Args:
        clock: Seconds on a steady clock, for the time left.
        parent: Owner.
    """

    cancelled = Signal()

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._pace = Pace()
        self._phase = label(wrap=False)
        self._count = label(kind="muted", wrap=False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = button(self.tr("Stop"), icon="stop")
        self.cancel.clicked.connect(self._ask_to_stop)
        words = QHBoxLayout()
        words.addWidget(self._phase)
        words.addStretch()
        words.addWidget(self._count)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addLayout(words)
        column.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(column, 1)
        row.addWidget(self.cancel)
        self.hide()

    def begin(self, phase: str) -> None:
        """Show that work has begun; how much is not known yet."""
        self._pace = Pace()
        self.cancel.setEnabled(True)
        self.cancel.setText(self.tr("Stop"))
        self._say(phase, "")
        self.bar.setRange(0, 0)
        self.show()

    def show_progress(self, progress: Progress) -> None:
        """Show how far a phase is."""
        self._pace.update(progress.phase, progress.done, self._clock())
        self._say(_sentence(progress.phase), self._counted(progress))
        if progress.total:
            self.bar.setRange(0, _PARTS)
            self.bar.setValue(min(_PARTS, _PARTS * progress.done // progress.total))
        else:
            self.bar.setRange(0, 0)
        self.show()

    def finish(self) -> None:
        """Hide; nothing runs any more."""
        self.hide()

    def text(self) -> str:
        """Phase, count and time left, as they are shown."""
        return f"{self._phase.text()} {self._count.text()}".strip()

    def _counted(self, progress: Progress) -> str:
        if progress.total is None:
            counted = f"{progress.done:,} {progress.unit}"
        else:
            counted = self.tr("{done} of {total} {unit}").format(
                done=f"{progress.done:,}", total=f"{progress.total:,}", unit=progress.unit
            )
        left = in_words(self._pace.seconds_left(progress.total))
        return counted.strip() + (self.tr(" · {time} left").format(time=left) if left else "")

    def _say(self, phase: str, counted: str) -> None:
        if phase != self._phase.text():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, phase))
        self._phase.setText(phase)
        self._count.setText(counted)
        self.bar.setAccessibleName(phase)
        self.bar.setAccessibleDescription(counted)

    def _ask_to_stop(self) -> None:
        self.cancel.setEnabled(False)
        self.cancel.setText(self.tr("Stopping …"))
        self.cancelled.emit()


def _sentence(phase: str) -> str:
    return phase[:1].upper() + phase[1:]
