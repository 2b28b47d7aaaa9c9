import math

import pytest
from PySide6.QtCore import Qt

from meddistill_gui.gui.widgets.evaluation_table import EvaluationTable, in_words


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ({"mean": 0.6831, "low": 0.641, "high": 0.725}, "0.683 (0.641 to 0.725)"),
        ({"mean": 0.5, "low": None, "high": None}, "0.500"),
        ({"mean": 0.5, "low": math.nan, "high": math.nan}, "0.500"),
        ({"mean": None}, "–"),
        (None, "–"),
    ],
)
def test_a_figure_with_its_interval(figure, words):
    assert in_words(figure) == words


def test_rows_of_a_bundle_have_no_titles_of_their_own(qtbot):
    table = EvaluationTable()
    qtbot.addWidget(table)
    row = {"training_images": 4, "students": 3, "balanced_accuracy": {"mean": 0.7}}
    table.show_figures(
        {"rows": [{"name": "distilled", **row}, {"name": "whole", "title": "T", **row}]}
    )
    assert [table.item(place, 0).text() for place in (0, 1)] == ["The synthetic images", "T"]
    assert table.item(0, 1).text() == "0.700"


def figures(**title: str) -> dict:
    interval = {"mean": 0.733, "low": 0.31, "high": 1.0}
    names = ("balanced_accuracy", "accuracy", "auroc")
    return {"training_images": 360, "students": 3, "name": "x", **dict.fromkeys(names, interval), **title}  # fmt: skip


def test_a_long_title_takes_several_lines_and_leaves_the_figures_in_sight(qtbot):
    table = EvaluationTable()
    qtbot.addWidget(table)
    title = (
        "3 synthetic images, best over test of 10 evaluations, as the papers report it: optimistic"
    )
    table.show_figures({"rows": [figures(title="3 images"), figures(title=title)]})
    table.resize(446, 300)
    table.show()
    assert table.columnWidth(0) < table.fontMetrics().horizontalAdvance(title) / 1.5
    assert table.rowHeight(1) >= 3 * table.fontMetrics().height()
    assert table.rowHeight(1) > table.rowHeight(0)


def test_no_figure_is_cut_at_the_edge_where_it_would_read_as_another(qtbot):
    table = EvaluationTable()
    qtbot.addWidget(table)
    table.show_figures({"rows": [figures(title="3 random real images")]})
    table.show()
    seen = []
    for letters in range(36, 150, 5):
        table.resize(letters * table.fontMetrics().averageCharWidth(), 300)
        edge = table.viewport().width()
        lefts = [table.columnViewportPosition(column) for column in range(table.columnCount())]
        for column, left in enumerate(lefts):
            right = left + table.columnWidth(column)
            assert right <= edge or left >= edge, f"column {column}: {left} to {right} of {edge}"
        seen.append(sum(left < edge for left in lefts[1:]))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (1, table.columnCount() - 1), (
        "the first at least, all where there is room"
    )


def test_heads_stand_over_their_figures(qtbot):
    table = EvaluationTable()
    qtbot.addWidget(table)
    table.show_figures({"rows": [figures(title="T")]})
    assert table.item(0, 1).text() == "0.733\n0.310 to 1.000"
    assert table.item(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "0.733 (0.310 to 1.000)"
    for column in range(1, table.columnCount()):
        sides = table.horizontalHeaderItem(column).textAlignment(), table.item(0, column).textAlignment()  # fmt: skip
        assert all(side & int(Qt.AlignmentFlag.AlignRight) for side in sides), column
    assert table.horizontalHeader().defaultAlignment() & Qt.AlignmentFlag.AlignLeft
