import math

import pytest

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


def test_a_long_title_takes_several_lines_and_leaves_the_figures_in_sight(qtbot):
    table = EvaluationTable()
    qtbot.addWidget(table)
    title = (
        "3 synthetic images, best over test of 10 evaluations, as the papers report it: optimistic"
    )
    row = {"training_images": 3, "students": 3, "balanced_accuracy": {"mean": 0.7}, "name": "x"}
    table.show_figures({"rows": [row | {"title": "3 images"}, row | {"title": title}]})
    assert table.columnWidth(0) < table.fontMetrics().horizontalAdvance(title) / 1.5
    assert table.rowHeight(1) >= 2 * table.fontMetrics().height()
    assert table.rowHeight(1) > table.rowHeight(0)
