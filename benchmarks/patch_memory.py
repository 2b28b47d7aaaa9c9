"""Memory and time of cutting 200 invented images of 2048 x 2048 into 245,000 patches: `python -m benchmarks.patch_memory`.

Two figures of memory, each the most of its part. "own" is what the program has allocated (RssAnon): it must fit. "resident"
(VmHWM) counts the pages of mapped files too, above all the patches on the disk, which the system drops as soon as somebody
needs the room; it grows with the file and says how much memory was free. Needs Linux, which tells them apart.
"""

import argparse
import resource
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.project import create_project
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.patches.patch_plan import count_patches
from meddistill_gui.data.patches.patch_set import cut_patches, load_patches
from meddistill_gui.data.patches.regions import mask_region, replace_regions
from meddistill_gui.data.phantoms import dicom as phantom_dicom
from meddistill_gui.data.phantoms.fold_hospital import KINDS
from meddistill_gui.data.phantoms.folds import FOLDS, FoldPhantom, draw_folds
from meddistill_gui.data.scanning import scan

_DRAWN = 4  # pictures that are really drawn; the others are these, shifted


def main() -> None:
    """Print what each part took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--size", type=int, default=96, help="side that a patch is stored at")
    options = parser.parse_args()
    print(f"{'':22}{'seconds':>9}{'CPU s':>8}{'own, MB':>12}{'resident, MB':>14}")
    threading.Thread(target=_watch, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.images, options.side, options.size)


def measure(folder: Path, images: int, side: int, size: int) -> None:
    """Invent, scan, draw regions, count and cut; every image is of the test part, so that every place is kept."""
    shifts = np.random.default_rng(0).integers(0, side, images)
    drawn = [
        draw_folds(side, FOLDS[number % 2], np.random.default_rng(number))
        for number in range(_DRAWN)
    ]
    began = _now()
    for number in range(images):
        _write(folder / "images", number, drawn[number % _DRAWN], int(shifts[number]))
    began = _say("inventing", began)
    project = create_project(folder / "project")
    with open_catalogue(project.catalogue) as catalogue:
        config = ScanConfig(source=folder / "images", project=project.root)
        for _ in scan(config, catalogue, Control()):
            pass
        label(LabelConfig(project=project.root), catalogue, Control())
        _mark(catalogue, drawn, shifts)
        began = _say("scanning, regions", began)
        plan = PatchesConfig(project=project.root, positive=FOLDS[1])
        for _ in count_patches(catalogue, plan, Control()):
            pass
        began = _say("counting places", began)
        as_stored = ImagesConfig(size=size)
        for _ in cut_patches(catalogue, plan, as_stored, project.cache, ("test",), Control()):
            pass
        began = _say("cutting patches", began)
        found = load_patches(catalogue, plan, as_stored, project.cache, "test")
        batches = np.random.default_rng(0).integers(0, len(found), (50, 256))
        for batch in batches:
            found.patches.images[np.sort(batch)].mean()
        _say("50 batches of 256", began)
    stored = found.patches.images.nbytes / 1e9
    print(f"{len(found):,} patches of {images} images, {stored:.2f} GB on disk at {size} x {size}")


def _write(folder: Path, number: int, drawn: FoldPhantom, shift: int) -> None:
    target = folder / FOLDS[number % 2]
    target.mkdir(parents=True, exist_ok=True)
    person = phantom_dicom.invent_person(number, np.random.default_rng(number))
    content = phantom_dicom.dicom_bytes(
        np.roll(drawn.picture, shift, axis=0), person, KINDS[0], seed=0, study=number, number=number
    )
    (target / f"IM{number:06d}.dcm").write_bytes(content)


def _mark(catalogue: Catalogue, drawn: list[FoldPhantom], shifts: np.ndarray) -> None:
    for row in catalogue.images(catalogue.image_ids()):
        number = int(row.path.stem[2:])
        mask = np.roll(drawn[number % _DRAWN].region, int(shifts[number]), axis=0)
        replace_regions(catalogue, {row.id: [mask_region(mask, author="", origin="")]})
    with catalogue.transaction() as connection:
        connection.execute("INSERT INTO role SELECT id, 'test', id FROM image")


def _now() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime


def _say(what: str, began: tuple[float, float]) -> tuple[float, float]:
    """Print a part's figures and begin the next."""
    now = _now()
    own, resident = max(_own, default=_memory("RssAnon")), _memory("VmHWM")
    print(
        f"{what:22}{now[0] - began[0]:9.0f}{now[1] - began[1]:8.0f}{own:12,.0f}{resident:14,.0f}",
        flush=True,
    )
    _own.clear()
    Path("/proc/self/clear_refs").write_text("5")  # the most is now what there is
    return now


_own: list[float] = []


def _watch() -> None:
    """The system keeps no most of what is allocated: look 50 times a second."""
    while True:
        _own.append(_memory("RssAnon"))
        time.sleep(0.02)


def _memory(name: str) -> float:
    """A line of the process's status, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (found,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
