"""Passphrases are asked for at a real pseudo-terminal, and never stand in the command."""

import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from meddistill_gui.bundle import keys
from meddistill_gui.cli import asking
from meddistill_gui.core.configs.bundle import KeyConfig, VerifyConfig
from meddistill_gui.core.configs.distill import REAL_START, DistillConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.errors import InputError
from meddistill_gui.core.run_folder import create_run

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


class _Typing(_Terminal):
    def __init__(self, answer: str) -> None:
        self.answer = answer

    def readline(self) -> str:
        return f"{self.answer}\n"


@pytest.mark.parametrize(("answer", "confirmed"), [("yes", True), ("Yes ", True), ("y", False), ("", False)])  # fmt: skip
def test_a_start_from_real_images_is_confirmed(monkeypatch, tmp_path, capsys, answer, confirmed):
    monkeypatch.setattr("sys.stdin", _Typing(answer))
    config = DistillConfig(project=tmp_path, initialisation="real")
    if confirmed:
        asking.confirm_real_start("distill", config)
    else:
        with pytest.raises(InputError, match=r"Nothing was begun.*to start from noise"):
            asking.confirm_real_start("distill", config)
    assert REAL_START in capsys.readouterr().err


def test_only_who_begins_such_a_run_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", _Typing("no"))
    noise, real = (DistillConfig(project=tmp_path, initialisation=how) for how in ("noise", "real"))
    asking.confirm_real_start("distill", noise)
    asking.confirm_real_start("estimate", real)
    asking.confirm_real_start("scan", ScanConfig(source=tmp_path, project=tmp_path))
    create_run(real)
    asking.confirm_real_start("distill", real)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    asking.confirm_real_start("distill", replace(real, name="other"))


@pytest.mark.slow
def test_the_program_asks_before_it_begins(tmp_path):
    command = ["distill", "--project", str(tmp_path / "none"), "--initialisation", "real"]
    code, said = at_a_terminal(command, ["no"])
    assert code == 2
    assert "Nothing was begun." in said
    assert not (tmp_path / "none").exists()
