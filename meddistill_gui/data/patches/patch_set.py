"""Patches of large images, cut once and kept as memory-mapped arrays: two images at a time are in memory, whatever there are.

cache/patches-<key>/
  patches.npy    uint8 [N, C, S, S], 255 is white
  places.npy     int64 [N, 4]: catalogue id, row, column, class (`UNDECIDED` is -1)
The key is of the options, of the images' content and of their regions. It holds patients' images: it never leaves the house.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.config import to_mapping
from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, ProjectError, SourceError
from meddistill_gui.core.events import Event
from meddistill_gui.core.files import sync_folder, writing_to
from meddistill_gui.core.patch_set import PATCH_CLASSES, PatchSet
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.patches.patch_cutting import PATCHES, PLACES, Cut, cut_images
from meddistill_gui.data.patches.patch_plan import check_plan, labelled_rows
from meddistill_gui.data.patches.regions import regions_of

VOTED: Final = ("validation", "test")
"""Parts of the split whose images are decided by all of their patches; in the others, undecided ones are left out."""

_FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True)
class _Image:
    """What the catalogue says about one image of a role.

    Attributes:
        id: Catalogue id.
        cluster: Its patient's number.
        positive: Whether it is of the positive class.
        stamp: Changes when its content, its regions or its class do.
    """

    id: int
    cluster: int
    positive: bool
    stamp: bytes


def cut_patches(
    catalogue: Catalogue,
    plan: PatchesConfig,
    images: ImagesConfig,
    cache: Path,
    roles: Sequence[str],
    control: Control,
) -> Iterator[Event]:
    """Cut the images of these roles, unless that was done before with these options.

    Args:
        catalogue: Labelled, split, with regions.
        plan: Window, stride, positive class.
        images: Size that a patch is brought to, channels, grey window.
        cache: The project's cache folder.
        roles: Parts of the split.
        control: Asked to stop between images; what is half done is thrown away.

    Yields:
        `Progress` of the phase "cutting patches"; `Warned` for an image that cannot be decoded.

    Raises:
        ConfigError: The window does not fit on any image, or a class or the channels do not fit.
        LabelError: No image is labelled.
        SplitError: A patient stands in two parts of the split.
        SourceError: No image of a role can be decoded, or the source folder is gone.
        TargetError: The cache cannot be written.
        Stopped: On request.
    """
    if images.channels not in {1, 3}:
        raise ConfigError([f"channels is {images.channels}; it must be 1 (grey) or 3 (colour)."])
    check_plan(catalogue, plan, labelled_rows(catalogue))
    for role in roles:
        wanted = _images(catalogue, plan, role)
        folder = _folder(cache, plan, images, role, wanted)
        if wanted and not folder.is_dir():
            yield from _cut_role(catalogue, plan, images, role, wanted, folder, control)


def load_patches(
    catalogue: Catalogue, plan: PatchesConfig, images: ImagesConfig, cache: Path, role: str
) -> PatchSet:
    """The patches of one part of the split, image by image, in an order that no name decides; empty where it has no images.

    Raises:
        ProjectError: They were not cut, or the files are damaged.
    """
    wanted = _images(catalogue, plan, role)
    shape = (0, images.channels, images.size, images.size)
    pixels, places = np.empty(shape, np.uint8), np.empty((0, 4), np.int64)
    if wanted:
        folder = _folder(cache, plan, images, role, wanted)
        try:
            pixels = np.load(folder / PATCHES, mmap_mode="r", allow_pickle=False)
            places = np.load(folder / PLACES, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise _damaged() from error
        if len(pixels) != len(places) or pixels.shape[1:] != shape[1:]:
            raise _damaged()
    return _patch_set(wanted, role, pixels, places)


def _patch_set(
    wanted: Sequence[_Image],
    role: str,
    pixels: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
) -> PatchSet:
    number = {image.id: index for index, image in enumerate(wanted)}
    image = np.array([number[one] for one in places[:, 0].tolist()], dtype=np.int64)
    clusters = np.array([one.cluster for one in wanted], dtype=np.int64)
    patches = RealImages(
        images=pixels,
        labels=places[:, 3].copy(),
        patients=clusters[image] if len(image) else np.empty(0, np.int64),
        ids=places[:, 0].copy(),
        class_names=PATCH_CLASSES,
        role=role,
    )
    return PatchSet(
        patches=patches,
        image=image,
        position=places[:, 1:3].copy(),
        image_labels=np.array([one.positive for one in wanted], dtype=np.int64),
    )


def _images(catalogue: Catalogue, plan: PatchesConfig, role: str) -> list[_Image]:
    """The images of a role, ordered by the sample of their pixels."""
    rows = catalogue.connection.execute(
        "SELECT image.id, role.cluster, class.name, image.fingerprint, file.size, file.modified FROM role "
        "JOIN image ON image.id = role.image JOIN file ON file.id = image.file JOIN label ON label.image = image.id "
        "JOIN class ON class.id = label.class WHERE role.role = ? ORDER BY image.fingerprint, image.id",
        (role,),
    ).fetchall()
    return [
        _Image(
            id=image,
            cluster=cluster,
            positive=name == plan.positive,
            stamp=repr((name, fingerprint, size, modified, regions_of(catalogue, image))).encode(),
        )
        for image, cluster, name, fingerprint, size, modified in rows
    ]


def _folder(
    cache: Path, plan: PatchesConfig, images: ImagesConfig, role: str, wanted: Sequence[_Image]
) -> Path:
    options = {**to_mapping(plan), "project": ""}
    begin = json.dumps([_FORMAT, options, to_mapping(images), role in VOTED], sort_keys=True)
    digest = hashlib.blake2b(begin.encode(), digest_size=12)
    for one in wanted:
        digest.update(one.id.to_bytes(8) + hashlib.blake2b(one.stamp).digest())
    return cache / f"patches-{digest.hexdigest()}"


def _cut_role(
    catalogue: Catalogue,
    plan: PatchesConfig,
    images: ImagesConfig,
    role: str,
    wanted: Sequence[_Image],
    folder: Path,
    control: Control,
) -> Iterator[Event]:
    """Cut into a folder under another name, which is renamed when it is whole."""
    if catalogue.source is None or not catalogue.source.is_dir():
        raise SourceError(
            f"The source folder {catalogue.source} is not there.",
            "Connect its disk or share, then try again.",
        )
    cuts = (
        Cut(row=row, regions=regions_of(catalogue, row.id), positive=one.positive)
        for one in wanted
        for row in catalogue.images([one.id])
    )
    with writing_to(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        yield from cut_images(
            cuts, len(wanted), plan, images, unfinished, control, undecided=role in VOTED
        )
        with writing_to(folder.parent):
            unfinished.rename(folder)
            sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _damaged() -> ProjectError:
    return ProjectError(
        "The patches of the project are missing or damaged.",
        "Empty the project's folder 'cache' and start again: they are cut anew from the source.",
    )
