"""The key ring of the system (Windows Credential Manager, macOS Keychain, Secret Service, KWallet), through `keyring`.

The library is loaded when it is first asked: the window opens without it. A headless machine has no key ring; each of the
library's back ends says so with errors of its own kind.
"""

from typing import Final

from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import APP_NAME

_REAL: Final = 1.0  # priority from which keyring recommends a back end; plain-text files have less


def available() -> bool:
    """Whether this system has a key ring that is fit for secrets."""
    import keyring  # noqa: PLC0415 - the window opens without it

    return float(getattr(keyring.get_keyring(), "priority", 0)) >= _REAL


def fetch(name: str) -> str | None:
    """The secret of this name; None where there is none, or no key ring."""
    import keyring  # noqa: PLC0415 - the window opens without it

    try:
        return keyring.get_password(APP_NAME, name)
    except Exception:  # noqa: BLE001 - each back end has its own kind of error
        return None


def keep(name: str, secret: str) -> None:
    """Keep a secret, and look whether it is there.

    Raises:
        BundleError: There is no key ring, or it is locked.
    """
    import keyring  # noqa: PLC0415 - the window opens without it

    try:
        keyring.set_password(APP_NAME, name, secret)
        kept = keyring.get_password(APP_NAME, name) == secret
    except Exception as error:
        raise _no_ring(f" ({error})") from error
    if not kept:
        raise _no_ring("")


def _no_ring(why: str) -> BundleError:
    return BundleError(
        f"The system's key ring does not take the key{why}.",
        "Unlock it and try again, or keep the key in a file with a passphrase (key --keep file).",
    )
