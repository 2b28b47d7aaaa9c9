"""Passphrases are asked for at a real pseudo-terminal, and never stand in the command."""

import os
import subprocess
import sys

import pytest

from meddistill_gui.bundle import keys
from meddistill_gui.cli import asking
from meddistill_gui.core.configs.bundle import KeyConfig, VerifyConfig
from meddistill_gui.core.configs.scan import ScanConfig

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a key that is made below


def at_a_terminal(command: list[str], answers: list[str]) -> tuple[int, str]:
    """Run this program with a pseudo-terminal; each answer is typed after a question."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "meddistill_gui", *command],
        stdin=there, stdout=there, stderr=there, start_new_session=True, close_fds=True,
    )  # fmt: skip
    os.close(there)
    said, asked = b"", 0
    while chunk := _read(here):
        said += chunk
        # typed too early it would be thrown away, when the echo is switched off
        if answers and said.count(b": ") > asked:
            asked += 1
            os.write(here, answers.pop(0).encode() + b"\n")
    os.close(here)
    return child.wait(), said.decode(errors="replace")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:  # Linux says so when the other side is closed
        return b""


@pytest.mark.slow
def test_a_new_passphrase_is_asked_for_twice_and_opens_the_key():
    code, said = at_a_terminal(["key", "--create", "--keep", "file"], [PASSPHRASE, PASSPHRASE])
    assert code == 0, said
    assert PASSPHRASE not in said
    public = keys.public_of(keys.open_key(PASSPHRASE))
    assert public.words in said.replace("\r\n", "\n")


@pytest.mark.slow
def test_two_different_ones_make_no_key():
    code, said = at_a_terminal(["key", "--create", "--keep", "file"], [PASSPHRASE, "other"])
    assert code == 2
    assert "two different passphrases" in said
    assert not keys.default_key_file().exists()


def test_nothing_is_asked_where_nobody_sits(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _: pytest.fail("asked"))
    asking.ask_for_passphrases(KeyConfig(create=True, keep="file"))


class _Terminal:
    def isatty(self) -> bool:
        return True


def test_what_needs_no_passphrase_is_not_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", _Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: pytest.fail("asked"))
    (tmp_path / "b.distilled.zip").write_bytes(b"PK")
    asking.ask_for_passphrases(VerifyConfig(bundle=tmp_path / "b.distilled.zip"))
    asking.ask_for_passphrases(ScanConfig(source=tmp_path, project=tmp_path))
