"""The pixel cache: every image that a run may need, decoded once, as one memory-mapped uint8 array.

cache/pixels-<key>/
  images.npy     uint8 [N, C, S, S], 255 is white
  ids.npy        int64 [N], catalogue ids
  digests.npy    uint8 [N, 16], digest of each image as it stands in images.npy
The key is of the options and of the content that they were applied to. It holds patients' images: it never leaves the house.
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
from meddistill_gui.core.errors import ConfigError, LabelError, ProjectError, SourceError
from meddistill_gui.core.events import Event, Progress, Warned
from meddistill_gui.core.files import sync_folder, writing_to
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data import thumbnail_store
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.copies import find_copies
from meddistill_gui.data.headers import Problem
from meddistill_gui.data.reading import read_image
from meddistill_gui.data.recording import record_issues, record_pixels
from meddistill_gui.data.squares import content_digest, to_square, to_stored

PHASE: Final = "reading images"
CACHE_FORMAT: Final = 1
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
    """What decoding one image brought: pixels and the digest of the whole image, or why not."""

    wanted: _Wanted
    pixels: Pixels | None = None
    content: bytes = b""
    problem: Problem | None = None


def cached_images(
    catalogue: Catalogue, images: ImagesConfig, cache: Path, control: Control
) -> Iterator[Event]:
    """Decode every image that has a class and a role, unless that was done before with these options.

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
        yield from _fill(catalogue, source, images, wanted, unfinished, control)
        with writing_to(cache):
            unfinished.rename(folder)
            sync_folder(cache)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def load_role(catalogue: Catalogue, images: ImagesConfig, cache: Path, role: str) -> RealImages:
    """The images of one part of the split, in an order that only their pixels decide.

    Raises:
        ProjectError: The cache was not made, or is damaged.
    """
    folder = _folder(cache, images, _wanted(catalogue, images))
    try:
        stored = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        ids = np.load(folder / "ids.npy", allow_pickle=False)
        digests = np.load(folder / "digests.npy", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ProjectError(
            "The image cache of the project is missing or damaged.",
            "Empty the project's folder 'cache' and start again: it is made anew from the source.",
        ) from error
    rows = catalogue.connection.execute(
        "SELECT role.image, class.name, role.cluster FROM role JOIN label ON label.image = role.image "
        "JOIN class ON class.id = label.class WHERE role.role = ?",
        (role,),
    )
    known = {image: (name, cluster) for image, name, cluster in rows}
    class_names = tuple(count.name for count in catalogue.summary().classes)
    chosen = [index for index, image in enumerate(ids.tolist()) if image in known]
    chosen.sort(key=lambda index: (digests[index].tobytes(), known[int(ids[index])]))
    labels = [class_names.index(known[int(ids[index])][0]) for index in chosen]
    patients = [known[int(ids[index])][1] for index in chosen]
    order = np.asarray(chosen, dtype=np.int64)
    return RealImages(
        images=np.asarray(stored[order]),
        labels=np.asarray(labels, dtype=np.int64),
        patients=np.asarray(patients, dtype=np.int64),
        ids=ids[order],
        class_names=class_names,
        role=role,
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
            id=image, path=path, frame=frame, stamp=fingerprint + repr((size, modified)).encode()
        )
        for image, path, frame, fingerprint, size, modified in rows
    ]
    if not wanted:
        raise LabelError(
            "No image has a class and a part in the split.",
            "Label the images, then split the patients.",
        )
    return wanted


def _folder(cache: Path, images: ImagesConfig, wanted: Sequence[_Wanted]) -> Path:
    digest = hashlib.blake2b(repr((CACHE_FORMAT, to_mapping(images))).encode(), digest_size=12)
    for one in wanted:
        digest.update(one.id.to_bytes(8) + one.frame.to_bytes(4) + one.stamp)
    return cache / f"pixels-{digest.hexdigest()}"


def _fill(
    catalogue: Catalogue,
    source: Path,
    images: ImagesConfig,
    wanted: Sequence[_Wanted],
    folder: Path,
    control: Control,
) -> Iterator[Event]:
    """Decode all, write the arrays, and write down digests and problems in the catalogue."""
    contents: list[tuple[int, bytes]] = []
    digests: list[bytes] = []
    problems: list[tuple[str, Problem]] = []
    with (folder / "images.npy").open("wb+") as stream:
        # Appended to, not mapped: a full disk must be an error, not a bus error.
        _write_header(stream, len(wanted), images)
        for done, one in enumerate(_decoded(source, images, wanted, control), start=1):
            if one.pixels is not None:
                with writing_to(folder):
                    stream.write(one.pixels.tobytes())
                digests.append(hashlib.blake2b(one.pixels.tobytes(), digest_size=16).digest())
                contents.append((one.wanted.id, one.content))
            elif one.problem is not None:
                problems.append((one.wanted.path, one.problem))
                yield _warning(one.problem)
            if done % _BATCH == 0 or done == len(wanted):
                yield Progress(phase=PHASE, done=done, total=len(wanted), unit="images")
        with writing_to(folder):
            stream.seek(0)
            _write_header(stream, len(contents), images)
    record_pixels(catalogue, contents)
    record_issues(catalogue, "pixels", problems)
    if not contents:
        raise SourceError(
            f"None of the {len(wanted)} images can be decoded.",
            "Look at the list of issues; a decoder may be missing.",
        )
    _write_index(folder, [image for image, _ in contents], digests)
    stored = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    yield from find_copies(catalogue, [image for image, _ in contents], stored, control)


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
    source: Path, images: ImagesConfig, wanted: Sequence[_Wanted], control: Control
) -> Iterator[_Decoded]:
    workers = max(1, min(4, (os.cpu_count() or 1)))
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for start in range(0, len(wanted), _BATCH):
            control.safe_point()
            part = wanted[start : start + _BATCH]
            yield from pool.map(lambda one: _decode(source, images, one), part)


def _decode(source: Path, images: ImagesConfig, one: _Wanted) -> _Decoded:

    try:
        values = read_image(source / one.path, one.frame, window=images.window)
    except SourceError as error:
        problem = Problem(cause="undecodable", reason=error.message, remedy=error.remedy)
        return _Decoded(wanted=one, problem=problem)
    square = to_square(values, images.size, images.fit, images.channels)
    return _Decoded(wanted=one, pixels=to_stored(square), content=content_digest(values))


def _write_index(folder: Path, ids: Sequence[int], digests: Sequence[bytes]) -> None:
    """The two small arrays beside the pixels; then everything is made durable."""
    rows = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(ids), -1)
    with writing_to(folder):
        np.save(folder / "ids.npy", np.asarray(ids, dtype=np.int64), allow_pickle=False)
        np.save(folder / "digests.npy", rows, allow_pickle=False)
        for file in folder.iterdir():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
