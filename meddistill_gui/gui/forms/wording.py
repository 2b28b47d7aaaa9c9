"""From the names in the code to the words on the screen."""

from collections.abc import Iterable
from typing import Final

from meddistill_gui.core.config import Option

_TITLES: Final = {
    "holdout": "Hold-out",
    "keep_folders": "Keep train and test",
    "images_per_class": "Images per class",
    "rate_rate": "Step size of the rate",
    "image_rate": "Step size of images",
    "student_rate": "Student's rate",
    "delta": "Threshold of the vote",
    "statistics": "Batch statistics",
    "out": "Write to",
}
"""Where the name in the code does not read well."""


def title_of(name: str) -> str:
    """Words for a name: "folder_level" becomes "Folder level"."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


def label_of(one: Option) -> str:
    """Label of an option in a form."""
    return title_of(one.path.rsplit(".", 1)[-1])


def problem_in_words(sentence: str, options: Iterable[Option]) -> str:
    """A sentence of `core.config.problems` with the labels of the form instead of dotted paths."""
    for one in sorted(options, key=lambda o: len(o.path), reverse=True):
        for path in (one.path + " ", one.path + ":"):
            if sentence.startswith(path) or f" {path}" in sentence:
                sentence = sentence.replace(path, f"{label_of(one)}{path[-1]}")
    return sentence
