"""Options of what travels: export, and at the other hospital verify and receive."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Pack a run's result as one file for another hospital, and read every byte of it back."""

    run: Path = option(text="Run folder.", positional=True)
    to: Path = option(text="Folder to write to: a USB stick, a network share, any folder.")
    name: str = option("", text="File name without extension; empty takes the run's name.")
    title: str = option("", text="Title of the set, as its receiver will read it.")
    contact: str = option("", text="Whom the receiver may ask; empty leaves it out.")
    licence: str = option("", text="Terms of use, e.g. CC-BY-4.0; empty means: ask the sender.")
    replace: bool = option(
        default=False, text="Replace a file of this name that has other content.", expert=True
    )
    sign: bool = option(default=False, text="Sign the bundle with your key.", expert=True)
    recipients: tuple[str, ...] = option(
        (),
        text="Encrypt to these public keys (age1… or ssh-ed25519 …); only their holders can open it.",
        expert=True,
    )
    encrypt: bool = option(
        default=False, text="Encrypt to a passphrase that you tell the receiver.", expert=True
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.encrypt and self.recipients:
            yield "encrypt and recipients are both set; a bundle is encrypted to a passphrase or to public keys."


@dataclass(frozen=True, kw_only=True)
class VerifyConfig:
    """Check a bundle: whole, unchanged, well-formed. Nothing in it is run."""

    bundle: Path = option(text="Bundle file (.distilled.zip).", positional=True)
    identity: Path | None = option(
        None, text="File with your private key, for a bundle encrypted to it.", expert=True
    )


@dataclass(frozen=True, kw_only=True)
class ReceiveConfig:
    """Open a checked bundle and train a student on it."""

    bundle: Path = option(text="Bundle file (.distilled.zip).", positional=True)
    out: Path = option(text="Folder for the images and the trained student.")
    project: Path | None = option(
        None, text="Project whose labelled images test the student; empty: it is not tested."
    )
    students: int = option(1, text="Students to train.", minimum=1, maximum=100)
    own_images: int = option(
        0,
        text="Compare with training on this many of your own images of each class, alone and together with the bundle; "
        "0: no comparison.",
        minimum=0,
        maximum=10_000,
    )
    whole: bool = option(
        default=False,
        text="Compare with training on all of your own training images as well.",
        expert=True,
    )
    seed: int = option(0, text="Seed of the students.", minimum=0, maximum=2**31 - 1, expert=True)
    device: str = option(
        "auto",
        text="Where to compute; auto takes a GPU if there is one.",
        choices=("auto", "cpu", "cuda"),
    )
    identity: Path | None = option(
        None, text="File with your private key, for a bundle encrypted to it.", expert=True
    )
    also: tuple[str, ...] = option(
        (),
        text="Further bundles with the same classes, from other hospitals, to train on together.",
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if (self.own_images or self.whole) and self.project is None:
            yield "own_images and whole compare with your own images; choose the project that holds them."


@dataclass(frozen=True, kw_only=True)
class KeyConfig:
    """Show your key, by which receivers know you and to which others encrypt; or make it."""

    create: bool = option(default=False, text="Make the key; there must be none yet.")
    keep: str = option(
        "auto",
        text="Where a new key is kept; auto takes the system's key ring, or where there is none a file with a passphrase.",
        choices=("auto", "key-ring", "file"),
        expert=True,
    )


@dataclass(frozen=True, kw_only=True)
class SendersConfig:
    """List the senders whose keys you know; add or forget one."""

    add: str = option("", text="Public key to add: the line that begins with ssh-ed25519.")
    name: str = option("", text="Name of the sender that is added.")
    forget: str = option("", text="Name of a sender to forget.")

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if bool(self.add) != bool(self.name):
            yield "add and name belong together: a key and whose it is."
