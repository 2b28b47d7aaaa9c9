"""A source, a project, a finished run and its bundle, made once; tests get a copy that they may damage."""

import shutil

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.data.phantoms.hospital import write_hospital
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from tests.e2e.world import World
from tests.operations.small_hospital import finished, make_project, small_run, write_source


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> World:
    world = World(tmp_path_factory.mktemp("made"))
    make_project(write_source(world.source), world.project)
    finished(distill(small_run(world.project, iterations=3), Control()))
    finished(export(ExportConfig(run=world.run, to=world.root, name="set"), Control()))
    hospital = world.root / "hospital"
    for _ in write_hospital(hospital, patients=8, images=8, seed=3, control=Control()):
        pass
    syntaxes = {f: pydicom.dcmread(f).file_meta.TransferSyntaxUID for f in hospital.rglob("IM*")}
    plain = next(f for f, syntax in syntaxes.items() if syntax == ExplicitVRLittleEndian)
    shutil.copy(plain, world.dicom)
    shutil.rmtree(hospital)
    return world


@pytest.fixture
def world(made, tmp_path) -> World:
    """A copy that a test may damage."""
    shutil.copytree(made.root, tmp_path / "world")
    return World(tmp_path / "world")
