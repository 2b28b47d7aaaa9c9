"""Name the patients of images whose header does not."""

from collections.abc import Iterator
from typing import Final

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.division.patients import name_patients

_SHOWN: Final = 3


def patients(config: PatientsConfig, control: Control) -> Iterator[Event]:
    """Name them by a pattern of file names or from a table.

    Raises:
        ConfigError: The pattern is no regular expression with a group.
        LabelError: No file gets a patient, the table does not fit, or a run has used the patients.
    """
    yield Started(operation="patients")
    control.safe_point()
    project = open_project(validate(config).project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = name_patients(config, catalogue)
        catalogue.prepare()
        known = catalogue.summary().patients
    if report.unmatched_rows:
        shown = ", ".join(report.unmatched_rows[:_SHOWN])
        yield Warned(
            code="unmatched-rows",
            message=f"{report.unmatched_count:,} rows of the table name no image, e.g. {shown}.",
            remedy="Compare the table's key column with the paths of the images.",
        )
    if report.split_dropped:
        yield Warned(
            code="split-dropped",
            message="The patients changed, so their stored division was dropped.",
            remedy="Split the patients again.",
        )
    still = "" if known is not None else " The patients of other images stay unknown."
    yield Finished(
        summary={
            "text": f"{report.named:,} of {report.files:,} files without a named patient belong to {report.patients:,} patients.{still}",
            "files": report.files,
            "named": report.named,
            "patients": report.patients,
            "unmatched_rows": report.unmatched_count,
        }
    )
