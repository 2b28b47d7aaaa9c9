"""What is said of students that a receiver has trained: the model card beside their weights (Mitchell et al. 2019, arXiv 1810.03993)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from meddistill_gui.bundle.texts import environment
from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core.distilled import Recipe
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE


def written(bundles: Sequence[VerifiedBundle], recipe: Recipe, summary: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        bundles: What the students were trained on.
        recipe: How.
        summary: What `receive` has found: files, tests, rows.
    """
    template = environment().get_template("MODEL_CARD.md.j2")
    return template.render(
        bundles=bundles, recipe=asdict(recipe), summary=summary, notice=NOT_FOR_CLINICAL_USE
    )
