import pytest
from PySide6.QtGui import QGuiApplication

from meddistill_gui.gui.plots.numbers_table import MAX_ROWS, NumbersTable
from meddistill_gui.gui.plots.series import Series


@pytest.fixture
def table(qtbot):
    made = NumbersTable()
    qtbot.addWidget(made)
    return made


def series(steps, values):
    made = Series()
    made.extend(steps, values)
    return made


def texts(table):
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_newest_first_one_column_per_curve_holes_left_empty(table):
    table.show_series(
        "iteration",
        {
            "loss": series([1, 2, 3], [0.5, 0.25, 0.125]),
            "score": series([2], [0.7]),
            "none": Series(),
        },
    )
    assert texts(table) == [["3", "0.125", ""], ["2", "0.25", "0.7"], ["1", "0.5", ""]]


def test_only_as_many_rows_as_a_person_reads(table):
    table.show_series("iteration", {"loss": series(range(5000), range(5000))})
    assert table.rowCount() == MAX_ROWS
    assert table.item(0, 0).text() == "4,999"


def test_copies_with_tabs(table):
    table.show_series("iteration", {"loss": series([1, 2], [0.5, 0.25])})
    table.copy_rows()
    assert QGuiApplication.clipboard().text() == "2\t0.25\n1\t0.5"


def test_no_curve_has_a_point_yet(table):
    table.show_series("iteration", {"loss": Series()})
    assert table.rowCount() == 0
