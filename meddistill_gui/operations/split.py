"""Divide the patients into training, validation, test and hold-out, before anything looks at their images."""

from collections.abc import Iterator

from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data import splitting
from meddistill_gui.data.catalogue import open_catalogue


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
    roles = {role.role: role for role in report.roles}
    counts = ", ".join(f"{role.role} {role.images} images" for role in report.roles)
    yield Finished(
        summary={
            "text": f"{counts}.",
            "patients_known": report.patients_known,
            "images": {name: role.images for name, role in roles.items()},
            "patients": {name: role.patients for name, role in roles.items()},
        }
    )
