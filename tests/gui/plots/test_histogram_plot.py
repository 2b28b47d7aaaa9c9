import numpy as np
import pytest

from meddistill_gui.gui.plots.histogram_plot import HistogramPlot


@pytest.fixture
def plot(qtbot):
    made = HistogramPlot("score", "hold-out images")
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    return made


def test_bars_count_every_score(plot):
    scores = np.random.default_rng(0).normal(size=500)
    plot.show_score(scores, 0.3, 1.5, "image 1")
    assert int(np.sum(plot._bars.opts["height"])) == 500


def test_the_words_say_what_the_picture_shows(plot):
    plot.show_score([1.0, 2.0, 3.0, 4.0], 3.0, None, "image 7: 3")
    assert plot.accessibleName() == "image 7: 3"
    assert plot.accessibleDescription() == "score: 2 of 4 hold-out scores are as high or higher."
    assert not plot._threshold.isVisible()


@pytest.mark.parametrize("value", [-5.0, 0.5, 9.0])
def test_score_and_threshold_are_always_in_view(plot, value):
    plot.show_score([0.0, 0.5, 1.0], value, 4.0, "image")
    low, high = plot._plot.viewRange()[0]
    assert low < min(value, 0.0)
    assert high > max(value, 4.0)


def test_nothing_to_compare_with_is_drawn_too(plot):
    plot.show_score([], 1.0, None, "image")
    assert plot.accessibleDescription().startswith("score: 0 of 0")
