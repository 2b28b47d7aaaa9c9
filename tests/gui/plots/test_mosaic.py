import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from meddistill_gui.gui.plots.mosaic import Mosaic, to_qimage


@pytest.fixture
def mosaic(qtbot):
    made = Mosaic()
    qtbot.addWidget(made)
    made.resize(500, 400)
    images = np.stack([np.full((8, 8), 30 * index, np.uint8) for index in range(6)])
    images[:, 0, 0] = 255 - images[:, 0, 0]
    made.show_images(images, [0, 0, 1, 1, 2, 2], ["a", "b", "a rather long name of a class"])
    made.show()
    return made


def centre(mosaic, index) -> QPoint:
    return mosaic.tile_rect(index).center().toPoint()


def test_tile_3_shows_image_3(mosaic):
    picture = mosaic.grab().toImage()
    for index in range(6):
        assert picture.pixelColor(centre(mosaic, index)) == QColor(*[30 * index] * 3)


def test_pixels_are_not_smoothed(mosaic):
    picture = mosaic.grab().toImage()
    corner = mosaic.tile_rect(3).topLeft().toPoint() + QPoint(2, 2)
    assert picture.pixelColor(corner) == QColor(*[255 - 90] * 3)


def test_a_click_chooses_the_image_below_it(mosaic, qtbot):
    with qtbot.waitSignal(mosaic.chosen) as heard:
        qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=centre(mosaic, 4))
    assert heard.args == [4]
    assert "image 5, class a rather long name of a class" in mosaic.accessibleDescription()


def test_arrow_keys_walk_over_the_grid(mosaic, qtbot):
    walked = []
    mosaic.chosen.connect(walked.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(mosaic, key)
    assert walked == [0, 1, 3, 2]
    qtbot.keyClick(mosaic, Qt.Key.Key_Left)
    assert mosaic.current == 2


def test_a_click_beside_the_tiles_chooses_nothing(mosaic, qtbot):
    qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert mosaic.current == -1


def test_other_images_of_the_same_classes_keep_the_choice(mosaic):
    mosaic.choose(3)
    mosaic.show_images(np.zeros((6, 8, 8), np.uint8), [0, 0, 1, 1, 2, 2], mosaic._class_names)
    assert mosaic.current == 3
    mosaic.clear()
    assert mosaic.current == -1


def test_a_flag_is_a_shape_not_a_colour_alone(mosaic):
    before = mosaic.grab().toImage()
    mosaic.mark([2])
    after = mosaic.grab().toImage()
    tile = mosaic.tile_rect(2).toRect()
    changed = {
        (x, y)
        for x in range(tile.left(), tile.right())
        for y in range(tile.top(), tile.bottom())
        if before.pixel(x, y) != after.pixel(x, y)
    }
    assert changed
    assert len({after.pixel(x, y) for x, y in changed}) > 1  # the triangle and the sign in it


def test_colour_images_keep_their_colours(qtbot):
    mosaic = Mosaic()
    qtbot.addWidget(mosaic)
    mosaic.resize(200, 200)
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[..., 1] = 120
    mosaic.show_images(image, [0], ["a"])
    assert mosaic.grab().toImage().pixelColor(centre(mosaic, 0)) == QColor(0, 120, 0)


def test_a_picture_owns_its_bytes_and_carries_no_text():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)[:, ::2]
    picture = to_qimage(pixels)
    pixels[:] = 0
    assert picture.pixelColor(1, 3) == QColor(26, 26, 26)
    assert picture.textKeys() == []


def test_says_what_will_stand_where_nothing_is(mosaic):
    mosaic.say_when_empty("Images appear here.")
    with_images = mosaic.accessibleDescription()
    blank = mosaic.palette().window().color()
    mosaic.clear()
    assert "3 classes" in with_images
    assert mosaic.accessibleDescription() == "Images appear here."
    picture = mosaic.grab().toImage()
    row = range(picture.width())
    middle = range(picture.height() // 2 - 10, picture.height() // 2 + 10)
    assert any(picture.pixelColor(x, y) != blank for y in middle for x in row)
