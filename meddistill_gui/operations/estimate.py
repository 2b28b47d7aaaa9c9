"""Measure on this machine how long a run would take and how much memory and disk it needs, before anybody commits to it."""

import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from meddistill_gui.core.config import options_of, validate, value_at, with_values
from meddistill_gui.core.configs.distill import DistillConfig, student_steps
from meddistill_gui.core.configs.network import TORCHVISION
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SplitError
from meddistill_gui.core.events import Event, Finished, Metric, Progress, Started
from meddistill_gui.core.pace import in_words
from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.core.project import open_project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder, create_run
from meddistill_gui.core.specs import EXPERTS_ON_DISK, NETWORK_MEMORY
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.engine import devices, runner
from meddistill_gui.engine.experts.forms import EVERY_EPOCH, Fidelity, fidelity, form_of
from meddistill_gui.engine.experts.store import estimated_bytes, snapshots_in
from meddistill_gui.engine.experts.training import epochs_needed
from meddistill_gui.engine.footprint import footprint
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.operations import patch_sets

_NAME: Final = "measured"
_ITERATIONS: Final = 4
_STUDENT_STEPS: Final = 20
_EXPERTS: Final = 2
_WARM: Final = "options.warm_start"
_EPSILON: Final = "options.epsilon"
_NO_NOISE_TO_SPEAK_OF: Final = 1000.0
_OWN_STEPS: Final = "options.student_steps"
PHASE: Final = "measuring"


@dataclass
class _Stopwatch:
    """Seconds by what was going on: the time since the event before belongs to the event that ends it."""

    last: float = field(default_factory=time.monotonic)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Take in one event of the dry run."""
        now = time.monotonic()
        if isinstance(event, Progress | Metric):
            name = event.phase if isinstance(event, Progress) else event.name
            self.seconds.setdefault(name, []).append(now - self.last)
        self.last = now

    def typical(self, name: str) -> float:
        """Median seconds of one event of this name; 0 where there was none."""
        return float(np.median(self.seconds.get(name, [0.0])))


def estimate(config: DistillConfig, control: Control) -> Iterator[Event]:
    """Do a few steps of everything on made-up images of the same size, and multiply.

    Raises:
        ConfigError: An option is out of range.
        SplitError: The project has no split yet, so nobody knows how many images will train.
    """
    yield Started(operation="estimate", phases=(PHASE,))
    images, classes = _training_counts(validate(config))
    needed, stored = _network_bytes(config, classes), _experts_bytes(config, classes)
    if needed is not None:
        yield Metric(name=NETWORK_MEMORY, step=0, value=needed / 1e9)
    if stored is not None:
        yield Metric(name=EXPERTS_ON_DISK, step=0, value=stored / 1e9)
    with tempfile.TemporaryDirectory() as folder:
        watch = yield from _dry_run(config, Path(folder), classes, control)
        lost = None if stored is None else _lost_by_storing(config, Path(folder), classes)
    device = devices.choose(config.device)
    parts = _multiplied(config, watch, images / _made_up_count(config, classes))
    total = sum(parts.values())
    yield Finished(
        summary={
            "text": f"The run will take {in_words(total)} on {device.type}.{_sentence(lost)}",
            **{name: round(seconds, 1) for name, seconds in parts.items()},
            "seconds": round(total, 1),
            "memory_bytes": devices.peak_bytes(device),
            "network_bytes": needed,
            "experts_bytes": stored,
            "experts_off": None if lost is None else round(lost.ends, 6),
            "experts_length_off": None if lost is None else round(lost.length, 6),
            "device": device.type,
        }
    )


def _training_counts(config: DistillConfig) -> tuple[int, int]:
    """Training images of the project, and classes of what is distilled: of its images, or of their patches."""
    project = open_project(config.project)
    with open_catalogue(project.catalogue) as catalogue:
        roles = {role.role: role for role in catalogue.summary().roles}
    if "train" not in roles:
        raise SplitError(
            "The patients are not divided yet.", "Label the images, then split the patients."
        )
    if config.method in patch_sets.METHODS and patch_sets.has_patches(config.project):
        return roles["train"].images, len(PATCH_CLASSES)
    return roles["train"].images, len(roles["train"].per_class)


def _network_bytes(config: DistillConfig, classes: int) -> int | None:
    """What the network of a soft-label run needs, counted from shapes; None for other methods, whose networks are small."""
    if not isinstance(config.options, SoftLabelOptions):
        return None
    options, images = config.options, config.images
    return footprint(
        _network(config, classes),
        (images.channels, images.size, images.size),
        steps=options.inner_steps * options.inner_epochs,
        batch=options.batch or options.images,
        memory=options.memory,
    ).total


def _network(config: DistillConfig, classes: int) -> Network:
    return make_network(
        config.network.family,
        depth=config.network.depth,
        width=config.network.width,
        channels=config.images.channels,
        size=config.images.size,
        classes=classes,
        norm=config.network.norm,
    )


def _experts_bytes(config: DistillConfig, classes: int) -> int | None:
    """What the experts take on the disk; None for methods without."""
    if not epochs_needed(config):
        return None
    network = _network(config, classes)
    return estimated_bytes(
        experts=config.experts.count,
        epochs=epochs_needed(config),
        parameter_count=network.parameter_count,
        form=form_of(config.experts, network.shapes),
    )


def _lost_by_storing(config: DistillConfig, folder: Path, classes: int) -> Fidelity | None:
    """What the form of storing loses of one of the dry run's experts; None where it keeps everything."""
    form = form_of(config.experts, _network(config, classes).shapes)
    if form == EVERY_EPOCH:
        return None
    snapshots = snapshots_in(next(RunFolder(folder / "runs" / _NAME).experts.glob("expert-*")))
    return fidelity(snapshots, form, span=value_at(config, "options.expert_epochs"))


