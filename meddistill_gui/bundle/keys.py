"""Ed25519 keys: what a sender signs with, how a receiver recognises it, and the file that keeps it.

The key file is an age file (scrypt, a passphrase) around a PKCS #8 PEM, so `age -d` and `openssl` can open it without this
program. The public half is an OpenSSH line, as `ssh-keygen` writes it.
"""

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from meddistill_gui.bundle import encryption
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.paths import user_config

KIND: Final = b"ssh-ed25519"
_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aiou"
_SPOKEN_BYTES: Final = 12


@dataclass(frozen=True)
class PublicKey:
    """By what a sender is recognised.

    Attributes:
        raw: 32 bytes, RFC 8032.
    """

    raw: bytes

    @property
    def blob(self) -> bytes:
        """RFC 8709: name of the kind and the key, each behind its length."""
        return _framed(KIND) + _framed(self.raw)

    @property
    def line(self) -> str:
        """As OpenSSH writes it."""
        return f"{KIND.decode()} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def words(self) -> str:
        """The first 96 bits of the fingerprint to read out on the telephone, as proquints (Wilkerson 2009, arXiv 0901.4016)."""
        digest = hashlib.sha256(self.blob).digest()[:_SPOKEN_BYTES]
        return " ".join(_proquint(number) for (number,) in struct.iter_unpack(">H", digest))

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether the holder of the private half signed this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def public_key_of_line(line: str) -> PublicKey:
    """Read an OpenSSH line.

    Raises:
        BundleError: It is none, or of another kind.
    """
    parts = line.split()
    try:
        key = PublicKey(base64.b64decode(parts[1], validate=True)[-32:])
    except (IndexError, ValueError) as error:
        raise _no_key(line) from error
    if parts[0] != KIND.decode() or key.line.split()[1] != parts[1]:
        raise _no_key(line)
    return key


def default_key_file() -> Path:
    """Where this user's key is kept."""
    return user_config() / "signing-key.age"


def create_key(passphrase: str, path: Path | None = None) -> PublicKey:
    """Make a key, and keep it in a file that only the passphrase opens.

    Raises:
        BundleError: There is a key already, or the passphrase is too short.
        TargetError: The file cannot be written.
    """
    path = path or default_key_file()
    if path.exists():
        raise BundleError(
            f"There is a signing key already, in {path}.",
            "Use it, or move it away first; receivers who know it will not know a new one.",
        )
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_whole(path, encryption.encrypt(pem, passphrase=passphrase))
    if os.name == "posix":
        path.chmod(0o600)
    return public_of(key)


def open_key(passphrase: str, path: Path | None = None) -> Ed25519PrivateKey:
    """Open the key file.

    Raises:
        BundleError: There is none, it is damaged, or the passphrase is wrong.
    """
    path = path or default_key_file()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"There is no signing key in {path}.", "Make one first, or choose the file."
        ) from error
    pem = encryption.decrypt(content, passphrase=passphrase)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise BundleError(f"{path} holds no key.", "Restore it from a copy.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{path} holds another kind of key.", "Choose an Ed25519 key.")
    return key


def public_of(key: Ed25519PrivateKey) -> PublicKey:
    """The public half."""
    return PublicKey(key.public_key().public_bytes_raw())


def _framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _proquint(number: int) -> str:
    first, one, second, two, third = (number >> shift for shift in (12, 10, 6, 4, 0))
    return (
        _CONSONANTS[first & 15]
        + _VOWELS[one & 3]
        + _CONSONANTS[second & 15]
        + _VOWELS[two & 3]
        + _CONSONANTS[third & 15]
    )


def _no_key(line: str) -> BundleError:
    return BundleError(
        f"{line[:60]!r} is no Ed25519 public key.",
        "Ask the sender for the line that begins with ssh-ed25519.",
    )
