"""Asks at the terminal what nothing else says, before the work begins and its display takes the screen."""

import getpass
import sys
from collections.abc import Iterator
from typing import Final

from meddistill_gui.bundle import passphrases
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.configs.bundle import ExportConfig, KeyConfig, ReceiveConfig, VerifyConfig
from meddistill_gui.core.configs.distill import REAL_START, DistillConfig
from meddistill_gui.core.errors import InputError
from meddistill_gui.core.run_folder import RunFolder

_WORDS: Final = {
    Passphrase.SIGNING_KEY: "Passphrase of your key",
    Passphrase.BUNDLE: "Passphrase of the bundle",
}


def ask_for_passphrases(config: object) -> None:
    """Ask for what is needed and given nowhere else; where nobody sits at a terminal, nothing is asked.

    Raises:
        InputError: A new passphrase was typed in two ways.
    """
    if not isinstance(config, ExportConfig | KeyConfig | ReceiveConfig | VerifyConfig):
        return
    if not sys.stdin.isatty():
        return
    typed: dict[str, str] = {}
    for which, new in _needed(config):
        if not passphrases.given(which):
            typed[which] = _asked(_WORDS[which], new=new)
    passphrases.hold(typed)


def confirm_real_start(operation: str, config: object) -> None:
    """Let whoever sits at the terminal confirm a run that starts from real images; a script has said so by its option.

    Raises:
        InputError: It was not confirmed; nothing was begun.
    """
    if operation != "distill" or not isinstance(config, DistillConfig):
        return
    if config.initialisation == "noise" or not sys.stdin.isatty():
        return
    if RunFolder(config.project / "runs" / config.name).config.is_file():
        return  # it was asked when the run began
    sys.stderr.write(f"{REAL_START} Type yes to begin: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise InputError("Nothing was begun.", "Leave --initialisation out to start from noise.")


def _needed(
    config: ExportConfig | KeyConfig | ReceiveConfig | VerifyConfig,
) -> Iterator[tuple[Passphrase, bool]]:
    """Each passphrase, and whether it is a new one, which is asked for twice."""
    # here and not above: these load the cryptography, which no other command line waits for
    from meddistill_gui.bundle import own_key, sealing  # noqa: PLC0415

    if isinstance(config, KeyConfig):
        kept_in_file = config.keep == "file" or (
            config.keep == "auto" and own_key.best_place() is own_key.Place.FILE
        )
        if config.create and kept_in_file and own_key.place() is None:
            yield Passphrase.SIGNING_KEY, True
    elif isinstance(config, ExportConfig):
        for which in sealing.to_send(config):
            yield which, which is Passphrase.BUNDLE
    else:
        for which in sealing.to_open(config.bundle, config.identity):
            yield which, False


def _asked(words: str, *, new: bool) -> str:
    first = getpass.getpass(f"{words}: ")
    if new and getpass.getpass("The same once more: ") != first:
        raise InputError("These were two different passphrases.", "Start again.")
    return first
