"""Chooses window, command line or job child: the single place that knows all of them.

Each door loads only its own rooms (the command line no Qt, the window no torch), so the imports stand inside.
"""

import faulthandler
import os
import sys
from collections.abc import Sequence
from typing import Final

_SWITCH_SECONDS: Final = 0.001


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the program: without arguments the window, else the command line.

    Args:
        arguments: Those after the program's name; None takes them from the command line.
    """
    _become_a_decoder()
    given = sys.argv[1:] if arguments is None else list(arguments)
    _prepare_threads()
    if not given:
        return window()
    if given == ["--job"]:
        from meddistill_gui.jobs import child

        return child.main()
    from meddistill_gui.cli.main import main as command_line

    return command_line(given)


def window() -> int:
    """Open the window."""
    from meddistill_gui.core import logs, paths
    from meddistill_gui.core.errors import MedDistillError

    _become_a_decoder()
    _prepare_threads()
    # one thread of pure Python (headers, lists) must not hold the window up for half a second
    sys.setswitchinterval(_SWITCH_SECONDS)
    folder = paths.user_logs()
    logs.start_logging(folder)
    try:
        _need_a_screen()
        with (folder / "crash.log").open("a", encoding="utf-8") as crash_log:
            faulthandler.enable(crash_log)
            from meddistill_gui.gui.app import run
            from meddistill_gui.jobs import child_process

            return run(child_process.start)
    except MedDistillError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return error.exit_code


def _need_a_screen() -> None:
    """Say in words what Qt says by aborting.

    Raises:
        InputError: There is no screen.
    """
    from meddistill_gui.core.errors import InputError

    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in names):
        raise InputError(
            "There is no screen to open a window on.",
            "Use the command line here: meddistill --help",
        )


def _become_a_decoder() -> None:
    """In a frozen build this program is also the process that decodes images apart (`data/formats/apart.py`); then never returns."""
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()


def _prepare_threads() -> None:
    """Set what torch's threads read when torch is loaded: waiting threads sleep instead of burning a core."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))


if __name__ == "__main__":
    sys.exit(main())
