"""Makes a picture of every page, from a real run on the invented hospital: `python -m benchmarks.screenshots`.

The window is the real one, its work is done by real child processes. With `--all` also in dark, with text of double size,
and with nothing opened yet.
"""

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
_PATIENCE: Final = 900.0
_SIZE: Final = (1280, 800)
_QUICK: Final = {
    "method": "distribution",
    "iterations": 400,
    "evaluation.every": 20,
    "evaluation.steps": 100,
    "evaluation.validation_students": 1,
}
"""A run that has something to show soon."""


@dataclass(frozen=True)
class Demo:
    """Where `meddistill demo` put things."""

    root: Path

    @property
    def project(self) -> Path:
        """The project with its finished run."""
        return self.root / "project"

    @property
    def bundle(self) -> Path:
        """The bundle that was sent."""
        return next((self.root / "usb-stick").glob("*.distilled.zip"))

    @property
    def capsule(self) -> Path:
        """The capsule that was sent, of a demo with patches."""
        return next((self.root / "usb-stick").glob("*.capsule"))


class Photographer:
    """Drives the window and keeps its pictures.

    Args:
        demo: What to show.
        out: Where pictures go.
        scheme: "light" or "dark".
        percent: Size of text.
    """

    def __init__(self, demo: Demo, out: Path, scheme: str = "light", percent: int = 100) -> None:
        from PySide6.QtWidgets import QApplication

        from meddistill_gui.gui.main_window import MainWindow
        from meddistill_gui.gui.page_list import pages
        from meddistill_gui.gui.theme.style import Theme
        from meddistill_gui.jobs import child_process

        there = QApplication.instance()
        self.app = there if isinstance(there, QApplication) else QApplication(["MedDistill"])
        self.demo = demo
        self._out = out
        self.theme = Theme(self.app, scheme, percent)
        self.window = MainWindow(
            child_process.start, pages(), self.theme, Path(tempfile.mkdtemp()) / "settings.toml"
        )
        self.window.resize(*_SIZE)
        self.window.show()

    def page(self, name: str) -> Any:
        """Go to a page."""
        self.window.go_to(name)
        self.settle()
        return self.window.page(name)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the window work until something is so.

        Raises:
            TimeoutError: It never came.
        """
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"the window did not get there in {_PATIENCE:.0f} s")
            self.app.processEvents()
            time.sleep(0.01)

    def settle(self, seconds: float = 1.0) -> None:
        """Let the window read and draw what it has."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()
            time.sleep(0.01)

    def shoot(self, name: str, dialog: Any = None) -> None:
        """Keep a picture of the whole window, or of a dialog."""
        self.settle()
        self._out.mkdir(parents=True, exist_ok=True)
        path = self._out / f"{name}.png"
        (dialog or self.window).grab().save(str(path))
        print(f"{path.name:32} {path.stat().st_size / 1000:6.0f} kB")

    def close(self) -> None:
        """Close the window and what runs in it."""
        self.window.close()
        self.settle(0.2)


def dataset(camera: Photographer) -> None:
    """The images of the project, and its problems where there are any."""
    browser = camera.page("dataset_browser").browser
    camera.settle(2.0)
    camera.shoot("dataset")
    if browser.tabs.isTabEnabled(1):
        browser.tabs.setCurrentIndex(1)
        camera.settle(1.0)
        browser.issues.table.selectRow(0)
        camera.shoot("dataset-problems")
        browser.tabs.setCurrentIndex(0)


def wizard(camera: Photographer) -> None:
    """Setting up a run."""
    camera.page("distillation_wizard")
    camera.shoot("wizard")


def running(camera: Photographer) -> None:
    """A run under way, started in this window; it is stopped and kept afterwards."""
    from meddistill_gui.core.config import with_values
    from meddistill_gui.core.configs.distill import DistillConfig

    session = camera.window.session
    taken = session.project.run_names()
    name = next(name for k in itertools.count(1) if (name := f"ten-per-class-{k}") not in taken)
    begun = DistillConfig(project=camera.demo.project, name=name, images_per_class=10)
    config = with_values(begun, _QUICK)
    live = camera.page("live_view")
    session.work.start("distill", config)
    camera.until((camera.demo.project / "runs" / name / "events.jsonl").is_file)
    session.choose_run(camera.demo.project / "runs" / name)
    camera.until(lambda: len(live.record.latest) > 1 and live.record.latest["loss"].step >= 50)
    camera.shoot("live-view-running")
    live.stop()
    camera.until(lambda: not session.work.running)


def finished(camera: Photographer) -> None:
    """A run that is complete, with its test figures."""
    session = camera.window.session
    session.choose_run(camera.demo.project / "runs" / "demo")
    live = camera.page("live_view")
    camera.until(lambda: live.state is not None)
    camera.shoot("live-view")
    live.show_test()
    camera.shoot("live-view-test")


