"""Writing that survives a crash, a pulled stick and a full disk, and reading TOML that may not have."""

import contextlib
import errno
import os
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.errors import ProjectError, TargetError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the whole new one, also after a crash.

    Raises:
        TargetError: The place is missing, read-only or full.
    """
    with writing_to(path.parent):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable (POSIX; elsewhere the system does it by itself)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the operating system's complaints about a target into sentences.

    Raises:
        TargetError: Named cause and remedy.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise TargetError(
                f"There is no room left on the disk that holds {folder}.",
                "Free some space or choose another place, then try again.",
            ) from error
        if error.errno in _READ_ONLY:
            raise TargetError(
                f"{folder} may not be written to.",
                "Choose another place, or ask whoever owns it for the right to write.",
            ) from error
        if error.errno == errno.EEXIST:
            raise TargetError(
                f"{error.filename or folder} is a file, and no folder.",
                "Choose another place, or remove that file first.",
            ) from error
        if error.errno in {
            errno.ENOENT,
            errno.ENOTDIR,
            errno.EIO,
            errno.ENODEV,
            errno.ENXIO,
            errno.ESTALE,
        }:
            raise TargetError(
                f"{folder} is not there, or is no longer there.",
                "Plug the stick in again or reconnect the share, then try again.",
            ) from error
        raise


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        ProjectError: The file is missing or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProjectError(
            f"{path} is missing.", "Choose a folder that MedDistill has made."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"{path} is damaged: {error}.",
            "Restore it from a copy, or start again in a new folder.",
        ) from error
