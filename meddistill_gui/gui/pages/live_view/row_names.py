"""What the images of a run are called in the mosaic, and which classes their labels speak of."""

import sqlite3

from PySide6.QtCore import QCoreApplication

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.data.catalogue import open_catalogue


def class_names(run: RunFolder | None) -> tuple[str, ...]:
    """The classes in the order of the labels: of patches, or of the project's images; none while there is no catalogue to ask."""
    if run is None:
        return ()
    if run.config_of_patches.is_file():
        return PATCH_CLASSES
    if not (run.project / "catalogue.sqlite").is_file():
        return ()
    try:
        with open_catalogue(run.project / "catalogue.sqlite") as catalogue:
            return tuple(one.name for one in catalogue.summary().classes)
    except (MedDistillError, sqlite3.Error):
        return ()  # the run can be watched without the names of its classes


def mosaic_rows(run: RunFolder | None) -> tuple[tuple[str, ...], int]:
    """Names of the mosaic's rows, and images in each: a class, or a single image where none belongs to one class alone."""
    config = _config(run)
    if config is not None and isinstance(config.options, SoftLabelOptions):
        word = QCoreApplication.translate("LiveView", "Image {number}")
        count = config.options.images
        return tuple(word.format(number=number) for number in range(1, count + 1)), 1
    return class_names(run), config.images_per_class if config else 1


def _config(run: RunFolder | None) -> DistillConfig | None:
    if run is None:
        return None
    try:
        return open_run(run.root)[1]
    except MedDistillError:
        return None
