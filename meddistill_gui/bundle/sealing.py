"""What a sender's and a receiver's options mean: signed, encrypted, opened; the one place that asks for passphrases."""

from pathlib import Path

from meddistill_gui.bundle import encryption, keys, signing, verifier
from meddistill_gui.bundle.passphrases import Passphrase, passphrase
from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import BundleError


def sealed(bundle: bytes, config: ExportConfig) -> bytes:
    """A bundle as it will travel.

    Raises:
        BundleError: A key or a passphrase is missing or wrong.
    """
    if config.sign:
        bundle = signing.sign(bundle, keys.open_key(passphrase(Passphrase.SIGNING_KEY)))
    if config.recipients:
        return encryption.encrypt(bundle, recipients=config.recipients)
    if config.encrypt:
        return encryption.encrypt(bundle, passphrase=passphrase(Passphrase.BUNDLE))
    return bundle


def opened(path: Path, identity: Path | None = None) -> VerifiedBundle:
    """A checked bundle, decrypted if it has to be.

    Args:
        path: The file.
        identity: File with a private key; without one an encrypted bundle is opened with the passphrase.

    Raises:
        BundleError: It cannot be decrypted, or is not whole and well-formed.
    """
    if identity is not None:
        return verifier.verify(path, identities=_identities(identity))
    if path.is_file() and _begins_encrypted(path):
        return verifier.verify(path, passphrase=passphrase(Passphrase.BUNDLE))
    return verifier.verify(path)


def _begins_encrypted(path: Path) -> bool:
    with path.open("rb") as stream:
        return encryption.is_encrypted(stream.read(64))


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
