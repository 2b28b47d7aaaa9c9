"""A small invented set with all its papers: what the bundle's benchmark and tests work on."""

from dataclasses import replace
from typing import Any

import numpy as np

from meddistill_gui.bundle.writer import Papers
from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, LIMITS, Verdict


def make_set(
    *,
    channels: int = 1,
    per_class: int = 1,
    size: int = 16,
    steps: int = 20,
    augmentation: str = "radiograph",
    batch: int = 0,
    rates: int = 1,
) -> DistilledSet:
    """A distilled set of four classes, one of them with a name full of odd characters."""
    random = np.random.default_rng(7)
    names = ("normal", "Focal opacity", "ground-glass", "été / ünterstitial")
    recipe = Recipe(
        class_names=names,
        size=size,
        channels=channels,
        mean=(0.41,) * channels,
        deviation=(0.23,) * channels,
        network="convnet",
        depth=2,
        width=8,
        augmentation=augmentation,
        steps=steps,
        batch=batch,
        momentum=0.9,
        weight_decay=5e-4,
        method="trajectory",
        images_per_class=per_class,
        initialisation="noise",
        program="MedDistill 0.1.0",
        fit="pad",
        window="file",
    )
    count = per_class * len(names)
    labels = np.repeat(np.eye(len(names), dtype=np.float32), per_class, axis=0)
    return DistilledSet(
        images=random.normal(0.5, 0.4, (count, channels, size, size)).astype(np.float32),
        labels=labels,
        learning_rates=random.uniform(0.01, 0.05, rates).astype(np.float32),
        recipe=recipe,
    )


def prescribed_set(
    *,
    order: tuple[tuple[int, ...], ...],
    network: str = "convnet",
    size: int = 8,
    norm: str = "own",
    rate: float = 0.02,
) -> DistilledSet:
    """A set of soft labels that prescribes its start and its steps, as `soft_label` makes them.

    Args:
        order: The images of each step.
        network: Its family.
        size: Side of the images.
        norm: Normalisation of the network.
        rate: Rate of the first step; the later ones are a little larger each.
    """
    random, count = np.random.default_rng(0), 1 + max(map(max, order))
    plain = make_set(size=size, steps=len(order), augmentation="none", per_class=1)
    recipe = replace(
        plain.recipe,
        class_names=PATCH_CLASSES,
        network=network,
        norm=norm,
        depth=2,
        width=4,
        momentum=0.0,
        weight_decay=0.0,
        method="soft_label",
        start=7,
        order=order,
    )
    return DistilledSet(
        images=random.normal(0.5, 0.25, (count, 1, size, size)).astype(np.float32),
        labels=random.dirichlet(np.ones(3), count).astype(np.float32),
        learning_rates=(rate * (1 + np.arange(len(order)) / 10)).astype(np.float32),
        recipe=recipe,
    )


def make_evaluation() -> dict[str, Any]:
    """An `evaluation.json` with everything in it that must stay at home."""
    interval = {"mean": 0.71234567, "sd": 0.01, "low": 0.69, "high": 0.735, "values": [0.7, 0.72]}
    one = {"mean": 0.9, "sd": float("nan"), "low": float("nan"), "high": float("nan"), "values": [0.9]}  # fmt: skip
    metrics = {"accuracy": one, "balanced_accuracy": interval, "macro_f1": interval, "auroc": interval}  # fmt: skip
    row = {
        "students": 3,
        **metrics,
        "per_class": [{"class": "normal", "sensitivity": 0.8, "specificity": float("nan")}],
        "confusion": [[5, 1], [2, 7]],
        "seconds": 12.3,
    }
    return {
        "format": 1,
        "class_names": list(make_set().recipe.class_names),
        "test_images": 157,
        "test_patients": 7,
        "rows": [
            {"name": "distilled", "title": "4 synthetic images", "training_images": 4, **row},
            {"name": "random", "title": "4 real images", "training_images": 4, **row},
            {"name": "whole", "title": "all 1,234 real images", "training_images": 1234, **row},
        ],
    }


def make_audit() -> dict[str, Any]:
    """An audit's `public.json`."""
    return {
        "format": 1,
        "verdict": str(Verdict.NO_LEAK_FOUND),
        "reasons": ["Every planted copy was found."],
        "formal": FORMAL_GUARANTEE_NONE,
        "initialisation": "noise",
        "policy": [["Copies are called at", "p below 0.01"]],
        "preconditions": [{"name": "enough patients", "passed": True}],
        "counts": {
            "synthetic": "4",
            "train_images": "about 400",
            "train_patients": "about 180",
            "holdout_images": "about 100",
            "holdout_patients": "fewer than 11",
        },
        "planted": [
            {"kind": "exact", "planted": 59, "found": 59, "right_patient": 59, "marked": True}
        ],
        "limits": LIMITS,
    }


def make_papers(**changes: Any) -> Papers:
    """All papers, some of them changed."""
    values = {
        "title": "Chest phantoms",
        "contact": "radiology@example.org",
        "licence": "CC-BY-4.0",
        "evaluation": make_evaluation(),
        "audit": make_audit(),
    }
    return Papers(**(values | changes))
