"""Signing a bundle, and whose signature it carries.

What is signed is the tag manifest, whose checksums cover every other file. The signature stands beside it in the bag, in
OpenSSH's format (PROTOCOL.sshsig), so that it can be checked without this program:

    ssh-keygen -Y verify -f SENDERS -I NAME -n distilled-set -s signature.sshsig < tagmanifest-sha256.txt
"""

import base64
import hashlib
import struct
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meddistill_gui.bundle.archive import ASK_AGAIN, Members, read_archive, write_archive
from meddistill_gui.bundle.format import ROOT, SIGNATURE, TAG_MANIFEST
from meddistill_gui.bundle.keys import KIND, PublicKey, public_of
from meddistill_gui.core.errors import BundleError

NAMESPACE: Final = b"distilled-set"
_MAGIC: Final = b"SSHSIG"
_HASH: Final = b"sha512"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_WIDTH: Final = 70


def sign(bundle: bytes, key: Ed25519PrivateKey) -> bytes:
    """The same bundle with a signature; an older one is replaced.

    Args:
        bundle: What `writer.pack` made.
        key: The sender's key.
    """
    members = {name: bytes(view) for name, view in read_archive(bundle).items()}
    manifest = members[ROOT + TAG_MANIFEST]
    members[ROOT + SIGNATURE] = _armoured(public_of(key), key.sign(_message(manifest)))
    return write_archive(members)


def signer(members: Members) -> PublicKey | None:
    """Whose signature a bundle carries; None for none. Whether that is a known sender is another question (`senders`).

    Raises:
        BundleError: There is a signature, but it is damaged or belongs to another bundle.
    """
    if ROOT + SIGNATURE not in members:
        return None
    armoured, manifest = (bytes(members[ROOT + name]) for name in (SIGNATURE, TAG_MANIFEST))
    key, signature = _unarmoured(armoured)
    # written again and compared: base64 and framing leave room for two ways of saying the same
    if _armoured(key, signature) != armoured:
        raise _damaged()
    if not key.fits(signature, _message(manifest)):
        raise BundleError(
            "The signature does not fit the bundle: it was changed after it was signed, or the signature is another's.",
            "Do not use it; ask the sender.",
        )
    return key


def _message(manifest: bytes) -> bytes:
    digest = hashlib.sha512(manifest).digest()
    return _MAGIC + b"".join(map(_framed, (NAMESPACE, b"", _HASH, digest)))


def _armoured(key: PublicKey, signature: bytes) -> bytes:
    parts = (key.blob, NAMESPACE, b"", _HASH, _framed(KIND) + _framed(signature))
    blob = _MAGIC + struct.pack(">I", 1) + b"".join(map(_framed, parts))
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def _unarmoured(armoured: bytes) -> tuple[PublicKey, bytes]:
    """Where key and signature stand is fixed; everything around them is compared by the caller."""
    lines = armoured.decode("ascii", errors="replace").splitlines()
    try:
        blob = base64.b64decode("".join(lines[1:-1]), validate=True)
    except ValueError as error:
        raise _damaged() from error
    begin = len(_MAGIC) + 4 + 4 + len(_framed(KIND)) + 4
    return PublicKey(blob[begin : begin + 32]), blob[-64:]


def _framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _damaged() -> BundleError:
    return BundleError(f"{SIGNATURE} is damaged.", ASK_AGAIN)
