"""Masks find their image by name, segmentations by instance; what does not fit is named and costs nothing."""

import shutil
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.sr.codedict import codes

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError, Stopped
from meddistill_gui.core.events import Warned
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.patches.region_masks import import_masks
from meddistill_gui.data.patches.regions import inside, region_counts, regions_of
from meddistill_gui.data.phantoms.fold_hospital import write_fold_hospital
from tests.data.conftest import digest_of, drain

SIDE = 96


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds") / "hospital"
    for _ in write_fold_hospital(folder, patients=5, side=SIDE, seed=4, control=Control()):
        pass
    return folder


@pytest.fixture
def folds(made: Path, tmp_path: Path, scan_folder) -> Path:
    folder = tmp_path / "folds"
    shutil.copytree(made, folder)
    scan_folder(folder / "images")
    return folder


def take(catalogue: Catalogue, masks: Path, *, replace: bool = False):
    return drain(import_masks(catalogue, masks, author="Ana", replace=replace, control=Control()))


def mask_of(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image, dtype=bool)


def segmentation(images: list[Path], planes: np.ndarray, out: Path) -> Path:
    """A DICOM segmentation of one or two segments, as another program would write it."""
    sources = [pydicom.dcmread(image) for image in images]
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number + 1,
            segment_label=f"part {number + 1}",
            segmented_property_category=codes.cid7150.AnatomicalStructure,
            segmented_property_type=codes.cid7166.ConnectiveTissue,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number in range(planes.shape[-1] if planes.ndim == 4 else 1)
    ]
    made = hd.seg.Segmentation(
        sources, planes, hd.seg.SegmentationTypeValues.BINARY, segments, hd.UID(), 9, hd.UID(), 1,
        "Invented", "Invented", "1", "0",
    )  # fmt: skip
    made.save_as(out)
    return out


def test_masks_are_found_by_path_and_kept_pixel_by_pixel(folds: Path, catalogue: Catalogue) -> None:
    before = digest_of(folds)
    _, report = take(catalogue, folds / "masks")
    assert (report.images, report.regions, report.refused) == (5, 5, ())
    for row in catalogue.images(catalogue.image_ids()):
        (region,) = regions_of(catalogue, row.id)
        wanted = mask_of(folds / "masks" / row.path.parent.name / f"{row.path.stem}.png")
        assert (inside([region], row.width, row.height) == wanted).all()
        assert (region.kind, region.author, region.origin) == (
            "mask",
            "Ana",
            f"{row.path.stem}.png",
        )
    assert digest_of(folds) == before, "neither images nor masks are touched"

    take(catalogue, folds / "masks")
    assert set(region_counts(catalogue).values()) == {1}, "taken over twice, it is there once"


