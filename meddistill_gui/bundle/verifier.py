"""Checking a bundle that came from elsewhere: first its bytes, then its parts, then that the parts agree.

Nothing in a bundle is run, unpickled or written anywhere. Order: size, zip directory, checksums, version, headers of the
zip, JSON against its schemas, tensors, and last that PNGs, `.npz` and recipe say the same as the tensors.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meddistill_gui.bundle import archive, bag, encryption, schema, signing, utility, writer
from meddistill_gui.bundle.archive import ASK_AGAIN, Members
from meddistill_gui.bundle.format import (
    ARRAYS,
    AUDIT,
    CARD,
    CROISSANT,
    DATASHEET,
    MAX_BUNDLE_BYTES,
    MAX_TEXT_BYTES,
    RECIPE,
    REPORT,
    SCRIPT,
    TENSORS,
    TERMS,
    UTILITY,
)
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.bundle.pictures import from_png, shown
from meddistill_gui.bundle.tensors import read_set
from meddistill_gui.core.distilled import DistilledSet, recipe_to_json
from meddistill_gui.core.errors import BundleError

_TEXTS: Final = (CROISSANT, SCRIPT, REPORT, TERMS, DATASHEET)
_REQUIRED: Final = (CARD, RECIPE, TENSORS, ARRAYS, *_TEXTS)
_OPTIONAL: Final = (UTILITY, AUDIT)


@dataclass(frozen=True, kw_only=True)
class VerifiedBundle:
    """A bundle that passed every check.

    Attributes:
        path: The file.
        sha256: Of the whole file, hexadecimal.
        size: Bytes.
        members: Name and bytes of each file of the payload.
        distilled: The synthetic images and their recipe.
        title: Title as the sender wrote it.
        contact: Whom to ask; "" where the sender gave none.
        licence: Terms of use; "" means: ask first.
        evaluation: Test figures (schema "utility") in the form of `evaluation.json`, or None.
        audit: The audit's public part (schema "audit"), or None.
        known_script: Whether `train_student.py` is the one that this version ships; another one should be read before it is run.
        signer: Whose signature it carries, which fits; None where it is not signed. Compare with `senders.known`.
    """

    path: Path
    sha256: str
    size: int
    members: tuple[tuple[str, int], ...]
    distilled: DistilledSet
    title: str
    contact: str
    licence: str
    evaluation: Mapping[str, Any] | None
    audit: Mapping[str, Any] | None
    known_script: bool
    signer: PublicKey | None


def verify(path: Path, *, passphrase: str = "", identities: Sequence[str] = ()) -> VerifiedBundle:
    """Check a bundle from its first to its last byte.

    Args:
        path: The file, `.distilled.zip` or encrypted `.distilled.zip.age`.
        passphrase: Opens an encrypted one.
        identities: Private keys that may open an encrypted one (`encryption.decrypt`).

    Raises:
        BundleError: It is missing, damaged, changed, too large, newer or not a bundle; the sentence says which.
    """
    content = _read(path)
    if encryption.is_encrypted(content) and (passphrase or identities):
        content = encryption.decrypt(content, passphrase=passphrase, identities=identities)
    return verify_content(content, path)


def verify_content(content: bytes, path: Path) -> VerifiedBundle:
    """As `verify`, for bytes that are in memory already.

    Raises:
        BundleError: As `verify`.
    """
    if encryption.is_encrypted(content):
        raise BundleError(
            f"{path.name} is encrypted.", "Give the passphrase or the private key to open it with."
        )
    members = archive.read_archive(content)
    files = bag.unbagged(members)
    archive.check_form(content, members)
    signer = signing.signer(members)
    _check_names(files)
    card = schema.parse("card", files[CARD])
    distilled = read_set(files[TENSORS])
    _check_agreement(files, card, distilled)
    return VerifiedBundle(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        members=tuple((name, len(files[name])) for name in sorted(files)),
        distilled=distilled,
        title=card["title"],
        contact=card["contact"],
        licence=card["licence"],
        evaluation=_evaluation(files),
        audit=schema.parse("audit", files[AUDIT]) if AUDIT in files else None,
        known_script=bytes(files[SCRIPT]) == writer.script(),
        signer=signer,
    )


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BUNDLE_BYTES:
            raise BundleError(
                f"{path.name} has {size / 2**20:,.0f} MiB; no bundle has more than {MAX_BUNDLE_BYTES >> 20}.",
                "Choose a file that MedDistill has exported.",
            )
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror or error}).",
            "Choose a file that is there and that you may read; plug the stick in again if it was one.",
        ) from error


def _check_names(files: Members) -> None:
    if missing := [name for name in _REQUIRED if name not in files]:
        raise BundleError(f"{missing[0]} is missing in the bundle.", ASK_AGAIN)
    for name in files.keys() - {*_REQUIRED, *_OPTIONAL}:
        if not name.startswith("data/images/"):
            raise BundleError(f"{name} does not belong in a bundle.", ASK_AGAIN)
    for name in _TEXTS:
        if len(files[name]) > MAX_TEXT_BYTES:
            raise BundleError(f"{name} has {len(files[name]):,} bytes, too many.", ASK_AGAIN)


def _check_agreement(files: Members, card: Mapping[str, Any], distilled: DistilledSet) -> None:
    """PNGs, `.npz`, recipe and card must say what the tensors say: nobody looks at one set and trains on another."""
    recipe = schema.parse("recipe", files[RECIPE])
    stored = json.loads(
        json.dumps(recipe_to_json(distilled.recipe))
    )  # tuples become lists, at any depth
    if stored != recipe:
        raise _disagree(RECIPE)
    if card["images"] != len(distilled.images) or card["class_names"] != recipe["class_names"]:
        raise _disagree(CARD)
    names = writer.image_names(distilled)
    if {name for name in files if name.startswith("data/images/")} != set(names):
        raise _disagree("The list of PNGs")
    for name, pixels in zip(names, shown(distilled), strict=True):
        if (from_png(bytes(files[name]), pixels.shape, name) != pixels).any():
            raise _disagree(name)
    if bytes(files[ARRAYS]) != writer.npz(distilled):
        raise _disagree(ARRAYS)


def _evaluation(files: Members) -> Mapping[str, Any] | None:
    if UTILITY not in files:
        return None
    return utility.as_evaluation(schema.parse("utility", files[UTILITY]))


def _disagree(what: str) -> BundleError:
    return BundleError(
        f"{what} does not show what {TENSORS} holds: the bundle was put together by hand.",
        "Do not use it; ask the sender.",
    )
