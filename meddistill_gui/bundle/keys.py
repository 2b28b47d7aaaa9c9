"""Ed25519 keys: what a sender signs with, how a receiver recognises it, and the file that keeps it.

Both halves are in OpenSSH's formats, so `ssh-keygen` can make a key, change its passphrase and print its fingerprint.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from meddistill_gui.bundle.passphrases import check_length
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.paths import user_config

KIND: Final = b"ssh-ed25519"
_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aiou"
_SPOKEN_BYTES: Final = 12
_ROUNDS: Final = 32  # of bcrypt-pbkdf; ssh-keygen takes 24 (version 10)


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
    return user_config() / "signing-key"


def public_file(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_name(path.name + ".pub")


def check_free(*paths: Path) -> None:
    """Refuse to replace a key.

    Raises:
        BundleError: One of these files is there.
    """
    for path in paths:
        if path.exists():
            raise BundleError(
                f"There is a signing key already, in {path}.",
                "Use it, or move that file away first; receivers who know it will not know a new one.",
            )


def create_key(passphrase: str, path: Path | None = None) -> PublicKey:
    """Make a key, and keep it in a file that only the passphrase opens.

    Raises:
        BundleError: There is a key already, or the passphrase is too short.
        TargetError: The file cannot be written.
    """
    path = path or default_key_file()
    check_free(path)
    check_length(passphrase)
    key = Ed25519PrivateKey.generate()
    protection = (
        serialization.PrivateFormat.OpenSSH.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .build(passphrase.encode())
    )
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection
    )
    write_whole(path, content)  # mode 0600, as all that is written so
    write_whole(public_file(path), (public_of(key).line + "\n").encode())
    return public_of(key)


def open_key(passphrase: str, path: Path | None = None) -> Ed25519PrivateKey:
    """Open the key file.

    Args:
        passphrase: Its passphrase.
        path: The file; None takes this user's.

    Raises:
        BundleError: There is none, it is damaged, has no passphrase, or another one.
    """
    path = path or default_key_file()
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), passphrase.encode())
    except OSError as error:
        raise BundleError(
            f"There is no signing key in {path}.",
            "Make one: meddistill key --create",
        ) from error
    # a wrong passphrase is a ValueError, a key without one a TypeError; both say what they are
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BundleError(
            f"The passphrase does not open {path} ({error}).",
            "Try again; it is the passphrase that was chosen when the key was made.",
        ) from error
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
