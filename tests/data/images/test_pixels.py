"""The pixel cache: decoded once, in an order that only pixels decide, whole or not there at all."""

import errno
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import (
    ConfigError,
    LabelError,
    ProjectError,
    SourceError,
    Stopped,
    TargetError,
)
from meddistill_gui.core.events import Progress, Warned
from meddistill_gui.core.real_images import ROLES, RealImages
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images import pixels
from meddistill_gui.data.images.pixels import cached_bytes, cached_images, purge
from meddistill_gui.data.images.role_arrays import load_role
from meddistill_gui.data.images.squares import to_square, to_stored
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.scanning import scan
from tests.data.conftest import IMAGES, PATIENTS, drain

pytestmark = pytest.mark.slow  # each test decodes a whole hospital

SMALL = ImagesConfig(size=16)


@pytest.fixture
def ready(labelled: Catalogue) -> Catalogue:
    split(SplitConfig(project=labelled.path.parent), labelled)
    return labelled


@pytest.fixture
def cache(ready: Catalogue) -> Path:
    return ready.path.parent / "cache"


def _fill(catalogue: Catalogue, cache: Path, config: ImagesConfig = SMALL):
    return list(cached_images(catalogue, config, cache, Control()))


def test_roles_hold_what_the_catalogue_says(ready: Catalogue, cache: Path) -> None:
    events = _fill(ready, cache)
    for phase in ("reading images", "comparing images"):
        assert Progress(phase=phase, done=IMAGES, total=IMAGES, unit="images") in events
    rows = {row.id: row for row in ready.images(ready.image_ids())}
    patients: dict[int, set[str | None]] = {}
    total = 0
    for role in ROLES:
        part = load_role(ready, SMALL, cache, role)
        total += len(part)
        assert part.images.shape[1:] == (1, 16, 16)
        assert part.images.dtype == np.uint8
        for pixels_of, label_of, patient, image in zip(
            part.images, part.labels, part.patients, part.ids, strict=True
        ):
            row = rows[int(image)]
            assert row.role == role
            assert part.class_names[label_of] == row.class_name
            patients.setdefault(int(patient), set()).add(row.patient)
            expected = to_stored(to_square(read_image(row.path), 16, "pad", 1))
            np.testing.assert_array_equal(pixels_of, expected)
    assert total == IMAGES
    assert len(patients) == PATIENTS
    assert all(len(names) == 1 for names in patients.values())


