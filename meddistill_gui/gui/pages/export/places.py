"""Where a bundle can be written to: removable drives by name, and any folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QStorageInfo

_REMOVABLE_ROOTS: Final = ("/media/", "/run/media/", "/Volumes/")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A drive.

    Attributes:
        root: Where it is mounted.
        name: As the user knows it.
        free: Bytes free.
        file_system: E.g. "vfat".
    """

    root: Path
    name: str
    free: int
    file_system: str

    def sentence(self) -> str:
        """Name, room and file system in words."""
        return QCoreApplication.translate("Export", "{name} ({free} free, {kind})").format(
            name=self.name, free=in_bytes(self.free), kind=self.file_system
        )


def removable_drives() -> list[Place]:
    """Drives that look like sticks or cards, ready to be written to."""
    return [
        Place(
            root=Path(volume.rootPath()),
            name=volume.displayName(),
            free=volume.bytesAvailable(),
            file_system=bytes(volume.fileSystemType().data()).decode(errors="replace"),
        )
        for volume in QStorageInfo.mountedVolumes()
        if volume.isValid()
        and volume.isReady()
        and not volume.isReadOnly()
        and volume.rootPath().startswith(_REMOVABLE_ROOTS)
    ]


def is_removable(folder: Path) -> bool:
    """Whether a folder lies on such a drive."""
    return any(folder.is_relative_to(place.root) for place in removable_drives())


def in_bytes(count: int) -> str:
    """A number of bytes as a person reads it: "1.2 MB"."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
