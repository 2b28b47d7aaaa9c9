"""Patients that no header names: from file names or a table; a header is never overruled."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.patients import name_patients, preview_patients
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.labels.labelling import label


def _picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(seed).integers(0, 255, (12, 12), dtype=np.uint8)
    Image.fromarray(grey).save(path)


@pytest.fixture
def pictures(tmp_path: Path, scan_folder) -> Path:
    """40 pictures of 20 patients in two classes, and one stray file."""
    source = tmp_path / "source"
    for number in range(40):
        _picture(source / "ab"[number % 4 // 2] / f"p{number // 2:02}_{number % 2}.png", number)
    _picture(source / "a" / "stray.png", 99)
    scan_folder(source)
    return source


def _config(catalogue: Catalogue, **options) -> PatientsConfig:
    return PatientsConfig(project=catalogue.path.parent, **options)


def _patients(catalogue: Catalogue) -> dict[str, str | None]:
    return {row.path.name: row.patient for row in catalogue.images(catalogue.image_ids())}


def test_by_pattern_after_a_scan_and_for_files_that_come_later(
    pictures: Path, catalogue: Catalogue, scan_folder
) -> None:
    config = _config(catalogue, pattern=r"(p\d+)_")
    preview = preview_patients(config, catalogue)
    assert (preview.files, preview.named, preview.patients) == (41, 40, 20)
    assert preview.unmatched_files == ("a/stray.png",)
    assert len(preview.rows) == 16
    assert ("a/stray.png", None) in preview.rows
    assert set(_patients(catalogue).values()) == {None}, "a preview changed something"
    name_patients(config, catalogue)
    _picture(pictures / "a" / "p77_0.png", 100)
    scan_folder(pictures)
    found = _patients(catalogue)
    assert found.pop("stray.png") is None
    assert found == {name: name.split("_")[0] for name in found}
    name_patients(_config(catalogue, rule="none"), catalogue)
    assert set(_patients(catalogue).values()) == {None}


def test_by_table(pictures: Path, catalogue: Catalogue, tmp_path: Path, scan_folder) -> None:
    table = tmp_path / "people.csv"
    names = [name for name in _patients(catalogue) if name != "stray.png"]
    lines = [f"{name};person {int(name[1:3]) // 2}" for name in names]
    table.write_text("\n".join(["file;who", *lines, "gone.png;x"]))
    config = _config(catalogue, rule="table", table=table, key_column="file", patient_column="who")
    report = name_patients(config, catalogue)
    assert (report.named, report.patients, report.unmatched_rows) == (40, 10, ("gone.png",))
    (pictures / "a" / "p00_0.png").touch()
    scan_folder(pictures)
    assert _patients(catalogue)["p00_0.png"] == "person 0"
    assert _patients(catalogue)["stray.png"] is None


def test_a_header_is_never_overruled(hospital: Path, catalogue: Catalogue, scan_folder) -> None:
    stripped = next(hospital.rglob("*.dcm"))
    dataset = pydicom.dcmread(stripped)
    del dataset.PatientID
    dataset.save_as(stripped)
    scan_folder(hospital)
    before = _patients(catalogue)
    report = name_patients(_config(catalogue, pattern="(.+)"), catalogue)
    assert (report.files, report.named) == (1, 1)
    after = _patients(catalogue)
    assert {name for name in after if after[name] != before[name]} == {stripped.name}


@pytest.mark.usefixtures("pictures")
def test_wrong_patterns_and_tables_change_nothing(catalogue: Catalogue) -> None:
    for pattern, message in (("(", "no regular expression"), ("p1", "no group")):
        with pytest.raises(ConfigError, match=message):
            preview_patients(_config(catalogue, pattern=pattern), catalogue)
    with pytest.raises(LabelError, match="None of the 41 files"):
        name_patients(_config(catalogue, pattern="(nobody)"), catalogue)
    assert set(_patients(catalogue).values()) == {None}


@pytest.mark.usefixtures("pictures")
def test_an_unused_split_goes_and_a_used_one_stays(catalogue: Catalogue) -> None:
    project = catalogue.path.parent
    label(LabelConfig(project=project), catalogue, Control())
    split(SplitConfig(project=project), catalogue)
    by_file = _config(catalogue, pattern=r"(p\d+)_")
    assert name_patients(by_file, catalogue).split_dropped
    report = split(SplitConfig(project=project), catalogue)
    assert report.leaks.passed
    assert name_patients(by_file, catalogue).split_dropped is False
    create_run(DistillConfig(project=project, name="used"))
    with pytest.raises(LabelError, match="in use"):
        name_patients(_config(catalogue, rule="none"), catalogue)
    assert catalogue.has_split
