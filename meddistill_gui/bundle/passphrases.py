"""Passphrases are never options: they would stand in configs, logs and process lists.

They come from whoever asked the user (the window's fields, the terminal's prompt: `hold`), from an environment variable,
from a file that a variable names, or from the system's key ring.
"""

import enum
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from meddistill_gui.bundle import key_ring
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import APP_NAME


class Passphrase(enum.StrEnum):
    """What a passphrase opens; the value is its environment variable."""

    SIGNING_KEY = "MEDDISTILL_KEY_PASSPHRASE"
    BUNDLE = "MEDDISTILL_BUNDLE_PASSPHRASE"


SHORTEST_PASSPHRASE: Final = 12
_FILE: Final = "_FILE"
_held: dict[Passphrase, str] = {}


def hold(given: Mapping[str, str]) -> None:
    """Keep what the user has typed in memory, in place of what was held before; it goes to the job over its pipe only."""
    _held.clear()
    _held.update({Passphrase(name): text for name, text in given.items() if text})


def held() -> dict[str, str]:
    """What is held, by the names of `Passphrase`."""
    return {str(which): text for which, text in _held.items()}


def given(which: Passphrase) -> str:
    """The passphrase, or "" where nobody has given it.

    Raises:
        BundleError: The file that the variable names cannot be read.
    """
    return _held.get(which) or os.environ.get(which) or _from_file(which) or ""


def passphrase(which: Passphrase) -> str:
    """The passphrase.

    Raises:
        BundleError: There is none anywhere.
    """
    found = given(which) or key_ring.fetch(which)
    if not found:
        raise BundleError(
            "No passphrase was given.",
            f"Put it into the environment variable {which}, into a file that {which}{_FILE} names, "
            f"or into the system's key ring (keyring set {APP_NAME} {which}).",
        )
    return found


def check_length(text: str) -> None:
    """Refuse one that can be guessed.

    Raises:
        BundleError: It is too short.
    """
    if len(text) < SHORTEST_PASSPHRASE:
        raise BundleError(
            f"The passphrase has {len(text)} characters; {SHORTEST_PASSPHRASE} is the least.",
            "Take a longer one, for instance five words drawn by dice.",
        )


def _from_file(which: Passphrase) -> str:
    path = os.environ.get(which + _FILE)
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"The passphrase file {path} cannot be read.",
            f"Correct the environment variable {which}{_FILE}.",
        ) from error
