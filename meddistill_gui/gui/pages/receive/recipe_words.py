"""A recipe in sentences that a clinician can read."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from meddistill_gui.core.distilled import Recipe
from meddistill_gui.core.specs import METHODS


def recipe_in_words(recipe: Recipe, images: int, rates: Sequence[float]) -> tuple[str, ...]:
    """What the set is and how a student is trained on it, one sentence each."""
    colour = _tr("colour") if recipe.channels == 3 else _tr("grey")
    method = METHODS[recipe.method].title if recipe.method in METHODS else recipe.method
    rate = f"{rates[0]:.4g}" if len(rates) == 1 else f"{min(rates):.4g} – {max(rates):.4g}"
    start = (
        _tr("The images started from real images.")
        if recipe.initialisation == "real"
        else _tr("The images started from noise.")
    )
    return (
        _tr(
            "{images} {colour} images of {size} x {size} pixels, {each} of each class: {classes}."
        ).format(
            images=images,
            colour=colour,
            size=recipe.size,
            each=recipe.images_per_class,
            classes=", ".join(recipe.class_names),
        ),
        _tr("Made by {method} ({program}). {start}").format(
            method=method.lower(), program=recipe.program, start=start
        ),
        _tr(
            "A student is a {network} of {depth} blocks with {width} channels, trained for {steps} steps at a "
            "learned rate of {rate}, momentum {momentum:g}, weight decay {decay:g}."
        ).format(
            network=recipe.network,
            depth=recipe.depth,
            width=recipe.width,
            steps=f"{recipe.steps:,}",
            rate=rate,
            momentum=recipe.momentum,
            decay=recipe.weight_decay,
        ),
        _tr("It sees the images with the random changes called {augmentation!r}.").format(
            augmentation=recipe.augmentation
        ),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Receive", text)
