"""Wrong input gets a sentence and a remedy, and costs nothing that was done before."""

import subprocess
import sys

import pytest

from meddistill_gui.core.configs.bundle import ExportConfig, VerifyConfig
from meddistill_gui.core.configs.distill import NetworkConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.purge import PurgeConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import (
    BundleError,
    BusyError,
    ConfigError,
    InputError,
    LabelError,
    ProjectError,
    SourceError,
    SplitError,
    TargetError,
)
from meddistill_gui.core.events import Warned
from meddistill_gui.core.project import held
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from meddistill_gui.operations.label import label
from meddistill_gui.operations.purge import purge
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.verify import verify
from tests.operations.small_hospital import CLASSES, finished, make_project, small_run, write_source

pytestmark = pytest.mark.slow


def _take_far(folder, project):
    finished(distill(small_run(make_project(folder, project)), Control()))


def test_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="There is no file"):
        finished(
            scan(ScanConfig(source=tmp_path / "empty", project=tmp_path / "project"), Control())
        )


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SourceError):
        finished(
            scan(ScanConfig(source=tmp_path / "nowhere", project=tmp_path / "project"), Control())
        )


def test_the_project_inside_the_source(source):
    with pytest.raises(SourceError, match="only read"):
        finished(scan(ScanConfig(source=source, project=source / "project"), Control()))
    assert not (source / "project").exists()


def test_a_folder_of_something_else_as_project(source, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear colleague")
    with pytest.raises(ProjectError, match="not empty"):
        finished(scan(ScanConfig(source=source, project=tmp_path / "letters"), Control()))


def test_one_bad_file_never_stops_a_scan(tmp_path):
    folder = write_source(tmp_path / "images", patients=2)
    (folder / "dots" / "letter.dcm").write_text("This is no image.")
    (folder / "dots" / "torn.png").write_bytes(next(folder.glob("dots/*.png")).read_bytes()[:20])
    report = finished(scan(ScanConfig(source=folder, project=tmp_path / "project"), Control()))
    assert report["images"] == 12
    assert sum(report["issues"].values()) == 2


def test_an_image_torn_in_its_pixels_is_left_out_and_named(tmp_path):
    folder = write_source(tmp_path / "images", patients=10)
    torn = next(folder.glob("dots/*.png"))
    torn.write_bytes(torn.read_bytes()[:-200])
    project = make_project(folder, tmp_path / "project")
    told = [
        event
        for event in distill(small_run(project, iterations=2), Control())
        if isinstance(event, Warned)
    ]
    assert any(torn.name in warning.message for warning in told)


def test_one_class_only(tmp_path):
    folder = write_source(tmp_path / "images", kinds=("dots",))
    with pytest.raises(InputError, match="class"):
        _take_far(folder, tmp_path / "project")


def test_unlabelled_images(tmp_path):
    folder = tmp_path / "images"
    write_source(folder, patients=2)
    finished(scan(ScanConfig(source=folder, project=tmp_path / "project"), Control()))
    with pytest.raises(SplitError, match="No image has a class"):
        finished(split(SplitConfig(project=tmp_path / "project"), Control()))


def test_a_table_that_fits_no_image(tmp_path):
    folder = write_source(tmp_path / "images", patients=2)
    table = tmp_path / "table.csv"
    table.write_text("path,class\nother.png,dots\n")
    finished(scan(ScanConfig(source=folder, project=tmp_path / "project"), Control()))
    with pytest.raises(LabelError):
        finished(
            label(LabelConfig(project=tmp_path / "project", rule="table", table=table), Control())
        )


def test_fewer_patients_than_the_split_needs(tmp_path):
    folder = write_source(tmp_path / "images", patients=2)
    with pytest.raises(SplitError, match=r"\d"):
        make_project(folder, tmp_path / "project")


def test_a_class_of_too_few_patients_is_named_as_soon_as_it_is_labelled(tmp_path):
    folder = write_source(tmp_path / "images", patients=12)
    for file in sorted((folder / CLASSES[0]).iterdir())[4:]:
        file.unlink()
    project = tmp_path / "project"
    pattern = r"([a-z]+\d+)_\d\.png$"
    finished(scan(ScanConfig(source=folder, project=project, patient_pattern=pattern), Control()))
    events = list(label(LabelConfig(project=project), Control()))
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert warned.code == "few-patients"
    assert f"{CLASSES[0]!r} has 2" in warned.message
    assert "needs 4" in warned.message
    with pytest.raises(SplitError, match=f"at least 4 patients.*{CLASSES[0]!r} has 2"):
        finished(split(SplitConfig(project=project), Control()))


def test_no_split_yet(tmp_path):
    folder = write_source(tmp_path / "images", patients=3)
    finished(scan(ScanConfig(source=folder, project=tmp_path / "project"), Control()))
    finished(label(LabelConfig(project=tmp_path / "project"), Control()))
    with pytest.raises(SplitError, match="not divided"):
        finished(distill(small_run(tmp_path / "project"), Control()))


def test_mixed_sizes_are_no_fault(tmp_path):
    folder = write_source(tmp_path / "images", patients=10, sides=(24, 40))
    project = make_project(folder, tmp_path / "project")
    finished(distill(small_run(project, iterations=2), Control()))


def test_a_network_too_deep_for_the_images(project):
    with pytest.raises(ConfigError, match="too small"):
        finished(distill(small_run(project, network=NetworkConfig(depth=5, width=8)), Control()))
    assert not (project / "runs" / "small").exists()


def test_a_name_that_another_run_has(project):
    finished(distill(small_run(project), Control()))
    before = RunFolder(project / "runs" / "small").result.read_bytes()
    with pytest.raises(ConfigError, match="exists already"):
        finished(distill(small_run(project, iterations=7), Control()))
    assert RunFolder(project / "runs" / "small").result.read_bytes() == before


def test_a_second_program_on_the_same_project(project):
    script = f"from pathlib import Path; from meddistill_gui.core.project import held\nwith held(Path({str(project)!r}), 'project'): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {other.pid}"):
            finished(label(LabelConfig(project=project), Control()))
        other.communicate("\n")
    with held(project, "project"):
        pass


