"""Take over regions of images from masks."""

import getpass
from collections.abc import Iterator

from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches.region_masks import PHASE, import_masks


def regions(config: RegionsConfig, control: Control) -> Iterator[Event]:
    """Import every mask that fits; the others are named.

    Raises:
        SourceError: There are no masks, or none of them fits.
        Stopped: On request; nothing is changed.
    """
    yield Started(operation="regions", phases=(PHASE,))
    project = open_project(config.project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        report = yield from import_masks(
            catalogue,
            config.masks,
            author=config.author.strip() or _user(),
            replace=config.replace,
            control=control,
        )
    refused = f" {len(report.refused)} files were left out." if report.refused else ""
    yield Finished(
        summary={
            "text": f"{report.regions:,} regions on {report.images:,} images.{refused}",
            "images": report.images,
            "regions": report.regions,
            "refused": len(report.refused),
        }
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return "unknown"