def _sentence(lost: Fidelity | None) -> str:
    if lost is None:
        return ""
    return f" Stored so, an expert is off by up to {lost.ends:.2%} of a segment's length; this one had learned noise, yours will differ."


def _dry_run(
    config: DistillConfig, folder: Path, classes: int, control: Control
) -> Generator[Event, None, _Stopwatch]:
    small = _shortened(replace(config, project=folder, name=_NAME))
    made_up = _made_up(config, classes)
    run, watch = create_run(small), _Stopwatch()
    for event in runner.distill(small, run, made_up, made_up, control):
        watch.note(event)
        if isinstance(event, Progress):
            yield replace(event, phase=PHASE)
    return watch


def _shortened(config: DistillConfig) -> DistillConfig:
    """The same work, a few times only."""
    iterations = 1 if config.network.family in TORCHVISION else _ITERATIONS
    values: dict[str, object] = {
        "iterations": iterations,
        "experts.count": min(_EXPERTS, config.experts.count),
        "experts.half": False,  # what storing loses is measured on whole experts
        "experts.waypoints": 0,
        "evaluation.every": iterations,
        "evaluation.steps": _STUDENT_STEPS,
        "evaluation.validation_students": 1,
    }
    known = {option.path for option in options_of(config)}
    if _WARM in known:
        values[_WARM] = min(_ITERATIONS, value_at(config, _WARM))
    if _OWN_STEPS in known:
        values[_OWN_STEPS] = 0  # those of `evaluation`
    if _EPSILON in known:
        # noise takes the same time whatever its size, and the made-up patients are too few for the real one
        values[_EPSILON] = _NO_NOISE_TO_SPEAK_OF
    return with_values(config, values)


def _made_up(config: DistillConfig, classes: int) -> RealImages:
    """Noise in the shape of one expert's batch, where there are experts; at least two images of each class."""
    count = _made_up_count(config, classes)
    side = config.images.size
    generator = np.random.default_rng(0)
    return RealImages(
        images=generator.integers(
            0, 256, (count, config.images.channels, side, side), dtype=np.uint8
        ),
        labels=np.arange(count, dtype=np.int64) % classes,
        patients=np.arange(count, dtype=np.int64),
        ids=np.arange(count, dtype=np.int64),
        class_names=tuple(f"class {number}" for number in range(classes)),
        role="train",
    )


def _made_up_count(config: DistillConfig, classes: int) -> int:
    soft = isinstance(config.options, SoftLabelOptions)  # no experts; draws with replacement
    return max(0 if soft else config.experts.batch, 2 * classes)


def _multiplied(config: DistillConfig, watch: _Stopwatch, epoch: float) -> dict[str, float]:
    """Seconds of each part of the whole run; `epoch` is the length of a real epoch in made-up ones."""
    epochs = config.experts.count * epochs_needed(config)
    evaluations = 1 + config.iterations // config.evaluation.every
    students = evaluations * config.evaluation.validation_students
    warm = value_at(config, _WARM) if any(o.path == _WARM for o in options_of(config)) else 0
    return {
        "seconds_experts": epochs * epoch * watch.typical("expert loss"),
        "seconds_warm_start": warm * watch.typical("warming up"),
        "seconds_iterations": config.iterations * _iteration_seconds(watch),
        "seconds_evaluation": students
        * watch.typical("evaluating")
        * student_steps(config)
        / _STUDENT_STEPS,
    }


def _iteration_seconds(watch: _Stopwatch) -> float:
    """Seconds of one iteration of the method's own phase, whatever it calls it."""
    other = {
        "training experts",
        "expert loss",
        "warming up",
        "evaluating",
        runner.LOSS,
        runner.SCORE,
    }
    phases = [name for name in watch.seconds if name not in other]
    return max((watch.typical(name) for name in phases), default=0.0)
