"""Croissant 1.0 JSON-LD: the bundle described so that data set catalogues and loaders understand it (mlcommons.org/croissant)."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from meddistill_gui.bundle.format import ARRAYS, RECIPE, TENSORS
from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, LIMITS, Verdict

Json = dict[str, Any]

_SPDX: Final = re.compile(r"[A-Za-z0-9.+-]+-[0-9.]+[A-Za-z0-9.+-]*")
_FILES: Final = {
    TENSORS: ("application/octet-stream", "Images, labels and learned rates (safetensors)."),
    ARRAYS: ("application/octet-stream", "The 8-bit images as a MedMNIST file."),
    RECIPE: ("application/json", "How a student is trained on the images."),
}


def document(card: Json, recipe: Json, audit: Json | None, files: Mapping[str, bytes]) -> bytes:
    """The description, to stand beside the files it describes.

    Args:
        card: Schema "card".
        recipe: Schema "recipe".
        audit: Schema "audit", or None.
        files: The payload, for sizes and checksums.
    """
    context = (resources() / "bundle" / "croissant_context.json").read_text(encoding="utf-8")
    described = {
        "@context": json.loads(context),
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": card["title"],
        "description": _description(card, recipe),
        "version": "1.0.0",
        **_terms(card),
        **_responsible(recipe, audit),
        "distribution": [*(_file(name, files[name]) for name in _FILES), _IMAGES],
        "recordSet": [_classes(card["class_names"]), _RECORDS],
    }
    return (json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _description(card: Json, recipe: Json) -> str:
    size = recipe["size"]
    return (
        f"{card['images']} synthetic images of {len(card['class_names'])} classes, {size} x {size} pixels, computed from "
        f"images of patients by dataset distillation ({recipe['method']}). {card['notice']}"
    )


def _terms(card: Json) -> Json:
    licence = card["licence"]
    if not licence:
        licence = "None given: ask the sender before you use the images."
    elif _SPDX.fullmatch(licence):
        licence = f"https://spdx.org/licenses/{licence}.html"
    creator = {"@type": "sc:Organization", "name": card["contact"]}
    return {"license": licence} | ({"creator": creator} if card["contact"] else {})


def _responsible(recipe: Json, audit: Json | None) -> Json:
    tested = f"{audit['verdict']}. {audit['formal']}." if audit else f"{Verdict.CANNOT_TELL}: no audit was run. {FORMAL_GUARANTEE_NONE}."  # fmt: skip
    started = "noise" if recipe["initialisation"] == "noise" else "real images"
    return {
        "rai:dataCollection": f"Computed from medical images; the images started from {started}. No source image or header is included.",
        "rai:personalSensitiveInformation": f"Tests for leaks: {tested}",
        "rai:dataLimitations": LIMITS,
        "rai:dataUseCases": "Training of image classifiers where the source images cannot go. Not for clinical use.",
    }


def _file(name: str, content: bytes) -> Json:
    encoding, description = _FILES[name]
    short = name.removeprefix("data/")
    return {
        "@type": "cr:FileObject",
        "@id": short,
        "name": short,
        "description": description,
        "contentUrl": short,
        "contentSize": f"{len(content)} B",
        "encodingFormat": encoding,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


_IMAGES: Final[Json] = {
    "@type": "cr:FileSet",
    "@id": "pictures",
    "name": "pictures",
    "description": "One PNG per image, a folder per class; checksums stand in manifest-sha256.txt.",
    "encodingFormat": "image/png",
    "includes": "images/*/*.png",
}


def _classes(names: list[str]) -> Json:
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "dataType": "sc:Enumeration",
        "key": {"@id": "classes/label"},
        "field": [
            {"@type": "cr:Field", "@id": "classes/label", "name": "label", "dataType": "sc:Integer"},
            {"@type": "cr:Field", "@id": "classes/name", "name": "name", "dataType": "sc:Text"},
        ],
        "data": [
            {"classes/label": label, "classes/name": name} for label, name in enumerate(names)
        ],
    }  # fmt: skip


_RECORDS: Final[Json] = {
    "@type": "cr:RecordSet",
    "@id": "images",
    "name": "images",
    "description": "Each synthetic image with its label.",
    "field": [
        {
            "@type": "cr:Field",
            "@id": "images/image",
            "name": "image",
            "dataType": "sc:ImageObject",
            "source": {"fileSet": {"@id": "pictures"}, "extract": {"fileProperty": "content"}},
        },
        {
            "@type": "cr:Field",
            "@id": "images/label",
            "name": "label",
            "dataType": "sc:Integer",
            "source": {
                "fileSet": {"@id": "pictures"},
                "extract": {"fileProperty": "fullpath"},
                "transform": {"regex": "images/0*([0-9]+)-[^/]*/[0-9]+[.]png$"},
            },
        },
    ],
}
