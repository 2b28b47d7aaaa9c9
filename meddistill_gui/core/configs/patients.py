"""Options of `patients`: who is shown on images whose header does not say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class PatientsConfig:
    """Name the patients of images whose header does not: picture files, volumes, stripped DICOM files. A header is never overruled."""

    project: Path = option(text="Project folder.")
    rule: str = option(
        "pattern",
        text="Where the patient comes from: a pattern of file names, or a table; none forgets what either of them said.",
        choices=("pattern", "table", "none"),
    )
    pattern: str = option(
        "",
        text=r"Regular expression whose first group is the patient, matched against the path below the source folder, e.g. '(P\d+)_'.",
    )
    table: Path | None = option(None, text="Table (CSV or XLSX) with one row per image.")
    key_column: str = option(
        "path",
        text="Column of the table that names the image (path or file name) or the accession number.",
    )
    patient_column: str = option("patient", text="Column of the table that names the patient.")

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        if self.rule == "table" and self.table is None:
            yield "table is not set, but the rule is 'table'."
        if self.rule == "pattern" and not self.pattern:
            yield "pattern is not set, but the rule is 'pattern'."
