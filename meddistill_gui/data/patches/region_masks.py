"""Regions from files: a mask of the image's size and name (PNG, NIfTI), or a DICOM segmentation that names its instances.

All files are read first and written down together: one that does not fit is named and left out, a stop changes nothing.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from PIL import Image

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import InputError, SourceError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.formats.headers import LARGEST_PIXELS
from meddistill_gui.data.formats.sniffing import HEAD, VOLUME, kind_of
from meddistill_gui.data.patches.regions import (
    Mask,
    Region,
    check_region,
    mask_region,
    regions_of,
    replace_regions,
)
from meddistill_gui.data.patches.segmentations import segmented
from meddistill_gui.data.patches.volume_masks import marked_slices

PHASE: Final = "reading masks"
_SHADES: Final = 32
"""A mask has two values, and a few between where it was smoothed; a picture has more."""


_Names = dict[str, list[tuple[int, PurePosixPath]]]


@dataclass(frozen=True, kw_only=True)
class MaskReport:
    """What importing brought.

    Attributes:
        images: Images that got regions.
        regions: Regions in all.
        refused: Files that did not fit, one sentence each.
    """

    images: int
    regions: int
    refused: tuple[str, ...]


def import_masks(
    catalogue: Catalogue, masks: Path, *, author: str, replace: bool, control: Control
) -> Generator[Event, None, MaskReport]:
    """Take over regions from a file or from all files below a folder.

    A PNG belongs to the image with the same path below the source folder, or with the same file name if only one has it; the ending does
    not count. So does a NIfTI mask to the slices of a volume. A DICOM segmentation belongs to the instances that it references (PS3.3 C.8.20); all its segments count as inside.

    Args:
        catalogue: After a scan.
        masks: A PNG, NIfTI or DICOM file, or a folder of such files.
        author: Who imports them.
        replace: Whether regions that an image has already go; else the new ones are added.
        control: Asked to stop between two files.

    Yields:
        `Progress`; `Warned` for a file that does not fit.

    Raises:
        SourceError: There are no masks, or none of them fits.
        Stopped: On request; nothing is changed.
    """
    files = _files(masks)
    names = _names(catalogue)
    found: dict[int, list[Region]] = {}
    refused: list[str] = []
    for done, file in enumerate(files, start=1):
        control.safe_point()
        try:
            for row, region in _read(file, masks, catalogue, names, author):
                found.setdefault(row.id, []).append(region)
        except InputError as error:
            refused.append(error.message)
            yield Warned(code="mask-refused", message=error.message, remedy=error.remedy)
        yield Progress(phase=PHASE, done=done, total=len(files), unit="files")
    if not found:
        raise SourceError(
            f"None of the {len(files)} masks could be taken over. {refused[0]}",
            "Look at the sentences above; the regions of the project are as they were.",
        )
    if not replace:
        found = {image: _added(regions_of(catalogue, image), new) for image, new in found.items()}
    replace_regions(catalogue, found)
    return MaskReport(
        images=len(found), regions=sum(map(len, found.values())), refused=tuple(refused)
    )


def _added(before: Sequence[Region], new: Sequence[Region]) -> list[Region]:
    """The same mask twice is one region: importing a folder again changes nothing."""
    known = {region.mask for region in before}
    return [*before, *(region for region in new if region.mask not in known)]


def _files(masks: Path) -> Sequence[Path]:
    if masks.is_file():
        return [masks]
    found = sorted(f for f in masks.rglob("*") if f.is_file() and not f.name.startswith("."))
    if not found:
        raise SourceError(
            f"There is no mask in {masks}.",
            "Choose a PNG, NIfTI or DICOM segmentation file, or a folder of such files.",
        )
    return found


def _read(
    file: Path, root: Path, catalogue: Catalogue, names: _Names, author: str
) -> list[tuple[ImageRow, Region]]:
    """The images that a file speaks of, each with its region."""
    try:
        with file.open("rb") as stream:
            kind = kind_of(stream.read(HEAD))
    except OSError as error:
        raise SourceError(
            f"{file.name} cannot be read: {error.strerror or error}.", "Check its disk or share."
        ) from error
    if kind == "png":
        masks = [(_row_of(file, root, catalogue, names), _png(file))]
    elif kind == VOLUME:
        masks = marked_slices(file, _slices_of(file, root, catalogue, names))
    elif kind == "dicom":
        masks = segmented(catalogue, file)
    else:
        raise SourceError(
            f"{file.name} is neither a PNG, nor a NIfTI mask, nor a DICOM segmentation.",
            "Export the mask as one of these.",
        )
    regions = [(row, mask_region(mask, author=author, origin=file.name)) for row, mask in masks]
    for row, region in regions:
        check_region(region, row.width, row.height)
    return regions


def _row_of(file: Path, root: Path, catalogue: Catalogue, names: _Names) -> ImageRow:
    """The image that a mask is named after."""
    fitting = _named_like(file, root, names)
    if len(fitting) > 1:
        raise SourceError(
            f"{len(fitting)} images are named like the mask {file.name}.",
            "Put the masks into folders named like those of the images, and choose the folder above them; for an image of "
            "several frames import a DICOM segmentation, for a volume a NIfTI mask.",
        )
    return catalogue.images(fitting)[0]


def _slices_of(file: Path, root: Path, catalogue: Catalogue, names: _Names) -> Sequence[ImageRow]:
    """The slices of the volume that a mask is named after, in their order."""
    rows = sorted(catalogue.images(_named_like(file, root, names)), key=lambda row: row.frame)
    volumes = {row.path for row in rows}
    if len(volumes) > 1:
        raise SourceError(
            f"{len(volumes)} volumes are named like the mask {file.name}.",
            "Put the masks into folders named like those of the volumes, and choose the folder above them.",
        )
    return rows


def _named_like(file: Path, root: Path, names: _Names) -> list[int]:
    """Ids of the images that a mask is named after; at least one."""
    stem = file.relative_to(root).with_suffix("").as_posix() if root.is_dir() else file.stem
    alike = names.get(file.stem, [])
    same = [i for i, path in alike if stem in (path.as_posix(), path.with_suffix("").as_posix())]
    fitting = same or [image for image, _ in alike]
    if not fitting:
        raise SourceError(
            f"No image of the catalogue is named like the mask {file.name}.",
            "Name each mask after its image; the folders may be the same too.",
        )
    return fitting


def _names(catalogue: Catalogue) -> _Names:
    """Id and path of every image, by file name with and without ending: a UID as a name has dots of its own."""
    names: _Names = {}
    for image, path in catalogue.connection.execute(
        "SELECT image.id, file.path FROM image JOIN file ON file.id = image.file"
    ):
        below = PurePosixPath(path)
        for name in {below.stem, below.name}:
            names.setdefault(name, []).append((image, below))
    return names


def _png(file: Path) -> Mask:
    try:
        with Image.open(file, formats=("PNG",)) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise SourceError(
                    f"{file.name} claims {image.width} x {image.height} pixels.", "Leave it out."
                )
            values = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise SourceError(
            f"{file.name} cannot be decoded ({error}).", "Export the mask again."
        ) from error
    # Whatever is painted and not see-through is inside: black-and-white, 0 and 1, and coloured overlays all say it so.
    shown = values[..., :3].max(axis=-1)
    if values.shape[-1] == 4:
        shown = np.where(values[..., 3] > 127, shown, 0)
    if len(np.unique(shown)) > _SHADES:
        raise SourceError(
            f"{file.name} is a picture, not a mask: it has more than {_SHADES} shades.",
            "Export the region as black and white.",
        )
    return np.asarray(shown * 2.0 > max(float(shown.max()), 1.0), dtype=np.bool_)