def test_nothing_is_decoded_twice(
    ready: Catalogue, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(ready, cache)
    monkeypatch.setattr(pixels, "read_image", lambda *_a, **_k: pytest.fail("decoded again"))
    assert _fill(ready, cache) == []
    monkeypatch.undo()
    assert _fill(ready, cache, ImagesConfig(size=8)), "other options need another cache"


def test_of_a_changed_source_only_what_changed_is_decoded(
    ready: Catalogue,
    cache: Path,
    hospital: Path,
    scan_folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _fill(ready, cache)
    (folder,) = cache.glob("pixels-*")
    before = {
        part.ids[row]: part.images[row] for part in _parts(ready, cache) for row in range(len(part))
    }
    file = next(iter(sorted((hospital / "normal").rglob("IM*"))))
    dataset = pydicom.dcmread(file)
    dataset.PatientComments = "changed and longer than before"
    dataset.save_as(file)
    scan_folder(hospital)
    label(LabelConfig(project=ready.path.parent), ready, Control())
    split(SplitConfig(project=ready.path.parent), ready)
    read: list[Path] = []

    def counted(path: Path, *rest: object, **named: object) -> np.ndarray:
        read.append(path)
        return read_image(path, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pixels, "read_image", counted)
    assert _fill(ready, cache)
    assert read == [file]
    assert not folder.exists(), "the superseded cache takes room"
    after = {
        part.ids[row]: part.images[row] for part in _parts(ready, cache) for row in range(len(part))
    }
    assert len(after) == IMAGES
    (new,) = after.keys() - before.keys()
    for image in before.keys() & after.keys():
        np.testing.assert_array_equal(before[image], after[image])
    np.testing.assert_array_equal(after[new], to_stored(to_square(read_image(file), 16, "pad", 1)))
    assert ready.value("SELECT count(*) FROM image WHERE pixels IS NULL") == 0


def _parts(catalogue: Catalogue, cache: Path) -> list[RealImages]:
    return [load_role(catalogue, SMALL, cache, role) for role in ROLES]


def test_pixels_that_read_back_otherwise_are_decoded_again(ready: Catalogue, cache: Path) -> None:
    _fill(ready, cache)
    expected = {part.role: np.array(part.images) for part in _parts(ready, cache)}
    (folder,) = cache.glob("pixels-*")
    stored = bytearray((folder / "images.npy").read_bytes())
    stored[-5] ^= 64
    (folder / "images.npy").write_bytes(stored)
    folder.rename(folder.with_name(folder.name[:-4] + "0000"))  # as of another state of the source
    _fill(ready, cache)
    for part in _parts(ready, cache):
        np.testing.assert_array_equal(part.images, expected[part.role])


def test_a_role_is_a_memory_map_that_follows_the_division(ready: Catalogue, cache: Path) -> None:
    _fill(ready, cache)
    first = load_role(ready, SMALL, cache, "train")
    assert isinstance(first.images, np.memmap)
    assert not first.images.flags.writeable
    split(SplitConfig(project=ready.path.parent, seed=5), ready)
    second = load_role(ready, SMALL, cache, "train")
    assert set(second.ids.tolist()) != set(first.ids.tolist())
    (folder,) = cache.glob("pixels-*")
    assert len(list(folder.glob("train-*.npy"))) == 1
    assert not list(folder.glob(".unfinished*"))


def test_order_does_not_depend_on_names(hospital: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed"
    for index, file in enumerate(sorted(hospital.rglob("IM*"), reverse=True)):
        target = renamed / file.parent.name / f"{index:04d}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        dataset = pydicom.dcmread(file)
        dataset.PatientID = f"Z{index % 1}-{dataset.PatientID}"
        dataset.save_as(target)
    parts = []
    for number, source in enumerate((hospital, renamed)):
        project = tmp_path / f"p{number}"
        project.mkdir()
        with open_catalogue(project / "catalogue.sqlite") as catalogue:
            drain(scan(ScanConfig(source=source, project=project), catalogue, Control()))
            label(LabelConfig(project=project), catalogue, Control())
            split(SplitConfig(project=project), catalogue)
            _fill(catalogue, project / "cache")
            parts.append([load_role(catalogue, SMALL, project / "cache", role) for role in ROLES])
    for first, second in zip(*parts, strict=True):
        np.testing.assert_array_equal(first.images, second.images)
        np.testing.assert_array_equal(first.labels, second.labels)
        np.testing.assert_array_equal(first.patients, second.patients)


def test_an_undecodable_image_is_left_out_and_listed(
    ready: Catalogue, cache: Path, hospital: Path
) -> None:
    bad = next(
        f
        for f in sorted(hospital.rglob("IM*"))
        if "JPEG 2000" in pydicom.dcmread(f).file_meta.TransferSyntaxUID.name
    )
    content = bytearray(bad.read_bytes())
    at = content.index(b"\xff\x4f\xff\x51")
    content[at + 4 : at + 400] = b"\x55" * 396
    bad.write_bytes(content)
    warned = [event for event in _fill(ready, cache) if isinstance(event, Warned)]
    assert [event.code for event in warned] == ["undecodable-image"]
    assert sum(len(load_role(ready, SMALL, cache, role)) for role in ROLES) == IMAGES - 1
    assert [(issue.path, issue.cause) for issue in ready.issues()] == [(bad, "undecodable")]


def test_stopped_half_way_leaves_nothing(
    ready: Catalogue, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "_BATCH", 8)
    control = Control()
    events = cached_images(ready, SMALL, cache, control)
    next(events)
    control.request_stop()
    with pytest.raises(Stopped):
        list(events)
    assert list(cache.iterdir()) == []
    with pytest.raises(ProjectError):
        load_role(ready, SMALL, cache, "train")
    _fill(ready, cache)
    assert len(load_role(ready, SMALL, cache, "train")) > 0


def test_a_full_disk_is_said_and_leaves_nothing(
    ready: Catalogue, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        def tobytes(self) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pixels, "to_stored", Full)
    with pytest.raises(TargetError, match="no room left"):
        _fill(ready, cache)
    assert list(cache.iterdir()) == []


def test_a_damaged_cache_is_said(ready: Catalogue, cache: Path) -> None:
    _fill(ready, cache)
    (stored,) = cache.glob("pixels-*/images.npy")
    stored.write_bytes(stored.read_bytes()[:200])
    with pytest.raises(ProjectError, match="damaged"):
        load_role(ready, SMALL, cache, "train")


def test_an_empty_role_is_empty(labelled: Catalogue) -> None:
    split(SplitConfig(project=labelled.path.parent, holdout=0.0), labelled)
    cache = labelled.path.parent / "cache"
    _fill(labelled, cache)
    part = load_role(labelled, SMALL, cache, "holdout")
    assert part.images.shape == (0, 1, 16, 16)
    assert len(part.class_names) == 4


def test_mixed_sizes_and_colours_become_one_shape(
    tmp_path: Path, scan_folder, catalogue: Catalogue
) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "source" / name).mkdir(parents=True)
        for index in range(5):
            shape = [(9, 31), (40, 12, 3), (17, 17), (8, 8, 4), (50, 20)][index]
            picture = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "source" / name / f"{index}.png")
    scan_folder(tmp_path / "source")
    project = catalogue.path.parent
    label(LabelConfig(project=project), catalogue, Control())
    split(SplitConfig(project=project), catalogue)
    for channels in (1, 3):
        config = ImagesConfig(size=8, channels=channels)
        _fill(catalogue, project / "cache", config)
        part = load_role(catalogue, config, project / "cache", "train")
        assert part.images.shape[1:] == (channels, 8, 8)
    with pytest.raises(ConfigError, match="channels"):
        _fill(catalogue, project / "cache", ImagesConfig(channels=2))


def test_contradicting_copies_are_said(
    ready: Catalogue, cache: Path, hospital: Path, scan_folder
) -> None:
    file = next(iter(sorted((hospital / "normal").rglob("IM*"))))
    shutil.copy(file, hospital / "opacity" / "twin.dcm")
    scan_folder(hospital)
    label(LabelConfig(project=ready.path.parent), ready, Control())
    split(SplitConfig(project=ready.path.parent), ready)
    warned = [event for event in _fill(ready, cache) if isinstance(event, Warned)]
    assert [event.code for event in warned] == ["contradicting-labels"]


def test_missing_steps_and_sources_are_said(
    catalogue: Catalogue, hospital: Path, scan_folder
) -> None:
    cache = catalogue.path.parent / "cache"
    scan_folder(hospital)
    with pytest.raises(LabelError, match="Label the images"):
        _fill(catalogue, cache)
    label(LabelConfig(project=catalogue.path.parent), catalogue, Control())
    split(SplitConfig(project=catalogue.path.parent), catalogue)
    hospital.rename(hospital.with_name("away"))
    with pytest.raises(SourceError, match="not there"):
        _fill(catalogue, cache)


def test_purge_frees_everything(ready: Catalogue, cache: Path) -> None:
    _fill(ready, cache)
    size = cached_bytes(cache)
    assert size > IMAGES * 256
    assert purge(cache) == size
    assert list(cache.iterdir()) == []
    assert purge(cache) == 0