def test_masks_in_a_flat_folder_are_found_by_name_and_replace_what_was_there(
    folds: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in (folds / "masks").rglob("*.png"):
        shifted = np.roll(mask_of(file), 3, axis=1)
        Image.fromarray(shifted.astype(np.uint8) * 255).convert("RGB").save(flat / file.name)
    take(catalogue, folds / "masks")
    take(catalogue, flat)
    assert set(region_counts(catalogue).values()) == {2}
    take(catalogue, flat, replace=True)
    assert set(region_counts(catalogue).values()) == {1}


def test_bad_masks_are_named_and_the_good_ones_are_taken(folds: Path, catalogue: Catalogue) -> None:
    masks = sorted((folds / "masks").rglob("*.png"))
    Image.new("1", (SIDE + 1, SIDE), 1).save(masks[0])
    Image.new("1", (SIDE, SIDE), 0).save(masks[1])
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    Image.fromarray(noise).save(masks[2])
    (folds / "masks" / "stranger.png").write_bytes(masks[3].read_bytes())
    (folds / "masks" / "notes.txt").write_text("not a mask")
    (folds / "masks" / "torn.png").write_bytes(masks[3].read_bytes()[:60])
    events, report = take(catalogue, folds / "masks")
    assert report.images == 2
    said = " ".join(report.refused)
    assert f"has {SIDE + 1} x {SIDE} pixels, its image {SIDE} x {SIDE}" in said
    for words in ("marks nothing", "is a picture, not a mask", "stranger.png", "notes.txt is neither", "torn.png"):  # fmt: skip
        assert words in said
    assert [e.message for e in events if isinstance(e, Warned)] == list(report.refused)
    assert all(e.remedy for e in events if isinstance(e, Warned))


def test_masks_that_all_fail_leave_what_was_drawn(
    folds: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    take(catalogue, folds / "masks")
    before = region_counts(catalogue)
    with pytest.raises(SourceError, match="None of the 1 masks"):
        take(catalogue, folds / "README.txt", replace=True)
    with pytest.raises(SourceError, match="no mask in"):
        take(catalogue, tmp_path / "nowhere", replace=True)
    control = Control()
    control.request_stop()
    with pytest.raises(Stopped):
        drain(import_masks(catalogue, folds / "masks", author="", replace=True, control=control))
    assert region_counts(catalogue) == before


def test_a_name_that_two_images_share_is_a_question(
    folds: Path, catalogue: Catalogue, scan_folder
) -> None:
    image = next((folds / "images/straight").glob("*.dcm"))
    shutil.copy(image, folds / "images/coarse" / image.name)
    scan_folder(folds / "images")
    single = folds / "masks/straight" / f"{image.stem}.png"
    with pytest.raises(SourceError, match="2 images are named like the mask"):
        take(catalogue, single)
    _, report = take(catalogue, folds / "masks")
    assert report.refused == (), "with its folders it is clear"


@pytest.mark.slow
def test_a_segmentation_finds_its_instances(
    folds: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    images = sorted((folds / "images").rglob("*.dcm"))
    whole = mask_of(folds / "masks" / images[1].parent.name / f"{images[1].stem}.png")
    parts = np.zeros((1, SIDE, SIDE, 2), dtype=np.uint8)
    parts[0, ..., 0], parts[0, ..., 1] = whole, 0
    parts[0, :4, :4, 1] = 1
    file = segmentation([images[1]], parts, tmp_path / "a.dcm")
    _, report = take(catalogue, file)
    assert (report.images, report.refused) == (1, ())
    ((image, _),) = region_counts(catalogue).items()
    (row,) = catalogue.images([image])
    assert row.path == images[1]
    both = whole.copy()
    both[:4, :4] = True
    assert (inside(regions_of(catalogue, image), SIDE, SIDE) == both).all(), "all segments count"


@pytest.mark.slow
def test_segmentations_that_do_not_fit_are_refused(
    folds: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    images = sorted((folds / "images").rglob("*.dcm"))
    stranger = tmp_path / "stranger.dcm"
    header = pydicom.dcmread(images[0])
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = hd.UID()
    header.save_as(stranger)
    plane = np.ones((1, SIDE, SIDE), dtype=np.uint8)
    with pytest.raises(SourceError, match="none of them is in the catalogue"):
        take(catalogue, segmentation([stranger], plane, tmp_path / "seg.dcm"))
    with pytest.raises(SourceError, match="is a DICOM file, but no segmentation"):
        take(catalogue, images[0])
    torn = tmp_path / "torn.dcm"
    torn.write_bytes(segmentation([images[0]], plane, tmp_path / "b.dcm").read_bytes()[:900])
    with pytest.raises(SourceError, match=r"torn\.dcm"):
        take(catalogue, torn)
    other = pydicom.dcmread(segmentation([images[0]], plane, tmp_path / "c.dcm"))
    other.Rows = other.Columns = SIDE // 2
    other.PixelData = b"\xff" * (SIDE * SIDE // 32)
    other.save_as(tmp_path / "small.dcm")
    with pytest.raises(
        SourceError, match=f"has {SIDE // 2} x {SIDE // 2} pixels, its image {SIDE} x {SIDE}"
    ):
        take(catalogue, tmp_path / "small.dcm")
    assert region_counts(catalogue) == {}
