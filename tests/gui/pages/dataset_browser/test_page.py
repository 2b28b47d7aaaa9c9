import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QDialog, QProgressBar

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import SourceError, Stopped
from meddistill_gui.core.events import Progress, Started
from meddistill_gui.core.project import create_project
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.dataset_browser import page as page_module
from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.session import Session
from tests.gui.pages.dataset_browser.open_page import make_page, names, settle


def test_without_a_project_the_page_says_what_to_do(page):
    assert page.empty.isVisible()
    assert "Nothing in it is changed" in page.empty.sentence.text()
    assert not page.frame.primary.isVisible()
    assert page.frame.status() == "No folder is open."


@pytest.mark.slow
def test_scanning_sets_the_classes_of_the_folders_and_offers_to_divide(
    qtbot, page, source, tmp_path
):
    root = tmp_path / "project"
    page.scan(ScanConfig(source=source, project=root))
    assert page.working
    assert page.frame.progress.isVisible()
    settle(qtbot, page)
    assert page._session.project.root == root
    assert not page.frame.progress.isVisible()
    assert len(page.browser.model.ids) == 40
    assert page.frame.primary.text() == "Divide patients …"
    assert "normal 20, opacity 20" in page.frame.notice.text()
    assert "40 images in 41 files · patients unknown" in page.frame.status()
    assert page.browser.tabs.tabText(1) == "Problems (1)"
    page.browser.tabs.setCurrentIndex(1)
    settle(qtbot, page)
    assert page.browser.issues.model.row_at(0).path.name == "broken.png"


@pytest.mark.slow
def test_dividing_leads_to_the_wizard(qtbot, page, source, tmp_path):
    root = tmp_path / "project"
    page.scan(ScanConfig(source=source, project=root, patient_pattern=r"p(\d\d)_"))
    settle(qtbot, page)
    page.split(SplitConfig(project=root))
    settle(qtbot, page)
    assert page.frame.primary.text() == "Set up distillation"
    with qtbot.waitSignal(page.go_to) as asked:
        page.frame.primary.click()
    assert asked.args == ["distillation_wizard"]


def test_a_failed_scan_says_why_and_loses_nothing(qtbot, project, start_fake):
    page, session = make_page(qtbot, start_fake)
    session.open_project(project)
    settle(qtbot, page)
    error = SourceError("The share is gone.", "Reconnect it.")
    start_fake.scripts["scan"] = [Started(operation="scan"), error]
    page.scan(ScanConfig(source=Path("x"), project=project))
    settle(qtbot, page)
    assert page.frame.notice.text() == "Error: The share is gone. Reconnect it."
    assert len(page.browser.model.ids) == 40
    assert page.frame.primary.isEnabled()
    page.browser.close_reading()


def test_while_it_works_nothing_else_can_begin_and_stop_reaches_the_job(qtbot, project, start_fake):
    def wait_for_stop(job):
        assert job.wished.wait(10)
        raise Stopped("Stopped as you asked.", "What was done is kept.")

    begun = threading.Event()
    start_fake.scripts["scan"] = [
        Progress(phase="scanning", done=5, total=10, unit="files"),
        lambda _job: begun.set(),
        wait_for_stop,
    ]
    page, session = make_page(qtbot, start_fake)
    session.open_project(project)
    page.scan(ScanConfig(source=Path("x"), project=project))
    assert begun.wait(10)
    qtbot.waitUntil(lambda: "5 of 10 files" in page.frame.progress.text())
    assert not page.frame.primary.isEnabled()
    page.label(LabelConfig(project=project))
    page.open_path(Path("y"))
    assert "still running" in page.frame.notice.text()
    assert [name for name, _ in start_fake.asked] == ["scan"]
    page.frame.progress.cancel.click()
    qtbot.waitUntil(lambda: not page.working)
    assert "Stopped as you asked." in page.frame.notice.text()
    assert page.frame.primary.isEnabled()
    page.browser.close_reading()


