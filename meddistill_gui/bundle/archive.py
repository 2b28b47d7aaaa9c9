"""The outer zip, in its one allowed form: the same members always give the same bytes, and no byte is without meaning.

Members are stored uncompressed, sorted by name, dated 1980-01-01, mode 0644, without extra fields or comments (PKWARE
APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16). A reader can therefore rebuild every byte that is not content and
compare: a change anywhere in the file is found, and there is nothing to inflate, so there is no zip bomb.
The headers are written here and not by `zipfile`, whose defaults differ between versions of Python.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from meddistill_gui.bundle.format import EXTENSION, MAX_BUNDLE_BYTES, MAX_MEMBERS
from meddistill_gui.core.errors import BundleError

Members = dict[str, memoryview]

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION: Final = 20
_MADE_BY_UNIX: Final = 3 << 8
_DAY: Final = (1 << 5) | 1  # 1 January 1980, the earliest date a zip can say
_ATTRIBUTES: Final = (stat.S_IFREG | 0o644) << 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_MAX_NAME: Final = 200
ASK_AGAIN: Final = "Ask the sender to send it again."


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The zip of these members.

    Raises:
        BundleError: It would be larger than readers accept.
    """
    for name in members:
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            raise ValueError(f"not a plain member name: {name!r}")
    size = sum(len(content) + 2 * len(name) + 76 for name, content in members.items()) + 22
    if size > MAX_BUNDLE_BYTES or len(members) > MAX_MEMBERS:
        raise BundleError(
            f"The bundle would have {size / 2**20:,.0f} MiB in {len(members)} files; "
            f"{MAX_BUNDLE_BYTES >> 20} MiB in {MAX_MEMBERS} files is the most that receivers open.",
            "Distil fewer or smaller images.",
        )
    return b"".join(_pieces(members))


def read_archive(content: bytes) -> Members:
    """The members of a zip in the allowed form, as views into `content`; nothing in them has been looked at.

    Call `check_form` once the contents are known to be right: until then the headers are not.

    Raises:
        BundleError: It is no zip, is cut off, or holds what no bundle may hold.
    """
    _check_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()
    # ValueError holds UnicodeDecodeError; zipfile lets all of these through for damaged directories
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise BundleError(f"The zip directory is damaged ({error}).", ASK_AGAIN) from error
    members: Members = {}
    for info in found:
        _check_member(info, members)
        members[info.filename] = _view(content, info)
    return members


def check_form(content: bytes, members: Members) -> None:
    """Compare every byte that is not content with what it must be.

    Raises:
        BundleError: The zip was changed or packed again.
    """
    at = 0
    for piece in _pieces(members):
        end = at + len(piece)
        if content[at:end] != piece:
            raise BundleError(
                f"The zip file was changed near byte {at:,}, or was packed again by another program.",
                "Ask the sender for the file as MedDistill wrote it.",
            )
        at = end
    if at != len(content):
        raise BundleError(f"{len(content) - at:,} bytes too many stand in the zip.", ASK_AGAIN)


def _pieces(members: Mapping[str, bytes] | Members) -> Iterator[bytes | memoryview]:
    directory = bytearray()
    at = 0
    for name in sorted(members):
        content = members[name]
        path = name.encode("ascii")
        crc, size = zlib.crc32(content), len(content)
        yield _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DAY, crc, size, size, len(path), 0) + path
        yield content
        # fmt: off
        directory += _CENTRAL.pack(
            b"PK\1\2", _MADE_BY_UNIX | _VERSION, _VERSION, 0, 0, 0, _DAY, crc, size, size,
            len(path), 0, 0, 0, 0, _ATTRIBUTES, at,
        )
        # fmt: on
        directory += path
        at += _LOCAL.size + len(path) + size
    yield bytes(directory)
    count = len(members)
    yield _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), at, 0)


def _check_end(content: bytes) -> None:
    """Before `zipfile` builds a list of members: is that list of a sane size?"""
    if not content.startswith(b"PK\3\4"):
        raise BundleError(
            f"This is no bundle: it does not begin like a zip file (a bundle is named …{EXTENSION}).",
            "Choose a file that MedDistill has exported.",
        )
    end = content[-_END.size :]
    if len(content) < _LOCAL.size + _END.size or not end.startswith(b"PK\5\6"):
        raise BundleError(
            "The zip file is cut off, or something was appended to it.",
            "Copy it again; if it stays so, ask the sender to send it again.",
        )
    _, _, _, _, count, directory, _, _ = _END.unpack(end)
    zip64 = content[-_END.size - 20 :].startswith(b"PK\6\7")
    if zip64 or count > MAX_MEMBERS or directory > count * (_CENTRAL.size + 2 * _MAX_NAME):
        raise BundleError(
            f"The zip lists {count:,} files in {directory:,} bytes; no bundle does that.", ASK_AGAIN
        )


def _check_member(info: zipfile.ZipInfo, seen: Members) -> None:
    name = info.filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name in seen:
        problem = f"Two files in the zip have the name {name!r}."
    elif info.orig_filename != name or not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        problem = f"A file in the zip has a name that would write outside the bundle, or an odd one: {name[:80]!r}."
    elif kind not in {0, stat.S_IFREG}:
        problem = f"{name} is a link or a device, not a file."
    elif info.flag_bits & 1:
        problem = f"{name} is encrypted inside the zip."
    elif info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        problem = f"{name} is compressed ({info.compress_size:,} to {info.file_size:,} bytes); bundles never are."
    else:
        return
    raise BundleError(problem, "Do not unpack it by hand. " + ASK_AGAIN)


def _view(content: bytes, info: zipfile.ZipInfo) -> memoryview:
    begin = info.header_offset + _LOCAL.size + len(info.filename)
    end = begin + info.file_size
    if not 0 <= info.header_offset < begin <= end <= len(content):
        raise BundleError(f"{info.filename} is cut off.", ASK_AGAIN)
    return memoryview(content)[begin:end]
