"""The pixel cache: every image that a run may need, decoded once, as one memory-mapped uint8 array.

cache/pixels-<key>/
  images.npy     uint8 [N, C, S, S], 255 is white
  ids.npy        int64 [N], catalogue ids
  digests.npy    uint8 [N, 16], digest of each image as it stands in images.npy
  stamps.npy     uint8 [N, 16], digest of where each image came from and of the file's state then
The key is of the options and of the content that they were applied to; where only some files changed, the others are taken over from
the folder before. It holds patients' images: it never leaves the house.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.config import to_mapping
from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError, SourceError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.files import sync_folder, writing_to
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.copies import find_copies
from meddistill_gui.data.facts import Problem
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images import thumbnail_store
from meddistill_gui.data.images.squares import content_digest, to_square, to_stored
from meddistill_gui.data.recording import record_issues, record_pixels

PHASE: Final = "reading images"
CACHE_FORMAT: Final = 2
KEPT: Final = ("pixels-*", "patches-*", ".unfinished-*")
"""Folders of the cache that hold patients' pixels; the patches are those of `patches`."""
_BATCH: Final = 64

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """One image to be cached."""

    id: int
    path: str
    frame: int
    stamp: bytes


@dataclass(frozen=True, kw_only=True)
class _Decoded:
    """What decoding one image brought: pixels and the digest of the whole image (None: known from before), or why not."""

    wanted: _Wanted
    pixels: Pixels | None = None
    content: bytes | None = None
    problem: Problem | None = None


def cached_images(
    catalogue: Catalogue, images: ImagesConfig, cache: Path, control: Control
) -> Iterator[Event]:
    """Decode every image that has a class and a role, unless that was done before with these options and the file is as it was.

    Args:
        catalogue: Labelled and split.
        images: Size, channels, fit, window.
        cache: The project's cache folder.
        control: Asked to stop between images; what is half done is thrown away.

    Yields:
        `Progress` of the phases "reading images" and "comparing images"; `Warned` for an image that cannot be decoded (it is left
        out and listed among the issues), for copies in two parts of the split and for copies with two classes (`copies`).

    Raises:
        ConfigError: channels is neither 1 nor 3.
        LabelError: No image has a class and a role.
        SourceError: None of them can be decoded, or the source folder is gone.
        TargetError: The cache cannot be written.
        Stopped: On request.
    """
    wanted = _wanted(catalogue, images)
    folder = _folder(cache, images, wanted)
    if folder.is_dir():
        return
    source = catalogue.source
    if source is None or not source.is_dir():
        raise SourceError(
            f"The source folder {source} is not there.",
            "Connect its disk or share, then try again.",
        )
    with writing_to(cache):
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=cache))
    try:
        earlier = _Earlier(_with_options(cache, images))
        yield from _fill(catalogue, source, images, wanted, unfinished, earlier, control)
        with writing_to(cache):
            unfinished.rename(folder)
            sync_folder(cache)
        for old in _with_options(cache, images):
            if (
                old != folder
            ):  # a run that still reads it keeps it open, or keeps it, where the system says so
                shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def cache_folder(catalogue: Catalogue, images: ImagesConfig, cache: Path) -> Path:
    """Where the pixels of the catalogue's images, as they are now, lie or would lie.

    Raises:
        ConfigError: channels is neither 1 nor 3.
        LabelError: No image has a class and a role.
    """
    return _folder(cache, images, _wanted(catalogue, images))


def cached_bytes(cache: Path) -> int:
    """Bytes that a purge would free: pixels and thumbnails of real images."""
    return sum(
        file.stat().st_size
        for file in cache.rglob("*")
        if file.is_file() and file.name not in {"lock", "holder"}
    )


def purge(cache: Path) -> int:
    """Delete every cached pixel of the project, thumbnails too.

    Returns:
        Bytes that were freed.

    Raises:
        TargetError: The cache cannot be written to.
    """
    freed = 0
    with writing_to(cache):
        for folder in [one for kind in KEPT for one in cache.glob(kind)]:
            freed += sum(file.stat().st_size for file in folder.iterdir())
            shutil.rmtree(folder)
    return freed + thumbnail_store.purge(cache)


def _wanted(catalogue: Catalogue, images: ImagesConfig) -> list[_Wanted]:
    if images.channels not in {1, 3}:
        raise ConfigError([f"channels is {images.channels}; it must be 1 (grey) or 3 (colour)."])
    rows = catalogue.connection.execute(
        "SELECT image.id, file.path, image.frame, image.fingerprint, file.size, file.modified FROM image "
        "JOIN file ON file.id = image.file JOIN label ON label.image = image.id JOIN role ON role.image = image.id "
        "ORDER BY image.id"
    )
    wanted = [
        _Wanted(
            id=image,
            path=path,
            frame=frame,
            stamp=_stamp(image, path, frame, fingerprint, size, modified),
        )
        for image, path, frame, fingerprint, size, modified in rows
    ]
    if not wanted:
        raise LabelError(
            "No image has a class and a part in the split.",
            "Label the images, then split the patients.",
        )
    return wanted