def test_a_dropped_folder_is_scanned_into_the_proposed_project(
    qtbot, start_fake, source, monkeypatch
):
    page, _ = make_page(qtbot, start_fake)
    start_fake.scripts["scan"] = [SourceError("enough", "")]
    monkeypatch.setattr(
        page_module.OperationDialog, "exec", lambda _self: QDialog.DialogCode.Accepted
    )
    page.open_path(source)
    qtbot.waitUntil(lambda: not page.working)
    name, config = start_fake.asked[0]
    assert (name, config.source) == ("scan", source)
    assert config.project.name == source.name
    page.browser.close_reading()


def test_a_dropped_file_shows_its_folder_or_itself(qtbot, opened, source, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(opened, "scan", asked.append)
    monkeypatch.setattr(
        page_module.OperationDialog, "exec", lambda _self: QDialog.DialogCode.Accepted
    )
    opened.open_path(source / "normal" / "p07_007.png")
    qtbot.waitUntil(lambda: names(opened) == ["p07_007.png"])
    assert asked == []
    other = tmp_path / "elsewhere" / "x.png"
    other.parent.mkdir()
    other.write_bytes(b"x")
    opened.open_path(other)
    assert [config.source for config in asked] == [other.parent]


def test_recent_projects_are_one_press_away(qtbot, start_fake, project, tmp_path):
    session = Session(start_fake)
    session.recent = (str(project), str(tmp_path / "gone"))
    page = DatasetBrowserPage(session, start_fake)
    qtbot.addWidget(page)
    page.show()
    there, gone = page.recent.buttons
    assert page.recent.isVisible()
    assert not gone.isEnabled()
    assert "not there" in gone.text()
    there.click()
    assert session.project.root == project
    settle(qtbot, page)
    assert len(names(page)) == 40
    page.browser.close_reading()


def test_a_damaged_catalogue_is_said_and_the_page_lives(qtbot, start_fake, tmp_path):
    page, session = make_page(qtbot, start_fake)
    create_project(tmp_path / "p")
    (tmp_path / "p" / "catalogue.sqlite").write_bytes(b"this is no data base" * 100)
    session.open_project(tmp_path / "p")
    assert page.frame.notice.kind == "error"
    assert page.empty.isVisible()
    page.browser.close_reading()


@pytest.mark.parametrize("kept", [True, False])
def test_a_share_for_testing_is_asked_only_when_it_is_drawn(opened, monkeypatch, kept):
    seen = []

    def exec_(dialog):
        dialog.form.field("keep_folders").focus_target().setChecked(kept)
        seen.append(dialog.form.field("test").isVisibleTo(dialog))
        return QDialog.DialogCode.Rejected

    monkeypatch.setattr(OperationDialog, "exec", exec_)
    opened.divide()
    assert seen == [not kept]


@pytest.mark.slow
def test_looking_through_again_finds_what_is_new(qtbot, page, source, tmp_path):
    copy, root = tmp_path / "copy", tmp_path / "project"
    shutil.copytree(source, copy)
    page.scan(ScanConfig(source=copy, project=root))
    settle(qtbot, page)
    shutil.copy(copy / "normal" / "p01_001.png", copy / "normal" / "new.png")
    page.browser.overview.again.click()
    settle(qtbot, page)
    assert "new.png" in names(page)
    assert page._session.project.root == root


@pytest.mark.slow
def test_a_folder_for_each_patient_is_said_and_shown_in_short(qtbot, page, tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for number in range(520):
        place = tmp_path / "source" / f"study {number:04d}"
        place.mkdir(parents=True)
        Image.fromarray(pixels + np.uint8(number % 100)).save(place / "1.png")
    page.scan(ScanConfig(source=tmp_path / "source", project=tmp_path / "project"))
    settle(qtbot, page)
    assert "520 classes" in page.frame.notice.text()
    assert len(page.browser.overview.findChildren(QProgressBar)) == 24
    page.arranging.manage_classes()
    assert "another level of folders" in page.frame.notice.text()
