"""A distilled set and real images small enough for tests: three classes that differ in which rows are bright."""

from dataclasses import replace

import numpy as np

from meddistill_gui.core.distilled import DistilledSet, Recipe
from meddistill_gui.core.real_images import RealImages

RECIPE = Recipe(
    class_names=("top", "middle", "bottom"),
    size=8,
    channels=1,
    mean=(0.4,),
    deviation=(0.25,),
    network="convnet",
    depth=1,
    width=4,
    augmentation="none",
    steps=40,
    batch=0,
    momentum=0.9,
    weight_decay=5e-4,
    method="test",
    images_per_class=1,
    initialisation="noise",
    program="test",
)


def real_images(*, count=60, role="train", seed=0, noise=30.0):
    """`count` images of 3 classes, 20 patients a role with 3 images each."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = random.normal(80, noise, (count, 1, 8, 8))
    for place, label in enumerate(labels):
        images[place, :, 3 * label : 3 * label + 2] += 90
    return RealImages(
        images=np.clip(images, 0, 255).astype(np.uint8),
        labels=labels,
        patients=1000 * seed + np.arange(count) // 3,
        ids=1000 * seed + np.arange(count),
        class_names=RECIPE.class_names,
        role=role,
    )


def distilled_set(*, rate=0.05, per_class=1, **recipe):
    """The classes' clean patterns."""
    labels = np.repeat(np.eye(3, dtype=np.float32), per_class, axis=0)
    images = np.full((3 * per_class, 1, 8, 8), 0.3, np.float32)
    for place in range(len(images)):
        label = place // per_class
        images[place, :, 3 * label : 3 * label + 2] += 0.35
    return DistilledSet(
        images=images,
        labels=labels,
        learning_rates=np.array([rate], np.float32),
        recipe=replace(RECIPE, images_per_class=per_class, **recipe),
    )
