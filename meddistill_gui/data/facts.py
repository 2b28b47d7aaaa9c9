"""What a scan finds out about one file. Imports no pydicom: what is written down of it is read by the window, too."""

from dataclasses import dataclass, field
from typing import Final

READING: Final = 1
"""Grows whenever more is found out from a header (1: whether the pixels may show text); the next scan looks into files of an older reading again."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a file cannot be used.

    Attributes:
        cause: Stable short name.
        reason: One sentence.
        remedy: One sentence.
    """

    cause: str
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file with images says about them.

    Attributes:
        width: Columns.
        height: Rows.
        fingerprint: Digest of the geometry and a sample of the stored pixel data; no name, date or UID goes into it.
        frames: Number of images in the file.
        modality: DICOM modality; "" for a picture file.
        patient: Patient's identity in the source; "" where it does not say.
        issuer: Who gave that identity.
        study: Study instance UID, or "".
        accession: Accession number, or "".
        series: Series instance UID, or "".
        series_description: In the source's words.
        inner: Part and class of each image ("train/3"), where the file itself says so (`medmnist`).
        text_risk: Why the pixels may show text, or "" (`text_risk`).
    """

    width: int
    height: int
    fingerprint: bytes
    frames: int = 1
    modality: str = ""
    patient: str = ""
    issuer: str = ""
    study: str = ""
    accession: str = ""
    series: str = ""
    series_description: str = ""
    inner: tuple[str, ...] = ()
    text_risk: str = ""


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What reading one file brought: a header, a problem, or neither (no image and none expected).

    Attributes:
        kind: As `sniffing.kind_of` says.
        header: Set for a file with images.
        problem: Set for a file that should hold images but cannot be used.
    """

    kind: str
    header: Header | None = None
    problem: Problem | None = field(default=None)
