"""A project that the real operations have made from a small invented folder of PNG files and one broken file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.operations.label import label
from meddistill_gui.operations.patients import patients
from meddistill_gui.operations.purge import purge
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from tests.gui.pages.dataset_browser.open_page import make_page, settle

OPERATIONS = {"scan": scan, "label": label, "split": split, "patients": patients, "purge": purge}


class DataJob:
    """A `Job` over the real operations of this page, without loading torch for the others."""

    def __init__(self, name, config):
        self._name, self._config, self._control = name, config, Control()

    def events(self):
        return OPERATIONS[self._name](self._config, self._control)

    def stop(self):
        self._control.request_stop()

    def kill(self):
        self._control.request_stop()

    def pause(self):
        self._control.request_pause()

    def resume(self):
        self._control.request_resume()


@pytest.fixture(scope="session")
def start_data():
    return DataJob


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Path:
    """40 grey images of 2 classes, image n of patient n and grey value n, and a file that is none."""
    folder = tmp_path_factory.mktemp("source")
    for number in range(40):
        place = folder / ("normal" if number % 2 else "opacity")
        place.mkdir(exist_ok=True)
        pixels = np.full((20, 24), number, np.uint8)
        pixels[:10] += 100
        Image.fromarray(pixels).save(place / f"p{number:02d}_{number:03d}.png")
    (folder / "normal" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno image at all")
    return folder


@pytest.fixture
def project(source, tmp_path) -> Path:
    """Scanned, labelled and divided."""
    root = tmp_path / "project"
    pattern = r"p(\d\d)_"
    for name, config in (
        ("scan", ScanConfig(source=source, project=root, patient_pattern=pattern)),
        ("label", LabelConfig(project=root)),
        ("split", SplitConfig(project=root)),
    ):
        list(DataJob(name, config).events())
    return root


@pytest.fixture
def page(qtbot, start_data):
    made, session = make_page(qtbot, start_data)
    yield made
    made.browser.close_reading()
    session.work.close()


@pytest.fixture
def opened(qtbot, page, project):
    page._session.open_project(project)
    settle(qtbot, page)
    return page
