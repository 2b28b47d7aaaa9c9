"""Everything a file holds, in all its wrappings: zip members, PNG chunks and pixels, compressed streams, base64, hex.

A name in a deflated PNG chunk inside a zip is invisible to a search for its bytes; so each wrapping that is met is taken
off, and what comes out is looked at in the same way.
"""

import base64
import binascii
import bz2
import hashlib
import io
import lzma
import re
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import numpy as np
from PIL import Image

Layer = tuple[str, bytes]

_MAX_DEPTH: Final = 8
_MAX_BYTES: Final = 2**30
_MAX_STREAM: Final = 2**26
_SMALLEST: Final = 4
_TASTE: Final = 256
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_NPY: Final = b"\x93NUMPY"
_ZLIB: Final = re.compile(rb"[\x18\x28\x38\x48\x58\x68\x78](?=[\x00-\xff])")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]+)*")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-]?){5,}")
_PERCENT: Final = re.compile(rb"[!-~]{0,400}%[0-9A-Fa-f]{2}[!-~]{0,4000}")
_ESCAPED: Final = re.compile(rb"[ -~]{0,400}\\u[0-9a-fA-F]{4}[ -~]{0,4000}")
_ESCAPE: Final = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")


def layers(content: bytes, name: str = "file") -> Iterator[Layer]:
    """The content and all that can be unfolded from it, each once.

    Args:
        content: Any bytes.
        name: How the outermost layer is called.

    Yields:
        Where it was found, e.g. "file > a.png > chunk zTXt > zlib", and its bytes.

    Raises:
        ValueError: It unfolds to more than 1 GB; it cannot be searched.
    """
    waiting: list[tuple[str, bytes, int]] = [(name, content, 0)]
    seen: set[bytes] = set()
    total = 0
    while waiting:
        where, layer, depth = waiting.pop()
        digest = hashlib.sha256(layer).digest()
        if digest in seen or len(layer) < _SMALLEST:
            continue
        seen.add(digest)
        total += len(layer)
        if total > _MAX_BYTES:
            raise ValueError(f"{where} unfolds to more than {_MAX_BYTES >> 20} MiB")
        yield where, layer
        if depth < _MAX_DEPTH:
            waiting += [(f"{where} > {what}", inner, depth + 1) for what, inner in _unfolded(layer)]


def _unfolded(layer: bytes) -> Iterator[Layer]:
    for unfold in _WRAPPINGS:
        found = list(unfold(layer))
        yield from found
        if unfold is _zip and found and layer.startswith(b"PK\3\4"):
            return  # its members say all again, one by one


def _zip(layer: bytes) -> Iterator[Layer]:
    if b"PK\5\6" not in layer:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            yield "zip comment", archive.comment
            for info in archive.infolist():
                yield "zip name", info.filename.encode()
                yield f"{info.filename} (extra)", info.extra + info.comment
                with archive.open(info) as stream:
                    yield info.filename, stream.read(_MAX_STREAM)
    except Exception:  # noqa: BLE001 - damaged and hostile zips raise many kinds; the search goes on
        return


def _png(layer: bytes) -> Iterator[Layer]:
    for found in re.finditer(re.escape(_PNG), layer):
        content = layer[found.start() :]
        at, data = len(_PNG), b""
        while at + 8 <= len(content):
            length, kind = struct.unpack_from(">I4s", content, at)
            body = content[at + 8 : at + 8 + length]
            data += body if kind == b"IDAT" else b""
            yield f"chunk {kind.decode('latin-1')}", body
            at += 12 + length
            if kind == b"IEND":
                break
        yield "after IEND", content[at:]
        yield "pixel stream", _inflated(zlib.decompressobj, data)
        yield from _pixels(content[:at])


def _pixels(png: bytes) -> Iterator[Layer]:
    try:
        with Image.open(io.BytesIO(png)) as image:
            values = np.asarray(image.convert("RGB") if image.mode == "P" else image)
    except Exception:  # noqa: BLE001 - as for zip: a damaged picture must not end the search
        return
    yield "pixels", values.tobytes()
    yield from _low_bits(values.tobytes())


def _npy(layer: bytes) -> Iterator[Layer]:
    for found in re.finditer(re.escape(_NPY), layer):
        at = found.start()
        if at + 10 <= len(layer) and layer[at + 6] == 1:
            (length,) = struct.unpack_from("<H", layer, at + 8)
            yield from _low_bits(layer[at + 10 + length :])


def _low_bits(values: bytes) -> Iterator[Layer]:
    """Text hidden in the lowest bit of each byte, first bit high or low."""
    bits = np.frombuffer(values, np.uint8) & 1
    for order in ("big", "little"):
        yield f"low bits, {order}", np.packbits(bits, bitorder=order).tobytes()


class _Inflater(Protocol):
    """What zlib, bz2 and lzma have in common."""

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes: ...


def _streams(layer: bytes) -> Iterator[Layer]:
    view = memoryview(layer)
    for found in _ZLIB.finditer(layer):
        at = found.start()
        if (layer[at] * 256 + layer[at + 1]) % 31 == 0:  # RFC 1950, the header's check bits
            yield "zlib", _inflated(zlib.decompressobj, view[at:])
    for name, magic, make in _MAGICS:
        for found in re.finditer(re.escape(magic), layer):
            yield name, _inflated(make, view[found.start() :])


def _inflated(make: Callable[[], _Inflater], data: bytes | memoryview) -> bytes:
    try:
        make().decompress(data[:_TASTE], _MAX_STREAM)  # most that begins like a stream is none
        return make().decompress(data, _MAX_STREAM)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return b""


_MAGICS: Final[tuple[tuple[str, bytes, Callable[[], _Inflater]], ...]] = (
    ("gzip", b"\x1f\x8b\x08", lambda: zlib.decompressobj(wbits=31)),
    ("bz2", b"BZh", bz2.BZ2Decompressor),
    ("xz", b"\xfd7zXZ\0", lzma.LZMADecompressor),
)


def _encoded(layer: bytes) -> Iterator[Layer]:
    """What runs of base64 and hex digits say; all of a layer's runs together, or there were too many layers."""
    runs = [found.group().translate(_TO_STANDARD, b"\r\n") for found in _BASE64.finditer(layer)]
    for skip in range(4):
        yield "base64", b"\0".join(_from_base64(run[skip:]) for run in runs)
    digits = [found.group().translate(None, b" :-") for found in _HEX.finditer(layer)]
    for skip in range(2):
        yield "hex", b"\0".join(_from_hex(run[skip:]) for run in digits)


def _from_base64(run: bytes) -> bytes:
    whole = run[:-1] if len(run) % 4 == 1 else run
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _from_hex(run: bytes) -> bytes:
    return binascii.unhexlify(run[: len(run) & ~1])


_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def _escaped(layer: bytes) -> Iterator[Layer]:
    urls = [urllib.parse.unquote_to_bytes(found.group()) for found in _PERCENT.finditer(layer)]
    yield "URL", b"\0".join(urls)
    runs = (found.group() for found in _ESCAPED.finditer(layer))
    yield "escapes", b"\0".join(_ESCAPE.sub(_unescaped, run) for run in runs)


def _unescaped(found: re.Match[bytes]) -> bytes:
    units = [int(unit, 16) for unit in found.group().split(b"\\u")[1:]]
    text = struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", errors="replace")
    return text.encode()


_WRAPPINGS: Final = (_zip, _png, _npy, _streams, _encoded, _escaped)
