"""The demo hospital is real DICOM, says that it is invented, and is the same for the same seed."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, Stopped
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.data.phantoms.dicom import INVENTED, KINDS
from meddistill_gui.data.phantoms.hospital import write_hospital
from tests.data.conftest import IMAGES, PATIENTS, digest_of


def _headers(folder: Path) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(file) for file in sorted(folder.rglob("IM*"))]


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        for _ in write_hospital(
            tmp_path / name, patients=3, images=4, seed=seed, control=Control()
        ):
            pass
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")
    assert set(digest_of(tmp_path / "a").values()) & set(digest_of(tmp_path / "c").values()) == {
        digest_of(tmp_path / "a")["README.txt"]
    }


def test_every_kind_of_file_and_every_class_is_there(made_hospital: Path) -> None:
    headers = _headers(made_hospital)
    assert len(headers) == IMAGES
    assert len({h.PatientID for h in headers}) == PATIENTS
    assert {h.file_meta.TransferSyntaxUID for h in headers} == {kind.syntax for kind in KINDS}
    assert {h.PhotometricInterpretation for h in headers} == {"MONOCHROME1", "MONOCHROME2"}
    assert {h.BitsStored for h in headers} == {8, 12, 16}
    assert {"WindowCenter" in h for h in headers} == {True, False}
    assert {folder.name for folder in made_hospital.iterdir() if folder.is_dir()} == set(CLASSES)


def test_every_header_says_that_it_is_invented(made_hospital: Path) -> None:
    for header in _headers(made_hospital):
        assert header.ImageComments == INVENTED
        assert header.PatientComments == INVENTED
        assert "Invented" in str(header.PatientName)
        assert header.QualityControlImage == "YES"
    assert INVENTED in (made_hospital / "README.txt").read_text(encoding="utf-8")


def test_instances_are_unique_and_a_study_belongs_to_one_patient(made_hospital: Path) -> None:
    headers = _headers(made_hospital)
    assert len({h.SOPInstanceUID for h in headers}) == IMAGES
    owners: dict[str, set[str]] = {}
    for header in headers:
        owners.setdefault(header.StudyInstanceUID, set()).add(header.PatientID)
    assert all(len(patients) == 1 for patients in owners.values())


@pytest.mark.slow
def test_images_of_a_patient_are_more_alike_than_images_of_two() -> None:
    """Shared anatomy: what makes the audit's search for a patient meaningful on invented people."""
    generator = np.random.default_rng(0)
    small = []
    for _ in range(12):
        anatomy = draw_anatomy(64, generator)
        pair = [draw_radiograph(anatomy, "normal", 0.5, generator) for _ in range(2)]
        small.append([p.reshape(16, 4, 16, 4).mean((1, 3)) for p in pair])
    same = [np.abs(a - b).mean() for a, b in small]
    other = [np.abs(a[0] - b[1]).mean() for i, a in enumerate(small) for b in small[:i]]
    assert np.median(same) < 0.7 * np.median(other)


def test_fewer_images_than_patients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least patients"):
        next(write_hospital(tmp_path / "h", patients=5, images=4, control=Control()))


def test_stops_when_asked(tmp_path: Path) -> None:
    control = Control()
    events = write_hospital(tmp_path / "h", patients=4, images=4, control=control)
    next(events)
    control.request_stop()
    with pytest.raises(Stopped):
        list(events)
