"""What kind of file this is, by its first bytes. Names and extensions are not believed."""

import zlib
from pathlib import PurePath
from typing import Final

HEAD: Final = 1024
"""Bytes needed from the beginning of the file."""

_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"BM", "bmp"),
)
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
ARCHIVE: Final = "zip"
VOLUME: Final = "nifti"
_VOLUME_HEAD: Final = 352
PICTURE_KINDS: Final = frozenset(kind for _, kind in _PICTURES)

_IMAGE_ENDINGS: Final = {
    ".dcm", ".dicom", ".ima", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".npz", ".nii",
}  # fmt: skip

# A DICOM file without preamble begins with an element of one of these groups (meta header, command, identifying).
_FIRST_GROUPS: Final = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_LONGEST_FIRST_VALUE: Final = 1024
_LAST_FIRST_ELEMENT: Final = 0x0100


def kind_of(head: bytes) -> str:
    """Kind of a file: "dicom", "png", "jpeg", "tiff", "bmp", "nifti", "zip", or "other".

    Args:
        head: Its first `HEAD` bytes (fewer if it is shorter).
    """
    if head[128:132] == b"DICM":
        return "dicom"
    for magic, kind in _PICTURES:
        if head.startswith(magic):
            return kind
    if head.startswith(_ZIP):
        return ARCHIVE
    if _is_volume(head):
        return VOLUME
    return "dicom" if _bare_dicom(head) else "other"


def calls_itself_image(path: PurePath) -> bool:
    """Whether the file's name says that it is an image."""
    name = path.name.lower()
    return path.suffix.lower() in _IMAGE_ENDINGS or name.endswith(".nii.gz")


def _is_volume(head: bytes) -> bool:
    """Whether this is a NIfTI file (version 1 or 2), perhaps compressed; pairs of .hdr and .img are not."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _VOLUME_HEAD)
        except zlib.error:
            return False
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def _bare_dicom(head: bytes) -> bool:
    """Whether this looks like a data set without the 128-byte preamble, as old machines write it (PS3.10 7.1 breaks it)."""
    if len(head) < 16 or head[:2] not in _FIRST_GROUPS:
        return False
    big = head[:2] == b"\x00\x08"
    if head[4:6].isalpha() and head[4:6].isupper():
        return int.from_bytes(head[6:8], "big" if big else "little") <= _LONGEST_FIRST_VALUE
    if big or int.from_bytes(head[2:4], "little") > _LAST_FIRST_ELEMENT:
        return False
    return 0 < int.from_bytes(head[4:8], "little") <= _LONGEST_FIRST_VALUE
