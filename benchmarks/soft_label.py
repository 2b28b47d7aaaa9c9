"""Learned labels on patches: few images against hard labels and against real patches, by votes over whole images; and capsules.

    python -m benchmarks.soft_label                     # the table of docs/results.md
    python -m benchmarks.soft_label --seeds 0 --out DIR # one seed; cells that are complete are not done twice
    python -m benchmarks.soft_label --validation --set options.image_rate=0.1 --out DIR # to choose options
    python -m benchmarks.soft_label --capsules          # size and rebuilding of six networks' capsules

Invented radiographs with straight or coarse folds are drawn, cut by a sliding window and judged as the program does it.
Iterations are chosen on validation patches. Votes are counted twice: at paper D's threshold of 0.4, and at the one that is
best on the validation images. The test images are looked at once; options are chosen without them (`--validation`).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks import capsule_sizes
from benchmarks.fold_patches import fold_patches
from meddistill_gui.core import distilled as sets
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Metric
from meddistill_gui.core.patch_set import PatchSet
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.engine import runner
from meddistill_gui.engine.evaluation.baselines import train_on_all
from meddistill_gui.engine.evaluation.students import predict, train_student
from meddistill_gui.engine.tensors import normaliser_of
from meddistill_gui.engine.voting import curve, judged, vote
from meddistill_gui.operations.patch_sets import decided

_CPU: Final = torch.device("cpu")
_CUT: Final = {"side": 512, "window": 75, "stride": 37, "size": 24}
_COUNTS: Final = {"train": 60, "validation": 24, "test": 100}
_REAL: Final = 3000
_LEARNED: Final = {
    f"{form}({images})": {"options.images": images, "options.labels": form}
    for images in (1, 2, 3)
    for form in ("raw", "soft", "hard")
}
_CELLS: Final = {
    **_LEARNED,
    "3,000 real patches": {},
}
_FIGURES: Final = (
    "patches",
    "sensitivity",
    "specificity",
    "harmonic_mean",
    "at_0.4",
    "delta",
    "cpu_seconds",
)
_TO_CHOOSE_BY: Final = ("loss", *_FIGURES)  # the loss is the mean of the last 100 iterations


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the missing cells, then print the table."""
    given = _parser().parse_args(arguments)
    if given.capsules:
        return capsule_sizes.main(given.size)
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, PatchSet] = {}
    for name in given.cells:
        for seed in given.seeds:
            path = given.out / f"{name.replace(' ', '-')}-{seed}.json"
            if not path.is_file():
                parts = parts or _parts()
                path.write_text(json.dumps(_cell(name, seed, parts, given)))
    _print(given)
    return 0


def _parts() -> dict[str, PatchSet]:
    return {
        role: fold_patches(role, count, **_CUT, decided=role == "train")
        for role, count in _COUNTS.items()
    }


def _cell(name: str, seed: int, parts: dict[str, PatchSet], given: Any) -> dict[str, float]:
    begun = time.process_time()
    train = parts["train"].patches
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), name, seed, given)
        run = create_run(config)
        if name not in _CELLS or _CELLS[name]:
            chosen = decided(parts["validation"])
            losses = [
                event.value
                for event in runner.distill(config, run, train, chosen, Control())
                if isinstance(event, Metric) and event.name == runner.LOSS
            ]
            found = sets.load(run.result)
            sets.save(given.out / f"{name.replace(' ', '-')}-{seed}.safetensors", found)
            recipe = found.recipe
            theta = train_student(found, seed=seed, device=_CPU, control=Control())
        else:
            losses, some = [], _some(train, seed)
            recipe = _recipe(config, some)
            theta = train_on_all(some, recipe, seed=seed, device=_CPU, control=Control())
    looked_at = "validation" if given.validation else "test"
    return {
        **_judged(recipe, theta, parts, looked_at),
        "loss": float(np.mean(losses[-100:])) if losses else float("nan"),
        "cpu_seconds": time.process_time() - begun,
    }


