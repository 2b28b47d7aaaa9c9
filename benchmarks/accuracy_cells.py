"""The cells of `benchmarks.accuracy`: each is filled once, in a process of its own, and leaves one JSON file."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from meddistill_gui.core import distilled
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import Recipe
from meddistill_gui.core.events import Event, Finished
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.pace import Pace, in_words
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import comparison, rows
from meddistill_gui.engine.evaluation.rows import Ground, Row
from meddistill_gui.engine.tensors import normaliser_of
from meddistill_gui.operations.distill import distill, experts
from meddistill_gui.operations.label import label
from meddistill_gui.operations.real_images import roles_read
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split

FIGURES: Final = ("balanced_accuracy", "accuracy", "macro_f1", "auroc")
COSTS: Final = ("seconds", "cpu_seconds", "peak_megabytes")
WITH_EXPERTS: Final = ("trajectory", "pruned", "progressive", "recommended")
OWN_EXPERTS: Final = ("recommended",)
CORESETS: Final = ("herding", "k-center")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all cells share.

    Attributes:
        data: Source folder.
        out: Folder of the cells and of the project.
        students: Students per run or draw.
        draws: Draws of random real images.
        options: Options of the runs by dotted name.
        weights: Weights that the row "transfer" begins from.
    """

    data: Path
    out: Path
    students: int
    draws: int
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None

    @property
    def project(self) -> Path:
        """The project that every run belongs to."""
        return self.out / "project"

    def result(self, cell: str) -> Path:
        """Where a cell's figures lie."""
        return self.out / "cells" / f"{cell}.json"

    def config(self, method: str, name: str, *, ipc: int = 1, seed: int = 0) -> DistillConfig:
        """The run of a cell."""
        plain = DistillConfig(project=self.project, name=name, seed=seed)
        chosen = with_values(plain, {"method": method, "images_per_class": ipc})
        known = {n: v for n, v in self.options.items() if _has(chosen, n)}
        return with_values(chosen, known)

    def evaluation(self, seed: int = 0) -> EvaluateConfig:
        """How students are trained and drawn."""
        return EvaluateConfig(
            run=self.project, students=self.students, random_draws=self.draws, seed=1000 * seed
        )


Work = Callable[[str, Plan], Mapping[str, Any]]


def experts_of(method: str, seed: int) -> str:
    """The cell whose experts a method takes: most share them, some want theirs trained otherwise."""
    own = f"{method}-" if method in OWN_EXPERTS else ""
    return f"experts-{own}seed{seed}"


def fill(cell: str, plan: Plan, work: Work | None = None) -> None:
    """Do one cell's work, if another than its name says, and write its figures."""
    devices.prepare_threads()
    plan.result(cell).parent.mkdir(parents=True, exist_ok=True)
    began, cpu_began = time.monotonic(), cpu_seconds()
    found = dict((work or _work(cell))(cell, plan))
    found.setdefault("seconds", time.monotonic() - began)
    found.setdefault("cpu_seconds", cpu_seconds() - cpu_began)
    found["peak_megabytes"] = _peak_megabytes()
    write_whole(plan.result(cell), json.dumps(found, indent=1).encode())


def _work(cell: str) -> Work:
    known = {
        "project": _project,
        "experts": _experts,
        "random": _random,
        "scratch": _scratch,
        "transfer": _transfer,
        "whole": _whole,
    }
    known |= dict.fromkeys(CORESETS, _coreset)
    return next((work for name, work in known.items() if cell.startswith(name)), _distilled)


def _project(cell: str, plan: Plan) -> Mapping[str, Any]:  # noqa: ARG001 - one signature for all
    _followed(scan(ScanConfig(source=plan.data, project=plan.project), Control()))
    _followed(label(LabelConfig(project=plan.project), Control()))
    parts = SplitConfig(project=plan.project, validation=0.1, holdout=0.0, keep_folders=True)
    return _followed(split(parts, Control()))


def _experts(cell: str, plan: Plan) -> Mapping[str, Any]:
    """One set of experts per seed, for every number of images per class."""
    method = next((one for one in OWN_EXPERTS if one in cell), WITH_EXPERTS[0])
    config = plan.config(method, cell, seed=number_of(cell, "seed"))
    return _followed(experts(config, Control()))


def _distilled(cell: str, plan: Plan) -> Mapping[str, Any]:
    method, seed = cell.split("-", maxsplit=1)[0], number_of(cell, "seed")
    config = plan.config(method, cell, ipc=number_of(cell, "ipc"), seed=seed)
    run = RunFolder(plan.project / "runs" / cell)
    if method in WITH_EXPERTS and not run.experts.exists():
        shutil.copytree(plan.project / "runs" / experts_of(method, seed) / "experts", run.experts)
    began, cpu_began = time.monotonic(), cpu_seconds()
    _followed(distill(config, Control()))
    seconds, used = time.monotonic() - began, cpu_seconds() - cpu_began
    result = distilled.load(run.result)
    train, test = read_images(plan, "train", "test")
    ground = ground_of(plan, result.recipe, train, seed)
    return {
        **figures_of(rows.distilled_row(ground, result), ground, test),
        "seconds": seconds,
        "cpu_seconds": used,
    }


