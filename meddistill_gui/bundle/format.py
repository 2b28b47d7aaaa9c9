"""Names, limits and version of the bundle format; `docs/bundle.md` is the same in words."""

import re
import unicodedata
from typing import Final

FORMAT: Final = 1
EXTENSION: Final = ".distilled.zip"
ROOT: Final = "distilled-set/"

BAGIT: Final = "bagit.txt"
BAG_INFO: Final = "bag-info.txt"
README: Final = "README.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
SIGNATURE: Final = "signature.sshsig"
TAG_FILES: Final = (BAG_INFO, BAGIT, MANIFEST, README)

CARD: Final = "data/card.json"
RECIPE: Final = "data/recipe.json"
TENSORS: Final = "data/distilled.safetensors"
ARRAYS: Final = "data/distilled.npz"
SCRIPT: Final = "data/train_student.py"
UTILITY: Final = "data/utility.json"
AUDIT: Final = "data/audit.json"
REPORT: Final = "data/report.html"
CROISSANT: Final = "data/croissant.json"
TERMS: Final = "data/TERMS.txt"
DATASHEET: Final = "data/DATASHEET.md"

MAX_BUNDLE_BYTES: Final = 320 * 2**20
"""So that a reader of a hostile bundle stays under 1 GB of memory (content, tensors and one comparison)."""

MAX_MEMBERS: Final = 20_000
MAX_IMAGES: Final = 16_384
MAX_CLASSES: Final = 256
MAX_SIDE: Final = 512
MAX_RATES: Final = 100_000
MAX_TEXT_BYTES: Final = 2**20
"""Of one JSON, text or manifest member, except the manifest of many images."""

FORMAT_LINE: Final = "Distilled-Set-Format"
_SLUG: Final = re.compile(r"[^a-z0-9]+")


def class_folder(index: int, name: str, classes: int) -> str:
    """Folder of one class's images below `data/images/`: plain ASCII, in the order of the classes.

    Args:
        index: Label of the class.
        name: Its name, any text.
        classes: Number of classes, which decides the width of the number.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = _SLUG.sub("-", plain.lower()).strip("-")[:40].strip("-") or "class"
    return f"{index:0{len(str(classes - 1))}d}-{slug}"


def image_name(index: int, folder: str, images: int) -> str:
    """Path of one PNG inside the bundle.

    Args:
        index: Row of the image in the tensors.
        folder: Its class's folder.
        images: Number of images, which decides the width of the number.
    """
    return f"data/images/{folder}/{index:0{len(str(images - 1))}d}.png"
