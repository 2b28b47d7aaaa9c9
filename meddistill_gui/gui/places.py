"""Places to write to, in words."""

from PySide6.QtCore import QCoreApplication

from meddistill_gui.bundle.drives import Drive


def in_words(drive: Drive) -> str:
    """Name, room and file system of a stick or card."""
    text = QCoreApplication.translate("Export", "{name} ({free} free, {kind})")
    return text.format(name=drive.name, free=in_bytes(drive.free), kind=drive.file_system or "?")


def in_bytes(count: int) -> str:
    """A number of bytes as a person reads it: "1.2 MB"."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
