"""Searching a bundle for names, identifiers, paths and dates of the source, in every wrapping and every form.

The tokens are what was really met at import: header values, file and folder names, this user's and this machine's name.
They are kept in memory only. A search proves nothing unless it is known to find: `control` plants a token in every way
that is claimed, and a single one missed makes the result void.
"""

import getpass
import itertools
import platform
import secrets
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.bundle.plants import PLANTS
from meddistill_gui.bundle.unfolding import layers
from meddistill_gui.core.errors import BundleError

SHORTEST_TOKEN: Final = 5
_SHORTEST_IN_NUMBERS: Final = 7
"""Bytes. Shorter forms meet by chance in pixels and floats: a million of them hold any 5 given letters too often."""

_ENCODINGS: Final = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_KEY: Final = 5
_TABLE_BITS: Final = 22
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_BLOCK: Final = 2**20


@dataclass(frozen=True)
class Finding:
    """A token that stands in a bundle.

    Attributes:
        token: Which.
        where: The way to it, e.g. "bundle > data/x.png > chunk zTXt > zlib".
    """

    token: str
    where: str


def scan(content: bytes, tokens: Collection[str]) -> tuple[Finding, ...]:
    """Every token that stands in the content in some form.

    Args:
        content: A bundle, or any other file.
        tokens: What must not stand there; those under `SHORTEST_TOKEN` characters are left out, they meet by chance.

    Raises:
        ValueError: The content unfolds to more than can be searched.
    """
    forms = _forms(tokens)
    if not forms:
        return ()
    search = _Search(forms)
    found: dict[str, Finding] = {}
    for where, layer in layers(content, "bundle"):
        for token in search.tokens_in(layer):
            if token not in found or where.count(">") > found[token].where.count(">"):
                found[token] = Finding(token, where)  # the way that says most
    return tuple(sorted(found.values(), key=lambda finding: finding.token))


def control() -> tuple[str, ...]:
    """Plant a fresh token in every way of `PLANTS`; returns the names of those that the scan missed: none, if it works."""
    token = "".join(secrets.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(10)) + "Ä" + "q7x"
    return tuple(name for name, plant in PLANTS.items() if not scan(plant(token), [token]))


def check(content: bytes, tokens: Collection[str], *, typed: Collection[str] = ()) -> None:
    """Refuse to send what holds a token, or what cannot be searched.

    Args:
        content: The bundle, before it is encrypted.
        tokens: What must not stand there.
        typed: What a person typed or accepted and what therefore may stand there: title, contact, licence, class names.

    Raises:
        BundleError: Naming each token and where it stands; or the scan's own control failed.
    """
    if missed := control():
        raise BundleError(
            f"The search for names in the bundle does not work: it missed a word planted as {missed[0]}.",
            "Nothing was sent. Report this; it is a fault of the program.",
        )
    accepted = " ".join(typed).casefold()
    wanted = {token for token in tokens if token.strip().casefold() not in accepted}
    found = scan(content, wanted)
    if found:
        places = "; ".join(f"{one.token!r} in {one.where}" for one in found[:5])
        raise BundleError(
            f"{len(found)} names or identifiers of the source stand in the bundle: {places}.",
            "Nothing was sent. Change what was typed, or report this if you did not type it.",
        )


def this_machine() -> set[str]:
    """Words that tell who packed a bundle and where: this user, this machine."""
    names = {getpass.getuser(), platform.node(), str(Path.home())}
    ordinary = {"root", "admin", "user", "users", "home", "localhost", "ubuntu", "debian"}
    return {name for name in names if name.lower() not in ordinary and len(name) >= SHORTEST_TOKEN}


class _Search:
    """Looks for thousands of forms at once: one table look-up per byte, then a comparison at the few places that remain."""

    def __init__(self, forms: dict[bytes, str]) -> None:
        self._by_key: dict[bytes, list[tuple[bytes, str]]] = {}
        for form, token in forms.items():
            self._by_key.setdefault(form[:_KEY], []).append((form, token))
        self._table = np.zeros(1 << _TABLE_BITS, bool)
        self._table[_hashes(b"".join(self._by_key))[::_KEY]] = True

    def tokens_in(self, layer: bytes) -> Iterator[str]:
        """The tokens that some form of stands in this layer."""
        lowered = layer.lower()
        shortest = SHORTEST_TOKEN if _is_text(layer) else _SHORTEST_IN_NUMBERS
        for begin in range(0, len(lowered), _BLOCK):
            hashes = _hashes(lowered[begin : begin + _BLOCK + _KEY - 1])
            for place in np.flatnonzero(self._table[hashes]):
                at = begin + int(place)
                for form, token in self._by_key.get(lowered[at : at + _KEY], ()):
                    if len(form) >= shortest and lowered.startswith(form, at):
                        yield token


def _hashes(content: bytes) -> npt.NDArray[np.uint64]:
    """A number below 2 ** `_TABLE_BITS` for each run of `_KEY` bytes."""
    values = np.frombuffer(content, np.uint8).astype(np.uint64)
    count = max(0, len(values) - _KEY + 1)
    keys = np.zeros(count, np.uint64)
    for offset in range(_KEY):
        keys |= values[offset : offset + count] << np.uint64(8 * offset)
    return (keys * _FACTOR) >> np.uint64(64 - _TABLE_BITS)


def _forms(tokens: Collection[str]) -> dict[bytes, str]:
    """Lower-cased bytes of each way of writing each token."""
    found: dict[bytes, str] = {}
    for token in tokens:
        for text, encoding in itertools.product(_spellings(token), _ENCODINGS):
            form = text.encode(encoding, errors="ignore").lower()
            if len(form) >= _KEY:
                found[form] = token
                found[form[::-1]] = token
    return found


def _spellings(token: str) -> set[str]:
    whole = token.strip()
    if len(whole) < SHORTEST_TOKEN:
        return set()
    cases = {whole, whole.upper(), whole.casefold()}
    cases |= {text[::-1] for text in cases}
    composed = {unicodedata.normalize("NFC", text) for text in cases}
    return composed | {unicodedata.normalize("NFD", text) for text in cases}


def _is_text(layer: bytes) -> bool:
    sample = layer[:4096]
    return sum(32 <= byte < 127 or byte in b"\t\r\n\0" for byte in sample) > 0.9 * len(sample)
