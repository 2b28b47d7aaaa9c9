"""How long each door takes to open, from the start of the process: `python -m benchmarks.startup`.

Files are in the page cache (a second start). The start script is measured only where it has set up this checkout.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

RUNS = 7
ROOT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-m", "meddistill_gui"]
WINDOW = (
    "from PySide6.QtCore import QTimer\n"
    "from PySide6.QtWidgets import QApplication\n"
    "app = QApplication([])\n"
    # runs once the event loop does, which is after the first paint was asked for
    "QTimer.singleShot(0, lambda: QTimer.singleShot(0, app.quit))\n"
    "from meddistill_gui.__main__ import window\n"
    "window()\n"
)


def main() -> None:
    """Measure and print the table."""
    doors = {
        "meddistill --help": [*PROGRAM, "--help"],
        "meddistill distill --help": [*PROGRAM, "distill", "--help"],
        "a wrong option": [*PROGRAM, "distill", "--project", "p", "--iterations", "0"],
        "an operation's first word (loads torch)": [*PROGRAM, "verify", "no-file"],
        "the window, to its first idle moment": [sys.executable, "-c", WINDOW],
    }
    if (ROOT / ".venv" / "meddistill-ready").is_file():
        doors["installer/start --version"] = [str(ROOT / "installer" / "start"), "--version"]
    table = Table("door", "median, s", "slowest, s", title=f"{RUNS} runs each, second start")
    for name, command in doors.items():
        seconds = sorted(measured(lambda c=command: run(c)) for _ in range(RUNS))  # type: ignore[misc]
        table.add_row(name, f"{statistics.median(seconds):.2f}", f"{seconds[-1]:.2f}")
    Console().print(table)


def measured(work: Callable[[], None]) -> float:
    """Seconds that something takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def run(command: list[str]) -> None:
    """Start a program and wait for its end."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(command, env=environment, capture_output=True, check=False)


if __name__ == "__main__":
    main()
