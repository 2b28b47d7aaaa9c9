"""Files whose headers give a reason to look for text in the pixels are marked, and used all the same."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.data.catalogue import Catalogue, ImageRow
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.formats.text_risk import text_risk
from meddistill_gui.data.labels.labelling import label
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


def unmarked(catalogue: Catalogue) -> list[ImageRow]:
    return [replace(row, text_risk=False) for row in catalogue.images(catalogue.image_ids())]


def test_files_of_an_older_version_are_marked_by_the_next_scan_and_keep_what_they_have(
    hospital: Path, labelled: Catalogue, scan_folder
) -> None:
    marked = sorted(hospital.rglob("*.dcm"))[0]
    dataset = pydicom.dcmread(marked)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(marked)
    scan_folder(hospital)
    label(LabelConfig(project=labelled.path.parent), labelled, Control())
    split(SplitConfig(project=labelled.path.parent), labelled)
    labelled.connection.execute("DELETE FROM issue")
    labelled.connection.execute("UPDATE file SET looked = 0")
    before = [unmarked(labelled), labelled.summary().roles]
    assert (labelled.summary().risks, labelled.summary().outdated) == (0, IMAGES)
    _, report = scan_folder(hospital)
    assert (report.risks, report.read, labelled.summary().outdated) == (1, IMAGES, 0)
    assert [unmarked(labelled), labelled.summary().roles] == before
    assert [row.path for row in labelled.images(labelled.image_ids()) if row.text_risk] == [marked]
    _, report = scan_folder(hospital)
    assert (report.risks, report.read) == (1, 0)
