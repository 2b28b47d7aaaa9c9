"""The senders whose keys this user knows, in a file that is made to be read: one OpenSSH line each.

The file is an `allowed_signers` file of `ssh-keygen -Y verify`, so the same list serves both.
"""

from pathlib import Path
from typing import Final

from meddistill_gui.bundle.keys import PublicKey, public_key_of_line
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.paths import user_config

_LONGEST_NAME: Final = 80


def default_list() -> Path:
    """Where this user's list is kept."""
    return user_config() / "known-senders"


def known(path: Path | None = None) -> dict[PublicKey, str]:
    """Name of each known key.

    Raises:
        BundleError: The list is damaged.
    """
    path = path or default_list()
    if not path.is_file():
        return {}
    found: dict[PublicKey, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, key = line.partition(" ")
            found[public_key_of_line(key)] = name.replace("_", " ")
    return found


def remember(name: str, key: PublicKey, path: Path | None = None) -> None:
    """Add a sender, or give a known key another name.

    Raises:
        BundleError: The name is empty, too long or taken by another key.
    """
    path = path or default_list()
    senders = known(path)
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or set(name) & set('#",*?!_'):
        raise BundleError(
            f"{name[:90]!r} cannot be a sender's name.",
            f"Take 1 to {_LONGEST_NAME} letters, digits, dots and spaces.",
        )
    if any(taken == name and other != key for other, taken in senders.items()):
        raise BundleError(
            f"Another key is known as {name!r}.",
            "Ask that sender whether the key was changed; forget the old one if so.",
        )
    _write(path, senders | {key: name})


def forget(key: PublicKey, path: Path | None = None) -> None:
    """Take a sender off the list."""
    path = path or default_list()
    _write(path, {other: name for other, name in known(path).items() if other != key})


def _write(path: Path, senders: dict[PublicKey, str]) -> None:
    lines = [
        "# Senders whose bundles MedDistill knows; ssh-keygen -Y verify -f reads this file too."
    ]
    by_name = sorted(senders.items(), key=lambda item: item[1])
    lines += [f"{name.replace(' ', '_')} {key.line}" for key, name in by_name]
    write_whole(path, ("\n".join(lines) + "\n").encode())
