"""Slices of volumes carry regions as other images do, drawn or from a NIfTI mask on the volume's grid."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.formats.volumes import decode_slice
from meddistill_gui.data.patches.region_masks import import_masks
from meddistill_gui.data.patches.regions import (
    POLYGON,
    Region,
    inside,
    regions_of,
    replace_regions,
)
from tests.data.conftest import drain

pytestmark = pytest.mark.slow
SHAPE = (20, 24, 3)
TURNED = np.array([[0, -1.0, 0, 3], [1.0, 0, 0, 5], [0, 0, -2.0, 7], [0, 0, 0, 1.0]])


@pytest.fixture
def volume(tmp_path: Path, scan_folder) -> Path:
    """A volume whose axes are not the scanner's, in a scanned folder."""
    folder = tmp_path / "volumes" / "ill"
    folder.mkdir(parents=True)
    grey = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(grey, TURNED), folder / "one.nii.gz")
    scan_folder(folder.parent)
    return folder / "one.nii.gz"


def mask_file(path: Path, marked: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(marked.astype(np.uint8), TURNED), path)
    return path


def take(catalogue: Catalogue, masks: Path):
    return drain(import_masks(catalogue, masks, author="Ana", replace=False, control=Control()))


def test_a_mask_lies_on_each_slice_as_the_volume_does(volume, catalogue, tmp_path) -> None:
    marked = np.zeros(SHAPE, np.uint8)
    marked[2:9, 5:20, 0], marked[1, 2:4, 2] = 1, 3
    file = mask_file(tmp_path / "masks" / "one.nii.gz", marked)
    report = take(catalogue, file)[-1]
    assert (report.images, report.regions) == (2, 2)
    found = 0
    for row in catalogue.images(catalogue.image_ids()):
        expected = decode_slice(str(file), row.frame)[0] > 0
        regions = regions_of(catalogue, row.id)
        assert bool(regions) == expected.any()
        if regions:
            assert (inside(regions, row.width, row.height) == expected).all()
            found += int(expected.sum())
    assert found == int((marked > 0).sum()), "every marked voxel, and no other"


def test_a_slice_is_drawn_on(volume, catalogue) -> None:
    ids = [int(one) for one in catalogue.image_ids()]
    region = Region(kind=POLYGON, vertices=((1, 1), (15, 1), (15, 15)))
    replace_regions(catalogue, {ids[1]: [region]})
    assert [len(regions_of(catalogue, one)) for one in ids] == [0, 1, 0]


@pytest.mark.parametrize(
    ("shape", "name", "sentence"),
    [
        ((20, 24, 4), "one.nii.gz", "24 x 20 pixels in 4 slices, its volume 24 x 20 in 3"),
        (SHAPE, "one.nii.gz", "marks nothing"),
        (SHAPE, "two.nii.gz", "No image of the catalogue is named like"),
    ],
)
def test_what_does_not_fit_is_named(volume, catalogue, tmp_path, shape, name, sentence) -> None:
    marked = np.zeros(shape, np.uint8)
    if "marks" not in sentence:
        marked[3, 3] = 1
    with pytest.raises(SourceError, match=sentence):
        take(catalogue, mask_file(tmp_path / "masks" / name, marked))


def test_a_damaged_mask_is_named(volume, catalogue, tmp_path) -> None:
    file = mask_file(tmp_path / "masks" / "one.nii", np.ones(SHAPE, np.uint8))
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(SourceError, match=r"one\.nii"):
        take(catalogue, file)
