"""Two hospitals in two windows, worked with mouse and keyboard: `python -m benchmarks.two_windows`.

B makes a key; A signs a bundle, encrypts it to that key and writes it to a folder that stands for a stick; B opens it, compares the
sender's words, trains students and sees what A's images are worth beside its own. Both hospitals are invented; the windows,
the child processes and the files are real. Leaves the pictures `two-hospitals-*.png` in docs/screenshots.
"""
# ruff: noqa: SLF001 - it works the parts of the window that a hand would touch

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.screenshots import FOLDER, Demo, Photographer

_PASSPHRASE: Final = "five words drawn by dice"  # noqa: S105 - of keys that are made here and thrown away
_PATIENTS: Final = 40


def main() -> None:
    """Prepare both hospitals, then go through both windows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the pictures go")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="two-hospitals-") as temporary:
        root = Path(temporary)
        os.environ["HOME"] = str(root)
        _prepare(root / "A", seed=1, distil=True)
        _prepare(root / "B", seed=2, distil=False)
        (root / "stick").mkdir()
        line = _make_key(root, given.out)
        bundle = _send(root, given.out, line)
        _receive(root, given.out, bundle)


def _prepare(hospital: Path, *, seed: int, distil: bool) -> None:
    """An invented hospital as a project, by the command line; A distils as well."""
    from meddistill_gui.core.control import Control
    from meddistill_gui.data.phantoms.hospital import write_hospital

    source, project = hospital / "images", hospital / "project"
    for _ in write_hospital(source, patients=_PATIENTS, seed=seed, control=Control()):
        pass
    _command("scan", source, "--project", project)
    _command("label", "--project", project)
    _command("split", "--project", project, "--test", "0.3")
    if distil:
        _command(
            *("distill", "--project", project, "--name", "chest", "--method", "distribution"),
            *("--iterations", "200", "--images-size", "32", "--images-per-class", "2"),
        )


def _command(*words: object) -> None:
    command = [sys.executable, "-m", "meddistill_gui", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _window(root: Path, hospital: str, out: Path) -> Photographer:
    """The program at this hospital: another user, another project."""
    os.environ["XDG_CONFIG_HOME"] = str(root / hospital / "settings")
    camera = Photographer(Demo(root / hospital), out)
    camera.window.session.open_project(camera.demo.project)
    camera.settle()
    return camera


def _make_key(root: Path, out: Path) -> str:
    """B makes its key and copies the line that it gives to A."""
    from PySide6.QtWidgets import QApplication

    camera = _window(root, "B", out)
    page = camera.page("receive")

    def work(dialog: Any) -> None:
        _with_dialog(camera, lambda: _click(dialog.own.make), _fill_key)
        camera.until(lambda: dialog.own.key is not None)
        _click(dialog.own.copy)
        camera.settle(0.3)
        dialog.grab().save(str(out / "two-hospitals-keys.png"))
        dialog.accept()

    _with_dialog(camera, lambda: _click(page._keys), work)
    camera.close()
    return QApplication.clipboard().text()


def _send(root: Path, out: Path, line: str) -> Path:
    """A signs, encrypts to B and writes."""
    from PySide6.QtTest import QTest

    camera = _window(root, "A", out)
    camera.window.session.choose_run(camera.demo.project / "runs" / "chest")
    page = camera.page("export")
    camera.settle(2.0)
    page.choose_target(root / "stick")
    section = page._sealing
    _click(section.sign)
    _with_dialog(camera, lambda: _click(section.key.make), _fill_key)
    camera.until(lambda: section.key.key is not None)
    QTest.keyClicks(section.key_passphrase.first, _PASSPHRASE)
    section.kind.setCurrentIndex(2)
    QTest.keyClicks(section.lines, line)
    QTest.keyClicks(page._form.field("title").focus_target(), "Chest phantoms of hospital A")
    camera.settle()
    page._body.ensureWidgetVisible(section)
    camera.shoot("two-hospitals-seal")
    _click(page._frame.primary)
    camera.until(lambda: page.written is not None or page._frame.notice.kind == "error")
    page._body.verticalScrollBar().setValue(0)
    camera.shoot("two-hospitals-sent")
    camera.close()
    return next((root / "stick").iterdir())


def _receive(root: Path, out: Path, bundle: Path) -> None:
    """B opens, compares words, trains and looks at the table."""
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QInputDialog

    camera = _window(root, "B", out)
    page = camera.page("receive")

    def unlock(dialog: Any) -> None:
        QTest.keyClicks(dialog.field.first, _PASSPHRASE)
        camera.settle(0.2)
        _click(dialog.go)

    _with_dialog(camera, lambda: page.open_path(bundle), unlock)
    camera.until(lambda: page.bundle is not None)
    camera.shoot("two-hospitals-received")

    def remember(dialog: QInputDialog) -> None:
        dialog.setTextValue("Hospital A")
        dialog.accept()

    _with_dialog(camera, lambda: _click(page._remember), remember)
    form = page._training.form
    form.field("students").show_value(3)
    form.field("own_images").show_value(2)
    form.field("out").show_value(root / "B" / "received")
    _click(page._frame.primary)
    camera.until(page._training.curve.isVisible)
    camera.settle(1.0)
    page._body.ensureWidgetVisible(page._training)
    camera.shoot("two-hospitals-training")
    camera.until(lambda: not page._work.running)
    camera.settle(1.0)
    page._body.ensureWidgetVisible(page._training.results)
    camera.shoot("two-hospitals-worth")
    print(page._training._sentence.text())
    camera.close()


def _fill_key(dialog: Any) -> None:
    from PySide6.QtTest import QTest

    for line in (dialog.field.first, dialog.field.again):
        QTest.keyClicks(line, _PASSPHRASE)
    _click(dialog.go)


def _click(widget: Any) -> None:
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    QTest.mouseClick(
        widget,
        Qt.MouseButton.LeftButton,
        pos=QPoint(min(12, widget.width() // 2), widget.height() // 2),
    )


def _with_dialog(
    camera: Photographer, open_it: Callable[[], None], work: Callable[[Any], None]
) -> None:
    """Do something that opens a dialog, now or a little later, and work in the dialog."""
    from PySide6.QtCore import QTimer

    before, done = camera.app.activeModalWidget(), []

    def look() -> None:
        dialog = camera.app.activeModalWidget()
        if dialog is not None and dialog is not before:
            timer.stop()
            work(dialog)
            done.append(True)

    timer = QTimer()
    timer.setInterval(100)
    timer.timeout.connect(look)
    timer.start()
    open_it()
    camera.until(lambda: bool(done))


if __name__ == "__main__":
    main()
