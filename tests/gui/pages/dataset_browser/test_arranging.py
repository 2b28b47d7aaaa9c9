"""Classes by hand, by name and from a table with a look first; patients; copies; the cache: as a user does it in the window."""

import csv
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QScrollArea, QWidget

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.project import held
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.labels.layers import source_classes
from meddistill_gui.gui.pages.dataset_browser.labels.class_manager import ClassManager
from meddistill_gui.gui.pages.dataset_browser.labels.dialogs import label_dialog, patients_dialog
from meddistill_gui.gui.pages.dataset_browser.lists.copies_dialog import CopiesDialog
from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.pages.dataset_browser.square_dialog import SquareDialog
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.listing import as_csv
from tests.gui.test_accessibility import called, described, takes_focus


@pytest.fixture
def opened(qtbot, start_data, project):
    session = Session(start_data)
    page = DatasetBrowserPage(session, start_data)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    session.open_project(project)
    settle(qtbot, page)
    yield page
    page.browser.close_reading()
    session.work.close()


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page.working and not page.reading, timeout=20_000)


def select(page, count):
    grid = page.browser.grid
    grid.clearSelection()
    for place in range(count):
        index = page.browser.model.index_of(place)
        grid.selectionModel().select(index, grid.selectionModel().SelectionFlag.Select)
    return page.browser.model.ids[:count].tolist()


def classes_of(page, ids):
    with open_catalogue(page._session.project.catalogue) as catalogue:
        return [row.class_name for row in catalogue.images(ids)]


def test_a_selection_gets_a_class_and_loses_it_again_by_keyboard(qtbot, opened):
    hand = opened.browser.hand
    ids = select(opened, 3)
    before = classes_of(opened, ids)
    assert hand._count.text() == "3 selected"
    grid = opened.browser.grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_C)
    assert hand.names.lineEdit().hasFocus()
    hand.names.setCurrentText("effusion")
    qtbot.keyClick(hand.names.lineEdit(), Qt.Key.Key_Return)
    settle(qtbot, opened)
    assert classes_of(opened, ids) == ["effusion"] * 3
    assert "3 images are now effusion" in opened.frame.notice.text()
    assert "divided again" in opened.frame.notice.text()
    assert hand.names.findText("effusion") >= 0
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    assert classes_of(opened, ids) == before
    assert not hand.undo.isEnabled()
    hand.redo.click()
    settle(qtbot, opened)
    assert classes_of(opened, ids) == ["effusion"] * 3


def test_digits_set_a_class_and_backspace_takes_it_away(qtbot, opened):
    ids = select(opened, 2)
    opened.browser.grid.setFocus()
    second = opened.browser.hand.names.itemText(1)
    qtbot.keyClick(opened.browser.grid, Qt.Key.Key_2)
    settle(qtbot, opened)
    assert classes_of(opened, ids) == [second] * 2
    ids = select(opened, 2)
    qtbot.keyClick(opened.browser.grid, Qt.Key.Key_Backspace)
    settle(qtbot, opened)
    assert classes_of(opened, ids) == [None, None]


def test_names_of_persons_are_questioned_and_a_busy_project_is_said(qtbot, opened):
    hand = opened.browser.hand
    select(opened, 1)
    hand.names.setCurrentText("Mueller, Anna")
    hand.set.click()
    settle(qtbot, opened)
    assert "looks like a name" in opened.frame.notice.text()
    select(opened, 1)
    with held(opened._session.project.root, "project"):
        hand.names.setCurrentText("other")
        hand.set.click()
        settle(qtbot, opened)
    assert "in use by process" in opened.frame.notice.text()
    select(opened, 0)
    assert not hand.set.isEnabled()


def test_classes_are_renamed_merged_and_left_out(qtbot, opened, tmp_path, monkeypatch):
    project = opened._session.project
    ids = select(opened, 4)
    opened.browser.hand.names.setCurrentText("haze")
    opened.browser.hand.set.click()
    settle(qtbot, opened)
    with open_catalogue(project.catalogue) as catalogue:
        dialog = ClassManager(catalogue, source_classes(catalogue), opened)
        qtbot.addWidget(dialog)
        names = {field.text(): field for field in dialog.names}
        assert set(names) == {"haze", "normal", "opacity"}
        names["haze"].setText("")
        assert not dialog.go.isEnabled()
        names["haze"].setText("opacity")
        assert "Afterwards: normal" in dialog.said.text()
        names["normal"].setText("Mueller, Anna")
        assert "looks like a name" in dialog.problem.text()
        assert dialog.go.isEnabled(), "a question is no refusal"
        names["normal"].setText("healthy")
        table = tmp_path / "classes.csv"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
        dialog.save_table()
        opened.label(dialog.config(project.root))
    settle(qtbot, opened)
    assert set(classes_of(opened, ids)) == {"opacity"}
    with table.open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 40
    assert sum(row["class"] == "haze" for row in rows) == 4


def test_only_one_class_left_is_refused(qtbot, opened):
    with open_catalogue(opened._session.project.catalogue) as catalogue:
        dialog = ClassManager(catalogue, source_classes(catalogue), opened)
        qtbot.addWidget(dialog)
        dialog.kept[0].setChecked(False)
        assert not dialog.go.isEnabled()
        assert "two classes" in dialog.problem.text()


