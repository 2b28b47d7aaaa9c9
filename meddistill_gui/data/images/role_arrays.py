"""The cached images of one part of the split, in an order that only their pixels decide, as a memory map: not more of them is in memory than is looked at."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import writing_to
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.images.pixels import cache_folder

_ROWS: Final = 1024

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


def load_role(catalogue: Catalogue, images: ImagesConfig, cache: Path, role: str) -> RealImages:
    """The images of one part of the split.

    Raises:
        ProjectError: The cache was not made, or is damaged.
        TargetError: The cache cannot be written to.
    """
    folder = cache_folder(catalogue, images, cache)
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
    order = np.asarray(chosen, dtype=np.int64)
    found = [known[int(ids[index])] for index in chosen]
    return RealImages(
        images=_in_order(folder, role, stored, order),
        labels=np.asarray([class_names.index(name) for name, _ in found], dtype=np.int64),
        patients=np.asarray([cluster for _, cluster in found], dtype=np.int64),
        ids=ids[order],
        class_names=class_names,
        role=role,
    )


def _in_order(folder: Path, role: str, stored: Pixels, order: Numbers) -> Pixels:
    """The rows of an array in another order, as a memory map of a file that is written once."""
    if not len(order):
        return np.empty((0, *stored.shape[1:]), dtype=np.uint8)
    key = hashlib.blake2b(order.tobytes(), digest_size=8).hexdigest()
    path = folder / f"{role}-{key}.npy"
    if not path.is_file():
        _write(path, stored, order)
        for old in folder.glob(f"{role}-*.npy"):  # of an earlier division
            if old != path:
                _remove(old)
    found: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _write(path: Path, stored: Pixels, order: Numbers) -> None:
    """Appended to, not mapped: a full disk must be an error, not a bus error."""
    with writing_to(path.parent):
        handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                description = {
                    "descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)),
                    "fortran_order": False,
                    "shape": (len(order), *stored.shape[1:]),
                }
                np.lib.format.write_array_header_1_0(stream, description)
                for start in range(0, len(order), _ROWS):
                    stream.write(stored[order[start : start + _ROWS]].tobytes())
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            _remove(Path(name))
            raise


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # Windows keeps a file that a run still maps; the next purge takes it
        return
