import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.operations.real_images import roles_read
from meddistill_gui.operations.source_corners import SHOWN, source_corners
from tests.operations.small_hospital import make_project, write_source

pytestmark = pytest.mark.slow


def ended(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.fixture
def marked(tmp_path):
    """Files of 96 pixels with a note in one corner, and the run folder of a project made from them."""
    source = write_source(tmp_path / "source", sides=(96, 96))
    random = np.random.default_rng(0)
    for path in sorted(source.rglob("*.png")):
        with Image.open(path) as image:
            pixels = 100 + np.asarray(image) // 16
        pixels[1:9, 1:11] = 255 * random.integers(0, 2, (8, 10))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    project = make_project(source, tmp_path / "project")
    (train,) = ended(roles_read(project, ImagesConfig(size=16), ("train",), Control()))
    return RunFolder(project / "runs" / "any"), train, source


def test_a_note_in_the_corner_is_said_and_shown(marked):
    run, train, _ = marked
    words, corners = source_corners(run, train, 0, Control())
    assert (
        "1 places at the rim of the 48 source images look like burned-in text (0% down and 0% across)"
        in words
    )
    assert corners.shape == (SHOWN * 160, 640)
    assert corners[:160, :160].std() > 2 * corners[:160, 160:320].std()


def test_sources_that_are_gone_are_said(marked):
    run, train, source = marked
    for path in source.rglob("*.png"):
        path.unlink()
    words, corners = source_corners(run, train, 0, Control())
    assert "No source file could be read" in words
    assert corners is None


def test_a_wish_to_stop_is_heard(marked):
    run, train, _ = marked
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        source_corners(run, train, 0, control)
