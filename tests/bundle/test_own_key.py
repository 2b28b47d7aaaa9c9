"""The user's key in a key ring (the real library with a back end in memory) and in a file."""

import shutil
import subprocess

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import encryption, key_ring, keys, own_key, passphrases, sealing, writer
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import BundleError

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of keys that are made below
AGE = shutil.which("age")


class InMemory(KeyringBackend):
    """A key ring without a system service."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {}
        self.locked = False

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked("locked")
        self.secrets[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.secrets.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


@pytest.fixture
def ring():
    before, made = keyring.get_keyring(), InMemory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_ring():
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    yield
    passphrases.hold({})


def test_in_the_key_ring_no_secret_touches_the_disk(ring, own_user_folders):
    made = own_key.create(own_key.best_place())
    assert own_key.place() is Place.KEY_RING
    assert own_key.public() == made == keys.public_of(own_key.opened())
    ((service, name), secret) = next(iter(ring.secrets.items()))
    assert (service, name) == ("MedDistill", f"key {made.fingerprint}")
    files = [path for path in own_user_folders.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["signing-key.pub"]
    assert secret.splitlines()[1] not in files[0].read_text()
    with pytest.raises(BundleError, match="a signing key already"):
        own_key.create(Place.KEY_RING)


def test_a_locked_or_emptied_ring_is_said(ring):
    own_key.create(Place.KEY_RING)
    ring.locked = True
    with pytest.raises(BundleError, match="key ring does not give your key"):
        own_key.opened()
    ring.locked = False
    ring.secrets[next(iter(ring.secrets))] = own_key.openssh_text(keys.Ed25519PrivateKey.generate())
    with pytest.raises(BundleError, match="is another one than yours"):
        own_key.opened()


def test_a_ring_that_takes_nothing_makes_no_key(ring):
    ring.locked = True
    with pytest.raises(BundleError, match="does not take the key"):
        own_key.create(Place.KEY_RING)
    assert own_key.public() is None
    assert own_key.place() is None


@pytest.mark.usefixtures("no_ring")
def test_without_a_ring_it_is_a_file_with_a_passphrase():
    assert not key_ring.available()
    assert own_key.best_place() is Place.FILE
    with pytest.raises(BundleError, match="No passphrase was given"):
        own_key.create(Place.FILE)
    passphrases.hold({Passphrase.SIGNING_KEY: PASSPHRASE})
    made = own_key.create(Place.FILE)
    assert own_key.place() is Place.FILE
    assert keys.public_of(own_key.opened()) == made
    passphrases.hold({Passphrase.SIGNING_KEY: PASSPHRASE + "x"})
    with pytest.raises(BundleError, match="does not open"):
        own_key.opened()


@pytest.mark.usefixtures("no_ring")
def test_before_there_is_a_key():
    assert own_key.public() is None
    with pytest.raises(BundleError, match="no key yet"):
        own_key.opened()


@pytest.mark.usefixtures("ring")
def test_the_same_key_opens_what_was_encrypted_to_it(tmp_path):
    bundle = writer.pack(make_set(), make_papers())
    mine = own_key.create(Place.KEY_RING)
    config = ExportConfig(run=tmp_path, to=tmp_path, sign=True, recipients=(mine.line,))
    sealing.check_ready(config)
    path = tmp_path / "a.distilled.zip.age"
    path.write_bytes(sealing.sealed(bundle, config))
    assert sealing.to_open(path) == ()
    assert sealing.opened(path).signer == mine


@pytest.mark.skipif(AGE is None, reason="age is not installed")
@pytest.mark.usefixtures("ring")
def test_age_opens_with_the_key_as_a_file(tmp_path):
    mine = own_key.create(Place.KEY_RING)
    (tmp_path / "key").write_text(own_key.openssh_text(own_key.opened()))
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "b.age").write_bytes(encryption.encrypt(b"a bundle", recipients=[mine.line]))
    done = subprocess.run(
        [AGE, "-d", "-i", "key", "b.age"], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == b"a bundle"


@pytest.mark.usefixtures("no_ring")
def test_which_passphrases_an_export_takes(tmp_path):
    config = ExportConfig(run=tmp_path, to=tmp_path, sign=True, encrypt=True)
    assert sealing.to_send(config) == (Passphrase.BUNDLE,)  # no key yet: that is said instead
    passphrases.hold({Passphrase.SIGNING_KEY: PASSPHRASE})
    own_key.create(Place.FILE)
    assert sealing.to_send(config) == (Passphrase.SIGNING_KEY, Passphrase.BUNDLE)
    passphrases.hold({Passphrase.SIGNING_KEY: PASSPHRASE, Passphrase.BUNDLE: "short"})
    with pytest.raises(BundleError, match="has 5 characters; 12 is the least"):
        sealing.check_ready(config)


def test_a_passphrase_comes_from_memory_the_environment_a_file_or_the_ring(
    ring, tmp_path, monkeypatch
):
    which = Passphrase.BUNDLE
    ring.secrets["MedDistill", which] = "from the ring"
    assert passphrases.passphrase(which) == "from the ring"
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv(which + "_FILE", str(tmp_path / "secret"))
    assert passphrases.passphrase(which) == "from a file"
    monkeypatch.setenv(which, "from the environment")
    assert passphrases.passphrase(which) == "from the environment"
    passphrases.hold({which: "typed"})
    assert passphrases.passphrase(which) == "typed"
    assert passphrases.held() == {str(which): "typed"}
    passphrases.hold({})
    monkeypatch.delenv(which)
    monkeypatch.setenv(which + "_FILE", str(tmp_path / "missing"))
    with pytest.raises(BundleError, match="passphrase file"):
        passphrases.passphrase(which)
