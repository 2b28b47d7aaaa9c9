"""Regions out of a NIfTI mask: each slice goes to the slice of the volume that bears its name."""

from collections.abc import Sequence
from pathlib import Path

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.data.formats.apart import run_apart
from meddistill_gui.data.formats.headers import read_facts
from meddistill_gui.data.formats.volumes import decode_slice
from meddistill_gui.data.patches.regions import Mask


def marked_slices(file: Path, rows: Sequence[ImageRow]) -> list[tuple[ImageRow, Mask]]:
    """What a mask marks; slices on which it marks nothing are left out.

    Args:
        file: A NIfTI mask. What is above 0 is inside. It is turned to the scanner's axes as the volume is.
        rows: The slices of its volume.

    Returns:
        Slice and bool `[H, W]`.

    Raises:
        SourceError: It has another shape than the volume, marks nothing, or cannot be decoded.
    """
    header = read_facts(file).header
    shape = (0, 0, 0) if header is None else (header.width, header.height, header.frames)
    first = rows[0]
    if shape != (first.width, first.height, len(rows)):
        raise SourceError(
            f"The mask {file.name} has {shape[0]} x {shape[1]} pixels in {shape[2]} slices, its volume {first.width} x "
            f"{first.height} in {len(rows)}.",
            "Export the mask again on the grid of its volume.",
        )
    try:
        planes = [(row, run_apart(decode_slice, file, row.frame)[0] > 0) for row in rows]
    except SourceError:
        raise
    except Exception as error:
        # nibabel raises anything on damaged voxels; the caller names the file and goes on.
        raise SourceError(
            f"{file.name} cannot be decoded ({type(error).__name__}: {str(error)[:160]}).",
            "Export the mask again.",
        ) from error
    marked = [(row, mask) for row, mask in planes if mask.any()]
    if not marked:
        raise SourceError(
            f"The mask {file.name} marks nothing: all its voxels are 0.",
            "Leave it out, or export it again.",
        )
    return marked
