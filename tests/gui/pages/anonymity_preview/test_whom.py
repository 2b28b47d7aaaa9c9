import pytest

from meddistill_gui.core.real_images import UNKNOWN_PATIENT
from meddistill_gui.gui.pages.anonymity_preview.whom import whose


@pytest.mark.parametrize(
    ("patient", "trained_on", "words"),
    [
        (12, True, "training patient 12"),
        (0, False, "hold-out patient 0"),
        (UNKNOWN_PATIENT, True, "training image 480"),
        (UNKNOWN_PATIENT, False, "hold-out image 480"),
    ],
)
def test_nobody_is_called_patient_minus_one(patient, trained_on, words):
    assert whose(patient, 480, trained_on=trained_on) == words
