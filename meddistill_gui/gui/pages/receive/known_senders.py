"""Senders whose keys this user knows: looked up, and added after their words were compared."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QInputDialog, QWidget

from meddistill_gui.bundle import senders
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.core.errors import BundleError


def known_name(key: PublicKey) -> str:
    """The name of a known key; "" where it is not known or the list cannot be read."""
    try:
        return senders.known().get(key, "")
    except BundleError:
        return ""  # a damaged list knows nobody; adding to it says what is wrong


def ask_and_remember(key: PublicKey, parent: QWidget) -> str:
    """Ask for the sender's name and remember the key.

    Returns:
        The name, or "" if the user thought better of it.

    Raises:
        BundleError: The name cannot be used, or the list is damaged.
    """
    say = QCoreApplication.translate
    name, agreed = QInputDialog.getText(
        parent,
        say("Receive", "Remember this sender"),
        say(
            "Receive", "The sender read out the same words:\n{words}\n\nName of the sender:"
        ).format(words=key.words),
    )
    if not agreed:
        return ""
    senders.remember(name, key)
    return " ".join(name.split())
