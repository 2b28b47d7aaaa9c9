"""Real images for an operation: from the project's catalogue through its pixel cache."""

from collections.abc import Generator
from pathlib import Path
from typing import Final

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SplitError
from meddistill_gui.core.events import Event
from meddistill_gui.core.project import held, open_project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.images import pixels
from meddistill_gui.data.images.role_arrays import load_role

READING_PHASES: Final = ("reading images", "comparing images")


def roles_read(
    project_folder: Path, images: ImagesConfig, roles: tuple[str, ...], control: Control
) -> Generator[Event, None, tuple[RealImages, ...]]:
    """Read the images of these roles, decoding only what no earlier run has decoded.

    Args:
        project_folder: The project.
        images: Size, channels and grey window.
        roles: Names from `core.real_images.ROLES`.
        control: Pause and stop.

    Returns:
        One `RealImages` per role, in the order of `roles`; a role may be empty.

    Raises:
        SplitError: The project has no split yet.
    """
    project = open_project(project_folder)
    with (
        held(project.cache, "image cache of the project"),
        open_catalogue(project.catalogue) as catalogue,
    ):
        if not catalogue.summary().roles:
            raise SplitError(
                f"The patients of {project.root.name} are not divided yet.",
                "Label the images, then split the patients.",
            )
        yield from pixels.cached_images(catalogue, images, project.cache, control)
        return tuple(load_role(catalogue, images, project.cache, role) for role in roles)
