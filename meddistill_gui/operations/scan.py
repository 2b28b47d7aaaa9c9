"""Look through a folder of images and write down what is there."""

from collections.abc import Iterator

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.project import create_project, held
from meddistill_gui.data import scanning
from meddistill_gui.data.catalogue import open_catalogue


def scan(config: ScanConfig, control: Control) -> Iterator[Event]:
    """Fill the project's catalogue from the source folder.

    Raises:
        SourceError: The folder is missing, unreadable or holds no image at all.
        ProjectError: The project folder is not one.
    """
    yield Started(operation="scan", phases=("scanning",))
    _refuse_project_in_source(config)
    project = create_project(config.project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = yield from scanning.scan(config, catalogue, control)
        catalogue.prepare()
        patients = catalogue.summary().patients
    known = "patients unknown" if patients is None else f"{patients} patients"
    unreadable = sum(report.issues.values())
    if report.risks:
        yield Warned(
            code="text-risk",
            message=f"The pixels of {report.risks:,} files may show text, and with it a name; their headers say so or are of a kind that often does.",
            remedy="Look at them in the list of problems before they are used.",
        )
    yield Finished(
        summary={
            "text": f"{report.images:,} images in {report.files:,} files, {known}, {unreadable} files with problems.",
            "files": report.files,
            "images": report.images,
            "patients": patients,
            "issues": dict(report.issues),
            "risks": report.risks,
        }
    )


def _refuse_project_in_source(config: ScanConfig) -> None:
    if config.project.resolve().is_relative_to(config.source.resolve()):
        raise SourceError(
            f"The project folder {config.project} lies inside the source folder, which is only read.",
            "Choose a place for the project outside of it.",
        )
