"""Options of `label`: where each image's class comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """Give each image its class."""

    project: Path = option(text="Project folder.")
    rule: str = option(
        "folder",
        text="Where the class comes from: the name of the folder that holds the image, a table, or a DICOM tag; keep leaves "
        "the classes as they are and only renames, merges or leaves out.",
        choices=("folder", "table", "tag", "keep"),
    )
    folder_level: int = option(
        1,
        text="Which folder names the class: 1 is the one that holds the image, 2 the one above it.",
        minimum=1,
        maximum=8,
        expert=True,
    )
    table: Path | None = option(
        None, text="Table (CSV or XLSX) with one row per image, patient or accession number."
    )
    key_column: str = option(
        "path",
        text="Column of the table that names the image (path), the patient or the accession number.",
    )
    class_column: str = option("class", text="Column of the table that holds the class.")
    tag: str = option("", text="DICOM keyword that holds the class, e.g. StudyDescription.")
    rename: tuple[str, ...] = option(
        (),
        text="Classes to rename or to merge, as old=new, e.g. 'COVID=infected' and 'Viral Pneumonia=infected'.",
    )
    ignore: tuple[str, ...] = option((), text="Classes to leave out, e.g. 'unclear'.")
    forget_hand: bool = option(
        default=False,
        text="Also forget the classes that were set by hand; else they stay, whatever the rule says.",
        expert=True,
    )

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.rule == "table" and self.table is None:
            yield "table is not set, but the rule is 'table'."
        if self.rule == "tag" and not self.tag:
            yield "tag is not set, but the rule is 'tag'."
        for pair in self.rename:
            old, sign, new = pair.rpartition("=")
            if not (sign and old.strip() and new.strip()):
                yield f"rename {pair!r} must be old=new."
