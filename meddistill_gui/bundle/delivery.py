"""Bringing a bundle to a stick, a share or a folder: under its final name only when every byte was read back from there.

A share that drops is tried again a few times, from the beginning; a stick that was pulled out, is full or gives back other
bytes is not: that is for a person to mend, and is said in a sentence.
"""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from meddistill_gui.bundle import drives, encryption, reading_back
from meddistill_gui.bundle.format import EXTENSION
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.files import sync_folder, writing_to

CHUNK: Final = 2**20
_UNFINISHED: Final = ".unfinished"
_FORBIDDEN: Final = '<>:"/\\|?*'
_RESERVED: Final = {"CON", "PRN", "AUX", "NUL"} | {f"{d}{n}" for d in ("COM", "LPT") for n in "123456789"}  # fmt: skip
_LONGEST_NAME: Final = 200
_SPARE_BYTES: Final = 2**16
_WAITS: Final = (1.0, 3.0, 9.0)  # seconds before each new attempt
_DROPPED: Final = {
    getattr(errno, name)
    for name in (
        *(
            "ECONNABORTED",
            "ECONNREFUSED",
            "ECONNRESET",
            "EHOSTDOWN",
            "EHOSTUNREACH",
            "ENETDOWN",
            "ENETRESET",
        ),
        *("ENETUNREACH", "ENOTCONN", "EPIPE", "EREMOTEIO", "ESHUTDOWN", "ESTALE", "ETIMEDOUT"),
    )
    if hasattr(errno, name)
}
"""What a system says of a connection; a local disk says none of these."""

_WINDOWS_DROPPED: Final = {51, 53, 54, 55, 59, 64, 67, 121, 1231, 1232, 1236}
"""ERROR_REM_NOT_LIST to ERROR_CONNECTION_ABORTED of winerror.h, which Python leaves in `OSError.winerror`."""

_AGAIN: Final = "Plug the stick in again or reconnect the share, then try again."


def deliver(
    content: bytes,
    folder: Path,
    name: str,
    control: Control,
    *,
    replace: bool = False,
    extension: str = EXTENSION,
) -> Generator[Event, None, Path]:
    """Write a bundle into `folder`.

    Args:
        content: What `writer.pack` made, signed or encrypted or neither.
        folder: Where to; it must be there.
        name: File name; the extension is added if it is missing.
        control: Asked between two chunks.
        replace: Whether another file of that name may be replaced.
        extension: Of the file.

    Returns:
        The file.

    Raises:
        TargetError: The name cannot be used, or the place is missing, read-only, full, vanished or gives back other bytes.
        Stopped: As asked; nothing is left behind.
    """
    encrypted = encryption.is_encrypted(content)
    final = target(folder, name, encrypted=encrypted, extension=extension)
    for attempt, wait in enumerate((*_WAITS, None), start=1):
        try:
            with _naming_every_fault(folder):
                _check_target(final, content, replace=replace)
                yield from _attempt(final, content, control)
            break
        except TargetError as error:
            if wait is None or not _is_dropped(error.__cause__):
                raise
            yield Warned(
                code="target-dropped",
                message=f"The connection to {folder} was lost (attempt {attempt} of {len(_WAITS) + 1}).",
                remedy=f"It is tried again in {wait:.0f} s.",
            )
            _pause(wait, control)
    return final


def _attempt(final: Path, content: bytes, control: Control) -> Iterator[Event]:
    """Write under another name, read back, rename; nothing is left behind where that fails."""
    temporary = final.with_name(final.name + _UNFINISHED)
    try:
        yield from _written(temporary, content, control)
        yield from _read_back(temporary, content, control)
        control.safe_point()
        temporary.replace(final)
        sync_folder(final.parent)
    finally:
        # also after a stop, and where the target is gone
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_dropped(error: BaseException | None) -> bool:
    if not isinstance(error, OSError):
        return False
    return error.errno in _DROPPED or getattr(error, "winerror", 0) in _WINDOWS_DROPPED


def _pause(seconds: float, control: Control) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        control.safe_point()
        time.sleep(0.05)


