"""Patches for an operation: from the project's catalogue, its regions and its stored division, through its cache."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

from meddistill_gui.core.config import load_toml, save_toml
from meddistill_gui.core.configs.distill import DistillConfig, ImagesConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError, SplitError
from meddistill_gui.core.events import Event
from meddistill_gui.core.patch_set import PATCH_CLASSES, UNDECIDED, PatchSet
from meddistill_gui.core.project import held, open_project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches import patch_plan
from meddistill_gui.data.patches import patch_set as patches
from meddistill_gui.data.patches.patch_cutting import PHASE
from meddistill_gui.operations.real_images import roles_read

CUTTING_PHASES: Final = (PHASE,)


METHODS: Final = frozenset({"soft_label"})
"""Methods that are made from patches where the project has them."""


def has_patches(project_folder: Path) -> bool:
    """Whether the project keeps a division into patches (`operations.patches`)."""
    with open_catalogue(open_project(project_folder).catalogue) as catalogue:
        return patch_plan.stored_plan(catalogue) is not None


def keep_plan(run: RunFolder, config: DistillConfig) -> None:
    """Freeze the project's division into patches for a new run: what is chosen later must not change what it is tested on."""
    if config.method not in METHODS or run.config_of_patches.exists():
        return
    with open_catalogue(open_project(config.project).catalogue) as catalogue:
        plan = patch_plan.stored_plan(catalogue)
    if plan is not None:
        save_toml(run.config_of_patches, plan)


def plan_of(run: RunFolder) -> PatchesConfig | None:
    """How a run's images are divided into patches, or None where it is made from whole images.

    Raises:
        ProjectError: The file is damaged.
    """
    if not run.config_of_patches.exists():
        return None
    return load_toml(PatchesConfig, run.config_of_patches)


def run_images(
    run: RunFolder, config: DistillConfig, roles: tuple[str, ...], control: Control
) -> Generator[Event, None, tuple[RealImages, ...]]:
    """What a run is made from, tested on and compared with: whole images, or the patches of theirs that have a class.

    Args:
        run: Its folder, after `keep_plan`.
        config: Its frozen config.
        roles: Names from `core.real_images.ROLES`.
        control: Pause and stop.

    Returns:
        One `RealImages` per role, in the order of `roles`; a role may be empty.

    Raises:
        As `real_images.roles_read` and `patch_sets_read`.
    """
    plan = plan_of(run)
    if plan is None:
        return (yield from roles_read(config.project, config.images, roles, control))
    sets = yield from patch_sets_read(config.project, config.images, roles, control, plan=plan)
    return tuple(decided(one) for one in sets)


def decided(found: PatchSet) -> RealImages:
    """The patches that have a class; a training set, which has no others, stays a memory map."""
    patches = found.patches
    kept = patches.labels != UNDECIDED
    if kept.all():
        return patches
    return replace(
        patches,
        images=patches.images[kept],
        labels=patches.labels[kept],
        patients=patches.patients[kept],
        ids=patches.ids[kept],
    )


def patch_sets_read(
    project_folder: Path,
    images: ImagesConfig,
    roles: tuple[str, ...],
    control: Control,
    *,
    plan: PatchesConfig | None = None,
) -> Generator[Event, None, tuple[PatchSet, ...]]:
    """Cut the patches of these roles, unless an earlier run has.

    Args:
        project_folder: The project.
        images: Size that patches are brought to, channels and grey window.
        roles: Names from `core.real_images.ROLES`.
        control: Pause and stop.
        plan: Window, stride and positive class; None takes those that the project keeps.

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
        plan = plan or patch_plan.stored_plan(catalogue)
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
