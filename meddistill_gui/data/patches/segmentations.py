"""Regions out of a DICOM segmentation (SEG, PS3.3 A.51): one mask per referenced image of the catalogue."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from highdicom.seg import Segmentation, segread
from pydicom.uid import SegmentationStorage

from meddistill_gui.core.errors import InputError, SourceError
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.patches.regions import Mask

# The object's own pixels count: what is missing for a frame marks nothing there, and a radiograph has no place in space.
_AS_STORED: Final[dict[str, Any]] = {
    "ignore_spatial_locations": True,
    "assert_missing_frames_are_empty": True,
    "rescale_fractional": True,
}

_OF_SERIES: Final = """
SELECT image.id FROM image JOIN file ON file.id = image.file JOIN series ON series.id = image.series
WHERE file.kind = 'dicom' AND series.uid = ? ORDER BY file.id, image.frame
"""


def segmented(catalogue: Catalogue, file: Path) -> list[tuple[ImageRow, Mask]]:
    """What a segmentation marks on the images of the catalogue; frames on which it marks nothing are left out.

    Args:
        catalogue: After a scan.
        file: A DICOM file.

    Returns:
        Image and bool `[H, W]` at the segmentation's own size; every segment counts as inside, a fractional one from a half on.

    Raises:
        SourceError: It is no segmentation, is damaged, or is of no image of the catalogue.
    """
    try:
        return _segmented(catalogue, file)
    except InputError:
        raise
    except Exception as error:
        # highdicom and pydicom raise anything on damaged or unusual files; the caller names the file and goes on.
        raise SourceError(
            f"{file.name} cannot be read as a segmentation ({type(error).__name__}: {str(error)[:160]}).",
            "Export it again, or as PNG masks.",
        ) from error


def _segmented(catalogue: Catalogue, file: Path) -> list[tuple[ImageRow, Mask]]:
    header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["SOPClassUID"])
    if header.get("SOPClassUID") != SegmentationStorage:
        raise SourceError(
            f"{file.name} is a DICOM file, but no segmentation.",
            "Choose files of the class Segmentation (SEG).",
        )
    segmentation = segread(file)
    references = segmentation.get_source_image_uids()
    frames = {
        sop: rows for _, series, sop in references if (rows := _frames(catalogue, series, sop))
    }
    if not frames:
        raise SourceError(
            f"{file.name} segments {len(references)} images, but none of them is in the catalogue.",
            "Scan the images that it was drawn on, with their original UIDs.",
        )
    found = [pair for sop, rows in frames.items() for pair in _masks(segmentation, sop, rows)]
    if not found:
        raise SourceError(
            f"{file.name} marks nothing on any image of the catalogue.", "Leave it out."
        )
    return found


def _frames(catalogue: Catalogue, series: str, sop: str) -> Sequence[ImageRow]:
    """The images of one instance, by frame; the headers of its series are read for it, the catalogue keeps no instance."""
    ids = [row[0] for row in catalogue.connection.execute(_OF_SERIES, (str(series),))]
    rows = catalogue.images(ids)
    for path in dict.fromkeys(row.path for row in rows):
        if path.is_file():
            header = pydicom.dcmread(
                path, force=True, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]
            )
            if header.get("SOPInstanceUID") == sop:
                return [row for row in rows if row.path == path]
    return ()


def _masks(
    segmentation: Segmentation, sop: str, rows: Sequence[ImageRow]
) -> Iterator[tuple[ImageRow, Mask]]:
    if len(rows) == 1:
        stored = segmentation.get_pixels_by_source_instance([sop], **_AS_STORED)
    else:
        numbers = [row.frame + 1 for row in rows]
        stored = segmentation.get_pixels_by_source_frame(sop, numbers, **_AS_STORED)
    for row, planes in zip(rows, np.asarray(stored), strict=True):
        mask = np.asarray((planes >= 0.5).any(axis=-1), dtype=np.bool_)
        if mask.any():
            yield row, mask
