from PySide6.QtCore import QPoint, Qt

from meddistill_gui.data.catalogue import open_catalogue
from tests.gui.pages.dataset_browser.open_page import names, settle


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


def test_a_long_class_name_widens_nothing(qtbot, opened, project):
    """It took the room of the images: one column of them was left."""
    sizes = opened.browser.sizes()
    name = "Interstitielle_Lungenerkrankung_nicht_naeher_bezeichnet_Verlaufskontrolle"
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        catalogue.connection.execute("UPDATE class SET name = ? WHERE name = 'normal'", (name,))
        catalogue.connection.execute("UPDATE patient SET identity = ? || identity", ("W" * 64,))
    opened._session.say_catalogue_changed()
    settle(qtbot, opened)
    opened.browser.show_image(int(opened.browser.model.ids[0]))
    qtbot.waitUntil(lambda: name in opened.browser.inspector._about.text().replace("\u200b", ""))
    qtbot.wait(50)
    assert opened.browser.sizes() == sizes
    overview = opened.browser.overview
    assert overview.minimumSizeHint().width() <= overview.width()


def test_what_may_show_text_says_so_everywhere(qtbot, opened, project):
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        (file,) = catalogue.connection.execute("SELECT file FROM image WHERE id = 1").fetchone()
        catalogue.connection.execute(
            "INSERT INTO issue (file, path, stage, cause, reason, remedy) VALUES (?, 'x', 'risk', 'text in the pixels?', '', '')",
            (file,),
        )
    opened._session.say_catalogue_changed()
    settle(qtbot, opened)
    browser = opened.browser
    browser.show_image(1)
    assert "1 may show text" in opened.frame.status()
    assert "may show text" in browser.inspector._about.text()
    index = browser.grid.currentIndex()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).endswith("may show text")
    tile = browser.grid.visualRect(index)
    before = browser.grid.viewport().grab(tile).toImage()
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        catalogue.connection.execute("DELETE FROM issue")
    opened._session.say_catalogue_changed()
    settle(qtbot, opened)
    browser.show_image(1)
    assert browser.grid.viewport().grab(tile).toImage() != before


def test_three_columns_of_tiles_fit_into_the_smallest_usual_window(qtbot, opened):
    rail = 240
    opened.resize(1280 - rail, 800)
    settle(qtbot, opened)
    grid = opened.browser.grid
    assert grid._columns() == 3
    assert opened.browser.inspector.width() >= 240
