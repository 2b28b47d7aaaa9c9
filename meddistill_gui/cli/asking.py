"""Asks for passphrases at the terminal, before the work begins and its display takes the screen."""

import getpass
import sys
from collections.abc import Iterator
from typing import Final

from meddistill_gui.bundle import passphrases
from meddistill_gui.bundle.passphrases import Passphrase
from meddistill_gui.core.configs.bundle import ExportConfig, KeyConfig, ReceiveConfig, VerifyConfig
from meddistill_gui.core.errors import InputError

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