def test_a_table_is_looked_at_before_it_is_applied(qtbot, opened, tmp_path):
    table = tmp_path / "table.csv"
    paths = [f"{'normal' if n % 2 else 'opacity'}/p{n:02}_{n:03}.png" for n in range(39)]
    lines = [f"{path},{'odd' if n % 2 else 'even'}" for n, path in enumerate(paths)]
    table.write_text("\n".join(["path,class", *lines, "gone.png,odd"]))
    dialog = label_dialog(opened._session.project, opened)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.seen, timeout=10_000)
    assert "Classes: normal 20, opacity 20." in dialog.said.text()
    config = LabelConfig(project=opened._session.project.root, rule="table", table=table)
    dialog.form.show_config(config)
    assert not dialog.go.isEnabled()
    qtbot.waitUntil(lambda: dialog.seen, timeout=10_000)
    assert dialog.go.isEnabled()
    assert (
        "Images without a class: 1. Rows of the table that name no image: 1." in dialog.said.text()
    )
    assert [dialog.lists.tabText(n) for n in range(3)] == [
        "Examples",
        "Rows without an image",
        "Images without a class",
    ]
    assert dialog.lists.widget(0).rowCount() == 20
    table.write_text("file,class\na,b\n")
    dialog.form.changed.emit()
    qtbot.waitUntil(lambda: "no column" in dialog.said.text(), timeout=10_000)
    assert not dialog.go.isEnabled()
    dialog.reject()


def test_patients_are_looked_at_and_named(qtbot, opened):
    project = opened._session.project
    dialog = patients_dialog(project, opened)
    qtbot.addWidget(dialog)
    dialog.show()
    config = PatientsConfig(project=project.root, pattern=r"p(\d)")
    dialog.form.show_config(config)
    qtbot.waitUntil(lambda: dialog.seen, timeout=10_000)
    assert "patient: 40. Of these, 40 would get one; different patients: 4." in dialog.said.text()
    dialog.reject()
    opened._start("patients", config, "")
    settle(qtbot, opened)
    assert "belong to 4 patients" in opened.frame.notice.text() or opened._warnings
    with open_catalogue(project.catalogue) as catalogue:
        assert catalogue.summary().patients == 4


def test_copies_are_listed_filtered_and_written_down(qtbot, opened, source):
    twin = source / "normal" / "twin of p00.png"
    shutil.copy(source / "opacity" / "p00_000.png", twin)
    try:
        from meddistill_gui.core.configs.scan import ScanConfig

        opened.scan(ScanConfig(source=source, project=opened._session.project.root))
        settle(qtbot, opened)
        opened.label(LabelConfig(project=opened._session.project.root))
        settle(qtbot, opened)
        dialog = CopiesDialog(opened._session.project.catalogue, opened)
        qtbot.addWidget(dialog)
        qtbot.waitUntil(lambda: not dialog.reading, timeout=10_000)
        assert dialog.said.text().startswith("Pairs: 1.")
        (line,) = (dialog.model.texts(one) for one in range(dialog.model.count()))
        assert {line[1], line[2]} == {"p00_000.png", twin.name}
        assert "two classes" in line[0]
        needed = dialog.table.fontMetrics().horizontalAdvance(line[0])
        assert dialog.table.columnWidth(0) >= needed, "what matters is read whole"
        assert twin.as_posix() in as_csv(dialog.model.titles, dialog.model.lines()).decode()
        dialog.kinds.setCurrentIndex(3)
        dialog._show()
        assert dialog.model.rowCount() == 0
        with qtbot.waitSignal(dialog.image_wanted):
            dialog.kinds.setCurrentIndex(0)
            dialog._show()
            dialog._on_activated(dialog.model.index(0, 0))
        dialog.accept()
    finally:
        twin.unlink()


def test_what_the_network_sees(qtbot, opened):
    dialog = SquareDialog(opened.browser.current(), opened)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: "32 × 32" in dialog.after.said.text(), timeout=10_000)
    assert "24 × 20" in dialog.before.said.text()
    dialog.form.field("size").show_value(16)
    dialog._look()
    qtbot.waitUntil(lambda: "16 × 16" in dialog.after.said.text(), timeout=10_000)
    Path(dialog._row.path)
    dialog.accept()


def test_every_control_of_the_dialogs_has_a_name(qtbot, opened):
    project = opened._session.project
    with open_catalogue(project.catalogue) as catalogue:
        dialogs = [
            label_dialog(project, opened),
            patients_dialog(project, opened),
            ClassManager(catalogue, source_classes(catalogue), opened),
            CopiesDialog(project.catalogue, opened),
            SquareDialog(opened.browser.current(), opened),
        ]
        for dialog in dialogs:
            qtbot.addWidget(dialog)
            dialog.show()
        qtbot.waitUntil(lambda: dialogs[0].seen and not dialogs[3].reading, timeout=10_000)
        for dialog in dialogs:
            for widget in dialog.findChildren(QWidget):
                if not takes_focus(widget) or widget.isHidden() or widget.window() is not dialog:
                    continue
                if not isinstance(widget, QScrollArea | QLabel):
                    assert called(widget).strip(), described(widget)
            dialog.reject()


def test_the_cache_is_measured_and_deleted(qtbot, opened, monkeypatch):
    cache = opened._session.project.cache
    (cache / "pixels-old").mkdir(parents=True)
    (cache / "pixels-old" / "images.npy").write_bytes(bytes(3 << 20))
    ordering = opened.browser.overview.ordering
    ordering.show_cache(cache)
    qtbot.waitUntil(lambda: "stays in the house" in ordering._size.text(), timeout=10_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    ordering.purge.click()
    settle(qtbot, opened)
    assert (cache / "pixels-old").is_dir()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    ordering.purge.click()
    settle(qtbot, opened)
    assert not (cache / "pixels-old").exists()
    assert "MiB of cached images were deleted" in opened.frame.notice.text()
