"""The viewer over a file of four frames with an overlay: every tool by mouse and by keyboard, judged by pixels on the screen."""

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.utils import pack_bits
from pydicom.uid import ExplicitVRLittleEndian
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.session import Session

FRAMES, SIDE = 4, 32
CENTRE, WIDTH = 1000, 800


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """CT, frame n is 700 + 100 n with a ramp at the right; the overlay is a square at the left of every frame."""
    folder = tmp_path_factory.mktemp("ct")
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
    dataset.PatientID, dataset.PatientName, dataset.Modality = "P1", "Doe^Jane", "CT"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.4", "1.2.5"
    dataset.Rows = dataset.Columns = SIDE
    dataset.NumberOfFrames, dataset.SamplesPerPixel = FRAMES, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.WindowCenter, dataset.WindowWidth = CENTRE, WIDTH
    pixels = np.empty((FRAMES, SIDE, SIDE), np.uint16)
    pixels[:] = 700 + 100 * np.arange(FRAMES)[:, None, None]
    pixels[:, :, -4:] += np.arange(4, dtype=np.uint16)
    dataset.PixelData = pixels.tobytes()
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    drawn[8:24, 4:12] = 1
    for element, vr, value in (
        (0x0010, "US", SIDE), (0x0011, "US", SIDE), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1), (0x3000, "OW", pack_bits(drawn.ravel(), pad=True)),
    ):  # fmt: skip
        dataset.add_new((0x6000, element), vr, value)
    dataset.save_as(folder / "frames.dcm", enforce_file_format=True)
    return folder


@pytest.fixture
def page(qtbot, start_data, series, tmp_path):
    session = Session(start_data)
    made = DatasetBrowserPage(session, start_data)
    qtbot.addWidget(made)
    made.resize(1200, 900)
    made.show()
    root = tmp_path / "project"
    list(start_data("scan", ScanConfig(source=series, project=root)).events())
    session.open_project(root)
    qtbot.waitUntil(lambda: not made.reading and made.browser.inspector.overlay.isEnabled())
    yield made
    made.browser.close_reading()
    session.work.close()


@pytest.fixture
def canvas(page):
    return page.browser.inspector.canvas


def grey_at(canvas, x, y):
    """Level on the screen of a pixel of the image."""
    target = canvas._target()
    scale = target.width() / SIDE
    at = QPoint(round(target.left() + (x + 0.5) * scale), round(target.top() + (y + 0.5) * scale))
    colour = canvas.grab().toImage().pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


def expected(value, centre=CENTRE, width=WIDTH):
    return 255 * min(1, max(0, (value - centre + width / 2) / width))


def test_the_frames_are_walked_through_by_slider_and_keys(qtbot, page, canvas):
    inspector, grid = page.browser.inspector, page.browser.grid
    assert inspector.frames.isVisible()
    for key, frame in (("", 0), ("down", 1), ("down", 2), ("up", 1)):
        if key:
            qtbot.keyClick(canvas, Qt.Key.Key_PageDown if key == "down" else Qt.Key.Key_PageUp)
        qtbot.waitUntil(lambda f=frame: canvas._values[0, 0] == 700 + 100 * f)
        assert abs(grey_at(canvas, 20, 2)[0] - expected(700 + 100 * frame)) <= 2
        assert grid.place() == frame
        assert inspector.frames._said.text() == f"Frame {frame + 1} of 4"
    inspector.frames.slider.setValue(3)
    qtbot.waitUntil(lambda: canvas._values[0, 0] == 1000)
    grid.show_place(0)
    assert inspector.frames.slider.value() == 0


def test_window_and_zoom_stay_while_the_frames_go_by(qtbot, canvas):
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    window, scale = canvas.window_shown, canvas._scale()
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: canvas._values[0, 0] == 800)
    assert (canvas.window_shown, canvas._scale()) == (window, scale)


def test_a_frame_that_the_search_hides_is_shown_all_the_same(qtbot, page, canvas):
    page.browser.filters.search.setText("frame:1")
    qtbot.waitUntil(lambda: len(page.browser.model.ids) == 1)
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: canvas._values[0, 0] == 800)
    assert page.browser.grid.place() == 0


def test_the_overlay_is_drawn_and_hidden(qtbot, page, canvas):
    assert grey_at(canvas, 8, 16)[2] < 100 < grey_at(canvas, 8, 16)[0]
    qtbot.keyClick(canvas, Qt.Key.Key_O)
    red, green, blue = grey_at(canvas, 8, 16)
    assert red == green == blue
    page.browser.inspector.overlay.click()
    assert grey_at(canvas, 8, 16)[2] < 100


def test_inverting_and_presets_by_key_and_by_mouse(qtbot, page, canvas):
    inspector = page.browser.inspector
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    assert inspector.invert.isChecked()
    assert abs(grey_at(canvas, 20, 2)[0] - (255 - expected(700))) <= 2
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    names = [inspector.presets.itemText(n) for n in range(inspector.presets.count())]
    assert {"Brain", "Lung", "Bone", "Soft tissue", "Full range"} <= set(names)
    number = names.index("Bone")
    qtbot.keyClick(canvas, Qt.Key(Qt.Key.Key_1 + number))
    assert inspector.presets.currentText() == "Bone"
    assert abs(grey_at(canvas, 20, 2)[0] - expected(700, 400, 1800)) <= 2
    qtbot.keyClick(canvas, Qt.Key.Key_9)  # there are not so many
    assert inspector.presets.currentText() == "Bone"


def test_dragging_sideways_widens_and_down_brightens(qtbot, canvas):
    before = canvas.window_shown
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(canvas, middle + QPoint(40, 0))
    assert canvas.window_shown.width > before.width
    assert canvas.window_shown.centre == before.centre
    qtbot.mouseMove(canvas, middle + QPoint(40, 40))
    assert canvas.window_shown.centre < before.centre
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)


def test_the_wheel_zooms_to_the_pointer_and_the_image_is_moved_by_hand_and_keys(qtbot, canvas):
    at = QPointF(canvas.width() * 0.7, canvas.height() * 0.4)

    def under(point):
        target = canvas._target()
        return (point.x() - target.left()) / target.width(), (
            point.y() - target.top()
        ) / target.height()

    before = under(at)
    wheel = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, 360), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,  # noqa: FBT003
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    assert canvas._scale() > canvas._fitting()
    assert under(at) == pytest.approx(before)
    left = canvas._target().left()
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert canvas._target().left() < left
    left = canvas._target().left()
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=at.toPoint())
    qtbot.mouseMove(canvas, at.toPoint() + QPoint(15, 0))
    qtbot.mouseRelease(canvas, Qt.MouseButton.RightButton)
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas._scale() == canvas._fitting()


def test_tags_are_searched_and_those_that_identify_found_by_their_sign(page):
    tags = page.browser.inspector.tags
    every = tags._found.rowCount()
    tags.search.setText("doe")
    assert [tags._found.index(0, column).data() for column in (0, 1)] == [
        "● PatientName",
        "Doe^Jane",
    ]
    tags.search.setText("●")
    assert 0 < tags._found.rowCount() == tags.model.identifying() < every
    assert "can identify a person" in tags._legend.text()
