"""Places to send to: what is mounted where, which of it can be pulled out, and what each file system cannot hold."""

import ctypes
import os
import re
import shutil
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_SYSFS: Final = Path("/sys/dev/block")
_LABELS: Final = Path("/dev/disk/by-label")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_HEX: Final = re.compile(r"\\x([0-9a-f]{2})")
_USER_MOUNTS: Final = ("/media/", "/run/media/")
_WINDOWS_REMOVABLE: Final = 2

LARGEST_FILE: Final = {
    "vfat": 2**32 - 1,
    "msdos": 2**32 - 1,
    "fat": 2**32 - 1,
    "fat32": 2**32 - 1,
    "fuse.fusefat": 2**32 - 1,
}
"""Bytes in one file, by file system; those that are not listed hold more than any bundle has."""

SHARES: Final = {"cifs", "smb3", "smbfs", "nfs", "nfs4", "afpfs", "webdav", "fuse.sshfs", "9p"}


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One mounted file system.

    Attributes:
        path: Where it is mounted.
        device: "MAJOR:MINOR" on Linux, else "".
        source: Device file or share.
        file_system: Type, lower case, e.g. "vfat", "ext4", "cifs"; "" where the system does not say.
        read_only: Whether it is mounted so.
    """

    path: Path
    device: str
    source: str
    file_system: str
    read_only: bool


@dataclass(frozen=True, kw_only=True)
class Drive:
    """A stick or card that can be pulled out.

    Attributes:
        path: Its folder.
        name: Its label, or the folder's name.
        free: Bytes.
        total: Bytes.
        file_system: Type, e.g. "vfat".
        read_only: Whether its switch or a fault makes it so.
    """

    path: Path
    name: str
    free: int
    total: int
    file_system: str
    read_only: bool


def removable_drives() -> tuple[Drive, ...]:
    """What can be pulled out and is mounted now, by name."""
    found = (_drive(mount) for mount in _removable_mounts())
    return tuple(sorted((drive for drive in found if drive), key=lambda drive: drive.name))


def is_removable(path: Path) -> bool:
    """Whether a file lies on a drive that can be pulled out."""
    return any(path.is_relative_to(mount.path) for mount in _removable_mounts())


def mount_of(path: Path) -> Mount | None:
    """The file system that holds a path; None where the system does not tell."""
    place = path.resolve()
    holding = [mount for mount in _mounts() if place.is_relative_to(mount.path)]
    return max(reversed(holding), key=lambda mount: len(mount.path.parts), default=None)


def parse_mountinfo(text: str) -> list[Mount]:
    """Linux's list of mounts, proc_pid_mountinfo(5)."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, (file_system, source, options) = before.split(), after.split(" ", 2)
        found.append(
            Mount(
                path=Path(_plain(fields[4])),
                device=fields[2],
                source=_plain(source),
                file_system=file_system.lower(),
                read_only="ro" in fields[5].split(",") or "ro" in options.split(","),
            )
        )
    return found


def _mounts() -> list[Mount]:
    if _MOUNTINFO.is_file():
        return parse_mountinfo(_MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape"))
    return list(_removable_mounts())


def _removable_mounts() -> Iterator[Mount]:
    if sys.platform == "win32":
        yield from _windows_drives()
    elif sys.platform == "darwin":
        for path in Path("/Volumes").iterdir():
            if path.is_dir() and not path.is_symlink():  # the start volume is a link
                yield Mount(path=path, device="", source="", file_system="", read_only=False)
    else:
        for mount in _mounts():
            if _is_removable(mount):
                yield mount


def _is_removable(mount: Mount) -> bool:
    """The kernel's mark (of the whole disk for a partition), or a desktop's folder for what users plug in."""
    if str(mount.path).startswith(_USER_MOUNTS):
        return True
    block = _SYSFS / mount.device
    return any(_says_yes(folder / "removable") for folder in (block, block.resolve().parent))


def _says_yes(flag: Path) -> bool:
    try:
        return flag.read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False


def _drive(mount: Mount) -> Drive | None:
    try:
        space = shutil.disk_usage(mount.path)
    except OSError:  # pulled out just now, or not ours to look at
        return None
    return Drive(
        path=mount.path,
        name=_label(mount) or mount.path.name or str(mount.path),
        free=space.free,
        total=space.total,
        file_system=mount.file_system,
        read_only=mount.read_only,
    )


def _label(mount: Mount) -> str:
    if not _LABELS.is_dir() or not mount.source.startswith("/dev/"):
        return ""
    for link in _LABELS.iterdir():
        if link.resolve() == Path(mount.source).resolve():
            return _HEX.sub(lambda found: chr(int(found[1], 16)), link.name)
    return ""


def _plain(field: str) -> str:
    """Spaces and the like stand as octal numbers."""
    raw = _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)
    return os.fsdecode(raw.encode("latin-1", errors="ignore")) if raw != field else field


def _windows_drives() -> Iterator[Mount]:
    kernel: Any = vars(ctypes)["windll"].kernel32  # there on Windows only
    for number, letter in enumerate(string.ascii_uppercase):
        root = f"{letter}:\\"
        if kernel.GetLogicalDrives() >> number & 1 and kernel.GetDriveTypeW(root) == _WINDOWS_REMOVABLE:  # fmt: skip
            kind = ctypes.create_unicode_buffer(64)
            kernel.GetVolumeInformationW(root, None, 0, None, None, None, kind, 64)
            yield Mount(
                path=Path(root),
                device="",
                source=root,
                file_system=kind.value.lower(),
                read_only=False,
            )
