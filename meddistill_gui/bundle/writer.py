"""Packing: a distilled set and its papers as the bytes of a bundle. Only what a schema names gets in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meddistill_gui.bundle import croissant, schema, texts, utility
from meddistill_gui.bundle.archive import write_archive
from meddistill_gui.bundle.bag import bagged
from meddistill_gui.bundle.format import (
    ARRAYS,
    AUDIT,
    CARD,
    CROISSANT,
    DATASHEET,
    FORMAT,
    MAX_IMAGES,
    MAX_RATES,
    README,
    RECIPE,
    REPORT,
    SCRIPT,
    TENSORS,
    TERMS,
    UTILITY,
    class_folder,
    image_name,
)
from meddistill_gui.bundle.pictures import medmnist_arrays, shown, to_npy, to_png
from meddistill_gui.core.distilled import DistilledSet, recipe_to_json, to_bytes
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What goes with the images.

    Attributes:
        title: Title as the sender wrote it; "" makes one from the numbers.
        contact: Whom the receiver may ask; "" for nobody.
        licence: Terms of use; "" means: ask first.
        evaluation: Content of the run's `evaluation.json`, or None; only its public part travels.
        audit: Content of the audit's `public.json`, or None.
    """

    title: str
    contact: str
    licence: str
    evaluation: Mapping[str, Any] | None
    audit: Mapping[str, Any] | None


def pack(distilled: DistilledSet, papers: Papers) -> bytes:
    """The bundle, a zip file; the same set and papers always give the same bytes.

    Raises:
        BundleError: A field is not in the format, or the set is larger than receivers open.
    """
    return write_archive(bagged(payload(distilled, papers), (README, texts.readme().encode())))


def payload(distilled: DistilledSet, papers: Papers) -> dict[str, bytes]:
    """Each file below `data/` and its content.

    Raises:
        BundleError: A field is not in the format, or there are too many images.
    """
    if len(distilled.images) > MAX_IMAGES or len(distilled.learning_rates) > MAX_RATES:
        raise BundleError(
            f"The set has {len(distilled.images)} images and {len(distilled.learning_rates)} rates; "
            f"a bundle holds at most {MAX_IMAGES} and {MAX_RATES}.",
            "Distil fewer images.",
        )
    card = _card(distilled, papers)
    figures = None if papers.evaluation is None else utility.public(papers.evaluation)
    audit = None if papers.audit is None else _plain(papers.audit)
    recipe = _plain(recipe_to_json(distilled.recipe))
    files = {CARD: _json("card", card), RECIPE: _json("recipe", recipe)}
    if figures is not None:
        files[UTILITY] = _json("utility", figures)
    if audit is not None:
        files[AUDIT] = _json("audit", audit)
    files |= _images(distilled)
    files[TENSORS] = to_bytes(distilled)
    files[ARRAYS] = npz(distilled)
    files[SCRIPT] = script()
    files[CROISSANT] = croissant.document(card, recipe, audit, files)
    pictures = [name for name in files if name.endswith(".png")]
    content = texts.Content(
        card=card, recipe=recipe, utility=figures, audit=audit, pictures=pictures
    )
    files[REPORT] = texts.report(content).encode()
    files[TERMS] = texts.terms(content).encode()
    files[DATASHEET] = texts.datasheet(content).encode()
    return files


def image_names(distilled: DistilledSet) -> list[str]:
    """Path of each image's PNG, row by row."""
    names = distilled.recipe.class_names
    folders = [class_folder(index, name, len(names)) for index, name in enumerate(names)]
    labels = distilled.labels.argmax(axis=1)
    count = len(labels)
    return [image_name(index, folders[label], count) for index, label in enumerate(labels)]


def npz(distilled: DistilledSet) -> bytes:
    """The MedMNIST-shaped file: an `.npz` is a zip of `.npy` files, here in the same fixed form as the bundle."""
    arrays = medmnist_arrays(distilled)
    return write_archive({f"{name}.npy": to_npy(array) for name, array in arrays.items()})


def script() -> bytes:
    """The stand-alone training script that each bundle carries."""
    return (resources() / "bundle" / "train_student.py").read_bytes()


def _card(distilled: DistilledSet, papers: Papers) -> Json:
    recipe = distilled.recipe
    count, classes = len(distilled.images), len(recipe.class_names)
    return {
        "format": FORMAT,
        "title": papers.title.strip() or f"{count} synthetic images of {classes} classes",
        "contact": papers.contact.strip(),
        "licence": papers.licence.strip(),
        "program": recipe.program,
        "images": count,
        "class_names": list(recipe.class_names),
        "notice": NOT_FOR_CLINICAL_USE,
    }


def _images(distilled: DistilledSet) -> dict[str, bytes]:
    pixels = shown(distilled)
    return {name: to_png(image) for name, image in zip(image_names(distilled), pixels, strict=True)}


def _json(name: str, value: Json) -> bytes:
    schema.check(name, value)
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _plain(record: Mapping[str, Any]) -> Json:
    """A copy without tuples, so that what is checked is what is written."""
    copy: Json = json.loads(json.dumps(record, ensure_ascii=False, allow_nan=True))
    return copy
