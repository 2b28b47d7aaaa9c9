"""A user's own key and the list of known senders, as operations."""

import pytest

from meddistill_gui.bundle import keys, passphrases
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.configs.bundle import KeyConfig, SendersConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, ConfigError
from meddistill_gui.operations.key import key
from meddistill_gui.operations.senders import known_senders
from tests.operations.small_hospital import finished


def test_a_key_is_made_once_and_shown_ever_after(monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    with pytest.raises(BundleError, match="no key yet"):
        finished(key(KeyConfig(), Control()))
    passphrases.hold({Passphrase.SIGNING_KEY: "correct horse battery"})
    made = finished(key(KeyConfig(create=True, keep="file"), Control()))
    passphrases.hold({})
    assert finished(key(KeyConfig(), Control())) == made
    assert len(made["words"].split()) == 6
    assert made["kept_in"] == "a file with a passphrase"
    assert "correct" not in str(made)
    with pytest.raises(BundleError, match="a signing key already"):
        finished(key(KeyConfig(create=True, keep="file"), Control()))


def test_senders_are_added_listed_and_forgotten():
    line = keys.PublicKey(bytes(32)).line
    assert finished(known_senders(SendersConfig(), Control()))["senders"] == []
    added = finished(known_senders(SendersConfig(add=line, name="Klinik Nord"), Control()))
    assert [one["name"] for one in added["senders"]] == ["Klinik Nord"]
    assert added["text"] == "1 sender is known."
    with pytest.raises(BundleError, match="Nobody is known as 'Süd'"):
        finished(known_senders(SendersConfig(forget="Süd"), Control()))
    gone = finished(known_senders(SendersConfig(forget="Klinik Nord"), Control()))
    assert gone["senders"] == []
    with pytest.raises(ConfigError, match="belong together"):
        finished(known_senders(SendersConfig(add=line), Control()))
