"""Cuts images into patches and appends them to an array on disk, image by image."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.files import writing_to
from meddistill_gui.core.patch_set import UNDECIDED
from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images.squares import to_planes, to_stored
from meddistill_gui.data.patches.patch_grid import lay_grid
from meddistill_gui.data.patches.regions import Region

PHASE: Final = "cutting patches"
PATCHES: Final = "patches.npy"
PLACES: Final = "places.npy"

_AT_A_TIME: Final = (
    2  # images in memory; more threads gain little, decoding large files waits for the disk
)

Pixels = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One image to be cut.

    Attributes:
        row: From the catalogue.
        regions: Its regions.
        positive: Whether it is of the positive class.
    """

    row: ImageRow
    regions: tuple[Region, ...]
    positive: bool


def cut_images(
    cuts: Iterator[Cut],
    count: int,
    plan: PatchesConfig,
    images: ImagesConfig,
    folder: Path,
    control: Control,
    *,
    undecided: bool,
) -> Iterator[Event]:
    """Write `PATCHES` and `PLACES` of these images into a folder.

    Args:
        cuts: The images, in the order in which their patches are to lie.
        count: How many.
        plan: Window and shares.
        images: Size of a patch as it is stored, channels, grey window.
        folder: Empty folder.
        control: Asked to stop between images.
        undecided: Whether places that are neither inside nor outside are kept.

    Yields:
        `Progress`; `Warned` for an image that cannot be decoded, which is left out.

    Raises:
        SourceError: None of the images can be decoded.
        TargetError: The disk is full or gone.
        Stopped: On request.
    """
    places: list[Places] = []
    with (folder / PATCHES).open("wb+") as stream:
        # Appended to, not mapped: a full disk must be an error, not a bus error.
        _write_header(stream, 0, images)
        for done, cut in enumerate(_cut_ahead(cuts, plan, images, undecided, control), start=1):
            if isinstance(cut, SourceError):
                yield Warned(code="undecodable-image", message=cut.message, remedy=cut.remedy)
            else:
                with writing_to(folder):
                    stream.write(cut[0].tobytes())
                places.append(cut[1])
            yield Progress(phase=PHASE, done=done, total=count, unit="images")
        if not places:
            raise SourceError(
                f"None of the {count} images can be decoded.",
                "Look at the sentences above; a decoder may be missing.",
            )
        with writing_to(folder):
            stream.seek(0)
            _write_header(stream, sum(map(len, places)), images)
    _finish(folder, np.concatenate(places))


def cut_image(
    cut: Cut, plan: PatchesConfig, images: ImagesConfig, *, undecided: bool
) -> tuple[Pixels, Places]:
    """Read one image and cut it.

    Returns:
        uint8 `[N, C, S, S]`, and int64 `[N, 4]`: catalogue id, row, column, class.

    Raises:
        SourceError: It cannot be read or decoded.
    """
    row = cut.row
    grid = lay_grid(plan, row.width, row.height, cut.regions, positive=cut.positive)
    kept = np.flatnonzero((grid.classes != UNDECIDED) | undecided)
    places = np.empty((len(kept), 4), dtype=np.int64)
    places[:, 0], places[:, 1:3], places[:, 3] = row.id, grid.position[kept], grid.classes[kept]
    shape = (len(kept), images.channels, images.size, images.size)
    pixels = np.empty(shape, dtype=np.uint8)
    if len(kept):
        whole = to_stored(
            to_planes(read_image(row.path, row.frame, window=images.window), images.channels)
        )
        _check_size(whole, row)
        _fill(pixels, whole, grid.position[kept], plan.size)
    return pixels, places


def _finish(folder: Path, places: Places) -> None:
    """Write the places, and see that all of it is on the disk."""
    with writing_to(folder):
        np.save(folder / PLACES, places, allow_pickle=False)
        for file in folder.iterdir():
            with file.open("rb+") as written:
                os.fsync(written.fileno())


def _fill(pixels: Pixels, whole: Pixels, positions: Places, size: int) -> None:
    """Cut windows of the whole image, bilinear with a filter as wide as the shrinking asks for."""
    side = pixels.shape[-1]
    for channel, plane in enumerate(whole):
        picture = Image.fromarray(plane)
        for number, (top, left) in enumerate(positions.tolist()):
            if side == size:
                pixels[number, channel] = plane[top : top + size, left : left + size]
            else:
                box = (left, top, left + size, top + size)
                small = picture.resize((side, side), Image.Resampling.BILINEAR, box=box)
                pixels[number, channel] = np.asarray(small)


def _check_size(whole: Pixels, row: ImageRow) -> None:
    if whole.shape[1:] != (row.height, row.width):
        raise SourceError(
            f"{row.path.name} has {whole.shape[2]} x {whole.shape[1]} pixels now; it had {row.width} x {row.height} when it was scanned.",
            "Scan the source again.",
        )


def _cut_ahead(
    cuts: Iterator[Cut],
    plan: PatchesConfig,
    images: ImagesConfig,
    undecided: bool,
    control: Control,
) -> Iterator[tuple[Pixels, Places] | SourceError]:
    """Cut in order, the next image while this one is written; never more than a few are in memory."""

    def attempt(cut: Cut) -> tuple[Pixels, Places] | SourceError:
        try:
            return cut_image(cut, plan, images, undecided=undecided)
        except SourceError as error:
            return error

    waiting: deque[Future[tuple[Pixels, Places] | SourceError]] = deque()
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="cut") as pool:
        for cut in cuts:
            control.safe_point()
            waiting.append(pool.submit(attempt, cut))
            if len(waiting) == _AT_A_TIME:
                yield waiting.popleft().result()
        while waiting:
            control.safe_point()
            yield waiting.popleft().result()


def _write_header(stream: IO[bytes], count: int, images: ImagesConfig) -> None:
    """The npy header; numpy pads it so that it keeps its length whatever the first dimension is."""
    description = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)),
        "fortran_order": False,
        "shape": (count, images.channels, images.size, images.size),
    }
    np.lib.format.write_array_header_1_0(stream, description)
