"""How a real image is named on the page: by its patient's number, or by its own where nobody knows the patient."""

from PySide6.QtCore import QCoreApplication

from meddistill_gui.core.real_images import UNKNOWN_PATIENT


def whose(patient: int, image: int, *, trained_on: bool) -> str:
    """The patient in words, "training patient 12", or "training image 480" where the source does not name patients.

    Args:
        patient: Number of the patient.
        image: Id of the image in the project's catalogue.
        trained_on: Whether it is a training image (else hold-out).
    """
    if patient == UNKNOWN_PATIENT:
        pattern = _tr("training image {number}") if trained_on else _tr("hold-out image {number}")
        return pattern.format(number=image)
    pattern = _tr("training patient {number}") if trained_on else _tr("hold-out patient {number}")
    return pattern.format(number=patient)


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnonymityPreview", text)
