"""The demo's other way: large invented radiographs with regions, cut into patches and taught by a few soft-label images."""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core.configs.capsule import CapsuleExportConfig, CapsuleOpenConfig, VoteConfig
from meddistill_gui.core.configs.demo import DemoConfig
from meddistill_gui.core.configs.distill import DistillConfig, EvaluationConfig, ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event
from meddistill_gui.data.phantoms.fold_hospital import IMAGES, MASKS, write_fold_hospital
from meddistill_gui.data.phantoms.folds import FOLDS
from meddistill_gui.operations.capsule import capsule_export, capsule_open
from meddistill_gui.operations.following import followed
from meddistill_gui.operations.label import label
from meddistill_gui.operations.patches import patches
from meddistill_gui.operations.regions import regions
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.vote import vote

SIDE: Final = 1024
WINDOW: Final = 149  # half of paper D's 299, as the radiographs have half the side of theirs
STRIDE: Final = 100  # 81 places an image: the audit looks at each of them


def prepare(hospital: Path, project: Path, config: DemoConfig, control: Control) -> Iterator[Event]:
    """From nothing to a project that a soft-label run can begin on.

    Args:
        hospital: New folder for the invented radiographs and masks.
        project: New project folder.
        config: Patients and seed.
        control: Pause and stop.
    """
    yield from write_fold_hospital(
        hospital, patients=config.patients, side=SIDE, seed=config.seed, control=control
    )
    yield from followed(scan(ScanConfig(source=hospital / IMAGES, project=project), control))
    yield from followed(label(LabelConfig(project=project), control))
    masks = RegionsConfig(masks=hospital / MASKS, project=project, author="the demo")
    yield from followed(regions(masks, control))
    parts = SplitConfig(project=project, validation=0.1, test=0.15, holdout=0.4, seed=config.seed)
    yield from followed(split(parts, control))
    window = PatchesConfig(project=project, positive=FOLDS[1], size=WINDOW, stride=STRIDE)
    yield from followed(patches(window, control))


def run_of(project: Path, name: str, config: DemoConfig) -> DistillConfig:
    """The run that teaches straight from coarse folds with three images."""
    return DistillConfig(
        project=project,
        name=name,
        method="soft_label",
        iterations=config.iterations,
        seed=config.seed,
        augmentation="none",
        images=ImagesConfig(size=32),
        options=SoftLabelOptions(images=3),
        evaluation=EvaluationConfig(every=max(1, config.iterations // 6)),
    )


def conclude(
    run: Path, stick: Path, control: Control
) -> Generator[Event, None, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Vote over the test images, write the trained network as a capsule, and rebuild it from there.

    Args:
        run: Run folder, audited.
        stick: Where the capsule goes.
        control: Pause and stop.

    Returns:
        What voting and what the capsule said.
    """
    voted = yield from followed(vote(VoteConfig(run=run), control))
    packed = yield from followed(
        capsule_export(CapsuleExportConfig(run=run, to=stick, name="demo"), control)
    )
    yield from followed(capsule_open(CapsuleOpenConfig(capsule=stick / "demo.capsule"), control))
    return voted, packed
