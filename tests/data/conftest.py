"""A small invented hospital, made once, and the way from a folder to a catalogue in one call."""

import hashlib
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.phantoms.hospital import write_hospital
from meddistill_gui.data.scanning import ScanReport, scan

PATIENTS, IMAGES = 24, 48


def drain(generator: Generator):
    """All events of a generator, and what it returned."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as end:
            return events, end.value


def digest_of(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="session")
def made_hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("invented") / "hospital"
    for _ in write_hospital(folder, patients=PATIENTS, images=IMAGES, seed=3, control=Control()):
        pass
    return folder


@pytest.fixture
def hospital(made_hospital: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    folder = tmp_path / "hospital"
    shutil.copytree(made_hospital, folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def catalogue(project: Path) -> Iterator[Catalogue]:
    with open_catalogue(project / "catalogue.sqlite") as opened:
        yield opened


@pytest.fixture
def scan_folder(project: Path, catalogue: Catalogue):
    def scan_it(source: Path, **options) -> tuple[list[Event], ScanReport]:
        config = validate(ScanConfig(source=source, project=project, **options))
        return drain(scan(config, catalogue, Control()))

    return scan_it


@pytest.fixture
def labelled(hospital: Path, project: Path, catalogue: Catalogue, scan_folder) -> Catalogue:
    scan_folder(hospital)
    label(LabelConfig(project=project), catalogue, Control())
    return catalogue