def _stamp(*state: object) -> bytes:
    return hashlib.blake2b(repr(state).encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _options(images: ImagesConfig) -> str:
    return hashlib.blake2b(
        repr((CACHE_FORMAT, to_mapping(images))).encode(), digest_size=6
    ).hexdigest()


def _folder(cache: Path, images: ImagesConfig, wanted: Sequence[_Wanted]) -> Path:
    digest = hashlib.blake2b(b"".join(one.stamp for one in wanted), digest_size=12)
    return cache / f"pixels-{_options(images)}-{digest.hexdigest()}"


def _with_options(cache: Path, images: ImagesConfig) -> list[Path]:
    """Folders of pixels that were made with these options, for this or another state of the source."""
    return sorted(cache.glob(f"pixels-{_options(images)}-*"))


class _Earlier:
    """Pixels of images that have not changed since they were decoded.

    Args:
        folders: Where to look for them; damaged ones are passed over.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._rows: dict[bytes, Pixels] = {}
        self._digests: dict[bytes, bytes] = {}
        for folder in folders:
            try:
                stored = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
                stamps = np.load(folder / "stamps.npy", allow_pickle=False)
                digests = np.load(folder / "digests.npy", allow_pickle=False)
            except (OSError, ValueError):
                continue
            for row, stamp, digest in zip(stored, stamps, digests, strict=False):
                self._rows[stamp.tobytes()] = row
                self._digests[stamp.tobytes()] = digest.tobytes()

    def pixels(self, one: _Wanted) -> Pixels | None:
        """The image's pixels, or None where it is new, has changed, or does not read back as it was written."""
        row = self._rows.get(one.stamp)
        if row is None or _digest(row) != self._digests[one.stamp]:
            return None
        return row


def _digest(pixels: Pixels) -> bytes:
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()


def _fill(
    catalogue: Catalogue,
    source: Path,
    images: ImagesConfig,
    wanted: Sequence[_Wanted],
    folder: Path,
    earlier: _Earlier,
    control: Control,
) -> Iterator[Event]:
    """Decode what is new, write the arrays, and write down digests and problems in the catalogue."""
    contents: list[tuple[int, bytes]] = []
    kept: list[_Wanted] = []
    digests: list[bytes] = []
    problems: list[tuple[str, Problem]] = []
    with (folder / "images.npy").open("wb+") as stream:
        # Appended to, not mapped: a full disk must be an error, not a bus error.
        _write_header(stream, len(wanted), images)
        for done, one in enumerate(_decoded(source, images, wanted, earlier, control), start=1):
            if one.pixels is not None:
                with writing_to(folder):
                    stream.write(one.pixels.tobytes())
                digests.append(_digest(one.pixels))
                kept.append(one.wanted)
                if one.content is not None:
                    contents.append((one.wanted.id, one.content))
            elif one.problem is not None:
                problems.append((one.wanted.path, one.problem))
                yield _warning(one.problem)
            if done % _BATCH == 0 or done == len(wanted):
                yield Progress(phase=PHASE, done=done, total=len(wanted), unit="images")
        with writing_to(folder):
            stream.seek(0)
            _write_header(stream, len(kept), images)
    record_pixels(catalogue, contents)
    record_issues(catalogue, "pixels", problems)
    if not kept:
        raise SourceError(
            f"None of the {len(wanted)} images can be decoded.",
            "Look at the list of issues; a decoder may be missing.",
        )
    ids = [one.id for one in kept]
    _write_index(folder, ids, digests, [one.stamp for one in kept])
    stored = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    yield from find_copies(catalogue, ids, stored, control)


def _write_header(stream: IO[bytes], count: int, images: ImagesConfig) -> None:
    """The npy header; numpy pads it so that it keeps its length whatever the first dimension is."""
    description = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)),
        "fortran_order": False,
        "shape": (count, images.channels, images.size, images.size),
    }
    np.lib.format.write_array_header_1_0(stream, description)


def _warning(problem: Problem) -> Warned:
    return Warned(code="undecodable-image", message=problem.reason, remedy=problem.remedy)


def _decoded(
    source: Path,
    images: ImagesConfig,
    wanted: Sequence[_Wanted],
    earlier: _Earlier,
    control: Control,
) -> Iterator[_Decoded]:
    workers = max(1, min(4, (os.cpu_count() or 1)))
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for start in range(0, len(wanted), _BATCH):
            control.safe_point()
            part = wanted[start : start + _BATCH]
            yield from pool.map(lambda one: _decode(source, images, one, earlier), part)


def _decode(source: Path, images: ImagesConfig, one: _Wanted, earlier: _Earlier) -> _Decoded:
    if (known := earlier.pixels(one)) is not None:
        return _Decoded(wanted=one, pixels=known)
    try:
        values = read_image(source / one.path, one.frame, window=images.window)
    except SourceError as error:
        problem = Problem(cause="undecodable", reason=error.message, remedy=error.remedy)
        return _Decoded(wanted=one, problem=problem)
    square = to_square(values, images.size, images.fit, images.channels)
    return _Decoded(wanted=one, pixels=to_stored(square), content=content_digest(values))


def _write_index(
    folder: Path, ids: Sequence[int], digests: Sequence[bytes], stamps: Sequence[bytes]
) -> None:
    """The small arrays beside the pixels; then everything is made durable."""
    with writing_to(folder):
        np.save(folder / "ids.npy", np.asarray(ids, dtype=np.int64), allow_pickle=False)
        for name, column in (("digests.npy", digests), ("stamps.npy", stamps)):
            rows = np.frombuffer(b"".join(column), dtype=np.uint8).reshape(len(ids), -1)
            np.save(folder / name, rows, allow_pickle=False)
        for file in folder.iterdir():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
