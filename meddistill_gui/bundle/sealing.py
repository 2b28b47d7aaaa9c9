"""What a sender's and a receiver's options mean: signed, encrypted, opened; and which passphrases that takes."""

from pathlib import Path

from meddistill_gui.bundle import encryption, own_key, signing, verifier
from meddistill_gui.bundle.passphrases import Passphrase, check_length, passphrase
from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import BundleError


def sealed(bundle: bytes, config: ExportConfig) -> bytes:
    """A bundle as it will travel.

    Raises:
        BundleError: A key or a passphrase is missing or wrong.
    """
    if config.sign:
        bundle = signing.sign(bundle, own_key.opened())
    if config.recipients:
        return encryption.encrypt(bundle, recipients=config.recipients)
    if config.encrypt:
        return encryption.encrypt(bundle, passphrase=passphrase(Passphrase.BUNDLE))
    return bundle


def check_ready(config: ExportConfig) -> None:
    """See before the long work that key, passphrase and recipients can be used.

    Raises:
        BundleError: One cannot.
    """
    if config.sign:
        own_key.opened()
    if config.recipients:
        encryption.encrypt(b"", recipients=config.recipients)
    if config.encrypt:
        check_length(passphrase(Passphrase.BUNDLE))


def to_send(config: ExportConfig) -> tuple[Passphrase, ...]:
    """The passphrases that an export takes."""
    wanted = []
    if config.sign and own_key.place() is own_key.Place.FILE:
        wanted.append(Passphrase.SIGNING_KEY)
    if config.encrypt:
        wanted.append(Passphrase.BUNDLE)
    return tuple(wanted)


def encryption_of(path: Path) -> str | None:
    """To what a bundle was encrypted: "passphrase" or "keys"; None where it is not."""
    beginning = _beginning(path)
    if not encryption.is_encrypted(beginning):
        return None
    return "passphrase" if encryption.needs_passphrase(beginning) else "keys"


def to_open(path: Path, identity: Path | None = None) -> tuple[Passphrase, ...]:
    """The passphrases that opening a bundle takes."""
    kind = encryption_of(path)
    if kind is None or identity is not None:
        return ()
    if kind == "passphrase":
        return (Passphrase.BUNDLE,)
    return (Passphrase.SIGNING_KEY,) if own_key.place() is own_key.Place.FILE else ()


def opened(path: Path, identity: Path | None = None) -> VerifiedBundle:
    """A checked bundle, decrypted if it has to be.

    Args:
        path: The file.
        identity: File with a private key; without one a bundle that was encrypted to keys is opened with the user's own.

    Raises:
        BundleError: It cannot be decrypted, or is not whole and well-formed.
    """
    kind = encryption_of(path)
    if kind is None:
        return verifier.verify(path)
    if identity is not None:
        return verifier.verify(path, identities=_identities(identity))
    if kind == "passphrase":
        return verifier.verify(path, passphrase=passphrase(Passphrase.BUNDLE))
    return verifier.verify(path, identities=[own_key.openssh_text(own_key.opened())])


def _beginning(path: Path) -> bytes:
    """Enough to see what it is; nothing where there is no such file, which the verifier says in words."""
    try:
        with path.open("rb") as stream:
            return stream.read(64)
    except OSError:
        return b""


def _identities(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"The private key {path} cannot be read.", "Choose the file that holds it."
        ) from error
    if text.startswith("-----BEGIN"):
        return [text]
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
