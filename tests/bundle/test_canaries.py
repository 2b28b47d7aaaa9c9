"""Nothing of the source but its pixels decides a single byte of a bundle.

Two hospitals hold the same pixels under other names, identifiers, dates, folders, users and in another order. Each goes the
whole way by itself, in its own process. The two bundles must be the same file (this also excludes hashes of anything), and
none of the planted words may be found in it.
"""

import os
import random
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from meddistill_gui.bundle import content_scan

PATIENTS = 30
CLASSES = ("normal", "opacity")

THE_WAY = """
import getpass
import json
import sys
from pathlib import Path
from meddistill_gui.core.config import from_mapping
from meddistill_gui.core.control import Control
from meddistill_gui.core.specs import OPERATIONS
from meddistill_gui.operations import catalog

source, project, stick = map(Path, sys.argv[1:])
run = project / "runs" / sys.argv[2].split("/")[-1]

def do(operation, /, **values):
    for _ in catalog.run(operation, from_mapping(OPERATIONS[operation].config, values), Control()):
        pass

do("scan", source=str(source), project=str(project))
do("label", project=str(project))
do("split", project=str(project), holdout=0.2)
do(
    "distill", project=str(project), name=run.name, iterations=3, device="cpu",
    images={"size": 16}, network={"depth": 2, "width": 4},
    experts={"count": 1, "epochs": 6, "batch": 16},
    options={"inner_steps": 2, "expert_epochs": 1, "max_start": 2, "warm_start": 2},
    evaluation={"students": 1, "steps": 5, "every": 2},
)
do("evaluate", run=str(run), students=2, random_draws=1)
do("audit", run=str(run), planted=2)
for image in json.loads((run / "audit" / "detailed.json").read_text())["images"]:
    if image["flagged"]:
        do("review", run=str(run), image=image["index"] + 1, decision="accepted", reviewer=getpass.getuser(), reason="Looked at it.")
do("export", run=str(run), to=str(stick), name="set", title="Two classes")
"""


@dataclass
class Hospital:
    """One twin: where it keeps things, and every word that must not leave it."""

    root: Path
    user: str
    words: set[str]

    @property
    def bundle(self) -> Path:
        return self.root / "stick" / "set.distilled.zip"


def pixels(patient: int, visit: int) -> np.ndarray:
    """uint16 `[24, 24]`: a disc that is brighter in every other patient."""
    noise = np.random.default_rng((patient, visit)).normal(0, 60, (24, 24))
    y, x = np.mgrid[-1:1:24j, -1:1:24j]
    disc = (np.hypot(x, y) < 0.5) * (900 if patient % 2 else 300)
    return np.clip(1500 + disc + 8 * patient + noise, 0, 4095).astype(np.uint16)


def write_hospital(root: Path, seed: int) -> Hospital:
    """DICOM files whose every usual tag is a word of this hospital only."""
    source = random.Random(seed)  # noqa: S311 - not for secrets
    hospital = Hospital(root, "", set())

    def word(length: int = 10) -> str:
        made = "".join(source.choices("ABCDEFGHKLMNPRSTUVWXYZ", k=length))
        hospital.words.add(made)
        return made

    def uid() -> str:
        made = f"1.2.826.0.1.3680043.{source.randrange(10**16, 10**17)}"
        hospital.words.add(made)
        return made

    hospital.user = word()
    order = list(range(PATIENTS))
    source.shuffle(order)
    for patient in order:
        person = {"PatientName": f"{word()}^{word()}", "PatientID": word(), "PatientBirthDate": f"{source.randrange(1930, 2000)}0{source.randrange(1, 9)}17"}  # fmt: skip
        hospital.words |= set(person.values())
        study = uid()
        for visit in range(2):
            folder = root / "images" / word() / CLASSES[patient % 2]
            folder.mkdir(parents=True)
            path = folder / f"{word()}.dcm"
            write_dicom(path, pixels(patient, visit), person, study, uid, word)
            os.utime(path, (source.randrange(10**9),) * 2)
    return hospital


