"""What compressed bytes claim to hold, found out before a decoder believes them: a few bytes must not take all memory."""

import zlib
from typing import IO, Final

from meddistill_gui.core.errors import SourceError

MOST_INFLATED: Final = 1 << 29
"""Bytes that a deflated data set may inflate to: 512 MiB."""

_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_META: Final = 4096
_CHUNK: Final = 1 << 20
_J2K_START: Final = b"\xff\x4f\xff\x51"  # SOC, SIZ (ISO/IEC 15444-1 A.4)
_SEARCHED: Final = 1 << 14
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Start-of-frame markers of JPEG (ITU-T T.81 B.1.1.3) and JPEG-LS (T.87 C.1.1)."""


def check_inflated(stream: IO[bytes]) -> None:
    """Refuse a deflated DICOM file that inflates to more than any image; leaves the stream at its beginning.

    Raises:
        SourceError: It does.
    """
    head = stream.read(_META)
    if _DEFLATED in head:
        stream.seek(144 + int.from_bytes(head[140:144], "little"))
        _count_inflated(stream)
    stream.seek(0)


def claimed_size(codestream: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream claims; None where it says nothing.

    Args:
        codestream: Its first bytes.
    """
    at = codestream.find(_J2K_START, 0, _SEARCHED)
    if at >= 0:
        right, bottom, left, top = (
            int.from_bytes(codestream[at + offset : at + offset + 4]) for offset in (8, 12, 16, 20)
        )
        return bottom - top, right - left
    return _jpeg_size(codestream)


def _count_inflated(stream: IO[bytes]) -> None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    waiting = stream.read(_CHUNK)
    while waiting and not inflater.eof:
        total += len(inflater.decompress(waiting, _CHUNK))
        if total > MOST_INFLATED:
            raise SourceError(
                "A deflated file claims more than 512 MiB.",
                "Leave it out: no radiograph is that large.",
            )
        waiting = inflater.unconsumed_tail or stream.read(_CHUNK)


def _jpeg_size(codestream: bytes) -> tuple[int, int] | None:
    if codestream[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(codestream) and codestream[at] == 0xFF:
        marker = codestream[at + 1]
        if marker in _FRAME_MARKERS:
            rows = int.from_bytes(codestream[at + 5 : at + 7])
            return rows, int.from_bytes(codestream[at + 7 : at + 9])
        at += 1 if marker == 0xFF else 2 + int.from_bytes(codestream[at + 2 : at + 4])
    return None
