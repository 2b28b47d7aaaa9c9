"""What happens when the window itself has a bug: the traceback goes into the log and onto the screen, with a copy button."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.labels import label

_log = logging.getLogger(__name__)


class ExceptionDialog(QDialog):
    """Shows one traceback.

    Args:
        details: The traceback.
        parent: Owner.
    """

    def __init__(self, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unexpected error"))
        self.resize(720, 480)
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.setAccessibleName(self.tr("Details of the error"))
        copy = button(self.tr("Copy details"), icon="copy")
        copy.clicked.connect(self.copy_details)
        close = button(self.tr("Go on"), kind="primary")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(copy)
        row.addStretch()
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(label(self.tr("Something went wrong inside the program."), "heading"))
        sentence = self.tr(
            "Work that runs is not touched, and what was done is kept. Please report these details; look through "
            "them first, they may hold folder names."
        )
        column.addWidget(label(sentence, "muted"))
        column.addWidget(self._details, 1)
        column.addLayout(row)

    def copy_details(self) -> None:
        """Put the traceback on the clipboard."""
        QGuiApplication.clipboard().setText(self._details.toPlainText())


class ExceptionHook(QObject):
    """Replaces Python's hooks while it is installed; may be reached from any thread.

    Args:
        window: Owner of the dialogs.
    """

    _raised = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ExceptionDialog | None = None
        self._before = (sys.excepthook, threading.excepthook)
        self._raised.connect(self._show)

    def install(self) -> None:
        """Take over `sys.excepthook` and `threading.excepthook`."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def breathe(self) -> None:
        """Does nothing, in Python: then Python looks for Ctrl+C."""

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        _log.error("unhandled exception", exc_info=(kind, error, trace))
        self._raised.emit("".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            self._on_exception(told.exc_type, told.exc_value, told.exc_traceback)

    def _show(self, details: str) -> None:
        """One dialog at a time: a bug in a paint event would otherwise open hundreds."""
        if self._dialog is not None and self._dialog.isVisible():
            return
        self._dialog = ExceptionDialog(details, self._window)
        self._dialog.show()
