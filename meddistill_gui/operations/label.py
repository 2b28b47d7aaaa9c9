"""Give each image its class."""

from collections.abc import Iterator, Sequence
from typing import Final

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.division.splitting import FEWEST_PATIENTS, FEWEST_TO_DIVIDE
from meddistill_gui.data.labels import labelling
from meddistill_gui.data.labels.labelling import LabelReport

_SHOWN: Final = 3


def label(config: LabelConfig, control: Control) -> Iterator[Event]:
    """Set the class of every image in the catalogue.

    Raises:
        LabelError: No image got a class, or the table does not fit.
    """
    yield Started(operation="label")
    project = open_project(config.project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = labelling.label(config, catalogue, control)
        scarce = [
            f"{one.name!r} has {one.patients}"
            for one in catalogue.summary().classes
            if one.patients is not None and one.patients < FEWEST_PATIENTS
        ]
    yield from _warnings(report, scarce)
    counts = ", ".join(f"{name} {count}" for name, count in report.classes.items())
    missing = f" {report.unlabelled} images have no class." if report.unlabelled else ""
    kept = (
        f" {report.by_hand} images keep the class that was set by hand." if report.by_hand else ""
    )
    yield Finished(
        summary={
            "text": f"{len(report.classes)} classes: {counts}.{missing}{kept}",
            "classes": report.classes,
            "unlabelled": report.unlabelled,
            "by_hand": report.by_hand,
            "unmatched_rows": len(report.unmatched_rows),
        }
    )


def _warnings(report: LabelReport, scarce: Sequence[str]) -> Iterator[Event]:
    """What the user should know before going on."""
    for question in report.questions:
        yield Warned(
            code="class-name", message=question, remedy="Rename the class if it names a person."
        )
    if report.unmatched_rows:
        shown = ", ".join(report.unmatched_rows[:_SHOWN])
        yield Warned(
            code="unmatched-rows",
            message=f"{len(report.unmatched_rows):,} rows of the table name no image, e.g. {shown}.",
            remedy="Compare the table's key column with the paths, patients or accession numbers of the images.",
        )
    if scarce:
        yield Warned(
            code="few-patients",
            message=f"Too few patients: {', '.join(scarce)}. A class needs {FEWEST_TO_DIVIDE} to be divided at all, and {FEWEST_PATIENTS} so that "
            "its images do not show one person.",
            remedy="Add patients, or merge or leave out the class.",
        )
    if report.split_dropped:
        yield Warned(
            code="split-dropped",
            message="The classes changed, so the stored division of the patients was dropped.",
            remedy="Split the patients again.",
        )
