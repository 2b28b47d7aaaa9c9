import numpy as np
import pytest
from PySide6.QtGui import QColor

from meddistill_gui.gui.plots.curve_plot import MAX_POINTS, CurvePlot, Panel, round_numbers
from meddistill_gui.gui.theme.colours import LIGHT


@pytest.fixture
def plot(qtbot):
    made = CurvePlot(
        [
            Panel(title="Loss", curves=("loss", "other"), logarithmic=True),
            Panel(title="Accuracy", curves=("accuracy",), low=0.0, high=1.0),
        ],
        "iteration",
    )
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    return made


def drawn(plot, name):
    return plot._lines[name].getOriginalDataset()


def test_says_its_curves_in_words(plot):
    for step in range(1201):
        plot.add("loss", step, 1.0 - step / 2000)
    plot.redraw()
    assert plot.accessibleDescription() == "loss 0.4 at iteration 1,200, falling"


def test_says_so_when_there_is_nothing(plot):
    assert plot.sentence() == "No values yet"


def test_draws_no_more_points_than_the_eye_needs(plot):
    for step in range(30_000):
        plot.add("loss", step, float(np.sin(step)))
    plot.redraw()
    steps, values = drawn(plot, "loss")
    assert len(steps) <= MAX_POINTS
    assert steps[-1] == 29_999
    assert values.max() > 0.999


def test_another_name_of_the_steps_stands_in_the_middle_too(plot, qtbot):
    plot.set_step_name("iteration (the first 2,000 are warming up)")
    qtbot.wait(50)
    axis = plot._plots[-1].getAxis("bottom")
    plot.set_step_name("step")
    middle = axis.label.pos().x() + axis.label.boundingRect().width() / 2
    assert abs(middle - axis.size().width() / 2) <= 2


def test_a_curve_of_another_panel_or_of_none_is_left_out(plot):
    plot.add("unknown", 1, 2.0)
    plot.redraw()
    assert set(plot.series) == {"loss", "other", "accuracy"}


def test_curves_differ_by_colour_dash_and_marker(plot):
    pens = [plot._lines[name].opts["pen"] for name in ("loss", "other")]
    marks = [plot._marks[name].opts["symbol"] for name in ("loss", "other")]
    assert pens[0].color() != pens[1].color()
    assert pens[0].style() != pens[1].style()
    assert marks[0] != marks[1]


def test_the_logarithmic_switch_hides_what_has_no_logarithm(plot):
    for step, value in enumerate([1.0, 0.0, -1.0, 0.1]):
        plot.add("loss", step, value)
    plot.set_logarithmic(True)
    _, values = drawn(plot, "loss")
    assert np.isnan(values).tolist() == [False, True, True, False]
    assert plot._plots[0].getAxis("left").logMode
    assert not plot._plots[1].getAxis("left").logMode


def test_nothing_is_drawn_while_nobody_looks(plot):
    plot.hide()
    plot.add("loss", 1, 0.5)
    plot.redraw()
    assert drawn(plot, "loss") == (None, None) or not len(drawn(plot, "loss")[0])
    plot.show()
    plot.redraw()
    assert drawn(plot, "loss")[1].tolist() == [0.5]


def test_follows_the_scheme(plot, theme):
    before = plot._lines["loss"].opts["pen"].color()
    assert before == QColor(LIGHT.series[0])
    theme.set_scheme("dark")
    assert plot._lines["loss"].opts["pen"].color() != before


def test_clear_forgets_every_point(plot):
    plot.add("loss", 1, 0.5)
    plot.clear()
    assert plot.sentence() == "No values yet"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (52, 310, [100, 200, 300]),
        (0.60, 0.98, [0.6, 0.7, 0.8, 0.9]),
        (0.957826, 0.957826, [0.958]),
        (3.9, 1000, [1, 10, 100, 1000]),
        (1e-8, 1e4, [1e-8, 1e-5, 1e-2, 1e1, 1e4]),
    ],
)
def test_logarithmic_axes_have_few_round_numbers(low, high, ticks):
    found = round_numbers(low, high)
    assert found == pytest.approx(ticks)


@pytest.mark.parametrize("last", [3, 7, 60, 5000])
def test_between_two_steps_there_is_no_mark(plot, last):
    for step in range(1, last + 1):
        plot.add("loss", step, 1 / step)
    plot.redraw()
    axis = plot._plots[-1].getAxis("bottom")
    marked = [value for _, values in axis.tickValues(1, last, 300) for value in values]
    assert len(marked) > 1
    assert all(value == int(value) for value in marked)
