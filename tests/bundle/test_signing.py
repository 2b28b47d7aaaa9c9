import base64
import hashlib
import hmac
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import (
    archive,
    delivery,
    encryption,
    keys,
    sealing,
    senders,
    signing,
    verifier,
    writer,
)
from meddistill_gui.bundle.format import ROOT, SIGNATURE
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a key that is made below
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SSH_KEYGEN, OPENSSL, AGE = (shutil.which(name) for name in ("ssh-keygen", "openssl", "age"))


def verify(content: bytes) -> verifier.VerifiedBundle:
    return verifier.verify_content(content, Path("x"))


@pytest.fixture(scope="module")
def signed() -> bytes:
    return signing.sign(writer.pack(make_set(), make_papers()), KEY)


def test_the_signer_is_told(signed, bundle):
    assert verify(signed).signer == keys.public_of(KEY)
    assert verify(bundle).signer is None


def test_signing_again_replaces_and_is_deterministic(signed):
    assert signing.sign(signed, KEY) == signed
    other = Ed25519PrivateKey.generate()
    assert verify(signing.sign(signed, other)).signer == keys.public_of(other)


def test_a_signature_of_another_bundle_is_refused(signed):
    other = writer.pack(make_set(per_class=2), make_papers())
    members = {name: bytes(view) for name, view in archive.read_archive(other).items()}
    members[ROOT + SIGNATURE] = bytes(archive.read_archive(signed)[ROOT + SIGNATURE])
    with pytest.raises(BundleError, match="does not fit the bundle"):
        verify(archive.write_archive(members))


def test_each_bit_of_the_signature_matters(signed):
    """Even where the zip's own checks are made to fit, as whoever forges it would."""
    members = {name: bytes(view) for name, view in archive.read_archive(signed).items()}
    armoured = members[ROOT + SIGNATURE]
    for place in range(0, len(armoured), 7):
        for bit in range(8):
            changed = bytearray(armoured)
            changed[place] ^= 1 << bit
            views = archive.read_archive(
                archive.write_archive(members | {ROOT + SIGNATURE: bytes(changed)})
            )
            with pytest.raises(BundleError):
                signing.signer(views)


