import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtWidgets import QDialog

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.errors import SourceError, Stopped
from meddistill_gui.core.events import Progress, Started
from meddistill_gui.core.project import create_project
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.dataset_browser import page as page_module
from meddistill_gui.gui.pages.dataset_browser.grid_model import TILE
from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.session import Session


def make_page(qtbot, start):
    session = Session(start)
    page = DatasetBrowserPage(session, start)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    return page, session


@pytest.fixture
def page(qtbot, start_data):
    made, session = make_page(qtbot, start_data)
    yield made
    made.browser.close_reading()
    session.work.close()


@pytest.fixture
def opened(qtbot, page, project):
    page._session.open_project(project)
    settle(qtbot, page)
    return page


def settle(qtbot, page):
    """Until nothing runs and everything that was asked of the catalogue is shown."""
    qtbot.waitUntil(lambda: not page.working and not page.reading, timeout=20_000)


def names(page):
    model = page.browser.model
    return [model.row_at(place).path.name for place in range(len(model.ids))]


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
    assert page.browser.issues.model.rows[0].path.name == "broken.png"


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


def test_class_part_and_search_filter_the_grid(qtbot, opened):
    filters = opened.browser.filters
    everything = names(opened)
    assert len(everything) == 40

    def chosen(box, number):
        box.setCurrentIndex(number)
        box.activated.emit(number)
        settle(qtbot, opened)
        return names(opened)

    def typed(text):
        with qtbot.waitSignal(filters.changed):
            filters.search.setText(text)
        settle(qtbot, opened)
        return names(opened)

    of_class = chosen(filters.class_names, filters.class_names.findData("opacity"))
    assert of_class == sorted(n for n in everything if int(n[4:7]) % 2 == 0)
    chosen(filters.class_names, 0)
    assert sorted(typed("p1")) == [f"p{n}_0{n}.png" for n in range(10, 20)]
    assert typed("patient=07") == ["p07_007.png"]
    assert typed("no such image") == []
    assert opened.browser._nothing.isVisible()
    typed("")
    counts = {
        filters.roles.itemData(number): set(chosen(filters.roles, number))
        for number in range(1, filters.roles.count())
    }
    assert set(counts) == {"train", "validation", "test", "holdout"}
    assert sum(map(len, counts.values())) == 40


def test_only_the_last_question_is_answered(qtbot, opened):
    filters = opened.browser.filters
    for text in ("p0", "p1", "p2", "p39"):
        filters.search.setText(text)
        filters.changed.emit()
    settle(qtbot, opened)
    assert names(opened) == ["p39_039.png"]


def test_the_list_orders_by_its_headings_and_keeps_the_image(qtbot, opened):
    browser = opened.browser
    browser.grid.show_place(5)
    here = browser.model.row_at(5)
    browser.as_list.click()
    assert browser.table.isVisible()
    assert browser.table.place() == 5
    header = browser.table.horizontalHeader()
    place = header.sectionViewportPosition(2) + 10
    for first in ("00", "39"):
        qtbot.mouseClick(
            header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place, header.height() // 2)
        )
        settle(qtbot, opened)
        assert browser.model.row_at(0).patient == first
        assert browser.model.row_at(browser.table.place()) == here
    assert browser.filters.wanted().descending
    assert browser.filters.order.currentData() == "patient"
    shown = [browser.table.model().index(0, c).data() for c in range(6)]
    assert shown[:5] == ["p39_039.png", "normal", "39", "", "24 × 20"]
    browser.table.selectAll()
    assert sorted(browser.selected_ids()) == sorted(browser.model.ids)
    browser.as_list.click()
    assert browser.model.row_at(browser.grid.place()) == here


def test_choosing_a_patient_shows_its_images_alone_and_escape_all(qtbot, opened):
    browser = opened.browser
    browser._side.setCurrentWidget(browser.patients)
    tree = browser.patients.view
    tree.setCurrentIndex(browser.patients.model.index(7, 0))
    settle(qtbot, opened)
    assert names(opened) == ["p07_007.png"]
    assert browser.filters.branch.isVisible()
    assert "07" in browser.filters.branch.text()
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert tree.isExpanded(tree.currentIndex())
    qtbot.keyClick(tree, Qt.Key.Key_Down)
    settle(qtbot, opened)
    assert names(opened) == ["p07_007.png"]
    qtbot.keyClick(tree, Qt.Key.Key_Escape)
    settle(qtbot, opened)
    assert len(names(opened)) == 40
    assert not browser.filters.branch.isVisible()
    with qtbot.waitSignal(browser.patients.wanted):
        browser.patients.search.setText("3")
    settle(qtbot, opened)
    assert browser.patients.model.rowCount() == 13


