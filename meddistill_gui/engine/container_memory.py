"""How much memory a container, or a cluster's scheduler, lets this process have: Linux control groups, version 1 and 2.

The machine's own size says nothing there: a job with 8 GB on a node of 1 TB is ended at 8 GB.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MEMBERSHIP: Final = Path("/proc/self/cgroup")
_GROUPS: Final = Path("/sys/fs/cgroup")


def limit_bytes(membership: Path = _MEMBERSHIP, groups: Path = _GROUPS) -> int | None:
    """The smallest limit of the process's group and of all around it; None where there is none, or no control groups.

    Args:
        membership: Lists the process's groups, one `number:controllers:path` a line.
        groups: Where the groups are mounted.
    """
    limits = [limit for path in _files(membership, groups) if (limit := _number(path)) is not None]
    return min(limits, default=None)


def _files(membership: Path, groups: Path) -> Iterator[Path]:
    """Files that may hold a limit. Inside a container the path may be the host's: then only the mount itself is there."""
    for line in _text(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            mount, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            mount, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        inside = Path(path.lstrip("/"))
        for group in (inside, *inside.parents):
            yield mount / group / name


def _number(path: Path) -> int | None:
    """A limit; version 2 says "max" for none, version 1 a number larger than any machine."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no such group, or none of our business
        return ""
