import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.gui.pages.dataset_browser.windowing import Window, full_range, grey


def reference(values, window, inverted):
    """Linear window, said plainly: below black, above white, in between in proportion; in float64."""
    low, high = window.centre - window.width / 2, window.centre + window.width / 2
    levels = np.interp(values.astype(np.float64), [low, high], [0.0, 255.0])
    return 255.0 - levels if inverted else levels


@given(
    st.lists(st.integers(-3000, 60000), min_size=4, max_size=40),
    st.integers(-1000, 3000),
    st.integers(1, 9000),
    st.booleans(),
)
def test_grey_levels_are_those_of_a_linear_window(numbers, centre, width, inverted):
    values = (
        np.array(numbers, np.float32).reshape(2, -1)
        if len(numbers) % 2 == 0
        else np.array([numbers], np.float32)
    )
    window = Window(float(centre), float(width))
    shown = grey(values, window, inverted=inverted)
    assert shown.dtype == np.uint8
    assert np.abs(shown - reference(values, window, inverted)).max() <= 0.51


def test_nan_is_black_and_not_part_of_the_range():
    values = np.array([[np.nan, 10.0], [20.0, 30.0]], np.float32)
    assert full_range(values) == Window(20.0, 20.0)
    assert grey(values, full_range(values), inverted=False).tolist() == [[0, 0], [128, 255]]


@pytest.mark.parametrize(
    "values", [np.full((3, 3), 7.0, np.float32), np.full((2, 2), np.nan, np.float32)]
)
def test_a_flat_image_still_has_a_window(values):
    window = full_range(values)
    assert window.width > 0
    grey(values, window, inverted=False)


def test_a_drag_moves_the_window_in_proportion_to_the_images_range():
    window = Window(100.0, 50.0).dragged(0.1, 0.2, 4000.0)
    assert window == Window(100.0 - 800.0, 450.0)
    assert Window(0.0, 10.0).dragged(-5.0, 0.0, 100.0).width == pytest.approx(0.1)


def test_colour_keeps_its_three_channels():
    values = np.zeros((4, 5, 3), np.float32)
    assert grey(values, Window(0.5, 1.0), inverted=False).shape == (4, 5, 3)
