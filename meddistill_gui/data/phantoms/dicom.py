"""Writes an invented radiograph as real DICOM, in the kinds that hospitals have; its header says that it is invented."""

import datetime
import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

INVENTED: Final = "Invented image of an invented person, drawn by a program. Not a patient."

_FAMILY: Final = ("Ahlberg", "Brandão", "Chukwu", "Doležal", "Eerola", "Fontaine", "Güneş", "Haraldsen", "Ito", "Jaworski", "Kowalczyk", "Løvstad")  # fmt: skip
_GIVEN: Final = ("Ada", "Björn", "Carmen", "Dinesh", "Emeka", "Freja", "Gaël", "Hana", "Ines", "Jörg", "Keiko", "Luca", "Maëlle", "Niko")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one make of machine writes its files.

    Attributes:
        maker: Manufacturer in the header.
        syntax: Transfer syntax.
        bits: Bits stored.
        inverted: MONOCHROME1: the largest value is black.
        windowed: Whether the header names a grey window.
        rescaled: Whether the stored values must be rescaled first.
    """

    maker: str
    syntax: uid.UID
    bits: int
    inverted: bool = False
    windowed: bool = False
    rescaled: bool = False


KINDS: Final = (
    Kind(maker="Phantom A", syntax=uid.ExplicitVRLittleEndian, bits=12, windowed=True),
    Kind(maker="Phantom B", syntax=uid.ImplicitVRLittleEndian, bits=12, inverted=True, windowed=True),
    Kind(maker="Phantom C", syntax=uid.JPEG2000Lossless, bits=16, windowed=True),
    Kind(maker="Phantom D", syntax=uid.RLELossless, bits=8),
    Kind(maker="Phantom E", syntax=uid.DeflatedExplicitVRLittleEndian, bits=16, rescaled=True, windowed=True),
    Kind(maker="Phantom F", syntax=uid.JPEGBaseline8Bit, bits=8, windowed=True),
    Kind(maker="Phantom G", syntax=uid.ExplicitVRLittleEndian, bits=16, inverted=True),
    Kind(maker="Phantom H", syntax=uid.RLELossless, bits=12, inverted=True, windowed=True),
)  # fmt: skip

_ENCODERS: Final = {uid.JPEG2000Lossless: "pylibjpeg", uid.RLELossless: "pydicom"}
"""Named, so that the bytes do not depend on what else is installed."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented patient.

    Attributes:
        number: From 0.
        name: DICOM person name.
        sex: "F" or "M".
        born: Date of birth.
    """

    number: int
    name: str
    sex: str
    born: datetime.date


def invent_person(number: int, generator: np.random.Generator) -> Person:
    """A name and a date of birth that belong to nobody."""
    family = _FAMILY[generator.integers(len(_FAMILY))]
    given = _GIVEN[generator.integers(len(_GIVEN))]
    days = int(generator.integers(365 * 60))
    return Person(
        number=number,
        name=f"{family}-Invented^{given}",
        sex="FM"[number % 2],
        born=datetime.date(1935, 1, 1) + datetime.timedelta(days=days),
    )


def dicom_bytes(
    picture: npt.NDArray[np.float32],
    person: Person,
    kind: Kind,
    *,
    seed: int,
    study: int,
    number: int,
    examination: tuple[str, str] = ("Chest PA (invented)", "CHEST"),
) -> bytes:
    """One radiograph as the content of a DICOM file; the same arguments give the same bytes.

    Args:
        picture: float32 `[H, W]`, 0 black to 1 white.
        person: Whose it is.
        kind: How it is written.
        seed: Seed of the hospital; part of every UID.
        study: Number of the study.
        number: Number of the image, from 0.
        examination: Study description and body part.
    """
    instance = _uid("instance", seed, number)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = kind.syntax
    meta.ImplementationClassUID = _uid("program", 0, 0)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = instance
    _describe_person(dataset, person)
    _describe_study(dataset, kind, seed, study, number)
    dataset.StudyDescription, dataset.BodyPartExamined = examination
    _put_pixels(dataset, picture, kind)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _describe_person(dataset: Dataset, person: Person) -> None:
    dataset.PatientName = person.name
    dataset.PatientID = f"INV-{person.number:06d}"
    dataset.IssuerOfPatientID = "INVENTED"
    dataset.PatientBirthDate = person.born.strftime("%Y%m%d")
    dataset.PatientSex = person.sex
    dataset.PatientAddress = f"{person.number + 1} Nowhere Street, Inventia"
    dataset.PatientTelephoneNumbers = f"+00 0000 {person.number:06d}"
    dataset.OtherPatientIDs = f"OLD-{person.number:05d}"
    dataset.PatientComments = INVENTED


def _describe_study(dataset: Dataset, kind: Kind, seed: int, study: int, number: int) -> None:
    day = datetime.date(2019, 1, 7) + datetime.timedelta(days=study * 3)
    dataset.StudyInstanceUID = _uid("study", seed, study)
    dataset.SeriesInstanceUID = _uid("series", seed, study)
    dataset.StudyID = f"S{study:05d}"
    dataset.AccessionNumber = f"ACC{study:07d}"
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = day.strftime("%Y%m%d")
    dataset.StudyTime = dataset.ContentTime = f"{8 + number % 9:02d}{number % 60:02d}00"
    dataset.InstitutionName = "Invented Hospital"
    dataset.InstitutionAddress = "1 Nowhere Street, Inventia"
    dataset.ReferringPhysicianName = "Referrer-Invented^Rae"
    dataset.OperatorsName = "Operator-Invented^Oz"
    dataset.StationName = f"ROOM{study % 3}"
    dataset.Manufacturer = kind.maker
    dataset.DeviceSerialNumber = f"0000-{study % 3}"
    dataset.ViewPosition = "PA"
    dataset.Modality = "CR"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = number + 1
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.BurnedInAnnotation = "NO"
    dataset.QualityControlImage = "YES"
    dataset.ImageComments = INVENTED


def _put_pixels(dataset: Dataset, picture: npt.NDArray[np.float32], kind: Kind) -> None:
    top = 2**kind.bits - 1
    # A detector uses a part of its range; the window says which.
    low, high = (0.1 * top, 0.8 * top) if kind.windowed else (0, top)
    film = 1 - picture if kind.inverted else picture
    stored = np.round(low + film * (high - low)).astype(np.uint8 if kind.bits == 8 else np.uint16)
    slope, intercept = (0.5, -100.0) if kind.rescaled else (1.0, 0.0)
    if kind.rescaled:
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = slope, intercept, "US"
    if kind.windowed:
        dataset.WindowCenter = (low + high) / 2 * slope + intercept
        dataset.WindowWidth = (high - low) * slope
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if kind.inverted else "MONOCHROME2"
    dataset.BitsAllocated = 8 if kind.bits == 8 else 16
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = kind.bits, kind.bits - 1, 0
    if kind.syntax == uid.JPEGBaseline8Bit:
        _put_jpeg(dataset, stored)
    elif kind.syntax.is_encapsulated:
        dataset.compress(
            kind.syntax, stored, encoding_plugin=_ENCODERS[kind.syntax], generate_instance_uid=False
        )
    else:
        dataset.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
        dataset["PixelData"].VR = "OB" if kind.bits == 8 else "OW"


def _put_jpeg(dataset: Dataset, stored: npt.NDArray[np.uint8 | np.uint16]) -> None:
    stream = io.BytesIO()
    Image.fromarray(stored).save(stream, "JPEG", quality=92)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].VR = "OB"
    dataset.LossyImageCompression = "01"


def _uid(what: str, seed: int, number: int) -> uid.UID:
    """A UID under 2.25, from a hash instead of a random UUID."""
    digest = hashlib.blake2b(f"{what}/{seed}/{number}".encode(), digest_size=16).digest()
    return uid.UID(f"2.25.{int.from_bytes(digest)}")
