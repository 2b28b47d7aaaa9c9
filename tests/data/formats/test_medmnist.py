"""A set in the shape of MedMNIST is scanned, labelled and kept divided as it says itself."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.formats import medmnist
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images.pixels import cached_images
from meddistill_gui.data.images.role_arrays import load_role
from meddistill_gui.data.labels.labelling import label


def _write(path: Path, *, colour: bool = False, compressed: bool = True) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {}
    for name, count in (("train", 40), ("val", 8), ("test", 12)):
        shape = (count, 28, 28, 3) if colour else (count, 28, 28)
        arrays[f"{name}_images"] = rng.integers(0, 256, shape, dtype=np.uint8)
        arrays[f"{name}_labels"] = (np.arange(count) % 3).astype(np.int64)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return arrays


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_whole_way(
    tmp_path: Path, catalogue: Catalogue, scan_folder, colour: bool, compressed: bool
) -> None:
    arrays = _write(tmp_path / "source" / "set.npz", colour=colour, compressed=compressed)
    _, report = scan_folder(tmp_path / "source")
    assert (report.files, report.images, report.patients) == (1, 60, None)
    project = catalogue.path.parent
    found = label(LabelConfig(project=project), catalogue, Control()).classes
    assert found == {"0": 21, "1": 20, "2": 19}
    split(SplitConfig(project=project, keep_folders=True), catalogue)
    config = ImagesConfig(size=28, channels=3 if colour else 1)
    list(cached_images(catalogue, config, project / "cache", Control()))
    for role, name in (("test", "test"), ("validation", "val")):
        part = load_role(catalogue, config, project / "cache", role)
        expected = arrays[f"{name}_images"]
        expected = expected.transpose(0, 3, 1, 2) if colour else expected[:, None]
        pairs = {(i.tobytes(), int(c)) for i, c in zip(part.images, part.labels, strict=True)}
        labels = arrays[f"{name}_labels"][:, 0]
        assert pairs == {(i.tobytes(), int(c)) for i, c in zip(expected, labels, strict=True)}


def test_rows_come_in_any_order_and_memory_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = _write(tmp_path / "set.npz")
    monkeypatch.setattr(medmnist, "_BLOCK_BYTES", 28 * 28 * 7)
    monkeypatch.setattr(medmnist, "_KEPT_BLOCKS", 2)
    whole = np.concatenate([arrays[f"{name}_images"] for name in medmnist.PARTS])
    for frame in np.random.default_rng(1).permutation(60):
        np.testing.assert_array_equal(medmnist.read_row(tmp_path / "set.npz", frame), whole[frame])
    with pytest.raises(SourceError, match="no image number 61"):
        read_image(tmp_path / "set.npz", 60)


@pytest.mark.parametrize("change", ["pickled", "volumes", "too few labels", "cut", "giant"])
def test_a_set_that_cannot_be_used_is_named(
    tmp_path: Path, catalogue: Catalogue, scan_folder, change: str
) -> None:
    path = tmp_path / "source" / "set.npz"
    arrays = _write(path)
    if change == "pickled":
        arrays["train_labels"] = np.array([{"a": 1}] * 40, dtype=object)
    elif change == "volumes":
        arrays["train_images"] = np.zeros((40, 28, 28, 28), np.uint8)
    elif change == "too few labels":
        arrays["train_labels"] = arrays["train_labels"][:5]
    np.savez(path, **arrays)
    if change == "cut":
        path.write_bytes(path.read_bytes()[:3000])
    elif change == "giant":
        with zipfile.ZipFile(path, "w") as archive, archive.open("train_images.npy", "w") as stream:
            header = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 60_000, 60_000)}
            np.lib.format.write_array_header_1_0(stream, header)
    _write(tmp_path / "source" / "good.npz")
    _, report = scan_folder(tmp_path / "source")
    assert report.images == 60
    (issue,) = catalogue.issues()
    assert issue.path == path


def test_other_archives_are_no_issue(tmp_path: Path, catalogue: Catalogue, scan_folder) -> None:
    _write(tmp_path / "source" / "good.npz")
    with zipfile.ZipFile(tmp_path / "source" / "report.docx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    scan_folder(tmp_path / "source")
    assert catalogue.issues() == []
    np.savez(tmp_path / "source" / "weights.npz", weights=np.zeros(3))
    scan_folder(tmp_path / "source")
    assert [issue.cause for issue in catalogue.issues()] == ["not an image"]


def test_several_findings_an_image_give_no_class(
    tmp_path: Path, catalogue: Catalogue, scan_folder
) -> None:
    path = tmp_path / "source" / "set.npz"
    arrays = _write(path)
    arrays["train_labels"] = np.zeros((40, 14), np.int64)
    np.savez(path, **arrays)
    scan_folder(tmp_path / "source")
    report = label(LabelConfig(project=catalogue.path.parent), catalogue, Control())
    assert report.unlabelled == 40
