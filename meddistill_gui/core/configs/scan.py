"""Options of `scan`: which folder to look through, and where to write down what was found."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """Look through a folder of images. The folder is only read, never changed."""

    source: Path = option(
        text="Folder with DICOM, PNG, JPEG, TIFF, BMP, NIfTI or MedMNIST files; sub-folders are looked through too.",
        positional=True,
    )
    project: Path = option(
        text="Project folder; made if it is not there. It must not lie inside the source folder."
    )
    patient_pattern: str = option(
        "",
        text="How file names without a DICOM header name the patient: a regular expression whose first group is the "
        "patient, matched against the path below the source folder. Empty: as an earlier scan or `patients` said.",
        expert=True,
    )
    workers: int = option(
        8,
        text="Most files read at the same time: where reading waits for a network share. From a quick disk one after the other is faster, and is done.",
        unit="threads",
        minimum=1,
        maximum=32,
        expert=True,
    )
