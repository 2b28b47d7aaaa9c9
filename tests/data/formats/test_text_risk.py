"""Files whose headers give a reason to look for text in the pixels are marked, and used all the same."""

import zipfile
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.formats.text_risk import text_risk
from tests.data.conftest import IMAGES

CAPTURE = "1.2.840.10008.5.1.4.1.1.7.4"
RADIOGRAPH = "1.2.840.10008.5.1.4.1.1.1.1"


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"BurnedInAnnotation": "YES", "Modality": "DX"}, "says that text is burned"),
        ({"BurnedInAnnotation": "NO", "Modality": "US"}, "ultrasound. The header says that none"),
        ({"Modality": "US"}, "ultrasound."),
        ({"SOPClassUID": CAPTURE, "Modality": "CT"}, "a secondary capture."),
        ({"SOPClassUID": CAPTURE, "ConversionType": "SI"}, "capture, made from a picture on paper"),
        ({"ConversionType": "DF", "Modality": "MG"}, "made from film."),
        ({"SOPClassUID": RADIOGRAPH, "Modality": "DX"}, ""),
        ({"BurnedInAnnotation": "NO", "Modality": "CT"}, ""),
        ({}, ""),
    ],
)
def test_reasons(tags: dict[str, str], said: str) -> None:
    header = Dataset()
    for keyword, value in tags.items():
        setattr(header, keyword, value)
    found = text_risk(header)
    assert said in found
    assert bool(found) == bool(said)


def test_marked_in_the_list_and_used_all_the_same(
    hospital: Path, catalogue: Catalogue, scan_folder
) -> None:
    marked, *others = sorted(hospital.rglob("*.dcm"))
    dataset = pydicom.dcmread(marked)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(marked)
    with zipfile.ZipFile(hospital / "more.zip", "w") as packed:
        packed.write(others[0], "one.dcm")
    _, report = scan_folder(hospital)
    assert report.risks == 1
    assert report.issues == {"packed archive": 1}
    assert report.images == IMAGES
    summary = catalogue.summary()
    assert (summary.issues, summary.risks) == (1, 1)
    packed, risk = catalogue.issues()
    assert (packed.risk, risk.risk) == (False, True)
    assert risk.path == marked
    dataset.BurnedInAnnotation = "NO"
    dataset.save_as(marked)
    marked.touch()
    assert scan_folder(hospital)[1].risks == 0
