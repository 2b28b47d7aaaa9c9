import subprocess
import sys

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from meddistill_gui.core.events import Finished
from meddistill_gui.core.project import create_project
from meddistill_gui.gui import settings
from meddistill_gui.gui.exception_dialog import ExceptionDialog, ExceptionHook
from meddistill_gui.gui.main_window import MainWindow
from meddistill_gui.gui.page_list import PageEntry, pages


class Page(QWidget):
    go_to = Signal(str)
    made = 0

    def __init__(self, session, _start_job, parent=None):
        super().__init__(parent)
        type(self).made += 1
        self.paths = []
        self.session = session

    def open_path(self, path):
        self.paths.append(path)


def entries():
    kinds = {
        name: type(name, (Page,), {"made": 0}) for name in ("dataset_browser", "other", "receive")
    }
    return kinds, [
        PageEntry(name=name, title=name.title(), icon="dataset", load=lambda kind=kind: kind)
        for name, kind in kinds.items()
    ]


@pytest.fixture
def kinds_and_window(qtbot, theme, start_fake, tmp_path):
    kinds, listed = entries()
    window = MainWindow(start_fake, listed, theme, tmp_path / "window.toml")
    qtbot.addWidget(window)
    window.show()
    yield kinds, window
    window.session.work.close()


@pytest.fixture
def window(kinds_and_window):
    return kinds_and_window[1]


def drop(window, path, kind=QDropEvent):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    if kind is QDragEnterEvent:
        event = QDragEnterEvent(QPoint(9, 9), copy, mime, left, none)
        event.ignore()
        window.dragEnterEvent(event)
    else:
        event = QDropEvent(QPointF(9, 9), copy, mime, left, none)
        window.dropEvent(event)
    return event.isAccepted()


def test_pages_are_made_when_they_are_first_shown_and_once(qtbot, kinds_and_window):
    kinds, window = kinds_and_window
    assert [kind.made for kind in kinds.values()] == [1, 0, 0]
    assert window.page_name == "dataset_browser"
    window.rail.page_button("other").click()
    window.rail.page_button("dataset_browser").click()
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert [kind.made for kind in kinds.values()] == [1, 1, 0]
    window.page("dataset_browser").go_to.emit("receive")
    assert window.page_name == "receive"
    assert window.rail.page_button("receive").isChecked()


def test_tab_goes_from_the_pages_to_the_menu_below_them(window):
    chain, at = [], window.rail.page_button("dataset_browser")
    while at is not window.rail.more and len(chain) < 50:
        chain.append(at)
        at = at.nextInFocusChain()
    assert window.rail.page_button("receive") in chain


def test_arrows_walk_along_the_rail(qtbot, window):
    window.rail.page_button("dataset_browser").setFocus()
    qtbot.keyClick(window.rail.page_button("dataset_browser"), Qt.Key.Key_Down)
    assert window.rail.page_button("other").hasFocus()
    qtbot.keyClick(window.rail.page_button("other"), Qt.Key.Key_Up)
    assert window.rail.page_button("dataset_browser").hasFocus()


def test_a_project_names_the_window_and_is_remembered(window, tmp_path, theme):
    create_project(tmp_path / "Lungs")
    window.open_project(tmp_path / "Lungs")
    assert window.windowTitle() == "Lungs – MedDistill"
    theme.set_text_percent(125)
    kept = settings.load(tmp_path / "window.toml")
    assert kept.recent == (str(tmp_path / "Lungs"),)
    assert kept.text_percent == 125
    assert [a.data() for a in window.menu._recent.actions()] == [str(tmp_path / "Lungs")]


def test_a_project_that_is_gone_is_said_and_forgotten(window, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *args: said.append(args[-1]))
    window.open_project(tmp_path / "gone")
    assert "is no MedDistill project" in said[0]
    assert window.settings.recent == ()


