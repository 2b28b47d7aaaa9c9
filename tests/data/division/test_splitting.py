"""Nobody stands in two parts, every class is in every part, and neither names nor paths have a say."""

import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SplitError
from meddistill_gui.core.real_images import ROLES
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.division.clusters import connected
from meddistill_gui.data.division.leaks import check_leaks
from meddistill_gui.data.division.splitting import SplitReport, split
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.recording import record_roles
from meddistill_gui.data.scanning import scan
from tests.data.conftest import IMAGES, drain


def _split(catalogue: Catalogue, **options) -> SplitReport:
    return split(SplitConfig(project=catalogue.path.parent, **options), catalogue)


def _roles(catalogue: Catalogue) -> dict[Path, str | None]:
    return {row.path: row.role for row in catalogue.images(catalogue.image_ids())}


def _split_of(source: Path, project: Path, **options) -> tuple[dict[Path, str | None], SplitReport]:
    project.mkdir()
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        drain(scan(ScanConfig(source=source, project=project), catalogue, Control()))
        label(LabelConfig(project=project), catalogue, Control())
        report = _split(catalogue, **options)
        return _roles(catalogue), report


def _pictures(folder: Path, classes: int = 2, count: int = 10, start: int = 0) -> None:
    for class_number in range(classes):
        here = folder / f"class{class_number}"
        here.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            seed = start + class_number * 1000 + index
            pixels = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
            Image.fromarray(pixels).save(here / f"{index}.png")


def test_no_patient_and_no_study_in_two_parts(labelled: Catalogue) -> None:
    report = _split(labelled)
    parts = defaultdict(set)
    for path, role in _roles(labelled).items():
        header = pydicom.dcmread(path, stop_before_pixels=True)
        parts[header.PatientID].add(role)
        parts[header.StudyInstanceUID].add(role)
    assert {len(roles) for roles in parts.values()} == {1}
    assert report.leaks.passed
    assert report.patients_known
    assert sum(role.images for role in report.roles) == IMAGES
    assert tuple(role.role for role in report.roles) == ROLES
    assert all(len(role.per_class) == 4 for role in report.roles), "a class is missing in a part"


def test_patients_that_share_a_study_stay_together(
    hospital: Path, catalogue: Catalogue, scan_folder
) -> None:
    """Archives mix patients inside one study (RSNA/anonymizer#18)."""
    by_patient: dict[str, Path] = {}
    for file in sorted((hospital / "normal").rglob("IM*")):
        by_patient.setdefault(pydicom.dcmread(file).PatientID, file)
    chain = dict(list(by_patient.items())[:3])
    for file in chain.values():
        dataset = pydicom.dcmread(file)
        dataset.StudyInstanceUID = "2.25.777"
        dataset.save_as(file)
    scan_folder(hospital)
    label(LabelConfig(project=catalogue.path.parent), catalogue, Control())
    _split(catalogue)
    patients = set(chain)
    roles = {r.role for r in catalogue.images(catalogue.image_ids()) if r.patient in patients}
    assert len(roles) == 1


@pytest.mark.slow
def test_names_and_identities_do_not_matter(hospital: Path, tmp_path: Path) -> None:
    """Every name, date and UID changed and every file renamed: the same pixels stand in the same parts."""
    renamed = tmp_path / "renamed"
    twins: dict[Path, Path] = {}
    rng = np.random.default_rng(0)
    for file in sorted(hospital.rglob("IM*")):
        dataset = pydicom.dcmread(file)
        dataset.PatientID = "".join(reversed(dataset.PatientID)) + "x"
        dataset.PatientName = "Someone^Else"
        dataset.StudyInstanceUID = f"2.25.9{dataset.StudyInstanceUID[6:20]}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
        dataset.InstitutionName = "A much longer name of another institution"
        twin = renamed / file.parent.name / f"{rng.integers(10**9):09d}{file.name}"
        twin.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(twin)
        twins[twin] = file
    first, _ = _split_of(hospital, tmp_path / "p1")
    second, _ = _split_of(renamed, tmp_path / "p2")
    assert {twins[path]: role for path, role in second.items()} == first


def test_the_seed_decides(labelled: Catalogue) -> None:
    _split(labelled, seed=1)
    first = _roles(labelled)
    _split(labelled, seed=1)
    assert _roles(labelled) == first
    _split(labelled, seed=2)
    assert _roles(labelled) != first, "a new draw before any run is allowed"


def test_a_used_split_is_kept(labelled: Catalogue) -> None:
    _split(labelled)
    before = _roles(labelled)
    create_run(DistillConfig(project=labelled.path.parent, name="used"))
    _split(labelled)
    with pytest.raises(SplitError, match="in use"):
        _split(labelled, seed=1)
    assert _roles(labelled) == before


