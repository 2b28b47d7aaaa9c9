"""Passphrases are never options: they would stand in configs, logs and process lists. They come from the environment or a key ring."""

import enum
import importlib
import os

from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import APP_NAME


class Passphrase(enum.StrEnum):
    """What a passphrase opens; the value is its environment variable."""

    SIGNING_KEY = "MEDDISTILL_KEY_PASSPHRASE"
    BUNDLE = "MEDDISTILL_BUNDLE_PASSPHRASE"


def passphrase(which: Passphrase) -> str:
    """The passphrase from its environment variable, else from the system's key ring where the package keyring is installed.

    Raises:
        BundleError: There is none in either.
    """
    found = os.environ.get(which) or _from_key_ring(which)
    if not found:
        raise BundleError(
            "No passphrase was given.",
            f"Put it into the environment variable {which}, or into the system's key ring "
            f"(keyring set {APP_NAME} {which}).",
        )
    return found


def _from_key_ring(which: Passphrase) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found: str | None = keyring.get_password(APP_NAME, which)
    # headless machines have no key ring service; each backend raises its own kind of error for that
    except Exception:  # noqa: BLE001 - see above
        return None
    return found
