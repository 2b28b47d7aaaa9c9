"""Several hospitals' sets as one training set.

Each set was distilled under the normalisation of its own hospital: a network saw (image - mean) / deviation with that
hospital's numbers, and these are part of what was learned. The joined set has the pooled normalisation (mean of the means,
root of the mean variance), and every image is expressed in it such that a network sees exactly what it saw before.
The student's rate is the geometric mean of the sets' rates, its steps are the most of theirs. Both choices are ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from meddistill_gui.core.distilled import DistilledSet, Float32, Recipe
from meddistill_gui.core.errors import BundleError

_MUST_AGREE: Final = (
    *("size", "channels", "network", "depth", "width", "augmentation"),
    *("momentum", "weight_decay", "fit", "window"),
)


def joined(sets: Sequence[DistilledSet]) -> DistilledSet:
    """One set of all their images; the first decides the order of the classes.

    Args:
        sets: At least one; with the same classes in any order, and the same network and images.

    Raises:
        BundleError: They do not fit together; the sentence says in what.
    """
    first = sets[0].recipe
    if len(sets) > 1 and any(one.recipe.is_prescribed for one in sets):
        raise BundleError(
            "A bundle whose students must follow prescribed steps cannot be joined with others.",
            "Train on it alone.",
        )
    for other in sets[1:]:
        _check_fit(first, other.recipe)
    if len(sets) == 1:
        return sets[0]
    recipe = _recipe([one.recipe for one in sets])
    return DistilledSet(
        images=np.concatenate([_expressed(one, recipe) for one in sets]),
        labels=np.concatenate([_ordered(one, first.class_names) for one in sets]),
        learning_rates=_rates(sets),
        recipe=recipe,
    )


def _check_fit(first: Recipe, other: Recipe) -> None:
    if set(first.class_names) != set(other.class_names):
        raise BundleError(
            f"The bundles have other classes: {', '.join(first.class_names)}; and {', '.join(other.class_names)}.",
            "Only bundles with the same classes can be joined.",
        )
    for name in _MUST_AGREE:
        if getattr(first, name) != getattr(other, name):
            raise BundleError(
                f"The bundles do not fit together: {name} is {getattr(first, name)!r} in the first and "
                f"{getattr(other, name)!r} in another.",
                "Ask the senders to distil with the same size, network and augmentation.",
            )


def _recipe(recipes: Sequence[Recipe]) -> Recipe:
    means = np.array([recipe.mean for recipe in recipes])
    variances = np.array([recipe.deviation for recipe in recipes]) ** 2
    return replace(
        recipes[0],
        mean=tuple(means.mean(axis=0).tolist()),
        deviation=tuple(np.sqrt(variances.mean(axis=0)).tolist()),
        steps=max(recipe.steps for recipe in recipes),
        images_per_class=sum(recipe.images_per_class for recipe in recipes),
        initialisation="real" if any(r.initialisation == "real" for r in recipes) else "noise",
        method="joined",
    )


def _expressed(one: DistilledSet, recipe: Recipe) -> Float32:
    def column(values: tuple[float, ...]) -> Float32:
        return np.array(values, np.float32)[:, None, None]

    seen = (one.images - column(one.recipe.mean)) / column(one.recipe.deviation)
    return np.asarray(seen * column(recipe.deviation) + column(recipe.mean), np.float32)


def _ordered(one: DistilledSet, names: tuple[str, ...]) -> Float32:
    columns = [one.recipe.class_names.index(name) for name in names]
    return np.asarray(one.labels[:, columns], np.float32)


def _rates(sets: Sequence[DistilledSet]) -> Float32:
    """One rate per step where all sets have as many, else one rate."""
    lengths = {len(one.learning_rates) for one in sets}
    logs = [
        np.log(one.learning_rates if len(lengths) == 1 else one.learning_rates.mean(keepdims=True))
        for one in sets
    ]
    return np.asarray(np.exp(np.mean(logs, axis=0)), np.float32)
