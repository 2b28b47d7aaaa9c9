"""What the header of one file says, with one open and without its pixels."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import pydicom
from PIL import Image, UnidentifiedImageError
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.facts import FileFacts, Header, Problem
from meddistill_gui.data.formats.claims import check_inflated
from meddistill_gui.data.formats.medmnist import read_parts
from meddistill_gui.data.formats.sniffing import (
    ARCHIVE,
    HEAD,
    PICTURE_KINDS,
    VOLUME,
    calls_itself_image,
    kind_of,
)
from meddistill_gui.data.formats.stored_pixels import (
    SAMPLE,
    digest_of,
    fingerprint_at,
    pixel_element,
)
from meddistill_gui.data.formats.text_risk import RISK_TAGS, text_risk
from meddistill_gui.data.formats.volumes import read_geometry

LARGEST_PIXELS: Final = 1 << 26
"""Pixels of a frame that are still believed: 67 million, three times the largest detector."""

MOST_FRAMES: Final = 20_000

UNREADABLE: Final = "unreadable file"
"""Cause of a file that the system refused to read, whatever it holds."""

_UNDEFINED: Final = 0xFFFFFFFF
_PACKED: Final = {".zip", ".7z", ".rar", ".tar", ".tgz"}
_TAGS: Final = [
    "SOPClassUID", "Modality", "PatientID", "IssuerOfPatientID", "StudyInstanceUID", "AccessionNumber",
    "SeriesInstanceUID", "SeriesDescription", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel",
    "BitsAllocated", "PhotometricInterpretation", *RISK_TAGS,
]  # fmt: skip


class _UnusableError(Exception):
    """Carries a `Problem` out of the depths."""

    def __init__(self, cause: str, reason: str, remedy: str) -> None:
        super().__init__(cause)
        self.problem = Problem(cause=cause, reason=reason, remedy=remedy)


def read_facts(path: Path) -> FileFacts:
    """Read the header of one file. Never raises for what the file holds: that becomes a `Problem`."""
    kind = "other"
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            kind = kind_of(head)
            if kind == "other":
                return FileFacts(kind=kind, problem=_unexpected(path, head))
            stream.seek(0)
            header = _reader(kind)(stream)
            none_in_it = header is None and kind == ARCHIVE
            problem = _unexpected(path, head) if none_in_it else None
            return FileFacts(kind=kind, header=header, problem=problem)
    except _UnusableError as error:
        return FileFacts(kind=kind, problem=error.problem)
    except OSError as error:
        return FileFacts(kind=kind, problem=_unreadable(error))
    except Exception as error:  # noqa: BLE001 - parsers raise anything on damaged bytes; one file never stops a scan
        return FileFacts(kind=kind, problem=_damaged(error))


def _reader(kind: str) -> Callable[[IO[bytes]], Header | None]:
    if kind in PICTURE_KINDS:
        return _picture
    if kind == VOLUME:
        return _volume
    return _archive if kind == ARCHIVE else _dicom


def _archive(stream: IO[bytes]) -> Header | None:
    """A set in the shape of MedMNIST; any other archive is none of our business."""
    parts = read_parts(stream)
    if parts is None:
        return None
    heights, widths = ({part.shape[axis] for part in parts} for axis in (0, 1))
    stream.seek(0)
    sample = hashlib.blake2b(repr([part.shape for part in parts]).encode())
    sample.update(stream.read(SAMPLE))
    return Header(
        width=max(widths),
        height=max(heights),
        frames=sum(len(part.labels) for part in parts),
        fingerprint=sample.digest()[:16],
        inner=tuple(f"{part.name}/{label}" for part in parts for label in part.labels),
    )


def _volume(stream: IO[bytes]) -> Header:
    try:
        width, height, slices, fingerprint = read_geometry(stream)
    except SourceError as error:
        raise _UnusableError("unusable volume", error.message, error.remedy) from error
    _check_size(width, height, slices)
    return Header(width=width, height=height, frames=slices, fingerprint=fingerprint)


def _unexpected(path: Path, head: bytes) -> Problem | None:
    if path.suffix.lower() in _PACKED:
        return Problem(
            cause="packed archive",
            reason="It is an archive; what is packed in it is not looked at.",
            remedy="Unpack it into the source folder and scan again.",
        )
    if not calls_itself_image(path):
        return None
    if not head:
        return Problem(
            cause="empty file", reason="The file has no content.", remedy="Copy it again."
        )
    return Problem(
        cause="not an image",
        reason=f"It is named {path.suffix}, but its content is no image of a known format.",
        remedy="Rename it if it is something else; copy it again if it should be an image.",
    )


def _unreadable(error: OSError) -> Problem:
    return Problem(
        cause=UNREADABLE,
        reason=f"The system refused to read it: {error.strerror or error}.",
        remedy="Check the rights to the file and that the disk or share is connected, then scan again.",
    )


def _damaged(error: Exception) -> Problem:
    return Problem(
        cause="damaged header",
        reason=f"Its header cannot be understood ({type(error).__name__}: {str(error)[:120]}).",
        remedy="Export it again from where it came from.",
    )


def _picture(stream: IO[bytes]) -> Header:
    try:
        with Image.open(stream) as image:
            width, height = image.size
            frames = int(getattr(image, "n_frames", 1))
            offset = _first_data(stream, image)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise _UnusableError(
            "damaged header",
            f"The picture's header is broken: {str(error)[:120]}.",
            "Copy or export it again.",
        ) from error
    _check_size(width, height, frames)
    return Header(
        width=width,
        height=height,
        frames=frames,
        fingerprint=fingerprint_at(stream, (width, height, frames), offset, None),
    )


def _first_data(stream: IO[bytes], image: Image.Image) -> int:
    """Where the compressed pixels begin, behind every text, profile and thumbnail."""
    if image.format == "JPEG":
        return _jpeg_scan(stream)
    tiles = getattr(image, "tile", ())
    return int(tiles[0].offset) if tiles else 0


def _jpeg_scan(stream: IO[bytes]) -> int:
    """Offset of the first start-of-scan marker (ITU-T T.81 B.1.1.4)."""
    offset = 2
    while True:
        stream.seek(offset)
        marker = stream.read(4)
        if len(marker) < 4 or marker[0] != 0xFF or marker[1] == 0xDA:
            return offset
        offset += 2 + int.from_bytes(marker[2:4])


def _dicom(stream: IO[bytes]) -> Header | None:
    size = os.fstat(stream.fileno()).st_size
    try:
        check_inflated(stream)
    except SourceError as error:
        raise _UnusableError("too large", error.message, error.remedy) from error
    dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_TAGS)
    if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        return None  # a DICOMDIR: the files it lists are found by the walk
    if "TransferSyntaxUID" not in dataset.file_meta and len(dataset.file_meta):
        raise _UnusableError(
            "no transfer syntax",
            "Its header does not say how the pixels are encoded (TransferSyntaxUID is missing).",
            "Export it again from where it came from, or have the tag repaired.",
        )
    return _dicom_header(stream, dataset, size)


def _dicom_header(stream: IO[bytes], dataset: FileDataset, size: int) -> Header:
    geometry = _geometry(dataset)
    if _syntax(dataset) == DeflatedExplicitVRLittleEndian:
        fingerprint = _deflated_fingerprint(stream, geometry)
    else:
        fingerprint = _stored_fingerprint(stream, dataset, geometry, size)
    height, width, frames, *_ = geometry
    _check_size(width, height, frames)
    return Header(
        width=width,
        height=height,
        frames=frames,
        fingerprint=fingerprint,
        modality=_text(dataset, "Modality"),
        patient=_text(dataset, "PatientID"),
        issuer=_text(dataset, "IssuerOfPatientID"),
        study=_text(dataset, "StudyInstanceUID"),
        accession=_text(dataset, "AccessionNumber"),
        series=_text(dataset, "SeriesInstanceUID"),
        series_description=_text(dataset, "SeriesDescription"),
        text_risk=text_risk(dataset),
    )


def _syntax(dataset: FileDataset) -> str:
    return str(dataset.file_meta.get("TransferSyntaxUID", ""))


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).replace("\0", "").strip()


def _geometry(dataset: Dataset) -> tuple[int, int, int, int, int]:
    """Rows, columns, frames, samples a pixel and bits allocated; zero where the header is silent."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    return (
        int(dataset.get("Rows") or 0),
        int(dataset.get("Columns") or 0),
        frames,
        int(dataset.get("SamplesPerPixel") or 1),
        int(dataset.get("BitsAllocated") or 0),
    )


