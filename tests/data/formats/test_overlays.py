"""Overlay planes against a drawing whose pixels are known, and pydicom's own file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pack_bits

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.overlays import read_overlay

SHAPE = (6, 9)


def drawing(seed: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < 0.4


def write(path: Path, planes: list[dict], frames: int = 1) -> Path:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = SHAPE
    dataset.NumberOfFrames = frames
    for number, plane in enumerate(planes):
        group = 0x6000 + 2 * number
        bits = plane["bits"]
        dataset.add_new((group, 0x0010), "US", bits.shape[-2])
        dataset.add_new((group, 0x0011), "US", bits.shape[-1])
        dataset.add_new((group, 0x0040), "CS", "G")
        dataset.add_new((group, 0x0050), "SS", plane.get("origin", [1, 1]))
        dataset.add_new((group, 0x0100), "US", 1)
        if bits.ndim == 3:
            dataset.add_new((group, 0x0015), "IS", len(bits))
            dataset.add_new((group, 0x0051), "US", plane["first"])
        dataset.add_new((group, 0x3000), "OW", pack_bits(bits.astype(np.uint8).ravel(), pad=True))
    dataset.save_as(path, implicit_vr=False, little_endian=True)
    return path


def test_planes_are_put_together(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [{"bits": drawing(1)}, {"bits": drawing(2)}])
    np.testing.assert_array_equal(read_overlay(file), drawing(1) | drawing(2))


@pytest.mark.parametrize(("top", "left"), [(0, 0), (2, 3), (-2, -1), (5, 8), (40, 0)])
def test_a_plane_lies_where_its_origin_says_and_is_cut_at_the_edges(
    tmp_path: Path, top: int, left: int
) -> None:
    bits = np.ones((4, 5), bool)
    file = write(tmp_path / "a.dcm", [{"bits": bits, "origin": [top + 1, left + 1]}])
    expected = np.zeros(SHAPE, bool)
    for row in range(4):
        for column in range(5):
            y, x = row + top, column + left
            if 0 <= y < SHAPE[0] and 0 <= x < SHAPE[1]:
                expected[y, x] = True
    found = read_overlay(file)
    np.testing.assert_array_equal(np.zeros(SHAPE, bool) if found is None else found, expected)


def test_each_frame_has_its_own_plane(tmp_path: Path) -> None:
    bits = np.stack([drawing(5), drawing(6)])
    file = write(tmp_path / "a.dcm", [{"bits": bits, "first": 2}], frames=4)
    found = [read_overlay(file, frame) for frame in range(4)]
    assert found[0] is None
    np.testing.assert_array_equal(found[1], drawing(5))
    np.testing.assert_array_equal(found[2], drawing(6))
    assert found[3] is None


def test_pydicom_s_file() -> None:
    path = Path(str(get_testdata_file("examples_overlay.dcm")))
    found = read_overlay(path)
    dataset = dcmread(path)
    assert found is not None
    assert found.shape == (dataset.Rows, dataset.Columns)
    assert found.sum() == dataset.overlay_array(0x6000).astype(bool).sum()


def test_pictures_and_plain_files_have_none(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    assert read_overlay(tmp_path / "a.png") is None
    assert read_overlay(write(tmp_path / "plain.dcm", [])) is None
    empty = write(tmp_path / "empty.dcm", [{"bits": np.zeros(SHAPE, bool)}])
    assert read_overlay(empty) is None


def test_damage_is_said_by_name(tmp_path: Path) -> None:
    file = write(tmp_path / "broken.dcm", [{"bits": drawing(7)}])
    dataset = dcmread(file, force=True)
    dataset[0x6000, 0x0010].value = 60_000
    dataset.save_as(file)
    with pytest.raises(SourceError, match=r"broken\.dcm"):
        read_overlay(file)
    with pytest.raises(SourceError, match=r"gone\.dcm"):
        read_overlay(tmp_path / "gone.dcm")
