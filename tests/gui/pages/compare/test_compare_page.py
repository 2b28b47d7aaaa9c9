import pytest
from PySide6.QtCore import Qt

from meddistill_gui.gui.pages.compare.page import ComparePage
from meddistill_gui.gui.plots.mosaic import Mosaic


@pytest.fixture
def page(session, start_fake, qtbot):
    made = ComparePage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    return made


def rows(page):
    table = page._table
    return {
        table.verticalHeaderItem(row).text(): [
            item.text() if (item := table.item(row, column)) else ""
            for column in range(table.columnCount())
        ]
        for row in range(table.rowCount())
    }


def test_without_runs_it_says_what_to_do(page, qtbot):
    assert page._stack.currentWidget() is page._empty
    with qtbot.waitSignal(page.go_to) as heard:
        page._empty.action.click()
    assert heard.args == ["distillation_wizard"]


def test_runs_stand_side_by_side_with_what_differs(page, session, hospital):
    hospital.finished(hospital.run("one", per_class=2))
    hospital.run("two", per_class=5)
    session.open_project(hospital.project.root)
    names = [page._table.horizontalHeaderItem(column).text() for column in range(2)]
    assert sorted(names) == ["one", "two"]
    order = [names.index("one"), names.index("two")]
    found = rows(page)
    assert [found["Images per class"][k] for k in order] == ["2", "5"]
    assert [found["Best on validation"][k] for k in order] == ["0.710 at iteration 20", "–"]
    assert found["Images"][order[1]] == "No result yet"
    mosaic = page._table.cellWidget(0, order[0])
    assert isinstance(mosaic, Mosaic)
    assert len(mosaic.grid.places) == 6


def test_a_run_can_be_taken_out(page, session, hospital):
    for name in "abcd":
        hospital.run(name)
    session.open_project(hospital.project.root)
    assert len(page.chosen()) == 3
    first = next(
        page._runs.item(row) for row in range(4) if page._runs.item(row).text() == page.chosen()[0]
    )
    first.setCheckState(Qt.CheckState.Unchecked)
    assert page._table.columnCount() == 2
    assert first.text() not in page.chosen()


def test_another_project_begins_anew(page, session, hospital, tmp_path):
    hospital.run("a")
    session.open_project(hospital.project.root)
    session.create_project(tmp_path / "other")
    assert page._stack.currentWidget() is page._empty
    assert page.chosen() == ()
