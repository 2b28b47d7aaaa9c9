"""The second demo hospital: large invented radiographs of the stomach as DICOM files, and a mask of the region for each.

folder/
  images/<class>/IM000001.dcm    the radiographs; this folder is what `scan` looks through
  masks/<class>/IM000001.png     1 bit, the size of its radiograph, white inside the stomach
  README.txt
The same seed gives the same bytes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import uid

from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.files import writing_to
from meddistill_gui.data.phantoms.dicom import INVENTED, Kind, Person, dicom_bytes, invent_person
from meddistill_gui.data.phantoms.folds import FOLDS, draw_folds

IMAGES: Final = "images"
MASKS: Final = "masks"

KINDS: Final = (
    Kind(maker="Phantom P", syntax=uid.ExplicitVRLittleEndian, bits=8),
    Kind(maker="Phantom Q", syntax=uid.ImplicitVRLittleEndian, bits=8, inverted=True),
)
"""How the two invented machines write their files."""

_EXAMINATION: Final = ("Upper GI series (invented)", "STOMACH")
_SECOND_IMAGE: Final = (
    8  # every eighth patient is seen twice: a split by image would tear these apart
)


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """One radiograph to be taken."""

    patient: int
    number: int
    folds: str


def write_fold_hospital(
    folder: Path, *, patients: int = 60, side: int = 1024, seed: int = 0, control: Control
) -> Iterator[Event]:
    """Write invented radiographs with their masks: half of the patients of each class.

    Args:
        folder: New or empty folder.
        patients: Invented patients.
        side: Side of the square radiographs in pixels.
        seed: Decides everything.
        control: Asked to stop between two images.

    Yields:
        `Progress` of the phase "inventing a hospital".

    Raises:
        TargetError: The folder cannot be written to.
        Stopped: On request.
    """
    visits = tuple(_visits(patients))
    with writing_to(folder):
        for part in (IMAGES, MASKS):
            for name in FOLDS:
                (folder / part / name).mkdir(parents=True, exist_ok=True)
        (folder / "README.txt").write_text(INVENTED + "\n", encoding="utf-8")
    for done, visit in enumerate(visits, start=1):
        control.safe_point()
        _write(folder, visit, side, seed)
        yield Progress(phase="inventing a hospital", done=done, total=len(visits), unit="images")


def _visits(patients: int) -> Iterator[_Visit]:
    number = 0
    for patient in range(patients):
        for _ in range(2 if patient % _SECOND_IMAGE == _SECOND_IMAGE - 1 else 1):
            # Shifted by the pair, so that class and machine are no two names of one thing.
            yield _Visit(patient=patient, number=number, folds=FOLDS[(patient + patient // 2) % 2])
            number += 1


def _write(folder: Path, visit: _Visit, side: int, seed: int) -> None:
    own = np.random.default_rng([seed, 2, visit.patient])
    person: Person = invent_person(visit.patient, own)
    kind = KINDS[int(own.integers(len(KINDS)))]
    drawn = draw_folds(side, visit.folds, np.random.default_rng([seed, 3, visit.number]))
    content = dicom_bytes(
        drawn.picture,
        person,
        kind,
        seed=seed + 1_000_003,  # other UIDs than the hospital of chests
        study=visit.number,
        number=visit.number,
        examination=_EXAMINATION,
    )
    name = f"{visit.folds}/IM{visit.number:06d}"
    with writing_to(folder):
        (folder / IMAGES / f"{name}.dcm").write_bytes(content)
        (folder / MASKS / f"{name}.png").write_bytes(_png(drawn.region))


def _png(region: npt.NDArray[np.bool_]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(region).save(stream, "PNG")
    return stream.getvalue()
