"""Divide large images into patches: count what a window would give, and keep its options for the runs to come."""

from collections.abc import Iterator

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.project import held, open_project
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches import patch_plan


def patches(config: PatchesConfig, control: Control) -> Iterator[Event]:
    """Count the patches of each class in each part of the split. No pixel is read; a run cuts them.

    Raises:
        ConfigError: The window or its stride is larger than every image, or the positive class is not one of the project's.
        LabelError: No image has a class or a region, or a class of patches would be empty.
        SplitError: A patient stands in two parts of the split.
        Stopped: On request; what was kept before is kept.
    """
    yield Started(operation="patches", phases=(patch_plan.PHASE,))
    project = open_project(validate(config).project)
    with held(project.root, "project"), open_catalogue(project.catalogue) as catalogue:
        if config.forget:
            patch_plan.forget_plan(catalogue)
            yield Finished(summary={"text": "Runs of this project use whole images again."})
            return
        counts = yield from patch_plan.count_patches(catalogue, config, control)
        patch_plan.store_plan(catalogue, config)
    yield Finished(
        summary={
            "text": patch_plan.described(counts),
            "places": counts.places,
            "per_role": counts.per_role,
            "images": counts.images,
            "without_region": counts.without_region,
            "too_small": counts.too_small,
            "table": _table(counts),
        }
    )


def _table(counts: patch_plan.PatchCounts) -> list[list[str]]:
    rows = [["part", "images", *patch_plan.COLUMNS]]
    for role, found in counts.per_role.items():
        numbers = [counts.images[role], *(found[name] for name in patch_plan.COLUMNS)]
        rows.append([role, *(f"{number:,}" for number in numbers)])
    return rows