def _check_size(width: int, height: int, frames: int) -> None:
    if width < 1 or height < 1 or frames < 1:
        raise _UnusableError(
            "no size",
            "Its header does not say how many rows and columns the image has.",
            "Export it again from where it came from.",
        )
    if width * height > LARGEST_PIXELS or frames > MOST_FRAMES:
        raise _UnusableError(
            "too large",
            f"Its header claims {frames} images of {width} x {height} pixels.",
            "Leave it out, or cut it into parts: no radiograph is that large.",
        )


def _stored_fingerprint(
    stream: IO[bytes], dataset: FileDataset, geometry: tuple[int, ...], size: int
) -> bytes:
    """Fingerprint of pixel data that begin where the parser stopped.

    Raises:
        _UnusableError: There are none, or the file ends before they do.
    """
    start = stream.tell()
    element = pixel_element(stream.read(12))
    if element is None:
        raise _no_pixels(dataset, cut=start > size or 0 < size - start < 8)
    header_length, length = element
    begin = start + header_length
    if length == _UNDEFINED:
        return fingerprint_at(stream, geometry, begin + 8, None)
    rows, columns, frames, samples, bits = geometry
    expected = (rows * columns * frames * samples * bits + 7) // 8
    if begin + length > size or length < int(expected * _subsampling(dataset)):
        raise _UnusableError(
            "truncated",
            f"The file ends too early: {max(0, min(length, size - begin)):,} of {max(length, expected):,} bytes of "
            "pixels are there.",
            "Copy it again from where it came from.",
        )
    return fingerprint_at(stream, geometry, begin, length)


def _subsampling(dataset: Dataset) -> float:
    """Share of the full samples that are stored; YBR_FULL_422 keeps two of three (PS3.3 C.7.6.3.1.2)."""
    return 2 / 3 if _text(dataset, "PhotometricInterpretation") == "YBR_FULL_422" else 1.0


def _no_pixels(dataset: Dataset, *, cut: bool) -> _UnusableError:
    if cut:
        return _UnusableError(
            "truncated",
            "The file ends in the middle of its header.",
            "Copy it again from where it came from.",
        )
    what = "an image without its pixels" if "Rows" in dataset else "a document without an image"
    return _UnusableError(
        "no pixel data",
        f"It is {what} (PixelData is missing).",
        "Export it again with images, or leave it out.",
    )


def _deflated_fingerprint(stream: IO[bytes], geometry: tuple[int, ...]) -> bytes:
    """The parser had to inflate the whole file anyway; the pixels are looked up in a second pass over it."""
    stream.seek(0)
    dataset = pydicom.dcmread(stream, force=True)
    if "PixelData" not in dataset:
        raise _no_pixels(dataset, cut=False)
    pixels = dataset["PixelData"].value
    middle = max(0, (len(pixels) - SAMPLE) // 2)
    return digest_of(geometry, pixels[middle : middle + SAMPLE])
