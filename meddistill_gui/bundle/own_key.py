"""This user's one key: it signs what is sent and opens what others encrypted to it.

It is an Ed25519 key in OpenSSH's formats. age encrypts to such keys too (ssh-ed25519 recipients; that the same key may do both
was shown by Thormarker 2021, IACR ePrint 2021/509), so there is one line to give away and one fingerprint to read out.

The secret half is kept in the system's key ring, or where there is none in a file that a passphrase opens; the public half
lies beside that file as `signing-key.pub`.
"""

import enum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meddistill_gui.bundle import key_ring, keys
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.bundle.passphrases import Passphrase, passphrase
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.files import write_whole

_RING_NAME: Final = "key {fingerprint}"


class Place(enum.StrEnum):
    """Where the secret half is kept."""

    KEY_RING = "key-ring"
    FILE = "file"


def public() -> PublicKey | None:
    """The public half; None before a key was made.

    Raises:
        BundleError: Its file is damaged.
    """
    path = _public_file()
    return keys.public_key_of_line(path.read_text(encoding="utf-8")) if path.is_file() else None


def place() -> Place | None:
    """Where the key is kept; None before it was made."""
    if keys.default_key_file().is_file():
        return Place.FILE
    return Place.KEY_RING if _public_file().is_file() else None


def best_place() -> Place:
    """Where a new key is kept best on this system."""
    return Place.KEY_RING if key_ring.available() else Place.FILE


def create(where: Place) -> PublicKey:
    """Make the key. For a file its passphrase is asked for (`passphrases`).

    Raises:
        BundleError: There is a key already, the passphrase is missing or too short, or the key ring does not take it.
        TargetError: The file cannot be written.
    """
    keys.check_free(keys.default_key_file(), _public_file())
    if where is Place.FILE:
        return keys.create_key(passphrase(Passphrase.SIGNING_KEY))
    key = Ed25519PrivateKey.generate()
    made = keys.public_of(key)
    key_ring.keep(_ring_name(made), openssh_text(key))
    write_whole(_public_file(), (made.line + "\n").encode())
    return made


def opened() -> Ed25519PrivateKey:
    """The secret half; a file's passphrase is asked for.

    Raises:
        BundleError: There is no key, or it cannot be opened.
    """
    mine = public()
    if mine is None or place() is Place.FILE:
        # an OpenSSH key file that the user put there has no public half beside it
        if not keys.default_key_file().is_file():
            raise BundleError("You have no key yet.", "Make one: meddistill key --create")
        return keys.open_key(passphrase(Passphrase.SIGNING_KEY))
    text = key_ring.fetch(_ring_name(mine))
    if text is None:
        raise BundleError(
            f"The system's key ring does not give your key ({mine.fingerprint}).",
            "Unlock the key ring and try again.",
        )
    key = serialization.load_ssh_private_key(text.encode(), None)
    if not isinstance(key, Ed25519PrivateKey) or keys.public_of(key) != mine:
        raise BundleError(
            "The key in the system's key ring is another one than yours.",
            "Restore it, or move signing-key.pub away and make a new key.",
        )
    return key


def openssh_text(key: Ed25519PrivateKey) -> str:
    """The secret half as OpenSSH writes it, without a passphrase: for the key ring, and for decrypting in memory."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()


def _public_file() -> Path:
    return keys.public_file(keys.default_key_file())


def _ring_name(key: PublicKey) -> str:
    return _RING_NAME.format(fingerprint=key.fingerprint)
