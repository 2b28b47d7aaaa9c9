"""Reading a file from the medium and not from memory, as far as the system allows.

Right after writing, an ordinary read is answered from the page cache and would prove nothing about the stick.
Linux: O_DIRECT, which bypasses the cache; where the file system has none (FUSE, some shares), the cache is dropped with
posix_fadvise(2) after the fsync. macOS: F_NOCACHE. Windows: an ordinary read, the write was flushed.
"""

import errno
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_O_DIRECT: Final[int] = getattr(os, "O_DIRECT", 0)
_F_NOCACHE: Final = 48  # <sys/fcntl.h> of macOS; the module fcntl does not name it


def chunks(path: Path, size: int) -> Iterator[bytes]:
    """The file in pieces of at most `size` bytes (a multiple of 4096).

    Raises:
        OSError: The medium cannot be read.
    """
    handle = _open(path)
    try:
        left = os.fstat(handle).st_size
        # a page-aligned buffer, as O_DIRECT demands
        with mmap.mmap(-1, size) as buffer:
            while left > 0 and (count := _filled(handle, buffer)):
                left -= count
                yield buffer[:count]
    finally:
        os.close(handle)


def past_the_cache(path: Path) -> bool:
    """Whether this file can be read with the cache bypassed, not only dropped."""
    try:
        os.close(os.open(path, os.O_RDONLY | _O_DIRECT))
    except OSError:
        return False
    return bool(_O_DIRECT)


def _open(path: Path) -> int:
    if _O_DIRECT:
        try:
            return os.open(path, os.O_RDONLY | _O_DIRECT)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:
                raise
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    elif sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - not there on Windows

        fcntl.fcntl(handle, _F_NOCACHE, 1)
    return handle


def _filled(handle: int, buffer: mmap.mmap) -> int:
    """Read what fits; returns how many bytes that were."""
    if hasattr(os, "readv"):
        return os.readv(handle, [buffer])
    content = os.read(handle, len(buffer))
    buffer[: len(content)] = content
    return len(content)
