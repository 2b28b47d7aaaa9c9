"""The header of one file as a table for the screen, with the tags that identify a person marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pydicom
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.sniffing import HEAD, PICTURE_KINDS, VOLUME, kind_of

_LONGEST: Final = 200
_MOST_ROWS: Final = 5000
_BINARY: Final = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
_IDENTIFYING_VRS: Final = {"PN", "DA", "DT", "TM", "UI", "UR"}

# Text tags that PS3.15 Table E.1-1 removes or replaces in the basic profile; VRs above are marked as a whole.
_IDENTIFYING: Final = frozenset(
    """
    AccessionNumber AdditionalPatientHistory AdmissionID AdmittingDiagnosesDescription Allergies BranchOfService
    CountryOfResidence CurrentPatientLocation DerivationDescription DetectorID DeviceSerialNumber EthnicGroup FillerOrderNumberImagingServiceRequest
    FrameComments GantryID GeneratorID ImageComments InstitutionAddress InstitutionName InstitutionalDepartmentName
    InsurancePlanIdentification IssuerOfPatientID MedicalAlerts MedicalRecordLocator MilitaryRank Occupation OperatorIdentificationSequence
    OtherPatientIDs OtherPatientIDsSequence PatientAddress PatientAge PatientComments PatientID PatientInsurancePlanCodeSequence
    PatientPrimaryLanguageCodeSequence PatientReligiousPreference PatientSex PatientSize PatientState PatientTelecomInformation
    PatientTelephoneNumbers PatientTransportArrangements PatientWeight PerformedProcedureStepDescription PerformedProcedureStepID
    PerformedStationName PlateID PlacerOrderNumberImagingServiceRequest PregnancyStatus ProtocolName ReferringPhysicianAddress
    ReferringPhysicianTelephoneNumbers RegionOfResidence RequestAttributesSequence RequestedProcedureDescription RequestedProcedureID
    RequestingService ResponsibleOrganization SeriesDescription ServiceEpisodeDescription ServiceEpisodeID SmokingStatus SpecialNeeds
    StationName StudyComments StudyDescription StudyID TextComments TextString VisitComments
    """.split()  # noqa: SIM905 - a hundred quoted lines would say no more
)


# Fields of picture files that only say how the pixels are stored.
_OF_THE_FORMAT: Final = frozenset(
    {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "dpi"}
    | {"gamma", "srgb", "chromaticity", "transparency", "interlace", "compression", "aspect"}
)


@dataclass(frozen=True, kw_only=True)
class TagRow:
    """One line of the table.

    Attributes:
        tag: "(0010,0020)", indented by ">" inside sequences; "" for a picture file.
        keyword: Name of the standard, or of the picture's field.
        value: Shortened text.
        identifying: Whether it can name a person, a place, a time or an object of one study.
    """

    tag: str
    keyword: str
    value: str
    identifying: bool


def read_header(path: Path) -> list[TagRow]:
    """The header of a DICOM, picture or NIfTI file.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            kind = kind_of(stream.read(HEAD))
        if kind in PICTURE_KINDS:
            return list(_picture_rows(path))
        if kind == VOLUME:
            return list(_volume_rows(path))
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        rows = [*_rows(dataset.file_meta, ""), *_rows(dataset, "")]
    except Exception as error:
        # Parsers raise anything on damaged bytes.
        raise SourceError(
            f"The header of {path.name} cannot be read ({type(error).__name__}).",
            "Export it again from where it came from.",
        ) from error
    return rows[:_MOST_ROWS]


def _rows(dataset: Dataset, indent: str) -> Iterator[TagRow]:
    for element in dataset:
        yield TagRow(
            tag=f"{indent}({element.tag.group:04X},{element.tag.element:04X})",
            keyword=element.keyword or element.name,
            value=_shown(element),
            identifying=_identifies(element),
        )
        if element.VR == "SQ":
            for item in element.value:
                yield from _rows(item, f"{indent}>")


def _shown(element: DataElement) -> str:
    if element.VR == "SQ":
        return f"{len(element.value)} items"
    if element.VR in _BINARY:
        return f"{len(element.value or b'')} bytes"
    text = str(element.value if element.value is not None else "")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def _identifies(element: DataElement) -> bool:
    if element.tag.is_private:
        return True
    if element.VR == "UI":
        return not element.keyword.endswith(("ClassUID", "SyntaxUID"))
    return element.VR in _IDENTIFYING_VRS or element.keyword in _IDENTIFYING


def _picture_rows(path: Path) -> Iterator[TagRow]:
    with Image.open(path) as image:
        yield TagRow(tag="", keyword="Format", value=str(image.format), identifying=False)
        yield TagRow(tag="", keyword="Mode", value=image.mode, identifying=False)
        yield TagRow(
            tag="", keyword="Size", value=f"{image.width} x {image.height}", identifying=False
        )
        for name, value in image.info.items():
            text = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)[:_LONGEST]
            kept = str(name).lower() not in _OF_THE_FORMAT
            yield TagRow(tag="", keyword=str(name), value=text, identifying=kept)


_VOLUME_TEXTS: Final = frozenset({"descrip", "aux_file", "db_name", "intent_name"})


def _volume_rows(path: Path) -> Iterator[TagRow]:
    """Fields of a NIfTI header; its free texts may say anything."""
    import nibabel  # noqa: PLC0415 - slow to import, and few sources hold volumes

    header: Any = nibabel.load(path).header
    for name in header:
        value = header[name]
        text = (
            value.tobytes().rstrip(b"\0").decode("latin-1")
            if value.dtype.kind == "S"
            else str(value)
        )
        yield TagRow(
            tag="",
            keyword=name,
            value=text[:_LONGEST],
            identifying=name in _VOLUME_TEXTS and bool(text),
        )
