"""What a user can ask for, without the code that does it: names, options, one sentence each.

The command line makes its sub-commands from this list, the window its pages; `operations.catalog` maps each name to code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import (
    ExportConfig,
    KeyConfig,
    ReceiveConfig,
    SendersConfig,
    VerifyConfig,
)
from meddistill_gui.core.configs.capsule import (
    CapsuleExportConfig,
    CapsuleOpenConfig,
    VoteConfig,
)
from meddistill_gui.core.configs.demo import DemoConfig
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.configs.purge import PurgeConfig
from meddistill_gui.core.configs.regions import RegionsConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.configs.review import ReviewConfig
from meddistill_gui.core.configs.rework import ReworkConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig

NETWORK_MEMORY: Final = "memory of the network, GB"
"""Name of a figure that `estimate` tells before it runs anything."""

EXPERTS_ON_DISK: Final = "experts on the disk, GB"
"""Another one, of methods that have experts."""


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """One operation.

    Attributes:
        name: Sub-command and job name.
        config: Its config dataclass.
        sentence: What it does, for `--help` and tooltips.
        resumes: Whether `--resume RUN` may continue one that was interrupted.
    """

    name: str
    config: type
    sentence: str
    resumes: bool = False


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """One distillation method.

    Attributes:
        name: Value of `DistillConfig.method`.
        title: Name for a form.
        sentence: What it does and for whom.
        paper: Where it comes from.
        standing: "as published", or what of it is our own and why.
    """

    name: str
    title: str
    sentence: str
    paper: str
    standing: str


def _by_name(*specs: OperationSpec) -> Mapping[str, OperationSpec]:
    return {spec.name: spec for spec in specs}


OPERATIONS: Final = _by_name(
    OperationSpec(name="scan", config=ScanConfig, sentence="Look through a folder of images."),
    OperationSpec(name="label", config=LabelConfig, sentence="Give each image its class."),
    OperationSpec(
        name="patients",
        config=PatientsConfig,
        sentence="Name the patients of images whose header does not.",
    ),
    OperationSpec(
        name="split",
        config=SplitConfig,
        sentence="Divide the patients into training, validation, test and hold-out.",
    ),
    OperationSpec(
        name="regions",
        config=RegionsConfig,
        sentence="Take over regions of images from masks.",
    ),
    OperationSpec(
        name="patches",
        config=PatchesConfig,
        sentence="Divide large images into patches, and count them by class.",
    ),
    OperationSpec(
        name="estimate",
        config=DistillConfig,
        sentence="Measure how long a run would take and how much memory it needs.",
    ),
    OperationSpec(
        name="experts",
        config=DistillConfig,
        sentence="Train only the experts of a run.",
        resumes=True,
    ),
    OperationSpec(
        name="distill",
        config=DistillConfig,
        sentence="Distil the training images into a few synthetic ones.",
        resumes=True,
    ),
    OperationSpec(
        name="evaluate", config=EvaluateConfig, sentence="Test a run's result beside baselines."
    ),
    OperationSpec(
        name="audit", config=AuditConfig, sentence="Look for real patients in a run's result."
    ),
    OperationSpec(
        name="review",
        config=ReviewConfig,
        sentence="Write down what a person decided about an image that the audit flagged.",
    ),
    OperationSpec(
        name="rework",
        config=ReworkConfig,
        sentence="Let images of a finished run begin again from noise, or leave them out, as a new run.",
    ),
    OperationSpec(
        name="export", config=ExportConfig, sentence="Pack a run's result as one checked file."
    ),
    OperationSpec(name="verify", config=VerifyConfig, sentence="Check a bundle."),
    OperationSpec(
        name="receive", config=ReceiveConfig, sentence="Open a bundle and train a student on it."
    ),
    OperationSpec(
        name="key", config=KeyConfig, sentence="Show your key for signing and opening, or make it."
    ),
    OperationSpec(
        name="senders", config=SendersConfig, sentence="List, add or forget the senders you know."
    ),
    OperationSpec(
        name="purge",
        config=PurgeConfig,
        sentence="Delete the cached pixels and thumbnails of real images.",
    ),
    OperationSpec(
        name="vote",
        config=VoteConfig,
        sentence="Decide about each large image by its patches, and compare with the truth.",
    ),
    OperationSpec(
        name="capsule-export",
        config=CapsuleExportConfig,
        sentence="Write a trained network as a capsule that fits in an e-mail.",
    ),
    OperationSpec(
        name="capsule-open",
        config=CapsuleOpenConfig,
        sentence="Rebuild the trained network of a capsule.",
    ),
    OperationSpec(
        name="demo", config=DemoConfig, sentence="Show the whole way on an invented hospital."
    ),
)

METHODS: Final[Mapping[str, MethodSpec]] = {
    spec.name: spec
    for spec in (
        MethodSpec(
            name="recommended",
            title="Recommended",
            sentence="Distribution matching first, then trajectories of smoothed experts, for students trained as the run trains its own: begin with this one.",
            paper="Li et al. 2022, arXiv 2209.14603; Zhao & Bilen 2023, arXiv 2110.04181",
            standing="The parts are published, their combination and defaults are ours, measured on radiographs.",
        ),
        MethodSpec(
            name="trajectory",
            title="Trajectory matching",
            sentence="Students trained on the synthetic images must move as experts move on the real ones.",
            paper="Li et al. 2022, arXiv 2209.14603; Cazenavette et al. 2022, arXiv 2203.11932",
            standing="As published, with the exact gradient at constant memory; step sizes are ours (paper A prints none).",
        ),
        MethodSpec(
            name="pruned",
            title="Trajectory matching with pruning",
            sentence="As trajectory matching, but parameters that student and expert cannot agree on are left out.",
            paper="Li et al. 2022, arXiv 2209.14609",
            standing="The rule and sigma = 0.1 are published, the formula of the similarity is not: ours is one reading of it.",
        ),
        MethodSpec(
            name="progressive",
            title="Progressive trajectory matching",
            sentence="Early parts of the experts' ways are matched first, and images that repeat each other begin anew.",
            paper="Yu, Liu & Chen 2024, arXiv 2403.13469",
            standing="Only the idea is published in what we could read; schedule, thresholds and the measure of overlap are ours.",
        ),
        MethodSpec(
            name="distribution",
            title="Distribution matching",
            sentence="Synthetic and real images must have the same mean features in random networks: quick, and a fair baseline.",
            paper="Zhao & Bilen 2023, arXiv 2110.04181",
            standing="As published.",
        ),
        MethodSpec(
            name="noisy_distribution",
            title="Distribution matching with a formal bound",
            sentence="The patients are looked at once, with so much noise that no single one shows. It costs accuracy and needs "
            "hundreds of patients in each class; refused where the noise would drown everything.",
            paper="Zhao & Bilen 2023, arXiv 2110.04181; Balle & Wang 2018, arXiv 1805.06530",
            standing="Experimental. The parts are published; clipping by patient and the refusal are ours, measured on radiographs.",
        ),
        MethodSpec(
            name="gradient",
            title="Gradient matching",
            sentence="Synthetic and real images of a class must pull at a network in the same direction: a baseline from the first papers.",
            paper="Zhao, Mopuri & Bilen 2021, arXiv 2006.05929; Zhao & Bilen 2021, arXiv 2102.08259",
            standing="As published but for smaller batches of real images; the numbers of steps are options.",
        ),
        MethodSpec(
            name="soft_label",
            title="Soft-label distillation",
            sentence="One to a few images in all with learned soft labels and the rate of every step: for patches of large images, "
            "and for a model that fits in an e-mail.",
            paper="Li et al. 2022, arXiv 2209.14635; Sucholutsky & Schonlau 2019, arXiv 1910.02551",
            standing="As published, with the exact gradient at constant memory, labels that may also be probabilities, and batch "
            "statistics of the synthetic images instead of the patients'.",
        ),
    )
}
