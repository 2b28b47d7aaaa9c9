"""Pixel data as they lie in a file: where they begin, and a fingerprint of them that no name or date goes into."""

import hashlib
import os
import struct
from typing import IO, Final

SAMPLE: Final = 1 << 14
"""Bytes of the pixels that a fingerprint looks at."""

_MOST_SAMPLED: Final = 1 << 26
_PIXEL_GROUP: Final = 0x7FE0
_PIXEL_ELEMENTS: Final = (0x0008, 0x0009, 0x0010)
_PIXEL_VRS: Final = (b"OB", b"OW", b"OF", b"OD", b"UN")


def pixel_element(head: bytes) -> tuple[int, int] | None:
    """Length of the element's own header and of its value, or None if this is no pixel data element.

    The bytes themselves are believed, not the transfer syntax: some writers mix the two.
    """
    if len(head) < 12:
        return None
    order = ">" if head[:2] == b"\x7f\xe0" else "<"
    group, element = struct.unpack_from(f"{order}HH", head)
    if group != _PIXEL_GROUP or element not in _PIXEL_ELEMENTS:
        return None
    if head[4:6] in _PIXEL_VRS:
        return 12, struct.unpack_from(f"{order}L", head, 8)[0]
    return 8, struct.unpack_from(f"{order}L", head, 4)[0]


def fingerprint_at(
    stream: IO[bytes], geometry: tuple[int, ...], begin: int, length: int | None
) -> bytes:
    """Digest of the geometry and a sample: the middle of plain pixels, length and first bytes of compressed ones."""
    if length is None:
        stored = stream.seek(0, os.SEEK_END) - begin
        stream.seek(begin)
        return digest_of((*geometry, stored), stream.read(SAMPLE))
    stream.seek(begin + max(0, (length - SAMPLE) // 2))
    sample = stream.read(min(SAMPLE, length))
    if sample.count(sample[:1]) == len(sample):  # a black middle says nothing: take all
        stream.seek(begin)
        sample = hashlib.blake2b(stream.read(min(length, _MOST_SAMPLED))).digest()
    return digest_of(geometry, sample)


def digest_of(geometry: tuple[int, ...], sample: bytes) -> bytes:
    """Digest of the geometry and some bytes of the pixels."""
    digest = hashlib.blake2b(repr(geometry).encode(), digest_size=16)
    digest.update(sample)
    return digest.digest()