def test_a_second_view_decodes_nothing(qtbot, opened, project, start_data):
    thumbs, model = opened.browser.thumbnails, opened.browser.model
    qtbot.waitUntil(lambda: thumbs.pixmap(int(model.ids[2])) is not None, timeout=10_000)
    first = thumbs.pixmap(int(model.ids[2])).toImage()
    opened.browser.thumbnails.close()

    def never(path, _frame, _side):
        raise SourceError(f"{path} was read again", "")

    again, _ = make_page(qtbot, start_data)
    again.browser.thumbnails._read = never
    again._session.open_project(project)
    settle(qtbot, again)
    kept = again.browser.thumbnails
    qtbot.waitUntil(lambda: kept.pixmap(int(model.ids[2])) is not None, timeout=10_000)
    assert kept.pixmap(int(model.ids[2])).toImage() == first
    again.browser.close_reading()


def test_the_grid_shows_the_picture_of_its_own_image(qtbot, opened):
    grid, model = opened.browser.grid, opened.browser.model
    thumbs = opened.browser.thumbnails
    qtbot.waitUntil(lambda: thumbs.pixmap(int(model.ids[4])) is not None, timeout=10_000)
    row = model.index_of(4).data(TILE)
    grey = int(row.path.name[4:7])
    image = thumbs.pixmap(row.id).toImage()
    levels = {image.pixelColor(64, y).red() for y in range(30, 98)}
    assert {0, 255} <= levels or {grey, grey + 100} <= levels
    assert grid.isVisible()


def test_keys_walk_over_the_ends_of_rows_and_show_the_image(qtbot, opened):
    grid, model = opened.browser.grid, opened.browser.model
    grid.setFocus()
    grid.show_place(0)
    columns = model.columnCount()
    assert columns > 1
    for _ in range(columns):
        qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.place() == columns
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert grid.place() == columns - 1
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.place() == 39
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.place() == 39
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.place() == 0
    expected = model.row_at(0).path.name
    assert opened.browser.inspector._name.toolTip().endswith(expected)


def test_the_viewer_shows_the_values_of_the_file_and_steps_on(qtbot, opened):
    inspector = opened.browser.inspector
    opened.browser.grid.show_place(3)
    qtbot.waitUntil(lambda: inspector.canvas._values is not None, timeout=10_000)
    grey = int(opened.browser.model.row_at(3).path.name[4:7])
    qtbot.waitUntil(lambda: abs(inspector.canvas._values[-1, 0] * 255 - grey) < 0.6, timeout=10_000)
    with qtbot.waitSignal(inspector.step_wanted):
        qtbot.keyClick(inspector.canvas, Qt.Key.Key_Right)
    assert opened.browser.grid.place() == 4


def test_dragging_changes_the_window_and_double_click_fits(qtbot, opened):
    canvas = opened.browser.inspector.canvas
    qtbot.waitUntil(lambda: canvas._values is not None, timeout=10_000)
    before = canvas.window_shown
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    qtbot.mouseMove(canvas, canvas.rect().center() * 1.2)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.window_shown.width > before.width
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas._scale() > canvas._fitting()
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert canvas._scale() == canvas._fitting()


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


def test_large_text_turns_columns_into_tabs_and_back(qtbot, opened, theme):
    browser = opened.browser
    assert browser.inspector.isVisible()
    for _ in range(2):
        theme.set_text_percent(200)
        qtbot.waitUntil(lambda: browser.tabs.count() == 4)
        browser.grid.opened.emit(3)
        assert browser.inspector.isVisible()
        assert browser.inspector.canvas.hasFocus()
        theme.set_text_percent(100)
        qtbot.waitUntil(lambda: browser.tabs.count() == 2)
        assert browser.inspector.isVisible()
        assert browser.overview.isVisible()


def test_far_down_pictures_are_wished_for_as_soon_as_at_the_top(qtbot, opened):
    grid, thumbs = opened.browser.grid, opened.browser.thumbnails
    grid.setFixedHeight(200)
    thumbs.show_cache(None)
    bar = grid.verticalScrollBar()
    qtbot.waitUntil(lambda: grid.height() == 200 and bar.pageStep() <= 200)
    bar.setValue(bar.maximum())
    assert grid._wish.interval() == 0
    last = int(opened.browser.model.ids[-1])
    qtbot.waitUntil(lambda: thumbs.pixmap(last) is not None, timeout=10_000)


def test_another_number_of_columns_keeps_what_is_seen_and_selected(qtbot, opened):
    browser, grid = opened.browser, opened.browser.grid
    grid.setFixedHeight(200)
    qtbot.waitUntil(lambda: grid.height() == 200)
    flag = QItemSelectionModel.SelectionFlag.Select
    for place in (0, 7, 30):
        grid.selectionModel().select(browser.model.index_of(place), flag)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    columns = set()
    for width in (700, 1600, 1000):
        top = grid.rowAt(0) * browser.model.columnCount()
        opened.resize(width, 700)
        qtbot.wait(20)
        columns.add(browser.model.columnCount())
        first, last = grid.rowAt(0), grid.rowAt(grid.viewport().height() - 1)
        assert first <= top // browser.model.columnCount() <= (last if last >= 0 else first + 9)
        assert grid.selected() == [0, 7, 30]
        assert grid.place() == 0
    assert len(columns) > 1


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
