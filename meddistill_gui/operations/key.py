"""Show this user's key, by which receivers know a sender and to which others encrypt; or make it."""

from collections.abc import Iterator

from meddistill_gui.bundle import own_key
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.bundle import KeyConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.events import Event, Finished, Started


def key(config: KeyConfig, control: Control) -> Iterator[Event]:
    """Say the key's words, fingerprint and public line.

    Raises:
        BundleError: There is none yet, or none can be made.
        TargetError: The key's file cannot be written.
    """
    yield Started(operation="key")
    control.safe_point()
    if validate(config).create:
        where = own_key.best_place() if config.keep == "auto" else Place(config.keep)
        own_key.create(where)
    mine = own_key.public()
    if mine is None:
        raise BundleError("You have no key yet.", "Make one: meddistill key --create")
    kept = (
        "the system's key ring" if own_key.place() is Place.KEY_RING else "a file with a passphrase"
    )
    yield Finished(
        summary={
            "words": mine.words,
            "fingerprint": mine.fingerprint,
            "line": mine.line,
            "kept_in": kept,
            "text": "Give the line to those who send to you or receive from you, and read out the words on the telephone.",
        }
    )
