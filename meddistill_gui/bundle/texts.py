"""The pages for people: README, report, terms, datasheet; made from the checked values by templates."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jinja2

from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, LIMITS, NOT_FOR_CLINICAL_USE

Json = dict[str, Any]

_SHOWN_PICTURES: Final = 400


@dataclass(frozen=True, kw_only=True)
class Content:
    """The checked values that the pages tell.

    Attributes:
        card: Schema "card".
        recipe: Schema "recipe".
        utility: Schema "utility", or None where the set was not tested.
        audit: Schema "audit", or None where it was not audited.
        pictures: Paths of the PNGs in the bundle.
    """

    card: Json
    recipe: Json
    utility: Json | None
    audit: Json | None
    pictures: Sequence[str]


def readme() -> str:
    """What to do with the folder, for whoever unpacks it; the same in every bundle."""
    return environment().get_template("README.txt.j2").render()


def report(content: Content) -> str:
    """One HTML page: images, figures, audit, terms. It loads nothing but the images beside it and runs nothing."""
    shown = [path.removeprefix("data/") for path in content.pictures[:_SHOWN_PICTURES]]
    return _rendered("report.html.j2", content, shown=shown)


def terms(content: Content) -> str:
    """Terms of use."""
    return _rendered("TERMS.txt.j2", content)


def datasheet(content: Content) -> str:
    """Answers to the questions of Gebru et al. 2021, "Datasheets for Datasets", as far as the program can know them."""
    return _rendered("DATASHEET.md.j2", content)


def _rendered(template: str, content: Content, **more: object) -> str:
    return (
        environment()
        .get_template(template)
        .render(
            card=content.card,
            recipe=content.recipe,
            utility=content.utility,
            audit=content.audit,
            limits=LIMITS,
            formal=FORMAL_GUARANTEE_NONE,
            notice=NOT_FOR_CLINICAL_USE,
            **more,
        )
    )


@functools.cache
def environment() -> jinja2.Environment:
    """The templates of a bundle's pages."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources() / "bundle" / "templates"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = _share
    environment.filters["row_name"] = _row_name
    return environment


def _share(interval: Json) -> str:
    """An interval in words: "0.812 (0.790 to 0.834)"."""
    mean, low, high = (_number(interval[name]) for name in ("mean", "low", "high"))
    if mean is None:
        return "not measured"
    return f"{mean:.3f}" if low is None or high is None else f"{mean:.3f} ({low:.3f} to {high:.3f})"


def _number(value: float | None) -> float | None:
    """What does not exist is null in a bundle and NaN in the program."""
    return None if value is None or math.isnan(value) else value


def _row_name(row: Json) -> str:
    names = {
        "distilled": "synthetic images of this bundle",
        "random": "real images drawn at random",
        "distilled-hard": "synthetic images of this bundle, labels made hard",
        "scratch": "real images, from scratch",
        "transfer": "real images, with weights trained elsewhere",
        "whole": "all real training images",
    }
    return f"{row['training_images']:,} {names.get(row['name'], row['name'])}"
