from PySide6.QtCore import QItemSelectionModel, Qt

from meddistill_gui.core.errors import SourceError
from meddistill_gui.gui.pages.dataset_browser.grid.model import TILE
from tests.gui.pages.dataset_browser.open_page import make_page, settle


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
        before = browser.model.columnCount()
        top = grid.rowAt(grid.rowHeight(0) // 2) * before
        seen = [place for place in range(top, top + before) if place < len(browser.model.ids)]
        opened.resize(width, 700)
        qtbot.wait(20)
        columns.add(browser.model.columnCount())
        first, last = grid.rowAt(0), grid.rowAt(grid.viewport().height() - 1)
        rows = range(first, (last if last >= 0 else first + 9) + 1)
        assert any(place // browser.model.columnCount() in rows for place in seen)
        assert grid.selected() == [0, 7, 30]
        assert grid.place() == 0
    assert len(columns) > 1