def test_too_few_patients_names_the_number_needed(tmp_path: Path) -> None:
    _pictures(tmp_path / "source", count=10)
    for index in range(3, 10):
        (tmp_path / "source" / "class1" / f"{index}.png").unlink()
    with pytest.raises(SplitError, match=r"at least 4 patients.*'class1' has 3"):
        _split_of(tmp_path / "source", tmp_path / "p1")
    roles, report = _split_of(tmp_path / "source", tmp_path / "p2", holdout=0.0)
    assert {roles[p] for p in roles if p.parent.name == "class1"} == {"train", "validation", "test"}
    assert any("class1" in warning for warning in report.warnings)


def test_unlabelled_projects_are_refused(catalogue: Catalogue, hospital: Path, scan_folder) -> None:
    with pytest.raises(SplitError, match="Label"):
        _split(catalogue)
    scan_folder(hospital)
    with pytest.raises(SplitError, match="Label"):
        _split(catalogue)


def test_unknown_patients_are_said(tmp_path: Path) -> None:
    _pictures(tmp_path / "source")
    _, report = _split_of(tmp_path / "source", tmp_path / "p")
    assert not report.patients_known
    assert "does not name the patient of 20 images" in report.warnings[0]
    assert all(role.patients is None for role in report.roles)


def test_copies_stay_in_one_part(tmp_path: Path) -> None:
    _pictures(tmp_path / "source", count=12)
    for index in range(6):
        folder = tmp_path / "source" / "class0"
        shutil.copy(folder / f"{index}.png", folder / f"copy{index}.png")
    roles, report = _split_of(tmp_path / "source", tmp_path / "p")
    folder = tmp_path / "source" / "class0"
    for index in range(6):
        assert roles[folder / f"{index}.png"] == roles[folder / f"copy{index}.png"]
    assert report.leaks.copies == 0
    assert any(warning.startswith("6 images are copies") for warning in report.warnings)


def test_the_sources_own_division_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "source"
    _pictures(source / "study" / "TRAIN", count=10)
    _pictures(source / "study" / "Test", count=4, start=5000)
    _pictures(source / "more", count=2, start=9000)
    roles, report = _split_of(source, tmp_path / "p", keep_folders=True)
    for path, role in roles.items():
        if "Test" in path.parts:
            assert role == "test"
        elif "TRAIN" in path.parts:
            assert role in {"train", "validation", "holdout"}
        else:
            assert role is None
    assert {role.role for role in report.roles} == set(ROLES)
    assert any("4 images lie in no folder" in warning for warning in report.warnings)


def test_the_sources_own_division_with_a_copy_in_two_parts_is_said(tmp_path: Path) -> None:
    source = tmp_path / "source"
    _pictures(source / "train", count=10)
    _pictures(source / "test", count=4, start=5000)
    shutil.copy(source / "train" / "class0" / "0.png", source / "test" / "class0" / "x.png")
    _, report = _split_of(source, tmp_path / "p", keep_folders=True)
    assert report.leaks.copies == 1
    assert any("too good" in warning for warning in report.warnings)


def test_a_patient_in_train_and_test_is_refused(hospital: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for index, file in enumerate(sorted(hospital.rglob("IM*"))):
        target = source / ("test" if index % 3 == 0 else "train") / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    with pytest.raises(SplitError, match="patients have images in more than one part"):
        _split_of(source, tmp_path / "p", keep_folders=True)


def test_no_folder_named_train(labelled: Catalogue) -> None:
    with pytest.raises(SplitError, match="no folder named train"):
        _split(labelled, keep_folders=True)


def test_the_leak_check_finds_a_planted_leak(labelled: Catalogue) -> None:
    _split(labelled)
    stored = labelled.connection.execute("SELECT image, role, cluster FROM role").fetchall()
    (patient,) = labelled.connection.execute(
        "SELECT patient FROM image GROUP BY patient HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    torn = {
        row[0]
        for row in labelled.connection.execute("SELECT id FROM image WHERE patient = ?", (patient,))
    }
    one = min(torn)
    moved = [
        (i, ("test" if role != "test" else "train") if i == one else role, c)
        for i, role, c in stored
    ]
    record_roles(labelled, moved, {})
    found = check_leaks(labelled)
    assert found.patients == 1
    assert not found.passed


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), max_size=25))
@settings(deadline=None)
def test_connected_is_the_finest_partition_that_keeps_keys_together(keys: list[set[int]]) -> None:
    groups = connected([(index, key) for index, key in enumerate(keys)])
    assert sorted(i for group in groups for i in group) == list(range(len(keys)))
    of = {i: number for number, group in enumerate(groups) for i in group}
    for i, a in enumerate(keys):
        for j, b in enumerate(keys):
            if a & b:
                assert of[i] == of[j]
    for group in groups:  # reachable inside the group: no group could be cut in two
        seen, edge = {group[0]}, [group[0]]
        while edge:
            here = edge.pop()
            near = {j for j in group if keys[j] & keys[here]} - seen
            seen |= near
            edge += near
        assert seen == set(group)
