"""Regions are drawn by mouse and by keyboard alone, undone, written down, and counted into patches."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.events import Finished, Warned
from meddistill_gui.core.project import create_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.patches import patch_plan
from meddistill_gui.data.patches.regions import (
    MASK,
    POLYGON,
    Region,
    inside,
    mask_region,
    regions_of,
    replace_regions,
)
from meddistill_gui.data.scanning import scan
from meddistill_gui.gui.pages.dataset_browser import region_work
from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage
from meddistill_gui.gui.pages.dataset_browser.region_canvas import Tool
from meddistill_gui.gui.pages.dataset_browser.region_dialog import RegionDialog
from meddistill_gui.gui.pages.dataset_browser.region_drawing import RegionDrawing
from meddistill_gui.gui.pages.dataset_browser.region_shapes import simplified, with_corner
from meddistill_gui.gui.plots.regions import mask_picture
from tests.gui.test_accessibility import is_cut

WIDTH, HEIGHT = 100, 80
KEY = Qt.Key


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six pictures of two classes, scanned and labelled."""
    source = tmp_path / "pictures"
    generator = np.random.default_rng(0)
    for name in ("healthy", "ill"):
        (source / name).mkdir(parents=True)
        for number in range(3):
            noise = generator.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
            Image.fromarray(noise).save(source / name / f"{name}{number}.png")
    made = create_project(tmp_path / "project")
    with open_catalogue(made.catalogue) as catalogue:
        for _ in scan(ScanConfig(source=source, project=made.root), catalogue, Control()):
            pass
        label(LabelConfig(project=made.root), catalogue, Control())
    return made.root


@pytest.fixture
def catalogue(project: Path) -> Path:
    return project / "catalogue.sqlite"


@pytest.fixture
def ids(catalogue: Path) -> list[int]:
    with open_catalogue(catalogue) as opened:
        return [int(one) for one in opened.image_ids()]


@pytest.fixture
def dialog(catalogue: Path, ids: list[int], qtbot) -> Iterator[RegionDialog]:
    made = RegionDialog(catalogue, ids, 0)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not made.working and made.patches.positive.count() == 2)
    yield made
    made.close()


def stored(catalogue: Path, image: int) -> tuple[Region, ...]:
    with open_catalogue(catalogue) as opened:
        return regions_of(opened, image)


