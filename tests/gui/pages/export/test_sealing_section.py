"""Signing and encrypting, as the page asks for them."""

import keyring.backends.fail
import pytest
from PySide6.QtWidgets import QLineEdit

from meddistill_gui.bundle import key_ring, keys, own_key, passphrases, senders
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Finished
from meddistill_gui.gui.pages.export.page import ExportPage
from meddistill_gui.gui.pages.export.sealing_section import TO_KEYS, TO_PASSPHRASE
from meddistill_gui.gui.widgets.key_dialog import KeyDialog

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a key that is made below


@pytest.fixture
def page(session, start_fake, hospital, qtbot, monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    monkeypatch.setattr(key_ring, "available", lambda: False)
    hospital.audited(hospital.finished(hospital.run()))
    made = ExportPage(session, start_fake)
    qtbot.addWidget(made)
    session.open_project(hospital.project.root)
    made.resize(1100, 900)
    made.show()
    start_fake.scripts["export"] = [
        Finished(summary={"bundle": "/b.zip", "bytes": 1, "sha256": "ab"})
    ]
    yield made
    made._reading.close()
    made._sealing.key._work.close()
    passphrases.hold({})


def choose(section, kind):
    section.kind.setCurrentIndex(section.kind.findData(kind))


def typed(field, *texts):
    for line, text in zip((field.first, field.again), texts, strict=False):
        line.setText(text)
        line.textEdited.emit(text)


def test_nothing_is_asked_where_nothing_is_signed_or_encrypted(page):
    section = page._sealing
    assert section.options() == {"sign": False, "encrypt": False, "recipients": ()}
    assert section.passphrases() == {}
    for widget in (section.key, section.key_passphrase, section.passphrase, section.lines):
        assert not widget.isVisible()


def test_a_key_is_made_shown_in_words_and_signs(page, qtbot, start_fake, monkeypatch):
    section = page._sealing
    section.sign.setChecked(True)
    assert section.key.make.isVisible()
    page.export()
    assert "no key to sign with" in page._frame.notice.text()

    def fill(dialog):
        assert dialog.place() is Place.FILE
        assert not dialog.ring.isEnabled()
        assert not dialog.go.isEnabled()
        typed(dialog.field, "short", "short")
        assert not dialog.go.isEnabled()
        typed(dialog.field, PASSPHRASE, PASSPHRASE)
        assert dialog.go.isEnabled()
        return KeyDialog.DialogCode.Accepted

    monkeypatch.setattr(KeyDialog, "exec", fill)
    with qtbot.waitSignal(section.key.changed, timeout=10_000):
        section.key.make.click()
    assert own_key.public().words in section.key._words.text()
    assert passphrases.held() == {}
    assert section.key_passphrase.isVisible()

    page.export()
    assert "Passphrase of your key is missing" in page._frame.notice.text()
    typed(section.key_passphrase, PASSPHRASE)
    with qtbot.waitSignal(page._work.finished):
        page.export()
    _, config = start_fake.asked[-1]
    assert config.sign
    assert PASSPHRASE not in str(config)
    assert passphrases.held() == {}
    assert section.key_passphrase.first.text() == ""


def test_to_a_passphrase_typed_twice(page, qtbot, start_fake):
    section = page._sealing
    choose(section, TO_PASSPHRASE)
    assert section.passphrase.first.echoMode() is QLineEdit.EchoMode.Password
    typed(section.passphrase, PASSPHRASE, "another")
    with pytest.raises(ConfigError, match="two different"):
        section.passphrases()
    typed(section.passphrase, PASSPHRASE, PASSPHRASE)
    assert section.passphrases() == {"MEDDISTILL_BUNDLE_PASSPHRASE": PASSPHRASE}
    with qtbot.waitSignal(page._work.finished):
        page.export()
    assert start_fake.asked[-1][1].encrypt


def test_to_people_whose_keys_are_known_and_to_other_lines(page, qtbot, start_fake):
    key = PublicKey(bytes(32))
    senders.remember("Klinik Nord", key)
    section = page._sealing
    section.refresh()
    choose(section, TO_KEYS)
    with pytest.raises(ConfigError, match="Nobody is chosen"):
        section.options()
    assert section.people.itemText(1) == "Klinik Nord"
    section.people.activated.emit(1)
    section.people.activated.emit(1)
    section.lines.appendPlainText("age1abc")
    with qtbot.waitSignal(page._work.finished):
        page.export()
    assert start_fake.asked[-1][1].recipients == (key.line, "age1abc")


@pytest.fixture
def no_key_ring():
    """A system whose key ring takes nothing."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("no_key_ring")
def test_a_key_ring_that_refuses_is_said(page, qtbot):
    with qtbot.waitSignal(page._sealing.key.failed, timeout=10_000):
        page._sealing.key.make_key(Place.KEY_RING, "")
    assert "key ring does not take the key" in page._frame.notice.text()
