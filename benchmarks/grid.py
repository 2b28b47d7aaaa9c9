"""The dataset browser with 100,000 images: `python -m benchmarks.grid`.

The files are hard links to 200 invented radiographs, the catalogue's rows are copies of what the real scan wrote of those, divided by the real
operation; each has a line in the list of problems, as ultrasound images do. The window and everything in it is the real one, drawn offscreen.
"""

import argparse
import contextlib
import functools
import os
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FIRST: Final = 200
PATIENTS_OF: Final = 2
"""Images of each copied patient."""
GOALS: Final = {
    "open the project, all shown": 150.0,
    "resize": 150.0,
    "scroll one frame": 10.0,
    "thumbnails after scrolling stops": 300.0,
}
"""Milliseconds of issue "the dataset browser at hospital size"; of the thumbnails the 95th percentile, else the median."""


def main() -> None:
    """Make the files, open the window, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=int, default=100_000, help="how many images")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder), given.images)
        rows, memory = measure(project)
    print(f"{given.images:,} images".ljust(36) + "  median     p95     max   goal   ms")
    for name, times in rows.items():
        ordered = sorted(times)
        median, p95 = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
        goal = f"{GOALS[name]:7.0f}" if name in GOALS else "      -"
        print(f"{name:36}{median:8.1f}{p95:8.1f}{ordered[-1]:8.1f}{goal}")
    print(f"memory of the whole process: {memory:.0f} MiB at most; load {os.getloadavg()[0]:.1f}")


def make_project(folder: Path, images: int) -> Path:
    """Files and a catalogue of this many images."""
    from meddistill_gui.core.configs.label import LabelConfig
    from meddistill_gui.core.configs.scan import ScanConfig
    from meddistill_gui.core.configs.split import SplitConfig
    from meddistill_gui.core.control import Control
    from meddistill_gui.data.catalogue import open_catalogue
    from meddistill_gui.data.phantoms.hospital import write_hospital
    from meddistill_gui.operations.label import label
    from meddistill_gui.operations.scan import scan
    from meddistill_gui.operations.split import split

    source, project, control = folder / "source", folder / "project", Control()
    for work in (
        write_hospital(source, patients=FIRST, images=FIRST, control=control),
        scan(ScanConfig(source=source, project=project), control),
        label(LabelConfig(project=project), control),
    ):
        for _ in work:
            pass
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        _multiply(catalogue.connection, source, images - FIRST)
    for _ in split(SplitConfig(project=project), control):
        pass
    return project


def _multiply(connection: Any, source: Path, more: int) -> None:
    """Write `more` copies of the rows that are there, each with a file of its own."""
    names = [
        row[1]
        for row in connection.execute("PRAGMA table_info(image)")
        if row[1] not in {"id", "file"}
    ]
    known = connection.execute(
        f"SELECT file.path, file.size, file.modified, file.kind, file.looked, label.class, {', '.join('image.' + n for n in names)} "  # noqa: S608 - names of our own columns
        "FROM image JOIN file ON file.id = image.file JOIN label ON label.image = image.id"
    ).fetchall()
    many = source / "many"
    many.mkdir()
    patient_at = names.index("patient")
    connection.execute("BEGIN")
    for number in range(more):
        path, size, modified, kind, looked, of_class, *rest = known[number % len(known)]
        new = f"many/{number:06d}.dcm"
        os.link(source / path, source / new)
        rest[patient_at] = _patient(connection, number // PATIENTS_OF)
        file = connection.execute(
            "INSERT INTO file (path, size, modified, kind, looked) VALUES (?, ?, ?, ?, ?)",
            (new, size, modified, kind, looked),
        ).lastrowid
        image = connection.execute(
            f"INSERT INTO image (file, {', '.join(names)}) VALUES (?{', ?' * len(names)})",  # noqa: S608 - names of our own columns
            (file, *rest),
        ).lastrowid
        connection.execute("INSERT INTO label (image, class) VALUES (?, ?)", (image, of_class))
        connection.execute(
            "INSERT INTO issue (file, path, stage, cause, reason, remedy) VALUES (?, ?, 'risk', 'text in the pixels?', ?, ?)",
            (file, new, "Pictures like this often show text in their pixels.", "Look at it."),
        )
    connection.execute("COMMIT")


def _patient(connection: Any, number: int) -> int:
    """Id of one invented patient more."""
    identity = f"COPY-{number:06d}"
    connection.execute(
        "INSERT OR IGNORE INTO patient (identity, issuer) VALUES (?, '')", (identity,)
    )
    found: int = connection.execute(
        "SELECT id FROM patient WHERE identity = ?", (identity,)
    ).fetchone()[0]
    return found


def measure(project: Path) -> tuple[dict[str, list[float]], float]:
    """Milliseconds of each thing a user does, and the greatest memory in MiB."""
    window, watch = _window()
    browser: Any = window.page("dataset_browser").browser

    def opening() -> None:
        window.session.open_project(project)

    widths = [
        functools.partial(window.resize, width, 832) for width in (1500, 1280, 1900, 1100) * 3
    ]
    watch.settled(browser, opening)

    def opening_anew() -> None:
        with contextlib.closing(sqlite3.connect(project / "catalogue.sqlite")) as connection:
            connection.execute("DELETE FROM kept")
            connection.commit()
        opening()

    rows = {
        "open the project, all shown": [watch.settled(browser, opening) for _ in range(15)],
        "the same, nothing kept of last time": [
            watch.settled(browser, opening_anew) for _ in range(7)
        ],
        "open the project, window answers": [watch.shown(opening) for _ in range(7)],
        "open, processor time of the window": [watch.work(opening) for _ in range(7)],
        "open, processor time of all threads": [watch.all_work(browser, opening) for _ in range(7)],
        "resize": [watch.shown(resize) for resize in widths],
        "resize, processor time": [watch.work(resize) for resize in widths],
    }
    watch.settled(browser, opening)
    rows["scroll one frame"] = _scroll(browser.grid)
    rows["thumbnails after scrolling stops"] = _jumps(watch.app, browser)
    browser.thumbnails.show_cache(project / "cache")
    rows["the same thumbnails, kept on disk"] = _jumps(watch.app, browser)
    rows["search"] = [
        watch.settled(browser, functools.partial(_search, browser, text))
        for text in ("0012", "class:opacity", "")
    ]
    rows["list of problems"] = [
        watch.settled(browser, functools.partial(_problems, browser, text))
        for text in ("", "00123", "")
    ]
    rows["patients: read on ten times"] = [watch.shown(lambda: _walk(browser.patients.view))]
    browser.close_reading()
    window.close()
    return rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _window() -> tuple[Any, "_Watch"]:
    """The real window, without a project."""
    from PySide6.QtWidgets import QApplication

    from meddistill_gui.gui.main_window import MainWindow
    from meddistill_gui.gui.page_list import pages
    from meddistill_gui.gui.theme.style import Theme
    from meddistill_gui.jobs import child_process

    app = QApplication(["MedDistill"])
    settings = Path(tempfile.mkdtemp()) / "window.toml"
    window = MainWindow(child_process.start, pages(), Theme(app), settings)
    window.resize(1280, 832)
    window.show()
    app.processEvents()
    return window, _Watch(app)


@dataclass(frozen=True)
class _Watch:
    """Milliseconds of something that the user does.

    Attributes:
        app: The application that draws.
    """

    app: Any

    def shown(self, action: Callable[[], object]) -> float:
        """Until the window has drawn what it has and answers again."""
        begin = time.perf_counter()
        action()
        self.app.processEvents()
        return 1000 * (time.perf_counter() - begin)

    def work(self, action: Callable[[], object]) -> float:
        """Processor time of the window's thread alone: the same on a busy machine."""
        begin = time.thread_time()
        action()
        self.app.processEvents()
        return 1000 * (time.thread_time() - begin)

    def all_work(self, browser: Any, action: Callable[[], object]) -> float:
        """Processor time of all threads until everything is on the screen."""
        begin = time.process_time()
        self.settled(browser, action)
        return 1000 * (time.process_time() - begin)

    def settled(self, browser: Any, action: Callable[[], object]) -> float:
        """Until everything that was asked of the catalogue is on the screen."""
        begin = time.perf_counter()
        action()
        self.app.processEvents()
        while browser.waiting:
            time.sleep(0.001)
            self.app.processEvents()
        return 1000 * (time.perf_counter() - begin)


