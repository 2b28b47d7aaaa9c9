import numpy as np

from meddistill_gui.gui.pages.anonymity_preview.pixels import alike, difference


def test_equal_images_differ_nowhere():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (difference(image, image) == 128).all()


def test_brighter_is_brighter_and_nothing_wraps():
    black, white = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert (difference(white, black) == 255).all()
    assert (difference(black, white) == 0).all()


def test_grey_and_colour_are_brought_together():
    grey, colour = np.full((2, 2), 90, np.uint8), np.zeros((2, 2, 3), np.uint8)
    colour[..., 0] = 30
    assert alike(grey, colour).shape == (2, 2, 3)
    assert alike(colour, grey).tolist() == [[10, 10], [10, 10]]
    assert alike(grey, grey) is grey
