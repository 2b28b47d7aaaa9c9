"""Regions are kept, fit their image, outlive a scan, and never touch the source."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.patches.regions import (
    FREEHAND,
    POLYGON,
    Region,
    check_region,
    inside,
    mask_region,
    region_counts,
    regions_of,
    replace_regions,
)
from tests.data.conftest import digest_of

SQUARE = Region(kind=POLYGON, vertices=((10, 20), (60, 20), (60, 50), (10, 50)), author="Ana")


def test_a_polygon_encloses_its_area_and_several_add_up() -> None:
    mask = inside([SQUARE], 100, 80)
    assert mask.shape == (80, 100)
    assert mask[20:50, 10:60].all()
    assert mask.sum() == pytest.approx(50 * 30, rel=0.06), "the edge belongs to it"
    painted = np.zeros((80, 100), dtype=bool)
    painted[70:75, 90:95] = True
    both = inside([SQUARE, mask_region(painted, author="B", origin="m.png")], 100, 80)
    assert both.sum() == mask.sum() + 25


@pytest.mark.parametrize(
    ("vertices", "said"),
    [
        (((10, 10), (120, 10), (50, 60)), "outside the image: a corner lies at 120, 10"),
        (((10, 10), (50, -1), (50, 60)), "outside the image"),
        (((10, 10), (50, float("nan")), (50, 60)), "encloses nothing|outside the image"),
        (((10, 10), (50, 50)), "encloses nothing"),
        (((10, 10), (20, 20), (30, 30)), "encloses nothing"),
    ],
)
def test_what_does_not_fit_is_refused(vertices: tuple, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        check_region(Region(kind=POLYGON, vertices=vertices), 100, 80)


def test_a_mask_of_another_size_or_without_a_pixel_is_refused() -> None:
    small = mask_region(np.ones((40, 50), dtype=bool), author="A", origin="stomach.png")
    with pytest.raises(LabelError, match=r"stomach\.png has 50 x 40 pixels, its image 100 x 80"):
        check_region(small, 100, 80)
    empty = mask_region(np.zeros((80, 100), dtype=bool), author="A", origin="empty.png")
    with pytest.raises(LabelError, match="marks nothing"):
        check_region(empty, 100, 80)


def test_regions_are_kept_as_they_are_and_the_source_is_not_touched(
    labelled: Catalogue, hospital: Path
) -> None:
    before = digest_of(hospital)
    first, second = (int(one) for one in labelled.image_ids()[:2])
    drawn = (
        Region(kind=FREEHAND, vertices=((1.25, 2.5), (80.0, 3.0), (40.0, 90.75)), author="Ana", time="2026-01-02T03:04:05+00:00"),
        SQUARE,
    )  # fmt: skip
    replace_regions(labelled, {first: drawn, second: [SQUARE]})
    assert regions_of(labelled, first) == drawn
    assert region_counts(labelled) == {first: 2, second: 1}
    replace_regions(labelled, {first: [SQUARE]})
    assert regions_of(labelled, first) == (SQUARE,)
    replace_regions(labelled, {first: []})
    assert region_counts(labelled) == {second: 1}
    assert digest_of(hospital) == before


def test_one_region_that_does_not_fit_leaves_everything_as_it_was(labelled: Catalogue) -> None:
    first, second = (int(one) for one in labelled.image_ids()[:2])
    replace_regions(labelled, {first: [SQUARE]})
    outside = Region(kind=POLYGON, vertices=((0, 0), (9999, 0), (0, 50)))
    with pytest.raises(LabelError):
        replace_regions(labelled, {first: [], second: [SQUARE, outside]})
    assert region_counts(labelled) == {first: 1}
    with pytest.raises(LabelError, match="no longer in the catalogue"):
        replace_regions(labelled, {first: [], 10**6: [SQUARE]})
    assert region_counts(labelled) == {first: 1}


def test_a_touched_file_keeps_its_regions_and_another_picture_does_not_get_them(
    tmp_path: Path, scan_folder, catalogue: Catalogue
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (2, 90, 100), dtype=np.uint8)
    Image.fromarray(noise[0]).save(source / "a.png")
    scan_folder(source)
    (first,) = (int(one) for one in catalogue.image_ids())
    replace_regions(catalogue, {first: [SQUARE]})

    os.utime(source / "a.png", ns=(1, 1))
    scan_folder(source)
    (again,) = (int(one) for one in catalogue.image_ids())
    assert regions_of(catalogue, again) == (SQUARE,), "read anew, but the same picture"

    Image.fromarray(noise[1]).save(source / "a.png")
    scan_folder(source)
    (other,) = (int(one) for one in catalogue.image_ids())
    assert regions_of(catalogue, other) == ()
    replace_regions(catalogue, {other: [SQUARE, SQUARE]})

    Image.fromarray(noise[0]).save(source / "a.png")
    scan_folder(source)
    (back,) = (int(one) for one in catalogue.image_ids())
    assert regions_of(catalogue, back) == (SQUARE,), "the drawing waited for its picture"