def _walk(tree: Any) -> None:
    """Ten screens down the tree of patients, as the keyboard does."""
    model = tree.model()
    for _ in range(10):
        last = model.index(model.rowCount() - 1, 0)
        tree.scrollTo(last)
        tree.viewport().repaint()
        model.fetchMore(last.parent())


def _scroll(grid: Any) -> list[float]:
    bar, times = grid.verticalScrollBar(), []
    bar.setValue(0)
    for _ in range(300):
        begin = time.perf_counter()
        bar.setValue(bar.value() + 60)
        grid.viewport().repaint()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def _jumps(app: Any, browser: Any) -> list[float]:
    """From the last movement of the scroll bar until every picture in view is there."""
    chance, times = random.Random(0), []  # noqa: S311 - where to jump
    bar, grid, model = browser.grid.verticalScrollBar(), browser.grid, browser.model
    for _ in range(20):
        bar.setValue(chance.randrange(bar.maximum()))
        begin = time.perf_counter()
        columns = model.columnCount()
        first, last = grid.rowAt(0), grid.rowAt(grid.viewport().height() - 1)
        ids = [int(one) for one in model.ids[first * columns : (last + 1) * columns]]
        while any(browser.thumbnails.pixmap(one) is None for one in ids):
            app.processEvents()
            time.sleep(0.002)
        times.append(1000 * (time.perf_counter() - begin))
    return times


def _search(browser: Any, text: str) -> None:
    browser.filters.search.setText(text)
    browser.filters.changed.emit()


def _problems(browser: Any, text: str) -> None:
    browser.tabs.setCurrentWidget(browser.issues)
    browser.issues.search.setText(text)
    browser.questions.ask_issues(text, "cause", descending=False)


if __name__ == "__main__":
    main()
