"""A run of soft labels with a fixed start, as an operation leaves it, and both ways in which a window starts its work."""

from collections.abc import Callable

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.core import distilled
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.run_folder import RunFolder, create_run
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.jobs import child_process
from meddistill_gui.jobs.job import Job

PATIENCE_MS = 300_000  # a child loads torch first, on a busy machine not quickly
ORDER = ((0,), (1,), (0,), (1,), (1,), (0,))


def in_this_process(name: str, config: object) -> Job:
    from meddistill_gui.jobs import in_process

    return in_process.start(name, config)


WAYS: tuple[Callable[[str, object], Job], ...] = (in_this_process, child_process.start)


def soft_label_run(hospital, **recipe) -> RunFolder:
    """A finished run of two images; `recipe` changes the set's prescription."""
    config = DistillConfig(
        project=hospital.project.root,
        name="soft",
        method="soft_label",
        options=SoftLabelOptions(images=2),
    )
    run = create_run(config)
    with open_catalogue(hospital.project.catalogue):
        pass  # there is one, without images
    distilled.save(run.result, prescribed_set(order=ORDER, **recipe))
    return run