def write_dicom(path: Path, values: np.ndarray, person: dict, study: str, uid, word) -> None:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid()
    ds.file_meta.SourceApplicationEntityTitle = word()
    for keyword, value in person.items():
        setattr(ds, keyword, value)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, uid()
    for keyword in ("AccessionNumber", "InstitutionName", "StationName", "ReferringPhysicianName", "OperatorsName", "StudyID",
                    "StudyDescription", "SeriesDescription", "ProtocolName", "PatientComments", "DeviceSerialNumber", "ImageComments"):  # fmt: skip
        setattr(ds, keyword, word())
    nested = Dataset()
    nested.PatientName = word()
    ds.OtherPatientIDsSequence = [nested]
    block = ds.private_block(0x0011, "CANARY", create=True)
    block.add_new(1, "LO", word())
    icon = Dataset()
    icon.ImageComments = word()
    ds.IconImageSequence = [icon]
    ds.Modality, ds.PhotometricInterpretation = "DX", "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = (
        1,
        16,
        12,
        11,
        0,
    )
    ds.WindowCenter, ds.WindowWidth = 2000, 2400
    ds.PixelData = values.tobytes()
    ds.save_as(path, enforce_file_format=True)
    with path.open("r+b") as stream:
        stream.write(word(16).encode())  # the preamble


def go_the_way(hospital: Hospital) -> None:
    names = ["project " + hospital.user, "stick"]
    hospital.words.add(hospital.root.name)
    (hospital.root / "stick").mkdir()
    environment = os.environ | {"USER": hospital.user, "LOGNAME": hospital.user, "HOME": str(hospital.root / hospital.user), "TZ": "Asia/Tokyo"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", THE_WAY, hospital.root / "images", *(hospital.root / name for name in names)],
        env=environment, cwd=hospital.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def twins(tmp_path_factory) -> list[Hospital]:
    made = []
    for seed in (1, 2):
        root = tmp_path_factory.mktemp(f"CANARYHOSPITAL{'AB'[seed - 1] * 4}")
        hospital = write_hospital(root, seed)
        go_the_way(hospital)
        made.append(hospital)
    return made


@pytest.mark.slow
def test_the_same_pixels_under_other_names_give_the_same_bytes(twins):
    first, second = (hospital.bundle.read_bytes() for hospital in twins)
    common = {word for word in twins[0].words & twins[1].words if not word.isdigit()}
    assert not common  # only dates of birth may meet by chance
    assert first == second


@pytest.mark.slow
def test_no_planted_word_is_in_the_bundle(twins):
    for hospital in twins:
        words = {part for word in hospital.words for part in (word, *word.split("^"))}
        words |= {socket.gethostname(), str(hospital.root), str(Path.home()), str(Path.cwd())}
        assert len(words) > 500
        assert content_scan.scan(hospital.bundle.read_bytes(), words) == ()
    assert content_scan.control() == ()


@pytest.mark.slow
def test_the_words_were_really_there_to_be_leaked(twins):
    """The scan of the source itself finds them: neither test above passes because nothing was planted."""
    hospital = twins[0]
    content = b"".join(path.read_bytes() for path in (hospital.root / "images").rglob("*.dcm"))
    found = {finding.token for finding in content_scan.scan(content, hospital.words)}
    assert len(found) > 500
    assert len(pydicom.dcmread(next((hospital.root / "images").rglob("*.dcm"))).PatientName) > 5


@pytest.mark.slow
def test_no_date_uid_path_or_address_is_in_a_text(twins):
    from meddistill_gui.bundle import archive

    patterns = {
        "UID": rb"\b(?:1\.2\.840|1\.2\.826|2\.25|1\.3\.6\.1)\.[0-9.]{5,}",
        "path": rb"/(?:home|root|tmp|Users|mnt|media)/|[A-Z]:\\",
        "date": rb"\b(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])\b",
        "mail": rb"[\w.]+@[\w.]+\.\w+",
    }
    for name, view in archive.read_archive(twins[0].bundle.read_bytes()).items():
        if name.endswith((".json", ".txt", ".md", ".html", ".py")):
            for what, pattern in patterns.items():
                assert not re.search(pattern, bytes(view)), (name, what)