def _judged(
    recipe: sets.Recipe, theta: torch.Tensor, parts: dict[str, PatchSet], looked_at: str
) -> dict[str, float]:
    """Balanced accuracy of a role's patches, and its images' figures at the validation images' best threshold."""
    answers, ballots, labels = {}, {}, {}
    for role in {"validation", looked_at}:
        part = parts[role]
        answers[role] = predict(recipe, theta, part.patches, _CPU).argmax(axis=1)
        ballots[role] = vote(answers[role], part.image, len(part.image_labels))
        labels[role] = part.image_labels
    tried = curve(ballots["validation"], labels["validation"])
    best = max(one.harmonic_mean for one in tried)
    delta = float(np.mean([one.delta for one in tried if one.harmonic_mean == best]))
    verdict = judged(ballots[looked_at], labels[looked_at], delta)
    truth, taken = parts[looked_at].patches.labels, answers[looked_at]
    return {
        "patches": float(np.mean([(taken[truth == k] == k).mean() for k in range(3)])),
        "sensitivity": verdict.sensitivity,
        "specificity": verdict.specificity,
        "harmonic_mean": verdict.harmonic_mean,
        "at_0.4": judged(ballots[looked_at], labels[looked_at]).harmonic_mean,
        "delta": delta,
    }


def _config(project: Path, name: str, seed: int, given: Any) -> DistillConfig:
    config = with_values(DistillConfig(project=project), {"method": "soft_label"})
    shared = {
        "images.size": _CUT["size"],
        "network.depth": 2,
        "network.width": 16,
        "iterations": given.iterations,
        "evaluation.every": max(1, given.iterations // 10),
        "seed": seed,
        "options.start_seed": seed,
        "options.real_batch": 48,
        "device": "cpu",
    }
    typed = {}
    for pair in given.set:
        path, _, value = pair.partition("=")
        typed[path] = json.loads(value)
    return with_values(config, {**shared, **typed, **_CELLS[name]})


def _some(train: RealImages, seed: int) -> RealImages:
    """As many patches of each class, or all of a smaller class."""
    random, share = np.random.default_rng(seed), _REAL // 3
    chosen = np.concatenate(
        [random.permutation(np.flatnonzero(train.labels == k))[:share] for k in range(3)]
    )
    return replace(
        train,
        **{name: getattr(train, name)[chosen] for name in ("images", "labels", "patients", "ids")},
    )


def _recipe(config: DistillConfig, train: RealImages) -> sets.Recipe:
    normaliser = normaliser_of(train)
    return sets.Recipe(
        class_names=train.class_names,
        size=config.images.size,
        channels=1,
        mean=normaliser.mean,
        deviation=normaliser.deviation,
        network="convnet",
        depth=config.network.depth,
        width=config.network.width,
        augmentation="radiograph",
        steps=1,
        batch=0,
        momentum=0.9,
        weight_decay=5e-4,
        method="real",
        images_per_class=1,
        initialisation="real",
        program="",
    )


def _print(given: Any) -> None:
    """The figures of each cell, then how far learned labels are above hard ones of the same seed (start and first images)."""
    found = {name: _found(given, name) for name in given.cells}
    figures = _TO_CHOOSE_BY if given.validation else _FIGURES
    print(f"{'learned from':20}" + "".join(f"{name.replace('_', ' '):>16}" for name in figures))
    for name, cells in found.items():
        shown = [
            f"{np.mean([cell[figure] for cell in cells.values()]):.0f}"
            if figure == "cpu_seconds" and cells
            else _spread([cell[figure] for cell in cells.values()])
            for figure in figures
        ]
        print(f"{name:20}" + "".join(f"{text:>16}" for text in shown))
    for name, cells in found.items():
        hard = found.get(f"hard{name[name.find('(') :]}", {})
        both = [seed for seed in cells if seed in hard]
        if name in _LEARNED and both and cells is not hard:
            gains = [
                _spread([cells[seed][figure] - hard[seed][figure] for seed in both])
                for figure in ("patches", "harmonic_mean")
            ]
            print(f"{name} minus hard labels: patches {gains[0]}, harmonic mean {gains[1]}")


def _found(given: Any, name: str) -> dict[int, dict[str, float]]:
    """The complete cells of a row by their seed."""
    paths = {seed: given.out / f"{name.replace(' ', '-')}-{seed}.json" for seed in given.seeds}
    return {seed: json.loads(path.read_text()) for seed, path in paths.items() if path.is_file()}


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cells", nargs="+", default=list(_CELLS), choices=list(_CELLS))
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--set", nargs="*", default=[], metavar="OPTION=JSON")
    parser.add_argument("--out", type=Path, default=Path("build/soft_label"))
    parser.add_argument("--validation", action="store_true", help="leave the test images alone")
    parser.add_argument("--capsules", action="store_true", help="measure capsules instead")
    parser.add_argument("--size", type=int, default=224, help="pixels of a capsule's images")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
