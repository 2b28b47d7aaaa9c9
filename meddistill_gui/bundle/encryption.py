"""Encryption to a passphrase or to recipients' public keys, in the age format (age-encryption.org/v1): `age -d` opens it."""

from collections.abc import Sequence
from typing import Final

import pyrage  # type: ignore[import-untyped]  # no type information is published

from meddistill_gui.bundle.passphrases import check_length
from meddistill_gui.core.errors import BundleError

EXTENSION: Final = ".age"
_MAGIC: Final = b"age-encryption.org/v1\n"


def is_encrypted(content: bytes) -> bool:
    """Whether this is an age file."""
    return content.startswith(_MAGIC)


def needs_passphrase(content: bytes) -> bool:
    """Whether an age file was encrypted to a passphrase, and not to keys."""
    return content.startswith(_MAGIC + b"-> scrypt ")


def encrypt(content: bytes, *, recipients: Sequence[str] = (), passphrase: str = "") -> bytes:
    """Encrypt for whoever has the passphrase, or one of the recipients' private keys.

    Args:
        content: What to encrypt.
        recipients: Lines that begin with "age1" or "ssh-ed25519".
        passphrase: At least 12 characters; either this or recipients.

    Raises:
        BundleError: The passphrase is too short, or a recipient is no public key.
    """
    if bool(recipients) == bool(passphrase):
        raise BundleError(
            "To encrypt, either a passphrase or recipients are needed.", "Give one of the two."
        )
    if recipients:
        return bytes(pyrage.encrypt(content, [_recipient(line) for line in recipients]))
    check_length(passphrase)
    return bytes(pyrage.passphrase.encrypt(content, passphrase))


def decrypt(content: bytes, *, identities: Sequence[str] = (), passphrase: str = "") -> bytes:
    """Open an age file.

    Args:
        content: The file.
        identities: Private keys: lines that begin with "AGE-SECRET-KEY-", or whole OpenSSH key files.
        passphrase: Either this or identities.

    Raises:
        BundleError: None of them opens it, or it was changed.
    """
    try:
        if passphrase:
            return bytes(pyrage.passphrase.decrypt(content, passphrase))
        return bytes(pyrage.decrypt(content, [_identity(text) for text in identities]))
    except pyrage.DecryptError as error:
        if "work parameter" in str(error):
            raise BundleError(
                "This machine is too slow, or too busy just now, to open a file with this passphrase "
                f"({str(error).splitlines()[-1]}).",
                "Close other programs and try again, or open it with `age -d`.",
            ) from error
        raise BundleError(
            f"The file cannot be decrypted ({error}): {'the passphrase' if passphrase else 'the key'} is another one, "
            "or the file was changed.",
            "Ask the sender for which passphrase or key it was encrypted.",
        ) from error


def _recipient(line: str) -> "pyrage.x25519.Recipient | pyrage.ssh.Recipient":
    kind = pyrage.x25519 if line.startswith("age1") else pyrage.ssh
    try:
        return kind.Recipient.from_str(line.strip())
    except pyrage.RecipientError as error:
        raise BundleError(
            f"{line[:60]!r} is no public key to encrypt to.",
            "Ask the receiver for the line that begins with age1 or ssh-ed25519.",
        ) from error


def _identity(text: str) -> "pyrage.x25519.Identity | pyrage.ssh.Identity":
    try:
        if text.strip().startswith("AGE-SECRET-KEY-"):
            return pyrage.x25519.Identity.from_str(text.strip())
        return pyrage.ssh.Identity.from_buffer(text.encode())
    except pyrage.IdentityError as error:
        raise BundleError(
            "A private key to decrypt with is none.",
            "Give the line that begins with AGE-SECRET-KEY-, or an OpenSSH key file.",
        ) from error