def test_folders_projects_and_bundles_can_be_dropped_and_nothing_else(window, tmp_path):
    folder, bundle, other = tmp_path / "images", tmp_path / "a.distilled.zip", tmp_path / "a.txt"
    folder.mkdir()
    bundle.touch()
    other.touch()
    project = create_project(tmp_path / "project")
    assert not drop(window, other, QDragEnterEvent)
    assert drop(window, folder, QDragEnterEvent)
    drop(window, other)
    assert window.page("dataset_browser").paths == []
    drop(window, folder)
    assert window.page("dataset_browser").paths == [folder]
    scan = tmp_path / "IM0001"
    scan.touch()
    assert drop(window, scan, QDragEnterEvent)
    drop(window, scan)
    assert window.page("dataset_browser").paths == [folder, scan]
    drop(window, bundle)
    assert window.page_name == "receive"
    assert window.page("receive").paths == [bundle]
    drop(window, project.marker)
    assert window.session.project == project
    assert window.session.recent == (str(project.root),)
    drop(window, project.root)
    assert window.session.project == project
    assert window.page_name == "dataset_browser"


@pytest.mark.parametrize(
    "name", ["a.distilled.zip", "a.distilled.zip.age", "a.capsule", "A.CAPSULE"]
)
def test_whatever_another_hospital_sends_is_received_from_every_page(window, tmp_path, name):
    sent = tmp_path / name
    sent.touch()
    assert drop(window, sent, QDragEnterEvent)
    drop(window, sent)
    assert window.page_name == "receive"
    assert window.page("receive").paths == [sent]


def test_closing_while_a_run_works_asks_and_stops_it(window, start_fake, monkeypatch):
    start_fake.scripts["distill"] = [lambda job: job.wished.wait(10), Finished()]
    window.session.work.start("distill", None)
    monkeypatch.setattr(window, "_may_stop", lambda: False)
    assert not window.close()
    assert window.isVisible()
    assert window.session.work.running
    monkeypatch.setattr(window, "_may_stop", lambda: True)
    assert window.close()
    assert not window.session.work.running
    assert start_fake.jobs[0].wishes == ["stop"]


def test_the_size_of_the_window_is_remembered(window, tmp_path):
    window.resize(1000, 700)
    window.close()
    kept = settings.load(tmp_path / "window.toml")
    assert (kept.width, kept.height) == (window.width(), window.height())


def test_an_unexpected_error_is_shown_once_and_can_be_copied(window, caplog):
    hook = ExceptionHook(window)
    before = sys.excepthook
    hook.install()
    try:
        for _ in range(3):
            error = ZeroDivisionError("inside the window")
            sys.excepthook(type(error), error, None)
    finally:
        hook.remove()
    assert sys.excepthook is before
    dialogs = window.findChildren(ExceptionDialog)
    assert len(dialogs) == 1
    dialogs[0].copy_details()
    assert "ZeroDivisionError: inside the window" in QGuiApplication.clipboard().text()
    assert "inside the window" in caplog.text
    assert any("what was done is kept" in w.text() for w in dialogs[0].findChildren(QLabel))
    dialogs[0].close()


@pytest.mark.slow
def test_the_window_opens_without_torch_pydicom_and_pyqtgraph(tmp_path):
    """The first window may not wait for them (and on Windows torch may not be loaded after Qt)."""
    code = (
        "import sys\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from pathlib import Path\n"
        "from meddistill_gui.gui.app import MainWindow, Theme, pages\n"
        "app = QApplication([])\n"
        "window = MainWindow(None, pages(), Theme(app), Path(sys.argv[1]))\n"
        "window.show(); app.processEvents()\n"
        "heavy = {'torch', 'torchvision', 'pydicom', 'pyqtgraph'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "window.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_page_of_the_rail_has_what_the_window_needs():
    for entry in pages():
        kind = entry.load()
        assert hasattr(kind, "go_to"), entry.name
        if entry.name in ("dataset_browser", "receive"):
            assert hasattr(kind, "open_path"), entry.name