def compare(camera: Photographer) -> None:
    """The runs of the project side by side."""
    camera.page("compare")
    camera.shoot("compare")


def anonymity(camera: Photographer) -> None:
    """What the audit found."""
    camera.page("anonymity_preview")
    camera.settle(2.0)
    camera.shoot("anonymity-preview")


def export(camera: Photographer) -> None:
    """Before and after writing a bundle."""
    page = camera.page("export")
    camera.settle(2.0)
    camera.shoot("export")
    with tempfile.TemporaryDirectory(prefix="usb-stick-") as stick:
        page.choose_target(Path(stick))
        page.export()
        camera.until(lambda: page.written is not None)
        camera.shoot("export-written")


def receive(camera: Photographer) -> None:
    """A bundle that passed its checks, then students trained on it."""
    page = camera.page("receive")
    page.open_path(camera.demo.bundle)
    camera.until(lambda: page.bundle is not None)
    camera.shoot("receive")


def capsule(camera: Photographer) -> None:
    """A trained network as a small file: the questions, what was written, and how it is opened. Needs `demo --patches`."""
    page = camera.page("export")
    camera.settle(2.0)
    with tempfile.TemporaryDirectory(prefix="usb-stick-") as stick:
        page.choose_target(Path(stick))
        dialog = page.capsule.dialog()
        dialog.show()
        camera.shoot("capsule-questions", dialog)
        dialog.close()
        page.capsule.write(dialog.config())
        camera.until(lambda: page.written is not None)
        camera.shoot("capsule-export")
    page = camera.page("receive")
    page.open_path(camera.demo.capsule)
    camera.until(lambda: page.capsule.file is not None)
    camera.shoot("capsule-received")


PAGES: Final = (dataset, wizard, running, finished, compare, anonymity, export, receive)
_SHOTS: Final = {page.__name__: page for page in (*PAGES, capsule)}


def main() -> None:
    """Make the pictures."""
    options = _options()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with _demo(options.demo, options.iterations) as demo:
        os.environ["HOME"] = str(demo.root)  # so that no picture shows whose computer it was
        wanted = tuple(_SHOTS[name] for name in options.only) if options.only else PAGES
        camera = Photographer(demo, options.out, options.scheme, options.percent)
        _shoot_empty(camera) if options.empty else _shoot_all(camera, wanted)
        if options.all:
            _shoot_variants(demo, options.out, [page.__name__ for page in wanted])


def _shoot_variants(demo: Demo, out: Path, names: list[str]) -> None:
    """Dark, large and empty windows, each in a process of its own as a user's would be."""
    again = [name for name in names if name != running.__name__]
    for folder, arguments in (
        ("dark", ["--scheme", "dark", "--only", *again]),
        ("large", ["--percent", "200", "--only", *again]),
        ("empty", ["--empty"]),
    ):
        command = [sys.executable, "-m", "benchmarks.screenshots", "--demo", str(demo.root)]
        subprocess.run([*command, "--out", str(out / folder), *arguments], check=True)


def _shoot_all(camera: Photographer, shots: tuple[Callable[[Photographer], None], ...]) -> None:
    camera.window.session.open_project(camera.demo.project)
    if (run := camera.demo.project / "runs" / "demo").is_dir():
        camera.window.session.choose_run(run)
    try:
        for shot in shots:
            shot(camera)
    finally:
        camera.close()


def _shoot_empty(camera: Photographer) -> None:
    for name in (
        "dataset_browser",
        "distillation_wizard",
        "live_view",
        "compare",
        "anonymity_preview",
        "export",
        "receive",
    ):
        camera.page(name)
        camera.shoot(name.replace("_", "-"))
    camera.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="folder of an earlier demo; else one is made")
    parser.add_argument("--iterations", type=int, default=150, help="of the demo's run")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--only", nargs="+", choices=tuple(_SHOTS), help="only these pages")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--percent", type=int, default=100, help="size of text")
    parser.add_argument("--empty", action="store_true", help="every page before anything is opened")
    parser.add_argument("--all", action="store_true", help="also dark, large text and empty pages")
    return parser.parse_args()


@contextlib.contextmanager
def _demo(folder: Path | None, iterations: int) -> Iterator[Demo]:
    """The demo's folder, made if there is none; one that was made here is removed afterwards."""
    if folder is not None:
        yield Demo(folder.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="meddistill-") as temporary:
        made = Path(temporary) / "demo"
        command = [sys.executable, "-m", "meddistill_gui", "demo", "--out", str(made)]
        subprocess.run([*command, "--iterations", str(iterations)], check=True)
        yield Demo(made)


if __name__ == "__main__":
    main()