@pytest.mark.skipif(SSH_KEYGEN is None, reason="OpenSSH is not installed")
def test_ssh_keygen_verifies_it(signed, tmp_path):
    (tmp_path / "b.zip").write_bytes(signed)
    with zipfile.ZipFile(tmp_path / "b.zip") as zipped:
        zipped.extractall(tmp_path)
    senders.remember("Hospital A", keys.public_of(KEY), tmp_path / "senders")
    command = [SSH_KEYGEN, "-Y", "verify", "-f", tmp_path / "senders", "-I", "Hospital_A", "-n", "distilled-set",
               "-s", tmp_path / ROOT / SIGNATURE]  # fmt: skip
    manifest = (tmp_path / ROOT / "tagmanifest-sha256.txt").read_bytes()
    good = subprocess.run(command, input=manifest, capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    assert b"Good" in good.stdout
    bad = subprocess.run(
        command, input=manifest.replace(b"a", b"b", 1), capture_output=True, check=False
    )
    assert bad.returncode != 0


@pytest.mark.skipif(SSH_KEYGEN is None, reason="OpenSSH is not installed")
def test_the_fingerprint_is_openssh_s(tmp_path):
    key = keys.public_of(KEY)
    (tmp_path / "key.pub").write_text(key.line + " comment\n")
    printed = subprocess.run(
        [SSH_KEYGEN, "-l", "-f", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    )
    assert key.fingerprint in printed.stdout
    assert keys.public_key_of_line(key.line + " comment") == key


@pytest.mark.skipif(OPENSSL is None, reason="OpenSSL is not installed")
def test_openssl_verifies_the_raw_signature(tmp_path):
    der = bytes.fromhex("302a300506032b6570032100") + keys.public_of(KEY).raw  # RFC 8410
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "message").write_bytes(b"tag manifest")
    (tmp_path / "signature").write_bytes(KEY.sign(b"tag manifest"))
    command = [OPENSSL, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-sigfile", "signature", "-in", "message"]  # fmt: skip
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_words_are_pronounceable_and_differ():
    first, second = keys.public_of(KEY), keys.public_of(Ed25519PrivateKey.generate())
    assert re.fullmatch(r"([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]( ([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]){5}", first.words)  # fmt: skip
    assert first.words != second.words
    assert keys._proquint(0x7F00) == "lusab"  # 127.0 of the paper's table
    assert keys._proquint(0x0001) == "babad"


@pytest.mark.slow
def test_the_key_file_opens_with_its_passphrase_only(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    path = tmp_path / "key"
    public = keys.create_key(PASSPHRASE, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.public_key_of_line((tmp_path / "key.pub").read_text()) == public
    assert keys.public_of(keys.open_key(PASSPHRASE, path)) == public
    with pytest.raises(BundleError, match="passphrase does not open"):
        keys.open_key(PASSPHRASE + "x", path)
    with pytest.raises(BundleError, match="a signing key already"):
        keys.create_key(PASSPHRASE, path)
    with pytest.raises(BundleError, match="12 is the least"):
        keys.create_key("short", tmp_path / "other")
    with pytest.raises(BundleError, match="no signing key"):
        keys.open_key(PASSPHRASE, tmp_path / "missing")


@pytest.mark.skipif(SSH_KEYGEN is None, reason="OpenSSH is not installed")
def test_keys_of_ssh_keygen_and_ours_open_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    made = [
        SSH_KEYGEN,
        "-q",
        "-t",
        "ed25519",
        "-a",
        "1",
        "-N",
        PASSPHRASE,
        "-f",
        tmp_path / "theirs",
    ]
    subprocess.run(made, check=True)
    public = keys.public_of(keys.open_key(PASSPHRASE, tmp_path / "theirs"))
    assert keys.public_key_of_line((tmp_path / "theirs.pub").read_text()) == public
    ours = keys.create_key(PASSPHRASE, tmp_path / "ours")
    printed = subprocess.run([SSH_KEYGEN, "-y", "-P", PASSPHRASE, "-f", tmp_path / "ours"], capture_output=True, text=True, check=True)  # fmt: skip
    assert keys.public_key_of_line(printed.stdout) == ours


@pytest.mark.parametrize("line", ["", "ssh-rsa AAAA", "ssh-ed25519", "ssh-ed25519 ????", "ssh-ed25519 " + base64.b64encode(bytes(51)).decode()])  # fmt: skip
def test_lines_that_are_no_keys(line):
    with pytest.raises(BundleError, match="no Ed25519 public key"):
        keys.public_key_of_line(line)


def test_known_senders_are_remembered_and_forgotten(tmp_path):
    path = tmp_path / "senders"
    first, second = PublicKey(bytes(32)), PublicKey(bytes(31) + b"\1")
    assert senders.known(path) == {}
    senders.remember("Klinik  Süd", first, path)
    senders.remember("Hospital B", second, path)
    assert senders.known(path) == {first: "Klinik Süd", second: "Hospital B"}
    with pytest.raises(BundleError, match="Another key is known as 'Hospital B'"):
        senders.remember("Hospital B", first, path)
    senders.forget(second, path)
    assert senders.known(path) == {first: "Klinik Süd"}
    for name in ("", "x" * 81, "a,b", "*", 'a"b', "a#b"):
        with pytest.raises(BundleError, match="cannot be a sender's name"):
            senders.remember(name, second, path)


def new_identity() -> tuple[str, str]:
    """A key pair of age's own kind: the secret line and the public one."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def age_file(content: bytes, passphrase: str, work: int = 10) -> bytes:
    """The age format by the letter of its specification (C2SP age.md), with a work factor that a test can afford."""

    def derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)

    def base(raw: bytes) -> bytes:
        return base64.b64encode(raw).rstrip(b"=")

    file_key, salt, nonce = bytes(range(16)), bytes(range(100, 116)), bytes(range(50, 66))
    wrap = hashlib.scrypt(passphrase.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=1 << work, r=8, p=1, dklen=32)  # fmt: skip
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (base(salt), work, base(body))
    mac = hmac.digest(derived(file_key, b"", b"header"), header, "sha256")
    payload, stream = b"", ChaCha20Poly1305(derived(file_key, nonce, b"payload"))
    chunks = [content[at : at + 2**16] for at in range(0, len(content), 2**16)]
    for counter, chunk in enumerate(chunks):
        last = bytes([counter == len(chunks) - 1])
        payload += stream.encrypt(counter.to_bytes(11, "big") + last, chunk, None)
    return header + b" " + base(mac) + b"\n" + nonce + payload


def test_a_bundle_encrypted_to_a_passphrase_elsewhere_is_opened(bundle, tmp_path, monkeypatch):
    path = tmp_path / "a.distilled.zip.age"
    path.write_bytes(age_file(bundle, PASSPHRASE))
    assert verifier.verify(path, passphrase=PASSPHRASE).size == len(bundle)
    monkeypatch.setenv("MEDDISTILL_BUNDLE_PASSPHRASE", PASSPHRASE)
    assert sealing.opened(path).size == len(bundle)
    monkeypatch.setenv("MEDDISTILL_BUNDLE_PASSPHRASE", PASSPHRASE + "x")
    with pytest.raises(BundleError, match="the passphrase is another one"):
        sealing.opened(path)
    monkeypatch.delenv("MEDDISTILL_BUNDLE_PASSPHRASE")
    with pytest.raises(BundleError, match="No passphrase was given"):
        sealing.opened(path)
    with pytest.raises(BundleError, match="is encrypted"):
        verifier.verify(path)


@pytest.mark.slow
def test_encrypted_to_a_passphrase(bundle):
    """Only this way: the library takes about a second of a quiet machine and up to 1 GB of memory, by design."""
    content = encryption.encrypt(bundle, passphrase=PASSPHRASE)
    assert content.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert bundle[:40] not in content


def test_what_the_options_ask_for_is_done(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    private, public = new_identity()
    key = keys.create_key(PASSPHRASE)
    monkeypatch.setenv("MEDDISTILL_KEY_PASSPHRASE", PASSPHRASE)
    config = ExportConfig(run=tmp_path, to=tmp_path, sign=True, recipients=(public,))
    (tmp_path / "identity").write_text(f"# created\n{private}\n")
    *_, final = delivered(sealing.sealed(bundle, config), tmp_path)
    assert final.name == "a.distilled.zip.age"
    assert sealing.opened(final, tmp_path / "identity").signer == key
    assert sealing.sealed(bundle, ExportConfig(run=tmp_path, to=tmp_path)) == bundle


def delivered(content: bytes, folder: Path) -> list:
    """All events of a delivery, and the file."""

    def both():
        yield (yield from delivery.deliver(content, folder, "a", Control()))

    return list(both())


def test_encrypted_to_recipients(bundle):
    (mine, my_public), (_, other_public) = new_identity(), new_identity()
    content = encryption.encrypt(bundle, recipients=[other_public, my_public])
    assert encryption.decrypt(content, identities=[mine]) == bundle
    with pytest.raises(BundleError, match="cannot be decrypted"):
        encryption.decrypt(content, identities=[new_identity()[0]])
    with pytest.raises(BundleError, match="no public key to encrypt to"):
        encryption.encrypt(bundle, recipients=["age1nonsense"])
    with pytest.raises(BundleError, match="private key to decrypt with is none"):
        encryption.decrypt(content, identities=["AGE-SECRET-KEY-1NONSENSE"])
    flipped = bytearray(content)
    flipped[-5] ^= 1
    with pytest.raises(BundleError, match="cannot be decrypted"):
        encryption.decrypt(bytes(flipped), identities=[mine])


@pytest.mark.skipif(AGE is None, reason="age is not installed")
def test_age_itself_opens_it(bundle, tmp_path):
    private, public = new_identity()
    (tmp_path / "key.txt").write_text(private + "\n")
    (tmp_path / "b.age").write_bytes(encryption.encrypt(bundle, recipients=[public]))
    done = subprocess.run(
        [AGE, "-d", "-i", "key.txt", "b.age"], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == bundle


@pytest.mark.skipif(SSH_KEYGEN is None, reason="OpenSSH is not installed")
def test_ssh_keys_are_recipients_too(bundle, tmp_path):
    subprocess.run([SSH_KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"], check=True)
    content = encryption.encrypt(bundle, recipients=[(tmp_path / "id.pub").read_text()])
    assert encryption.decrypt(content, identities=[(tmp_path / "id").read_text()]) == bundle
