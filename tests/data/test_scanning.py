"""A scan finds what is there, names what is wrong, touches only what changed, and never writes to the source."""

import os
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, SourceError, Stopped
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.data import scanning
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.formats import headers
from meddistill_gui.data.scanning import scan
from tests.data.conftest import IMAGES, PATIENTS, digest_of


def _one_dicom(hospital: Path, syntax: str = "1.2.840.10008.1.2.1") -> Path:
    for file in sorted(hospital.rglob("IM*")):
        if pydicom.dcmread(file).file_meta.TransferSyntaxUID == syntax:
            return file
    raise AssertionError(syntax)


def _picture(path: Path, seed: int = 0, size: tuple[int, int] = (20, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def test_finds_every_image_and_patient(hospital: Path, catalogue: Catalogue, scan_folder) -> None:
    events, report = scan_folder(hospital)
    assert (report.files, report.images, report.patients) == (IMAGES + 1, IMAGES, PATIENTS)
    assert not report.issues
    assert events[-1] == Progress(phase="scanning", done=IMAGES + 1, total=IMAGES + 1, unit="files")
    rows = catalogue.images(catalogue.image_ids())
    assert {row.path for row in rows} == set(hospital.rglob("IM*"))
    assert {row.modality for row in rows} == {"CR"}
    header = pydicom.dcmread(rows[0].path)
    assert (rows[0].width, rows[0].height, rows[0].patient) == (
        header.Columns,
        header.Rows,
        header.PatientID,
    )


def test_the_source_is_not_touched(hospital: Path, scan_folder) -> None:
    before = digest_of(hospital)
    scan_folder(hospital)
    assert digest_of(hospital) == before


def _edit(path: Path, change) -> None:
    dataset = pydicom.dcmread(path)
    change(dataset)
    dataset.save_as(path)


def _make_giant(dataset: FileDataset) -> None:
    dataset.Rows = dataset.Columns = 60_000
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.5"
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0" * 64])
    dataset["PixelData"].is_undefined_length = True


def _without_syntax(path: Path) -> None:
    content = path.read_bytes()
    at = content.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    path.write_bytes(content[:at] + content[at + 8 + length :])


def _noise(path: Path) -> None:
    noise = np.random.default_rng(0).integers(1, 256, 4000, dtype=np.uint8).tobytes()
    path.write_bytes(b"\0" * 128 + b"DICM" + b"\x02\x00\x10\x00UI\x02\x001\x00" + noise)


BROKEN = {
    "a text named dcm": ("not an image", lambda p: p.write_text("hello, I am a letter")),
    "nothing": ("empty file", lambda p: p.write_bytes(b"")),
    "cut in the pixels": ("truncated", lambda p: p.write_bytes(p.read_bytes()[:-1000])),
    "cut in the header": ("truncated", lambda p: p.write_bytes(p.read_bytes()[:700])),
    "no pixels": ("no pixel data", lambda p: _edit(p, lambda d: d.__delitem__("PixelData"))),
    "no rows": ("no size", lambda p: _edit(p, lambda d: d.__delitem__("Rows"))),
    "giant": ("too large", lambda p: _edit(p, _make_giant)),
    "no syntax": ("no transfer syntax", _without_syntax),
    "random after the prefix": ("damaged header", _noise),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore")
def test_one_bad_file_is_named_and_stops_nothing(
    name: str, hospital: Path, catalogue: Catalogue, scan_folder
) -> None:
    cause, damage = BROKEN[name]
    bad = _one_dicom(hospital)
    damage(bad)
    events, report = scan_folder(hospital)
    assert report.images == IMAGES - 1
    assert list(report.issues) == [cause] or name == "random after the prefix"
    (issue,) = catalogue.issues()
    assert issue.path == bad
    assert len(issue.reason) > 20
    assert issue.remedy.endswith(".")
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert warned.code == "unreadable-file"
    assert bad.name in warned.message


def test_content_decides_not_the_name(tmp_path: Path, scan_folder) -> None:
    source = tmp_path / "source"
    _picture(source / "a.png")
    (source / "a.png").rename(source / "a.dcm")
    (source / "notes.txt").write_text("no image, and none expected")
    _, report = scan_folder(source)
    assert (report.files, report.images, sum(report.issues.values())) == (2, 1, 0)


def test_dicom_without_its_meta_header(hospital: Path, scan_folder) -> None:
    for bare in [_one_dicom(hospital, s) for s in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")]:
        content = bare.read_bytes()
        start = 132 + 12 + int.from_bytes(content[140:144], "little")
        bare.write_bytes(content[start:])
    _, report = scan_folder(hospital)
    assert (report.images, sum(report.issues.values())) == (IMAGES, 0)


def test_a_second_scan_opens_only_what_changed(
    hospital: Path, catalogue: Catalogue, scan_folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_folder(hospital)
    opened: list[Path] = []
    real = headers.read_facts
    monkeypatch.setattr(scanning, "read_facts", lambda path: opened.append(path) or real(path))
    files = sorted(hospital.rglob("IM*"))
    changed, gone, new = files[0], files[1], hospital / "normal" / "new.png"
    ids = {row.path: row.id for row in catalogue.images(catalogue.image_ids())}
    os.utime(changed, ns=(1, 1))
    gone.unlink()
    _picture(new)
    events, report = scan_folder(hospital)
    assert sorted(opened) == sorted([changed, new])
    assert (report.read, report.changed, report.vanished, report.images) == (2, 1, 1, IMAGES)
    assert [event.code for event in events if isinstance(event, Warned)] == ["vanished-files"]
    after = {row.path: row.id for row in catalogue.images(catalogue.image_ids())}
    untouched = [path for path in files if path not in {changed, gone}]
    assert [ids[path] for path in untouched] == [after[path] for path in untouched]
    assert after[changed] not in ids.values(), "an id was given to another image"


def test_a_stopped_scan_keeps_what_it_read_and_goes_on(
    hospital: Path,
    project: Path,
    catalogue: Catalogue,
    scan_folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scanning, "_BATCH", 10)
    control = Control()
    events = scan(ScanConfig(source=hospital, project=project), catalogue, control)
    for event in events:
        if isinstance(event, Progress) and event.total is not None:
            control.request_stop()
            break
    with pytest.raises(Stopped):
        list(events)
    kept = catalogue.summary().files
    assert 10 <= kept < IMAGES
    _, report = scan_folder(hospital)
    assert report.read == IMAGES + 1 - kept
    assert report.images == IMAGES


def test_links_that_lead_round_in_a_circle(hospital: Path, scan_folder) -> None:
    (hospital / "normal" / "up").symlink_to(hospital, target_is_directory=True)
    (hospital / "self").symlink_to(hospital / "self")
    _, report = scan_folder(hospital)
    assert report.images == IMAGES


def test_names_that_are_no_utf8_and_japanese_and_very_long(
    tmp_path: Path, catalogue: Catalogue, scan_folder
) -> None:
    source = tmp_path / "source"
    names = ["胸部レントゲン.png", "x" * 240 + ".png", os.fsdecode(b"R\xf6ntgen.png")]
    for index, name in enumerate(names):
        try:
            _picture(source / "a" / name, seed=index)
        except OSError:
            pytest.skip("this file system takes no such name")
    _, report = scan_folder(source)
    assert report.images == 3
    assert {row.path.name for row in catalogue.images(catalogue.image_ids())} == set(names)
    _, again = scan_folder(source)
    assert again.read == 0


def test_an_unreadable_folder_is_named_and_forgets_nothing(
    hospital: Path, scan_folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_folder(hospital)
    real = os.scandir

    def refuse(path):
        if Path(path).name == "normal":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    events, report = scan_folder(hospital)
    assert report.images == IMAGES
    assert report.vanished == 0
    assert report.issues["unreadable folder"] == 1
    assert [event.code for event in events if isinstance(event, Warned)] == ["unreadable-folder"]


def test_a_source_that_vanishes_in_mid_scan_keeps_the_catalogue(
    hospital: Path,
    project: Path,
    catalogue: Catalogue,
    scan_folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scanning, "_BATCH", 5)
    events = scan(ScanConfig(source=hospital, project=project), catalogue, Control())
    for event in events:
        if isinstance(event, Progress) and event.total is not None:
            hospital.rename(hospital.with_name("unplugged"))
            break
    with pytest.raises(SourceError, match="no longer there"):
        list(events)
    assert catalogue.summary().files >= 5
    with pytest.raises(SourceError):
        scan_folder(hospital)
    assert catalogue.summary().files >= 5
    hospital.with_name("unplugged").rename(hospital)
    _, report = scan_folder(hospital)
    assert (report.images, sum(report.issues.values())) == (IMAGES, 0)


def test_wrong_sources(tmp_path: Path, scan_folder) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceError, match="no file"):
        scan_folder(empty)
    (empty / "letter.dcm").write_text("not a picture")
    with pytest.raises(SourceError, match="None of the 1 files"):
        scan_folder(empty)
    with pytest.raises(SourceError, match="no folder"):
        scan_folder(tmp_path / "missing")
    with pytest.raises(SourceError, match="inside the source"):
        scan_folder(tmp_path)


def test_an_empty_mount_point_does_not_empty_the_catalogue(
    hospital: Path, catalogue: Catalogue, scan_folder
) -> None:
    scan_folder(hospital)
    shutil.rmtree(hospital)
    hospital.mkdir()
    with pytest.raises(SourceError, match="no file"):
        scan_folder(hospital)
    assert catalogue.summary().images == IMAGES


def test_another_source_is_refused_and_a_moved_one_is_found_again(
    hospital: Path, tmp_path: Path, scan_folder
) -> None:
    scan_folder(hospital)
    other = tmp_path / "other"
    _picture(other / "a.png")
    with pytest.raises(SourceError, match="was made from"):
        scan_folder(other)
    moved = hospital.rename(tmp_path / "moved")
    _, report = scan_folder(moved)
    assert (report.images, report.read) == (IMAGES, 0)


def test_patients_from_file_names(tmp_path: Path, catalogue: Catalogue, scan_folder) -> None:
    source = tmp_path / "source"
    for index, name in enumerate(["p1_a", "p1_b", "p2_a", "stray"]):
        _picture(source / f"{name}.png", seed=index)
    _, report = scan_folder(source, patient_pattern=r"(p\d+)_")
    assert report.patients is None, "one image has no patient"
    patients = [row.patient for row in catalogue.images(catalogue.image_ids())]
    assert patients == ["p1", "p1", "p2", None]
    for wrong in ("(", "p1"):
        with pytest.raises(ConfigError, match="patient_pattern"):
            scan_folder(source, patient_pattern=wrong)


def test_a_second_reader_sees_the_scan_while_it_runs(
    hospital: Path, project: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_BATCH", 10)
    config = ScanConfig(source=hospital, project=project)
    with open_catalogue(catalogue.path) as window:
        counts = [
            window.summary().images
            for event in scan(config, catalogue, Control())
            if isinstance(event, Progress)
        ]
    assert counts[0] >= 9
    assert counts == sorted(counts)
    assert counts[-1] == IMAGES
