"""Regions of an image that a person drew or imported. They lie in the catalogue; the source is never touched.

Several regions of one image mean everything that any of them encloses. Imports no pydicom: the window opens this too.
"""

import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.catalogue import Catalogue

POLYGON: Final = "polygon"
FREEHAND: Final = "freehand"
MASK: Final = "mask"
KINDS: Final = (POLYGON, FREEHAND, MASK)

Vertices = tuple[tuple[float, float], ...]
Mask = npt.NDArray[np.bool_]

_LEAST_AREA: Final = 4.0
_PLACES: Final = 2  # digits of a vertex in the catalogue: a hundredth of a pixel

_OF_IMAGE: Final = """
FROM region JOIN file ON file.path = region.path
JOIN image ON image.file = file.id AND image.frame = region.frame AND image.fingerprint = region.fingerprint
"""


@dataclass(frozen=True, kw_only=True)
class Region:
    """One region of one image.

    Attributes:
        kind: "polygon" (corner by corner), "freehand" (drawn in one go) or "mask" (imported, pixel by pixel).
        vertices: x, y of the corners in the image's pixels, (0, 0) its upper left corner; empty for a mask.
        mask: A PNG of 1 bit of the image's size, white inside; empty for a drawing.
        author: Who drew or imported it.
        time: When, ISO 8601 in UTC.
        origin: Name of the file it was imported from; "" for a drawing.
    """

    kind: str
    vertices: Vertices = ()
    mask: bytes = b""
    author: str = ""
    time: str = ""
    origin: str = ""


def now() -> str:
    """This moment, for `Region.time`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def mask_region(mask: Mask, *, author: str, origin: str) -> Region:
    """A region of the pixels that are set.

    Args:
        mask: bool `[H, W]`.
        author: Who imports it.
        origin: Name of the file it comes from.
    """
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG", optimize=True)
    return Region(kind=MASK, mask=stream.getvalue(), author=author, time=now(), origin=origin)


def regions_of(catalogue: Catalogue, image: int) -> tuple[Region, ...]:
    """The regions of an image, in the order in which they were made."""
    rows = catalogue.connection.execute(
        "SELECT region.kind, region.vertices, region.mask, region.author, region.time, region.origin "
        f"{_OF_IMAGE} WHERE image.id = ? ORDER BY region.id",
        (image,),
    )
    return tuple(
        Region(
            kind=kind,
            vertices=tuple((float(x), float(y)) for x, y in json.loads(vertices)),
            mask=mask or b"",
            author=author,
            time=time,
            origin=origin,
        )
        for kind, vertices, mask, author, time, origin in rows
    )


def region_counts(catalogue: Catalogue) -> dict[int, int]:
    """Number of regions of every image that has any, by image id."""
    rows = catalogue.connection.execute(f"SELECT image.id, count(*) {_OF_IMAGE} GROUP BY image.id")
    return dict(rows)


def replace_regions(catalogue: Catalogue, regions: Mapping[int, Sequence[Region]]) -> None:
    """Give images other regions, by image id: all of them or, if one does not fit its image, none.

    Raises:
        LabelError: A region lies outside its image, is too small to enclose anything, or an image is gone.
        BusyError: Another program has been writing for longer than one waits.
        TargetError: The disk is full, read-only or gone.
    """
    sizes = {row.id: (row.width, row.height) for row in catalogue.images(list(regions))}
    for image, wanted in regions.items():
        if image not in sizes:
            raise LabelError(
                "An image of the regions is no longer in the catalogue.", "Scan the source again."
            )
        for region in wanted:
            check_region(region, *sizes[image])
    with catalogue.transaction() as connection:
        for image, wanted in regions.items():
            _replace(connection, image, wanted)


def check_region(region: Region, width: int, height: int) -> None:
    """See whether a region fits an image of this size.

    Raises:
        LabelError: It does not.
    """
    if region.kind not in KINDS:
        raise LabelError(f"A region cannot be a {region.kind!r}.", "Draw it as a polygon.")
    if region.kind == MASK:
        _check_mask(region, width, height)
        return
    if len(region.vertices) < 3 or abs(_area(region.vertices)) < _LEAST_AREA:
        raise LabelError(
            "The region encloses nothing.", "Draw at least three corners that are not on one line."
        )
    corners = np.asarray(region.vertices)
    if not np.isfinite(corners).all() or (corners < 0).any() or (corners > (width, height)).any():
        x, y = next(
            corner
            for corner in region.vertices
            if not (0 <= corner[0] <= width and 0 <= corner[1] <= height)
        )
        raise LabelError(
            f"The region goes outside the image: a corner lies at {x:g}, {y:g}, the image has {width} x {height} pixels.",
            "Move the corner into the image.",
        )


def inside(regions: Sequence[Region], width: int, height: int) -> Mask:
    """The pixels that any of these regions encloses, bool `[H, W]`."""
    whole = np.zeros((height, width), dtype=np.bool_)
    for region in regions:
        whole |= _decoded(region.mask) if region.kind == MASK else _filled(region, width, height)
    return whole


def _decoded(mask: bytes) -> Mask:
    with Image.open(io.BytesIO(mask), formats=("PNG",)) as image:
        return np.asarray(image.convert("1"), dtype=np.bool_)


def _filled(region: Region, width: int, height: int) -> Mask:
    """Pixels whose middle lies inside."""
    canvas = Image.new("1", (width, height))
    ImageDraw.Draw(canvas).polygon([(x - 0.5, y - 0.5) for x, y in region.vertices], fill=1)
    return np.asarray(canvas, dtype=np.bool_)


def _check_mask(region: Region, width: int, height: int) -> None:
    mask = _decoded(region.mask)
    if mask.shape != (height, width):
        raise LabelError(
            f"The mask {region.origin} has {mask.shape[1]} x {mask.shape[0]} pixels, its image {width} x {height}.",
            "Export the mask again at the size of its image.",
        )
    if not mask.any():
        raise LabelError(
            f"The mask {region.origin} marks nothing: all its pixels are black.",
            "Leave it out, or export it again.",
        )


def _area(vertices: Vertices) -> float:
    """Signed area inside a closed line (the shoelace formula)."""
    x, y = np.asarray(vertices, dtype=np.float64).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _replace(connection: sqlite3.Connection, image: int, regions: Sequence[Region]) -> None:
    """What was drawn on another picture of the same name stays: that picture may come back."""
    connection.execute(
        f"DELETE FROM region WHERE id IN (SELECT region.id {_OF_IMAGE} WHERE image.id = ?)",  # noqa: S608 - a constant of ours
        (image,),
    )
    for region in regions:
        rounded = [[round(x, _PLACES), round(y, _PLACES)] for x, y in region.vertices]
        connection.execute(
            "INSERT INTO region (path, frame, fingerprint, kind, vertices, mask, author, time, origin) "
            "SELECT file.path, image.frame, image.fingerprint, ?, ?, ?, ?, ?, ? "
            "FROM image JOIN file ON file.id = image.file WHERE image.id = ?",
            (region.kind, json.dumps(rounded), region.mask or None, region.author, region.time, region.origin, image),
        )  # fmt: skip
