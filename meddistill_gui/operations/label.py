"""Give each image its class."""

from collections.abc import Iterator

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data import labelling
from meddistill_gui.data.catalogue import open_catalogue


def label(config: LabelConfig, control: Control) -> Iterator[Event]:
    """Set the class of every image in the catalogue.

    Raises:
        LabelError: No image got a class, or the table does not fit.
    """
    yield Started(operation="label")
    project = open_project(config.project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = labelling.label(config, catalogue, control)
    counts = ", ".join(f"{name} {count}" for name, count in report.classes.items())
    missing = f" {report.unlabelled} images have no class." if report.unlabelled else ""
    yield Finished(
        summary={
            "text": f"{len(report.classes)} classes: {counts}.{missing}",
            "classes": report.classes,
            "unlabelled": report.unlabelled,
        }
    )
