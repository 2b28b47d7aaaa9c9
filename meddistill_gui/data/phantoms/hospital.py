"""The demo hospital: invented patients, drawn chest radiographs of four classes, written as real DICOM of many kinds.

Nothing in it comes from a person. The same seed gives the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.files import writing_to
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph
from meddistill_gui.data.phantoms.dicom import INVENTED, KINDS, dicom_bytes, invent_person

SIDES: Final = (256, 288, 320)
"""Sides of the square radiographs in pixels; each machine has its own."""

_FOLLOW_UP: Final = 0.08  # patients whose last image is taken after they recovered


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """One image to be taken."""

    patient: int
    study: int
    number: int
    class_name: str
    first_of_patient: bool


def write_hospital(
    folder: Path, *, patients: int = 250, images: int = 600, seed: int = 0, control: Control
) -> Iterator[Event]:
    """Write an invented hospital: one folder per class, DICOM files in it, a README that says it is invented.

    Args:
        folder: New or empty folder.
        patients: Invented patients, a quarter of each class.
        images: Images in all, at least one of each patient.
        seed: Decides everything.
        control: Asked to stop between two images.

    Yields:
        `Progress` of the phase "inventing a hospital".

    Raises:
        ConfigError: Fewer images than patients.
        TargetError: The folder cannot be written to.
        Stopped: On request.
    """
    if images < patients or patients < 1:
        raise ConfigError([f"images is {images}; it must be at least patients ({patients})."])
    with writing_to(folder):
        for name in CLASSES:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "README.txt").write_text(INVENTED + "\n", encoding="utf-8")
    for done, (path, content) in enumerate(_files(patients, images, seed), start=1):
        control.safe_point()
        with writing_to(folder):
            (folder / path).write_bytes(content)
        yield Progress(phase="inventing a hospital", done=done, total=images, unit="images")


def _files(patients: int, images: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Path below the folder and content of every file, patient by patient."""
    anatomy, person, kind, own = None, None, KINDS[0], np.random.default_rng()
    for visit in _visits(patients, images, seed):
        if visit.first_of_patient or anatomy is None or person is None:
            own = np.random.default_rng([seed, 1, visit.patient])
            machine = int(own.integers(len(KINDS)))
            kind, side = KINDS[machine], SIDES[machine % len(SIDES)]
            anatomy, person = draw_anatomy(side, own), invent_person(visit.patient, own)
        picture = draw_radiograph(anatomy, visit.class_name, own.beta(1.6, 1.2), own)
        ending = "" if visit.number % 5 == 0 else ".dcm"
        content = dicom_bytes(
            picture, person, kind, seed=seed, study=visit.study, number=visit.number
        )
        yield f"{visit.class_name}/IM{visit.number:06d}{ending}", content


def _visits(patients: int, images: int, seed: int) -> Iterator[_Visit]:
    """Who is seen how often, and with what."""
    generator = np.random.default_rng([seed, 0])
    extra = np.bincount(generator.integers(patients, size=images - patients), minlength=patients)
    recovered = generator.random(patients) < _FOLLOW_UP
    number = study = 0
    for patient in range(patients):
        class_name = CLASSES[patient % len(CLASSES)]
        count = 1 + int(extra[patient])
        for visit in range(count):
            well = recovered[patient] and visit > 0 and visit == count - 1
            yield _Visit(
                patient=patient,
                study=study + visit // 2,
                number=number,
                class_name=CLASSES[0] if well else class_name,
                first_of_patient=visit == 0,
            )
            number += 1
        study += (count + 1) // 2
