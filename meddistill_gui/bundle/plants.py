"""Ways in which a token can hide in a file, each made on purpose: the positive control of `content_scan`."""

import base64
import bz2
import gzip
import io
import json
import lzma
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

_NOISE: Final = np.random.default_rng(0).integers(0, 256, 8192, dtype=np.uint8).tobytes()


def _around(core: bytes) -> bytes:
    return _NOISE[:1001] + core + _NOISE[1001:2002]


def _png(change: Callable[[PngImagePlugin.PngInfo], object], **options: object) -> bytes:
    info, stream = PngImagePlugin.PngInfo(), io.BytesIO()
    change(info)
    image = Image.fromarray(np.frombuffer(_NOISE, np.uint8).reshape(64, 128))
    image.save(stream, "PNG", pnginfo=info, **options)
    return stream.getvalue()


def _zip(name: str, content: bytes, *, comment: bytes = b"", deflated: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    ) as archive:
        archive.writestr(name, content)
        archive.comment = comment
    return stream.getvalue()


def _raw_array(token: str) -> bytes:
    """What `np.savez_compressed` makes of a text: UTF-32, deflated."""
    stream = io.BytesIO()
    np.savez_compressed(stream, names=np.array([token, "x"]))
    return stream.getvalue()


def _with_low_bits(token: str) -> npt.NDArray[np.uint8]:
    values = np.frombuffer(_NOISE, np.uint8).copy()
    bits = np.unpackbits(np.frombuffer(token.encode(), np.uint8))
    values[: len(bits)] = (values[: len(bits)] & 0xFE) | bits
    return values.reshape(64, 128)


def _low_bits_of_pixels(token: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(_with_low_bits(token)).save(stream, "PNG")
    return stream.getvalue()


def _low_bits_of_array(token: str) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, images=_with_low_bits(token))
    return stream.getvalue()


def _exif(token: str) -> bytes:
    exif = Image.Exif()
    exif[0x9286] = token.encode()  # UserComment
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, "PNG", exif=exif)
    return stream.getvalue()


def _profile(token: str) -> bytes:
    """An ICC profile survives many a conversion, deflated inside a PNG."""
    profile = struct.pack(">I", 128 + 64) + bytes(124) + token.encode() + bytes(16)
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, "PNG", icc_profile=profile)
    return stream.getvalue()


PLANTS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf-8": lambda t: _around(t.encode()),
    "latin-1": lambda t: _around(t.encode("latin-1")),
    "utf-16": lambda t: _around(t.encode("utf-16-le")),
    "utf-16 big endian": lambda t: _around(t.encode("utf-16-be")),
    "utf-32": lambda t: _around(t.encode("utf-32-le")),
    "utf-32 big endian": lambda t: _around(t.encode("utf-32-be")),
    "lower case": lambda t: _around(t.lower().encode()),
    "upper case": lambda t: _around(t.upper().encode()),
    "reversed": lambda t: _around(t[::-1].encode()),
    "hex": lambda t: _around(t.encode().hex().encode()),
    "hex, upper case, spaced": lambda t: _around(t.encode().hex(" ").upper().encode()),
    "base64": lambda t: _around(b'"' + base64.b64encode(t.encode()) + b'"'),
    "base64, second place": lambda t: _around(b'"' + base64.b64encode(b"." + t.encode()) + b'"'),
    "base64, third place": lambda t: _around(b'"' + base64.b64encode(b".." + t.encode()) + b'"'),
    "base64 for URLs": lambda t: _around(b'"' + base64.urlsafe_b64encode(t.encode()) + b'"'),
    "base64 of utf-16": lambda t: _around(b'"' + base64.b64encode(t.encode("utf-16-le")) + b'"'),
    "base64 of base64": lambda t: base64.b64encode(base64.b64encode(t.encode())),
    "URL": lambda t: urllib.parse.quote(t).encode(),
    "JSON escapes": lambda t: json.dumps({"a": t}).encode(),
    "zlib": lambda t: _around(zlib.compress(t.encode() * 3)),
    "gzip": lambda t: _around(gzip.compress(t.encode(), mtime=0)),
    "bz2": lambda t: _around(bz2.compress(t.encode())),
    "xz": lambda t: _around(lzma.compress(t.encode())),
    "zip member": lambda t: _zip("a.txt", t.encode(), deflated=True),
    "zip name": lambda t: _zip(f"{t}.txt", b"x"),
    "zip comment": lambda t: _zip("a.txt", b"x", comment=t.encode()),
    "zip in zip": lambda t: _zip("a.zip", _zip("b", t.encode(), deflated=True), deflated=True),
    "deflated text array": _raw_array,
    "PNG text": lambda t: _png(lambda info: info.add_text("Comment", t.encode("latin-1"))),
    "PNG compressed text": lambda t: _png(lambda info: info.add_text("Comment", t, zip=True)),
    "PNG international text": lambda t: _png(lambda info: info.add_itxt("Comment", t, zip=True)),
    "PNG text, in a zip": lambda t: _zip("a.png", PLANTS["PNG compressed text"](t), deflated=True),
    "after the PNG's end": lambda t: PLANTS["PNG text"]("x") + zlib.compress(t.encode()),
    "EXIF": _exif,
    "colour profile": _profile,
    "lowest bits of pixels": _low_bits_of_pixels,
    "lowest bits of an array": _low_bits_of_array,
}
"""What to hide it in, and the file that holds it."""
