"""Patches for an operation: from the project's catalogue, its regions and its stored division, through its cache."""

from collections.abc import Generator
from pathlib import Path
from typing import Final

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError, SplitError
from meddistill_gui.core.events import Event
from meddistill_gui.core.patch_set import PATCH_CLASSES, PatchSet
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data import patch_plan, patches
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patch_cutting import PHASE

CUTTING_PHASES: Final = (PHASE,)


def has_patches(project_folder: Path) -> bool:
    """Whether the project keeps a division into patches (`operations.patches`)."""
    with open_catalogue(open_project(project_folder).catalogue) as catalogue:
        return patch_plan.stored_plan(catalogue) is not None


def patch_sets_read(
    project_folder: Path, images: ImagesConfig, roles: tuple[str, ...], control: Control
) -> Generator[Event, None, tuple[PatchSet, ...]]:
    """Cut the patches of these roles, unless an earlier run has.

    Args:
        project_folder: The project.
        images: Size that patches are brought to, channels and grey window.
        roles: Names from `core.real_images.ROLES`.
        control: Pause and stop.

    Returns:
        One `PatchSet` per role, in the order of `roles`; a role may be empty.

    Raises:
        LabelError: The project keeps no division into patches, or a class has no training patch.
        SplitError: The project has no split yet, or a patient stands in two parts of it.
    """
    project = open_project(project_folder)
    with (
        held(project.cache, "image cache of the project"),
        open_catalogue(project.catalogue) as catalogue,
    ):
        if not catalogue.has_split:
            raise SplitError(
                f"The patients of {project.root.name} are not divided yet.",
                "Label the images, then split the patients.",
            )
        plan = patch_plan.stored_plan(catalogue)
        if plan is None:
            raise LabelError(
                f"The images of {project.root.name} are not divided into patches.",
                "Draw or import regions, then choose window and stride ('patches').",
            )
        yield from patches.cut_patches(catalogue, plan, images, project.cache, roles, control)
        found = tuple(
            patches.load_patches(catalogue, plan, images, project.cache, role) for role in roles
        )
    for role, one in zip(roles, found, strict=True):
        if role == "train":
            _check_train(one)
    return found


def _check_train(train: PatchSet) -> None:
    missing = [
        name
        for number, name in enumerate(PATCH_CLASSES)
        if not (train.patches.labels == number).any()
    ]
    if missing:
        raise LabelError(
            f"The training images have no patch that is {' or '.join(missing)}.",
            "Draw regions on more training images, of both classes, or choose a smaller window.",
        )
