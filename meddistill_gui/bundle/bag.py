"""BagIt (RFC 8493): bag declaration, bag-info and the two sha-256 manifests."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from meddistill_gui.bundle.archive import ASK_AGAIN, Members
from meddistill_gui.bundle.format import (
    BAG_INFO,
    BAGIT,
    FORMAT,
    FORMAT_LINE,
    MANIFEST,
    ROOT,
    SIGNATURE,
    TAG_FILES,
    TAG_MANIFEST,
)
from meddistill_gui.core.errors import BundleError

_DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_./-]+)")
_FORMAT: Final = re.compile(rf"{FORMAT_LINE}: ([0-9]{{1,6}})")


def bagged(payload: Mapping[str, bytes], readme: tuple[str, bytes]) -> dict[str, bytes]:
    """Payload and tag files, ready for the archive (names below the bag's folder).

    Args:
        payload: Content of each file below `data/`.
        readme: Name and content of the text that stands beside the bag declaration.
    """
    octets = sum(map(len, payload.values()))
    info = (
        f"Payload-Oxum: {octets}.{len(payload)}\n{FORMAT_LINE}: {FORMAT}\n"
        "External-Description: Synthetic images for training; see README.txt\n"
    )
    tags = {BAGIT: _DECLARATION, BAG_INFO: info.encode(), MANIFEST: _manifest(payload)}
    tags |= {readme[0]: readme[1]}
    tags |= {TAG_MANIFEST: _manifest(tags)}
    return {ROOT + name: content for name, content in {**payload, **tags}.items()}


def unbagged(members: Members) -> Members:
    """The payload, after every file's checksum and the format's version were found right.

    Raises:
        BundleError: Naming what is missing, unlisted, changed or newer.
    """
    files = _below_root(members)
    files.pop(SIGNATURE, None)  # it covers the tag manifest, so it cannot stand in it
    tags = {name: view for name, view in files.items() if not name.startswith("data/")}
    payload = {name: view for name, view in files.items() if name.startswith("data/")}
    if missing := {*TAG_FILES, TAG_MANIFEST} - tags.keys():
        raise BundleError(f"{min(missing)} is missing in the bundle.", ASK_AGAIN)
    _check_manifest(TAG_MANIFEST, tags.pop(TAG_MANIFEST), tags)
    _check_version(tags[BAG_INFO])
    _check_manifest(MANIFEST, tags[MANIFEST], payload)
    if tags.keys() != set(TAG_FILES) or bytes(tags[BAGIT]) != _DECLARATION:
        raise BundleError(
            "The bundle is no BagIt bag of the form that MedDistill writes.", ASK_AGAIN
        )
    return payload


def _manifest(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def _below_root(members: Members) -> Members:
    if strange := [name for name in members if not name.startswith(ROOT)]:
        raise BundleError(
            f"This zip is no bundle: {min(strange)[:80]!r} stands outside the folder {ROOT}.",
            "Choose a file that MedDistill has exported.",
        )
    return {name.removeprefix(ROOT): view for name, view in members.items()}


def _check_manifest(title: str, manifest: memoryview, files: Members) -> None:
    listed = _listed(title, manifest)
    if odd := sorted(listed.keys() ^ files.keys()):
        what = "not listed in" if odd[0] in files else "missing, but listed in"
        raise BundleError(f"{odd[0]} is {what} {title}.", ASK_AGAIN)
    for name, digest in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise BundleError(
                f"{name} was changed on the way: its checksum is not the one in {title}.",
                "Copy it again; if it stays so, ask the sender to send it again.",
            )


def _listed(title: str, manifest: memoryview) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in bytes(manifest).decode("ascii", errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[2] in listed:
            raise BundleError(f"A line of {title} is damaged: {line[:90]!r}.", ASK_AGAIN)
        listed[found[2]] = found[1]
    return listed


def _check_version(info: memoryview) -> None:
    for line in bytes(info).decode("utf-8", errors="replace").splitlines():
        if found := _FORMAT.fullmatch(line):
            if int(found[1]) == FORMAT:
                return
            raise BundleError(
                f"The bundle has format {int(found[1])}; this version of MedDistill reads format {FORMAT}.",
                "Open it with a newer version of MedDistill.",
            )
    raise BundleError(f"{BAG_INFO} does not say which format the bundle has.", ASK_AGAIN)
