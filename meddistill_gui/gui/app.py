"""Opens the window."""

import sys
from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from meddistill_gui.core.paths import APP_NAME
from meddistill_gui.gui import settings
from meddistill_gui.gui.exception_dialog import ExceptionHook
from meddistill_gui.gui.main_window import MainWindow
from meddistill_gui.gui.page_list import pages
from meddistill_gui.gui.theme.style import Theme
from meddistill_gui.jobs.job import StartJob


def run(start_job: StartJob, argv: Sequence[str] = ()) -> int:
    """Show the window until it is closed.

    Args:
        start_job: Starts an operation.
        argv: Arguments for Qt, without the program's name.

    Returns:
        Exit code.
    """
    app = _application(argv)
    path = settings.settings_file()
    chosen = settings.load(path)
    theme = Theme(app, chosen.scheme, chosen.text_percent)
    window = MainWindow(start_job, pages(), theme, path)
    hook = ExceptionHook(window)
    hook.install()
    heartbeat = _let_python_see_signals(hook)
    window.show()
    try:
        return app.exec()
    finally:
        heartbeat.stop()
        hook.remove()


def _application(argv: Sequence[str]) -> QApplication:
    there = QApplication.instance()
    app = there if isinstance(there, QApplication) else QApplication([sys.argv[0], *argv])
    app.setApplicationName(APP_NAME)
    app.setDesktopFileName(APP_NAME.lower())
    return app


def _let_python_see_signals(hook: ExceptionHook) -> QTimer:
    """Ctrl+C in the terminal is only noticed when Python code runs now and then."""
    timer = QTimer(hook)
    timer.timeout.connect(hook.breathe)
    timer.start(500)
    return timer