def _random(cell: str, plan: Plan) -> Mapping[str, Any]:
    train, test = read_images(plan, "train", "test")
    config = plan.config("distribution", cell, ipc=number_of(cell, "ipc"))
    recipe = recipe_of(config, train)
    ground = ground_of(plan, recipe, train)
    return figures_of(rows.random_row(ground), ground, test)


def _whole(cell: str, plan: Plan) -> Mapping[str, Any]:
    train, test = read_images(plan, "train", "test")
    config = plan.config("distribution", cell)
    recipe = recipe_of(config, train)
    ground = ground_of(plan, recipe, train)
    return figures_of(rows.whole_row(ground), ground, test)


def _scratch(cell: str, plan: Plan) -> Mapping[str, Any]:
    train, test = read_images(plan, "train", "test")
    ground = _few_ground(cell, plan, train)
    return figures_of(rows.scratch_row(ground), ground, test)


def _transfer(cell: str, plan: Plan) -> Mapping[str, Any]:
    """A network that begins from the weights that the caller has."""
    if plan.weights is None:
        raise SystemExit("transfer needs --transfer-weights")
    train, test = read_images(plan, "train", "test")
    ground = _few_ground(cell, plan, train)
    return figures_of(rows.transfer_row(ground, plan.weights), ground, test)


def _few_ground(cell: str, plan: Plan, train: RealImages) -> Ground:
    config = plan.config("distribution", cell)
    ground = ground_of(plan, recipe_of(config, train), train)
    return replace(ground, config=replace(ground.config, few_shot=number_of(cell, "few")))


def figures_of(row: Row, ground: Ground, test: RealImages) -> Mapping[str, Any]:
    """Train a row's students, then look at the test images once."""
    thetas = []
    for number, training in enumerate(row.trainings):
        say(f"{row.title}: student {number + 1} of {len(row.trainings)}")
        thetas.append(training())
    found = comparison.judged(row, thetas, ground, test)
    return {name: [getattr(one, name) for one in found] for name in FIGURES}


def _coreset(cell: str, plan: Plan) -> Mapping[str, Any]:
    train, test = read_images(plan, "train", "test")
    config = plan.config("distribution", cell, ipc=number_of(cell, "ipc"))
    recipe = recipe_of(config, train)
    ground = ground_of(plan, recipe, train)
    row = rows.coreset_row(ground, cell.rsplit("-ipc", 1)[0])
    return figures_of(row, ground, test)


def ground_of(plan: Plan, recipe: Recipe, train: RealImages, seed: int = 0) -> Ground:
    """What the rows of a cell share."""
    return Ground(
        config=plan.evaluation(seed),
        recipe=recipe,
        learned=0.01,
        train=train,
        device=devices.choose("auto"),
        control=Control(),
    )


def read_images(plan: Plan, *roles: str) -> tuple[RealImages, ...]:
    """The project's images in these roles."""
    config = plan.config("distribution", "images")
    return _followed(roles_read(plan.project, config.images, roles, Control()))


def recipe_of(config: DistillConfig, train: RealImages) -> Recipe:
    """How students of real images are trained."""
    normaliser = normaliser_of(train)
    return Recipe(
        class_names=train.class_names,
        size=config.images.size,
        channels=config.images.channels,
        mean=normaliser.mean,
        deviation=normaliser.deviation,
        network="convnet",
        depth=config.network.depth,
        width=config.network.width,
        augmentation=config.augmentation,
        steps=config.evaluation.steps,
        batch=0,
        momentum=0.9,
        weight_decay=5e-4,
        method="real images",
        images_per_class=config.images_per_class,
        initialisation="real",
        program="benchmark",
    )


def _followed(events: Iterator[Event]) -> Any:
    """Do an operation, saying now and then how far it is; its summary, or what its generator returns."""
    summary, pace, said = {}, Pace(), 0.0
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value if end.value is not None else summary
        now = time.monotonic()
        if isinstance(event, Finished):
            summary = {k: v for k, v in event.summary.items() if k == "text"}
        elif hasattr(event, "done"):
            pace.update(event.phase, event.done, now)
            if now - said > 30:
                said = now
                left = in_words(pace.seconds_left(event.total))
                say(f"{event.phase}: {event.done} of {event.total or '?'} {event.unit} {left}")


def number_of(cell: str, name: str) -> int:
    """The number after a name, e.g. 10 of "ipc" in "trajectory-ipc10-seed0"."""
    return next(int(p.removeprefix(name)) for p in cell.split("-") if p.startswith(name))


def _has(config: object, path: str) -> bool:
    for name in path.split("."):
        if not hasattr(config, name):
            return False
        config = getattr(config, name)
    return True


def cpu_seconds() -> float:
    """What this process has used so far."""
    used = os.times()
    return used.user + used.system


def _peak_megabytes() -> float:
    """Most memory that this process ever held; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def say(text: str) -> None:
    """Tell whoever waits."""
    print(f"    {text}", file=sys.stderr, flush=True)
