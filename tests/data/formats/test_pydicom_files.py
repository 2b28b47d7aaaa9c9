"""Over every file that pydicom ships for its own tests, and over those of the package deid-data: what it can decode is equal here, everything else is named."""

from pathlib import Path

import deid_data
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.facts import FileFacts
from meddistill_gui.data.formats.headers import read_facts
from meddistill_gui.data.formats.reading import read_frame, read_header, read_image

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(pydicom.__file__).parent / "data" / "test_files"
MORE = Path(deid_data.__file__).parent / "data"
FILES = sorted(path for root in (ROOT, MORE) for path in root.rglob("*") if path.is_file())


def _name(path: Path) -> str:
    return path.relative_to(ROOT if path.is_relative_to(ROOT) else MORE).as_posix()


TWELVE_BITS = {"JPEG-lossy.dcm", "JPGExtended.dcm"}


@pytest.mark.parametrize("name", sorted(TWELVE_BITS))
def test_twelve_bits_of_jpeg_are_decoded_without_pydicom(name: str) -> None:
    """Two values that the tests of pydicom and of libjpeg's plug-in expect of this picture, and neighbours that resemble each other."""
    (path,) = (path for path in FILES if path.name == name)
    values = read_frame(path).values
    assert values.shape == (1024, 256)
    assert (values[420, 140], values[230, 120]) == (244, 95)
    assert np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1] > 0.99


def _decoded(path: Path, frame: int) -> tuple[Dataset, np.ndarray] | None:
    """pydicom's own way to one frame, or None where it has none."""
    try:
        dataset = pydicom.dcmread(path)
        return dataset, pixel_array(dataset, index=frame)
    except Exception:  # noqa: BLE001 - every reason not to decode is as good as another here
        return None


def _frames(facts: FileFacts) -> list[int]:
    """First and last: a decoder that mixes frames up shows on the last."""
    return [] if facts.header is None else sorted({0, facts.header.frames - 1})


def test_there_are_files() -> None:
    assert len(FILES) > 150
    assert sum(path.is_relative_to(MORE) for path in FILES) > 10


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_equal_to_pydicom_or_named(path: Path) -> None:
    facts = read_facts(path)
    if facts.header is None:
        assert _decoded(path, 0) is None, "pydicom decodes it"
        if facts.problem is not None:
            assert len(facts.problem.reason) > 20
            assert facts.problem.remedy
        return
    for frame in _frames(facts):
        reference = _decoded(path, frame)
        if path.name in TWELVE_BITS:
            assert reference is None, "pydicom decodes it now: compare with that"
            continue
        if reference is None:
            with pytest.raises(SourceError):
                read_frame(path, frame)
            continue
        dataset, stored = reference
        assert stored.shape[:2] == (facts.header.height, facts.header.width)
        _compare(path, frame, dataset, stored)


def _compare(path: Path, frame: int, dataset: Dataset, stored: np.ndarray) -> None:
    found = read_frame(path, frame)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(stored, dataset)
        expected = colours / np.iinfo(colours.dtype).max
        np.testing.assert_allclose(found.values, expected, atol=1e-6)
    elif stored.ndim == 3:
        np.testing.assert_allclose(found.values, stored / (2**dataset.BitsStored - 1), atol=1e-6)
    elif "SharedFunctionalGroupsSequence" not in dataset:
        values = apply_modality_lut(stored, dataset)
        np.testing.assert_allclose(found.values, values, rtol=1e-6)
        if found.windows or found.table is not None:
            _compare_shown(path, frame, dataset, apply_voi_lut(values, dataset))
    shown = read_image(path, frame)
    assert shown.min() >= 0
    assert shown.max() <= 1


def _compare_shown(path: Path, frame: int, dataset: Dataset, shown: np.ndarray) -> None:
    low, high = _range(dataset)
    expected = (shown - low) / (high - low)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        expected = 1 - expected
    np.testing.assert_allclose(read_image(path, frame), expected, atol=2e-6)


def _range(dataset: Dataset) -> tuple[float, float]:
    """Output range of pydicom's window, as its documentation gives it."""
    if "VOILUTSequence" in dataset:
        return 0, 2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
    bits = dataset.BitsStored
    low, high = (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if dataset.PixelRepresentation
        else (0, 2**bits - 1)
    )
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    return low * slope + intercept, high * slope + intercept


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_the_tag_table_opens_or_says_why(path: Path) -> None:
    try:
        rows = read_header(path)
    except SourceError:
        assert read_facts(path).header is None, "the scan took it for an image"
        return
    assert all(len(row.value) < 300 for row in rows)
