"""The corners of source images at their full size: where names and dates stand, and too small to be seen in what is distilled."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.audit.burned_in import corner_montage, sentence, source_zones
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.project import Project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.formats.reading import read_image

LOOKED_AT: Final = 48
SHOWN: Final = 8
_SIDE: Final = 640

Float32 = npt.NDArray[np.float32]


def source_corners(
    run: RunFolder, train: RealImages, seed: int, control: Control
) -> tuple[str, npt.NDArray[np.uint8] | None]:
    """Look for burned-in text in source files of training images, drawn by lot.

    Args:
        run: The run; its project's catalogue knows the files.
        train: The training images.
        seed: Of the lot.
        control: Asked before each file.

    Returns:
        The sentence for the report, and the corners of a few images for a person to look at, uint8 `[H, W]`; None where no
        source file could be read.

    Raises:
        Stopped: The user asked to stop.
    """
    images = _read(run, train, seed, control)
    if not images:
        return (
            "No source file could be read, so nobody has looked for burned-in text at full size.",
            None,
        )
    words = sentence(source_zones(images), f"{len(images)} source")
    return words, corner_montage(np.stack([_square(one) for one in images[:SHOWN]]), SHOWN)[0]


def _read(run: RunFolder, train: RealImages, seed: int, control: Control) -> list[Float32]:
    chosen = np.random.default_rng([seed, 5]).permutation(train.ids)[:LOOKED_AT]
    with open_catalogue(Project(run.project).catalogue) as catalogue:
        rows = catalogue.images(chosen)
    images = []
    for row in rows:
        control.safe_point()
        try:
            images.append(read_image(row.path, row.frame))
        except SourceError:
            continue  # a stick that was taken out must not end an audit; the report says how many were read
    return images


def _square(image: Float32) -> npt.NDArray[np.uint8]:
    """The whole image as a grey square of fixed side, uint8 `[1, S, S]`; enlarged or made smaller without padding."""
    grey = image.mean(2) if image.ndim == 3 else image
    shown = Image.fromarray(np.clip(np.rint(grey * 255), 0, 255).astype(np.uint8))
    return np.asarray(shown.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.uint8)[None]
