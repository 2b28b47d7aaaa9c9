"""How long the window keeps a click waiting while a real run trains: `python -m benchmarks.responsiveness`.

Measured from outside: another process writes a time stamp into a pipe every 5 ms, the window reads it through a
QSocketNotifier; the delay is the time of reading minus the stamp (a timer inside the window would hide constant delays).
Each scenario has a process of its own. Linux and macOS.

The goal: the 99th percentile stays below 50 ms while a run trains.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

SCENARIOS: Final = {
    "idle": "nothing runs, live view",
    "browse": "nothing runs, grid scrolled 10 times a second",
    "run": "run in a child process, live view",
    "run-browse": "run in a child process, grid scrolled 10 times a second",
    "thread": "run in a thread of the window, live view",
}
GOAL_MS: Final = 50.0
_PROBE: Final = (
    "import os, struct, sys, time\n"
    "while True:\n"
    "    os.write(int(sys.argv[1]), struct.pack('d', time.monotonic()))\n"
    "    time.sleep(0.005)\n"
)
_STAMP: Final = struct.calcsize("d")
_SETTLE_SECONDS: Final = 2.0


def main() -> None:
    """Measure every scenario and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="only this scenario")
    parser.add_argument("--screen", action="store_true", help="use the screen, not offscreen")
    parser.add_argument(
        "--measure", nargs=2, metavar=("SCENARIO", "PROJECT"), help=argparse.SUPPRESS
    )
    given = parser.parse_args()
    if not given.screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))
    if given.measure:
        print(json.dumps(_measure(given.measure[0], Path(given.measure[1]), given.seconds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        print(f"{'':54}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}   ms   stamps")
        worst = 0.0
        for name in given.only or SCENARIOS:
            found = _in_own_process(name, project, given.seconds)
            numbers = "".join(f"{found[key]:8.1f}" for key in ("p50", "p95", "p99", "max"))
            print(f"{SCENARIOS[name]:54}{numbers}{found['stamps']:>14}", flush=True)
            worst = max(worst, found["p99"])
    print(
        f"goal: p99 < {GOAL_MS:g} ms: {'met' if worst < GOAL_MS else 'MISSED'}; load {os.getloadavg()[0]:.1f}"
    )


def _in_own_process(name: str, project: Path, seconds: float) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "benchmarks.responsiveness", "--seconds", str(seconds)]
    done = subprocess.run(
        [*command, "--measure", name, str(project)], check=True, stdout=subprocess.PIPE
    )
    found: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _project(folder: Path) -> Path:
    """An invented hospital, scanned, labelled and divided by the program itself."""
    from meddistill_gui.core.configs.label import LabelConfig
    from meddistill_gui.core.configs.scan import ScanConfig
    from meddistill_gui.core.configs.split import SplitConfig
    from meddistill_gui.core.control import Control
    from meddistill_gui.data.phantoms.hospital import write_hospital
    from meddistill_gui.operations.label import label
    from meddistill_gui.operations.scan import scan
    from meddistill_gui.operations.split import split

    source, project, control = folder / "hospital", folder / "project", Control()
    works: Iterator[Iterator[object]] = iter(
        (
            write_hospital(source, patients=120, images=300, control=control),
            scan(ScanConfig(source=source, project=project), control),
            label(LabelConfig(project=project), control),
            split(SplitConfig(project=project), control),
        )
    )
    for work in works:
        for _ in work:
            pass
    return project


def _measure(name: str, project: Path, seconds: float) -> Mapping[str, Any]:
    """Open the window, start what the scenario asks for, and read stamps."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from meddistill_gui.core.configs.distill import (
        DistillConfig,
        EvaluationConfig,
        ExpertsConfig,
    )
    from meddistill_gui.core.configs.trajectories import TrajectoryOptions

    sys.setswitchinterval(0.001)  # as `meddistill_gui.__main__.window` does
    app = QApplication(["MedDistill"])
    window = _window(app, name)
    window.session.open_project(project)
    window.go_to("dataset_browser")
    window.show()
    if name.startswith(("run", "thread")):
        config = DistillConfig(
            project=project,
            name=f"{name}-{os.getpid()}",
            iterations=100_000,
            method="trajectory",
            options=TrajectoryOptions(warm_start=0),
            experts=ExpertsConfig(count=1, epochs=6),
            evaluation=EvaluationConfig(every=20, steps=50),
        )
        window.session.work.start("distill", config)
        _until(app, lambda: _iterating(config) or not window.session.work.running)
        window.session.choose_run(config.project / "runs" / config.name)
    if not name.endswith("browse"):
        window.go_to("live_view")
    scroll = QTimer()
    if name.endswith("browse"):
        scroll.timeout.connect(_scroller(window))
        scroll.start(100)
    _until(app, _after(_SETTLE_SECONDS))
    delays = _delays(seconds)
    scroll.stop()
    window.session.work.close(30_000)
    window.close()
    p50, p95, p99 = np.percentile(delays, (50, 95, 99))
    return {"p50": p50, "p95": p95, "p99": p99, "max": max(delays), "stamps": len(delays)}


def _window(app: Any, name: str) -> Any:
    from meddistill_gui.gui.main_window import MainWindow
    from meddistill_gui.gui.page_list import pages
    from meddistill_gui.gui.theme.style import Theme
    from meddistill_gui.jobs import child_process, in_process

    start = in_process.start if name == "thread" else child_process.start
    settings = Path(tempfile.mkdtemp()) / "window.toml"
    return MainWindow(start, pages(), Theme(app), settings)


def _iterating(config: Any) -> bool:
    """Whether the run has come to its iterations: the long part."""
    log = config.project / "runs" / config.name / "events.jsonl"
    return log.is_file() and '"unit": "iterations"' in log.read_text(encoding="utf-8")


def _scroller(window: Any) -> Callable[[], None]:
    bar = window.page("dataset_browser").browser.grid.verticalScrollBar()

    def scroll() -> None:
        step = bar.pageStep() // 3
        bar.setValue(0 if bar.value() >= bar.maximum() else bar.value() + step)

    return scroll


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _until(app: Any, condition: Callable[[], bool]) -> None:
    while not condition():
        app.processEvents()
        time.sleep(0.005)


def _delays(seconds: float) -> list[float]:
    """Delays of the event loop in milliseconds."""
    from PySide6.QtCore import QEventLoop, QSocketNotifier, QTimer

    reading, writing = os.pipe()
    delays: list[float] = []

    def on_stamp() -> None:
        content = os.read(reading, _STAMP)
        delays.append(1000 * (time.monotonic() - struct.unpack("d", content)[0]))

    notifier = QSocketNotifier(reading, QSocketNotifier.Type.Read)
    notifier.activated.connect(on_stamp)
    probe = subprocess.Popen([sys.executable, "-c", _PROBE, str(writing)], pass_fds=[writing])
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
    probe.kill()
    probe.wait()
    notifier.setEnabled(False)
    os.close(reading)
    os.close(writing)
    return delays


if __name__ == "__main__":
    main()
