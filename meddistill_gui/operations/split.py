"""Divide the patients into training, validation, test and hold-out, before anything looks at their images."""

from collections.abc import Iterator

from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.division import splitting


def split(config: SplitConfig, control: Control) -> Iterator[Event]:
    """Draw the split once and store it.

    Raises:
        SplitError: A class has too few patients, or another split is stored and in use.
    """
    yield Started(operation="split")
    control.safe_point()
    project = open_project(config.project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = splitting.split(config, catalogue)
    for sentence in report.warnings:
        yield Warned(code="split", message=sentence)
    images = {role.role: role.images for role in report.roles}
    patients = {role.role: role.patients for role in report.roles}
    counts = ", ".join(f"{name} {count:,} images" for name, count in images.items())
    unknown = (
        ""
        if report.patients_known
        else " Patients are unknown: images of one patient may stand in several parts."
    )
    yield Finished(
        summary={
            "text": f"{counts}.{unknown}",
            "images": images,
            "patients": patients if report.patients_known else None,
            "patients_known": report.patients_known,
        }
    )