def press(dialog: RegionDialog, *keys: Qt.Key, shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    for key in keys:
        QTest.keyClick(dialog.canvas, key, modifier)


def at(dialog: RegionDialog, x: float, y: float) -> QPoint:
    return dialog.canvas.to_screen().map(QPointF(x, y)).toPoint()


def click(dialog: RegionDialog, x: float, y: float) -> None:
    QTest.mouseClick(dialog.canvas, Qt.MouseButton.LeftButton, pos=at(dialog, x, y))


def draw_triangle(dialog: RegionDialog) -> None:
    """By keys alone: from the middle, three corners."""
    press(dialog, KEY.Key_Space)
    press(dialog, *[KEY.Key_Right] * 20, shift=True)
    press(dialog, KEY.Key_Space)
    press(dialog, *[KEY.Key_Down] * 15, shift=True)
    press(dialog, KEY.Key_Space, KEY.Key_Return)


def test_a_region_is_drawn_by_keys_alone_and_written_down(dialog, catalogue, ids, qtbot) -> None:
    draw_triangle(dialog)
    qtbot.waitUntil(lambda: not dialog.working)
    (region,) = stored(catalogue, ids[0])
    assert region.kind == POLYGON
    assert region.vertices == ((50, 40), (70, 40), (70, 55))
    assert region.author
    assert region.time
    assert "Saved" in dialog._status.text()
    assert dialog.regions.count() == 1
    assert dialog.regions.item(0).text().startswith("1 · Polygon, 3 corners")


def test_corners_are_moved_added_and_removed_by_keys(dialog, catalogue, ids, qtbot) -> None:
    draw_triangle(dialog)
    press(dialog, KEY.Key_N)
    press(dialog, KEY.Key_Left, shift=True)
    assert dialog.drawing.history.regions[0].vertices[0] == (49, 40)
    press(dialog, KEY.Key_Insert)
    assert dialog.drawing.history.regions[0].vertices[1] == (59.5, 40)
    press(dialog, KEY.Key_Delete)
    assert len(dialog.drawing.history.regions[0].vertices) == 3
    press(dialog, KEY.Key_B, KEY.Key_B, KEY.Key_Delete)
    assert dialog.drawing.history.regions == (), "of three corners none can go: the region goes"
    qtbot.waitUntil(lambda: not dialog.working)
    assert stored(catalogue, ids[0]) == ()


def test_every_step_is_undone_and_done_again(dialog, catalogue, ids, qtbot) -> None:
    draw_triangle(dialog)
    before = dialog.drawing.history.regions
    press(dialog, KEY.Key_N)
    press(dialog, KEY.Key_Up, shift=True)
    press(dialog, KEY.Key_Insert)
    after = dialog.drawing.history.regions
    QTest.keyClick(dialog, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(dialog, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dialog.drawing.history.regions == before
    dialog.undo.click()
    assert dialog.drawing.history.regions == ()
    assert not dialog.undo.isEnabled()
    for _ in range(3):
        dialog.redo.click()
    assert dialog.drawing.history.regions == after
    qtbot.waitUntil(lambda: not dialog.working)
    assert stored(catalogue, ids[0]) == after


def test_the_mouse_draws_a_polygon_and_a_freehand_line_and_drags_a_corner(dialog) -> None:
    for x, y in ((10, 10), (40, 10), (40, 40), (10, 10)):
        click(dialog, x, y)
    (polygon,) = dialog.drawing.history.regions
    assert len(polygon.vertices) == 3, "the click on the first corner closed it"
    dialog.tools[Tool.FREEHAND].click()
    canvas, left = dialog.canvas, Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=at(dialog, 60, 20))
    for x, y in ((70, 20), (80, 20), (80, 40), (80, 60), (60, 60)):
        QTest.mouseMove(canvas, at(dialog, x, y))
        QTest.qWait(1)
    QTest.mouseRelease(canvas, left, pos=at(dialog, 60, 60))
    freehand = dialog.drawing.history.regions[1]
    assert freehand.kind == "freehand"
    assert 3 <= len(freehand.vertices) <= 6
    dialog.tools[Tool.CHOOSE].click()
    QTest.mousePress(canvas, left, pos=at(dialog, 40, 40))
    QTest.mouseMove(canvas, at(dialog, 500, 500))
    QTest.qWait(1)
    QTest.mouseRelease(canvas, left, pos=at(dialog, 500, 500))
    assert (WIDTH, HEIGHT) in dialog.drawing.history.regions[0].vertices, "held inside the image"


def test_a_line_that_encloses_nothing_is_dropped_and_said(dialog) -> None:
    press(dialog, KEY.Key_Space, KEY.Key_Right, KEY.Key_Space, KEY.Key_Return)
    assert dialog.drawing.history.regions == ()
    assert "encloses nothing" in dialog._status.text()
    press(dialog, KEY.Key_Space, KEY.Key_Right, KEY.Key_Space, KEY.Key_Backspace)
    assert len(dialog.drawing.open) == 1
    press(dialog, KEY.Key_Escape)
    assert dialog.drawing.open == []
    assert dialog.isVisible()


def test_another_image_has_its_own_regions_and_undo(dialog, catalogue, ids, qtbot) -> None:
    draw_triangle(dialog)
    dialog.step(1)
    qtbot.waitUntil(lambda: not dialog.working)
    assert dialog.drawing.history.regions == ()
    assert not dialog.undo.isEnabled()
    dialog.step(-1)
    qtbot.waitUntil(lambda: not dialog.working)
    assert len(dialog.drawing.history.regions) == 1
    dialog.step(-1)
    assert len(stored(catalogue, ids[0])) == 1, "before the first image there is none"


def test_what_cannot_be_written_is_said_and_stays_drawn(dialog, monkeypatch, qtbot) -> None:
    def fail(*_: object) -> None:
        raise LabelError("The disk is full.", "Free some space.")

    with monkeypatch.context() as patched:
        patched.setattr(region_work, "save_regions", fail)
        draw_triangle(dialog)
        qtbot.waitUntil(dialog.notice.isVisible)
    assert len(dialog.drawing.history.regions) == 1
    assert dialog.working, "still to be written: closing writes it"


def test_places_are_shown_counted_and_kept(dialog, catalogue, ids, project, qtbot) -> None:
    with open_catalogue(catalogue) as opened:
        half = Region(
            kind=POLYGON, vertices=((0, 0), (WIDTH / 2, 0), (WIDTH / 2, HEIGHT), (0, HEIGHT))
        )
        replace_regions(opened, dict.fromkeys(ids, (half,)))
    dialog.step(1)
    qtbot.waitUntil(lambda: not dialog.working)
    chosen = PatchesConfig(project=project, positive="ill", size=20, stride=10)
    dialog.patches.show_options(chosen, ("healthy", "ill"))
    dialog.patches.shown.setChecked(True)
    assert "outside 28, inside-negative 28, inside-positive 0" in dialog.patches.here.text()
    dialog.patches.count.click()
    qtbot.waitUntil(lambda: "places" in dialog.patches.everywhere.text())
    assert "378 places of the window on 6 images" in dialog.patches.everywhere.text()
    with open_catalogue(catalogue) as opened:
        assert patch_plan.stored_plan(opened) is None, "counting keeps nothing"
    dialog.patches.keep.click()
    qtbot.waitUntil(lambda: "Runs of the method" in dialog._status.text())
    with open_catalogue(catalogue) as opened:
        assert patch_plan.stored_plan(opened) == chosen
    dialog.patches.show_options(PatchesConfig(project=project, positive="ill", size=90, stride=90), ("healthy", "ill"))  # fmt: skip
    assert "larger than this image" in dialog.patches.here.text()
    dialog.patches.count.click()
    qtbot.waitUntil(lambda: "size is 90 pixels" in dialog.patches.everywhere.text())


def test_lines_keep_their_shape_with_fewer_corners() -> None:
    circle = [(50 + 40 * np.cos(a), 50 + 40 * np.sin(a)) for a in np.linspace(0, 6.2, 400)]
    fewer = simplified(circle)
    assert 10 < len(fewer) < 80
    exact = inside([Region(kind=POLYGON, vertices=tuple(circle))], 100, 100)
    about = inside([Region(kind=POLYGON, vertices=tuple(fewer))], 100, 100)
    assert (exact ^ about).sum() < 0.03 * exact.sum()
    assert simplified([]) == []
    assert with_corner([(0, 0), (2, 0), (2, 2)], 2)[3] == (1, 1)


def test_a_drawing_never_leaves_the_image() -> None:
    drawing = RegionDrawing("Ana")
    drawing.begin((), 30, 20)
    for point in ((-5, -5), (99, -5), (99, 99)):
        drawing.add_corner(point)
    drawing.close(POLYGON)
    assert drawing.history.regions[0].vertices == ((0, 0), (30, 0), (30, 20))
    drawing.next_corner()
    drawing.move(-10, -10)
    assert drawing.history.regions[0].vertices[0] == (0, 0)


def test_a_mask_is_painted_hatched_where_it_is_and_nowhere_else() -> None:
    mask = np.zeros((80, 100), dtype=bool)
    mask[20:60, 30:70] = True
    picture = mask_picture(mask_region(mask, author="", origin="m"), 100, 80)
    assert picture.pixelColor(30, 20).alpha() == 255, "the border"
    assert picture.pixelColor(10, 10).alpha() == 0
    inner = [picture.pixelColor(x, 40).alpha() for x in range(35, 65)]
    assert set(inner) == {0, 150}, "hatched, not filled"


@pytest.fixture
def page(session, start_fake, qtbot, project) -> Iterator[DatasetBrowserPage]:
    made = DatasetBrowserPage(session, start_fake)
    qtbot.addWidget(made)
    made.show()
    assert not made.regions.button.isVisible(), "without images there is nothing to draw on"
    session.open_project(project)
    qtbot.waitUntil(lambda: len(made.browser.model.ids) == 6)
    yield made
    made.browser.close_reading()


def test_the_page_opens_the_drawing_at_the_chosen_image(page, qtbot) -> None:
    assert page.regions.button.isVisible()
    page.browser.grid.show_place(2)
    dialog = page.regions.dialog()
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: not dialog.working)
    assert dialog._name.text().startswith("healthy2.png · healthy · 3 of 6")
    dialog.close()


def test_masks_are_taken_over_by_a_job_and_refusals_are_said(
    page, project, start_fake, qtbot
) -> None:
    start_fake.scripts["regions"] = [
        Warned(code="mask-refused", message="a.png has 5 x 5 pixels.", remedy="Export it again."),
        Finished(summary={"text": "2 regions on 2 images. 1 files were left out."}),
    ]
    config = RegionsConfig(masks=project, project=project)
    page.regions.take(config)
    assert page.working
    qtbot.waitUntil(lambda: not page.working)
    qtbot.waitUntil(page.frame.notice.isVisible)
    assert start_fake.asked[-1] == ("regions", config)
    assert "a.png has 5 x 5 pixels." in page.frame.notice.text()


def test_a_mask_cannot_be_bent_but_removed(dialog, catalogue, ids, qtbot) -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[10:30, 10:30] = True
    with open_catalogue(catalogue) as opened:
        replace_regions(opened, {ids[1]: (mask_region(mask, author="B", origin="m.png"),)})
    dialog.step(1)
    qtbot.waitUntil(lambda: not dialog.working)
    assert dialog.drawing.history.regions[0].kind == MASK
    dialog.regions.setCurrentRow(0)
    press(dialog, KEY.Key_N, KEY.Key_Insert)
    assert dialog.drawing.corner is None
    dialog._remove.click()
    qtbot.waitUntil(lambda: not dialog.working)
    assert stored(catalogue, ids[1]) == ()


def test_regions_lie_over_the_viewer_and_can_be_hidden(
    page, catalogue, ids, session, qtbot
) -> None:
    inspector = page.browser.inspector
    qtbot.waitUntil(lambda: inspector._arrived)
    assert not inspector.regions.isEnabled()
    bare = inspector.canvas.grab().toImage()
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[10:70, 60:90] = True
    line = Region(kind=POLYGON, vertices=((5, 5), (45, 5), (25, 70)))
    with open_catalogue(catalogue) as opened:
        replace_regions(opened, {ids[0]: (line, mask_region(mask, author="B", origin="m.png"))})
    session.say_catalogue_changed()
    qtbot.waitUntil(inspector.regions.isEnabled)
    assert "2 regions" in inspector._about.text()
    assert differing_columns(bare, inspector.canvas) == {"left", "right"}
    qtbot.keyClick(inspector.canvas, KEY.Key_R)
    assert differing_columns(bare, inspector.canvas) == set()
    inspector.regions.click()
    assert differing_columns(bare, inspector.canvas) == {"left", "right"}
    page.browser.grid.show_place(1)
    assert not inspector.regions.isEnabled()
    qtbot.waitUntil(lambda: inspector._arrived)
    assert not inspector.canvas._regions
    assert "region" not in inspector._about.text()


def differing_columns(bare, canvas) -> set[str]:
    """In which half of the image the viewer shows something else than it did."""
    shown, target = canvas.grab().toImage(), canvas._target()
    middle, row = int(target.center().x()), range(int(target.top()) + 4, int(target.bottom()) - 4)
    halves = {"left": range(int(target.left()) + 4, middle), "right": range(middle, int(target.right()) - 4)}  # fmt: skip
    return {
        name
        for name, columns in halves.items()
        if any(shown.pixel(x, y) != bare.pixel(x, y) for x in columns for y in row)
    }


def test_the_name_of_the_image_is_not_cut_at_twice_the_size(catalogue, ids, qtbot, theme):
    theme.set_text_percent(200)
    made = RegionDialog(catalogue, ids, 0)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not made.working and bool(made._name.text()))
    assert "1 of 6" in made._name.text()
    qtbot.waitUntil(lambda: not is_cut(made._name))
    made.close()