def test_a_cache_that_is_read_now_is_not_deleted(project):
    finished(distill(small_run(project), Control()))
    cache = project / "cache"
    with held(cache, "image cache of the project"), pytest.raises(BusyError):
        finished(purge(PurgeConfig(project=project), Control()))
    freed = finished(purge(PurgeConfig(project=project), Control()))["freed_bytes"]
    assert freed > 0
    assert {file.name for file in cache.iterdir()} <= {"lock"}
    assert finished(purge(PurgeConfig(project=project), Control()))["freed_bytes"] == 0


def test_a_target_that_is_not_there(project, tmp_path):
    finished(distill(small_run(project), Control()))
    run = project / "runs" / "small"
    with pytest.raises(TargetError):
        finished(export(ExportConfig(run=run, to=tmp_path / "pulled-out-stick"), Control()))


def test_a_run_without_a_result(project, tmp_path):
    with pytest.raises(ProjectError):
        finished(export(ExportConfig(run=project / "runs" / "none", to=tmp_path), Control()))


def test_a_bundle_with_one_flipped_bit(project, tmp_path):
    finished(distill(small_run(project), Control()))
    sent = finished(
        export(ExportConfig(run=project / "runs" / "small", to=tmp_path, name="set"), Control())
    )
    path = tmp_path / "set.distilled.zip"
    content = bytearray(path.read_bytes())
    content[sent["bytes"] // 2] ^= 0b100
    path.write_bytes(content)
    with pytest.raises(BundleError):
        finished(verify(VerifyConfig(bundle=path), Control()))