def target(folder: Path, name: str, *, encrypted: bool = False, extension: str = EXTENSION) -> Path:
    """The file that a bundle of this name becomes in `folder`.

    Args:
        folder: Where to.
        name: With or without extension.
        encrypted: Whether it gets the extension of age files as well.
        extension: Of the file.

    Raises:
        TargetError: The name cannot be used on every system that may read the stick.
    """
    stem = name.removesuffix(encryption.EXTENSION).removesuffix(extension)
    extension += encryption.EXTENSION if encrypted else ""
    if not stem or stem != stem.strip() or stem[0] in ".~-" or stem.endswith("."):
        problem = "is empty, or begins or ends with a dot, a dash or a space"
    elif bad := sorted(c for c in set(stem) if c in _FORBIDDEN or not c.isprintable()):
        problem = f"holds {bad[0]!r}, which some systems do not allow"
    elif stem.split(".")[0].upper() in _RESERVED:
        problem = "means a device on Windows"
    elif len((stem + extension + _UNFINISHED).encode()) > _LONGEST_NAME:
        problem = "is too long"
    else:
        return folder / (stem + extension)
    raise TargetError(f"The name {name!r} {problem}.", "Choose another name for the bundle.")


def _check_target(final: Path, content: bytes, *, replace: bool) -> None:
    folder = final.parent
    if not folder.is_dir():
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            folder.stat()  # a share that does not answer says so here, and is no missing folder
        raise TargetError(f"{folder} is not there, or is no folder.", _AGAIN)
    if not replace and _is_other(final, content):
        raise TargetError(
            f"{final} is there already, with other content.",
            "Choose another name, or remove that file first.",
        )
    _check_file_system(folder, len(content))
    usage = shutil.disk_usage(folder)
    # some shares say 0 of 0: they do not tell
    if usage.total and usage.free < len(content) + _SPARE_BYTES:
        raise TargetError(
            f"{folder} has {usage.free / 2**20:,.1f} MiB free; the bundle needs {len(content) / 2**20:,.1f}.",
            "Free some space or choose another place, then try again.",
        )


def _check_file_system(folder: Path, size: int) -> None:
    mount = drives.mount_of(folder)
    if mount is None:
        return
    if mount.read_only:
        raise TargetError(
            f"{folder} may not be written to: it is write-protected.",
            "Move the stick's or card's switch, or choose another place.",
        )
    largest = drives.LARGEST_FILE.get(mount.file_system)
    if largest is not None and size > largest:
        raise TargetError(
            f"{folder} is formatted as {mount.file_system}, which holds files up to {largest:,} bytes; "
            f"the bundle has {size:,}.",
            "Choose another place, or format the stick as exFAT.",
        )


def _is_other(path: Path, content: bytes) -> bool:
    if not path.exists():
        return False
    return path.stat().st_size != len(content) or path.read_bytes() != content


def _written(path: Path, content: bytes, control: Control) -> Iterator[Event]:
    total = len(content)
    yield Progress(phase="writing", done=0, total=total, unit="bytes")
    # a rest of an export that was cut off by a power failure may lie there: it is replaced
    with path.open("wb", buffering=0) as stream:
        for begin in range(0, total, CHUNK):
            control.safe_point()
            _write_all(stream.fileno(), memoryview(content)[begin : begin + CHUNK])
            yield Progress(
                phase="writing", done=min(begin + CHUNK, total), total=total, unit="bytes"
            )
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def _write_all(handle: int, content: memoryview) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _read_back(path: Path, content: bytes, control: Control) -> Iterator[Event]:
    total = len(content)
    yield Progress(phase="reading back", done=0, total=total, unit="bytes")
    done = 0
    for chunk in reading_back.chunks(path, CHUNK):
        control.safe_point()
        if chunk != content[done : done + len(chunk)] or not chunk:
            raise _differs(path, chunk, content, done)
        done += len(chunk)
        yield Progress(phase="reading back", done=done, total=total, unit="bytes")
    if done != total:
        raise _differs(path, b"", content, done)


def _differs(path: Path, chunk: bytes, content: bytes, begin: int) -> TargetError:
    expected = content[begin : begin + len(chunk)]
    same = os.path.commonprefix([chunk, expected])
    return TargetError(
        f"{path.parent} gave back other bytes than were written, from byte {begin + len(same):,} on.",
        "The stick or disk may be failing: use another one. Nothing was left on this one.",
    )


@contextlib.contextmanager
def _naming_every_fault(folder: Path) -> Iterator[None]:
    """Beside the faults that `writing_to` names, sticks and shares know many more; none may look like a crash."""
    try:
        with writing_to(folder):
            yield
    except OSError as error:
        raise TargetError(
            f"{folder} could not be written to: {error.strerror or error}.", _AGAIN
        ) from error
